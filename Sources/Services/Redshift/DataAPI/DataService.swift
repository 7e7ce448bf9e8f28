import Kernel
import Logging
import NIOCore
public import RedshiftDataModel
public import Storage

/// The Redshift Data API: statements that run behind their calls, against clusters and workgroups, with results that
/// are kept for a day.
///
/// The handlers stand in extensions, one file an idea.
public final class DataService: RedshiftDataAPI {
  let house: WarehouseHouse
  let results: ResultLog
  let sessions = DataSessions()
  let running = Locked<[String: RunningStatement]>([:])

  public init(_ house: WarehouseHouse, logs: any LogStore) {
    self.house = house
    results = ResultLog(logs: logs)
  }

  var keys: any KeyStore { house.keys }

  /// Closes the books on statements that a crash or a stop left open: what they did in an open transaction is undone.
  public func recover() async throws {
    try await results.make()
    let now = house.clock.now()
    try await keys.write { transaction in
      for entry in try transaction.entries(StatementRecord.open.subtree) {
        try transaction.delete(entry.key)
        guard let parts = entry.key.elements, let id = parts.last?.string, let scope = RedshiftService.scope(entry.key),
          var record = try transaction.get(StatementRecord.key(scope, id), as: StatementRecord.self)
        else { continue }
        record.fail("The server was stopped while the statement ran.", at: now)
        try transaction.set(StatementRecord.key(scope, id), record: record)
      }
    }
  }

  /// Cancels what runs and waits for it.
  public func stop() async {
    let all = running.withLock { Array($0.values) }
    for statement in all { statement.cancel() }
    for statement in all { await statement.task?.value }
    await sessions.closeAll()
  }

  /// Forgets results and statements that are past their day, and ends sessions that nobody has used.
  func sweep() async throws {
    await sessions.sweep(now: house.clock.now())
    let before = house.clock.now() - DataLimits.resultsKept
    try await keys.write { transaction in
      for entry in try transaction.entries(StatementRecord.everywhere) {
        let record = try KeyRecord.decode(StatementRecord.self, entry.value)
        guard record.status.isOver, record.updated < before, let scope = RedshiftService.scope(entry.key) else {
          continue
        }
        try transaction.delete(entry.key)
        try transaction.delete(record.timeKey(scope))
      }
      try TokenRecord.sweep(transaction, before: self.house.clock.now() - DataLimits.tokensKept)
    }
    try await results.trim(before: before)
  }

  /// Waits until no statement runs.
  package func settle() async {
    while let task = running.withLock({ $0.values.first?.task }) { await task.value }
  }
}

/// What a client token stands for: the same request again answers with the same statement.
struct TokenRecord: Codable, Sendable {
  var statement: String
  var request: String
  var created: Timestamp

  static func key(_ scope: Scope, _ token: String) -> Key {
    Key("redshift-data-token", scope.account.digits, scope.region.code, token)
  }

  static func sweep(_ transaction: any KeyTransaction, before: Timestamp) throws {
    for entry in try transaction.entries(Key("redshift-data-token").subtree)
    where try KeyRecord.decode(TokenRecord.self, entry.value).created < before {
      try transaction.delete(entry.key)
    }
  }
}

extension StatementRecord {
  mutating func fail(_ message: String, at now: Timestamp) {
    status = .failed
    error = message
    updated = now
    for index in parts.indices where !parts[index].status.isOver {
      parts[index].status = isBatch && parts[index].status == .submitted ? .aborted : .failed
      parts[index].error = message
      parts[index].updated = now
    }
  }
}

/// The pages of results, in one log that is trimmed as they grow old.
struct ResultLog: Sendable {
  static let log = LogID("redshift-data/results")
  let logs: any LogStore

  func make() async throws { try await logs.create(Self.log) }

  /// - Returns: the page's place in the log.
  func append(_ page: [UInt8]) async throws -> UInt64 {
    try await logs.append([LogBatch(log: Self.log, payloads: [ByteBuffer(bytes: page)])])[0].firstOffset
  }

  /// - Returns: `nil` for a page that was trimmed.
  func read(_ page: StoredResult.Page) async throws -> [UInt8]? {
    let found = try await logs.read(Self.log, from: page.offset, recordsMax: 1, bytesMax: DataLimits.pageBytes)
    guard let record = found.first, record.offset == page.offset else { return nil }
    return Array(record.payload.readableBytesView)
  }

  func trim(before: Timestamp) async throws { try await logs.trim(Self.log, before: before) }
}
