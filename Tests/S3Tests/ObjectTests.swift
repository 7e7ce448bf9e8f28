import AWSWire
import Crypto
import Kernel
import NIOCore
import S3
import S3Model
import Testing

@Suite struct ObjectTests {
  @Test func `what was put is what is got`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let put = try await s3.put("a/b c+d", "hello") {
      $0.contentType = "text/plain"
      $0.contentEncoding = "aws-chunked,gzip"
      $0.cacheControl = "no-cache"
      $0.metadata = ["Colour": "blue"]
      $0.tagging = "a=1&b=x%20y"
    }
    #expect(put.eTag == "\"5d41402abc4b2a76b9719d911017c592\"")
    #expect(put.checksumCRC64NVME != nil)
    #expect(put.checksumType == "FULL_OBJECT")
    #expect(put.serverSideEncryption == "AES256")
    let got = try await s3.get("a/b c+d") { $0.checksumMode = "ENABLED" }
    #expect(got.contentType == "text/plain")
    #expect(got.contentEncoding == "gzip")
    #expect(got.cacheControl == "no-cache")
    #expect(got.metadata == ["colour": "blue"])
    #expect(got.tagCount == 2)
    #expect(got.contentLength == 5)
    #expect(got.acceptRanges == "bytes")
    #expect(got.checksumCRC64NVME == put.checksumCRC64NVME)
    #expect(got.versionId == nil)
    #expect(got.storageClass == nil)
    #expect(try await got.text() == "hello")
  }

  @Test func `an object without bytes, and one without a type`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let put = try await s3.put("empty", "")
    #expect(put.eTag == "\"d41d8cd98f00b204e9800998ecf8427e\"")
    let got = try await s3.get("empty")
    #expect(got.contentType == "binary/octet-stream")
    #expect(try await got.text() == "")
    #expect(s3.blobCount == 0)
  }

  @Test(arguments: [1, 1024, 1025, 70_000, 1_500_000])
  func `bodies of any length keep their bytes`(count: Int) async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let bytes = SeededRandomSource(seed: UInt64(count)).bytes(count)
    let input = PutObjectRequest(
      body: stream(bytes, piece: 7_777, length: Int64(count)), bucket: "bucket",
      checksumSHA256: Array(SHA256.hash(data: bytes)).base64, key: "k")
    let put = try await s3.service.putObject(input, s3.root)
    #expect(put.eTag == "\"\(Array(Insecure.MD5.hash(data: bytes)).hex)\"")
    let got = try await s3.get("k")
    let body = try await (got.body ?? .empty).collect(upTo: 1 << 24)
    #expect(Array(body.readableBytesView) == bytes)
  }

  @Test func `a body of another length than announced is refused and leaves nothing`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    for count in [10, 5_000] {
      for announced in [count - 1, count + 1] {
        let body = stream([UInt8](repeating: 7, count: count), piece: 1_000, length: nil)
        let code = await s3.code {
          _ = try await s3.service.putObject(
            .init(body: body, bucket: "bucket", contentLength: Int64(announced), key: "k"), s3.root)
        }
        #expect(code == "IncompleteBody")
      }
    }
    #expect(await s3.code { _ = try await s3.get("k") } == "NoSuchKey")
  }

  @Test func `a body without a length is refused`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let code = await s3.code {
      _ = try await s3.service.putObject(.init(body: stream([1], piece: 1), bucket: "bucket", key: "k"), s3.root)
    }
    #expect(code == "MissingContentLength")
  }

  @Test func `digests that do not fit are refused`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let wrongMD5 = Array(Insecure.MD5.hash(data: Array("other".utf8))).base64
    #expect(await s3.code { try await s3.put("k", "hello") { $0.contentMD5 = wrongMD5 } } == "BadDigest")
    #expect(await s3.code { try await s3.put("k", "hello") { $0.contentMD5 = "short" } } == "InvalidDigest")
    #expect(await s3.code { try await s3.put("k", "hello") { $0.checksumCRC32 = "AAAAAA==" } } == "BadDigest")
    #expect(await s3.code { try await s3.put("k", "hello") { $0.checksumCRC32 = "AA==" } } == "InvalidRequest")
    #expect(
      await s3.code {
        try await s3.put("k", "hello") {
          $0.checksumCRC32 = "NhCmhg=="
          $0.checksumSHA1 = "qvTGHdzF6KLavt4PO0gs2a6pQ00="
        }
      } == "InvalidRequest")
    #expect(s3.blobCount == 0)
    let put = try await s3.put("k", "hello") { $0.checksumCRC32 = "NhCmhg==" }
    #expect(put.checksumCRC32 == "NhCmhg==")
    #expect(put.checksumCRC64NVME == nil)
  }

  @Test func `checksums have the values of their standards`() async throws {
    // "123456789", the check value of each algorithm's definition.
    let expected: [(ChecksumAlgorithm, KeyPath<PutObjectOutput, String?>, [UInt8])] = [
      ("CRC32", \.checksumCRC32, [0xCB, 0xF4, 0x39, 0x26]),
      ("CRC32C", \.checksumCRC32C, [0xE3, 0x06, 0x92, 0x83]),
      ("CRC64NVME", \.checksumCRC64NVME, [0xAE, 0x8B, 0x14, 0x86, 0x0A, 0x79, 0x98, 0x88]),
      ("SHA1", \.checksumSHA1, Array(Insecure.SHA1.hash(data: Array("123456789".utf8)))),
      ("SHA256", \.checksumSHA256, Array(SHA256.hash(data: Array("123456789".utf8)))),
    ]
    let s3 = TestS3()
    try await s3.makeBucket()
    for (algorithm, path, value) in expected {
      let put = try await s3.put("k", "123456789") { $0.checksumAlgorithm = algorithm }
      #expect(put[keyPath: path] == value.base64)
    }
  }

  @Test func `limits of keys and metadata hold exactly`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put(String(repeating: "é", count: 512), "x")
    #expect(await s3.code { try await s3.put(String(repeating: "k", count: 1025), "x") } == "KeyTooLongError")
    try await s3.put("m", "x") { $0.metadata = ["n": String(repeating: "v", count: 2047)] }
    #expect(
      await s3.code { try await s3.put("m", "x") { $0.metadata = ["n": String(repeating: "v", count: 2048)] } }
        == "MetadataTooLarge")
  }

  @Test func `bad settings are refused`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    #expect(await s3.code { try await s3.put("k", "x") { $0.storageClass = "COLD" } } == "InvalidStorageClass")
    #expect(await s3.code { try await s3.put("k", "x") { $0.acl = "public-read" } } == "AccessControlListNotSupported")
    #expect(await s3.code { try await s3.put("k", "x") { $0.serverSideEncryption = "rot13" } } == "InvalidArgument")
    #expect(await s3.code { try await s3.put("k", "x") { $0.ssekmsKeyId = "k" } } == "InvalidArgument")
    #expect(await s3.code { try await s3.put("k", "x") { $0.tagging = "a=1&a=2" } } == "InvalidArgument")
    let many = (0...10).map { "t\($0)=1" }.joined(separator: "&")
    #expect(await s3.code { try await s3.put("k", "x") { $0.tagging = many } } == "BadRequest")
    #expect(await s3.code { try await s3.put("k", "x", bucket: "nobucket") } == "NoSuchBucket")
    #expect(await s3.code { _ = try await s3.get("k") } == "NoSuchKey")
  }

  @Test func `answers take the reader's header fields`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("k", "x")
    let got = try await s3.get("k") {
      $0.responseContentType = "text/csv"
      $0.responseContentDisposition = "attachment"
    }
    #expect(got.contentType == "text/csv")
    #expect(got.contentDisposition == "attachment")
  }

  @Test func `tags are kept beside the object`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let put = try await s3.put("k", "x")
    _ = try await s3.service.putObjectTagging(
      .init(bucket: "bucket", key: "k", tagging: .init(tagSet: [.init(key: "a", value: "1")])), s3.root)
    let tags = try await s3.service.getObjectTagging(.init(bucket: "bucket", key: "k"), s3.root)
    #expect(tags.tagSet == [Tag(key: "a", value: "1")])
    #expect(try await s3.get("k").eTag == put.eTag)
    _ = try await s3.service.deleteObjectTagging(.init(bucket: "bucket", key: "k"), s3.root)
    #expect(try await s3.service.getObjectTagging(.init(bucket: "bucket", key: "k"), s3.root).tagSet.isEmpty)
  }

  @Test func `whoever may not list does not learn what is there`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let context = s3.context(principal: .user, authorizer: DenyingAuthorizer(denied: ["s3:ListBucket"]))
    let code = await s3.code { _ = try await s3.service.getObject(.init(bucket: "bucket", key: "no"), context) }
    #expect(code == "AccessDenied")
    let seeing = s3.context(principal: .user)
    #expect(
      await s3.code { _ = try await s3.service.getObject(.init(bucket: "bucket", key: "no"), seeing) } == "NoSuchKey")
  }

  @Test func `another account is refused`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let stranger = try #require(AccountID("111111111111"))
    let context = s3.context(account: stranger)
    #expect(
      await s3.code { _ = try await s3.service.listObjectsV2(.init(bucket: "bucket"), context) } == "AccessDenied")
    #expect(
      await s3.code {
        _ = try await s3.service.headBucket(.init(bucket: "bucket", expectedBucketOwner: "111111111111"), s3.root)
      } == "AccessDenied")
  }
}

extension [UInt8] {
  var base64: String {
    let letters = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text = ""
    for start in stride(from: 0, to: count, by: 3) {
      let group = self[start..<Swift.min(start + 3, count)]
      let number = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for index in 0..<4 {
        let letter = index <= group.count ? letters[number >> (18 - 6 * index) & 63] : UInt8(ascii: "=")
        text.unicodeScalars.append(Unicode.Scalar(letter))
      }
    }
    return text
  }
}
