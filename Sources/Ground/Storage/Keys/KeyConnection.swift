import GRDB
import GRDBSQLite

/// One SQLite connection with its prepared statements; reads, and writes where it is the writer's.
///
/// GRDB opens, guards and closes the connection. Statements are stepped through SQLite's own interface, because
/// a key is read or written in a few microseconds and GRDB's rows and arguments would cost as much again.
final class KeyConnection: @unchecked Sendable {
  // Safe: everything below is touched only inside `queue`, which runs one block at a time.
  private let queue: DatabaseQueue
  private let path: String
  private var handle: OpaquePointer?
  private var idle: [Statement: [OpaquePointer]] = [:]
  /// Whether the caller whose body runs has changed anything yet.
  private var savepointOpen = false

  enum Statement: String {
    case begin = "BEGIN"
    case beginImmediate = "BEGIN IMMEDIATE"
    case commit = "COMMIT"
    case rollback = "ROLLBACK"
    case savepoint = "SAVEPOINT caller"
    case release = "RELEASE caller"
    case rollbackToSavepoint = "ROLLBACK TO caller"
    case get = "SELECT v FROM entries WHERE k = ?1"
    case scan = "SELECT k, v FROM entries WHERE k >= ?1 AND k < ?2 ORDER BY k"
    case scanReversed = "SELECT k, v FROM entries WHERE k >= ?1 AND k < ?2 ORDER BY k DESC"
    case set = "INSERT OR REPLACE INTO entries (k, v) VALUES (?1, ?2)"
    case delete = "DELETE FROM entries WHERE k = ?1"
    case deleteRange = "DELETE FROM entries WHERE k >= ?1 AND k < ?2"
  }

  private init(queue: DatabaseQueue, path: String) {
    self.queue = queue
    self.path = path
    handle = queue.inDatabase { $0.sqliteConnection }
  }

  /// Opens the writer's connection and makes the table if it is not there.
  static func writer(path: String, fileSystemName: String? = nil) throws -> KeyConnection {
    try translating(path) {
      var configuration = Configuration()
      configuration.label = "keys-writer"
      configuration.foreignKeysEnabled = false
      configuration.busyMode = .timeout(5)
      // The group's transaction is ours to end, on every path; GRDB's check would stop the process instead.
      configuration.allowsUnsafeTransactions = true
      let queue = try DatabaseQueue(path: address(path, fileSystemName), configuration: configuration)
      try queue.inDatabase { database in
        try database.execute(sql: "PRAGMA journal_mode = WAL")
        // FULL: each commit syncs the write-ahead log before it returns. That is what makes a write durable.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try database.execute(sql: "PRAGMA cache_size = -\(StorageLimits.keyWriterCacheKiB)")
        try database.execute(sql: "PRAGMA temp_store = MEMORY")
        try database.execute(sql: "PRAGMA wal_autocheckpoint = \(StorageLimits.keyCheckpointPages)")
        try database.execute(sql: "PRAGMA journal_size_limit = \(StorageLimits.keyJournalBytesMax)")
        try database.execute(
          sql: "CREATE TABLE IF NOT EXISTS entries (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID")
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        guard mode == "wal", synchronous == 2 else {
          throw StorageError.io(operation: "set up the key store's journal", path: path, errno: 0)
        }
      }
      return KeyConnection(queue: queue, path: path)
    }
  }

  static func reader(path: String, fileSystemName: String? = nil) throws -> KeyConnection {
    try translating(path) {
      var configuration = Configuration()
      configuration.label = "keys-reader"
      configuration.readonly = true
      configuration.foreignKeysEnabled = false
      configuration.busyMode = .timeout(5)
      configuration.allowsUnsafeTransactions = true
      let queue = try DatabaseQueue(path: address(path, fileSystemName), configuration: configuration)
      try queue.inDatabase { database in
        try database.execute(sql: "PRAGMA cache_size = -\(StorageLimits.keyReaderCacheKiB)")
      }
      return KeyConnection(queue: queue, path: path)
    }
  }

  /// Tests name a file system of their own, as SQLite's URI form allows.
  private static func address(_ path: String, _ fileSystemName: String?) -> String {
    guard let fileSystemName else { return path }
    return "file:\(path)?vfs=\(fileSystemName)"
  }

