/// How a service is spoken to.
public struct ServiceDescription: Sendable {
  public enum WireProtocol: Sendable, Hashable {
    case json10
    case json11
    case query
    case restXML
    case restJSON
    /// `application/x-amz-cbor-1.1`: JSON 1.1 with its bodies in CBOR, as Kinesis' Java clients speak.
    case cbor11
    case rpcV2CBOR

    var isJSON: Bool { self == .json10 || self == .json11 || self == .restJSON }
    var isCBOR: Bool { self == .cbor11 || self == .rpcV2CBOR }
  }

  /// The name in our messages, such as `Kinesis`.
  public let name: String
  /// The name in SigV4 scopes.
  public let signingName: String
  public let protocols: [WireProtocol]
  /// The part of `X-Amz-Target` before the point.
  public let targetPrefix: String
  /// The version in Query requests.
  public let apiVersion: String
  public let xmlNamespace: String
  /// The code of answers to inputs that break the model's constraints.
  public let validationCode: String
  /// The name of the message in JSON errors: `message` or `Message`.
  public let messageKey: String
  /// Operations that AWS has and that are not generated here.
  public let otherOperations: Set<String>
  /// Names of error shapes by code, where they differ and the protocol sends the shape's name.
  public let errorShapes: [String: String]

  public init(
    name: String, signingName: String, protocols: [WireProtocol], targetPrefix: String = "", apiVersion: String = "",
    xmlNamespace: String = "", validationCode: String = "ValidationException", messageKey: String = "message",
    otherOperations: String = "", errorShapes: [String: String] = [:]
  ) {
    self.name = name
    self.signingName = signingName
    self.protocols = protocols
    self.targetPrefix = targetPrefix
    self.apiVersion = apiVersion
    self.xmlNamespace = xmlNamespace
    self.validationCode = validationCode
    self.messageKey = messageKey
    self.otherOperations = Set(otherOperations.split(whereSeparator: \.isWhitespace).map(String.init))
    self.errorShapes = errorShapes
  }
}
