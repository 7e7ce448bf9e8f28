public import NIOCore

/// A column of a result as the protocol describes it.
public struct PostgresColumn: Hashable, Sendable {
  public var name: String
  public var type: PostgresType
  public var format: ValueFormat
  /// Where it comes from, told to Redshift's own drivers.
  public var schema: String
  public var table: String
  public var catalog: String
  public var isNullable: Bool

  public init(
    name: String, type: PostgresType, format: ValueFormat = .text, schema: String = "", table: String = "",
    catalog: String = "", isNullable: Bool = true
  ) {
    self.name = name
    self.type = type
    self.format = format
    self.schema = schema
    self.table = table
    self.catalog = catalog
    self.isNullable = isNullable
  }
}

/// Where a session stands between BEGIN and COMMIT, as ReadyForQuery tells.
public enum TransactionStatus: UInt8, Hashable, Sendable {
  case idle = 0x49  // I
  case open = 0x54  // T
  case failed = 0x45  // E
}

/// What a server says, written as bytes.
extension ByteBuffer {
  public mutating func writeAuthenticationOk() { writeMessage("R") { $0.writeInteger(Int32(0)) } }

  public mutating func writeParameterStatus(_ name: String, _ value: String) {
    writeMessage("S") {
      $0.writeCString(name)
      $0.writeCString(value)
    }
  }

  public mutating func writeBackendKeyData(processID: Int32, secret: Int32) {
    writeMessage("K") {
      $0.writeInteger(processID)
      $0.writeInteger(secret)
    }
  }

  public mutating func writeReadyForQuery(_ status: TransactionStatus) {
    writeMessage("Z") { $0.writeInteger(status.rawValue) }
  }

  public mutating func writeParseComplete() { writeMessage("1") { _ in } }
  public mutating func writeBindComplete() { writeMessage("2") { _ in } }
  public mutating func writeCloseComplete() { writeMessage("3") { _ in } }
  public mutating func writeNoData() { writeMessage("n") { _ in } }
  public mutating func writeEmptyQueryResponse() { writeMessage("I") { _ in } }
  public mutating func writePortalSuspended() { writeMessage("s") { _ in } }
  public mutating func writeCommandComplete(_ tag: String) { writeMessage("C") { $0.writeCString(tag) } }

  public mutating func writeParameterDescription(_ types: [PostgresType]) {
    writeMessage("t") {
      $0.writeInteger(UInt16(clamping: types.count))
      for type in types.prefix(Int(UInt16.max)) { $0.writeInteger(type.oid) }
    }
  }

  /// - Parameter isExtended: adds what Redshift's drivers ask for with protocol version 1 and later: schema, table,
  ///   column and catalog, and whether the column may be null.
  public mutating func writeRowDescription(_ columns: [PostgresColumn], isExtended: Bool = false) {
    writeMessage("T") {
      $0.writeInteger(UInt16(clamping: columns.count))
      for column in columns.prefix(Int(UInt16.max)) {
        $0.writeCString(column.name)
        $0.writeInteger(UInt32(0))
        $0.writeInteger(Int16(0))
        $0.writeInteger(column.type.oid)
        $0.writeInteger(column.type.size)
        $0.writeInteger(column.type.modifier)
        $0.writeInteger(column.format.rawValue)
        guard isExtended else { continue }
        $0.writeCString(column.schema)
        $0.writeCString(column.table)
        $0.writeCString(column.table.isEmpty ? "" : column.name)
        $0.writeCString(column.catalog)
        // Bit 0: nullable, 4: auto increment, 8: read only, 12: searchable.
        $0.writeInteger(UInt16(column.isNullable ? 1 : 0) | 1 << 12)
      }
    }
  }

  public mutating func writeErrorResponse(_ error: PostgresError) { writeFields("E", error) }
  public mutating func writeNoticeResponse(_ notice: PostgresError) { writeFields("N", notice) }

  private mutating func writeFields(_ type: Unicode.Scalar, _ error: PostgresError) {
    writeMessage(type) { body in
      func field(_ code: Unicode.Scalar, _ value: String?) {
        guard let value else { return }
        body.writeInteger(UInt8(ascii: code))
        body.writeCString(value)
      }
      field("S", error.severity)
      field("V", error.severity)
      field("C", error.sqlState)
      field("M", error.message)
      field("D", error.detail)
      field("H", error.hint)
      field("P", error.position.map(String.init))
      body.writeInteger(UInt8(0))
    }
  }

  mutating func writeMessage(_ type: Unicode.Scalar, _ body: (inout ByteBuffer) -> Void) {
    writeInteger(UInt8(ascii: type))
    let start = writerIndex
    writeInteger(Int32(0))
    body(&self)
    setInteger(Int32(clamping: writerIndex - start), at: start)
  }

  /// A zero byte would end the text early: what follows one is left out.
  mutating func writeCString(_ text: String) {
    writeBytes(text.utf8.prefix { $0 != 0 })
    writeInteger(UInt8(0))
  }
}
