import AWSWire
import Kernel
import NIOCore
import Testing

/// The examples of S3's API reference, "Authenticating requests", and what happens to requests changed on their way.
@Suite struct S3SignatureTests {
  static let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  static let now = Timestamp(seconds: 1_369_353_600)
  static let credential = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
  static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  func request(
    _ method: String, _ path: String, query: String = "", _ headers: [(String, String)], signed: String = "",
    signature: String = "", body: ByteBuffer = ByteBuffer()
  ) -> WireRequest {
    var all = WireHeaders([("Host", "examplebucket.s3.amazonaws.com")] + headers)
    if !signature.isEmpty {
      all["authorization"] =
        "AWS4-HMAC-SHA256 Credential=\(Self.credential),SignedHeaders=\(signed),Signature=\(signature)"
    }
    return WireRequest(method: method, rawPath: path, rawQuery: query, headers: all, body: ByteStream(body))
  }

  func verify(_ request: WireRequest, secret: String = secret, now: Timestamp = now) async throws -> ByteBuffer {
    let claim = try #require(try SignatureClaim.parse(request))
    return try await claim.verify(request, secret: secret, now: now).collect(upTo: 1 << 20)
  }

  func code(_ request: WireRequest, secret: String = secret, now: Timestamp = now) async -> String {
    do {
      _ = try await verify(request, secret: secret, now: now)
      return "accepted"
    } catch let fault as AuthenticationFault {
      return fault.error(for: "s3").code
    } catch let error as AWSError {
      return error.code
    } catch {
      return "\(error)"
    }
  }

