public import Engine
public import GlueModel
public import Kernel
import NIOCore
public import S3Model
import SQL

/// Runs Athena's statements over the lake: parses, binds names against Glue, prunes partitions, runs the rest in the
/// engine and writes the output to S3, all with the rights of the query's caller.
public final class LakeExecutor: StatementExecutor {
  let glue: any GlueAPI
  let s3: any S3API
  let engine: LakeEngine
  let clock: any WallClock
  let footers = ParquetFooters()

  public init(glue: any GlueAPI, s3: any S3API, engine: LakeEngine, clock: any WallClock) {
    self.glue = glue
    self.s3 = s3
    self.engine = engine
    self.clock = clock
  }

  public func classify(_ query: String) throws -> StatementKind {
    do {
      return try SQLParser.statement(query).kind
    } catch {
      // Athena looks at the syntax before it takes the query, and answers StartQueryExecution with what is wrong.
      throw AthenaFailures.malformed(error)
    }
  }

  public func execute(_ job: QueryJob) async throws -> QueryOutcome {
    do {
      return try await run(try SQLParser.statement(job.query), job, parameters: job.parameters)
    } catch {
      throw AthenaFailures.explained(error)
    }
  }

  private func run(_ statement: Statement, _ job: QueryJob, parameters: [String]) async throws -> QueryOutcome {
    let values = try parameters.map { try SQLParser.expression($0) }
    switch statement {
    case .query(let query):
      return try await select(statement, query, job, values)
    case .createTableAs(let create): return try await createTable(statement, create, job, values)
    case .insert(let insert): return try await self.insert(statement, insert, job, values)
    case .unload(let unload): return try await self.unload(statement, unload, job, values)
    case .createView(let view): return try await silent(job) { try await self.createView(statement, view, job) }
    case .dropView(let name, let ifExists):
      return try await silent(job) { _ = try await self.hive(job).dropView(name, ifExists: ifExists) }
    case .explain(let explain): return try await self.explain(explain, job, values)
    case .hive(let statement) where statement.hasOutput: return try await text(hive(job).run(statement), job)
    case .hive(let statement): return try await silent(job) { _ = try await self.hive(job).run(statement) }
    case .prepare(let name, _, let body): return try await silent(job) { try await job.prepared.save(name.key, body) }
    case .deallocate(let name): return try await silent(job) { try await job.prepared.remove(name.key) }
    case .execute(let name, let arguments):
      let body = try await job.prepared.text(name.key)
      return try await run(
        try SQLParser.statement(body), job,
        parameters: arguments.isEmpty ? parameters : arguments.map(TrinoText.expression))
    case .delete, .update, .merge:
      throw QueryFailure("NOT_SUPPORTED: Modifying Hive table rows is only supported for transactional tables")
    case .optimize, .vacuum:
      throw QueryFailure("NOT_SUPPORTED: This operation is supported for Iceberg tables only")
    }
  }

  private func hive(_ job: QueryJob) -> HiveStatements {
    HiveStatements(glue: glue, s3: LakeListing(s3: s3), job: job)
  }

  /// Runs a statement that changes something and shows nothing. Its empty output is written first: a place that
  /// refuses it leaves everything as it was.
  private func silent(_ job: QueryJob, _ change: () async throws -> Void) async throws -> QueryOutcome {
    let outcome = try await text(.nothing, job)
    do {
      try await change()
    } catch {
      for suffix in [".txt", ".txt.metadata"] {
        _ = try? await s3.deleteObject(
          DeleteObjectInput(bucket: job.outputBucket, key: "\(job.outputPrefix)\(job.id)\(suffix)"), job.context)
      }
      throw error
    }
    job.monitor.engineFinished(clock.now())
    return outcome
  }

