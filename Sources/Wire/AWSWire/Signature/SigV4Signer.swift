import Crypto
public import Kernel
public import NIOCore

/// Signs requests as a client does: for the demo, the load generator and tests.
public struct SigV4Signer: Sendable {
  public let accessKeyID: String
  public let secretAccessKey: String
  public let sessionToken: String?
  public let region: String
  public let service: String

  public init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, region: String, service: String
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.region = region
    self.service = service
  }

  /// Adds `x-amz-date`, `x-amz-content-sha256` and `authorization`. The request must have its `host` header.
  /// - Parameter body: what will be sent; `nil` signs `UNSIGNED-PAYLOAD`.
  public func sign(_ request: inout WireRequest, body: ByteBuffer?, at now: Timestamp) {
    let date = SigningDate(now)
    let payloadHash =
      body.map { body in
        body.withUnsafeReadableBytes { bytes in
          var hash = SHA256()
          hash.update(bufferPointer: bytes)
          return hash.finalize().hex
        }
      } ?? "UNSIGNED-PAYLOAD"
    request.headers["x-amz-date"] = date.text
    request.headers["x-amz-content-sha256"] = payloadHash
    if let sessionToken { request.headers["x-amz-security-token"] = sessionToken }
    let names = Set(request.headers.fields.map(\.name).filter { $0 != "authorization" && $0 != "user-agent" }).sorted()
    let canonical = CanonicalRequest(
      method: request.method, path: CanonicalRequest.paths(request.rawPath, service: service)[0],
      rawQuery: request.rawQuery, headers: request.headers, signedHeaders: names, payloadHash: payloadHash
    ).text
    let scope = "\(date.day)/\(region)/\(service)/aws4_request"
    let key = SigningKeyCache.shared.key(secret: secretAccessKey, day: date.day, region: region, service: service)
    let signature = key.signature(
      "\(SignatureClaim.algorithm)\n\(date.text)\n\(scope)\n\(Digest.sha256Hex(canonical))")
    request.headers["authorization"] =
      "\(SignatureClaim.algorithm) Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names.joined(separator: ";")), "
      + "Signature=\(signature)"
  }
}
