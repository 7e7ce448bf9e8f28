import Kernel

/// What the activity log of a namespace holds, one JSON object a record: exactly one of its parts.
struct ActivityRecord: Codable, Sendable {
  var statement: StatementHistory.Entry?
  var loadErrors: [StatementHistory.LoadError]?
  var connection: ConnectionEvent?
  var user: UserEvent?
  var rule: RuleEvent?
  /// The greatest numbers given out so far, so that none is given twice after a start.
  var numbers = Numbers()

  struct Numbers: Codable, Hashable, Sendable {
    var query = 100
    var transaction = 1_000
    var process = 1_000
  }
}

/// Something that became of a connection: `STL_CONNECTION_LOG`, and the connection log of the audit.
struct ConnectionEvent: Codable, Hashable, Sendable {
  /// `authenticated`, `initiating session`, `disconnecting session`, `authentication failure`.
  var event: String
  var time: Timestamp
  var process: Int
  var user: Int
  var userName: String
  var database: String
  var startedAt: Timestamp
  var remoteHost = ""
  var applicationName = ""
  /// Of the session at its end.
  var durationMicroseconds: Int64 = 0
  /// Startup parameters of the connection that drivers tell of themselves: `driver_version`, `os_version`, ….
  var settings: [String: String] = [:]
}

/// A change of a database user: `STL_USERLOG`, and the user log of the audit.
struct UserEvent: Codable, Hashable, Sendable {
  var user: Int
  var userName: String
  var oldName: String
  /// `create`, `alter`, `drop`, `rename`.
  var action: String
  var createsDatabases: Bool
  var isSuperuser: Bool
  var validUntil: String?
  var process: Int
  var transaction: Int
  var time: Timestamp
}

/// A query monitoring rule that was met: `STL_WLM_RULE_ACTION`.
struct RuleEvent: Codable, Hashable, Sendable {
  var user: Int
  var query: Int
  var serviceClass: Int
  var queue: String
  var rule: String
  var action: String
  var value: String
  var time: Timestamp
}
