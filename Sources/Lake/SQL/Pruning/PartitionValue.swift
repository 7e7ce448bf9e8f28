internal import Kernel

/// A partition key's value, read by its column's type, or a value computed from such.
public enum PartitionValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case decimal(DecimalValue)
  case double(Double)
  case string(String)
  /// Days since 1970-01-01.
  case date(Int64)
  /// Microseconds since 1970-01-01 00:00:00, without a zone.
  case timestamp(Int64)
  /// Months and microseconds.
  case interval(months: Int64, microseconds: Int64)

  /// What Hive writes in a path for a null key.
  public static let hiveNull = "__HIVE_DEFAULT_PARTITION__"

  /// Reads the text of a partition's value as Glue stores it; `nil` when it is no value of the type.
  public init?(_ text: String?, type: HiveType) {
    guard let text, text != Self.hiveNull else {
      self = .null
      return
    }
    guard let value = Self.read(text, type.sqlType) else { return nil }
    self = value
  }

  /// Casts text as Trino's `CAST(varchar AS type)` does; `nil` when it fails or the type has no values here.
  static func read(_ text: String, _ type: SQLType) -> PartitionValue? {
    let trimmed = text.trimmingSpaces()
    switch type {
    case .varchar(let length):
      guard let length, text.count > length else { return .string(text) }
      return .string(String(text.prefix(length)))
    case .char: return .string(text)
    case .tinyint: return Int8(trimmed).map { .integer(Int64($0)) }
    case .smallint: return Int16(trimmed).map { .integer(Int64($0)) }
    case .integer: return Int32(trimmed).map { .integer(Int64($0)) }
    case .bigint: return Int64(trimmed).map { .integer($0) }
    case .real: return Float(trimmed).map { .double(Double($0)) }
    case .double: return Double(trimmed).map { .double($0) }
    case .decimal(_, let scale): return DecimalValue(trimmed)?.rounded(to: scale).map { .decimal($0) }
    case .boolean:
      switch trimmed.lowercased() {
      case "true", "t", "1": return .boolean(true)
      case "false", "f", "0": return .boolean(false)
      default: return nil
      }
    case .date: return CivilText.date(trimmed).map { .date($0) }
    case .timestamp: return CivilText.timestamp(trimmed).map { .timestamp($0) }
    default: return nil
    }
  }

  /// How two values are ordered: `nil` when either is null or they are of kinds that do not compare.
  static func compare(_ left: PartitionValue, _ right: PartitionValue) -> Int? {
    func order<Value: Comparable>(_ left: Value, _ right: Value) -> Int { left < right ? -1 : left == right ? 0 : 1 }
    switch (left, right) {
    case (.boolean(let left), .boolean(let right)): return order(left ? 1 : 0, right ? 1 : 0)
    case (.integer(let left), .integer(let right)): return order(left, right)
    case (.string(let left), .string(let right)):
      // By bytes, as both Trino and S3 order text.
      return left == right ? 0 : left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    case (.date(let left), .date(let right)): return order(left, right)
    case (.timestamp(let left), .timestamp(let right)): return order(left, right)
    case (.date(let left), .timestamp(let right)): return order(left.saturatingMultiply(86_400_000_000), right)
    case (.timestamp(let left), .date(let right)): return order(left, right.saturatingMultiply(86_400_000_000))
    case (.decimal, .decimal), (.decimal, .integer), (.integer, .decimal):
      guard let left = left.asDecimal, let right = right.asDecimal else { return nil }
      return DecimalValue.compare(left, right)
    default:
      guard let left = left.asDouble, let right = right.asDouble, !left.isNaN, !right.isNaN else { return nil }
      return order(left, right)
    }
  }

  var asDecimal: DecimalValue? {
    switch self {
    case .integer(let value): DecimalValue(unscaled: Int128(value), scale: 0)
    case .decimal(let value): value
    default: nil
    }
  }
  var asDouble: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .decimal(let value): value.asDouble
    case .double(let value): value
    default: nil
    }
  }

  /// The text that Trino's `CAST(… AS varchar)` gives; `nil` for kinds whose text is not certain here.
  var text: String? {
    switch self {
    case .boolean(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .decimal(let value): value.description
    case .string(let value): value
    case .date(let days): CivilText.text(days: days)
    case .timestamp(let micros): CivilText.text(microseconds: micros, digits: 3)
    default: nil
    }
  }
}

/// A decimal number: `unscaled / 10^scale`.
public struct DecimalValue: Hashable, Sendable, CustomStringConvertible {
  public var unscaled: Int128
  public var scale: Int

  public init(unscaled: Int128, scale: Int) {
    self.unscaled = unscaled
    self.scale = scale
  }

  /// Reads `-12.50`; `nil` for other text or more than 38 digits.
  public init?(_ text: String) {
    var digits = Substring(text)
    var negative = false
    if let sign = digits.first, sign == "-" || sign == "+" {
      negative = sign == "-"
      digits = digits.dropFirst()
    }
    let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : ""
    let all = parts.isEmpty ? "" : String(parts[0]) + String(fraction)
    guard !all.isEmpty, all.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      all.drop(while: { $0 == "0" }).count <= 38, let value = Int128(all)
    else { return nil }
    unscaled = negative ? -value : value
    scale = fraction.count
  }

  static func powerOfTen(_ exponent: Int) -> Int128? {
    guard exponent >= 0, exponent <= 38 else { return nil }
    var value: Int128 = 1
    for _ in 0..<exponent { value *= 10 }
    return value
  }

  /// Rounds half away from zero; `nil` when it does not fit.
  func rounded(to target: Int) -> DecimalValue? {
    if target >= scale {
      guard let factor = Self.powerOfTen(target - scale) else { return nil }
      let (value, overflow) = unscaled.multipliedReportingOverflow(by: factor)
      return overflow ? nil : DecimalValue(unscaled: value, scale: target)
    }
    guard let factor = Self.powerOfTen(scale - target) else { return nil }
    let (quotient, remainder) = unscaled.quotientAndRemainder(dividingBy: factor)
    let up = remainder.magnitude >= factor.magnitude / 2 + factor.magnitude % 2
    return DecimalValue(unscaled: quotient + (up ? (unscaled < 0 ? -1 : 1) : 0), scale: target)
  }

  static func compare(_ left: DecimalValue, _ right: DecimalValue) -> Int? {
    let scale = max(left.scale, right.scale)
    guard let left = left.rounded(to: scale), let right = right.rounded(to: scale) else { return nil }
    return left.unscaled < right.unscaled ? -1 : left.unscaled == right.unscaled ? 0 : 1
  }

  var asDouble: Double { Double(description) ?? .nan }

  public var description: String {
    guard scale > 0 else { return String(unscaled) }
    let digits = String(unscaled.magnitude)
    let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
    return (unscaled < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
  }
}

extension String {
  /// Without blanks at either end, as Trino's casts from text read it.
  func trimmingSpaces() -> String {
    var view = Substring(self)
    while let first = view.first, first.isWhitespace { view.removeFirst() }
    while let last = view.last, last.isWhitespace { view.removeLast() }
    return String(view)
  }
}
