import Crypto
public import Kernel
import NIOCore

extension SignatureClaim {
  /// Checks the signature, and gives the body as the service should read it.
  ///
  /// For S3 the body streams on, verified as it passes: a literal hash or chunk signatures that do not match
  /// end the stream with an error before its last byte is believed. For other services the body is read first,
  /// since its hash is part of what was signed.
  ///
  /// - Throws: `AuthenticationFault`.
  public func verify(_ request: WireRequest, secret: String, now: Timestamp) async throws -> ByteStream {
    if let version2 { return try verify(version2, request, secret: secret, now: now) }
    try checkTime(now)
    try checkSignedHeaders(request)
    let key = SigningKeyCache.shared.key(secret: secret, day: scopeDay, region: region, service: service)
    let declared = request.headers["x-amz-content-sha256"]
    if service == "s3" {
      let payloadHash = expiresSeconds != nil ? "UNSIGNED-PAYLOAD" : declared ?? "UNSIGNED-PAYLOAD"
      try checkSignature(request, key: key, payloadHash: payloadHash)
      return try body(of: request, payloadHash: payloadHash, key: key)
    }
    let body: ByteBuffer
    do {
      body = try await request.body.collect(upTo: SignatureLimits.signedBodyBytesMax)
    } catch let error as ByteStream.TooLong {
      throw AuthenticationFault.bodyTooLong(limit: error.limit)
    }
    let hash = body.withUnsafeReadableBytes { bytes in
      var hash = SHA256()
      hash.update(bufferPointer: bytes)
      return hash.finalize().hex
    }
    try checkSignature(request, key: key, payloadHash: declared == "UNSIGNED-PAYLOAD" ? "UNSIGNED-PAYLOAD" : hash)
    return ByteStream(body)
  }

  private func checkTime(_ now: Timestamp) throws(AuthenticationFault) {
    if let expiresSeconds {
      let expires = date.moment + .seconds(expiresSeconds)
      guard now <= expires else { throw .presignedExpired(expires: expires, now: now) }
      // A presigned URL may be made ahead of time by no more than a clock may be off.
      guard date.moment - now <= .milliseconds(SignatureLimits.s3SkewMillisecondsMax) else {
        throw .malformed("Request is not valid yet")
      }
      return
    }
    let limit: Duration =
      service == "s3"
      ? .milliseconds(SignatureLimits.s3SkewMillisecondsMax) : .seconds(Int64(SignatureLimits.skewMinutesMax * 60))
    if now - date.moment > limit { throw .skewed(signed: date, now: SigningDate(now), early: false) }
    if date.moment - now > limit { throw .skewed(signed: date, now: SigningDate(now), early: true) }
  }

  /// What a signature does not cover may have been put in on the way.
  private func checkSignedHeaders(_ request: WireRequest) throws(AuthenticationFault) {
    guard signedHeaders.contains("host") || request.headers["host"] == nil else { throw .unsignedHeaders(["host"]) }
    guard service == "s3" else { return }
    var unsigned: [String] = []
    for field in request.headers.fields where field.name.hasPrefix("x-amz-") && !signedHeaders.contains(field.name) {
      // The payload's hash stands in the canonical request in any case.
      if field.name != "x-amz-content-sha256", !unsigned.contains(field.name) { unsigned.append(field.name) }
    }
    guard unsigned.isEmpty else { throw .unsignedHeaders(unsigned) }
  }

  private func checkSignature(_ request: WireRequest, key: SigningKey, payloadHash: String) throws(AuthenticationFault)
  {
    var first: (stringToSign: String, canonical: String)?
    for path in CanonicalRequest.paths(request.rawPath, service: service) {
      let canonical = CanonicalRequest(
        method: request.method, path: path, rawQuery: request.rawQuery, headers: request.headers,
        signedHeaders: signedHeaders, payloadHash: payloadHash
      ).text
      let stringToSign = "\(Self.algorithm)\n\(date.text)\n\(scope)\n\(Digest.sha256Hex(canonical))"
      if Digest.same(key.signature(stringToSign), signature) { return }
      first = first ?? (stringToSign, canonical)
    }
    throw .mismatch(
      accessKeyID: accessKeyID, stringToSign: first?.stringToSign ?? "", canonicalRequest: first?.canonical ?? "",
      signature: signature)
  }

