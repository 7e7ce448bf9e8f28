public import Kernel

/// Why a request's signature was not accepted. The same fault has another code and status in each family of
/// services.
public enum AuthenticationFault: Error, Sendable, Hashable {
  /// No signature, where one is needed.
  case missing
  /// The credential or its parameters cannot be read; the text says what is wrong.
  case malformed(String)
  /// The parameters of a presigned URL cannot be read.
  case malformedQuery(String)
  case unknownKey(String)
  /// The key belongs to a session whose token is not the one sent.
  case invalidToken
  case expiredToken
  case inactiveKey(String)
  /// Headers that have to be signed and are not.
  case unsignedHeaders([String])
  case mismatch(accessKeyID: String, stringToSign: String, canonicalRequest: String, signature: String)
  /// The signature's time is too far from the server's.
  case skewed(signed: SigningDate, now: SigningDate, early: Bool)
  case presignedExpired(expires: Timestamp, now: Timestamp)
  /// A body that the signature covers is longer than the service takes.
  case bodyTooLong(limit: Int)

  private enum Family { case s3, query, json }

  private static func family(_ service: String) -> Family {
    switch service {
    case "s3": .s3
    case "iam", "sts", "monitoring": .query
    default: .json
    }
  }

  /// The error as `service` (a signing name) words it.
  public func error(for service: String) -> AWSError {
    switch Self.family(service) {
    case .s3: s3Error
    case .query: queryError
    case .json: jsonError
    }
  }

  private var s3Error: AWSError {
    switch self {
    case .missing: AWSError("AccessDenied", "Access Denied", httpStatus: 403)
    case .malformed(let text): AWSError("AuthorizationHeaderMalformed", text, httpStatus: 400)
    case .malformedQuery(let text):
      AWSError(
        text.hasPrefix("Invalid date") ? "AccessDenied" : "AuthorizationQueryParametersError", text,
        httpStatus: text.hasPrefix("Invalid date") ? 403 : 400)
    case .unknownKey(let key), .inactiveKey(let key):
      AWSError(
        "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", httpStatus: 403,
        details: [.init("AWSAccessKeyId", key)])
    case .invalidToken:
      AWSError("InvalidToken", "The provided token is malformed or otherwise invalid.", httpStatus: 400)
    case .expiredToken: AWSError("ExpiredToken", "The provided token has expired.", httpStatus: 400)
    case .mismatch(let key, let stringToSign, let canonical, let signature):
      AWSError(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
          + "method.", httpStatus: 403,
        details: [
          .init("AWSAccessKeyId", key), .init("StringToSign", stringToSign), .init("SignatureProvided", signature),
          .init("CanonicalRequest", canonical),
        ])
    case .unsignedHeaders(let names):
      AWSError(
        "AccessDenied", "There were headers present in the request which were not signed", httpStatus: 403,
        details: [.init("HeadersNotSigned", names.joined(separator: ", "))])
    case .skewed(let signed, let now, _):
      AWSError(
        "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.",
        httpStatus: 403,
        details: [
          .init("RequestTime", signed.text), .init("ServerTime", now.text),
          .init("MaxAllowedSkewMilliseconds", String(SignatureLimits.s3SkewMillisecondsMax)),
        ])
    case .presignedExpired(let expires, let now):
      AWSError(
        "AccessDenied", "Request has expired", httpStatus: 403,
        details: [
          .init("Expires", SigningDate(expires).text), .init("ServerTime", SigningDate(now).text),
        ])
    case .bodyTooLong:
      AWSError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", httpStatus: 400)
    }
  }

  private static let mismatchText =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    + "and signing method. Consult the service documentation for details."
  private static let tokenText = "The security token included in the request is invalid."
  private static let expiredText = "The security token included in the request is expired"

  private var queryError: AWSError {
    switch self {
    case .missing: AWSError("MissingAuthenticationToken", "Request is missing Authentication Token", httpStatus: 403)
    case .malformed(let text), .malformedQuery(let text): AWSError("IncompleteSignature", text, httpStatus: 400)
    case .unknownKey, .inactiveKey, .invalidToken: AWSError("InvalidClientTokenId", Self.tokenText, httpStatus: 403)
    case .expiredToken: AWSError("ExpiredToken", Self.expiredText, httpStatus: 403)
    case .mismatch, .unsignedHeaders: AWSError("SignatureDoesNotMatch", Self.mismatchText, httpStatus: 403)
    case .skewed, .presignedExpired: AWSError("SignatureDoesNotMatch", skewText, httpStatus: 403)
    case .bodyTooLong: AWSError("RequestEntityTooLarge", "Request body is too long.", httpStatus: 413)
    }
  }

  private var jsonError: AWSError {
    switch self {
    case .missing: AWSError("MissingAuthenticationTokenException", "Missing Authentication Token", httpStatus: 400)
    case .malformed(let text), .malformedQuery(let text):
      AWSError("IncompleteSignatureException", text, httpStatus: 400)
    case .unknownKey, .inactiveKey, .invalidToken:
      AWSError("UnrecognizedClientException", Self.tokenText, httpStatus: 400)
    case .expiredToken: AWSError("ExpiredTokenException", Self.expiredText, httpStatus: 400)
    case .mismatch, .unsignedHeaders: AWSError("InvalidSignatureException", Self.mismatchText, httpStatus: 400)
    case .skewed, .presignedExpired: AWSError("InvalidSignatureException", skewText, httpStatus: 400)
    case .bodyTooLong: AWSError("RequestEntityTooLargeException", "Request body is too long.", httpStatus: 413)
    }
  }

  private var skewText: String {
    let minutes = SignatureLimits.skewMinutesMax
    switch self {
    case .skewed(let signed, let now, early: false):
      let limit = SigningDate(now.moment - .seconds(Int64(minutes * 60)))
      return "Signature expired: \(signed.text) is now earlier than \(limit.text) (\(now.text) - \(minutes) min.)"
    case .skewed(let signed, let now, early: true):
      let limit = SigningDate(now.moment + .seconds(Int64(minutes * 60)))
      return
        "Signature not yet current: \(signed.text) is still later than \(limit.text) (\(now.text) + \(minutes) min.)"
    case .presignedExpired(let expires, let now):
      return "Signature expired: \(SigningDate(expires).text) is now earlier than \(SigningDate(now).text)"
    default: return ""
    }
  }
}
