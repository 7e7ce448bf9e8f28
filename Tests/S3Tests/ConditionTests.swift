import AWSWire
import Kernel
import S3
import S3Model
import Testing

@Suite struct ConditionTests {
  private let etag = "\"5d41402abc4b2a76b9719d911017c592\""

  private func filled() async throws -> TestS3 {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("k", "hello")
    return s3
  }

  @Test func `reads heed tags before dates`() async throws {
    let s3 = try await filled()
    let now = s3.clock.now()
    let (past, future) = (now - .seconds(60), now + .seconds(60))
    typealias Change = (inout GetObjectRequest) -> Void
    let cases: [(String?, Change)] = [
      (nil, { $0.ifMatch = etag }), (nil, { $0.ifMatch = "*" }),
      (nil, { $0.ifMatch = "5d41402abc4b2a76b9719d911017c592" }),
      ("PreconditionFailed", { $0.ifMatch = "\"x\"" }),
      ("NotModified", { $0.ifNoneMatch = etag }), (nil, { $0.ifNoneMatch = "\"x\"" }),
      ("NotModified", { $0.ifModifiedSince = now }), (nil, { $0.ifModifiedSince = past }),
      ("PreconditionFailed", { $0.ifUnmodifiedSince = past }), (nil, { $0.ifUnmodifiedSince = future }),
      (nil, { ($0.ifMatch, $0.ifUnmodifiedSince) = (etag, past) }),
      ("NotModified", { ($0.ifNoneMatch, $0.ifModifiedSince) = (etag, past) }),
      (nil, { ($0.ifNoneMatch, $0.ifModifiedSince) = ("\"x\"", now) }),
    ]
    for (index, (expected, change)) in cases.enumerated() {
      let code = await s3.code { _ = try await s3.get("k", change) }
      #expect(code == expected, "case \(index)")
    }
  }

  @Test func `an unchanged object's answer names its tag`() async throws {
    let s3 = try await filled()
    do {
      _ = try await s3.get("k") { $0.ifNoneMatch = etag }
      Issue.record("no error")
    } catch let error as AWSError {
      #expect(error.httpStatus == 304)
      #expect(error.headers.contains(.init("ETag", etag)))
      #expect(error.headers.contains(.init("Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT")))
    }
  }

  @Test func `writes heed what is there`() async throws {
    let s3 = try await filled()
    #expect(await s3.code { try await s3.put("k", "x") { $0.ifNoneMatch = "*" } } == "PreconditionFailed")
    #expect(await s3.code { try await s3.put("new", "x") { $0.ifNoneMatch = "*" } } == nil)
    #expect(await s3.code { try await s3.put("k", "x") { $0.ifNoneMatch = etag } } == "NotImplemented")
    #expect(await s3.code { try await s3.put("k", "x") { $0.ifMatch = "\"no\"" } } == "PreconditionFailed")
    #expect(await s3.code { try await s3.put("absent", "x") { $0.ifMatch = etag } } == "NoSuchKey")
    #expect(await s3.code { try await s3.put("k", "x") { $0.ifMatch = etag } } == nil)
    #expect(try await s3.text("k") == "x")
  }

  @Test func `a refused write leaves no bytes behind`() async throws {
    let s3 = try await filled()
    let before = s3.blobCount
    #expect(await s3.code { try await s3.put("k", "x") { $0.ifNoneMatch = "*" } } == "PreconditionFailed")
    #expect(s3.blobCount == before)
  }

  @Test func `a delete marker counts as nothing`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket(versioning: "Enabled")
    try await s3.put("k", "1")
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "k"), s3.root)
    #expect(await s3.code { try await s3.put("k", "2") { $0.ifNoneMatch = "*" } } == nil)
  }

  @Test func `deletions heed tags`() async throws {
    let s3 = try await filled()
    let wrong = DeleteObjectRequest(bucket: "bucket", key: "k", ifMatch: "\"x\"")
    #expect(await s3.code { _ = try await s3.service.deleteObject(wrong, s3.root) } == "PreconditionFailed")
    let right = DeleteObjectRequest(bucket: "bucket", key: "k", ifMatch: etag)
    #expect(await s3.code { _ = try await s3.service.deleteObject(right, s3.root) } == nil)
    #expect(await s3.code { _ = try await s3.service.deleteObject(right, s3.root) } == "NoSuchKey")
  }
}

@Suite struct RangeTests {
  @Test(arguments: [
    ("bytes=0-4", "01234", "bytes 0-4/10"), ("bytes=5-", "56789", "bytes 5-9/10"), ("bytes=-3", "789", "bytes 7-9/10"),
    ("bytes=8-100", "89", "bytes 8-9/10"), ("bytes=-100", "0123456789", "bytes 0-9/10"),
    ("bytes=9-9", "9", "bytes 9-9/10"), ("bytes=0-99999999999999999999", "0123456789", "bytes 0-9/10"),
  ]) func `a range gives its bytes`(header: String, text: String, contentRange: String) async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("k", "0123456789")
    let got = try await s3.get("k") { $0.range = header }
    #expect(got.contentRange == contentRange)
    #expect(got.contentLength == Int64(text.utf8.count))
    #expect(try await got.text() == text)
  }

  @Test(arguments: ["bytes=5-2", "bytes=a-b", "chars=0-1", "bytes=0-1,3-4", "bytes=", "0-1"])
  func `what is no range gives the whole`(header: String) async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("k", "0123456789")
    let got = try await s3.get("k") { $0.range = header }
    #expect(got.contentRange == nil)
    #expect(try await got.text() == "0123456789")
  }

  @Test(arguments: ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"])
  func `a range past the end is refused`(header: String) async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("k", "0123456789")
    #expect(await s3.code { _ = try await s3.get("k") { $0.range = header } } == "InvalidRange")
    try await s3.put("empty", "")
    #expect(await s3.code { _ = try await s3.get("empty") { $0.range = "bytes=0-" } } == "InvalidRange")
  }
}
