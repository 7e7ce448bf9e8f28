import AWSWire
import Kernel
import NIOCore
import S3
import S3Model
import StorageTesting
import Testing

@Suite struct StorageMetricsTests {
  /// Keeps what is reported.
  private final class Board: MetricTap {
    let samples = Locked<[MetricSample]>([])
    func record(_ new: [MetricSample]) { samples.withLock { $0 += new } }

    /// `NAME BUCKET TYPE` to values.
    var values: [String: [Double]] {
      Dictionary(
        grouping: samples.withLock { $0 },
        by: { ([$0.name] + $0.dimensions.map(\.value)).joined(separator: " ") }
      ).mapValues { $0.map(\.value) }
    }
  }

  @Test func `sizes are reported once for each midnight`() async throws {
    let s3 = TestS3()
    let board = Board()
    let service = S3Service(
      keys: s3.keys, blobs: s3.blobs, clock: s3.clock, random: SeededRandomSource(seed: 2), metrics: board)
    try await s3.makeBucket("empty")
    try await s3.makeBucket("kept", versioning: "Enabled")
    for text in ["1", "22", "333"] { try await s3.put("a", text, bucket: "kept") }
    try await s3.put("cold", "4444", bucket: "kept") { $0.storageClass = .standardIa }
    _ = try await s3.service.deleteObject(.init(bucket: "kept", key: "a"), s3.root)
    let upload = try await s3.service.createMultipartUpload(.init(bucket: "kept", key: "u"), s3.root)
    _ = try await s3.service.uploadPart(
      .init(
        body: ByteStream(.init(string: "55555")), bucket: "kept", key: "u", partNumber: 1,
        uploadId: upload.uploadId ?? ""), s3.root)

    // The buckets are younger than the midnight that has passed.
    try await service.reportStorage()
    #expect(board.values.isEmpty)
    s3.clock.advance(by: .seconds(86_400))
    try await service.reportStorage()
    try await service.reportStorage()
    #expect(
      board.values == [
        "BucketSizeBytes kept StandardStorage": [11], "BucketSizeBytes kept StandardIAStorage": [4],
        "NumberOfObjects kept AllStorageTypes": [6], "NumberOfObjects empty AllStorageTypes": [0],
      ])
    // 2023-11-15, since the clock began on the day before.
    #expect(board.samples.withLock { $0.allSatisfy { $0.time == Timestamp(seconds: 1_700_006_400) } })
    s3.clock.advance(by: .seconds(86_400))
    try await service.reportStorage()
    #expect(board.values["NumberOfObjects kept AllStorageTypes"] == [6, 6])
  }
}
