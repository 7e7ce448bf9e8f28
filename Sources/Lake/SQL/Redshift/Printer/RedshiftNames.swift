/// What the printer must know of the database: how names are written for the engine.
public protocol RedshiftNames {
  /// A table or view that is read, as it stands in FROM: a quoted name, or a query in brackets where rows or columns
  /// are hidden, or where the table is elsewhere. An alias is added by the printer.
  /// - Throws: `SQLError` (`.tableNotFound`) for what does not exist or may not be read.
  func source(_ name: QualifiedName) throws(SQLError) -> String
  /// A table that is written or altered.
  func target(_ name: QualifiedName) throws(SQLError) -> String
  /// The table's columns in their order, so that values can be fitted to their types; `nil` when that is not known.
  func columns(_ name: QualifiedName) throws(SQLError) -> [RedshiftKnownColumn]?
  /// A function of the user's own: its name in the engine; `nil` when there is none of that name.
  func function(_ name: QualifiedName, arguments: Int) -> String?
  /// What `current_user`, `current_schema` and the like are in this session, and `pg_backend_pid` and others that
  /// only a session knows: SQL text by lower-case name; `nil` for those that it leaves to the engine.
  func sessionValue(_ name: String) -> String?
}

/// A column of a table that exists.
public struct RedshiftKnownColumn: Hashable, Sendable {
  /// As stored: in lower case unless the database keeps case.
  public var name: String
  public var type: RedshiftType
  /// Its default in the engine's tongue, for DEFAULT and for columns that are not named.
  public var defaultText: String?
  /// The database numbers it: without a column list INSERT gives it no value.
  public var isIdentity: Bool

  public init(name: String, type: RedshiftType, defaultText: String? = nil, isIdentity: Bool = false) {
    self.name = name
    self.type = type
    self.defaultText = defaultText
    self.isIdentity = isIdentity
  }
}
