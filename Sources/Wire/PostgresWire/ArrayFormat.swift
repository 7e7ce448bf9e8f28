import NIOCore

/// Arrays in PostgreSQL's text (`{1,2,NULL}`) and binary formats.
public enum ArrayFormat {
  /// The types of the elements, by the arrays' own.
  static let elements: [UInt32: UInt32] = [
    1000: 16, 1002: 18, 1003: 19, 1005: 21, 1007: 23, 1009: 25, 1014: 1042, 1015: 1043, 1016: 20, 1021: 700,
    1022: 701, 1028: 26, 1034: 1033,
  ]

  public static func isArray(_ oid: UInt32) -> Bool { elements[oid] != nil }

  /// The text of elements, quoted where they need it.
  public static func text(_ elements: [String?]) -> String {
    let items = elements.map { element -> String in
      guard let element else { return "NULL" }
      let isPlain = !element.isEmpty && element.uppercased() != "NULL"
        && element.utf8.allSatisfy { ![0x7b, 0x7d, 0x2c, 0x22, 0x5c, 0x20, 0x09, 0x0a].contains($0) }
      if isPlain { return element }
      return "\"" + element.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    return "{" + items.joined(separator: ",") + "}"
  }

  /// The elements of a text of one dimension; `nil` for what is none.
  public static func elements(of text: String) -> [String?]? {
    var bytes = text.utf8[...]
    while bytes.first == 0x20 { bytes = bytes.dropFirst() }
    while bytes.last == 0x20 { bytes = bytes.dropLast() }
    guard bytes.first == 0x7b, bytes.last == 0x7d, bytes.count >= 2 else { return nil }
    bytes = bytes.dropFirst().dropLast()
    var found: [String?] = []
    if bytes.isEmpty { return found }
    var item: [UInt8] = []
    var (isQuoted, wasQuoted, isEscaped) = (false, false, false)
    func finish() {
      let text = String(decoding: item, as: UTF8.self)
      found.append(!wasQuoted && text.uppercased() == "NULL" ? nil : text)
      (item, wasQuoted) = ([], false)
    }
    for byte in bytes {
      if isEscaped {
        item.append(byte)
        isEscaped = false
      } else if byte == 0x5c {
        isEscaped = true
      } else if byte == 0x22 {
        isQuoted.toggle()
        wasQuoted = true
      } else if !isQuoted, byte == 0x2c {
        finish()
      } else if !isQuoted, byte == 0x7b || byte == 0x7d {
        return nil
      } else if isQuoted || byte != 0x20 || !item.isEmpty {
        item.append(byte)
      }
    }
    guard !isQuoted, !isEscaped else { return nil }
    finish()
    return found
  }

  /// The text of a binary value of one dimension; `nil` when it is broken or has more dimensions.
  static func text(_ value: inout ByteBuffer) throws(PostgresError) -> String? {
    guard let dimensions = value.readInteger(as: Int32.self), value.readInteger(as: Int32.self) != nil,
      let element = value.readInteger(as: UInt32.self)
    else { return nil }
    if dimensions == 0 { return "{}" }
    guard dimensions == 1, let count = value.readInteger(as: Int32.self), value.readInteger(as: Int32.self) != nil,
      count >= 0, Int(count) <= value.readableBytes / 4
    else { return nil }
    var found: [String?] = []
    found.reserveCapacity(Int(count))
    for index in 0..<Int(count) {
      guard let length = value.readInteger(as: Int32.self) else { return nil }
      if length < 0 {
        found.append(nil)
      } else {
        guard let bytes = value.readSlice(length: Int(length)) else { return nil }
        guard elements[element] == nil else { return nil }
        found.append(try BinaryParameters.text(bytes, oid: element, index: index + 1))
      }
    }
    return text(found)
  }
}

extension RowBuffer {
  /// Writes an array's text in binary.
  func array(_ text: String, as type: PostgresType, isRedshift: Bool) throws(PostgresError) -> Bool {
    guard let element = ArrayFormat.elements[type.oid], let items = ArrayFormat.elements(of: text) else { return false }
    let values = RowBuffer(capacity: 64 + items.count * 16)
    let plain = PostgresType(oid: element, size: -1)
    for item in items {
      if let item { try values.binary(item, as: plain, isRedshift: isRedshift) } else { values.null() }
    }
    var body = ByteBuffer()
    body.writeMultipleIntegers(Int32(items.isEmpty ? 0 : 1), Int32(items.contains(nil) ? 1 : 0), element)
    if !items.isEmpty { body.writeMultipleIntegers(Int32(clamping: items.count), Int32(1)) }
    values.move(to: &body)
    body.withUnsafeReadableBytes { bytes($0) }
    return true
  }
}
