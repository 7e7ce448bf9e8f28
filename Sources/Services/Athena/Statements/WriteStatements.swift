import Engine
import GlueModel
import Kernel
import Lake
import LakeFiles
import NIOCore
import S3Model
import SQL

/// Where Athena says that a statement as a whole is wrong.
let statementStart = SourcePosition(line: 1, column: 1)

/// Statements that write data files: CREATE TABLE AS, INSERT INTO, UNLOAD. Files become visible all at once, after
/// the engine has written the last of them.
extension LakeExecutor {
  func createTable(_ statement: Statement, _ create: CreateTableAs, _ job: QueryJob, _ parameters: [Expression])
    async throws -> QueryOutcome
  {
    let hive = HiveStatements(glue: glue, s3: LakeListing(s3: s3), job: job)
    let (database, name) = hive.place(create.name)
    if try await hive.tableIfAny(create.name) != nil {
      if create.ifNotExists { return QueryOutcome() }
      throw SQLError(
        .tableAlreadyExists, "Destination table 'awsdatacatalog.\(database).\(name)' already exists",
        at: statementStart)
    }
    guard try await hive.databaseExists(database) else {
      throw SQLError(.schemaNotFound, "Schema '\(database)' does not exist", at: statementStart)
    }
    let properties = try OutputProperties(create.properties)
    let plan = try await plan(statement, create.query, job, parameters)
    let columns = try namedColumns(plan, create.columns)
    let partitionKeys = properties.partitionedBy
    guard columns.suffix(partitionKeys.count).map(\.name) == partitionKeys, columns.count > partitionKeys.count else {
      throw QueryFailure(
        "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order as the "
          + "table properties: \(partitionKeys)")
    }
    let location =
      properties.location ?? "s3://\(job.outputBucket)/\(job.outputPrefix)tables/\(job.id)/"
    let place = try ResultLocation(location)
    guard try await LakeListing(s3: s3).isEmpty(bucket: place.bucket, prefix: place.prefix, job.context) else {
      throw QueryFailure(
        "HIVE_PATH_ALREADY_EXISTS: Target directory for table '\(database).\(name)' already exists: "
          + "\(location). You may need to manually clean the data at location '\(location)' before retrying. Athena "
          + "will not delete data in your account.", type: 1100)
    }
    job.monitor.planningEnded(clock.now())
    let sink = OutputFiles(place: place, format: properties.format, columns: columns, partitionKeys: partitionKeys)
    let storage = try sink.storage(location: place.uri(""))
    let input = TableInput(
      name: name, description: create.comment, owner: "hadoop", retention: 0, storageDescriptor: storage,
      partitionKeys: try columns.suffix(partitionKeys.count).map(Self.column), tableType: "EXTERNAL_TABLE",
      parameters: sink.tableParameters)
    let sql = create.withData ? plan.sql : "SELECT * FROM (\(plan.sql)) LIMIT 0"
    let manifest = "tables/\(job.id)-manifest.csv"
    let written = try await write(sql, sink, manifest: manifest, job, plan.session) { [glue] paths in
      _ = try await glue.createTable(CreateTableInput(databaseName: database, tableInput: input), job.context)
      do {
        try await self.addPartitions(paths, sink, storage, database, name, job)
      } catch {
        // A table without all of its partitions is none. What stands in the way of this too is not told: the first
        // failure is.
        _ = try? await glue.deleteTable(DeleteTableInput(databaseName: database, name: name), job.context)
        throw error
      }
    }
    return written.outcome("s3://\(job.outputBucket)/\(job.outputPrefix)tables/\(job.id)")
  }

