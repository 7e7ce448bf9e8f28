import Foundation
import Kernel

/// One operator of a `Condition` block, such as `ForAllValues:StringLikeIfExists`.
struct ConditionTest: Sendable, Hashable {
  enum Comparison: String, Sendable {
    case stringEquals, stringNotEquals, stringEqualsIgnoreCase, stringNotEqualsIgnoreCase, stringLike, stringNotLike
    case numericEquals, numericNotEquals, numericLessThan, numericLessThanEquals, numericGreaterThan
    case numericGreaterThanEquals
    case dateEquals, dateNotEquals, dateLessThan, dateLessThanEquals, dateGreaterThan, dateGreaterThanEquals
    case bool, binaryEquals, ipAddress, notIpAddress
    case arnEquals, arnLike, arnNotEquals, arnNotLike
    case null

    /// True when the request's value must be none of the policy's.
    var isNegated: Bool {
      switch self {
      case .stringNotEquals, .stringNotEqualsIgnoreCase, .stringNotLike, .numericNotEquals, .dateNotEquals,
        .notIpAddress, .arnNotEquals, .arnNotLike:
        true
      default: false
      }
    }

    var isDate: Bool { rawValue.hasPrefix("date") }
  }

  /// For context keys with several values.
  enum Quantifier: Sendable { case none, all, any }

  var comparison: Comparison
  var quantifier: Quantifier = .none
  var ifExists = false

  init?(_ name: String) {
    var rest = name[...]
    let lowered = name.lowercased()
    if lowered.hasPrefix("forallvalues:") {
      quantifier = .all
      rest = rest.dropFirst("ForAllValues:".count)
    } else if lowered.hasPrefix("foranyvalue:") {
      quantifier = .any
      rest = rest.dropFirst("ForAnyValue:".count)
    }
    if rest.hasSuffix("IfExists") {
      ifExists = true
      rest = rest.dropLast("IfExists".count)
    }
    guard let first = rest.first, first.isUppercase,
      let comparison = Comparison(rawValue: first.lowercased() + rest.dropFirst()), !(comparison == .null && ifExists)
    else { return nil }
    self.comparison = comparison
  }

  /// - Parameters:
  ///   - values: the request's values for the key, `nil` when it has none.
  ///   - lookup: the request's values for the keys that policy variables name.
  func holds(_ values: [String]?, _ operands: ConditionOperands, _ lookup: (String) -> [String]?) -> Bool {
    if comparison == .null {
      return operands.texts.contains { $0.lowercased() == (values == nil ? "true" : "false") }
    }
    guard let values, !(values.isEmpty && quantifier != .all) else {
      switch quantifier {
      case .all: return true
      case .any: return ifExists
      case .none: return ifExists || comparison.isNegated
      }
    }
    // A negated operator asks that the value be none of the policy's; a plain one that it be one of them.
    func one(_ value: String) -> Bool { operands.contains(value, comparison, lookup) != comparison.isNegated }
    switch quantifier {
    case .all: return values.allSatisfy(one)
    case .any: return values.contains(where: one)
    case .none: return comparison.isNegated ? values.allSatisfy(one) : values.contains(where: one)
    }
  }
}

/// A condition's values as the policy gives them, made ready for their operator.
struct ConditionOperands: Sendable {
  let texts: [String]
  private let patterns: [Pattern]
  private let numbers: [Double]
  private let dates: [Double]
  private let networks: [IPNetwork]
  private let bytes: [[UInt8]]

  init(_ texts: [String], for comparison: ConditionTest.Comparison, variables: Bool) {
    self.texts = texts
    var patterns: [Pattern] = []
    var numbers: [Double] = []
    var dates: [Double] = []
    var networks: [IPNetwork] = []
    var bytes: [[UInt8]] = []
    switch comparison {
    case .stringEquals, .stringNotEquals:
      patterns = texts.map { Pattern($0, style: .exact, variables: variables) }
    case .stringEqualsIgnoreCase, .stringNotEqualsIgnoreCase:
      patterns = texts.map { Pattern($0, style: .exact, variables: variables, lowercase: true) }
    case .stringLike, .stringNotLike: patterns = texts.map { Pattern($0, variables: variables) }
    case .arnEquals, .arnLike, .arnNotEquals, .arnNotLike:
      patterns = texts.map { Pattern($0, variables: variables) }
    case .numericEquals, .numericNotEquals, .numericLessThan, .numericLessThanEquals, .numericGreaterThan,
      .numericGreaterThanEquals:
      numbers = texts.compactMap { Double($0.trimmed) }
    case .dateEquals, .dateNotEquals, .dateLessThan, .dateLessThanEquals, .dateGreaterThan, .dateGreaterThanEquals:
      dates = texts.compactMap(ConditionDate.parse)
    case .ipAddress, .notIpAddress: networks = texts.compactMap { IPNetwork($0) }
    case .binaryEquals: bytes = texts.compactMap { Data(base64Encoded: $0).map { [UInt8]($0) } }
    case .bool, .null: break
    }
    self.patterns = patterns
    self.numbers = numbers
    self.dates = dates
    self.networks = networks
    self.bytes = bytes
  }

