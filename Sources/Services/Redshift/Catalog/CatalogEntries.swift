import SQL

/// What one namespace holds beside rows: databases, schemas, relations with what Redshift keeps of them, routines, and
/// who may do what. Each is a row of the catalog's own table in the database file, written in the transaction that
/// changes it, so that a rollback or a crash takes it back with the rest.
///
/// Numbers are Redshift's object identifiers. A relation's rows lie in the engine's table of that number: names are the
/// catalog's alone, so that renaming moves nothing.
protocol CatalogEntry: Codable, Sendable, Hashable {
  static var kind: CatalogKind { get }
  var id: Int { get }
}

enum CatalogKind: String, Codable, Sendable {
  case database, schema, relation, routine, user, group, policy
}

struct CatalogKey: Hashable, Sendable {
  var kind: CatalogKind
  var id: Int
}

/// One right that was granted on an object.
struct CatalogGrant: Codable, Sendable, Hashable {
  /// `nil` stands for PUBLIC.
  var grantee: CatalogGrantee?
  /// In upper case: `SELECT`, `USAGE`, ….
  var privilege: String
  /// A column's right; empty for the whole object.
  var column: String = ""
  var withOption: Bool = false
  /// A user.
  var grantor: Int
}

struct CatalogGrantee: Codable, Sendable, Hashable {
  /// A group or role, and not a user.
  var isGroup: Bool
  var id: Int
}

struct CatalogDatabase: CatalogEntry {
  static let kind = CatalogKind.database
  var id: Int
  var name: String
  var owner: Int
  var connectionLimit: Int?
  var isolation = "Serializable"
  /// COLLATE CASE_INSENSITIVE: what its columns are where they do not say otherwise.
  var isCaseInsensitive: Bool?
  var grants: [CatalogGrant] = []
  /// ALTER DEFAULT PRIVILEGES.
  var defaults: [Default]?

  struct Default: Codable, Sendable, Hashable {
    /// Whose new objects are meant.
    var owner: Int
    /// `nil` stands for all schemas.
    var schema: Int?
    /// `TABLES`, `FUNCTIONS` or `PROCEDURES`.
    var kind: String
    var grants: [CatalogGrant]
  }
}

struct CatalogSchema: CatalogEntry {
  static let kind = CatalogKind.schema
  var id: Int
  var database: Int
  var name: String
  var owner: Int
  var quotaMegabytes: Int?
  var external: External?
  var comment: String?
  var grants: [CatalogGrant] = []

  /// A schema whose tables are elsewhere.
  struct External: Codable, Sendable, Hashable {
    /// `data catalog` or `kinesis`.
    var source: String
    var database: String
    var role: String?
    var region: String?
    var catalogID: String?

    /// Its tables are Kinesis streams.
    var isStream: Bool { source == "kinesis" }
  }
}

struct CatalogRelation: CatalogEntry {
  static let kind = CatalogKind.relation
  enum Form: String, Codable, Sendable {
    case table, view, materializedView
  }
  var id: Int
  var schema: Int
  var name: String
  var form: Form
  var owner: Int
  var isTemporary = false
  var columns: [CatalogColumn]
  /// The number that the next new column gets.
  var nextColumn: Int
  /// `AUTO`, `EVEN`, `ALL` or `KEY`; `AUTO(…)` shows in views as what it chose.
  var distribution = "AUTO"
  var distKey: String?
  /// `COMPOUND`, `INTERLEAVED` or `AUTO`.
  var sortStyle: String?
  var sortKeys: [String] = []
  var constraints: [CatalogConstraint] = []
  var comment: String?
  /// The query of a view as it was written, and the schemas in which its names are looked up.
  var text: String?
  var searchPath: [String] = []
  /// Whether the view's text was written where quoted names keep their case.
  var keepsCase: Bool?
  var isLateBinding = false
  /// Relations that a view or a materialized view reads.
  var uses: [Int] = []
  var autoRefresh = false
  /// Seconds since 1970.
  var createdAt: Double
  /// A materialized view's last refresh.
  var refreshedAt: Double?
  var grants: [CatalogGrant] = []
  var rowLevelSecurity: Bool?
  /// `AND` (which `nil` stands for) or `OR`: how several policies are joined.
  var rowLevelConjunction: String?
  var backup = true
  /// The engine's table where it is not the one of the relation's number: rows that were written anew.
  var storage: Int?
  /// What a materialized view's rows were made from.
  var materialization: Materialization?

