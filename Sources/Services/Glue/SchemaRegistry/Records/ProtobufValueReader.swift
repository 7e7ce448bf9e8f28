import AWSWire
import Kernel

/// Reads one message of Protocol Buffers with its writer's definition. Before the message stands its index among all
/// messages of the definition, ordered by full name, as AWS's serializers write it.
///
/// Members have the names of the definition. A field that is not there has its zero value where the definition does not
/// tell "not set" from it (proto3 without `optional`), and is left out elsewhere. Bytes become base64, enumerations
/// their names, maps objects; of the well-known types timestamps, durations, wrappers and structs are values.
struct ProtobufValueReader {
  private let document: ProtobufDocument
  private var valuesLeft = Limits.recordValuesMax
  /// Names of the values of enumerations that were met.
  private var names: [String: [Int64: String]] = [:]

  private init(_ document: ProtobufDocument) { self.document = document }

  static func value(_ bytes: [UInt8], _ document: ProtobufDocument) throws(RegistryRecord.Unreadable) -> JSONNode {
    var cursor = ByteCursor(bytes)
    let index = try cursor.varint()
    guard index < UInt64(document.ownMessages.count) else {
      throw RegistryRecord.Unreadable("The definition has no message with the index \(index).")
    }
    var reader = ProtobufValueReader(document)
    return try reader.message(document.ownMessages[Int(index)], cursor, depth: 0)
  }

  /// A field's content as it is on the wire.
  private enum Content {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private mutating func contents(_ cursor: ByteCursor) throws(RegistryRecord.Unreadable) -> [Int64: [Content]] {
    var cursor = cursor
    var found: [Int64: [Content]] = [:]
    while !cursor.isAtEnd {
      let tag = try cursor.varint()
      try spend()
      let content: Content
      switch tag & 7 {
      case 0: content = .varint(try cursor.varint())
      case 1: content = .fixed64(try cursor.littleEndian())
      case 2:
        let count = try cursor.varint()
        content = .bytes(try cursor.take(Int(clamping: count)))
      case 5: content = .fixed32(try cursor.littleEndian())
      default: throw RegistryRecord.Unreadable("A field of the message has the wire type \(tag & 7).")
      }
      found[Int64(tag >> 3), default: []].append(content)
    }
    return found
  }

  private mutating func spend() throws(RegistryRecord.Unreadable) {
    guard valuesLeft > 0 else { throw RegistryRecord.Unreadable("The record has too many values.") }
    valuesLeft -= 1
  }

  private mutating func message(
    _ name: String, _ cursor: ByteCursor, depth: Int
  ) throws(RegistryRecord.Unreadable) -> JSONNode {
    guard depth <= Limits.recordDepthMax, let message = document.messages[name] else {
      throw RegistryRecord.Unreadable("The record's messages are nested too deep.")
    }
    let contents = try contents(cursor)
    var members: [JSONNode.Member] = []
    for field in message.fields {
      try spend()
      if let value = try value(of: field, contents[field.number] ?? [], depth: depth) {
        members.append(.init(field.name, value))
      }
    }
    return Self.wellKnown(name, members) ?? .object(members)
  }

  private mutating func value(
    of field: ProtobufField, _ contents: [Content], depth: Int
  ) throws(RegistryRecord.Unreadable) -> JSONNode? {
    if case .map(let key, let value) = field.type { return try map(key, value, contents, depth: depth) }
    if field.label == .repeated {
      var elements: [JSONNode] = []
      for content in contents { elements += try self.elements(field.type, content, depth: depth) }
      return .array(elements)
    }
    guard let last = contents.last else {
      return field.hasPresence ? nil : zero(field.type)
    }
    guard case .named(let name) = field.type, document.messages[name] != nil else {
      // A writer may have packed several values: the last one counts.
      return try elements(field.type, last, depth: depth).last
    }
    // Several messages are merged: their bytes, one behind the other, are the merged one's.
    var merged = ArraySlice<UInt8>()
    for content in contents {
      guard case .bytes(let bytes) = content else { throw Self.mismatch }
      if contents.count == 1 { merged = bytes } else { merged += bytes }
    }
    // Copies within copies count, too.
    if contents.count > 1 { valuesLeft -= merged.count / Self.mergedBytesPerValue }
    return try message(name, ByteCursor(merged), depth: depth + 1)
  }

  /// The values of one content: numbers may be packed.
  private mutating func elements(
    _ type: ProtobufType, _ content: Content, depth: Int
  ) throws(RegistryRecord.Unreadable) -> [JSONNode] {
    try spend()
    if case .named(let name) = type, document.messages[name] != nil {
      guard case .bytes(let bytes) = content else { throw Self.mismatch }
      return [try message(name, ByteCursor(bytes), depth: depth + 1)]
    }
    guard case .bytes(let bytes) = content, type != .scalar(.string), type != .scalar(.bytes) else {
      return [try single(type, content)]
    }
    var packed = ByteCursor(bytes)
    var elements: [JSONNode] = []
    while !packed.isAtEnd {
      try spend()
      switch type {
      case .scalar(.double), .scalar(.fixed64), .scalar(.sfixed64):
        elements.append(try single(type, .fixed64(try packed.littleEndian())))
      case .scalar(.float), .scalar(.fixed32), .scalar(.sfixed32):
        elements.append(try single(type, .fixed32(try packed.littleEndian())))
      default: elements.append(try single(type, .varint(try packed.varint())))
      }
    }
    return elements
  }

