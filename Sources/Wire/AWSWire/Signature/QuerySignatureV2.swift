import Crypto
import Kernel

/// S3's old presigned URLs: `?AWSAccessKeyId=…&Expires=…&Signature=…`.
///
/// AWS's own services have left Signature Version 2 behind, but boto3 still presigns URLs for S3 with it unless it is
/// told otherwise. Source: S3 user guide, "Signing and authenticating REST requests", query string alternative.
struct QuerySignatureV2: Sendable, Hashable {
  /// Query parameters that name what is acted on, and are signed for that.
  private static let subresources: Set<String> = [
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
    "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
    "response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires", "restore", "select", "select-type", "storageClass", "tagging",
    "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
  ]

  let expires: Int64

  static func stringToSign(_ request: WireRequest, expires: Int64) -> String {
    let query = QueryPairs(literal: request.rawQuery)
    /// Clients may leave headers in the query that they have signed; whoever sends the request need not repeat them.
    func header(_ name: String) -> String { request.headers[name] ?? query[name] ?? "" }
    var amazon: [String: String] = [:]
    for pair in query.pairs where pair.name.hasPrefix("x-amz-") { amazon[pair.name] = pair.value }
    for field in request.headers.fields where field.name.hasPrefix("x-amz-") {
      amazon[field.name] = request.headers.all(field.name).joined(separator: ",")
    }
    var lines = [request.method, header("content-md5"), header("content-type"), "\(expires)"]
    lines += amazon.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
    lines.append(resource(request, query))
    return lines.joined(separator: "\n")
  }

  private static func resource(_ request: WireRequest, _ query: QueryPairs) -> String {
    let path = S3Addressing.pathStyle(request).rawPath
    let named = query.pairs.filter { subresources.contains($0.name) }.sorted { $0.name < $1.name }
    guard !named.isEmpty else { return path }
    // A parameter without an equals sign is signed without one.
    let given = Set(request.rawQuery.split(separator: "&").map(String.init))
    return path + "?"
      + named.map { given.contains($0.name) ? $0.name : "\($0.name)=\($0.value)" }.joined(separator: "&")
  }

  static func signature(_ stringToSign: String, secret: String) -> String {
    let key = SymmetricKey(data: Array(secret.utf8))
    return Base64.encode(Array(HMAC<Insecure.SHA1>.authenticationCode(for: Array(stringToSign.utf8), using: key)))
  }
}

extension SignatureClaim {
  /// The claim of an old presigned URL; `nil` for other requests.
  static func parse(version2 request: WireRequest) throws(AuthenticationFault) -> SignatureClaim? {
    guard !request.rawQuery.isEmpty, request.rawQuery.contains("AWSAccessKeyId=") else { return nil }
    let query = QueryPairs(literal: request.rawQuery)
    guard let key = query["AWSAccessKeyId"], let signature = query["Signature"], let text = query["Expires"],
      !key.isEmpty, !signature.isEmpty
    else {
      throw .malformedQuery(
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
    }
    guard let expires = Int64(text) else {
      throw .malformedQuery("Invalid date (should be seconds since epoch): \(text.prefix(64))")
    }
    return SignatureClaim(
      version2: QuerySignatureV2(expires: expires), accessKeyID: key, signature: signature,
      sessionToken: query["x-amz-security-token"])
  }

  func verify(_ version2: QuerySignatureV2, _ request: WireRequest, secret: String, now: Timestamp) throws -> ByteStream
  {
    let expires = Timestamp(seconds: version2.expires)
    guard now <= expires else { throw AuthenticationFault.presignedExpired(expires: expires, now: now) }
    let stringToSign = QuerySignatureV2.stringToSign(request, expires: version2.expires)
    guard Digest.same(QuerySignatureV2.signature(stringToSign, secret: secret), signature) else {
      throw AuthenticationFault.mismatch(
        accessKeyID: accessKeyID, stringToSign: stringToSign, canonicalRequest: "", signature: signature)
    }
    return try Self.unsignedBody(request)
  }
}
