import AWSWire
import Crypto
import Kernel
import NIOCore
import S3
import S3Model
import Testing

@Suite struct MultipartTests {
  private static let partBytes = 5 << 20

  private func begin(_ s3: TestS3, _ change: (inout CreateMultipartUploadRequest) -> Void = { _ in }) async throws
    -> String
  {
    var input = CreateMultipartUploadRequest(bucket: "bucket", key: "k")
    change(&input)
    return try #require(try await s3.service.createMultipartUpload(input, s3.root).uploadId)
  }

  @discardableResult
  private func upload(
    _ s3: TestS3, _ id: String, _ number: Int, _ bytes: [UInt8], _ change: (inout UploadPartRequest) -> Void = { _ in }
  ) async throws -> CompletedPart {
    var input = UploadPartRequest(
      body: stream(bytes, piece: 1 << 20, length: Int64(bytes.count)), bucket: "bucket", key: "k", partNumber: number,
      uploadId: id)
    change(&input)
    let done = try await s3.service.uploadPart(input, s3.root)
    return CompletedPart(
      eTag: done.eTag, checksumCRC32: done.checksumCRC32, checksumSHA256: done.checksumSHA256, partNumber: number)
  }

  private func complete(
    _ s3: TestS3, _ id: String, _ parts: [CompletedPart],
    _ change: (inout CompleteMultipartUploadRequest) -> Void = { _ in }
  ) async throws -> CompleteMultipartUploadOutput {
    var input = CompleteMultipartUploadRequest(
      bucket: "bucket", key: "k", multipartUpload: .init(parts: parts), uploadId: id)
    change(&input)
    return try await s3.service.completeMultipartUpload(input, s3.root)
  }

  /// Reads an answer to its end. An answer that is held holds the object's bytes.
  private func read(
    _ s3: TestS3, _ key: String, _ change: (inout GetObjectRequest) -> Void = { _ in }
  ) async throws -> [UInt8] {
    let got = try await s3.get(key, change)
    return Array(try await (got.body ?? .empty).collect(upTo: 1 << 26).readableBytesView)
  }

  private func bytes(_ seed: UInt64, _ count: Int = partBytes) -> [UInt8] {
    SeededRandomSource(seed: seed).bytes(count)
  }

  @Test func `parts become an object without being copied`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let id = try await begin(s3) {
      $0.contentType = "text/plain"
      $0.metadata = ["m": "1"]
    }
    let (first, second, third) = (bytes(1), bytes(2), bytes(3, 1000))
    // Out of order, one replaced, one not used.
    try await upload(s3, id, 7, bytes(9, 10))
    let b = try await upload(s3, id, 2, second)
    try await upload(s3, id, 1, bytes(8))
    let a = try await upload(s3, id, 1, first)
    let c = try await upload(s3, id, 3, third)
    let blobs = s3.blobCount
    #expect(await s3.code { _ = try await s3.get("k") } == "NoSuchKey")
    let done = try await complete(s3, id, [a, b, c])
    #expect(s3.blobCount == blobs)
    let md5s = [first, second, third].flatMap { Array(Insecure.MD5.hash(data: $0)) }
    #expect(done.eTag == "\"\(Array(Insecure.MD5.hash(data: md5s)).hex)-3\"")
    let whole = first + second + third
    let got = try await s3.service.headObject(.init(bucket: "bucket", key: "k", checksumMode: "ENABLED"), s3.root)
    #expect(got.contentType == "text/plain" && got.metadata == ["m": "1"])
    #expect(try await read(s3, "k") == whole)
    // A checksum over all bytes follows from those of the parts.
    let direct = try await s3.service.putObject(
      .init(body: ByteStream(ByteBuffer(bytes: whole)), bucket: "bucket", key: "direct"), s3.root)
    #expect(got.checksumCRC64NVME == direct.checksumCRC64NVME)
    #expect(done.checksumType == "FULL_OBJECT")

