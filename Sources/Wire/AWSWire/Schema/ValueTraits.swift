/// How a timestamp is written.
public enum TimestampFormat: Sendable, Hashable {
  /// Seconds since 1970, with a fraction where there is one.
  case unixTimestamp
  /// `2024-05-01T12:30:00.250Z`.
  case iso8601
  /// `Wed, 01 May 2024 12:30:00 GMT`.
  case rfc822
}

/// What a model says about a value beside its type: constraints, and how lists and maps are spelled in XML and Query.
public final class ValueTraits: Sendable {
  /// Least length of a string, list, map or blob, or least number.
  public let min: Double?
  /// Greatest length of a string, list, map or blob, or greatest number.
  public let max: Double?
  public let pattern: Pattern?
  /// The values of an enumeration; empty for other shapes.
  public let values: [String]
  /// Whether the value must not be shown in messages.
  public let isSensitive: Bool
  public let timestampFormat: TimestampFormat?
  /// Whether the elements stand without an element around them.
  public let isFlattened: Bool
  /// The traits of a list's elements or a map's values.
  public let element: ValueTraits?
  /// The traits of a map's keys.
  public let key: ValueTraits?
  /// The name of a list's elements, where the model gives one.
  public let elementName: String?
  public let keyName: String
  public let valueName: String

  public init(
    min: Double? = nil, max: Double? = nil, pattern: String? = nil, values: [String] = [], isSensitive: Bool = false,
    timestampFormat: TimestampFormat? = nil, isFlattened: Bool = false, element: ValueTraits? = nil,
    key: ValueTraits? = nil, elementName: String? = nil, keyName: String = "key", valueName: String = "value"
  ) {
    self.min = min
    self.max = max
    self.pattern = pattern.map { Pattern($0) }
    self.values = values
    self.isSensitive = isSensitive
    self.timestampFormat = timestampFormat
    self.isFlattened = isFlattened
    self.element = element
    self.key = key
    self.elementName = elementName
    self.keyName = keyName
    self.valueName = valueName
  }
}
