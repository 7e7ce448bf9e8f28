/// Fields between blanks: `[ip, user, ..., status = 4* && status != 403, bytes > 1000]`.
struct FieldPattern: Sendable {
  indirect enum Condition: Sendable {
    case compare(Comparison)
    case and(Condition, Condition)
    case or(Condition, Condition)

    func isTrue(of text: String) -> Bool {
      switch self {
      case .compare(let comparison): comparison.isTrue(of: text, isNumber: true)
      case .and(let left, let right): left.isTrue(of: text) && right.isTrue(of: text)
      case .or(let left, let right): left.isTrue(of: text) || right.isTrue(of: text)
      }
    }
  }
  private struct Field: Sendable {
    var name: String
    var condition: Condition?
  }

  private var head: [Field] = []
  /// Fields behind an ellipsis, counted from the end.
  private var tail: [Field] = []
  private var hasEllipsis = false

  init(_ reader: inout PatternReader) throws(FilterPattern.Malformed) {
    _ = reader.take("[")
    while true {
      reader.skipSpace()
      if reader.take("]") { break }
      if reader.take("...") || reader.take("…") {
        guard !hasEllipsis else {
          throw FilterPattern.Malformed("Invalid filter pattern: one ellipsis is allowed")
        }
        hasEllipsis = true
      } else {
        let field = try Self.field(&reader)
        if hasEllipsis { tail.append(field) } else { head.append(field) }
      }
      reader.skipSpace()
      if reader.take("]") { break }
      guard reader.take(",") else { throw FilterPattern.Malformed("Invalid filter pattern: a comma is missing") }
      // `[a, b,]` has a third field without a name.
      reader.skipSpace()
      if reader.peek == "]" {
        let field = Field(name: "", condition: nil)
        if hasEllipsis { tail.append(field) } else { head.append(field) }
      }
    }
    guard hasEllipsis || !head.isEmpty else {
      throw FilterPattern.Malformed("Invalid filter pattern: no field is named")
    }
  }

  private static func field(_ reader: inout PatternReader) throws(FilterPattern.Malformed) -> Field {
    let name = Self.name(&reader)
    guard !name.isEmpty else {
      if reader.peek == "," { return Field(name: "", condition: nil) }
      throw FilterPattern.Malformed("Invalid filter pattern: a field has no name")
    }
    reader.skipSpace()
    guard let character = reader.peek, character != ",", character != "]" else {
      return Field(name: name, condition: nil)
    }
    return Field(name: name, condition: try either(&reader, name: name, isFirst: true))
  }

  private static func name(_ reader: inout PatternReader) -> String {
    reader.take { $0.isLetter || $0.isNumber || "_-.".contains($0) }
  }

  private static func either(
    _ reader: inout PatternReader, name: String, isFirst: Bool
  ) throws(FilterPattern.Malformed) -> Condition {
    var left = try both(&reader, name: name, isFirst: isFirst)
    while true {
      reader.skipSpace()
      guard reader.take("||") else { return left }
      left = .or(left, try both(&reader, name: name, isFirst: false))
    }
  }

  private static func both(
    _ reader: inout PatternReader, name: String, isFirst: Bool
  ) throws(FilterPattern.Malformed) -> Condition {
    var left = try comparison(&reader, name: name, isFirst: isFirst)
    while true {
      reader.skipSpace()
      guard reader.take("&&") else { return left }
      left = .and(left, try comparison(&reader, name: name, isFirst: false))
    }
  }

  /// The name is written again before every further comparison.
  private static func comparison(
    _ reader: inout PatternReader, name: String, isFirst: Bool
  ) throws(FilterPattern.Malformed) -> Condition {
    reader.skipSpace()
    if !isFirst {
      guard self.name(&reader) == name else {
        throw FilterPattern.Malformed("Invalid filter pattern: conditions of a field are on that field")
      }
      reader.skipSpace()
    }
    return .compare(try Comparison(&reader, stops: [",", "]"]))
  }

  // MARK: Matching

  /// The fields' values by `$name`, or by `$number` (from 1) where they have none; `nil` when the message is not meant.
  func values(in message: UnsafeRawBufferPointer) -> [String: String]? {
    let fields = Self.split(message)
    guard hasEllipsis ? fields.count >= head.count + tail.count : fields.count == head.count else { return nil }
    var values: [String: String] = [:]
    let tailAt = fields.count - tail.count
    for (place, text) in fields.enumerated() {
      let field = place < head.count ? head[place] : place >= tailAt ? tail[place - tailAt] : nil
      if let condition = field?.condition, !condition.isTrue(of: text) { return nil }
      let name = field?.name ?? ""
      values["$\(name.isEmpty ? String(place + 1) : name)"] = text
    }
    return values
  }

  /// Cuts at blanks; what stands in brackets or double quotes is one field, without them.
  static func split(_ message: UnsafeRawBufferPointer) -> [String] {
    var fields: [String] = []
    var place = 0
    func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
    while place < message.count {
      if isBlank(message[place]) {
        place += 1
        continue
      }
      let closing: UInt8? =
        message[place] == UInt8(ascii: "\"")
        ? UInt8(ascii: "\"") : message[place] == UInt8(ascii: "[") ? UInt8(ascii: "]") : nil
      if let closing, let end = message[(place + 1)...].firstIndex(of: closing) {
        fields.append(String(decoding: UnsafeRawBufferPointer(rebasing: message[place + 1..<end]), as: UTF8.self))
        place = end + 1
        continue
      }
      let start = place
      while place < message.count, !isBlank(message[place]) { place += 1 }
      fields.append(String(decoding: UnsafeRawBufferPointer(rebasing: message[start..<place]), as: UTF8.self))
    }
    return fields
  }
}
