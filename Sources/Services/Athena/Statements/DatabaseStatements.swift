import GlueModel
import Kernel
import SQL

extension HiveStatements {
  func create(_ database: SQL.CreateDatabase) async throws -> TextResult {
    do {
      _ = try await glue.createDatabase(
        CreateDatabaseInput(
          databaseInput: DatabaseInput(
            name: database.name.key, description: database.comment, locationUri: database.location,
            parameters: Dictionary(database.properties.map { ($0.name, $0.value) }) { $1 })), job.context)
    } catch let error as AWSError where error.code == "AlreadyExistsException" {
      guard database.ifNotExists else {
        throw QueryFailure(
          "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
            + "Database \(database.name.key) already exists")
      }
    }
    return .nothing
  }

  func dropDatabase(_ name: String, ifExists: Bool, cascade: Bool) async throws -> TextResult {
    do {
      let tables = try await glue.getTables(GetTablesInput(databaseName: name, maxResults: 1), job.context)
      guard cascade || (tables.tableList ?? []).isEmpty else {
        throw QueryFailure(
          "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
            + "InvalidOperationException(message:Database \(name) is not empty. One or more tables exist.)")
      }
      _ = try await glue.deleteDatabase(DeleteDatabaseInput(name: name), job.context)
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      guard ifExists else {
        throw QueryFailure("FAILED: SemanticException [Error 10072]: Database does not exist: \(name)")
      }
    }
    return .nothing
  }

  func setProperties(ofDatabase name: String, _ properties: [HiveProperty]) async throws -> TextResult {
    guard let found = try await glue.getDatabase(GetDatabaseInput(name: name), job.context).database else {
      throw QueryFailure("FAILED: SemanticException [Error 10072]: Database does not exist: \(name)")
    }
    var parameters = found.parameters ?? [:]
    for property in properties { parameters[property.name] = property.value }
    _ = try await glue.updateDatabase(
      UpdateDatabaseInput(
        name: name,
        databaseInput: DatabaseInput(
          name: name, description: found.description, locationUri: found.locationUri, parameters: parameters)),
      job.context)
    return .nothing
  }

  func showDatabases(_ pattern: String?) async throws -> TextResult {
    let matches = Self.pattern(pattern)
    var names: [String] = []
    var token: String?
    repeat {
      let page = try await glue.getDatabases(GetDatabasesInput(nextToken: token), job.context)
      names += page.databaseList.map(\.name).filter(matches)
      token = page.nextToken
    } while token != nil
    return .strings("database_name", names.sorted())
  }
}
