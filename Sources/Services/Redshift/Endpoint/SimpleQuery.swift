import Engine
import Kernel
import PostgresWire

extension EndpointConnection {
  /// Runs the statements of one text, together in one transaction unless they say otherwise.
  func query(_ text: String) async throws {
    do {
      try checkLength(text)
      let session = try session
      // A query makes the unnamed statement and portal forgotten.
      statements[""] = nil
      await closePortal("")
      let parts = try session.split(text)
      if parts.isEmpty { server.output.writeEmptyQueryResponse() }
      for (index, part) in parts.enumerated() {
        try await run(part, isLast: index == parts.count - 1)
      }
      try await commitImplicit()
      try await reportChanges()
    } catch let error as ClientGone {
      throw error
    } catch {
      await rollBackImplicit()
      fail(error)
    }
    await closePortalsOutsideTransactions()
    try await ready()
  }

  func checkLength(_ text: String) throws(PostgresError) {
    let bytes = text.utf8.count
    guard bytes <= EndpointLimits.statementBytesMax else {
      throw PostgresError(
        "54001",
        "Statement is too large. Statement Size: \(bytes) bytes. Maximum Allowed: \(EndpointLimits.statementBytesMax) "
          + "bytes")
    }
  }

  private func run(_ text: String, isLast: Bool) async throws {
    let kind = StatementKind(text)
    if try await isAnsweredByImplicit(kind) {
      server.output.writeCommandComplete("BEGIN")
      return
    }
    if kind == .other && !isLast && !isImplicit {
      if case .idle = try await session.transaction { try await beginImplicit() }
    }
    let session = try session
    let timer = try await startTimer()
    defer { timer?.cancel() }
    // Not prepared before: there is nothing to describe but what comes out.
    let prepared = PreparedSQL(text: text, parameterTypes: [], columns: nil)
    switch try await session.execute(prepared, parameters: []) {
    case .empty: server.output.writeEmptyQueryResponse()
    case .done(let tag):
      try await reportChanges()
      server.output.writeCommandComplete(tag)
    case .rows(let rows):
      var portal = Portal(statement: prepared, parameters: [], formats: [])
      portal.rows = rows
      server.output.writeRowDescription(
        rows.columns.map { Self.column($0, .text) }, isExtended: server.transferProtocol >= 1)
      do {
        _ = try await send(&portal, columns: rows.columns, rowsMax: 0)
      } catch {
        await rows.close()
        throw error
      }
      await rows.close()
      try await reportChanges()
      server.output.writeCommandComplete(rows.tag)
    }
  }

  /// Turns a transaction that was begun for the client into its own, or lets it end by the client's word.
  /// - Returns: whether the statement needs no running.
  func isAnsweredByImplicit(_ kind: StatementKind) async throws -> Bool {
    guard isImplicit else { return false }
    switch kind {
    case .begin:
      isImplicit = false
      return true
    case .end:
      isImplicit = false
      return false
    case .alone, .other: return false
    }
  }

  static func column(_ column: SQLColumn, _ format: ValueFormat) -> PostgresColumn {
    PostgresColumn(
      name: column.name, type: column.type, format: format, schema: column.schema ?? "", table: column.table ?? "",
      isNullable: column.isNullable)
  }

  /// Ends a statement that takes longer than allowed; to be cancelled when it has ended.
  func startTimer() async throws -> Task<Void, any Error>? {
    let session = try session
    let limits = [endpoint.options.statementMillisecondsMax, await session.statementMillisecondsMax]
    guard let limit = limits.compactMap({ $0 }).filter({ $0 > 0 }).min() else { return nil }
    let (client, clock) = (client, endpoint.clock)
    client.setTimedOut(false)
    return Task {
      try await clock.sleep(for: .milliseconds(limit))
      client.setTimedOut(true)
      session.cancel()
    }
  }
}