  func insert(_ statement: Statement, _ insert: Insert, _ job: QueryJob, _ parameters: [Expression]) async throws
    -> QueryOutcome
  {
    let hive = HiveStatements(glue: glue, s3: LakeListing(s3: s3), job: job)
    let (database, name) = hive.place(insert.table)
    guard let table = try await hive.tableIfAny(insert.table) else {
      throw SQLError(
        .tableNotFound, "Table 'awsdatacatalog.\(database).\(name)' does not exist", at: insert.table.position)
    }
    guard table.tableType != "VIRTUAL_VIEW" else {
      throw SQLError(
        .notSupported, "Inserting into views is not supported", at: insert.table.position)
    }
    guard let storage = table.storageDescriptor else {
      throw QueryFailure("HIVE_INVALID_METADATA: Table storage descriptor is null for \(table.name)")
    }
    let keys = (table.partitionKeys ?? []).map { $0.name.lowercased() }
    let target = try QueryPlanner.columns((storage.columns ?? []) + (table.partitionKeys ?? []))
    let plan = try await plan(statement, insert.query, job, parameters)
    let sql = try Self.arranged(plan, insert, target)
    let place = try ResultLocation(storage.location ?? "")
    job.monitor.planningEnded(clock.now())
    let sink = OutputFiles(
      place: place, format: try OutputFormat(storage), columns: target.map { .init(name: $0.name, type: $0.type) },
      partitionKeys: keys)
    let written = try await write(sql, sink, manifest: "\(job.id)-manifest.csv", job, plan.session) { paths in
      try await self.addPartitions(paths, sink, storage, database, name, job)
    }
    var outcome = written.outcome("s3://\(job.outputBucket)/\(job.outputPrefix)\(job.id)")
    outcome.columns = [ResultColumn(name: "rows", type: "bigint", precision: 19, scale: 0)]
    return outcome
  }

  func unload(_ statement: Statement, _ unload: Unload, _ job: QueryJob, _ parameters: [Expression]) async throws
    -> QueryOutcome
  {
    let properties = try OutputProperties(unload.properties)
    let place = try ResultLocation(unload.location)
    guard try await LakeListing(s3: s3).isEmpty(bucket: place.bucket, prefix: place.prefix, job.context) else {
      throw QueryFailure("HIVE_PATH_ALREADY_EXISTS: Target directory already exists: \(unload.location)", type: 1100)
    }
    let plan = try await plan(statement, unload.query, job, parameters)
    let columns = try namedColumns(plan, nil)
    job.monitor.planningEnded(clock.now())
    let sink = OutputFiles(
      place: place, format: properties.format, columns: columns, partitionKeys: properties.partitionedBy)
    let written = try await write(plan.sql, sink, manifest: "\(job.id)-manifest.csv", job, plan.session) { _ in }
    return written.outcome("s3://\(job.outputBucket)/\(job.outputPrefix)\(job.id)")
  }

  // MARK: - What they share

  /// What a write has made.
  private struct Written: Sendable {
    var paths: [LakePath]
    var rows: Int64
    var manifest: String

    func outcome(_ location: String) -> QueryOutcome {
      var outcome = QueryOutcome()
      outcome.hasHeader = false
      outcome.updateCount = rows
      outcome.outputRows = rows
      outcome.outputLocation = location
      outcome.manifestLocation = manifest
      return outcome
    }
  }

  /// Writes the rows of `sql` as data files, lists them in a manifest, makes them visible all at once, and then lets
  /// `register` tell the catalog of them. When anything fails no data file is left; the manifest may be, as it may
  /// be of a failed query in AWS ("it tracks files that the query intended to write").
  private func write(
    _ sql: String, _ sink: OutputFiles, manifest: String, _ job: QueryJob, _ engine: EngineSession,
    register: @escaping @Sendable ([LakePath]) async throws -> Void
  ) async throws -> Written {
    let copy = try sink.copyStatement(sql, name: "\(job.id)")
    let (session, rows) = try await watched(job, in: engine) { [clock] session in
      let result = try await session.run(copy)
      var rows: Int64 = 0
      while let chunk = try await result.next() {
        if chunk.rows > 0, let count = chunk.columns.first { rows += count.integer(0) }
      }
      job.monitor.engineFinished(clock.now())
      return (session, rows)
    }
    let manifest = try await writeManifest(session.finishedPaths, manifest, job)
    guard !job.monitor.isCancelled else { throw CancellationError() }
    // From here on there is no way back: a cancel that comes now comes too late, and must not stop half-way.
    let ending = Task { [s3] in
      let paths = try await session.commitWrites()
      do {
        try await register(paths)
      } catch {
        // Files that the catalog does not know belong to nobody. What stands in the way of this too is not told.
        for path in paths {
          _ = try? await s3.deleteObject(DeleteObjectInput(bucket: path.bucket, key: path.key), job.context)
        }
        throw error
      }
      return paths
    }
    return Written(paths: try await ending.value, rows: rows, manifest: manifest)
  }