  var get: WireRequest {
    request(
      "GET", "/test.txt",
      [("Range", "bytes=0-9"), ("x-amz-content-sha256", Self.empty), ("x-amz-date", "20130524T000000Z")],
      signed: "host;range;x-amz-content-sha256;x-amz-date",
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
  }

  var put: WireRequest {
    request(
      "PUT", "/test$file.text",
      [
        ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
      ], signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
      body: ByteBuffer(string: "Welcome to Amazon S3."))
  }

  @Test func `the reference's examples are accepted`() async throws {
    #expect(await code(get) == "accepted")
    #expect(try await verify(put) == ByteBuffer(string: "Welcome to Amazon S3."))
    let lifecycle = request(
      "GET", "/", query: "lifecycle",
      [("x-amz-content-sha256", Self.empty), ("x-amz-date", "20130524T000000Z")],
      signed: "host;x-amz-content-sha256;x-amz-date",
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    #expect(await code(lifecycle) == "accepted")
    let list = request(
      "GET", "/", query: "max-keys=2&prefix=J",
      [("x-amz-content-sha256", Self.empty), ("x-amz-date", "20130524T000000Z")],
      signed: "host;x-amz-content-sha256;x-amz-date",
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    #expect(await code(list) == "accepted")
  }

  static let presigned =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"

  @Test func `a presigned URL lives as long as it says`() async throws {
    let url = request("GET", "/test.txt", query: Self.presigned, [])
    #expect(await code(url) == "accepted")
    #expect(await code(url, now: Timestamp(seconds: Self.now.seconds + 86_400)) == "accepted")
    #expect(await code(url, now: Timestamp(seconds: Self.now.seconds + 86_401)) == "AccessDenied")
    #expect(await code(request("GET", "/other.txt", query: Self.presigned, [])) == "SignatureDoesNotMatch")
    #expect(await code(request("PUT", "/test.txt", query: Self.presigned, [])) == "SignatureDoesNotMatch")
  }

  @Test func `a presigned URL for more than a week is refused`() {
    for expires in ["604801", "99999999999999999999", "-1", "x", ""] {
      let query = Self.presigned.replacing("Expires=86400", with: "Expires=\(expires)")
      #expect(throws: AuthenticationFault.self) {
        _ = try SignatureClaim.parse(request("GET", "/test.txt", query: query, []))
      }
    }
  }

  @Test func `what was changed on the way is refused`() async throws {
    #expect(await code(get, secret: "other") == "SignatureDoesNotMatch")
    var changed = get
    changed.headers["range"] = "bytes=0-10"
    #expect(await code(changed) == "SignatureDoesNotMatch")
    changed = get
    changed.rawPath = "/test2.txt"
    #expect(await code(changed) == "SignatureDoesNotMatch")
    changed = get
    changed.rawQuery = "acl"
    #expect(await code(changed) == "SignatureDoesNotMatch")
    changed = put
    changed.body = ByteStream(ByteBuffer(string: "Welcome to Amazon S4."))
    #expect(await code(changed) == "XAmzContentSHA256Mismatch")
  }

  @Test func `a plus sign of a query is a blank`() async throws {
    let signer = SigV4Signer(
      accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: Self.secret, region: "us-east-1", service: "s3")
    var list = request("GET", "/", query: "list-type=2&prefix=a%20b", [("x-amz-content-sha256", Self.empty)])
    signer.sign(&list, body: nil, at: Self.now)
    #expect(await code(list) == "accepted")
    list.rawQuery = "prefix=a+b&list-type=2"
    #expect(await code(list) == "accepted")
    list.rawQuery = "prefix=a%2Bb&list-type=2"
    #expect(await code(list) == "SignatureDoesNotMatch")
  }

  @Test func `a header that counts must be signed`() async throws {
    var added = get
    added.headers.add("x-amz-acl", "public-read")
    #expect(await code(added) == "AccessDenied")
    var presigned = request("PUT", "/test.txt", query: Self.presigned, [("x-amz-acl", "public-read")])
    #expect(await code(presigned) == "AccessDenied")
    presigned = request("GET", "/test.txt", query: Self.presigned, [("x-amzn-trace-id", "Root=1")])
    #expect(await code(presigned) == "accepted")
  }

  @Test func `a clock may be off by a quarter of an hour`() async throws {
    #expect(await code(get, now: Timestamp(seconds: Self.now.seconds + 900)) == "accepted")
    #expect(await code(get, now: Timestamp(seconds: Self.now.seconds - 900)) == "accepted")
    #expect(await code(get, now: Timestamp(seconds: Self.now.seconds + 901)) == "RequestTimeTooSkewed")
    #expect(await code(get, now: Timestamp(seconds: Self.now.seconds - 901)) == "RequestTimeTooSkewed")
  }

  @Test(arguments: [
    "", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request",
    "AWS4-HMAC-SHA256 Credential=////aws4_request,SignedHeaders=host,Signature=1", "Basic abc",
    "AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request,SignedHeaders=,Signature=1",
    "AWS4-HMAC-SHA256 Credential=a/20130525/r/s3/aws4_request,SignedHeaders=host,Signature=1",
    "AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws5_request,SignedHeaders=host,Signature=1", "AWS AKID:sig",
  ]) func `an authorization header that cannot be read is refused`(text: String) {
    var bad = get
    bad.headers["authorization"] = text
    #expect(throws: AuthenticationFault.self) { _ = try SignatureClaim.parse(bad) }
  }
}

/// boto3's presigned URLs are still of Signature Version 2.
@Suite struct QuerySignatureV2Tests {
  /// Made by botocore 1.43.11 with the key `test` and the secret `test`.
  static let url =
    "AWSAccessKeyId=test&Signature=GZkXyDW1NXNVxmPrRvyMgTtzvF0%3D&Expires=1795261932"

  func code(
    _ method: String, _ path: String, query: String, headers: [(String, String)] = [], at seconds: Int64 = 1_795_261_000
  )
    async -> String
  {
    let request = WireRequest(
      method: method, rawPath: path, rawQuery: query, headers: WireHeaders([("Host", "127.0.0.1:4991")] + headers),
      body: ByteStream(ByteBuffer(string: "x")))
    do {
      guard let claim = try SignatureClaim.parse(request) else { return "anonymous" }
      _ = try await claim.verify(request, secret: "test", now: Timestamp(seconds: seconds)).collect(upTo: 100)
      return "accepted"
    } catch let fault as AuthenticationFault {
      return fault.error(for: "s3").code
    } catch {
      return "\(error)"
    }
  }

  static let path = "/bkt/a%20b/%C3%BC%2Bc"

  @Test func `a URL is good for its object, its method and its time`() async {
    #expect(await code("GET", Self.path, query: Self.url) == "accepted")
    #expect(await code("GET", Self.path, query: Self.url, at: 1_795_261_933) == "AccessDenied")
    #expect(await code("PUT", Self.path, query: Self.url) == "SignatureDoesNotMatch")
    #expect(await code("GET", "/bkt/other", query: Self.url) == "SignatureDoesNotMatch")
    #expect(await code("GET", Self.path, query: "acl&" + Self.url) == "SignatureDoesNotMatch")
    #expect(
      await code("GET", Self.path, query: Self.url, headers: [("x-amz-acl", "public-read")]) == "SignatureDoesNotMatch")
    #expect(await code("GET", Self.path, query: Self.url.replacing("1932", with: "9932")) == "SignatureDoesNotMatch")
  }

  @Test(arguments: [
    "AWSAccessKeyId=", "AWSAccessKeyId=test", "AWSAccessKeyId=test&Signature=x",
    "AWSAccessKeyId=test&Signature=x&Expires=",
    "AWSAccessKeyId=test&Signature=x&Expires=99999999999999999999", "AWSAccessKeyId=test&Expires=1",
  ]) func `a URL that lacks a part is refused`(query: String) async {
    #expect(["AuthorizationQueryParametersError", "AccessDenied"].contains(await code("GET", Self.path, query: query)))
  }
}
