import AWSWire
import Crypto
public import Kernel
public import RedshiftDataModel
import Storage

extension DataService {
  public func executeStatement(_ input: ExecuteStatementInput, _ context: RequestContext) async throws
    -> ExecuteStatementOutput
  {
    let given = Submission(
      sqls: [input.sql], isBatch: false,
      address: DataAddress(
        cluster: input.clusterIdentifier, workgroup: input.workgroupName, database: input.database,
        user: input.dbUser, secret: input.secretArn),
      name: input.statementName, parameters: input.parameters ?? [], token: input.clientToken,
      format: input.resultFormat ?? "JSON", keepSeconds: input.sessionKeepAliveSeconds, session: input.sessionId)
    let record = try await submit(given, "ExecuteStatement", context)
    return ExecuteStatementOutput(
      id: record.id, createdAt: record.created, clusterIdentifier: record.target.cluster, dbUser: record.target.dbUser,
      database: record.target.database, secretArn: record.target.secretARN, workgroupName: record.target.workgroup,
      sessionId: record.session)
  }

  public func batchExecuteStatement(_ input: BatchExecuteStatementInput, _ context: RequestContext) async throws
    -> BatchExecuteStatementOutput
  {
    let given = Submission(
      sqls: input.sqls, isBatch: true,
      address: DataAddress(
        cluster: input.clusterIdentifier, workgroup: input.workgroupName, database: input.database,
        user: input.dbUser, secret: input.secretArn),
      name: input.statementName, parameters: input.parameters ?? [], token: input.clientToken,
      format: input.resultFormat ?? "JSON", keepSeconds: input.sessionKeepAliveSeconds, session: input.sessionId)
    let record = try await submit(given, "BatchExecuteStatement", context)
    return BatchExecuteStatementOutput(
      id: record.id, createdAt: record.created, clusterIdentifier: record.target.cluster, dbUser: record.target.dbUser,
      database: record.target.database, secretArn: record.target.secretARN, workgroupName: record.target.workgroup,
      sessionId: record.session)
  }

  /// What either call hands in.
  struct Submission: Sendable {
    var sqls: [String]
    var isBatch: Bool
    var address: DataAddress
    var name: String?
    var parameters: [SqlParameter]
    var token: String?
    var format: ResultFormatString
    var keepSeconds: Int?
    var session: String?

    /// What makes two requests the same.
    var digest: String {
      let parts: [String?] =
        sqls + [address.cluster, address.workgroup, address.database, address.user, address.secret, session]
        + parameters.flatMap { [$0.name, $0.value] }
      let text = parts.map { $0.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined(separator: ",")
      return Array(SHA256.hash(data: Array(text.utf8))).hex
    }
  }

  /// Checks what can be checked at once, writes the statement down, and runs it behind the call.
  private func submit(_ given: Submission, _ action: String, _ context: RequestContext) async throws
    -> StatementRecord
  {
    let scope = context.scope
    try Self.check(given)
    let owner = context.principal.arn.description
    let target: DataTarget
    if let session = given.session {
      guard let found = await sessions.target(session, owner: owner) else {
        throw RedshiftDataError.resourceNotFoundException("Session \(session) does not exist.")
      }
      let arn =
        found.cluster.map { ClusterRecord.arn(scope, $0) } ?? context.arn("redshift-serverless", "workgroup/*")
      try await context.authorize("redshift-data:\(action)", on: arn)
      target = found
    } else {
      target = try await self.target(given.address, action, context)
    }
    if let token = given.token, let earlier = try await self.earlier(token, given, scope) { return earlier }
    let active = running.withLock { running in running.values.count { $0.namespace == target.namespace } }
    guard active < DataLimits.activeStatementsMax else {
      throw RedshiftDataError.activeStatementsExceededException("Active statements exceeded the allowed quota (500).")
    }
    let keeps = (given.keepSeconds ?? 0) > 0
    if keeps, given.session == nil { try await sessions.check(roomFor: 1) }
    let (id, now) = (house.random.uuid(), house.clock.now())
    let sessionID = given.session ?? (keeps ? house.random.uuid() : nil)
    // Taken before the call is answered, so that two calls cannot both have it.
    let taken = try await given.session.asyncMap { try await self.sessions.take($0, owner: owner, now: now).0 }
    var role: String?
    if case .assumedRole(let name, _) = context.principal.kind { role = name }
    let record = StatementRecord(
      id: id, parts: given.sqls.map { StatementRecord.Part(sql: $0, updated: now) }, isBatch: given.isBatch,
      created: now, updated: now, target: target, name: given.name,
      parameters: given.parameters.map { StatementRecord.Parameter(name: $0.name, value: $0.value) },
      format: given.format.rawValue, session: sessionID, owner: owner, ownerRole: role)
    do {
      try await keys.write { transaction in
        try transaction.set(StatementRecord.key(scope, id), record: record)
        try transaction.set(record.timeKey(scope), [])
        try transaction.set(StatementRecord.open(scope, id), [])
        if let token = given.token {
          try transaction.set(
            TokenRecord.key(scope, token), record: TokenRecord(statement: id, request: given.digest, created: now))
        }
      }
    } catch {
      if let session = given.session, taken != nil { await sessions.giveBack(session, seconds: nil, now: now) }
      throw error
    }
    start(record, scope, in: taken, keepSeconds: given.keepSeconds)
    return record
  }

  private static func check(_ given: Submission) throws {
    for sql in given.sqls where sql.utf8.count > DataLimits.statementBytesMax {
      throw RedshiftDataError.validationException(
        "Query string length exceeds the maximum of \(DataLimits.statementBytesMax) bytes.")
    }
    let names = given.parameters.map(\.name)
    guard Set(names).count == names.count else {
      throw RedshiftDataError.validationException("Parameters list contains duplicate parameter names.")
    }
    let used = given.sqls.reduce(into: Set<String>()) { used, sql in
      for index in NamedParameters.rewrite(sql, names: names).order { used.insert(names[index]) }
    }
    let unused = names.filter { !used.contains($0) }
    guard unused.isEmpty else {
      throw RedshiftDataError.validationException(
        "Parameters list contains unused parameters. Unused parameters: [\(unused.joined(separator: ", "))]")
    }
    if given.session != nil {
      let address = given.address
      guard address.cluster == nil, address.workgroup == nil, address.database == nil, address.user == nil,
        address.secret == nil
      else {
        throw RedshiftDataError.validationException(
          "ClusterIdentifier, WorkgroupName, Database, DbUser and SecretArn cannot be specified with SessionId.")
      }
    }
  }

  private func earlier(_ token: String, _ given: Submission, _ scope: Scope) async throws -> StatementRecord? {
    let oldest = house.clock.now() - DataLimits.tokensKept
    return try await keys.read { reader in
      guard let found = try reader.get(TokenRecord.key(scope, token), as: TokenRecord.self), found.created >= oldest
      else { return nil }
      guard found.request == given.digest else {
        throw RedshiftDataError.validationException(
          "The client token was used already for a request with other parameters.")
      }
      return try reader.get(StatementRecord.key(scope, found.statement), as: StatementRecord.self)
    }
  }
}

extension Optional {
  fileprivate func asyncMap<T>(_ body: (Wrapped) async throws -> T) async rethrows -> T? {
    guard let self else { return nil }
    return try await body(self)
  }
}
