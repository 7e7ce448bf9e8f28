/// `SHOW TABLES FROM SCHEMA …`, `SHOW GRANTS ON TABLE …`, `SHOW TABLE t`, ….
public struct RedshiftShow: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case databases = "DATABASES"
    case schemas = "SCHEMAS"
    case tables = "TABLES"
    case columns = "COLUMNS"
    case primaryKeys = "CONSTRAINTS PRIMARY KEYS"
    case foreignKeys = "CONSTRAINTS FOREIGN KEYS"
    case exportedKeys = "CONSTRAINTS FOREIGN KEYS EXPORTED"
    case procedures = "PROCEDURES"
    case functions = "FUNCTIONS"
    case procedureParameters = "PARAMETERS OF PROCEDURE"
    case functionParameters = "PARAMETERS OF FUNCTION"
    case grants = "GRANTS"
    case columnGrants = "COLUMN GRANTS"
    case table = "TABLE"
    case view = "VIEW"
    case externalTable = "EXTERNAL TABLE"
    case procedure = "PROCEDURE"
    case model = "MODEL"
  }

  /// A name or pattern: drivers send them as parameters.
  public enum Word: Hashable, Sendable {
    /// In lower case unless it is a pattern.
    case text(String)
    /// Counted from zero.
    case parameter(Int)
  }

  public enum Grantee: Hashable, Sendable {
    case user(Word)
    case role(Word)
    case everyone
  }

  public var kind: Kind
  /// The object of SHOW TABLE, VIEW, PROCEDURE and the like.
  public var name: QualifiedName?
  /// The parts of the name of what is listed: database, schema, table or routine, as many as were written.
  public var path: [Word] = []
  /// What SHOW GRANTS ON names: `TABLE`, `SCHEMA`, `DATABASE`, `FUNCTION` or `PROCEDURE`; `nil` with FOR alone.
  public var object: String?
  /// A routine's types of arguments; `nil` where none were written.
  public var arguments: [Word]?
  public var grantee: Grantee?
  public var like: Word?
  public var limit: Int?

  public init(kind: Kind, name: QualifiedName? = nil) {
    self.kind = kind
    self.name = name
  }

  /// The number of parameters that it takes.
  public var parameters: Int {
    var words = path + (arguments ?? []) + (like.map { [$0] } ?? [])
    switch grantee {
    case .user(let word), .role(let word): words.append(word)
    default: break
    }
    return words.map { if case .parameter(let index) = $0 { index + 1 } else { 0 } }.max() ?? 0
  }
}
