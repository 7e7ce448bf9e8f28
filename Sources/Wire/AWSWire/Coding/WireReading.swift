package import NIOCore

/// Reads a shape from bytes alone, for tests and tools.
package enum WireReading {
  package static func json<Value: WireDecodable>(_ body: ByteBuffer, as type: Value.Type) throws -> Value {
    try body.withUnsafeReadableBytes { bytes in
      let source = JSONSource(bytes)
      let value = try Value(from: ShapeDecoder(source))
      try source.finish()
      return value
    }
  }

  package static func cbor<Value: WireDecodable>(_ body: ByteBuffer, as type: Value.Type) throws -> Value {
    try body.withUnsafeReadableBytes { try Value(from: ShapeDecoder(CBORSource($0, millisecondDates: false))) }
  }
}
