import SQL

/// A relation that the warehouse makes up when it is read: PostgreSQL's catalog, the information schema, and Redshift's
/// SVV_, STV_, STL_, SVL_ and SYS_ views.
struct SystemView: Sendable {
  struct Column: Sendable {
    var name: String
    var type: RedshiftType
  }
  var schema: String
  var name: String
  var columns: [Column]
  /// Its rows for one session, in PostgreSQL's text form.
  var rows: @Sendable (SystemSource) async throws -> [[String?]]

  /// - Parameter columns: names and types, parted by blanks and commas: `oid oid, relname name, reltuples real`.
  init(
    _ schema: String, _ name: String, _ columns: String,
    rows: @escaping @Sendable (SystemSource) async throws -> [[String?]]
  ) {
    self.schema = schema
    self.name = name
    self.columns = columns.split(separator: ",").map { item in
      let words = item.split { $0.isWhitespace }
      let type: RedshiftType =
        switch words.count > 1 ? words[1] : "text" {
        case "oid": .catalog("oid")
        case "int": .integer
        case "smallint": .smallint
        case "bigint": .bigint
        case "smallints": .array(.smallint)
        case "texts": .array(.text)
        case "oids": .array(.catalog("oid"))
        case "bool": .boolean
        case "real": .real
        case "double": .double
        case "whole": .decimal(precision: 38, scale: 0)
        case "numeric": .decimal(precision: 38, scale: 4)
        case "timestamp": .timestamp
        case "timestamptz": .timestamptz
        case "name": .varchar(128)
        case "char": .char(1)
        default: .varchar(WarehouseLimits.varcharBytesMax)
        }
      return Column(name: String(words.first ?? ""), type: type)
    }
    self.rows = rows
  }

  /// One that is in no catalog.
  init(
    _ schema: String, columns: [Column], rows: @escaping @Sendable (SystemSource) async throws -> [[String?]]
  ) {
    self.schema = schema
    name = ""
    self.columns = columns
    self.rows = rows
  }

  /// As clients are told of them.
  var shownColumns: [SQLColumn] { columns.map { SQLColumn(name: $0.name, type: $0.type.postgres) } }

  /// The rows as lines of CSV, for the engine's reader.
  static func lines(_ rows: [[String?]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for row in rows {
      for (index, value) in row.enumerated() {
        if index > 0 { bytes.append(0x2c) }
        guard let value else {
          bytes += [0x5c, 0x4e]
          continue
        }
        bytes.append(0x22)
        for byte in value.utf8 {
          if byte == 0x22 { bytes.append(0x22) }
          bytes.append(byte)
        }
        bytes.append(0x22)
      }
      bytes.append(0x0a)
    }
    return bytes
  }

  /// The relation that reads such lines from a file of the session.
  func relation(at path: String, isEmpty: Bool) -> String {
    if isEmpty {
      let items = columns.map { "CAST(NULL AS \($0.type.engineName)) AS \(DuckDBText.identifier($0.name))" }
      return "(SELECT \(items.joined(separator: ", ")) WHERE false)"
    }
    let types = columns.map { "\(DuckDBText.string($0.name)): \(DuckDBText.string($0.type.engineName))" }
    return "(SELECT * FROM read_csv(\(DuckDBText.string(path)), auto_detect = false, header = false, delim = ',', "
      + "quote = '\"', escape = '\"', nullstr = '\\N', allow_quoted_nulls = false, parallel = false, "
      + "columns = {\(types.joined(separator: ", "))}))"
  }
}

/// What system views are made from: the state that one session sees.
struct SystemSource: Sendable {
  var warehouse: Warehouse
  var session: WarehouseSession
  var catalog: Catalog
  var temporaries: Catalog
  var database: CatalogDatabase
  var user: CatalogUser
  var rights: Rights
  var settings: [String: String]
}

enum SystemViews {
  static let schemas: Set<String> = ["pg_catalog", "information_schema", "pg_internal"]

  private static let byName: [SessionNames.Place: SystemView] = Dictionary(
    (PostgresCatalog.views + InformationSchema.views + RedshiftViews.views + RefreshViews.views
      + ActivityViews.views + WorkloadViews.views + ConnectionViews.views).map {
      (SessionNames.Place(schema: $0.schema, name: $0.name), $0)
    }, uniquingKeysWith: { first, _ in first })

  static var all: [SystemView] { byName.values.sorted { ($0.schema, $0.name) < ($1.schema, $1.name) } }

  static func view(_ schema: String, _ name: String) -> SystemView? {
    byName[SessionNames.Place(schema: schema, name: name)]
  }
}
