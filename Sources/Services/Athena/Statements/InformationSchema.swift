import GlueModel
import Kernel
import Lake
import SQL

/// `information_schema`: the catalog as tables. Source: Athena's user guide, "Query the AWS Glue Data Catalog".
struct InformationSchema: Sendable {
  static let database = "information_schema"

  let glue: any GlueAPI
  let context: RequestContext

  private static func text(_ names: String...) -> [BoundColumn] {
    names.map { BoundColumn($0, SQLType.varcharUnbounded) }
  }

  private static let tables: [String: [BoundColumn]] = [
    "schemata": text("catalog_name", "schema_name"),
    "tables": text("table_catalog", "table_schema", "table_name", "table_type"),
    "views": text("table_catalog", "table_schema", "table_name", "view_definition"),
    "columns": text("table_catalog", "table_schema", "table_name", "column_name")
      + [BoundColumn("ordinal_position", SQLType.bigint)]
      + text("column_default", "is_nullable", "data_type", "comment", "extra_info"),
  ]

  /// - Returns: `nil` when `information_schema` has no such table.
  static func table(_ name: TableName) -> BoundTable? {
    tables[name.name].map { InlineTable.bound(name, $0) }
  }

  /// The rows that a use of one of the tables can want.
  func rows(_ use: TableUse) async throws -> InlineTable {
    let name = use.reference.table.name
    var table = InlineTable(columns: Self.tables[name] ?? [], rows: [])
    if name == "schemata" {
      let names = try await databases(use, "schema_name") + [Self.database]
      table.rows = names.sorted().map { [Self.catalog, $0] }
      return table
    }
    for database in try await databases(use, "table_schema") {
      for found in try await self.tables(database, use) { table.rows += try Self.rows(name, database, found) }
    }
    if name != "views", use.partitions.mayMatch(["table_schema": Self.database]) {
      for (own, columns) in Self.tables.sorted(by: { $0.key < $1.key }) {
        table.rows += Self.rows(name, Self.database, own, "BASE TABLE", columns.map { ($0, nil, nil) })
      }
    }
    return table
  }

  private static let catalog = "awsdatacatalog"

  /// The databases that the condition leaves, as far as the caller may see them.
  private func databases(_ use: TableUse, _ column: String) async throws -> [String] {
    var names: [String] = []
    if let wanted = use.partitions.values(of: column) {
      for name in wanted.sorted() where name == name.lowercased() {
        if try await visible({ try await glue.getDatabase(GetDatabaseInput(name: name), context) }) != nil {
          names.append(name)
        }
      }
      return names
    }
    var token: String?
    repeat {
      let page = try await glue.getDatabases(GetDatabasesInput(nextToken: token), context)
      names += page.databaseList.map(\.name)
      token = page.nextToken
    } while token != nil
    return names.sorted().filter { use.partitions.mayMatch([column: $0]) }
  }

  private func tables(_ database: String, _ use: TableUse) async throws -> [Table] {
    var tables: [Table] = []
    if let wanted = use.partitions.values(of: "table_name") {
      for name in wanted.sorted() where name == name.lowercased() && !name.isEmpty {
        let found = try await visible {
          try await glue.getTable(GetTableInput(databaseName: database, name: name), context).table
        }
        if let table = found ?? nil { tables.append(table) }
      }
      return tables
    }
    var token: String?
    repeat {
      let after = token
      let page = try await visible {
        try await glue.getTables(GetTablesInput(databaseName: database, nextToken: after), context)
      }
      tables += (page?.tableList ?? []).filter {
        use.partitions.mayMatch(["table_schema": database, "table_name": $0.name])
      }
      token = page?.nextToken
    } while token != nil
    return tables.sorted { $0.name < $1.name }
  }

  /// What the caller may not see, and what is gone meanwhile, is not there.
  private func visible<T>(_ look: () async throws -> T) async throws -> T? {
    do {
      return try await look()
    } catch let error as AWSError where error.code == "EntityNotFoundException" || error.code.hasPrefix("AccessDenied")
    {
      return nil
    }
  }

  private static func rows(_ name: String, _ database: String, _ table: Table) throws -> [[String?]] {
    if name == "views" {
      guard let view = try? StoredView(table) else { return [] }
      return [[catalog, database, table.name, view.sql]]
    }
    // A column whose type nobody can read spoils its own row only.
    func columns(_ columns: [Column], _ info: String?) -> [(BoundColumn, String?, String?)] {
      columns.map { column in
        let type = (try? HiveType.parse(column.type ?? "string").sqlType) ?? .unknown
        return (BoundColumn(column.name.lowercased(), type), column.comment, info)
      }
    }
    return rows(
      name, database, table.name, table.tableType == "VIRTUAL_VIEW" ? "VIEW" : "BASE TABLE",
      columns(table.storageDescriptor?.columns ?? [], nil) + columns(table.partitionKeys ?? [], "partition key"))
  }

  private static func rows(
    _ name: String, _ database: String, _ table: String, _ type: String, _ columns: [(BoundColumn, String?, String?)]
  ) -> [[String?]] {
    guard name == "columns" else { return [[catalog, database, table, type]] }
    return columns.enumerated().map { index, entry in
      let (column, comment, info) = entry
      return [
        catalog, database, table, column.name, String(index + 1), nil, "YES", column.type.description, comment, info,
      ]
    }
  }
}
