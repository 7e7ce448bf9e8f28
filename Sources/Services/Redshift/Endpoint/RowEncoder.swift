import Engine
import PostgresWire

/// Writes rows from the engine's columns as the protocol wants them. How each column is written is found once for a
/// result; most are written from the column's memory without any object between.
struct RowEncoder {
  private enum Way {
    case integerText, boolText, bytes, dateText, timestampText, timeText
    case decimalText(scale: Int)
    case boolBinary, int2, int4, int8, oid, float4, float8, dateBinary, timestampBinary, timeBinary, timeTZ
    case interval(PostgresType)
    case numericBinary(scale: Int)
    case redshiftNumeric(precision: Int)
    /// By the text that the warehouse gives of the value.
    case text
    case binaryOfText(PostgresType)
  }

  private let ways: [Way]
  private let rows: any SQLRows
  private let isRedshift: Bool

  /// - Parameters:
  ///   - chunk: the first of the result; all have the same types.
  ///   - columns: as the client was told.
  ///   - isRedshift: by Redshift's transfer protocol 2.
  init(
    _ chunk: DataChunk, columns: [SQLColumn], formats: [ValueFormat], rows: any SQLRows, isRedshift: Bool
  ) {
    self.rows = rows
    self.isRedshift = isRedshift
    ways = columns.enumerated().map { index, column in
      let engine = index < chunk.columns.count ? chunk.columns[index].type : .null
      return switch ValueFormat.of(index, in: formats) {
      // Redshift's drivers take the bytes as they are by this protocol, and hexadecimal digits by the others.
      case _ where isRedshift && column.type.oid == PostgresType.varbyte.oid && engine == .blob: .bytes
      case .text: Self.textWay(engine, column.type)
      case .binary: Self.binaryWay(engine, column.type, isRedshift: isRedshift)
      }
    }
  }

  private static func textWay(_ engine: EngineType, _ type: PostgresType) -> Way {
    switch (type, engine) {
    case (.int2, _) where isInteger(engine), (.int4, _) where isInteger(engine), (.int8, _) where isInteger(engine),
      (.oid, _) where isInteger(engine):
      .integerText
    case (.boolean, .boolean): .boolText
    case (_, .varchar) where isText(type): .bytes
    case (.date, .date): .dateText
    case (.timestamp, .timestamp): .timestampText
    case (.time, .time): .timeText
    case (_, .decimal(_, let scale)) where type.oid == PostgresType.numeric.oid && agrees(type, scale: scale):
      .decimalText(scale: scale)
    default: .text
    }
  }

  private static func binaryWay(_ engine: EngineType, _ type: PostgresType, isRedshift: Bool) -> Way {
    switch (type, engine) {
    case (.boolean, .boolean): .boolBinary
    case (.int2, .smallInt), (.int2, .tinyInt): .int2
    case (.int4, .integer), (.int4, .smallInt), (.int4, .tinyInt): .int4
    case (.int8, _) where isInteger(engine): .int8
    case (.oid, _) where isInteger(engine): .oid
    case (.float4, .float): .float4
    case (.float8, .double): .float8
    case (_, .varchar) where isText(type): .bytes
    case (.date, .date): .dateBinary
    case (.timestamp, .timestamp), (.timestampTZ, .timestampTZ): .timestampBinary
    case (.time, .time): .timeBinary
    case (.timeTZ, .timeTZ): .timeTZ
    case (.interval, .interval), (.intervalYearToMonth, .interval), (.intervalDayToSecond, .interval): .interval(type)
    case (_, .decimal(let width, let scale)) where type.oid == PostgresType.numeric.oid && agrees(type, scale: scale):
      isRedshift ? .redshiftNumeric(precision: type.numericShape?.precision ?? width) : .numericBinary(scale: scale)
    // Binary texts are their bytes.
    case _ where isText(type) || type.oid == PostgresType.bpchar.oid || type.oid == PostgresType.superValue.oid: .text
    default: .binaryOfText(type)
    }
  }

