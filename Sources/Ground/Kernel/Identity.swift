/// A twelve-digit AWS account number.
public struct AccountID: Hashable, Sendable, Codable, CustomStringConvertible {
  public let digits: String

  /// The account of the default credentials.
  public static let standard = AccountID(unchecked: "000000000000")

  /// - Returns: `nil` unless `digits` is exactly twelve ASCII digits.
  public init?(_ digits: String) {
    guard digits.utf8.count == 12, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    self.digits = digits
  }

  private init(unchecked digits: String) { self.digits = digits }

  public init(from decoder: any Decoder) throws { digits = try decoder.singleValueContainer().decode(String.self) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(digits)
  }
  public var description: String { digits }
}

/// An AWS region's code, such as `us-east-1`.
public struct Region: Hashable, Sendable, Codable, CustomStringConvertible {
  public let code: String

  public static let usEast1 = Region("us-east-1")

  public init(_ code: String) { self.code = code }
  public init(from decoder: any Decoder) throws { code = try decoder.singleValueContainer().decode(String.self) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(code)
  }
  public var description: String { code }

  /// The partition that the region belongs to: `aws`, `aws-cn` or `aws-us-gov`.
  public var partition: String {
    if code.hasPrefix("cn-") { return "aws-cn" }
    if code.hasPrefix("us-gov-") { return "aws-us-gov" }
    return "aws"
  }
}

/// An Amazon Resource Name: `arn:partition:service:region:account:resource`.
///
/// `region` and `account` are empty strings where the service leaves them out (S3, IAM).
public struct ARN: Hashable, Sendable, Codable, CustomStringConvertible {
  public var partition: String
  public var service: String
  public var region: String
  public var account: String
  public var resource: String

  public init(partition: String = "aws", service: String, region: String, account: String, resource: String) {
    self.partition = partition
    self.service = service
    self.region = region
    self.account = account
    self.resource = resource
  }

  /// The ARN of a regional resource in an account.
  public init(service: String, _ region: Region, _ account: AccountID, _ resource: String) {
    self.init(
      partition: region.partition, service: service, region: region.code, account: account.digits,
      resource: resource)
  }

  /// - Returns: `nil` unless the text has the six parts of an ARN.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, !parts[2].isEmpty, !parts[5].isEmpty else {
      return nil
    }
    self.init(
      partition: String(parts[1]), service: String(parts[2]), region: String(parts[3]),
      account: String(parts[4]), resource: String(parts[5]))
  }

  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let arn = ARN(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not an ARN"))
    }
    self = arn
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  public var description: String { "arn:\(partition):\(service):\(region):\(account):\(resource)" }
}

/// Where a piece of state lives: each account has its own in each region.
public struct Scope: Hashable, Sendable, Codable {
  public var account: AccountID
  public var region: Region

  public init(account: AccountID, region: Region) {
    self.account = account
    self.region = region
  }
}
