public import Kernel

/// What a statement is, told from its text.
public struct StatementKind: Sendable, Hashable {
  /// `DDL`, `DML` or `UTILITY`.
  public var type: String
  /// Such as `SELECT`, `CREATE_TABLE_AS_SELECT` or `SHOW_TABLES`.
  public var substatement: String

  public init(type: String, substatement: String) {
    self.type = type
    self.substatement = substatement
  }
}

/// One query on its way: all that running it needs.
public struct QueryJob: Sendable {
  public var id: String
  public var query: String
  public var database: String
  public var parameters: [String]
  public var workGroup: String
  public var outputBucket: String
  /// Empty, or ending with a slash.
  public var outputPrefix: String
  public var scanCutoffBytes: Int64?
  public var publishesMetrics: Bool
  /// Whose rights the query has.
  public var context: RequestContext
  public var monitor: QueryMonitor
  public var prepared: PreparedStatementAccess
}

/// The workgroup's prepared statements, as `PREPARE`, `EXECUTE` and `DEALLOCATE` see them.
public struct PreparedStatementAccess: Sendable {
  public var text: @Sendable (String) async throws -> String
  public var save: @Sendable (String, String) async throws -> Void
  public var remove: @Sendable (String) async throws -> Void
}

/// How a query ended well.
public struct QueryOutcome: Sendable {
  public var columns: [ResultColumn] = []
  public var outputLocation: String?
  public var outputBytes: Int64 = 0
  public var outputRows: Int64 = 0
  public var updateCount: Int64?
  /// Whether the output begins with the columns' names (results of SELECT do, those of DDL do not).
  public var hasHeader = true
  public var manifestLocation: String?

  public init() {}
}

/// Runs statements. `classify` must be quick: it is asked while the caller of StartQueryExecution waits.
public protocol StatementExecutor: Sendable {
  /// - Throws: `AWSError` `InvalidRequestException` with line and column for text that is no statement.
  func classify(_ query: String) throws -> StatementKind
  /// - Throws: `QueryFailure` with Athena's reason, or `CancellationError`.
  func execute(_ job: QueryJob) async throws -> QueryOutcome
}

/// Why a query failed, in Athena's words.
public struct QueryFailure: Error, Sendable {
  /// What `StateChangeReason` says.
  public var reason: String
  /// Athena's error category: 1 system, 2 user, 3 other.
  public var category: Int
  /// Athena's error type; "Error type reference" in the user guide.
  public var type: Int

  public init(_ reason: String, category: Int = 2, type: Int = 1) {
    // Errors quote the statement, which may be long.
    self.reason = String(reason.prefix(AthenaLimits.reasonCharactersMax))
    self.category = category
    self.type = type
  }
}

/// What a running query shows of itself, and how it is told to stop.
public final class QueryMonitor: Sendable {
  private struct State {
    var scannedBytes: Int64 = 0
    var planned: Timestamp?
    var engineEnded: Timestamp?
    var cancel: (@Sendable () -> Void)?
    var cancelled = false
    var cutOff = false
  }
  private let state = Locked(State())

  public init() {}

  public var scannedBytes: Int64 { state.withLock { $0.scannedBytes } }
  public var isCancelled: Bool { state.withLock { $0.cancelled } }
  /// The workgroup's scan limit stopped the query.
  public var wasCutOff: Bool { state.withLock { $0.cutOff } }
  var planned: Timestamp? { state.withLock { $0.planned } }
  var engineEnded: Timestamp? { state.withLock { $0.engineEnded } }

  /// The total read so far. Also how the engine learns that the cutoff has been passed.
  /// - Returns: `false` when the query should stop.
  @discardableResult
  public func scanned(_ total: Int64, cutoff: Int64?) -> Bool {
    let cancel: (@Sendable () -> Void)? = state.withLock { state in
      state.scannedBytes = max(state.scannedBytes, total)
      guard let cutoff, total > cutoff, !state.cancelled else { return nil }
      state.cutOff = true
      state.cancelled = true
      return state.cancel
    }
    cancel?()
    return !isCancelled
  }

  /// Names and partitions are resolved; the engine begins.
  public func planningEnded(_ now: Timestamp) { state.withLock { $0.planned = now } }
  /// The engine has given its last row.
  public func engineFinished(_ now: Timestamp) { state.withLock { $0.engineEnded = now } }

  /// What to call when the query is to stop; called at once when that has happened already.
  public func onCancel(_ action: (@Sendable () -> Void)?) {
    let already = state.withLock { state in
      state.cancel = action
      return state.cancelled
    }
    if already { action?() }
  }

  func cancel() {
    let action = state.withLock { state in
      state.cancelled = true
      return state.cancel
    }
    action?()
  }
}
