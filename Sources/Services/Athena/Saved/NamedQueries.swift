public import AthenaModel
public import Kernel
import Storage

/// A query that somebody saved under a name.
struct NamedQueryRecord: Codable, Sendable {
  var id: String
  var name: String
  var description: String?
  var database: String
  var query: String
  var workGroup: String
  /// Makes a repeated `CreateNamedQuery` answer with the first one's id.
  var clientToken: String?

  static func key(_ scope: Scope, _ id: String) -> Key {
    Key("athena", scope.account.digits, scope.region.code, "named-query", id)
  }
  static func index(_ scope: Scope, workGroup: String) -> KeyRange {
    Key("athena", scope.account.digits, scope.region.code, "named-query-of", workGroup).subtree
  }
  static func index(_ scope: Scope, workGroup: String, _ id: String) -> Key {
    Key("athena", scope.account.digits, scope.region.code, "named-query-of", workGroup, id)
  }

  var shape: NamedQuery {
    NamedQuery(
      name: name, description: description, database: database, queryString: query, namedQueryId: id,
      workGroup: workGroup)
  }
}

extension AthenaService {
  public func createNamedQuery(_ input: CreateNamedQueryInput, _ context: RequestContext) async throws
    -> CreateNamedQueryOutput
  {
    let (scope, workGroup) = (context.scope, input.workGroup ?? WorkGroupRecord.primary)
    try await context.authorize("athena:CreateNamedQuery", on: WorkGroupRecord.arn(scope, workGroup))
    let record = NamedQueryRecord(
      id: random.uuid(), name: input.name, description: input.description, database: input.database,
      query: input.queryString, workGroup: workGroup, clientToken: input.clientRequestToken)
    let id = try await keys.write { transaction in
      guard try WorkGroupRecord.read(scope, workGroup, transaction) != nil else {
        throw Self.noWorkGroup(workGroup)
      }
      if let token = record.clientToken {
        let tokenKey = Key("athena", scope.account.digits, scope.region.code, "named-query-token", token)
        if let earlier = try transaction.get(tokenKey, as: String.self) { return earlier }
        try transaction.set(tokenKey, record: record.id)
      }
      try transaction.set(NamedQueryRecord.key(scope, record.id), record: record)
      try transaction.set(NamedQueryRecord.index(scope, workGroup: workGroup, record.id), [])
      return record.id
    }
    return CreateNamedQueryOutput(namedQueryId: id)
  }

  public func getNamedQuery(_ input: GetNamedQueryInput, _ context: RequestContext) async throws
    -> GetNamedQueryOutput
  {
    let record = try await namedQuery(input.namedQueryId, "athena:GetNamedQuery", context)
    return GetNamedQueryOutput(namedQuery: record.shape)
  }

  public func batchGetNamedQuery(_ input: BatchGetNamedQueryInput, _ context: RequestContext) async throws
    -> BatchGetNamedQueryOutput
  {
    var found: [NamedQuery] = []
    var missing: [UnprocessedNamedQueryId] = []
    for id in input.namedQueryIds {
      do {
        found.append(try await namedQuery(id, "athena:BatchGetNamedQuery", context).shape)
      } catch let error as AWSError {
        missing.append(
          UnprocessedNamedQueryId(namedQueryId: id, errorCode: error.code, errorMessage: error.message))
      }
    }
    return BatchGetNamedQueryOutput(namedQueries: found, unprocessedNamedQueryIds: missing)
  }

  public func listNamedQueries(_ input: ListNamedQueriesInput, _ context: RequestContext) async throws
    -> ListNamedQueriesOutput
  {
    let (scope, name) = (context.scope, input.workGroup ?? WorkGroupRecord.primary)
    try await context.authorize("athena:ListNamedQueries", on: WorkGroupRecord.arn(scope, name))
    _ = try await workGroup(name, scope)
    let ids = try await keys.read { reader in
      try reader.entries(NamedQueryRecord.index(scope, workGroup: name)).compactMap { $0.key.elements?.last?.string }
    }
    let page = Page(ids, after: input.nextToken, limit: input.maxResults) { $0 }
    return ListNamedQueriesOutput(namedQueryIds: page.items, nextToken: page.nextToken)
  }

  public func updateNamedQuery(_ input: UpdateNamedQueryInput, _ context: RequestContext) async throws
    -> UpdateNamedQueryOutput
  {
    _ = try await namedQuery(input.namedQueryId, "athena:UpdateNamedQuery", context)
    let scope = context.scope
    try await keys.write { transaction in
      let key = NamedQueryRecord.key(scope, input.namedQueryId)
      guard var record = try transaction.get(key, as: NamedQueryRecord.self) else {
        throw Self.noNamedQuery(input.namedQueryId)
      }
      record.name = input.name
      record.query = input.queryString
      if let description = input.description { record.description = description }
      try transaction.set(key, record: record)
    }
    return UpdateNamedQueryOutput()
  }

  public func deleteNamedQuery(_ input: DeleteNamedQueryInput, _ context: RequestContext) async throws
    -> DeleteNamedQueryOutput
  {
    let record = try await namedQuery(input.namedQueryId, "athena:DeleteNamedQuery", context)
    let scope = context.scope
    try await keys.write { transaction in
      try transaction.delete(NamedQueryRecord.key(scope, record.id))
      try transaction.delete(NamedQueryRecord.index(scope, workGroup: record.workGroup, record.id))
    }
    return DeleteNamedQueryOutput()
  }

  /// Reads a saved query and checks the right on its workgroup, which is the resource that IAM knows.
  private func namedQuery(_ id: String, _ action: String, _ context: RequestContext) async throws -> NamedQueryRecord {
    let scope = context.scope
    let record = try await keys.read { try $0.get(NamedQueryRecord.key(scope, id), as: NamedQueryRecord.self) }
    try await context.authorize(
      action, on: WorkGroupRecord.arn(scope, record?.workGroup ?? WorkGroupRecord.primary))
    guard let record else { throw Self.noNamedQuery(id) }
    return record
  }

  private static func noNamedQuery(_ id: String) -> AWSError {
    AthenaError.invalidRequestException("NamedQuery \(id) was not found")
  }
}
