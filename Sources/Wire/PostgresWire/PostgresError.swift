/// An error or notice as the protocol carries it.
public struct PostgresError: Error, Hashable, Sendable {
  /// `ERROR`, `FATAL`, or a notice's `INFO`, `NOTICE`, `WARNING`.
  public var severity: String
  /// Five characters.
  public var sqlState: String
  public var message: String
  public var detail: String?
  public var hint: String?
  /// Characters from the statement's start, counted from 1.
  public var position: Int?

  public init(
    _ sqlState: String, _ message: String, severity: String = "ERROR", detail: String? = nil, hint: String? = nil,
    position: Int? = nil
  ) {
    self.severity = severity
    self.sqlState = sqlState
    self.message = message
    self.detail = detail
    self.hint = hint
    self.position = position
  }

  /// An error that ends the connection.
  public static func fatal(_ sqlState: String, _ message: String) -> PostgresError {
    PostgresError(sqlState, message, severity: "FATAL")
  }

  /// What was received is no message of the protocol; nothing that follows can be understood.
  static func violation(_ message: String) -> PostgresError { fatal("08P01", message) }

  public var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }
}
