import Kernel
import NIOCore
import PostgresWire
import RedshiftDataModel
import Storage

/// A statement of the Data API as it is kept: one of ExecuteStatement, or a batch.
struct StatementRecord: Codable, Sendable {
  enum Status: String, Codable, Sendable {
    case submitted = "SUBMITTED"
    case picked = "PICKED"
    case started = "STARTED"
    case finished = "FINISHED"
    case failed = "FAILED"
    case aborted = "ABORTED"

    var isOver: Bool { self == .finished || self == .failed || self == .aborted }
  }

  struct Parameter: Codable, Sendable {
    var name: String
    var value: String
  }

  /// One statement; a batch has several.
  struct Part: Codable, Sendable {
    var sql: String
    var status = Status.submitted
    var error: String?
    var updated: Timestamp
    var nanoseconds: Int64 = 0
    /// Rows given or changed.
    var rows: Int64 = -1
    var result: StoredResult?
    /// Its number in the catalog's views.
    var query: Int?
  }

  var id: String
  var parts: [Part]
  var isBatch: Bool
  var status = Status.submitted
  var error: String?
  var created: Timestamp
  var updated: Timestamp
  var target: DataTarget
  var name: String?
  var parameters: [Parameter]
  /// JSON or CSV.
  var format: String
  var session: String?
  /// Who may see it: the principal's ARN, and its role's name.
  var owner: String
  var ownerRole: String?
  /// The session's process.
  var process: Int?

  static func key(_ scope: Scope, _ id: String) -> Key {
    Key("redshift-data", scope.account.digits, scope.region.code, id)
  }
  static let everywhere = Key("redshift-data").subtree
  /// Statements, newest first.
  static func byTime(_ scope: Scope) -> Key {
    Key("redshift-data-time", scope.account.digits, scope.region.code)
  }
  func timeKey(_ scope: Scope) -> Key { Self.byTime(scope).appending(-created.nanoseconds, id) }
  /// Statements that have not ended: what a restart has to close.
  static let open = Key("redshift-data-open")
  static func open(_ scope: Scope, _ id: String) -> Key {
    open.appending(scope.account.digits, scope.region.code, id)
  }

  var nanoseconds: Int64 { parts.reduce(0) { $0.saturatingAdd($1.nanoseconds) } }
}

/// A result in the log of results.
struct StoredResult: Codable, Sendable {
  struct Page: Codable, Sendable {
    var offset: UInt64
    var rows: Int
    var bytes: Int
  }
  struct Column: Codable, Sendable {
    var name: String
    var oid: UInt32
    var modifier: Int32
    var table: String?
    var schema: String?
    var isNullable: Bool
  }

  var columns: [Column]
  var pages: [Page]
  var rows: Int64
  var bytes: Int64
}

extension StoredResult.Column {
  init(_ column: SQLColumn) {
    self.init(
      name: column.name, oid: column.type.oid, modifier: column.type.modifier, table: column.table,
      schema: column.schema, isNullable: column.isNullable)
  }

  private static let names: [UInt32: (name: String, precision: Int, scale: Int, isSigned: Bool)] = [
    16: ("bool", 1, 0, false), 17: ("bytea", 2_147_483_647, 0, false), 19: ("name", 64, 0, false),
    20: ("int8", 19, 0, true), 21: ("int2", 5, 0, true), 23: ("int4", 10, 0, true), 26: ("oid", 10, 0, false),
    700: ("float4", 8, 8, true), 701: ("float8", 17, 17, true), 1082: ("date", 13, 0, false),
    1083: ("time", 15, 6, false), 1114: ("timestamp", 29, 6, false), 1184: ("timestamptz", 35, 6, false),
    1186: ("interval", 49, 6, false), 1266: ("timetz", 21, 6, false), 4000: ("super", 2_147_483_647, 0, false),
    6551: ("varbyte", 2_147_483_647, 0, false),
  ]

  var isText: Bool { [18, 19, 25, 705, 1042, 1043].contains(oid) }

  /// The column in the words of JDBC's metadata, which is what the Data API gives.
  var metadata: ColumnMetadata {
    var shape = ColumnMetadata(isCaseSensitive: isText, isCurrency: false)
    shape.label = name
    shape.name = name
    shape.length = 0
    shape.nullable = isNullable ? 1 : 0
    shape.schemaName = schema ?? ""
    shape.tableName = table ?? ""
    shape.isSigned = false
    shape.scale = 0
    if oid == 1700 {
      shape.typeName = "numeric"
      shape.isSigned = true
      shape.precision = modifier >= 4 ? Int((modifier - 4) >> 16) : 38
      shape.scale = modifier >= 4 ? Int((modifier - 4) & 0xFFFF) : 0
    } else if let known = Self.names[oid] {
      shape.typeName = known.name
      shape.precision = known.precision
      shape.scale = known.scale
      shape.isSigned = known.isSigned
    } else {
      shape.typeName = oid == 1042 ? "bpchar" : oid == 25 ? "text" : "varchar"
      shape.precision = modifier >= 4 ? Int(modifier - 4) : 2_147_483_647
    }
    return shape
  }

  /// A value as the Data API types it: integers, doubles, booleans; all else is text.
  func field(_ text: String?) -> Field {
    guard let text else { return Field(isNull: true) }
    switch oid {
    case 16: return Field(booleanValue: text == "t" || text == "true")
    case 20, 21, 23, 26:
      if let number = Int64(text) { return Field(longValue: number) }
    case 700, 701:
      if let number = Double(text), number.isFinite { return Field(doubleValue: number) }
    default: break
    }
    return Field(stringValue: text)
  }
}