  private func namedColumns(_ plan: QueryPlan, _ aliases: [Identifier]?) throws -> [OutputFiles.Column] {
    if let aliases, aliases.count != plan.columns.count {
      throw SQLError(
        .mismatchedColumnAliases,
        "Column alias list has \(aliases.count) entries but query has \(plan.columns.count) columns")
    }
    var seen: Set<String> = []
    return try plan.columns.enumerated().map { index, column in
      guard let name = aliases?[index].key ?? column.name?.lowercased() else {
        throw SQLError(
          .missingColumnName, "Column name not specified at position \(index + 1)", at: statementStart)
      }
      guard seen.insert(name).inserted else {
        throw SQLError(
          .duplicateColumnName, "Column name '\(name)' specified more than once", at: statementStart)
      }
      return OutputFiles.Column(name: name, type: column.type)
    }
  }

  static func column(_ column: OutputFiles.Column) throws -> GlueModel.Column {
    GlueModel.Column(name: column.name, type: try HiveType(column.type).description)
  }

  /// The query's columns in the table's order, converted to the table's types; columns not named are NULL.
  private static func arranged(_ plan: QueryPlan, _ insert: Insert, _ target: [BoundColumn]) throws -> String {
    let names = insert.columns?.map(\.key) ?? target.map(\.name)
    for name in insert.columns ?? [] where !target.contains(where: { $0.name == name.key }) {
      throw SQLError(
        .columnNotFound, "Insert column name does not exist in target table: \(name.key)", at: name.position)
    }
    let sources = plan.columns.map(\.type)
    let wanted = names.compactMap { name in target.first { $0.name == name }?.type }
    let fits =
      sources.count == wanted.count
      && zip(sources, wanted).allSatisfy { TypeCoercion.canAssign($0, to: $1) }
    guard fits else {
      throw SQLError(
        .typeMismatch,
        "Insert query has mismatched column types: Table: [\(wanted.map(\.description).joined(separator: ", "))], "
          + "Query: [\(sources.map(\.description).joined(separator: ", "))]", at: statementStart)
    }
    let aliases = names.indices.map { "c\($0)" }.joined(separator: ", ")
    let items = target.map { column -> String in
      let name = DuckDBText.identifier(column.name)
      guard let place = names.firstIndex(of: column.name) else {
        return "CAST(NULL AS \(column.type.duckDBName)) AS \(name)"
      }
      return "CAST(c\(place) AS \(column.type.duckDBName)) AS \(name)"
    }
    return "SELECT \(items.joined(separator: ", ")) FROM (\(plan.sql)) AS q(\(aliases))"
  }

  /// Adds the partitions that the written files lie in and the catalog does not know.
  private func addPartitions(
    _ paths: [LakePath], _ sink: OutputFiles, _ storage: StorageDescriptor, _ database: String, _ table: String,
    _ job: QueryJob
  ) async throws {
    guard !sink.partitionKeys.isEmpty else { return }
    var found: [[String]: String] = [:]
    for path in paths {
      let folders = path.key.dropFirst(sink.place.prefix.count).split(separator: "/").dropLast()
      guard let values = HivePath.values(Array(folders), keys: sink.partitionKeys) else { continue }
      found[values] = "s3://\(path.bucket)/\(sink.place.prefix)\(folders.joined(separator: "/"))/"
    }
    let inputs = found.sorted { $0.value < $1.value }.map { values, location in
      var descriptor = storage
      descriptor.location = location
      return PartitionInput(values: values, storageDescriptor: descriptor, parameters: [:])
    }
    let hive = HiveStatements(glue: glue, s3: LakeListing(s3: s3), job: job)
    do {
      try await hive.createPartitions(inputs, database, table, ifNotExists: true)
    } catch let failure as HiveStatements.PartitionRefused {
      throw QueryFailure("HIVE_METASTORE_ERROR: \(failure.code): \(failure.message)", category: 1)
    }
  }

  /// The list of files that a statement wrote, a path a line.
  private func writeManifest(_ paths: [LakePath], _ name: String, _ job: QueryJob) async throws -> String {
    let text = paths.map { "\($0)\n" }.joined()
    try await ResultUpload.explaining(job.outputBucket, job.outputPrefix + name) {
      _ = try await s3.putObject(
        PutObjectInput(
          body: ByteStream(ByteBuffer(string: text)), bucket: job.outputBucket, contentType: "text/csv",
          key: job.outputPrefix + name), job.context)
    }
    return "s3://\(job.outputBucket)/\(job.outputPrefix)\(name)"
  }
}