  /// Context keys that the values' variables ask for.
  var variableNames: [String] { patterns.flatMap(\.variableNames) }

  /// Whether `value` stands in the operator's relation to any of the policy's values. The negated operators
  /// are asked in their plain form here.
  func contains(_ value: String, _ comparison: ConditionTest.Comparison, _ lookup: (String) -> [String]?) -> Bool {
    switch comparison {
    case .stringEquals, .stringNotEquals, .stringLike, .stringNotLike:
      return patterns.contains { $0.matches(value, lookup) }
    case .stringEqualsIgnoreCase, .stringNotEqualsIgnoreCase:
      let lowered = value.lowercased()
      return patterns.contains { $0.matches(lowered, { lookup($0)?.map { $0.lowercased() } }) }
    case .arnEquals, .arnLike, .arnNotEquals, .arnNotLike:
      return patterns.contains { Self.arn(value, isLike: $0, lookup) }
    case .numericEquals, .numericNotEquals: return number(value) { $0 == $1 }
    case .numericLessThan: return number(value, <)
    case .numericLessThanEquals: return number(value, <=)
    case .numericGreaterThan: return number(value, >)
    case .numericGreaterThanEquals: return number(value, >=)
    case .dateEquals, .dateNotEquals: return date(value) { $0 == $1 }
    case .dateLessThan: return date(value, <)
    case .dateLessThanEquals: return date(value, <=)
    case .dateGreaterThan: return date(value, >)
    case .dateGreaterThanEquals: return date(value, >=)
    case .bool: return texts.contains { $0.lowercased() == value.lowercased() }
    case .binaryEquals:
      guard let data = Data(base64Encoded: value) else { return false }
      return bytes.contains([UInt8](data))
    case .ipAddress, .notIpAddress:
      guard let address = IPNetwork(value) else { return false }
      return networks.contains { $0.contains(address) }
    case .null: return false
    }
  }

  private func number(_ value: String, _ relation: (Double, Double) -> Bool) -> Bool {
    guard let value = Double(value.trimmed) else { return false }
    return numbers.contains { relation(value, $0) }
  }

  private func date(_ value: String, _ relation: (Double, Double) -> Bool) -> Bool {
    guard let value = ConditionDate.parse(value) else { return false }
    return dates.contains { relation(value, $0) }
  }

  /// Each of the six parts is compared by itself, so that `*` never runs over a colon.
  private static func arn(_ value: String, isLike pattern: Pattern, _ lookup: (String) -> [String]?) -> Bool {
    guard let wanted = pattern.text(lookup) else { return false }
    if wanted == "*" { return true }
    let wantedParts = wanted.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    let parts = value.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard wantedParts.count == 6, parts.count == 6 else { return false }
    return zip(wantedParts, parts).allSatisfy { wanted, part in
      Pattern(String(wanted), variables: false).matches(String(part)) { _ in nil }
    }
  }
}

/// Dates in conditions: ISO 8601 in the forms of W3C's note, or seconds since the epoch.
enum ConditionDate {
  /// Seconds since 1970, or `nil` when the text is no date.
  static func parse(_ text: String) -> Double? {
    if let seconds = Int64(text) {
      // The years that Java's calendar holds, as IAM's parser does.
      return abs(Double(seconds)) <= 9.2e18 ? Double(seconds) : nil
    }
    var reader = Reader(bytes: Array(text.utf8))
    return reader.date()
  }

  private struct Reader {
    let bytes: [UInt8]
    var index = 0

    var isAtEnd: Bool { index == bytes.count }