    let part = try await s3.service.headObject(.init(bucket: "bucket", key: "k", partNumber: 2), s3.root)
    #expect(part.partsCount == 3)
    #expect(part.contentRange == "bytes \(Self.partBytes)-\(2 * Self.partBytes - 1)/\(whole.count)")
    #expect(try await read(s3, "k") { $0.partNumber = 2 } == second)
    #expect(await s3.code { _ = try await s3.get("k") { $0.partNumber = 4 } } == "InvalidPartNumber")
    let across = try await read(s3, "k") { $0.range = "bytes=\(Self.partBytes - 2)-\(2 * Self.partBytes + 1)" }
    #expect(across == Array(whole[(Self.partBytes - 2)...(2 * Self.partBytes + 1)]))

    // Asking again gives the same answer.
    let again = try await complete(s3, id, [a, b, c])
    #expect(again.eTag == done.eTag)
    try await s3.sweep()
    #expect(s3.blobCount == 4)
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "k"), s3.root)
    try await s3.sweep()
    #expect(s3.blobCount == 1)
    #expect(await s3.code { _ = try await complete(s3, id, [a, b, c]) } == "NoSuchUpload")
  }

  @Test func `composite checksums`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let id = try await begin(s3) { $0.checksumAlgorithm = "SHA256" }
    let (first, second) = (bytes(1), bytes(2, 100))
    let a = try await upload(s3, id, 1, first) { $0.checksumSHA256 = Array(SHA256.hash(data: first)).base64 }
    let b = try await upload(s3, id, 2, second) { $0.checksumAlgorithm = "SHA256" }
    #expect(
      await s3.code { try await upload(s3, id, 3, second) { $0.checksumAlgorithm = "CRC32" } } == "InvalidRequest")
    let bare = CompletedPart(eTag: b.eTag, partNumber: 2)
    #expect(await s3.code { _ = try await complete(s3, id, [a, bare]) } == "InvalidRequest")
    let done = try await complete(s3, id, [a, b])
    let sums = Array(SHA256.hash(data: first)) + Array(SHA256.hash(data: second))
    #expect(done.checksumSHA256 == "\(Array(SHA256.hash(data: sums)).base64)-2")
    #expect(done.checksumType == "COMPOSITE")
    let attributes = try await s3.service.getObjectAttributes(
      .init(bucket: "bucket", key: "k", maxParts: 1, objectAttributes: ["Checksum", "ObjectParts", "ETag"]), s3.root)
    #expect(attributes.checksum?.checksumSHA256 == Array(SHA256.hash(data: sums)).base64)
    #expect(attributes.objectParts?.totalPartsCount == 2)
    #expect(attributes.objectParts?.isTruncated == true)
    #expect(attributes.objectParts?.parts?.first?.checksumSHA256 == Array(SHA256.hash(data: first)).base64)
  }

  @Test func `what may not be completed`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let id = try await begin(s3)
    let small = try await upload(s3, id, 1, [1, 2, 3])
    let last = try await upload(s3, id, 2, [4])
    #expect(await s3.code { _ = try await complete(s3, id, []) } == "MalformedXML")
    #expect(await s3.code { _ = try await complete(s3, id, [last, small]) } == "InvalidPartOrder")
    #expect(await s3.code { _ = try await complete(s3, id, [small, small]) } == "InvalidPartOrder")
    #expect(await s3.code { _ = try await complete(s3, id, [small, last]) } == "EntityTooSmall")
    let missing = CompletedPart(eTag: last.eTag, partNumber: 3)
    #expect(await s3.code { _ = try await complete(s3, id, [missing]) } == "InvalidPart")
    let wrong = CompletedPart(eTag: small.eTag, partNumber: 2)
    #expect(await s3.code { _ = try await complete(s3, id, [wrong]) } == "InvalidPart")
    #expect(await s3.code { _ = try await complete(s3, "nonsense", [last]) } == "NoSuchUpload")
    #expect(await s3.code { _ = try await complete(s3, id, [last]) { $0.mpuObjectSize = 5 } } == "InvalidRequest")
    try await s3.put("k", "there")
    #expect(await s3.code { _ = try await complete(s3, id, [last]) { $0.ifNoneMatch = "*" } } == "PreconditionFailed")
    #expect(try await s3.text("k") == "there")
    #expect(try await complete(s3, id, [last]).eTag?.hasSuffix("-1\"") == true)
    for number in [0, -1, 10_001] {
      #expect(await s3.code { try await upload(s3, id, number, [1]) } == "InvalidArgument")
    }
  }

  @Test func `an upload given up leaves nothing`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let id = try await begin(s3)
    try await upload(s3, id, 1, bytes(1, 2000))
    let abort = AbortMultipartUploadRequest(bucket: "bucket", key: "k", uploadId: id)
    _ = try await s3.service.abortMultipartUpload(abort, s3.root)
    #expect(await s3.code { _ = try await s3.service.abortMultipartUpload(abort, s3.root) } == "NoSuchUpload")
    #expect(await s3.code { try await upload(s3, id, 1, [1]) } == "NoSuchUpload")
    try await s3.sweep()
    #expect(s3.blobCount == 0)
  }

  @Test func `uploads and parts are listed in pages`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    var ids: [String] = []
    for key in ["a", "k", "k", "p/1", "p/2"] {
      let input = CreateMultipartUploadRequest(bucket: "bucket", key: key)
      ids.append(try #require(try await s3.service.createMultipartUpload(input, s3.root).uploadId))
    }
    var input = ListMultipartUploadsRequest(bucket: "bucket", maxUploads: 1)
    var seen: [String] = []
    while true {
      let page = try await s3.service.listMultipartUploads(input, s3.root)
      seen += (page.uploads ?? []).compactMap(\.uploadId)
      guard page.isTruncated == true else { break }
      input.keyMarker = page.nextKeyMarker
      input.uploadIdMarker = page.nextUploadIdMarker
    }
    #expect(seen == ids)
    let rolled = try await s3.service.listMultipartUploads(.init(bucket: "bucket", delimiter: "/"), s3.root)
    #expect(rolled.commonPrefixes?.map(\.prefix) == ["p/"])
    #expect(rolled.uploads?.count == 3)

    for number in [3, 1, 200] { try await upload(s3, ids[1], number, [UInt8(truncatingIfNeeded: number)]) }
    var parts = try await s3.service.listParts(
      .init(bucket: "bucket", key: "k", maxParts: 2, uploadId: ids[1]), s3.root)
    #expect(parts.parts?.map(\.partNumber) == [1, 3])
    #expect(parts.isTruncated == true && parts.nextPartNumberMarker == 3)
    parts = try await s3.service.listParts(
      .init(bucket: "bucket", key: "k", partNumberMarker: 3, uploadId: ids[1]), s3.root)
    #expect(parts.parts?.map(\.partNumber) == [200])
  }

  @Test func `a reader reads on when its object is deleted`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let id = try await begin(s3)
    let (first, second) = (bytes(1), bytes(2, 2000))
    let parts = [try await upload(s3, id, 1, first), try await upload(s3, id, 2, second)]
    _ = try await complete(s3, id, parts)
    let got = try await s3.get("k")
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "k"), s3.root)
    try await s3.sweep()
    #expect(Array(try await (got.body ?? .empty).collect(upTo: 1 << 26).readableBytesView) == first + second)
  }

  @Test func `parts can be runs of other objects`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let source = bytes(4, Self.partBytes + 500)
    _ = try await s3.service.putObject(
      .init(body: ByteStream(ByteBuffer(bytes: source)), bucket: "bucket", key: "source"), s3.root)
    let id = try await begin(s3)
    func copy(_ number: Int, _ range: String?) async throws -> CompletedPart {
      let done = try await s3.service.uploadPartCopy(
        .init(
          bucket: "bucket", copySource: "/bucket/source", copySourceRange: range, key: "k", partNumber: number,
          uploadId: id), s3.root)
      return CompletedPart(eTag: done.copyPartResult?.eTag, partNumber: number)
    }
    let a = try await copy(1, "bytes=100-\(Self.partBytes + 99)")
    let b = try await copy(2, "bytes=0-9")
    #expect(await s3.code { _ = try await copy(3, "bytes=0-\(source.count)") } == "InvalidArgument")
    #expect(await s3.code { _ = try await copy(3, "bytes=0-") } == "InvalidArgument")
    _ = try await complete(s3, id, [a, b])
    #expect(s3.blobCount == 1)
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "source"), s3.root)
    try await s3.sweep()
    #expect(s3.blobCount == 1)
    #expect(try await read(s3, "k") == Array(source[100...(Self.partBytes + 99)] + source[0...9]))
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "k"), s3.root)
    try await s3.sweep()
    #expect(s3.blobCount == 0)
  }
}
