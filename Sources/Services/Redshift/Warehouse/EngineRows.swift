import Engine
import Kernel
import PostgresWire
import SQL

/// A query's rows from the engine.
final class EngineRows: SQLRows {
  let columns: [SQLColumn]
  private let result: QueryResult
  private let command: String
  /// The length that values of a CHAR column are filled up to with blanks, by column.
  private let padding: [Int?]
  private let style: TextStyle
  private let explain: @Sendable (any Error) -> SQLFailure
  private let whenDone: @Sendable (Int, SQLFailure?) async -> Void
  private let isDone = Locked(false)

  /// - Parameters:
  ///   - command: the tag's first word.
  ///   - whenDone: told once, with the rows that came and what went wrong.
  init(
    _ result: QueryResult, columns: [SQLColumn], command: String, style: TextStyle,
    explain: @escaping @Sendable (any Error) -> SQLFailure,
    whenDone: @escaping @Sendable (Int, SQLFailure?) async -> Void
  ) {
    self.result = result
    self.columns = columns
    self.command = command
    self.style = style
    self.explain = explain
    self.whenDone = whenDone
    padding = columns.map { column in
      column.type.oid == PostgresType.bpchar.oid && column.type.modifier > 4 ? Int(column.type.modifier) - 4 : nil
    }
  }

  func next() async throws(SQLFailure) -> DataChunk? {
    do {
      if let chunk = try await result.next() { return chunk }
    } catch {
      let failure = explain(error)
      await done(failure)
      throw failure
    }
    await done(nil)
    return nil
  }

  func text(_ chunk: DataChunk, column: Int, row: Int) -> String? {
    guard let text = PostgresText.text(chunk.columns[column], row, style) else { return nil }
    guard let length = padding[column] else { return text }
    let missing = length - text.utf8.count
    return missing > 0 ? text + String(repeating: " ", count: missing) : text
  }

  var tag: String { "\(command) \(result.rows)" }

  func close() async {
    await result.close()
    await done(nil)
  }

  private func done(_ failure: SQLFailure?) async {
    let first = isDone.withLock { done in
      defer { done = true }
      return !done
    }
    if first { await whenDone(result.rows, failure) }
  }
}

extension EngineType {
  /// The type for clients, of a result that stands for no column.
  var postgres: PostgresType {
    if case .list(let element) = self { return RedshiftType.array(element.redshift).postgres }
    return redshift.postgres
  }

  /// The column type that a result of this type makes.
  var redshift: RedshiftType {
    switch self {
    case .boolean: .boolean
    case .tinyInt, .smallInt, .unsignedTinyInt: .smallint
    case .integer, .unsignedSmallInt: .integer
    case .bigInt, .unsignedInteger: .bigint
    case .unsignedBigInt, .hugeInt, .unsignedHugeInt: .decimal(precision: 38, scale: 0)
    case .decimal(let width, let scale): .decimal(precision: width, scale: scale)
    case .float: .real
    case .double: .double
    case .null, .varchar, .enumeration, .bit, .uuid, .other: .varchar(WarehouseLimits.varcharBytesMax)
    case .json, .list, .array, .map, .structure, .union: .super
    case .blob: .varbyte(64_000)
    case .date: .date
    case .time, .timeNS: .time
    case .timeTZ: .timetz
    case .timestamp, .timestampSeconds, .timestampMilliseconds, .timestampNanoseconds: .timestamp
    case .timestampTZ: .timestamptz
    case .interval: .interval
    }
  }
}
