import CDuckDB

/// Some rows of a result, by columns. At most 2,048.
public struct DataChunk: Sendable {
  public let rows: Int
  public let columns: [ColumnVector]

  /// Frees the engine's memory with the last vector that points into it.
  private final class Memory: @unchecked Sendable {  // safe: the pointer is only kept, and freed once
    let chunk: OpaquePointer
    init(_ chunk: OpaquePointer) { self.chunk = chunk }
    deinit { cduck_chunk_free(chunk) }
  }

  /// Takes over `chunk`.
  init(owning chunk: OpaquePointer, types: [EngineType]) {
    self.init(chunk, types: types, owner: Memory(chunk))
  }

  /// Reads a chunk that someone else keeps for as long as this value is used.
  init(borrowing chunk: OpaquePointer) {
    let types = (0..<cduck_chunk_columns(chunk)).map { index in
      cduck_chunk_vector(chunk, index).map { EngineType(cduck_vector_type($0)) } ?? .other(id: 0)
    }
    self.init(chunk, types: types, owner: nil)
  }

  private init(_ chunk: OpaquePointer, types: [EngineType], owner: AnyObject?) {
    let rows = cduck_chunk_rows(chunk)
    self.rows = rows
    columns = types.enumerated().compactMap { index, type in
      cduck_chunk_vector(chunk, index).map { ColumnVector($0, type: type, count: rows, owner: owner) }
    }
  }
}
