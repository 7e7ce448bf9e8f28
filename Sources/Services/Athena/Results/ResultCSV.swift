package import NIOCore

/// The CSV that Athena writes results in: every value in quotes, quotes doubled, NULL as nothing at all, rows
/// ended by a line feed. Source: the user guide, "Work with query results and recent queries".
package enum ResultCSV {
  /// Appends one row; `nil` is NULL.
  package static func append(_ row: [String?], to buffer: inout ByteBuffer) {
    for (index, value) in row.enumerated() {
      if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
      if let value { appendQuoted(value, to: &buffer) }
    }
    buffer.writeInteger(UInt8(ascii: "\n"))
  }

  package static func appendQuoted(_ value: String, to buffer: inout ByteBuffer) {
    buffer.writeInteger(UInt8(ascii: "\""))
    if value.utf8.contains(UInt8(ascii: "\"")) {
      buffer.writeString(value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))
    } else {
      buffer.writeString(value)
    }
    buffer.writeInteger(UInt8(ascii: "\""))
  }
}

/// Reads result rows back from bytes that come in pieces, and knows after each row how many bytes it has used.
package struct ResultCSVReader {
  private var row: [String?] = []
  private var value: [UInt8] = []
  private var quoted = false
  private var insideQuotes = false
  /// A quote was seen inside quotes: the next byte tells whether it ends the value or stands for itself.
  private var quotePending = false
  package private(set) var bytesUsed: Int64 = 0

  package init() {}

  /// Takes the bytes of `buffer` until `rowsMax` rows are complete.
  package mutating func read(_ buffer: inout ByteBuffer, into rows: inout [[String?]], rowsMax: Int) {
    while rows.count < rowsMax, let byte = buffer.readInteger(as: UInt8.self) {
      bytesUsed += 1
      if insideQuotes {
        if quotePending {
          quotePending = false
          if byte == UInt8(ascii: "\"") {
            value.append(byte)
            continue
          }
          insideQuotes = false
        } else if byte == UInt8(ascii: "\"") {
          quotePending = true
          continue
        } else {
          value.append(byte)
          continue
        }
      }
      switch byte {
      case UInt8(ascii: "\""):
        quoted = true
        insideQuotes = true
      case UInt8(ascii: ","):
        endValue()
      case UInt8(ascii: "\n"):
        endValue()
        rows.append(row)
        row = []
      default:
        value.append(byte)
      }
    }
  }

  private mutating func endValue() {
    row.append(quoted || !value.isEmpty ? String(decoding: value, as: UTF8.self) : nil)
    value.removeAll(keepingCapacity: true)
    quoted = false
  }
}
