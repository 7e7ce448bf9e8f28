import Engine
import Foundation
import Kernel
import Logging
import RedshiftDataModel
import Storage

/// A statement that runs, for those who would cancel it.
final class RunningStatement: Sendable {
  let namespace: String
  private struct State {
    var session: (any SQLSession)?
    var isCancelled = false
    var task: Task<Void, Never>?
  }
  private let state = Locked(State())

  init(namespace: String) { self.namespace = namespace }

  var isRunning: Bool { state.withLock { $0.session != nil } }
  var isCancelled: Bool { state.withLock { $0.isCancelled } }
  var task: Task<Void, Never>? { state.withLock { $0.task } }
  func runs(as task: Task<Void, Never>) { state.withLock { $0.task = task } }
  func runs(in session: (any SQLSession)?) { state.withLock { $0.session = session } }

  func cancel() {
    let session = state.withLock { state in
      state.isCancelled = true
      return state.session
    }
    session?.cancel()
  }
}

extension DataService {
  /// Runs a statement behind its call.
  func start(_ record: StatementRecord, _ scope: Scope, in session: (any SQLSession)?, keepSeconds: Int?) {
    let statement = RunningStatement(namespace: record.target.namespace)
    running.withLock { $0[record.id] = statement }
    statement.runs(
      as: Task {
        await self.run(record, scope, in: session, keepSeconds: keepSeconds, statement)
        self.running.withLock { $0[record.id] = nil }
      })
  }

  private func run(
    _ submitted: StatementRecord, _ scope: Scope, in taken: (any SQLSession)?, keepSeconds: Int?,
    _ statement: RunningStatement
  ) async {
    var record = submitted
    var session = taken
    do {
      if session == nil {
        let opened = try await self.session(record.target)
        session = opened
        if let id = record.session {
          await sessions.keep(
            id, opened, record.target, owner: record.owner, seconds: keepSeconds ?? 0, now: house.clock.now())
        }
      }
      if let session {
        statement.runs(in: session)
        record.status = .started
        record.process = session.processID.map { Int($0) }
        record.updated = house.clock.now()
        try await save(record, scope)
        await execute(&record, in: session, statement)
      }
    } catch let failure as SQLFailure {
      record.fail(Self.text(failure), at: house.clock.now())
    } catch {
      house.logger.error("a statement failed", metadata: ["statement": "\(record.id)", "error": "\(error)"])
      record.fail("An internal error occurred.", at: house.clock.now())
    }
    statement.runs(in: nil)
    if statement.isCancelled, record.status != .finished {
      record.status = .aborted
      record.error = "Query cancelled on user's request."
    }
    record.updated = house.clock.now()
    let ended = record
    do {
      try await keys.write { transaction in
        try transaction.set(StatementRecord.key(scope, ended.id), record: ended)
        try transaction.delete(StatementRecord.open(scope, ended.id))
      }
    } catch {
      // The next start closes it.
      house.logger.error("a statement's end is lost", metadata: ["statement": "\(ended.id)", "error": "\(error)"])
    }
    if let id = record.session, session != nil {
      if keepSeconds == 0 {
        await sessions.drop(id)
      } else {
        await sessions.giveBack(id, seconds: keepSeconds, now: house.clock.now())
      }
    } else {
      await session?.close()
    }
  }

  private func save(_ record: StatementRecord, _ scope: Scope) async throws {
    try await keys.write { try $0.set(StatementRecord.key(scope, record.id), record: record) }
  }

  /// Runs one statement, or a batch as one transaction.
  private func execute(
    _ record: inout StatementRecord, in session: any SQLSession, _ statement: RunningStatement
  ) async {
    do throws(SQLFailure) {
      if record.isBatch { try await finish("BEGIN", in: session) }
      for index in record.parts.indices {
        do throws(SQLFailure) {
          if statement.isCancelled { throw SQLFailure("57014", "Query cancelled on user's request") }
          record.parts[index].status = .started
          try await runPart(&record, index, in: session)
          record.parts[index].status = .finished
          record.parts[index].updated = house.clock.now()
        } catch {
          record.parts[index].status = statement.isCancelled ? .aborted : .failed
          record.parts[index].error = Self.text(error)
          record.parts[index].updated = house.clock.now()
          for later in record.parts.indices.dropFirst(index + 1) { record.parts[later].status = .aborted }
          record.error = record.isBatch ? "Query #\(index + 1) failed with \(Self.text(error))" : Self.text(error)
          throw error
        }
      }
      if record.isBatch { try await finish("COMMIT", in: session) }
      record.status = .finished
    } catch {
      if record.isBatch { try? await finish("ROLLBACK", in: session) }
      record.status = .failed
      record.error = record.error ?? Self.text(error)
    }
  }

  private func finish(_ sql: String, in session: any SQLSession) async throws(SQLFailure) {
    _ = try await session.execute(try await session.prepare(sql, parameterTypes: []), parameters: [])
  }