  struct Materialization: Codable, Sendable, Hashable {
    /// The tables, in the order of their numbers.
    var bases: [Base] = []
    /// Whether rows that are added to the tables can be followed.
    var isIncremental: Bool
    var stream: Stream?
    /// Stands for the files in the lake that were read.
    var lakeStamp: String?
    /// The query gives something else each time.
    var isMutable = false
  }

  /// A table as a refresh found it.
  struct Base: Codable, Sendable, Hashable {
    var relation: Int
    var storage: Int
    var rows: Int64
    /// The place of its last row in the engine's table.
    var highest: Int64
    /// How often rows were changed or removed.
    var changes: Int64
  }

  /// A stream, and where in its shards the next refresh reads on.
  struct Stream: Codable, Sendable, Hashable {
    var schema: Int
    var name: String
    var uid: String?
    var positions: [String: UInt64] = [:]
  }

  func column(_ name: String) -> CatalogColumn? { columns.first { $0.name == name } }
}

struct CatalogColumn: Codable, Sendable, Hashable {
  struct Identity: Codable, Sendable, Hashable {
    var seed: Int64
    var step: Int64
    var byDefault: Bool
  }
  /// `attnum`.
  var number: Int
  var name: String
  var type: CatalogType
  var encoding: String
  var notNull = false
  var isCaseSensitive = true
  /// The default as it was written, and as the engine takes it.
  var defaultText: String?
  var engineDefault: String?
  var identity: Identity?
  var comment: String?

  /// As the engine's table has it. Its collation does all that Redshift's does.
  var engineType: String {
    switch type.type {
    case .char, .varchar: type.type.engineName + (isCaseSensitive ? "" : " COLLATE NOCASE")
    default: type.type.engineName
    }
  }
}

struct CatalogConstraint: Codable, Sendable, Hashable {
  enum Form: String, Codable, Sendable {
    case unique = "u"
    case primaryKey = "p"
    case foreignKey = "f"
  }
  var id: Int
  var name: String
  var form: Form
  var columns: [String]
  /// A foreign key's table and columns.
  var references: Int?
  var referencedColumns: [String] = []
}

struct CatalogRoutine: CatalogEntry {
  static let kind = CatalogKind.routine
  var id: Int
  var schema: Int
  var name: String
  var owner: Int
  var isProcedure: Bool
  var argumentNames: [String]
  var argumentModes: [String]
  var argumentTypes: [CatalogType]
  var returns: CatalogType?
  var volatility: String
  var language: String
  var body: String
  var text: String
  var securityDefiner = false
  var grants: [CatalogGrant] = []
}

struct CatalogUser: CatalogEntry {
  static let kind = CatalogKind.user
  var id: Int
  var name: String
  var isSuperuser = false
  var createsDatabases = false
  /// The password's verifier as JSON; `nil` for none.
  var password: String?
  var validUntil: String?
  var connectionLimit: Int?
  var sessionTimeoutSeconds: Int?
  var isSyslogUnrestricted = false
  var externalID: String?
  /// ALTER USER … SET.
  var settings: [String: String] = [:]
}

/// A group or a role.
struct CatalogGroup: CatalogEntry {
  static let kind = CatalogKind.group
  var id: Int
  var name: String
  var isRole: Bool
  var owner: Int
  var externalID: String?
  /// Users, and for roles other roles that hold it; with ADMIN OPTION or not.
  var members: [Member] = []
  /// System permissions of a role.
  var permissions: [String] = []

  struct Member: Codable, Sendable, Hashable {
    var grantee: CatalogGrantee
    var admin: Bool
  }
}

/// A row-level security or masking policy, with where it is attached.
struct CatalogPolicy: CatalogEntry {
  static let kind = CatalogKind.policy
  var id: Int
  var name: String
  var isMasking: Bool
  var database: Int
  var columnNames: [String]
  var columnTypes: [CatalogType]
  var alias: String?
  /// The condition, or the masks parted by commas, as written.
  var text: String
  /// Whether the text was written where quoted names keep their case.
  var keepsCase: Bool?
  var attachments: [Attachment] = []

  struct Attachment: Codable, Sendable, Hashable {
    var relation: Int
    var columns: [String]
    var using: [String]
    /// `nil` stands for PUBLIC.
    var grantee: CatalogGrantee?
    var priority: Int
  }
}