    mutating func digits(_ range: ClosedRange<Int>) -> Int? {
      var value = 0
      var count = 0
      while index < bytes.count, count < range.upperBound, (0x30...0x39).contains(bytes[index]) {
        value = value * 10 + Int(bytes[index] - 0x30)
        index += 1
        count += 1
      }
      return count >= range.lowerBound ? value : nil
    }

    mutating func take(_ letters: String) -> Bool {
      guard index < bytes.count, letters.utf8.contains(bytes[index]) else { return false }
      index += 1
      return true
    }

    mutating func date() -> Double? {
      guard let year = digits(2...4) else { return nil }
      var civil = CivilTime(year: year, month: 1, day: 1)
      if take("-") {
        guard let month = digits(1...2), (1...12).contains(month) else { return nil }
        civil.month = month
        if take("-") {
          guard let day = digits(1...2), (1...CivilTime.days(inMonth: month, of: year)).contains(day) else {
            return nil
          }
          civil.day = day
        }
      }
      guard take("Tt") else { return isAtEnd ? civil.timestamp.secondsSinceEpoch : nil }
      if isAtEnd { return civil.timestamp.secondsSinceEpoch }
      guard let hour = digits(1...2), hour < 24 else { return nil }
      civil.hour = hour
      if take(":") {
        guard let minute = digits(2...2), minute < 60 else { return nil }
        civil.minute = minute
        if take(":") {
          guard let second = digits(2...2), second < 60 else { return nil }
          civil.second = second
          if take(".") {
            let start = index
            guard let fraction = digits(1...9) else { return nil }
            civil.nanosecond =
              fraction
              * [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000][
                9 - (index - start)]
          }
        }
      }
      guard let offset = zone(), isAtEnd else { return nil }
      return civil.timestamp.secondsSinceEpoch - offset
    }

    /// Seconds east of UTC.
    mutating func zone() -> Double? {
      if isAtEnd || take("Zz") { return 0 }
      let sign: Double
      if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
      guard let hours = digits(2...2), hours < 24 else { return nil }
      var minutes = 0
      if take(":") || !isAtEnd {
        guard let read = digits(2...2), read < 60 else { return nil }
        minutes = read
      }
      return sign * Double(hours * 3600 + minutes * 60)
    }
  }
}

/// An address with a prefix length: `203.0.113.0/24`, `2001:db8::/32`, or one address alone.
struct IPNetwork: Sendable {
  private let bytes: [UInt8]
  private let bits: Int

  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = parts.first else { return nil }
    var bytes: [UInt8]
    if address.contains(":") {
      guard let read = Self.v6(address) else { return nil }
      bytes = read
    } else {
      guard let read = Self.v4(address) else { return nil }
      bytes = read
    }
    // An IPv4 caller on a dual-stack socket.
    if bytes.count == 16, bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
      bytes = Array(bytes[12...])
    }
    self.bytes = bytes
    if parts.count == 2 {
      guard let bits = Int(parts[1]), (0...bytes.count * 8).contains(bits) else { return nil }
      self.bits = bits
    } else {
      bits = bytes.count * 8
    }
  }

  private static func v4(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    let bytes = parts.compactMap { UInt8($0) }
    return bytes.count == 4 ? bytes : nil
  }

  private static func v6(_ text: Substring) -> [UInt8]? {
    func groups(_ text: Substring) -> [UInt8]? {
      if text.isEmpty { return [] }
      var bytes: [UInt8] = []
      for group in text.split(separator: ":", omittingEmptySubsequences: false) {
        if group.contains(".") {
          guard let tail = v4(group) else { return nil }
          bytes += tail
        } else {
          guard group.utf8.count <= 4, let value = UInt16(group, radix: 16) else { return nil }
          bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
      }
      return bytes
    }
    guard let gap = text.range(of: "::") else {
      guard let bytes = groups(text), bytes.count == 16 else { return nil }
      return bytes
    }
    guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
      head.count + tail.count <= 14
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// Whether `other` is a part of this network.
  func contains(_ other: IPNetwork) -> Bool {
    guard bytes.count == other.bytes.count, other.bits >= bits else { return false }
    let whole = bits / 8
    guard bytes[..<whole] == other.bytes[..<whole] else { return false }
    let rest = bits % 8
    guard rest > 0 else { return true }
    let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
    return bytes[whole] & mask == other.bytes[whole] & mask
  }
}