  /// Writes a statement's text output: a line a row, without a header.
  func text(_ result: TextResult, _ job: QueryJob) async throws -> QueryOutcome {
    job.monitor.planningEnded(clock.now())
    var outcome = QueryOutcome()
    outcome.columns = result.columns
    outcome.hasHeader = false
    var upload = ResultUpload(
      s3, bucket: job.outputBucket, key: "\(job.outputPrefix)\(job.id).txt", contentType: "text/plain", job.context)
    for line in result.lines {
      var buffer = ByteBuffer(string: line + "\n")
      try await upload.write(&buffer)
    }
    job.monitor.engineFinished(clock.now())
    try await upload.finish()
    try await writeMetadata(result.columns, job, suffix: ".txt.metadata")
    outcome.outputBytes = upload.bytes
    outcome.outputRows = Int64(result.lines.count)
    return outcome
  }

  func writeMetadata(_ columns: [ResultColumn], _ job: QueryJob, suffix: String) async throws {
    let key = "\(job.outputPrefix)\(job.id)\(suffix)"
    try await ResultUpload.explaining(job.outputBucket, key) {
      _ = try await s3.putObject(
        PutObjectInput(
          body: ByteStream(ResultMetadata.encode(columns)), bucket: job.outputBucket,
          contentType: "application/octet-stream", key: key), job.context)
    }
  }
}

extension Statement {
  /// Athena's classification of statements.
  var kind: StatementKind {
    switch self {
    case .query: StatementKind(type: "DML", substatement: "SELECT")
    case .createTableAs: StatementKind(type: "DDL", substatement: "CREATE_TABLE_AS_SELECT")
    case .insert: StatementKind(type: "DML", substatement: "INSERT")
    case .createView: StatementKind(type: "DDL", substatement: "CREATE_VIEW")
    case .dropView: StatementKind(type: "DDL", substatement: "DROP_VIEW")
    case .explain(let explain):
      StatementKind(type: "UTILITY", substatement: explain.analyze ? "EXPLAIN_ANALYZE" : "EXPLAIN")
    case .prepare: StatementKind(type: "UTILITY", substatement: "PREPARE")
    case .execute: StatementKind(type: "DML", substatement: "EXECUTE")
    case .deallocate: StatementKind(type: "UTILITY", substatement: "DEALLOCATE")
    case .unload: StatementKind(type: "DML", substatement: "UNLOAD")
    case .delete: StatementKind(type: "DML", substatement: "DELETE")
    case .update: StatementKind(type: "DML", substatement: "UPDATE")
    case .merge: StatementKind(type: "DML", substatement: "MERGE")
    case .optimize: StatementKind(type: "DDL", substatement: "OPTIMIZE")
    case .vacuum: StatementKind(type: "DDL", substatement: "VACUUM")
    case .hive(let statement): statement.kind
    }
  }
}

extension HiveStatement {
  var kind: StatementKind {
    let ddl = { StatementKind(type: "DDL", substatement: $0) }
    let utility = { StatementKind(type: "UTILITY", substatement: $0) }
    return switch self {
    case .createTable: ddl("CREATE_TABLE")
    case .createDatabase: ddl("CREATE_DATABASE")
    case .dropDatabase: ddl("DROP_DATABASE")
    case .setDatabaseProperties: ddl("ALTER_DATABASE")
    case .dropTable: ddl("DROP_TABLE")
    case .alterTable: ddl("ALTER_TABLE")
    case .repairTable: ddl("MSCK_REPAIR_TABLE")
    case .showDatabases: utility("SHOW_DATABASES")
    case .showTables: utility("SHOW_TABLES")
    case .showViews: utility("SHOW_VIEWS")
    case .showPartitions: utility("SHOW_PARTITIONS")
    case .showColumns: utility("SHOW_COLUMNS")
    case .showCreateTable: utility("SHOW_CREATE_TABLE")
    case .showCreateView: utility("SHOW_CREATE_VIEW")
    case .showTableProperties: utility("SHOW_TBLPROPERTIES")
    case .describe: utility("DESCRIBE_TABLE")
    }
  }
}
