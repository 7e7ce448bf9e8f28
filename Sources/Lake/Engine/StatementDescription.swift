import CDuckDB

/// What a statement takes and gives, known without running it.
public struct StatementDescription: Hashable, Sendable {
  public var columns: [QueryResult.Column]
  /// The types of `$1`, `$2`, …, as far as the statement says them.
  public var parameters: [EngineType?]

  init(_ pointer: OpaquePointer) {
    columns = (0..<cduck_description_column_count(pointer)).map { index in
      var count = 0
      let name = cduck_description_column_name(pointer, index, &count).map { bytes in
        String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
      }
      let type = cduck_description_column_type(pointer, index).map { EngineType($0) }
      return QueryResult.Column(name: name ?? "", type: type ?? .other(id: 0))
    }
    parameters = (0..<cduck_description_parameter_count(pointer)).map { index in
      cduck_description_parameter_type(pointer, index).map { EngineType($0) }
    }
  }
}

/// What a name stands for in a database.
public enum DatabaseEntry: Hashable, Sendable {
  case table, view, schema
}
