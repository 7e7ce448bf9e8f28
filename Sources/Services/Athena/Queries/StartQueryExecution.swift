public import AthenaModel
public import Kernel
import S3Model
import Storage

extension AthenaService {
  /// Checks what can be checked at once (workgroup, result location, syntax), writes the query down and queues it.
  public func startQueryExecution(_ input: StartQueryExecutionInput, _ context: RequestContext) async throws
    -> StartQueryExecutionOutput
  {
    let (scope, name) = (context.scope, input.workGroup ?? WorkGroupRecord.primary)
    try await context.authorize("athena:StartQueryExecution", on: WorkGroupRecord.arn(scope, name))
    let workGroup = try await workGroup(name, scope)
    guard workGroup.enabled else {
      throw AthenaError.invalidRequestException("WorkGroup \(name) is disabled.")
    }
    guard input.queryString.utf8.count <= AthenaLimits.queryBytesMax else {
      throw AthenaError.invalidRequestException(
        "Query string length exceeds the maximum allowed \(AthenaLimits.queryBytesMax) bytes")
    }
    if let token = input.clientRequestToken, let earlier = try await earlierExecution(token, input, scope) {
      return StartQueryExecutionOutput(queryExecutionId: earlier)
    }
    let configuration = Self.effective(input.resultConfiguration, in: workGroup)
    guard let output = configuration?.outputLocation else {
      throw AthenaError.invalidRequestException(
        "No output location provided. An output location is required either through the Workgroup result "
          + "configuration setting or as an API input.")
    }
    let location = try ResultLocation(output)
    try await verify(location.bucket, context)
    let kind = try runner.executor.classify(input.queryString)

    let id = random.uuid()
    let suffix = kind.type == "DML" ? ".csv" : ".txt"
    let record = QueryExecutionRecord(
      id: id, query: input.queryString, statementType: kind.type, substatementType: kind.substatement,
      workGroup: name, database: input.queryExecutionContext?.database?.lowercased(),
      catalog: input.queryExecutionContext?.catalog, outputLocation: location.uri(id + suffix),
      encryptionOption: configuration?.encryptionConfiguration?.encryptionOption.rawValue,
      kmsKey: configuration?.encryptionConfiguration?.kmsKey, expectedBucketOwner: configuration?.expectedBucketOwner,
      parameters: input.executionParameters, state: QueryExecutionState.queued.rawValue, submitted: clock.now(),
      reuseMaxAgeMinutes: try Self.reuseAge(input.resultReuseConfiguration))
    if let token = input.clientRequestToken {
      let request = TokenRecord(execution: id, query: input.queryString)
      try await keys.write { try $0.set(Self.tokenKey(scope, token), record: request) }
    }
    if let age = record.reuseMaxAgeMinutes, try await reuse(for: record, maxAgeMinutes: age, context) {
      return StartQueryExecutionOutput(queryExecutionId: id)
    }
    let job = QueryJob(
      id: id, query: input.queryString, database: record.database ?? "default",
      parameters: input.executionParameters ?? [], workGroup: name, outputBucket: location.bucket,
      outputPrefix: location.prefix, scanCutoffBytes: workGroup.scanCutoffBytes,
      publishesMetrics: workGroup.publishesMetrics, context: context, monitor: QueryMonitor(),
      prepared: preparedStatements(in: name, context))
    try await runner.submit(record, job)
    return StartQueryExecutionOutput(queryExecutionId: id)
  }

  private static func reuseAge(_ configuration: ResultReuseConfiguration?) throws -> Int? {
    guard let asked = configuration?.resultReuseByAgeConfiguration, asked.enabled else { return nil }
    let age = asked.maxAgeInMinutes ?? AthenaLimits.reuseMinutesDefault
    guard (0...AthenaLimits.reuseMinutesMax).contains(age) else {
      throw AthenaError.invalidRequestException(
        "MaxAgeInMinutes must be between 0 and \(AthenaLimits.reuseMinutesMax)")
    }
    return age
  }

  /// Athena looks for the output's bucket before it takes a query.
  private func verify(_ bucket: String, _ context: RequestContext) async throws {
    do {
      _ = try await s3.getBucketLocation(GetBucketLocationInput(bucket: bucket), context)
    } catch let error as AWSError where error.fault == .sender {
      throw AthenaError.invalidRequestException("Unable to verify/create output bucket \(bucket)")
    }
  }

  private func preparedStatements(in workGroup: String, _ context: RequestContext) -> PreparedStatementAccess {
    PreparedStatementAccess(
      text: { [keys] name in
        try await Self.preparedStatement(name, in: workGroup, context.scope, keys).query
      },
      save: { [keys] name, query in
        let record = PreparedStatementRecord(
          name: name, workGroup: workGroup, query: query, modified: context.time)
        try await keys.write {
          try $0.set(PreparedStatementRecord.key(context.scope, workGroup: workGroup, name), record: record)
        }
      },
      remove: { [keys] name in
        _ = try await Self.preparedStatement(name, in: workGroup, context.scope, keys)
        try await keys.write { try $0.delete(PreparedStatementRecord.key(context.scope, workGroup: workGroup, name)) }
      })
  }

  /// A workgroup that enforces its settings overrules the caller's; otherwise the caller's come first.
  private static func effective(_ given: ResultConfiguration?, in workGroup: WorkGroupRecord) -> ResultConfiguration? {
    guard !workGroup.enforced, var merged = given else { return workGroup.resultConfiguration ?? given }
    guard let standing = workGroup.resultConfiguration else { return merged }
    merged.outputLocation = merged.outputLocation ?? standing.outputLocation
    merged.encryptionConfiguration = merged.encryptionConfiguration ?? standing.encryptionConfiguration
    return merged
  }

  /// What a client request token stands for: the same request again answers with the same execution.
  private struct TokenRecord: Codable, Sendable {
    var execution: String
    var query: String
  }

  private static func tokenKey(_ scope: Scope, _ token: String) -> Key {
    Key("athena", scope.account.digits, scope.region.code, "execution-token", token)
  }

  private func earlierExecution(_ token: String, _ input: StartQueryExecutionInput, _ scope: Scope) async throws
    -> String?
  {
    guard let earlier = try await keys.read({ try $0.get(Self.tokenKey(scope, token), as: TokenRecord.self) }) else {
      return nil
    }
    guard earlier.query == input.queryString else {
      throw AthenaError.invalidRequestException("Idempotent parameters do not match")
    }
    return earlier.execution
  }
}
