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
    } absence: { name in
      guard Self.isGlues(name.catalog) else { return .catalog }
      let hive = HiveStatements(glue: glue, s3: s3, job: job)
      // Athena has a database `default` from the beginning.
      if [InformationSchema.database, "default"].contains(name.database) { return .table }
      return try await hive.databaseExists(name.database) ? .table : .database
    }
    let bound = try Binder(catalog: snapshot, session: session, parameters: parameters).bind(query)
    var relations: [Int: String] = [:]
    for use in bound.tables {
      let name = use.reference.table
      if name.database == InformationSchema.database {
        let rows = try await InformationSchema(glue: glue, context: job.context).rows(use)
        relations[use.reference.relation] = rows.relation(use.columns)
        continue
      }
      guard let table = tables[name.database, name.name] else { continue }
      if name.name.hasSuffix(Self.partitionsSuffix) {
        relations[use.reference.relation] = try await partitionTable(use, table).relation(use.columns)
        continue
      }
      relations[use.reference.relation] = try await relation(use, table)
    }
    let texts = relations
    let sql = try DuckDBPrinter(relation: { texts[$0.relation] ?? "(SELECT 1 WHERE false)" }).print(bound.query)
    return QueryPlan(sql: sql, columns: bound.query.columns, session: engine)
  }

  // MARK: - Tables

  /// What a table's name with this behind it means: its partitions' values, a row each.
  private static let partitionsSuffix = "$partitions"

  private static func isGlues(_ catalog: String?) -> Bool {
    ["awsdatacatalog", "hive"].contains((catalog ?? "awsdatacatalog").lowercased())
  }

  private func fetch(_ name: TableName, into tables: FetchedTables) async throws -> BoundTable? {
    guard Self.isGlues(name.catalog), !name.name.isEmpty else { return nil }
    if name.database == InformationSchema.database { return InformationSchema.table(name) }
    let listsPartitions = name.name.hasSuffix(Self.partitionsSuffix)
    let tableName = listsPartitions ? String(name.name.dropLast(Self.partitionsSuffix.count)) : name.name
    let found: Table
    do {
      guard
        let table = try await glue.getTable(
          GetTableInput(databaseName: name.database, name: tableName), job.context
        ).table
      else { return nil }
      found = table
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      return nil
    }
    tables[name.database, name.name] = found
    if listsPartitions {
      guard let keys = found.partitionKeys, !keys.isEmpty else { return nil }
      return InlineTable.bound(name, try Self.columns(keys))
    }
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
    let names = keys.map { $0.name.lowercased() }
    let projection = try PartitionProjection(
      keys: names, properties: table.parameters ?? [:],
      table: "\(table.databaseName ?? job.database).\(table.name)", location: storage.location ?? "", now: clock.now())
    if keys.isEmpty {
      partitions.append(.init(values: [], files: try await files(storage.location ?? "")))
    } else if let projection {
      let predicate = use.partitions
      let projected = try projection.partitions(wanted: predicate.values(of:), mayMatch: predicate.mayMatch(_:))
      for partition in projected {
        try checkCancelled()
        partitions.append(.init(values: partition.values, files: try await files(partition.location)))
      }
    } else {
      try await visitPartitions(use, table) { values, location in
        try checkCancelled()
        partitions.append(
          .init(values: values.map { $0 == HivePath.nullValue ? nil : $0 }, files: try await files(location)))
      }
    }
    var scan = TableScan(
      columns: try (storage.columns ?? []).map { .init($0.name.lowercased(), try HiveType.parse($0.type ?? "string")) },
      partitionColumns: try keys.map { .init($0.name.lowercased(), try HiveType.parse($0.type ?? "string")) },
      serde: storage.serdeInfo?.serializationLibrary ?? "", serdeParameters: storage.serdeInfo?.parameters ?? [:],
      inputFormat: storage.inputFormat ?? "", tableParameters: table.parameters ?? [:])
    scan.parquet = try await footers.look(scan, use.columns, partitions.flatMap(\.files), engine)
    return try scan.relation(columns: use.columns, partitions: partitions)
  }

  /// The catalog's partitions that can hold what is asked for, with where they lie.
  private func visitPartitions(
    _ use: TableUse, _ table: Table, _ visit: ([String], String) async throws -> Void
  ) async throws {
    let names = (table.partitionKeys ?? []).map { $0.name.lowercased() }
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
        try await visit(values, partition.storageDescriptor?.location ?? HiveStatements.location(values, table))
      }
      token = page.nextToken
    } while token != nil
  }

  private func partitionTable(_ use: TableUse, _ table: Table) async throws -> InlineTable {
    var rows = InlineTable(columns: try Self.columns(table.partitionKeys ?? []), rows: [])
    try await visitPartitions(use, table) { values, _ in
      rows.rows.append(values.map { $0 == HivePath.nullValue ? nil : $0 })
    }
    return rows
  }

  /// A query that was stopped does not go on listing.
  private func checkCancelled() throws {
    if job.monitor.isCancelled { throw CancellationError() }
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
      if !HivePath.isHidden(key, below: prefix) {
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
