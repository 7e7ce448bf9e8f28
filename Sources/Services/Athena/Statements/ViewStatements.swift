import GlueModel
import Kernel
import SQL

extension LakeExecutor {
  /// Binds the view's query, so that a view over nothing is refused now and not when it is read.
  func createView(_ statement: Statement, _ view: CreateView, _ job: QueryJob) async throws {
    let hive = HiveStatements(glue: glue, s3: LakeListing(s3: s3), job: job)
    let (database, name) = hive.place(view.name)
    let plan = try await plan(statement, view.query, job, [])
    let columns = try plan.columns.enumerated().map { index, column in
      guard let name = column.name else {
        throw SQLError(
          .missingColumnName, "Column name not specified at position \(index + 1)", at: statementStart)
      }
      return (name: name.lowercased(), type: column.type)
    }
    let stored = StoredView(
      sql: view.text, catalog: "awsdatacatalog", database: job.database,
      columns: columns.map { .init(name: $0.name, type: $0.type.description) })
    let input = TableInput(
      name: name, owner: job.context.principal.arn.description, retention: 0,
      storageDescriptor: StorageDescriptor(
        columns: try columns.map { Column(name: $0.name, type: try HiveType($0.type).description) }, location: "",
        numberOfBuckets: 0, serdeInfo: SerDeInfo(parameters: [:]), sortColumns: [], storedAsSubDirectories: false),
      partitionKeys: [], viewOriginalText: stored.text, viewExpandedText: "/* Presto View */",
      tableType: "VIRTUAL_VIEW",
      parameters: ["presto_view": "true", "comment": view.comment ?? "Presto View"])
    guard let present = try await hive.tableIfAny(view.name) else {
      guard try await hive.databaseExists(database) else {
        throw SQLError(.schemaNotFound, "Schema '\(database)' does not exist", at: statementStart)
      }
      _ = try await glue.createTable(CreateTableInput(databaseName: database, tableInput: input), job.context)
      return
    }
    guard view.orReplace, present.tableType == "VIRTUAL_VIEW" else {
      throw SQLError(
        .tableAlreadyExists,
        present.tableType == "VIRTUAL_VIEW"
          ? "View already exists: 'awsdatacatalog.\(database).\(name)'"
          : "Table already exists: 'awsdatacatalog.\(database).\(name)'", at: statementStart)
    }
    _ = try await glue.updateTable(
      UpdateTableInput(databaseName: database, tableInput: input, versionId: present.versionId), job.context)
  }
}

extension HiveStatements {
  func dropView(_ name: QualifiedName, ifExists: Bool) async throws -> TextResult {
    let (database, view) = place(name)
    guard let found = try await tableIfAny(name) else {
      if ifExists { return .nothing }
      throw SQLError(
        .tableNotFound, "View 'awsdatacatalog.\(database).\(view)' does not exist", at: statementStart)
    }
    guard found.tableType == "VIRTUAL_VIEW" else {
      throw SQLError(
        .genericUserError,
        "View 'awsdatacatalog.\(database).\(view)' does not exist, but a table with that name exists. Did you mean "
          + "DROP TABLE awsdatacatalog.\(database).\(view)?", at: statementStart)
    }
    _ = try await glue.deleteTable(DeleteTableInput(databaseName: database, name: view), job.context)
    return .nothing
  }
}
