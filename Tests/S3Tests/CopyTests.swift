import AWSWire
import Kernel
import S3
import S3Model
import Testing

@Suite struct CopyTests {
  private func copy(
    _ s3: TestS3, _ source: String, _ key: String, _ change: (inout CopyObjectRequest) -> Void = { _ in }
  ) async throws -> CopyObjectOutput {
    var input = CopyObjectRequest(bucket: "bucket", copySource: source, key: key)
    change(&input)
    return try await s3.service.copyObject(input, s3.root)
  }

  @Test func `a copy shares its bytes and outlives its source`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let put = try await s3.put("a b", "hello") {
      $0.contentType = "text/plain"
      $0.metadata = ["m": "1"]
      $0.tagging = "t=1"
    }
    let copied = try await copy(s3, "bucket/a%20b", "c")
    #expect(copied.copyObjectResult?.eTag == put.eTag)
    #expect(s3.blobCount == 1)
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "a b"), s3.root)
    try await s3.sweep()
    let got = try await s3.get("c")
    #expect(got.contentType == "text/plain" && got.metadata == ["m": "1"] && got.tagCount == 1)
    #expect(try await got.text() == "hello")
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "c"), s3.root)
    try await s3.sweep()
    #expect(s3.blobCount == 0)
  }

  @Test func `directives say what is taken over`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("a", "hello") {
      $0.metadata = ["m": "1"]
      $0.tagging = "t=1"
    }
    _ = try await copy(s3, "bucket/a", "b") {
      $0.metadataDirective = "REPLACE"
      $0.metadata = ["n": "2"]
      $0.taggingDirective = "REPLACE"
      $0.tagging = "u=2&v=3"
    }
    let got = try await s3.get("b")
    #expect(got.metadata == ["n": "2"] && got.tagCount == 2)
    #expect(
      await s3.code { _ = try await copy(s3, "bucket/a", "b") { $0.metadataDirective = "X" } } == "InvalidArgument")
  }

  @Test func `a copy onto itself must change something`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("a", "hello")
    #expect(await s3.code { _ = try await copy(s3, "bucket/a", "a") } == "InvalidRequest")
    _ = try await copy(s3, "/bucket/a", "a") {
      $0.metadataDirective = "REPLACE"
      $0.contentType = "text/csv"
    }
    try await s3.sweep()
    let got = try await s3.get("a")
    #expect(got.contentType == "text/csv")
    #expect(try await got.text() == "hello")
  }

  @Test func `sources that cannot be copied`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket(versioning: "Enabled")
    let old = try #require(try await s3.put("a", "1").versionId)
    try await s3.put("a", "2")
    let marker = try await s3.service.deleteObject(.init(bucket: "bucket", key: "a"), s3.root).versionId ?? ""
    #expect(await s3.code { _ = try await copy(s3, "bucket/a", "b") } == "NoSuchKey")
    #expect(await s3.code { _ = try await copy(s3, "bucket/a?versionId=\(marker)", "b") } == "InvalidRequest")
    #expect(await s3.code { _ = try await copy(s3, "bucket", "b") } == "InvalidArgument")
    #expect(await s3.code { _ = try await copy(s3, "nobucket/a", "b") } == "NoSuchBucket")
    let copied = try await copy(s3, "bucket/a?versionId=\(old)", "a")
    #expect(copied.copySourceVersionId == old)
    #expect(try await s3.text("a") == "1")
    #expect(
      await s3.code { _ = try await copy(s3, "bucket/a", "b") { $0.copySourceIfMatch = "\"x\"" } }
        == "PreconditionFailed")
    #expect(
      await s3.code {
        _ = try await copy(s3, "bucket/a", "b") { $0.copySourceIfNoneMatch = copied.copyObjectResult?.eTag }
      } == "PreconditionFailed")
  }

  @Test func `a copy may have another checksum`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("a", "123456789")
    let copied = try await copy(s3, "bucket/a", "b") { $0.checksumAlgorithm = "CRC32" }
    #expect(copied.copyObjectResult?.checksumCRC32 == "y/Q5Jg==")
  }
}