  private static func translating<T>(_ path: String, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw KeyErrors.error(
        code: error.extendedResultCode.rawValue, message: error.message ?? "", path: path, errno: 0)
    }
  }

  /// Finishes the statements and closes the connection; later calls throw `closed`.
  func close() {
    queue.inDatabase { _ in
      for statement in idle.values.joined() { sqlite3_finalize(statement) }
      idle = [:]
      handle = nil
    }
    try? queue.close()
  }

  // MARK: transactions

  /// Runs `body` over one snapshot.
  func snapshot<T>(_ body: (any KeyReader) throws -> T) throws -> T {
    try queue.inDatabase { _ in
      try run(.begin)
      defer { try? run(.commit) }
      return try body(self)
    }
  }

  /// Runs `body` with the connection held; for the writer's groups.
  func exclusively(_ body: () -> Void) { queue.inDatabase { _ in body() } }

  func begin() throws { try run(.beginImmediate) }
  func commit() throws { try run(.commit) }

  func rollback() {
    savepointOpen = false
    if isInTransaction { try? run(.rollback) }
  }

  /// `false` when SQLite has ended the transaction itself, as it does when the disk is full or fails.
  var isInTransaction: Bool { handle.map { sqlite3_get_autocommit($0) == 0 } ?? false }

  /// Runs one caller's body; when it throws, exactly its own changes are undone.
  func runCaller(_ body: (any KeyTransaction) throws -> Void) throws {
    savepointOpen = false
    do {
      try body(self)
    } catch {
      if savepointOpen, isInTransaction {
        try run(.rollbackToSavepoint)
        try run(.release)
      }
      savepointOpen = false
      throw error
    }
    if savepointOpen { try run(.release) }
    savepointOpen = false
  }

  /// A savepoint costs more than a read, so a caller gets one only when it first changes something.
  private func beforeChange() throws {
    guard !savepointOpen else { return }
    try run(.savepoint)
    savepointOpen = true
  }

  // MARK: statements

  private func take(_ kind: Statement) throws -> OpaquePointer {
    if let statement = idle[kind]?.popLast() { return statement }
    guard let handle else { throw StorageError.closed }
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, kind.rawValue, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw failure(code) }
    return statement
  }

  private func giveBack(_ kind: Statement, _ statement: OpaquePointer) {
    sqlite3_reset(statement)
    sqlite3_clear_bindings(statement)
    idle[kind, default: []].append(statement)
  }

  private func with<T>(_ kind: Statement, _ body: (OpaquePointer) throws -> T) throws -> T {
    let statement = try take(kind)
    defer { giveBack(kind, statement) }
    return try body(statement)
  }

  private func run(_ kind: Statement) throws {
    try with(kind) { try step($0, expecting: SQLITE_DONE) }
  }

  private func step(_ statement: OpaquePointer, expecting expected: Int32) throws {
    let code = sqlite3_step(statement)
    guard code == expected else { throw failure(code) }
  }

  private func failure(_ code: Int32) -> StorageError {
    let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? ""
    let errno = handle.map { sqlite3_system_errno($0) } ?? 0
    return KeyErrors.error(code: code, message: message, path: path, errno: errno)
  }

  /// Binds bytes that must stay where they are until the statement has been given back.
  private func bind(_ statement: OpaquePointer, _ index: Int32, _ bytes: UnsafeRawBufferPointer) throws {
    let code =
      if let base = bytes.baseAddress, bytes.count > 0 {
        sqlite3_bind_blob64(statement, index, base, UInt64(bytes.count), nil)
      } else {
        // A nil pointer would bind NULL, which is no byte string.
        sqlite3_bind_zeroblob(statement, index, 0)
      }
    guard code == SQLITE_OK else { throw failure(code) }
  }

  private func column(_ statement: OpaquePointer, _ index: Int32) -> [UInt8] {
    let count = Int(sqlite3_column_bytes(statement, index))
    guard count > 0, let base = sqlite3_column_blob(statement, index) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: base, count: count))
  }
}

extension KeyConnection: KeyTransaction {
  func get(_ key: Key) throws -> [UInt8]? {
    try key.bytes.withUnsafeBytes { keyBytes in
      try with(.get) { statement in
        try bind(statement, 1, keyBytes)
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return column(statement, 0)
        case SQLITE_DONE: return nil
        case let code: throw failure(code)
        }
      }
    }
  }

  func scan(_ range: KeyRange, reversed: Bool, _ visit: (Key, [UInt8]) throws -> Bool) throws {
    try range.from.bytes.withUnsafeBytes { from in
      try range.to.bytes.withUnsafeBytes { to in
        try with(reversed ? .scanReversed : .scan) { statement in
          try bind(statement, 1, from)
          try bind(statement, 2, to)
          while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
              guard try visit(Key(encoded: column(statement, 0)), column(statement, 1)) else { return }
            case SQLITE_DONE: return
            case let code: throw failure(code)
            }
          }
        }
      }
    }
  }

  func set(_ key: Key, _ value: [UInt8]) throws {
    try beforeChange()
    try key.bytes.withUnsafeBytes { keyBytes in
      try value.withUnsafeBytes { valueBytes in
        try with(.set) { statement in
          try bind(statement, 1, keyBytes)
          try bind(statement, 2, valueBytes)
          try step(statement, expecting: SQLITE_DONE)
        }
      }
    }
  }

  func delete(_ key: Key) throws {
    try beforeChange()
    try key.bytes.withUnsafeBytes { keyBytes in
      try with(.delete) { statement in
        try bind(statement, 1, keyBytes)
        try step(statement, expecting: SQLITE_DONE)
      }
    }
  }

  func delete(_ range: KeyRange) throws {
    try beforeChange()
    try range.from.bytes.withUnsafeBytes { from in
      try range.to.bytes.withUnsafeBytes { to in
        try with(.deleteRange) { statement in
          try bind(statement, 1, from)
          try bind(statement, 2, to)
          try step(statement, expecting: SQLITE_DONE)
        }
      }
    }
  }
}

/// SQLite's result codes in the ground floor's words.
enum KeyErrors {
  static func error(code: Int32, message: String, path: String, errno: Int32) -> StorageError {
    switch code & 0xFF {
    case SQLITE_FULL: .diskFull
    case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt("the key store \(path): \(message)")
    case SQLITE_TOOBIG: .corrupt("a key or value is longer than SQLite stores: \(message)")
    default: .io(operation: "key store: \(message) (SQLite \(code))", path: path, errno: errno)
    }
  }
}
