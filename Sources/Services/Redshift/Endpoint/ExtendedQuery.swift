import Engine
import NIOCore
import PostgresWire

/// A statement with its values, on its way through its rows.
struct Portal {
  let statement: PreparedSQL
  let parameters: [String?]
  let formats: [ValueFormat]
  var rows: (any SQLRows)?
  var encoder: RowEncoder?
  /// Rows that were computed and not sent: of the first chunk from `nextRow`, then all of the others.
  var ahead: [DataChunk] = []
  var nextRow = 0
  var isStarted = false
  /// All rows were computed.
  var isAtEnd = false

  init(statement: PreparedSQL, parameters: [String?], formats: [ValueFormat]) {
    self.statement = statement
    self.parameters = parameters
    self.formats = formats
  }
}

extension EndpointConnection {
  func parse(_ name: String, _ text: String, _ types: [UInt32]) async throws {
    try checkLength(text)
    guard name.isEmpty || statements[name] == nil else {
      throw PostgresError("42P05", "prepared statement \"\(name)\" already exists")
    }
    guard statements.count < EndpointLimits.preparedStatementsMax else {
      throw PostgresError("53400", "too many prepared statements")
    }
    let session = try session
    let parts = try session.split(text)
    guard parts.count <= 1 else {
      throw PostgresError("42601", "cannot insert multiple commands into a prepared statement")
    }
    if name.isEmpty { statements[""] = nil }
    let declared = types.map { $0 == 0 || $0 == PostgresType.unknown.oid ? nil : PostgresType.known(oid: $0) }
    if let part = parts.first {
      // BEGIN and its like are answered by what a session has; its text stays as it was written.
      statements[name] = try await session.prepare(part, parameterTypes: declared)
    } else {
      statements[name] = PreparedSQL(text: "", parameterTypes: [], columns: nil)
    }
    server.output.writeParseComplete()
  }

  private func statement(_ name: String) throws(PostgresError) -> PreparedSQL {
    guard let statement = statements[name] else {
      throw name.isEmpty
        ? PostgresError("26000", "unnamed prepared statement does not exist")
        : PostgresError("26000", "prepared statement \"\(name)\" does not exist")
    }
    return statement
  }

  func bind(_ message: BindMessage) async throws {
    let statement = try statement(message.statement)
    guard message.parameters.count == statement.parameterTypes.count else {
      throw PostgresError(
        "08P01",
        "bind message supplies \(message.parameters.count) parameters, but prepared statement \"\(message.statement)\" "
          + "requires \(statement.parameterTypes.count)")
    }
    let columns = statement.columns?.count ?? 0
    guard message.resultFormats.count <= 1 || message.resultFormats.count == columns else {
      throw PostgresError(
        "08P01", "bind message has \(message.resultFormats.count) result formats but query has \(columns) columns")
    }
    if message.portal.isEmpty {
      await closePortal("")
    } else if portals[message.portal] != nil {
      throw PostgresError("42P03", "portal \"\(message.portal)\" already exists")
    }
    guard portals.count < EndpointLimits.portalsMax else { throw PostgresError("53400", "too many portals") }
    var values: [String?] = []
    values.reserveCapacity(message.parameters.count)
    for (index, value) in message.parameters.enumerated() {
      guard let value else {
        values.append(nil)
        continue
      }
      switch ValueFormat.of(index, in: message.parameterFormats) {
      case .text: values.append(try BinaryParameters.plainText(value))
      case .binary:
        values.append(
          try BinaryParameters.text(value, oid: statement.parameterTypes[index].oid, index: index + 1))
      }
    }
    portals[message.portal] = Portal(statement: statement, parameters: values, formats: message.resultFormats)
    server.output.writeBindComplete()
  }

  func describeStatement(_ name: String) throws {
    let statement = try statement(name)
    server.output.writeParameterDescription(statement.parameterTypes)
    describe(statement.columns, [])
  }

  func describePortal(_ name: String) throws {
    guard let portal = portals[name] else { throw PostgresError("34000", "portal \"\(name)\" does not exist") }
    describe(portal.statement.columns, portal.formats)
  }

  private func describe(_ columns: [SQLColumn]?, _ formats: [ValueFormat]) {
    guard let columns else { return server.output.writeNoData() }
    server.output.writeRowDescription(
      columns.enumerated().map { Self.column($1, ValueFormat.of($0, in: formats)) },
      isExtended: server.transferProtocol >= 1)
  }