  private static func isText(_ type: PostgresType) -> Bool {
    [PostgresType.varchar.oid, PostgresType.text.oid, PostgresType.name.oid].contains(type.oid)
  }

  private static func isInteger(_ engine: EngineType) -> Bool {
    switch engine {
    case .tinyInt, .smallInt, .integer, .bigInt, .unsignedTinyInt, .unsignedSmallInt, .unsignedInteger: true
    default: false
    }
  }

  /// Whether the column's digits behind the point are what the client was told.
  private static func agrees(_ type: PostgresType, scale: Int) -> Bool {
    type.numericShape.map { $0.scale == scale } ?? true
  }

  /// Writes rows until `bytesMax` are in the buffer.
  /// - Returns: the row after the last that was written.
  func encode(_ chunk: DataChunk, _ range: Range<Int>, into buffer: RowBuffer, bytesMax: Int) throws -> Int {
    guard chunk.columns.count >= ways.count else { throw PostgresError("XX000", "a row has too few columns") }
    for row in range {
      buffer.begin(columns: ways.count)
      for index in ways.indices {
        let column = chunk.columns[index]
        if column.isNull(row) { buffer.null() } else { try write(ways[index], column, chunk, index, row, buffer) }
      }
      buffer.end()
      if buffer.count >= bytesMax { return row + 1 }
    }
    return range.upperBound
  }

  @inline(__always)
  private func write(
    _ way: Way, _ column: ColumnVector, _ chunk: DataChunk, _ index: Int, _ row: Int, _ buffer: RowBuffer
  ) throws {
    switch way {
    case .integerText: buffer.integerText(column.integer(row))
    case .boolText: buffer.boolText(column.load(row, as: UInt8.self) != 0)
    case .bytes: column.withBytes(row) { buffer.bytes($0) }
    case .dateText: buffer.dateText(column.load(row, as: Int32.self))
    case .timestampText: buffer.timestampText(column.load(row, as: Int64.self))
    case .timeText: buffer.timeText(column.load(row, as: Int64.self))
    case .decimalText(let scale): buffer.decimalText(column.decimal(row), scale: scale)
    case .boolBinary: buffer.binary(column.load(row, as: UInt8.self) == 0 ? UInt8(0) : 1)
    case .int2: buffer.binary(Int16(truncatingIfNeeded: column.integer(row)))
    case .int4: buffer.binary(Int32(truncatingIfNeeded: column.integer(row)))
    case .int8: buffer.binary(column.integer(row))
    case .oid: buffer.binary(UInt32(truncatingIfNeeded: column.integer(row)))
    case .float4: buffer.binary(column.load(row, as: Float.self).bitPattern)
    case .float8: buffer.binary(column.load(row, as: Double.self).bitPattern)
    case .dateBinary: buffer.dateBinary(column.load(row, as: Int32.self))
    case .timestampBinary: buffer.timestampBinary(column.load(row, as: Int64.self))
    case .timeBinary: buffer.binary(column.load(row, as: Int64.self))
    case .timeTZ:
      guard case .timeTZ(let microseconds, let east) = column[row] else { return buffer.null() }
      buffer.binaryTimeTZ(microseconds: PostgresText.utc(microseconds, east: east), secondsWest: 0)
    case .interval(let type):
      guard case .interval(let months, let days, let microseconds) = column[row] else { return buffer.null() }
      buffer.writeInterval(months: months, days: days, microseconds: microseconds, type, isRedshift: isRedshift)
    case .numericBinary(let scale): buffer.binaryNumeric(column.decimal(row), scale: scale)
    case .redshiftNumeric(let precision): buffer.redshiftNumeric(column.decimal(row), precision: precision)
    case .text:
      if let text = rows.text(chunk, column: index, row: row) { buffer.text(text) } else { buffer.null() }
    case .binaryOfText(let type):
      guard let text = rows.text(chunk, column: index, row: row) else { return buffer.null() }
      try buffer.binary(text, as: type, isRedshift: isRedshift)
    }
  }
}
