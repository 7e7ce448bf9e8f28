/// A string of a known set that AWS may add to: any string is kept, the model's own have names.
public protocol WireEnumeration:
  RawRepresentable, Hashable, Codable, ExpressibleByStringLiteral, CustomStringConvertible, WireDecodable, WireEncodable
where RawValue == String {
  init(rawValue: String)
  /// The values that the model lists, in its order.
  static var knownValues: [String] { get }
}

extension WireEnumeration {
  public init(stringLiteral value: String) { self.init(rawValue: value) }
  public var description: String { rawValue }

  /// Whether the model lists this value.
  public var isKnown: Bool { Self.knownValues.contains(rawValue) }
}
