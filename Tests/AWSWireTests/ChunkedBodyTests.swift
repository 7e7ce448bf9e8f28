import AWSWire
import Kernel
import NIOCore
import Testing

/// S3's aws-chunked bodies, by the example of its API reference and by what may go wrong.
@Suite struct ChunkedBodyTests {
  static let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
  static let chunks = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
  ]

  static func signedBody(_ signatures: [String] = chunks, first: Character = "a") -> String {
    let big = String(first) + String(repeating: "a", count: 65_535)
    return "10000;chunk-signature=\(signatures[0])\r\n\(big)\r\n400;chunk-signature=\(signatures[1])\r\n"
      + String(repeating: "a", count: 1024) + "\r\n0;chunk-signature=\(signatures[2])\r\n\r\n"
  }

  func signed(_ body: String, parts: Int = 1) -> WireRequest {
    let headers = WireHeaders([
      ("Host", "s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
      ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
      (
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=\(S3SignatureTests.credential),SignedHeaders=content-encoding;content-length;"
          + "host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,"
          + "Signature=\(Self.seed)"
      ),
      ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), ("Content-Encoding", "aws-chunked"),
      ("x-amz-decoded-content-length", "66560"), ("Content-Length", "66824"),
    ])
    return WireRequest(
      method: "PUT", rawPath: "/examplebucket/chunkObject.txt", rawQuery: "", headers: headers,
      body: Self.stream(ByteBuffer(string: body), parts: parts))
  }

  /// Bytes that come in pieces of any size.
  static func stream(_ buffer: ByteBuffer, parts: Int) -> ByteStream {
    let size = max(1, buffer.readableBytes / parts)
    return ByteStream(length: Int64(buffer.readableBytes)) {
      let rest = Locked(buffer)
      return {
        rest.withLock { $0.readSlice(length: min(size, $0.readableBytes)).flatMap { $0.readableBytes > 0 ? $0 : nil } }
      }
    }
  }

  func unsigned(_ body: String, length: Int, trailer: String? = "x-amz-checksum-crc32") -> WireRequest {
    var headers = WireHeaders([
      ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), ("x-amz-decoded-content-length", "\(length)"),
    ])
    if let trailer { headers.add("x-amz-trailer", trailer) }
    return WireRequest(
      method: "PUT", rawPath: "/b/k", rawQuery: "", headers: headers,
      body: Self.stream(ByteBuffer(string: body), parts: 3))
  }

  func outcome(_ body: () async throws -> ByteStream) async -> String {
    do {
      return String(buffer: try await body().collect(upTo: 1 << 20))
    } catch let error as AWSError {
      return error.code
    } catch let fault as AuthenticationFault {
      return fault.error(for: "s3").code
    } catch {
      return "\(error)"
    }
  }

  func verified(_ request: WireRequest) async -> String {
    await outcome {
      let claim = try #require(try SignatureClaim.parse(request))
      return try await claim.verify(request, secret: S3SignatureTests.secret, now: S3SignatureTests.now)
    }
  }

  @Test(arguments: [1, 2, 7, 66_824]) func `the reference's example is read, however it is cut`(parts: Int) async {
    #expect(await verified(signed(Self.signedBody(), parts: parts)) == String(repeating: "a", count: 66_560))
  }

  @Test func `a chunk that was changed ends the body`() async {
    #expect(await verified(signed(Self.signedBody(first: "b"))) == "SignatureDoesNotMatch")
    var swapped = Self.chunks
    swapped.swapAt(0, 1)
    #expect(await verified(signed(Self.signedBody(swapped))) == "SignatureDoesNotMatch")
    #expect(await verified(signed(Self.signedBody().replacing(";chunk-signature=", with: ";x="))) == "InvalidRequest")
  }

  @Test func `a body that ends early is incomplete`() async {
    let whole = Self.signedBody()
    for length in [0, 1, 90, 1000, 65_700, 66_000, 66_730] {
      let found = await verified(signed(String(whole.prefix(length))))
      #expect(found == "IncompleteBody", "\(length): \(found.prefix(80))")
    }
  }

  @Test(arguments: [
    ("x-amz-checksum-crc32", "DUoRhQ=="), ("x-amz-checksum-crc32c", "yZRlqg=="),
    ("x-amz-checksum-crc64nvme", "jSnVw/bqjr4="),
    ("x-amz-checksum-sha1", "Kq5sNclPz7QV2+lfQIuc6R7oRu0="),
    ("x-amz-checksum-sha256", "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="),
  ]) func `trailing checksums are verified`(header: String, value: String) async {
    func body(_ value: String) -> String { "6\r\nhello \r\n5\r\nworld\r\n0\r\n\(header):\(value)\r\n\r\n" }
    #expect(
      await outcome { try SignatureClaim.unsignedBody(unsigned(body(value), length: 11, trailer: header)) }
        == "hello world")
    #expect(
      await outcome {
        try SignatureClaim.unsignedBody(unsigned(body("AAAA" + value.dropFirst(4)), length: 11, trailer: header))
      }
        == "BadDigest")
    #expect(
      await outcome { try SignatureClaim.unsignedBody(unsigned("5\r\nhello\r\n0\r\n\r\n", length: 5, trailer: header)) }
        == "MalformedTrailerError")
  }

  @Test func `the announced length is held to`() async {
    let body = "5\r\nhello\r\n0\r\n\r\n"
    for length in [0, 4, 6, 1_000_000] {
      #expect(
        await outcome { try SignatureClaim.unsignedBody(unsigned(body, length: length, trailer: nil)) }
          == "IncompleteBody")
    }
    #expect(
      await outcome { try SignatureClaim.unsignedBody(unsigned(body, length: -1, trailer: nil)) }
        == "MissingContentLength")
  }

  @Test(arguments: [
    "x", "\r\n", "5", "5\r\n", "zz\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloworld\r\n0\r\n\r\n",
    "ffffffffffffffff\r\nhello", "7fffffffffffffff\r\nhello", "10000000000000000\r\nhello", "5\r\nhello0\r\n\r\n",
    "5\r\nhello\r\n0\r\nno colon\r\n\r\n", "5\r\nhello\r\n0\r\n\r\nmore",
  ]) func `broken framing is refused and does no harm`(body: String) async {
    let found = await outcome { try SignatureClaim.unsignedBody(unsigned(body, length: 5, trailer: nil)) }
    #expect(["IncompleteBody", "InvalidRequest", "BadDigest", "MalformedTrailerError"].contains(found), "\(found)")
  }

  @Test func `a header line without an end is refused`() async {
    let long = String(repeating: "1", count: 100_000)
    #expect(
      await outcome { try SignatureClaim.unsignedBody(unsigned(long, length: 5, trailer: nil)) } == "InvalidRequest")
    let trailer = "5\r\nhello\r\n0\r\nx-amz-meta:" + long
    #expect(
      await outcome { try SignatureClaim.unsignedBody(unsigned(trailer, length: 5, trailer: nil)) } == "InvalidRequest")
  }
}
