import Engine
import GlueModel
import Kernel
import Lake
import LakeFiles
import S3Model
import SQL

/// A statement that reads, ready for the engine.
struct QueryPlan: Sendable {
  /// In the engine's tongue.
  var sql: String
  var columns: [OutputColumn]
  /// Where it runs: what planning has read of the files is not read, or counted, once more.
  var session: EngineSession
}

/// Makes plans: fetches the tables that a statement names, binds it, prunes partitions, lists files.
struct QueryPlanner: Sendable {
  let glue: any GlueAPI
  let s3: LakeListing
  let job: QueryJob
  let clock: any WallClock
  let engine: EngineSession
  let footers: ParquetFooters

  func plan(_ statement: Statement, _ query: Query, _ parameters: [Expression]) async throws -> QueryPlan {
    let tables = FetchedTables()
    let session = SQLSession(
      database: job.database, now: clock.now(), user: job.context.principal.arn.description)
    let snapshot = try await CatalogSnapshot.load(for: statement, session: session) { name in
      try await fetch(name, into: tables)
    }
    let bound = try Binder(catalog: snapshot, session: session, parameters: parameters).bind(query)
    var relations: [Int: String] = [:]
    for use in bound.tables {
      let name = use.reference.table
      guard let table = tables[name.database, name.name] else { continue }
      relations[use.reference.relation] = try await relation(use, table)
    }
    let texts = relations
    let sql = DuckDBPrinter(relation: { texts[$0.relation] ?? "(SELECT 1 WHERE false)" }).print(bound.query)
    return QueryPlan(sql: sql, columns: bound.query.columns, session: engine)
  }

  // MARK: - Tables

  private func fetch(_ name: TableName, into tables: FetchedTables) async throws -> BoundTable? {
    let catalog = (name.catalog ?? "awsdatacatalog").lowercased()
    guard catalog == "awsdatacatalog" || catalog == "hive" else { return nil }
    let found: Table
    do {
      guard
        let table = try await glue.getTable(
          GetTableInput(databaseName: name.database, name: name.name), job.context
        ).table
      else { return nil }
      found = table
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      return nil
    }
    tables[name.database, name.name] = found
    if let view = try StoredView(found) {
      let definition = ViewDefinition(
        sql: view.sql, catalog: view.catalog, database: view.database,
        columns: try view.columns.map { BoundColumn($0.name, try SQLParser.type($0.type)) })
      return BoundTable(database: name.database, name: name.name, content: .view(definition))
    }
    return BoundTable(
      database: name.database, name: name.name,
      content: .table(
        columns: try Self.columns(found.storageDescriptor?.columns ?? []),
        partitionColumns: try Self.columns(found.partitionKeys ?? [])))
  }

  static func columns(_ columns: [Column]) throws -> [BoundColumn] {
    try columns.map { column in
      do {
        return BoundColumn(column.name.lowercased(), try HiveType.parse(column.type ?? "string"))
      } catch {
        throw QueryFailure(
          "HIVE_INVALID_METADATA: Glue table column '\(column.name)' has invalid data type: \(column.type ?? "")")
      }
    }
  }

  // MARK: - Files

  /// The text that stands for a table: only the files of partitions that can hold what is asked for.
  private func relation(_ use: TableUse, _ table: Table) async throws -> String {
    guard let storage = table.storageDescriptor else {
      throw QueryFailure("HIVE_INVALID_METADATA: Table storage descriptor is null for \(table.name)")
    }
    let keys = table.partitionKeys ?? []
    var partitions: [TableScan.Partition] = []
    if keys.isEmpty {
      partitions.append(.init(values: [], files: try await files(storage.location ?? "")))
    } else {
      let names = keys.map { $0.name.lowercased() }
      var token: String?
      repeat {
        let page = try await glue.getPartitions(
          GetPartitionsInput(
            databaseName: table.databaseName ?? job.database, tableName: table.name, nextToken: token), job.context)
        for partition in page.partitions ?? [] {
          let values = partition.values ?? []
          guard values.count == names.count,
            use.partitions.mayMatch(Dictionary(zip(names, values.map(Optional.some))) { $1 })
          else { continue }
          let location = partition.storageDescriptor?.location ?? HiveStatements.location(values, table)
          partitions.append(
            .init(
              values: values.map { $0 == HivePath.nullValue ? nil : $0 }, files: try await files(location)))
        }
        token = page.nextToken
      } while token != nil
    }
    var scan = TableScan(
      columns: try (storage.columns ?? []).map { .init($0.name.lowercased(), try HiveType.parse($0.type ?? "string")) },
      partitionColumns: try keys.map { .init($0.name.lowercased(), try HiveType.parse($0.type ?? "string")) },
      serde: storage.serdeInfo?.serializationLibrary ?? "", serdeParameters: storage.serdeInfo?.parameters ?? [:],
      inputFormat: storage.inputFormat ?? "", tableParameters: table.parameters ?? [:])
    scan.parquet = try await footers.look(scan, use.columns, partitions.flatMap(\.files), engine)
    return try scan.relation(columns: use.columns, partitions: partitions)
  }

  /// The data files below a location. Names that begin with `_` or `.` are hidden, and empty objects (the
  /// console's folders) hold no rows, as in Hive.
  private func files(_ location: String) async throws -> [TableScan.File] {
    guard let place = ResultLocation.split(location) else {
      throw QueryFailure("HIVE_INVALID_METADATA: the table's location is not an S3 path: \(location)")
    }
    let prefix = place.key.isEmpty || place.key.hasSuffix("/") ? place.key : place.key + "/"
    var found: [TableScan.File] = []
    try await s3.visit(bucket: place.bucket, prefix: prefix, job.context) { object in
      guard let key = object.key, (object.size ?? 0) > 0 else { return true }
      let hidden = key.dropFirst(prefix.count).split(separator: "/").contains { $0.hasPrefix("_") || $0.hasPrefix(".") }
      if !hidden {
        found.append(
          .init(
            path: LakePath(bucket: place.bucket, key: key), bytes: object.size ?? 0, tag: object.eTag ?? ""))
      }
      return true
    }
    return found
  }
}

/// The tables that were fetched for one statement, by name.
private final class FetchedTables: Sendable {
  private let tables = Locked<[String: Table]>([:])

  subscript(database: String, name: String) -> Table? {
    get { tables.withLock { $0[database + "." + name] } }
    set { tables.withLock { $0[database + "." + name] = newValue } }
  }
}
