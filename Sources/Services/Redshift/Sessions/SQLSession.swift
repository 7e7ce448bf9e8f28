public import Engine
public import PostgresWire

/// One user's connection to a database of the warehouse: what the PostgreSQL endpoint and the Data API speak to.
///
/// Statements of a session run one after the other; each call returns when the next may be made, but for rows, which
/// are computed as they are read.
public protocol SQLSession: Sendable {
  /// Cuts a text into its statements, as the simple query protocol gets them.
  /// - Throws: `SQLFailure` for an open quote or comment.
  func split(_ text: String) throws(SQLFailure) -> [String]

  /// Checks a statement and tells what it takes and gives, without running it.
  /// - Parameter parameterTypes: the types that the client says `$1`, `$2`, … have; missing ones are inferred.
  /// - Throws: `SQLFailure`; a transaction block that is open has failed then.
  func prepare(_ text: String, parameterTypes: [PostgresType?]) async throws(SQLFailure) -> PreparedSQL

  /// Runs a prepared statement to its first rows.
  /// - Parameter parameters: values of `$1`, `$2`, … in PostgreSQL's text form; `nil` is NULL.
  /// - Throws: `SQLFailure`; a transaction block that is open has failed then, otherwise nothing was changed.
  func execute(_ statement: PreparedSQL, parameters: [String?]) async throws(SQLFailure) -> SQLOutcome

  /// Where the session stands between BEGIN and COMMIT.
  var transaction: TransactionState { get async }
  /// What clients are told at the start and on every change: `server_version`, `client_encoding`, `DateStyle`, ….
  var reportedParameters: [(name: String, value: String)] { get async }
  /// What the statements of the session wanted said beside their results; handed over once.
  func takeNotices() async -> [SQLNotice]

  /// What PG_BACKEND_PID tells; `nil` lets the endpoint number its clients itself.
  var processID: Int32? { get }
  /// Statements that run longer are ended (`SET statement_timeout`); `nil` for none but the endpoint's own limit.
  var statementMillisecondsMax: Int? { get async }

  /// The number under which the catalog's views show the last statement; `nil` before the first.
  var statementID: Int? { get async }

  /// What is to happen when somebody ends the session (PG_TERMINATE_BACKEND); without it the session is closed.
  func whenTerminated(_ body: @escaping @Sendable () -> Void)

  /// Ends what runs, from anywhere; the session goes on.
  func cancel()
  /// Rolls back what is open and lets go of the connection. Safe to call twice.
  func close() async
}

extension SQLSession {
  public var statementID: Int? { get async { nil } }
  public func whenTerminated(_ body: @escaping @Sendable () -> Void) {}
  public var processID: Int32? { nil }
  public var statementMillisecondsMax: Int? { get async { nil } }
}

public enum TransactionState: Hashable, Sendable {
  case idle
  /// After BEGIN.
  case open
  /// After an error in a block: everything but ROLLBACK is refused.
  case failed
}

/// A statement that was checked.
public struct PreparedSQL: Sendable {
  public var text: String
  public var parameterTypes: [PostgresType]
  /// `nil` when the statement gives no rows.
  public var columns: [SQLColumn]?

  public init(text: String, parameterTypes: [PostgresType], columns: [SQLColumn]?) {
    self.text = text
    self.parameterTypes = parameterTypes
    self.columns = columns
  }
}

public struct SQLColumn: Hashable, Sendable {
  public var name: String
  public var type: PostgresType
  /// The table and column that it stands for, where it is one.
  public var table: String?
  public var schema: String?
  public var isNullable: Bool

  public init(name: String, type: PostgresType, table: String? = nil, schema: String? = nil, isNullable: Bool = true) {
    self.name = name
    self.type = type
    self.table = table
    self.schema = schema
    self.isNullable = isNullable
  }
}

/// What a statement gave.
public enum SQLOutcome: Sendable {
  /// Rows to read; the command's tag (`SELECT 3`) is known at their end.
  case rows(any SQLRows)
  /// A statement without rows, done: its tag as PostgreSQL words it (`INSERT 0 5`, `CREATE TABLE`).
  case done(tag: String)
  /// An empty statement.
  case empty
}

/// Rows as they are computed; for one reader.
public protocol SQLRows: Sendable {
  var columns: [SQLColumn] { get }
  /// The next rows, `nil` at the end.
  func next() async throws(SQLFailure) -> DataChunk?
  /// One value in PostgreSQL's text form, `nil` for NULL.
  func text(_ chunk: DataChunk, column: Int, row: Int) -> String?
  /// The tag once all was read.
  var tag: String { get }
  /// Gives up the rest.
  func close() async
}

/// An error as PostgreSQL's protocol carries it.
public struct SQLFailure: Error, Hashable, Codable, Sendable {
  /// Five characters, e.g. `42P01`.
  public var sqlState: String
  public var message: String
  public var detail: String?
  public var hint: String?
  /// Characters from the statement's start, counted from 1.
  public var position: Int?
  /// Ends the connection, too.
  public var isFatal: Bool

  public init(
    _ sqlState: String, _ message: String, detail: String? = nil, hint: String? = nil, position: Int? = nil,
    isFatal: Bool = false
  ) {
    self.sqlState = sqlState
    self.message = message
    self.detail = detail
    self.hint = hint
    self.position = position
    self.isFatal = isFatal
  }
}

public struct SQLNotice: Hashable, Sendable {
  /// `INFO`, `NOTICE`, `WARNING`.
  public var severity: String
  public var sqlState: String
  public var message: String

  public init(_ severity: String, _ sqlState: String, _ message: String) {
    self.severity = severity
    self.sqlState = sqlState
    self.message = message
  }
}

/// Gives sessions on the databases of one endpoint (a cluster's or a workgroup's).
public protocol SQLWarehouse: Sendable {
  /// - Parameters:
  ///   - user: a database user's name, without the prefix of IAM users.
  ///   - settings: startup parameters (`application_name`, `search_path`, …).
  /// - Throws: `SQLFailure` (`3D000` for a database that does not exist).
  func session(user: String, database: String, settings: [String: String]) async throws(SQLFailure) -> any SQLSession
}