  private static let mergedBytesPerValue = 64
  private static let mismatch = RegistryRecord.Unreadable("A field of the message was not written with its type.")

  private mutating func single(_ type: ProtobufType, _ content: Content) throws(RegistryRecord.Unreadable) -> JSONNode {
    switch (type, content) {
    case (.scalar(.double), .fixed64(let bits)): return .real(Double(bitPattern: bits))
    case (.scalar(.float), .fixed32(let bits)): return .real(Float(bitPattern: bits))
    case (.scalar(.fixed64), .fixed64(let bits)): return .number(String(bits))
    case (.scalar(.sfixed64), .fixed64(let bits)): return .number(String(Int64(bitPattern: bits)))
    case (.scalar(.fixed32), .fixed32(let bits)): return .number(String(bits))
    case (.scalar(.sfixed32), .fixed32(let bits)): return .number(String(Int32(bitPattern: bits)))
    case (.scalar(.int32), .varint(let bits)): return .number(String(Int32(truncatingIfNeeded: bits)))
    case (.scalar(.int64), .varint(let bits)): return .number(String(Int64(bitPattern: bits)))
    case (.scalar(.uint32), .varint(let bits)): return .number(String(UInt32(truncatingIfNeeded: bits)))
    case (.scalar(.uint64), .varint(let bits)): return .number(String(bits))
    case (.scalar(.sint32), .varint(let bits)), (.scalar(.sint64), .varint(let bits)):
      return .number(String(Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1)))
    case (.scalar(.bool), .varint(let bits)): return .bool(bits != 0)
    case (.scalar(.bytes), .bytes(let bytes)): return .string(Base64.encode(bytes))
    case (.scalar(.string), .bytes(let bytes)):
      var cursor = ByteCursor(bytes)
      return .string(try cursor.text(bytes.count))
    case (.named(let name), .varint(let bits)):
      let number = Int64(Int32(truncatingIfNeeded: bits))
      if names[name] == nil {
        let values = document.enumerations[name]?.values ?? []
        names[name] = Dictionary(values.map { ($0.number, $0.name) }) { first, _ in first }
      }
      return names[name]?[number].map(JSONNode.string) ?? .number(String(number))
    default: throw Self.mismatch
    }
  }

  private mutating func map(
    _ keyType: ProtobufScalar, _ valueType: ProtobufType, _ contents: [Content], depth: Int
  ) throws(RegistryRecord.Unreadable) -> JSONNode {
    var members: [JSONNode.Member] = []
    var places: [String: Int] = [:]
    for content in contents {
      guard case .bytes(let bytes) = content else { throw Self.mismatch }
      let entry = try self.contents(ByteCursor(bytes))
      var key = Self.zero(keyType)
      if let content = entry[1]?.last { key = try single(.scalar(keyType), content) }
      var value = zero(valueType) ?? .null
      if let content = entry[2]?.last {
        value = try elements(valueType, content, depth: depth).last ?? .null
      } else if case .named(let name) = valueType, document.messages[name] != nil {
        value = try message(name, ByteCursor([]), depth: depth + 1)
      }
      let name: String
      if case .string(let text) = key { name = text } else { name = key.text }
      if let place = places.updateValue(members.count, forKey: name) {
        places[name] = place
        members[place].value = value
      } else {
        members.append(.init(name, value))
      }
    }
    return .object(members)
  }

  /// What a field has that was not written; `nil` for a message.
  private func zero(_ type: ProtobufType) -> JSONNode? {
    switch type {
    case .scalar(let scalar): return Self.zero(scalar)
    case .named(let name): return document.enumerations[name]?.values.first.map { .string($0.name) }
    case .map: return .object([])
    }
  }

  private static func zero(_ scalar: ProtobufScalar) -> JSONNode {
    switch scalar {
    case .string, .bytes: .string("")
    case .bool: .bool(false)
    default: .number("0")
    }
  }

  // MARK: Well-known types

  /// What a message of `google.protobuf` stands for.
  private static func wellKnown(_ name: String, _ members: [JSONNode.Member]) -> JSONNode? {
    guard name.hasPrefix("google.protobuf.") else { return nil }
    func member(_ name: String) -> JSONNode? { members.first { $0.key == name }?.value }
    func integer(_ name: String) -> Int64 {
      if case .number(let text)? = member(name) { Int64(text) ?? 0 } else { 0 }
    }
    switch name.dropFirst("google.protobuf.".count) {
    case "Timestamp":
      let nanoseconds = integer("nanos")
      guard (0..<1_000_000_000).contains(nanoseconds) else { return nil }
      return (try? MomentText.timestamp(seconds: integer("seconds"), nanoseconds: nanoseconds)).map(JSONNode.string)
    case "Duration":
      let (seconds, nanoseconds) = (integer("seconds"), integer("nanos").magnitude)
      let digits = String(nanoseconds)
      let fraction = String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
      let isNegative = seconds < 0 || integer("nanos") < 0
      return .string("\(isNegative ? "-" : "")\(seconds.magnitude)" + (nanoseconds == 0 ? "s" : ".\(fraction)s"))
    case "DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value", "UInt32Value", "BoolValue",
      "StringValue", "BytesValue":
      return member("value")
    case "Struct": return member("fields")
    case "ListValue": return member("values")
    case "Value":
      guard let value = members.first else { return .null }
      return value.key == "null_value" ? .null : value.value
    default: return nil
    }
  }
}
