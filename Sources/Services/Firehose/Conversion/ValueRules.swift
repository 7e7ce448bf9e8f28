import Kernel
import SQL

/// What a JSON value of some kind means for a column of some type, as the OpenX and Hive deserializers have it:
/// strings that look like numbers are numbers, numbers are text where text is wanted, numbers of seconds or
/// milliseconds are moments.
struct ValueRules {
  private let deserializer: JSONDeserializer

  init(_ deserializer: JSONDeserializer) { self.deserializer = deserializer }

  private static let mismatch = RowShape.Mismatch(reason: "Data does not match the schema.")

  /// The value as the engine reads it into the column's type without fail.
  func canonical(_ value: JSONNode, _ type: HiveType) throws(RowShape.Mismatch) -> JSONNode {
    if case .null = value { return .null }
    switch type {
    case .boolean: return .bool(try boolean(value))
    case .tinyint: return try integer(value, -128...127)
    case .smallint: return try integer(value, -32_768...32_767)
    case .int: return try integer(value, -2_147_483_648...2_147_483_647)
    case .bigint: return try integer(value, Int64.min...Int64.max)
    case .float, .double: return try real(value)
    case .decimal(let precision, let scale): return try decimal(value, precision: precision, scale: scale)
    case .string, .binary: return .string(text(value))
    case .varchar(let length), .char(let length): return .string(String(text(value).prefix(length)))
    case .timestamp: return .string(try Self.write(timestamp(value)))
    case .date: return .string(try date(value))
    case .array(let element):
      guard case .array(let values) = value else { throw Self.mismatch }
      var elements: [JSONNode] = []
      for value in values { elements.append(try canonical(value, element)) }
      return .array(elements)
    case .map(_, let valueType):
      guard case .object(let members) = value else { throw Self.mismatch }
      var entries: [JSONNode.Member] = []
      for member in members { entries.append(.init(member.key, try canonical(member.value, valueType))) }
      return .object(entries)
    case .structure(let fields):
      guard case .object(let members) = value else { throw Self.mismatch }
      var values: [String: JSONNode] = [:]
      for member in members { values[fold(member.key)] = member.value }
      var row: [JSONNode.Member] = []
      for field in fields {
        if let value = values[fold(field.name)] { row.append(.init(field.name, try canonical(value, field.type))) }
      }
      return .object(row)
    case .union: throw Self.mismatch
    }
  }

  private func fold(_ key: String) -> String {
    let folded = deserializer.foldsCase ? key.lowercased() : key
    return deserializer.dotsToUnderscores == true ? folded.replacing(".", with: "_") : folded
  }

  private func boolean(_ value: JSONNode) throws(RowShape.Mismatch) -> Bool {
    switch value {
    case .bool(let value): return value
    case .string(let text) where text.lowercased() == "true": return true
    case .string(let text) where text.lowercased() == "false": return false
    default: throw Self.mismatch
    }
  }

  private func number(_ value: JSONNode) throws(RowShape.Mismatch) -> String {
    switch value {
    case .number(let text): return text
    case .string(let text):
      let trimmed = text.trimming { $0 == " " }
      guard Double(trimmed) != nil else { throw Self.mismatch }
      return trimmed
    default: throw Self.mismatch
    }
  }

  private func integer(_ value: JSONNode, _ range: ClosedRange<Int64>) throws(RowShape.Mismatch) -> JSONNode {
    let text = try number(value)
    if let whole = Int64(text) {
      guard range.contains(whole) else { throw Self.mismatch }
      return .number(String(whole))
    }
    // 12.0 and 1e3 are whole numbers written otherwise.
    guard let real = Double(text), let whole = Int64(exactly: real.rounded(.towardZero)), range.contains(whole) else {
      throw Self.mismatch
    }
    return .number(String(whole))
  }

  private func real(_ value: JSONNode) throws(RowShape.Mismatch) -> JSONNode {
    let text = try number(value)
    guard let real = Double(text), real.isFinite else { throw Self.mismatch }
    if case .number = value { return value }
    return .number(String(real))
  }

  private func decimal(_ value: JSONNode, precision: Int, scale: Int) throws(RowShape.Mismatch) -> JSONNode {
    let text = try number(value)
    guard let magnitude = Double(text)?.magnitude else { throw Self.mismatch }
    var bound = 1.0
    for _ in 0..<max(0, precision - scale) { bound *= 10 }
    guard magnitude < bound else { throw Self.mismatch }
    return .string(text)
  }

  private func text(_ value: JSONNode) -> String {
    switch value {
    case .string(let text): text
    default: value.text
    }
  }

  // MARK: Moments

  private func timestamp(_ value: JSONNode) throws(RowShape.Mismatch) -> Timestamp {
    switch value {
    case .number(let text): return try epoch(text)
    case .string(let text):
      if let formats = deserializer.timestampFormats, !formats.isEmpty {
        for format in formats {
          if format == "millis", let count = Int64(text) { return Timestamp(milliseconds: count) }
          if let moment = JodaPattern(format)?.parse(text) { return moment }
        }
        throw Self.mismatch
      }
      if let moment = DateText.timestamp(text) { return moment }
      return try epoch(text)
    default: throw Self.mismatch
    }
  }

  private func epoch(_ text: String) throws(RowShape.Mismatch) -> Timestamp {
    guard let count = Double(text), count.isFinite else { throw Self.mismatch }
    // Milliseconds stay whole numbers: a quotient would lose the last of them.
    if count.magnitude >= 1e11, count.magnitude < 9e15 { return Timestamp(milliseconds: Int64(count)) }
    return Timestamp(secondsSinceEpoch: count.magnitude < 1e11 ? count : count / 1000)
  }

  private func date(_ value: JSONNode) throws(RowShape.Mismatch) -> String {
    guard case .string(let text) = value else { throw Self.mismatch }
    var moment: Timestamp?
    for format in deserializer.timestampFormats ?? [] where moment == nil { moment = JodaPattern(format)?.parse(text) }
    guard let moment = moment ?? DateText.timestamp(text) else { throw Self.mismatch }
    return String(Self.write(moment).prefix(10))
  }

  private static func write(_ moment: Timestamp) -> String {
    let time = CivilTime(moment)
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    return "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2)) \(padded(time.hour, 2)):"
      + "\(padded(time.minute, 2)):\(padded(time.second, 2)).\(padded(time.nanosecond / 1000, 6))"
  }
}

extension String {
  func trimming(_ unwanted: (Character) -> Bool) -> String {
    var slice = self[...]
    while let first = slice.first, unwanted(first) { slice = slice.dropFirst() }
    while let last = slice.last, unwanted(last) { slice = slice.dropLast() }
    return String(slice)
  }
}
