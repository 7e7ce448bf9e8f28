import Kernel

/// A table or a view of a database.
struct DatabaseTable: Sendable {
  var database: String
  var schema: String
  var name: String
  var isView: Bool
  var columns: [CrawledColumn]
  /// The connection by which it was found.
  var connection: String

  /// What stands in the catalog for a place.
  var location: String { "\(database).\(schema).\(name)" }
}

/// Reads what tables a PostgreSQL server has.
struct PostgresCatalog: Sendable {
  let client: PostgresClient
  let connection: ConnectionRecord

  /// The tables that an include path names and the connection's user may read, without those that are excluded.
  /// - Throws: `InvalidInputException` for a connection that names no server, and for a server that cannot be reached.
  func tables(_ path: IncludePath, exclusions: [Exclusion]) async throws -> [DatabaseTable] {
    let address = try address()
    guard path.database == address.database else {
      throw CatalogError.invalidInput(
        "The include path names the database \(path.database), and the connection \(connection.name) leads to "
          + "\(address.database).")
    }
    guard let user = connection.properties["USERNAME"] else {
      throw CatalogError.invalidInput("The connection \(connection.name) has no USERNAME.")
    }
    let lines = try await client.lines(
      Self.question(path), at: address, user: user, password: connection.properties["PASSWORD"] ?? "")
    guard lines.count <= CrawlLimits.tablesMax else {
      throw CatalogError.invalidInput("The crawl found more than \(CrawlLimits.tablesMax) tables.")
    }
    return try lines.compactMap { line in
      let table = try table(line, of: address.database)
      let below = path.relative(schema: table.schema, table: table.name)
      return exclusions.contains { $0.matches(below) } ? nil : table
    }
  }

  private func address() throws -> JDBCAddress {
    let url = connection.properties["JDBC_CONNECTION_URL"] ?? ""
    guard url.hasPrefix(JDBCAddress.prefix) else { throw CrawlerRules.notImplemented("of databases but PostgreSQL") }
    let enforcesTLS = connection.properties["JDBC_ENFORCE_SSL"] == "true"
    guard let address = JDBCAddress(url, enforcesTLS: enforcesTLS) else {
      throw PostgresClient.failed("\(url) is no \(JDBCAddress.prefix)host:port/database.")
    }
    return address
  }

  private func table(_ line: String, of database: String) throws -> DatabaseTable {
    guard let parts = (try? JSONValue.parse(line))?.array, parts.count == 4, let schema = Self.name(parts[0]),
      let name = Self.name(parts[1]), let kind = parts[2].string
    else { throw PostgresClient.failed("The server's catalog could not be read.") }
    var taken: Set<String> = []
    let columns = (parts[3].array ?? []).compactMap { column -> CrawledColumn? in
      guard let parts = column.array, parts.count == 2, let name = Self.name(parts[0])?.lowercased(),
        let type = parts[1].string, taken.insert(name).inserted
      else { return nil }
      return CrawledColumn(name, PostgresTypes.hive(type))
    }
    return DatabaseTable(
      database: database, schema: schema, name: name, isView: kind == "v" || kind == "m",
      columns: Array(columns.prefix(CrawlLimits.columnsMax)), connection: connection.name)
  }

  /// A name that the catalog can take.
  private static func name(_ value: JSONValue) -> String? {
    guard let name = value.string, (1...CrawlLimits.databaseNameBytesMax).contains(name.utf8.count) else { return nil }
    return name
  }

  // MARK: The question

  /// One array of JSON a table: schema, name, kind, columns with their types. Domains count as what they are made of;
  /// the partitions of a table are no tables of their own.
  private static func question(_ path: IncludePath) -> String {
    """
    SELECT json_build_array(n.nspname, c.relname, c.relkind, (
        SELECT json_agg(json_build_array(a.attname, CASE t.typtype
            WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
            ELSE format_type(a.atttypid, a.atttypmod) END) ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname LIKE \(text(IncludePath.likePattern(path.schema)))
      AND c.relname LIKE \(text(IncludePath.likePattern(path.table)))
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
    ORDER BY n.nspname, c.relname LIMIT \(CrawlLimits.tablesMax + 1)
    """
  }

  /// A text that needs no quotation marks, whatever stands in it.
  private static func text(_ value: String) -> String {
    "convert_from(decode('\(Array(value.utf8).hex)', 'hex'), 'UTF8')"
  }
}
