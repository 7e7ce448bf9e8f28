public import AthenaModel
public import Kernel
import Storage

/// A statement with parameters, kept in a workgroup under a name.
struct PreparedStatementRecord: Codable, Sendable {
  var name: String
  var workGroup: String
  var query: String
  var description: String?
  var modified: Timestamp

  static func all(_ scope: Scope, workGroup: String) -> KeyRange {
    Key("athena", scope.account.digits, scope.region.code, "prepared", workGroup).subtree
  }
  static func key(_ scope: Scope, workGroup: String, _ name: String) -> Key {
    Key("athena", scope.account.digits, scope.region.code, "prepared", workGroup, name)
  }

  var shape: PreparedStatement {
    PreparedStatement(
      statementName: name, queryStatement: query, workGroupName: workGroup, description: description,
      lastModifiedTime: modified)
  }
}

extension AthenaService {
  public func createPreparedStatement(_ input: CreatePreparedStatementInput, _ context: RequestContext) async throws
    -> CreatePreparedStatementOutput
  {
    let scope = context.scope
    try await context.authorize("athena:CreatePreparedStatement", on: WorkGroupRecord.arn(scope, input.workGroup))
    _ = try await workGroup(input.workGroup, scope)
    let record = PreparedStatementRecord(
      name: input.statementName, workGroup: input.workGroup, query: input.queryStatement,
      description: input.description, modified: context.time)
    try await keys.write { transaction in
      let key = PreparedStatementRecord.key(scope, workGroup: record.workGroup, record.name)
      guard try transaction.get(key) == nil else {
        throw AthenaError.invalidRequestException(
          "Prepared Statement \(record.name) already exists in WorkGroup \(record.workGroup)")
      }
      try transaction.set(key, record: record)
    }
    return CreatePreparedStatementOutput()
  }

  public func getPreparedStatement(_ input: GetPreparedStatementInput, _ context: RequestContext) async throws
    -> GetPreparedStatementOutput
  {
    try await context.authorize(
      "athena:GetPreparedStatement", on: WorkGroupRecord.arn(context.scope, input.workGroup))
    let record = try await preparedStatement(input.statementName, in: input.workGroup, context.scope)
    return GetPreparedStatementOutput(preparedStatement: record.shape)
  }

  public func batchGetPreparedStatement(_ input: BatchGetPreparedStatementInput, _ context: RequestContext)
    async throws -> BatchGetPreparedStatementOutput
  {
    try await context.authorize(
      "athena:BatchGetPreparedStatement", on: WorkGroupRecord.arn(context.scope, input.workGroup))
    var found: [PreparedStatement] = []
    var missing: [UnprocessedPreparedStatementName] = []
    for name in input.preparedStatementNames {
      do {
        found.append(try await preparedStatement(name, in: input.workGroup, context.scope).shape)
      } catch let error as AWSError {
        missing.append(
          UnprocessedPreparedStatementName(statementName: name, errorCode: error.code, errorMessage: error.message))
      }
    }
    return BatchGetPreparedStatementOutput(preparedStatements: found, unprocessedPreparedStatementNames: missing)
  }

  public func listPreparedStatements(_ input: ListPreparedStatementsInput, _ context: RequestContext) async throws
    -> ListPreparedStatementsOutput
  {
    let scope = context.scope
    try await context.authorize("athena:ListPreparedStatements", on: WorkGroupRecord.arn(scope, input.workGroup))
    _ = try await workGroup(input.workGroup, scope)
    let all = try await keys.read {
      try $0.records(PreparedStatementRecord.all(scope, workGroup: input.workGroup), as: PreparedStatementRecord.self)
    }
    let page = Page(all, after: input.nextToken, limit: input.maxResults) { $0.name }
    return ListPreparedStatementsOutput(
      preparedStatements: page.items.map {
        PreparedStatementSummary(statementName: $0.name, lastModifiedTime: $0.modified)
      }, nextToken: page.nextToken)
  }

  public func updatePreparedStatement(_ input: UpdatePreparedStatementInput, _ context: RequestContext) async throws
    -> UpdatePreparedStatementOutput
  {
    let scope = context.scope
    try await context.authorize("athena:UpdatePreparedStatement", on: WorkGroupRecord.arn(scope, input.workGroup))
    var record = try await preparedStatement(input.statementName, in: input.workGroup, scope)
    record.query = input.queryStatement
    record.description = input.description ?? record.description
    record.modified = context.time
    let changed = record
    try await keys.write {
      try $0.set(PreparedStatementRecord.key(scope, workGroup: changed.workGroup, changed.name), record: changed)
    }
    return UpdatePreparedStatementOutput()
  }

  public func deletePreparedStatement(_ input: DeletePreparedStatementInput, _ context: RequestContext) async throws
    -> DeletePreparedStatementOutput
  {
    let scope = context.scope
    try await context.authorize("athena:DeletePreparedStatement", on: WorkGroupRecord.arn(scope, input.workGroup))
    _ = try await preparedStatement(input.statementName, in: input.workGroup, scope)
    try await keys.write {
      try $0.delete(PreparedStatementRecord.key(scope, workGroup: input.workGroup, input.statementName))
    }
    return DeletePreparedStatementOutput()
  }

  func preparedStatement(_ name: String, in workGroup: String, _ scope: Scope) async throws -> PreparedStatementRecord {
    try await Self.preparedStatement(name, in: workGroup, scope, keys)
  }

  static func preparedStatement(_ name: String, in workGroup: String, _ scope: Scope, _ keys: any KeyStore) async throws
    -> PreparedStatementRecord
  {
    let key = PreparedStatementRecord.key(scope, workGroup: workGroup, name)
    guard let record = try await keys.read({ try $0.get(key, as: PreparedStatementRecord.self) }) else {
      throw AthenaError.resourceNotFoundException("PreparedStatement \(name) was not found in workGroup \(workGroup)")
    }
    return record
  }
}
