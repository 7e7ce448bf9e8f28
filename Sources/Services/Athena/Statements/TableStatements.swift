import GlueModel
import Kernel
import SQL

extension HiveStatements {
  func create(_ statement: SQL.CreateTable) async throws -> TextResult {
    let (database, name) = place(statement.name)
    let properties = Dictionary(statement.properties.map { ($0.name, $0.value) }) { $1 }
    if properties["table_type"]?.uppercased() == "ICEBERG" {
      throw QueryFailure("NOT_SUPPORTED: Iceberg tables are not implemented by Tarn yet", type: 2)
    }
    guard statement.external else {
      throw QueryFailure(
        "FAILED: SemanticException Only external table creation is supported: use CREATE EXTERNAL TABLE")
    }
    guard let location = statement.location, ResultLocation.split(location) != nil else {
      throw QueryFailure(
        "FAILED: SemanticException [Error 10096]: The location of the table must be an S3 path (LOCATION 's3://…')")
    }
    var parameters = properties
    parameters["EXTERNAL"] = "TRUE"
    if let comment = statement.comment { parameters["comment"] = comment }
    let input = TableInput(
      name: name, owner: "hadoop", retention: 0,
      storageDescriptor: try TableFormat.storage(
        of: statement, location: location.hasSuffix("/") ? location : location + "/"),
      partitionKeys: statement.partitionColumns.map {
        Column(name: $0.name.key, type: $0.type.description, comment: $0.comment)
      }, tableType: "EXTERNAL_TABLE", parameters: parameters)
    do {
      _ = try await glue.createTable(CreateTableInput(databaseName: database, tableInput: input), job.context)
    } catch let error as AWSError where error.code == "AlreadyExistsException" {
      guard statement.ifNotExists else {
        throw QueryFailure(
          "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
            + "AlreadyExistsException(message:Table \(name) already exists)")
      }
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      throw QueryFailure("FAILED: SemanticException [Error 10072]: Database does not exist: \(database)")
    }
    return .nothing
  }

  func dropTable(_ name: QualifiedName, ifExists: Bool) async throws -> TextResult {
    let (database, table) = place(name)
    do {
      _ = try await glue.deleteTable(DeleteTableInput(databaseName: database, name: table), job.context)
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      guard ifExists else {
        throw QueryFailure("FAILED: SemanticException [Error 10001]: Table not found \(database).\(table)", type: 1200)
      }
    }
    return .nothing
  }

  func alter(_ name: QualifiedName, _ change: AlterTable) async throws -> TextResult {
    let table = try await table(name)
    switch change {
    case .addPartitions(let partitions, let ifNotExists):
      return try await add(partitions, to: table, ifNotExists: ifNotExists)
    case .dropPartitions(let specifications, let ifExists):
      return try await drop(specifications, from: table, ifExists: ifExists)
    case .renamePartition(let old, let new): return try await rename(old, to: new, of: table)
    case .setLocation(let location, let partition):
      guard ResultLocation.split(location) != nil else {
        throw QueryFailure("FAILED: SemanticException the location must be an S3 path: \(location)")
      }
      guard let partition else { return try await update(table) { $0.storageDescriptor?.location = location } }
      return try await setLocation(location, of: partition, in: table)
    case .setProperties(let properties):
      return try await update(table) { input in
        for property in properties { input.parameters?[property.name] = property.value }
      }
    case .unsetProperties(let names, _):
      return try await update(table) { input in for name in names { input.parameters?[name] = nil } }
    case .addColumns(let columns, _):
      return try await update(table) { input in
        let known = Set((input.storageDescriptor?.columns ?? []).map { $0.name.lowercased() })
        if let twice = columns.first(where: { known.contains($0.name.key) }) {
          throw QueryFailure("FAILED: Execution Error: Duplicate column name: \(twice.name.key)")
        }
        let present = input.storageDescriptor?.columns ?? []
        input.storageDescriptor?.columns = present + columns.map(Self.column)
      }
    case .replaceColumns(let columns):
      return try await update(table) { $0.storageDescriptor?.columns = columns.map(Self.column) }
    case .changeColumn(let old, let new, let placement):
      return try await update(table) { input in
        try Self.change(&input, old.key, to: Self.column(new), placement)
      }
    case .dropColumn(let column):
      return try await update(table) { input in
        input.storageDescriptor?.columns?.removeAll { $0.name.lowercased() == column.key }
      }
    case .rename:
      throw QueryFailure("FAILED: SemanticException ALTER TABLE RENAME is supported for Iceberg tables only")
    }
  }

  private static func column(_ column: HiveColumn) -> Column {
    Column(name: column.name.key, type: column.type.description, comment: column.comment)
  }

  private static func change(
    _ input: inout TableInput, _ old: String, to new: Column, _ placement: ColumnPlacement?
  ) throws {
    var columns = input.storageDescriptor?.columns ?? []
    guard let index = columns.firstIndex(where: { $0.name.lowercased() == old }) else {
      throw QueryFailure("FAILED: Execution Error: Column \(old) doesn't exist in table \(input.name)")
    }
    columns.remove(at: index)
    switch placement {
    case nil: columns.insert(new, at: index)
    case .first: columns.insert(new, at: 0)
    case .after(let name):
      guard let place = columns.firstIndex(where: { $0.name.lowercased() == name.key }) else {
        throw QueryFailure("FAILED: Execution Error: Column \(name.key) doesn't exist in table \(input.name)")
      }
      columns.insert(new, at: place + 1)
    }
    input.storageDescriptor?.columns = columns
  }

  /// Changes a table as somebody who read this version of it: a change in between is refused by Glue.
  func update(_ table: Table, _ change: (inout TableInput) throws -> Void) async throws -> TextResult {
    var input = TableInput(
      name: table.name, description: table.description, owner: table.owner, lastAccessTime: table.lastAccessTime,
      retention: table.retention, storageDescriptor: table.storageDescriptor, partitionKeys: table.partitionKeys,
      viewOriginalText: table.viewOriginalText, viewExpandedText: table.viewExpandedText, tableType: table.tableType,
      parameters: table.parameters ?? [:])
    try change(&input)
    _ = try await glue.updateTable(
      UpdateTableInput(databaseName: table.databaseName ?? job.database, tableInput: input, versionId: table.versionId),
      job.context)
    return .nothing
  }
}
