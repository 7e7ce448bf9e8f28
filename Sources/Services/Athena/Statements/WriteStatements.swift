import Engine
import GlueModel
import Kernel
import Lake
import LakeFiles
import NIOCore
import S3Model
import SQL

/// Statements that write data files: CREATE TABLE AS, INSERT INTO, UNLOAD. Files become visible all at once, after
/// the engine has written the last of them.
extension LakeExecutor {
  func createTable(_ statement: Statement, _ create: CreateTableAs, _ job: QueryJob, _ parameters: [Expression])
    async throws -> QueryOutcome
  {
    let hive = HiveStatements(glue: glue, s3: LakeListing(s3: s3), job: job)
    let (database, name) = hive.place(create.name)
    if (try? await hive.table(create.name)) != nil {
      if create.ifNotExists { return QueryOutcome() }
      throw SQLError(
        .genericUserError, "Table 'awsdatacatalog.\(database).\(name)' already exists", at: create.name.position)
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
    let (paths, rows) = try await write(
      create.withData ? plan.sql : "SELECT * FROM (\(plan.sql)) LIMIT 0", sink, job, plan.session)
    let storage = try sink.storage(location: place.uri(""))
    do {
      _ = try await glue.createTable(
        CreateTableInput(
          databaseName: database,
          tableInput: TableInput(
            name: name, description: create.comment, owner: "hadoop", retention: 0, storageDescriptor: storage,
            partitionKeys: try columns.suffix(partitionKeys.count).map(Self.column), tableType: "EXTERNAL_TABLE",
            parameters: sink.tableParameters)), job.context)
      try await addPartitions(paths, sink, storage, database, name, job)
    } catch {
      // Without a table the files belong to nobody.
      for path in paths {
        _ = try? await s3.deleteObject(DeleteObjectInput(bucket: path.bucket, key: path.key), job.context)
      }
      throw error
    }
    var outcome = QueryOutcome()
    outcome.hasHeader = false
    outcome.updateCount = rows
    outcome.outputRows = rows
    outcome.outputLocation = "s3://\(job.outputBucket)/\(job.outputPrefix)tables/\(job.id)"
    outcome.manifestLocation = try await writeManifest(paths, "tables/\(job.id)-manifest.csv", job)
    return outcome
  }

  func insert(_ statement: Statement, _ insert: Insert, _ job: QueryJob, _ parameters: [Expression]) async throws
    -> QueryOutcome
  {
    let hive = HiveStatements(glue: glue, s3: LakeListing(s3: s3), job: job)
    let (database, name) = hive.place(insert.table)
    guard let table = try? await hive.table(insert.table), let storage = table.storageDescriptor else {
      throw SQLError(
        .tableNotFound, "Table 'awsdatacatalog.\(database).\(name)' does not exist", at: insert.table.position)
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
    let (paths, rows) = try await write(sql, sink, job, plan.session)
    try await addPartitions(paths, sink, storage, database, name, job)
    var outcome = QueryOutcome()
    outcome.hasHeader = false
    outcome.columns = [ResultColumn(name: "rows", type: "bigint", precision: 19, scale: 0)]
    outcome.updateCount = rows
    outcome.outputRows = rows
    outcome.outputLocation = "s3://\(job.outputBucket)/\(job.outputPrefix)\(job.id)"
    outcome.manifestLocation = try await writeManifest(paths, "\(job.id)-manifest.csv", job)
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
    let (paths, rows) = try await write(plan.sql, sink, job, plan.session)
    var outcome = QueryOutcome()
    outcome.hasHeader = false
    outcome.updateCount = rows
    outcome.outputRows = rows
    outcome.outputLocation = "s3://\(job.outputBucket)/\(job.outputPrefix)\(job.id)"
    outcome.manifestLocation = try await writeManifest(paths, "\(job.id)-manifest.csv", job)
    return outcome
  }

  // MARK: - What they share

  /// Writes the rows of `sql` as data files and makes them visible.
  /// - Returns: the files, and the number of rows.
  private func write(_ sql: String, _ sink: OutputFiles, _ job: QueryJob, _ session: EngineSession) async throws -> (
    [LakePath], Int64
  ) {
    let copy = try sink.copyStatement(sql, name: "\(job.id)")
    return try await watched(job, in: session) { [clock] session in
      let result = try await session.run(copy)
      var rows: Int64 = 0
      while let chunk = try await result.next() {
        if chunk.rows > 0, let count = chunk.columns.first { rows += count.integer(0) }
      }
      job.monitor.engineFinished(clock.now())
      guard !job.monitor.isCancelled else { throw CancellationError() }
      return (try await session.commitWrites(), rows)
    }
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
          .missingColumnName, "Column name not specified at position \(index + 1)",
          at: SourcePosition(line: 1, column: 1))
      }
      guard seen.insert(name).inserted else {
        throw SQLError(
          .duplicateColumnName, "Column name '\(name)' specified more than once",
          at: SourcePosition(line: 1, column: 1))
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
          + "Query: [\(sources.map(\.description).joined(separator: ", "))]", at: SourcePosition(line: 1, column: 1))
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
    for start in stride(from: 0, to: inputs.count, by: HiveStatements.partitionsPerCall) {
      let batch = Array(inputs[start..<min(start + HiveStatements.partitionsPerCall, inputs.count)])
      let answer = try await glue.batchCreatePartition(
        BatchCreatePartitionInput(databaseName: database, tableName: table, partitionInputList: batch), job.context)
      if let failed = answer.errors?.first(where: { $0.errorDetail?.errorCode != "AlreadyExistsException" }) {
        throw QueryFailure(
          "HIVE_METASTORE_ERROR: \(failed.errorDetail?.errorCode ?? ""): \(failed.errorDetail?.errorMessage ?? "")",
          category: 1)
      }
    }
  }

  /// The list of files that a statement wrote, a path a line.
  private func writeManifest(_ paths: [LakePath], _ name: String, _ job: QueryJob) async throws -> String {
    let text = paths.map { "\($0)\n" }.joined()
    _ = try await s3.putObject(
      PutObjectInput(
        body: ByteStream(ByteBuffer(string: text)), bucket: job.outputBucket, contentType: "text/csv",
        key: job.outputPrefix + name), job.context)
    return "s3://\(job.outputBucket)/\(job.outputPrefix)\(name)"
  }
}