  func execute(_ name: String, rowsMax: Int, endsTransaction: Bool) async throws {
    guard var portal = portals[name] else { throw PostgresError("34000", "portal \"\(name)\" does not exist") }
    if portal.statement.text.isEmpty { return server.output.writeEmptyQueryResponse() }
    let timer = try await startTimer()
    defer { timer?.cancel() }
    if !portal.isStarted {
      let kind = StatementKind(portal.statement.text)
      if try await isAnsweredByImplicit(kind) {
        portals[name]?.isStarted = true
        return server.output.writeCommandComplete("BEGIN")
      }
      try await readAhead()
      if kind == .other && !endsTransaction && !isImplicit {
        if case .idle = try await session.transaction { try await beginImplicit() }
      }
      portal.isStarted = true
      portals[name] = portal
      switch try await session.execute(portal.statement, parameters: portal.parameters) {
      case .empty: return server.output.writeEmptyQueryResponse()
      case .done(let tag):
        try await reportChanges()
        return server.output.writeCommandComplete(tag)
      case .rows(let rows):
        guard let described = portal.statement.columns, described.count == rows.columns.count else {
          await rows.close()
          throw PostgresError("0A000", "cached plan must not change result type")
        }
        portal.rows = rows
      }
    }
    guard let rows = portal.rows else {
      throw PostgresError("55000", "portal \"\(name)\" cannot be run")
    }
    // Kept here and not in the dictionary while it is sent: what fails is gone.
    portals[name] = nil
    let isFinished: Bool
    do {
      isFinished = try await send(&portal, columns: portal.statement.columns ?? rows.columns, rowsMax: rowsMax)
    } catch {
      await rows.close()
      throw error
    }
    portals[name] = portal
    if isFinished {
      await rows.close()
      try await reportChanges()
      server.output.writeCommandComplete(rows.tag)
    } else {
      server.output.writePortalSuspended()
    }
  }

  /// Commits what was begun for the client, and tells where it stands.
  func sync() async throws {
    do {
      try await commitImplicit()
    } catch {
      fail(error)
    }
    await closePortalsOutsideTransactions()
    try await ready()
  }

  // MARK: Rows

  /// Sends rows, as fast as the client takes them.
  /// - Returns: whether there are no more; as in PostgreSQL, that is not known when the limit was just reached.
  func send(_ portal: inout Portal, columns: [SQLColumn], rowsMax: Int) async throws -> Bool {
    guard let rows = portal.rows else { return true }
    var left = rowsMax == 0 ? Int.max : rowsMax
    while true {
      if portal.ahead.isEmpty {
        if portal.isAtEnd { return true }
        guard let chunk = try await rows.next() else {
          portal.isAtEnd = true
          return true
        }
        portal.ahead = [chunk]
        portal.nextRow = 0
      }
      let chunk = portal.ahead[0]
      let encoder: RowEncoder
      if let kept = portal.encoder {
        encoder = kept
      } else {
        encoder = RowEncoder(
          chunk, columns: columns, formats: portal.formats, rows: rows, isRedshift: server.transferProtocol >= 2)
        portal.encoder = encoder
      }
      while portal.nextRow < chunk.rows && left > 0 {
        let end = left < chunk.rows - portal.nextRow ? portal.nextRow + left : chunk.rows
        let next = try encoder.encode(
          chunk, portal.nextRow..<end, into: rowBuffer, bytesMax: EndpointLimits.outputBytesMax)
        left -= next - portal.nextRow
        portal.nextRow = next
        rowBuffer.move(to: &server.output)
        if server.output.readableBytes >= EndpointLimits.outputBytesMax { try await flush() }
      }
      if portal.nextRow >= chunk.rows {
        portal.ahead.removeFirst()
        portal.nextRow = 0
      }
      if left == 0 { return false }
    }
  }

  /// A session runs one statement at a time: what waiting portals have left is computed before the next.
  private func readAhead() async throws {
    for (name, portal) in portals where portal.rows != nil && !portal.isAtEnd {
      guard let rows = portal.rows else { continue }
      var kept = portal.ahead.reduce(0) { $0 + $1.rows }
      while let chunk = try await rows.next() {
        kept += chunk.rows
        guard kept <= EndpointLimits.suspendedRowsMax else {
          throw PostgresError(
            "54000",
            "portal \"\(name)\" has more than \(EndpointLimits.suspendedRowsMax) rows left: read them before the next "
              + "statement")
        }
        portals[name]?.ahead.append(chunk)
      }
      portals[name]?.isAtEnd = true
    }
  }

  func closePortal(_ name: String) async {
    guard let portal = portals.removeValue(forKey: name) else { return }
    await portal.rows?.close()
  }

  /// Portals live as long as their transaction.
  func closePortalsOutsideTransactions() async {
    guard !portals.isEmpty, let session = try? session, await session.transaction != .open else { return }
    for name in portals.keys { await closePortal(name) }
  }
}

extension PostgresType {
  /// The type of a number that a client declared a parameter with.
  static func known(oid: UInt32) -> PostgresType {
    let types: [PostgresType] = [
      .boolean, .bytea, .name, .int8, .int2, .int4, .text, .oid, .float4, .float8, .bpchar, .varchar, .date, .time,
      .timestamp, .timestampTZ, .interval, .timeTZ, .numeric, .superValue, .varbyte, .intervalYearToMonth,
      .intervalDayToSecond,
    ]
    return types.first { $0.oid == oid } ?? PostgresType(oid: oid, size: -1)
  }
}
