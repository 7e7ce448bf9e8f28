import CDuckDB
import Foundation

extension ScalarFunction {
  /// Adds the function to an engine that is starting.
  func register(in database: OpaquePointer) throws {
    // Freed by the engine when it goes, through `release`.
    let context = Unmanaged.passRetained(Registered(self))
    let names = arguments.map { strdup($0) }
    defer { for name in names { free(name) } }
    try names.map { $0.map { UnsafePointer($0) } }.withUnsafeBufferPointer { types in
      try name.withCString { name in
        try returns.withCString { returns in
          let further = furtherArguments.map { strdup($0) }
          defer { further.map { free($0) } }
          var scalar = cduck_scalar(
            name: name, argument_types: types.baseAddress, argument_count: types.count,
            further_type: further.flatMap { $0 }.map { UnsafePointer($0) }, return_type: returns,
            takes_nulls: takesNulls, is_volatile: isVolatile,
            body: { context, chunk, rows, result, explain, sink in
              let function = Unmanaged<Registered>.fromOpaque(context).takeUnretainedValue().function
              do {
                try function.compute(DataChunk(borrowing: chunk), rows: rows, into: result)
                return true
              } catch {
                var text = (error as? EngineError)?.message ?? String(describing: error)
                text.withUTF8 { bytes in
                  bytes.withMemoryRebound(to: CChar.self) { bytes in
                    if let start = bytes.baseAddress { explain(sink, start, bytes.count) }
                  }
                }
                return false
              }
            },
            context: context.toOpaque(),
            release: { Unmanaged<Registered>.fromOpaque($0).release() })
          _ = try calling { cduck_register_scalar(database, &scalar, $0) ? true : nil }
        }
      }
    }
  }

  private final class Registered: Sendable {
    let function: ScalarFunction
    init(_ function: ScalarFunction) { self.function = function }
  }

  private func compute(_ chunk: DataChunk, rows: Int, into result: OpaquePointer) throws {
    let output = OutputVector(result)
    for row in 0..<rows {
      if !takesNulls, chunk.columns.contains(where: { $0.isNull(row) }) {
        cduck_output_null(result, row)
      } else {
        try output.set(row, try body(chunk.columns, row))
      }
    }
  }
}

/// A vector that a function fills.
private struct OutputVector {
  let vector: OpaquePointer
  let type: EngineType

  init(_ vector: OpaquePointer) {
    self.vector = vector
    type = EngineType(cduck_vector_type(vector))
  }

  func set(_ row: Int, _ value: EngineValue) throws {
    switch (type, value) {
    case (_, .null): cduck_output_null(vector, row)
    case (.boolean, .bool(let value)): store(row, value)
    case (.tinyInt, .int(let value)): store(row, try fitted(value, Int8.self))
    case (.smallInt, .int(let value)): store(row, try fitted(value, Int16.self))
    case (.integer, .int(let value)): store(row, try fitted(value, Int32.self))
    case (.bigInt, .int(let value)): store(row, value)
    case (.unsignedTinyInt, .uint(let value)): store(row, try fitted(value, UInt8.self))
    case (.unsignedSmallInt, .uint(let value)): store(row, try fitted(value, UInt16.self))
    case (.unsignedInteger, .uint(let value)): store(row, try fitted(value, UInt32.self))
    case (.unsignedBigInt, .uint(let value)): store(row, value)
    case (.hugeInt, .hugeInt(let value)): store(row, value)
    case (.hugeInt, .int(let value)): store(row, Int128(value))
    case (.decimal(let width, _), .decimal(let value, _)):
      switch width {
      case ...4: store(row, try fitted(value, Int16.self))
      case ...9: store(row, try fitted(value, Int32.self))
      case ...18: store(row, try fitted(value, Int64.self))
      default: store(row, value)
      }
    case (.float, .float(let value)): store(row, value)
    case (.double, .double(let value)): store(row, value)
    case (.varchar, .string(var text)), (.json, .string(var text)):
      try text.withUTF8 { try bytes(row, UnsafeRawBufferPointer($0)) }
    case (.blob, .bytes(let value)): try value.withUnsafeBytes { try bytes(row, $0) }
    case (.date, .date(let value)): store(row, value)
    case (.time, .time(let value)): store(row, value)
    case (.timestamp, .timestamp(let value)): store(row, value)
    case (.timestampTZ, .timestampTZ(let value)): store(row, value)
    case (.timestampNanoseconds, .timestampNS(let value)): store(row, value)
    case (.uuid, .uuid(let value)): store(row, value ^ (1 << 127))
    case (.list, .list(let values)):
      let (elements, offset) = try room(row, values.count)
      for (index, value) in values.enumerated() { try elements.set(offset + index, value) }
    case (.map, .map(let entries)):
      let (elements, offset) = try room(row, entries.count)
      for (index, entry) in entries.enumerated() {
        try elements.set(
          offset + index,
          .structure([EngineValue.Member("key", entry.key), EngineValue.Member("value", entry.value)]))
      }
    case (.structure(let fields), .structure(let members)) where fields.count == members.count:
      for (index, member) in members.enumerated() {
        guard let field = cduck_vector_field(vector, index) else { continue }
        try OutputVector(field).set(row, member.value)
      }
    default: throw EngineError(kind: .internal, message: "A function gave \(value) where \(type) was declared.")
    }
  }

  private func store<T: BitwiseCopyable>(_ row: Int, _ value: T) {
    cduck_vector_data(vector)?.storeBytes(of: value, toByteOffset: row * MemoryLayout<T>.stride, as: T.self)
  }

  private func fitted<T: FixedWidthInteger>(_ value: some BinaryInteger, _: T.Type) throws -> T {
    guard let fitted = T(exactly: value) else {
      throw EngineError(kind: .outOfRange, message: "\(value) is out of range of the result's type.")
    }
    return fitted
  }

  private func bytes(_ row: Int, _ bytes: UnsafeRawBufferPointer) throws {
    let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    guard cduck_output_bytes(vector, row, start, bytes.count) else {
      throw EngineError(kind: .outOfMemory, message: "A function's result does not fit in memory.")
    }
  }

  private func room(_ row: Int, _ count: Int) throws -> (OutputVector, Int) {
    var offset = 0
    guard let elements = cduck_output_list(vector, row, count, &offset) else {
      throw EngineError(kind: .outOfMemory, message: "A function's result does not fit in memory.")
    }
    return (OutputVector(elements), offset)
  }
}