  private func runPart(
    _ record: inout StatementRecord, _ index: Int, in session: any SQLSession
  ) async throws(SQLFailure) {
    let began = house.clock.now()
    defer { record.parts[index].nanoseconds = max(0, (house.clock.now() - began).nanoseconds) }
    let before = await session.statementID
    do throws(SQLFailure) {
      try await runPart(&record, index, of: session)
    } catch {
      let query = await session.statementID
      record.parts[index].query = query == before ? nil : query
      throw error
    }
    record.parts[index].query = await session.statementID
  }

  private func runPart(
    _ record: inout StatementRecord, _ index: Int, of session: any SQLSession
  ) async throws(SQLFailure) {
    let (text, order) = NamedParameters.rewrite(record.parts[index].sql, names: record.parameters.map(\.name))
    let statements = try session.split(text)
    guard statements.count <= 1 else {
      throw SQLFailure("42601", "cannot insert multiple commands into a prepared statement")
    }
    let parameters = record.parameters
    let prepared = try await session.prepare(
      statements.first ?? text, parameterTypes: Array(repeating: nil, count: order.count))
    switch try await session.execute(prepared, parameters: order.map { parameters[$0].value }) {
    case .rows(let rows):
      do throws(SQLFailure) {
        let result = try await spool(rows, isCSV: record.format == "CSV")
        record.parts[index].result = result
        record.parts[index].rows = result.rows
      } catch {
        await rows.close()
        throw error
      }
    case .done(let tag): record.parts[index].rows = tag.split(separator: " ").last.flatMap { Int64($0) } ?? -1
    case .empty: break
    }
  }

  /// Writes rows to the log of results, page by page as they come.
  private func spool(_ rows: any SQLRows, isCSV: Bool) async throws(SQLFailure) -> StoredResult {
    var result = StoredResult(columns: rows.columns.map { StoredResult.Column($0) }, pages: [], rows: 0, bytes: 0)
    var page = ResultPage(isCSV: isCSV, header: isCSV ? result.columns.map(\.name) : nil)
    while let chunk = try await rows.next() {
      for row in 0..<chunk.rows {
        page.add(result.columns.indices.map { rows.text(chunk, column: $0, row: row) })
        result.rows += 1
        guard page.bytes.count <= DataLimits.rowBytesMax else {
          throw SQLFailure("54000", "a row of the result is too long for the Data API")
        }
        if page.bytes.count >= DataLimits.pageBytes { try await keep(&page, in: &result) }
      }
    }
    if page.rows > 0 || result.pages.isEmpty { try await keep(&page, in: &result) }
    return result
  }

  private func keep(_ page: inout ResultPage, in result: inout StoredResult) async throws(SQLFailure) {
    let bytes = page.finished
    result.bytes += Int64(bytes.count)
    guard result.bytes <= Int64(DataLimits.resultBytesMax) else {
      throw SQLFailure("54000", "The result is larger than the Data API's limit of 500 MB.")
    }
    do {
      result.pages.append(
        StoredResult.Page(offset: try await results.append(bytes), rows: page.rows, bytes: bytes.count))
    } catch {
      throw SQLFailure("53100", "the result cannot be written: \(error)")
    }
    page = ResultPage(isCSV: page.isCSV, header: nil)
  }

  /// An error in the words of PostgreSQL's clients.
  static func text(_ failure: SQLFailure) -> String {
    var text = "ERROR: \(failure.message)"
    if let detail = failure.detail { text += "\n  Detail: \(detail)" }
    if let hint = failure.hint { text += "\n  Hint: \(hint)" }
    return text
  }
}

/// A page of a result as it is kept: JSON's array of rows of texts, or lines of CSV.
struct ResultPage {
  let isCSV: Bool
  private(set) var rows = 0
  private(set) var bytes: [UInt8] = []

  init(isCSV: Bool, header: [String]?) {
    self.isCSV = isCSV
    if let header { addLine(header) } else if !isCSV { bytes.append(UInt8(ascii: "[")) }
  }

  mutating func add(_ row: [String?]) {
    if isCSV {
      addLine(row)
    } else {
      if rows > 0 { bytes.append(UInt8(ascii: ",")) }
      // Strings and nulls only: this cannot fail.
      bytes += (try? JSONEncoder().encode(row)) ?? Data("[]".utf8)
    }
    rows += 1
  }

  var finished: [UInt8] { isCSV ? bytes : bytes + [UInt8(ascii: "]")] }

  private mutating func addLine(_ cells: [String?]) {
    for (index, cell) in cells.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      guard let cell else { continue }
      let special = Set(",\"\r\n".utf8)
      let needsQuotes = cell.isEmpty || cell.utf8.contains { special.contains($0) }
      guard needsQuotes else {
        bytes += cell.utf8
        continue
      }
      bytes.append(UInt8(ascii: "\""))
      for byte in cell.utf8 {
        if byte == UInt8(ascii: "\"") { bytes.append(byte) }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
    bytes += [13, 10]
  }
}
