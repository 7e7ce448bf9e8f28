import Kernel

/// What a request says of who signed it, before anybody has believed it.
public struct SignatureClaim: Sendable, Hashable {
  public var accessKeyID: String
  public var date: SigningDate
  /// Empty for S3's old presigned URLs, which name none.
  public var region: String
  /// The signing name of the service, such as `s3` or `kinesis`.
  public var service: String
  public var signedHeaders: [String]
  public var signature: String
  public var sessionToken: String?
  /// For a presigned URL: how long it is good for.
  public var expiresSeconds: Int64?

  /// Set when the request is signed in S3's old way; the scope is empty then.
  var version2: QuerySignatureV2?

  /// The day that the credential's scope names.
  var scopeDay: String
  var scope: String { "\(scopeDay)/\(region)/\(service)/aws4_request" }

  static let algorithm = "AWS4-HMAC-SHA256"

  /// Reads the `Authorization` header or the parameters of a presigned URL.
  /// - Returns: `nil` for a request without a signature.
  /// - Throws: `AuthenticationFault.malformed`.
  public static func parse(_ request: WireRequest) throws(AuthenticationFault) -> SignatureClaim? {
    if let header = request.headers["authorization"] { return try parse(header: header, request) }
    if !request.rawQuery.isEmpty, request.rawQuery.contains("X-Amz-"), let claim = try parse(query: request) {
      return claim
    }
    return try parse(version2: request)
  }

  init(version2: QuerySignatureV2, accessKeyID: String, signature: String, sessionToken: String?) {
    self.version2 = version2
    self.accessKeyID = accessKeyID
    self.signature = signature
    self.sessionToken = sessionToken
    date = SigningDate(Timestamp(seconds: version2.expires))
    region = ""
    service = "s3"
    signedHeaders = []
    scopeDay = ""
  }

  private static func parse(header: String, _ request: WireRequest) throws(AuthenticationFault) -> SignatureClaim {
    guard header.hasPrefix(algorithm) else {
      throw .malformed("The authorization mechanism you have provided is not supported. Please use \(algorithm).")
    }
    var fields: [(name: Substring, value: Substring)] = []
    for part in header.utf8.dropFirst(algorithm.utf8.count).split(separator: UInt8(ascii: ",")) {
      guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { continue }
      fields.append(
        (Substring(part[..<equals]).trimmingBlanks, Substring(part[part.index(after: equals)...]).trimmingBlanks))
    }
    func field(_ name: Substring) throws(AuthenticationFault) -> String {
      guard let value = fields.last(where: { $0.name == name })?.value, !value.isEmpty else {
        throw .malformed("Authorization header requires '\(name)' parameter. Authorization=\(header.prefix(512))")
      }
      return String(value)
    }
    let date: SigningDate
    if let text = request.headers["x-amz-date"] {
      guard let parsed = SigningDate(text) else {
        throw .malformed("Date must be in ISO-8601 'basic format'. Got '\(text.prefix(64))'.")
      }
      date = parsed
    } else if let text = request.headers["date"], let parsed = HTTPDate.parse(text) {
      date = SigningDate(parsed)
    } else {
      throw .malformed("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    }
    return try SignatureClaim(
      credential: try field("Credential"), date: date, signedHeaders: try field("SignedHeaders"),
      signature: try field("Signature"), sessionToken: request.headers["x-amz-security-token"], expires: nil)
  }

  private static func parse(query request: WireRequest) throws(AuthenticationFault) -> SignatureClaim? {
    var fields: [String: String] = [:]
    for part in request.rawQuery.split(separator: "&") where part.hasPrefix("X-Amz-") {
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard halves.count == 2, let value = PercentCoding.decoded(halves[1]) else { continue }
      fields[String(halves[0])] = value
    }
    guard fields["X-Amz-Signature"] != nil || fields["X-Amz-Credential"] != nil else { return nil }
    func field(_ name: String) throws(AuthenticationFault) -> String {
      guard let value = fields[name], !value.isEmpty else {
        throw .malformedQuery(
          "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            + "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
      }
      return value
    }
    guard try field("X-Amz-Algorithm") == algorithm else {
      throw .malformedQuery("X-Amz-Algorithm only supports \"\(algorithm)\"")
    }
    guard let date = SigningDate(try field("X-Amz-Date")) else {
      throw .malformedQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    }
    let expiresText = try field("X-Amz-Expires")
    guard let expires = Int64(expiresText) else {
      // A number too long for us is also longer than a week.
      throw .malformedQuery(
        expiresText.allSatisfy(\.isNumber)
          ? "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            + "\(SignatureLimits.presignedSecondsMax) seconds"
          : "X-Amz-Expires should be a number")
    }
    guard expires >= 0 else { throw .malformedQuery("X-Amz-Expires must be non-negative") }
    guard expires <= SignatureLimits.presignedSecondsMax else {
      throw .malformedQuery(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
          + "\(SignatureLimits.presignedSecondsMax) seconds"
      )
    }
    return try SignatureClaim(
      credential: try field("X-Amz-Credential"), date: date, signedHeaders: try field("X-Amz-SignedHeaders"),
      signature: try field("X-Amz-Signature"), sessionToken: fields["X-Amz-Security-Token"], expires: expires)
  }

  private init(
    credential: String, date: SigningDate, signedHeaders: String, signature: String, sessionToken: String?,
    expires: Int64?
  ) throws(AuthenticationFault) {
    // An access key may hold slashes in theory, so the scope is read from the end.
    let parts = credential.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { Substring($0) }
    guard parts.count >= 5, parts[parts.count - 1] == "aws4_request" else {
      throw .malformed(
        "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
    }
    accessKeyID = parts.count == 5 ? String(parts[0]) : parts[..<(parts.count - 4)].joined(separator: "/")
    scopeDay = String(parts[parts.count - 4])
    region = String(parts[parts.count - 3])
    service = String(parts[parts.count - 2])
    guard !accessKeyID.isEmpty, !region.isEmpty, !service.isEmpty else {
      throw .malformed("the Credential is mal-formed; none of its parts may be empty.")
    }
    guard scopeDay == date.day else {
      throw .malformed(
        "Invalid credential date \"\(scopeDay.prefix(16))\". This date is not the same as X-Amz-Date: \"\(date.day)\".")
    }
    self.date = date
    self.signedHeaders = signedHeaders.utf8.split(separator: UInt8(ascii: ";")).map { Substring($0).lowerCase }
    self.signature = signature
    self.sessionToken = sessionToken
    expiresSeconds = expires
  }
}

extension Substring {
  var trimmingBlanks: Substring {
    var trimmed = utf8
    while let first = trimmed.first, first == 32 || first == 9 { trimmed.removeFirst() }
    while let last = trimmed.last, last == 32 || last == 9 { trimmed.removeLast() }
    return Substring(trimmed)
  }

  /// Lower case, without the work of it where nothing has to change.
  fileprivate var lowerCase: String {
    utf8.contains { $0 >= 128 || (65...90).contains($0) } ? lowercased() : String(self)
  }
}
