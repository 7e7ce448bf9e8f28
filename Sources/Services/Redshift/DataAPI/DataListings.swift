import Engine
public import Kernel
import PostgresWire
public import RedshiftDataModel

/// What a database holds, asked of its catalog in a session of the caller's.
extension DataService {
  public func listDatabases(_ input: ListDatabasesInput, _ context: RequestContext) async throws
    -> ListDatabasesOutput
  {
    let rows = try await ask(
      "SELECT database_name FROM svv_redshift_databases ORDER BY 1", [],
      DataAddress(
        cluster: input.clusterIdentifier, workgroup: input.workgroupName, database: input.database,
        user: input.dbUser, secret: input.secretArn), "ListDatabases", context)
    let page = try Self.page(rows.compactMap { $0.first ?? nil }, input.nextToken, input.maxResults)
    return ListDatabasesOutput(databases: page.items, nextToken: page.next)
  }

  public func listSchemas(_ input: ListSchemasInput, _ context: RequestContext) async throws -> ListSchemasOutput {
    let rows = try await ask(
      "SELECT schema_name FROM svv_all_schemas WHERE database_name = $1 AND schema_name LIKE $2 ORDER BY 1",
      [input.database, input.schemaPattern ?? "%"],
      DataAddress(
        cluster: input.clusterIdentifier, workgroup: input.workgroupName,
        database: input.connectedDatabase ?? input.database, user: input.dbUser, secret: input.secretArn),
      "ListSchemas", context)
    let page = try Self.page(rows.compactMap { $0.first ?? nil }, input.nextToken, input.maxResults)
    return ListSchemasOutput(schemas: page.items, nextToken: page.next)
  }

  public func listTables(_ input: ListTablesInput, _ context: RequestContext) async throws -> ListTablesOutput {
    let rows = try await ask(
      """
      SELECT schema_name, table_name, table_type FROM svv_all_tables
      WHERE database_name = $1 AND schema_name LIKE $2 AND table_name LIKE $3 ORDER BY 1, 2
      """,
      [input.database, input.schemaPattern ?? "%", input.tablePattern ?? "%"],
      DataAddress(
        cluster: input.clusterIdentifier, workgroup: input.workgroupName,
        database: input.connectedDatabase ?? input.database, user: input.dbUser, secret: input.secretArn),
      "ListTables", context)
    let page = try Self.page(rows.filter { $0.count == 3 }, input.nextToken, input.maxResults)
    return ListTablesOutput(
      tables: page.items.map { TableMember(name: $0[1], type: $0[2], schema: $0[0]) }, nextToken: page.next)
  }

  public func describeTable(_ input: DescribeTableInput, _ context: RequestContext) async throws
    -> DescribeTableOutput
  {
    guard let table = input.table else {
      throw RedshiftDataError.validationException("Table must be specified.")
    }
    let rows = try await ask(
      """
      SELECT schema_name, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale,
        is_nullable, column_default
      FROM svv_all_columns WHERE database_name = $1 AND schema_name LIKE $2 AND table_name = $3
      ORDER BY schema_name, ordinal_position
      """,
      [input.database, input.schema ?? "%", table],
      DataAddress(
        cluster: input.clusterIdentifier, workgroup: input.workgroupName,
        database: input.connectedDatabase ?? input.database, user: input.dbUser, secret: input.secretArn),
      "DescribeTable", context)
    let page = try Self.page(rows.filter { $0.count == 8 }, input.nextToken, input.maxResults)
    return DescribeTableOutput(
      tableName: table, columnList: page.items.map { Self.column($0, table: table) }, nextToken: page.next)
  }

  /// The catalog's words for types in those of JDBC.
  private static let typeNames = [
    "integer": "int4", "bigint": "int8", "smallint": "int2", "real": "float4", "double precision": "float8",
    "boolean": "bool", "character varying": "varchar", "character": "bpchar", "numeric": "numeric",
    "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
    "time without time zone": "time", "time with time zone": "timetz", "binary varying": "varbyte",
  ]

  private static func column(_ row: [String?], table: String) -> ColumnMetadata {
    let type = row[2]?.split(separator: "(").first.map(String.init) ?? ""
    let name = typeNames[type] ?? type
    let length = row[3].flatMap { Int($0) }
    var shape = ColumnMetadata(isCaseSensitive: ["varchar", "bpchar", "text"].contains(name), isCurrency: false)
    shape.isSigned = ["int2", "int4", "int8", "float4", "float8", "numeric"].contains(name)
    shape.label = row[1]
    shape.name = row[1]
    shape.typeName = name
    shape.nullable = row[6]?.uppercased() == "NO" ? 0 : 1
    shape.precision = row[4].flatMap { Int($0) } ?? length ?? 0
    shape.scale = row[5].flatMap { Int($0) } ?? 0
    shape.length = length ?? 0
    shape.schemaName = row[0]
    shape.tableName = table
    shape.columnDefault = row[7]
    return shape
  }

  /// Runs a question to its end.
  private func ask(
    _ sql: String, _ parameters: [String], _ address: DataAddress, _ action: String, _ context: RequestContext
  ) async throws -> [[String?]] {
    let target = try await self.target(address, action, context)
    do throws(SQLFailure) {
      let session = try await self.session(target)
      do throws(SQLFailure) {
        let rows = try await Self.rows(of: sql, parameters, in: session)
        await session.close()
        return rows
      } catch {
        await session.close()
        throw error
      }
    } catch {
      throw RedshiftDataError.validationException(Self.text(error))
    }
  }

  private static func rows(
    of sql: String, _ parameters: [String], in session: any SQLSession
  ) async throws(SQLFailure) -> [[String?]] {
    let types = parameters.map { _ in PostgresType?.some(.varchar) }
    let prepared = try await session.prepare(sql, parameterTypes: types)
    guard case .rows(let rows) = try await session.execute(prepared, parameters: parameters) else { return [] }
    var all: [[String?]] = []
    while let chunk = try await rows.next() {
      for row in 0..<chunk.rows {
        all.append(rows.columns.indices.map { rows.text(chunk, column: $0, row: row) })
      }
    }
    return all
  }

  /// A page of a list that was read anew; the token says how many went before.
  private static func page<Item>(
    _ all: [Item], _ token: String?, _ limit: Int?
  ) throws -> (items: [Item], next: String?) {
    let start = token.map { Int($0) ?? -1 } ?? 0
    guard start >= 0 else { throw RedshiftDataError.validationException("The token is not valid.") }
    let items = Array(all.dropFirst(start).prefix(max(1, limit ?? DataLimits.listingDefault)))
    return (items, start + items.count < all.count ? "\(start + items.count)" : nil)
  }
}