  private func body(of request: WireRequest, payloadHash: String, key: SigningKey) throws -> ByteStream {
    let signed = payloadHash.hasPrefix("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    if signed || payloadHash == "STREAMING-UNSIGNED-PAYLOAD-TRAILER" {
      let signing = AWSChunkedDecoder.Signing(key: key, date: date, scope: scope, previous: signature)
      return try Self.chunked(request, signing: signed ? signing : nil, hasTrailer: payloadHash.hasSuffix("-TRAILER"))
    }
    guard payloadHash != "UNSIGNED-PAYLOAD" else { return request.body }
    guard payloadHash.utf8.count == 64 else {
      throw AWSError(
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
          + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        details: [
          .init("ArgumentName", "x-amz-content-sha256"), .init("ArgumentValue", String(payloadHash.prefix(256))),
        ])
    }
    return HashedBody.stream(request.body, expected: payloadHash.lowercased())
  }

  /// The payload of an aws-chunked body.
  static func chunked(_ request: WireRequest, signing: AWSChunkedDecoder.Signing?, hasTrailer: Bool) throws
    -> ByteStream
  {
    let lengthText = request.headers["x-amz-decoded-content-length"]
    let length = lengthText.flatMap { Int64($0) }
    guard let length, length >= 0 else {
      throw AWSError("MissingContentLength", "You must provide the Content-Length HTTP header.", httpStatus: 411)
    }
    let trailer = request.headers["x-amz-trailer"]?.lowercased()
    let source = request.body
    return ByteStream(length: length) {
      let reader = ChunkedReader(
        pull: source.makeReader(),
        decoder: AWSChunkedDecoder(
          signing: signing, expectsTrailer: hasTrailer, trailer: trailer, expectedBytes: length))
      return { try await reader.next() }
    }
  }

  /// The payload of an unsigned request whose body is aws-chunked all the same (anonymous uploads).
  public static func unsignedBody(_ request: WireRequest) throws -> ByteStream {
    guard request.headers["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER" else { return request.body }
    return try chunked(request, signing: nil, hasTrailer: true)
  }
}

/// Steps a chunked body. One reader at a time, as `ByteStream` promises.
private actor ChunkedReader {
  private let pull: ByteStream.Next
  private var decoder: AWSChunkedDecoder
  private var ready: [ByteBuffer] = []
  private var ended = false

  init(pull: @escaping ByteStream.Next, decoder: AWSChunkedDecoder) {
    self.pull = pull
    self.decoder = decoder
  }

  func next() async throws -> ByteBuffer? {
    while ready.isEmpty {
      guard !ended else { return nil }
      if let input = try await pull() {
        ready = try decoder.feed(input).reversed()
      } else {
        ended = true
        try decoder.finish()
      }
    }
    return ready.popLast()
  }
}

/// Compares a body with the SHA-256 that its signature covers, before the end of the stream is told.
private final class HashedBody: Sendable {
  private let pull: ByteStream.Next
  private let expected: String
  /// `nil` once the end has been told.
  private let hash = Locked<SHA256?>(SHA256())

  private init(_ pull: @escaping ByteStream.Next, expected: String) {
    self.pull = pull
    self.expected = expected
  }

  static func stream(_ body: ByteStream, expected: String) -> ByteStream {
    ByteStream(length: body.length) {
      let reader = HashedBody(body.makeReader(), expected: expected)
      return { try await reader.next() }
    }
  }

  func next() async throws -> ByteBuffer? {
    guard hash.withLock({ $0 != nil }) else { return nil }
    if let part = try await pull() {
      part.withUnsafeReadableBytes { bytes in hash.withLock { $0?.update(bufferPointer: bytes) } }
      return part
    }
    guard let found = hash.withLock({ $0.take() })?.finalize().hex, found != expected else { return nil }
    throw AWSError(
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.", httpStatus: 400,
      details: [
        .init("ClientComputedContentSHA256", expected), .init("S3ComputedContentSHA256", found),
      ])
  }
}
