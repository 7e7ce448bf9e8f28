package import SQL

/// Reads JSON and keeps the types alone: what columns a document has, in the order in which it names them.
package struct JSONSample {
  private let bytes: [UInt8]
  private(set) var index: Int

  package struct Malformed: Error {
    /// The text ends where more should come: the sample may have been cut there.
    var isCut: Bool
  }

  package init(_ bytes: [UInt8], at index: Int = 0) {
    self.bytes = bytes
    self.index = index
  }

  var isAtEnd: Bool { index >= bytes.count }

  mutating func skipSpace() {
    while index < bytes.count, [0x20, 0x0A, 0x0D, 0x09, 0x2C].contains(bytes[index]) {
      // Commas part documents in some files.
      index += 1
    }
  }

  /// The type of the next document.
  package mutating func document() throws(Malformed) -> HiveType { try value(1) }

  /// The merged type of the elements of an array that may be cut, `nil` unless one begins here.
  mutating func elements() throws(Malformed) -> (type: HiveType, count: Int)? {
    guard index < bytes.count, bytes[index] == UInt8(ascii: "[") else { return nil }
    index += 1
    var type = HiveType.unseen
    var count = 0
    while true {
      space()
      guard let next = peek else { return (type, count) }
      if next == UInt8(ascii: "]") {
        index += 1
        return (type, count)
      }
      do {
        type = type.merged(with: try value(2))
      } catch let fault {
        if fault.isCut { return (type, count) }
        throw fault
      }
      count += 1
      space()
      if peek == UInt8(ascii: ",") { index += 1 }
    }
  }

  private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }
  private var fault: Malformed { Malformed(isCut: index >= bytes.count) }

  private mutating func space() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  private mutating func expect(_ byte: UInt8) throws(Malformed) {
    space()
    guard peek == byte else { throw fault }
    index += 1
  }

  private mutating func value(_ depth: Int) throws(Malformed) -> HiveType {
    space()
    guard let first = peek else { throw fault }
    guard depth <= CrawlLimits.documentDepthMax * 4 else { throw Malformed(isCut: false) }
    switch first {
    case UInt8(ascii: "{"):
      let fields = try members(depth)
      // A struct without fields is no type of Hive's.
      return fields.isEmpty || depth > CrawlLimits.documentDepthMax ? .string : .structure(fields)
    case UInt8(ascii: "["):
      index += 1
      var element = HiveType.unseen
      space()
      if peek == UInt8(ascii: "]") {
        index += 1
        return .array(.unseen)
      }
      while true {
        element = element.merged(with: try value(depth + 1))
        space()
        if peek == UInt8(ascii: "]") { break }
        try expect(UInt8(ascii: ","))
      }
      index += 1
      return depth > CrawlLimits.documentDepthMax ? .string : .array(element)
    case UInt8(ascii: "\""):
      _ = try string()
      return .string
    case UInt8(ascii: "t"): return try word("true", .boolean)
    case UInt8(ascii: "f"): return try word("false", .boolean)
    case UInt8(ascii: "n"): return try word("null", .unseen)
    default: return try number()
    }
  }

  private mutating func members(_ depth: Int) throws(Malformed) -> [HiveType.Field] {
    try expect(UInt8(ascii: "{"))
    var fields: [HiveType.Field] = []
    var places: [String: Int] = [:]
    space()
    if peek == UInt8(ascii: "}") {
      index += 1
      return fields
    }
    while true {
      space()
      guard peek == UInt8(ascii: "\"") else { throw fault }
      let name = try string()
      try expect(UInt8(ascii: ":"))
      let type = try value(depth + 1)
      if let place = places[name.lowercased()] {
        fields[place].type = fields[place].type.merged(with: type)
      } else if fields.count < CrawlLimits.columnsMax, !name.isEmpty {
        places[name.lowercased()] = fields.count
        fields.append(HiveType.Field(name, type))
      }
      space()
      if peek == UInt8(ascii: "}") { break }
      try expect(UInt8(ascii: ","))
    }
    index += 1
    return fields
  }

  private mutating func word(_ text: StaticString, _ type: HiveType) throws(Malformed) -> HiveType {
    let length = text.utf8CodeUnitCount
    guard index + length <= bytes.count else { throw Malformed(isCut: true) }
    let matches = text.withUTF8Buffer { bytes[index..<index + length].elementsEqual($0) }
    guard matches else { throw Malformed(isCut: false) }
    index += length
    return type
  }

  private mutating func number() throws(Malformed) -> HiveType {
    let start = index
    var isFraction = false
    while let byte = peek {
      switch byte {
      case 48...57, UInt8(ascii: "-"), UInt8(ascii: "+"): index += 1
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
        isFraction = true
        index += 1
      default:
        return try Self.type(bytes[start..<index], isFraction)
      }
    }
    if index == start { throw fault }
    return try Self.type(bytes[start..<index], isFraction)
  }

  private static func type(_ text: ArraySlice<UInt8>, _ isFraction: Bool) throws(Malformed) -> HiveType {
    let text = String(decoding: text, as: UTF8.self)
    guard Double(text) != nil else { throw Malformed(isCut: false) }
    if isFraction { return .double }
    if Int32(text) != nil { return .int }
    return Int64(text) != nil ? .bigint : .double
  }

  private mutating func string() throws(Malformed) -> String {
    index += 1
    let start = index
    var escaped = false
    while let byte = peek {
      if byte == UInt8(ascii: "\\") {
        escaped = true
        index += 2
        continue
      }
      index += 1
      if byte == UInt8(ascii: "\"") {
        let text = String(decoding: bytes[start..<index - 1], as: UTF8.self)
        guard escaped else { return text }
        return (try? JSONValue.parse("\"\(text)\""))?.string ?? text
      }
    }
    throw Malformed(isCut: true)
  }
}
