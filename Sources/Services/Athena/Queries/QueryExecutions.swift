public import AthenaModel
public import Kernel
import Storage

extension AthenaService {
  public func getQueryExecution(_ input: GetQueryExecutionInput, _ context: RequestContext) async throws
    -> GetQueryExecutionOutput
  {
    let record = try await execution(input.queryExecutionId, "athena:GetQueryExecution", context)
    return GetQueryExecutionOutput(queryExecution: record.shape)
  }

  public func batchGetQueryExecution(_ input: BatchGetQueryExecutionInput, _ context: RequestContext) async throws
    -> BatchGetQueryExecutionOutput
  {
    var found: [QueryExecution] = []
    var missing: [UnprocessedQueryExecutionId] = []
    for id in input.queryExecutionIds {
      do {
        found.append(try await execution(id, "athena:BatchGetQueryExecution", context).shape)
      } catch let error as AWSError {
        missing.append(
          UnprocessedQueryExecutionId(queryExecutionId: id, errorCode: error.code, errorMessage: error.message))
      }
    }
    return BatchGetQueryExecutionOutput(queryExecutions: found, unprocessedQueryExecutionIds: missing)
  }

  public func listQueryExecutions(_ input: ListQueryExecutionsInput, _ context: RequestContext) async throws
    -> ListQueryExecutionsOutput
  {
    let (scope, name) = (context.scope, input.workGroup ?? WorkGroupRecord.primary)
    try await context.authorize("athena:ListQueryExecutions", on: WorkGroupRecord.arn(scope, name))
    _ = try await workGroup(name, scope)
    let limit = max(1, input.maxResults ?? AthenaLimits.listPageDefault)
    var range = QueryExecutionRecord.index(scope, workGroup: name)
    if let token = input.nextToken { range.from = try Self.place(after: token) }
    let (from, to) = (range.from, range.to)
    let entries = try await keys.read { reader in
      try reader.entries(KeyRange(from: from, to: to), limit: limit + 1).map(\.key)
    }
    let page = entries.prefix(limit)
    return ListQueryExecutionsOutput(
      queryExecutionIds: page.compactMap { $0.elements?.last?.string },
      nextToken: entries.count > limit ? page.last.map { $0.bytes.hex } : nil)
  }

  public func stopQueryExecution(_ input: StopQueryExecutionInput, _ context: RequestContext) async throws
    -> StopQueryExecutionOutput
  {
    let record = try await execution(input.queryExecutionId, "athena:StopQueryExecution", context)
    try await runner.cancel(record.id)
    return StopQueryExecutionOutput()
  }

  public func getQueryRuntimeStatistics(_ input: GetQueryRuntimeStatisticsInput, _ context: RequestContext)
    async throws -> GetQueryRuntimeStatisticsOutput
  {
    let record = try await execution(input.queryExecutionId, "athena:GetQueryRuntimeStatistics", context)
    let times = record.times
    return GetQueryRuntimeStatisticsOutput(
      queryRuntimeStatistics: QueryRuntimeStatistics(
        timeline: QueryRuntimeStatisticsTimeline(
          queryQueueTimeInMillis: times.queue, servicePreProcessingTimeInMillis: times.preProcessing,
          queryPlanningTimeInMillis: times.planning, engineExecutionTimeInMillis: times.engine,
          serviceProcessingTimeInMillis: times.processing, totalExecutionTimeInMillis: times.total),
        rows: QueryRuntimeStatisticsRows(
          inputBytes: record.scannedBytes, outputBytes: record.outputBytes, outputRows: record.outputRows)))
  }

  /// Finds an execution, running or over, and checks the right on its workgroup.
  func execution(_ id: String, _ action: String, _ context: RequestContext) async throws -> QueryExecutionRecord {
    let scope = context.scope
    // The runner lets go of a query only after its end is written, so looking there first misses nothing.
    var found = await runner.current(id)
    if found == nil {
      found = try await keys.read {
        try $0.get(QueryExecutionRecord.key(scope, id), as: QueryExecutionRecord.self)
      }
    }
    try await context.authorize(
      action, on: WorkGroupRecord.arn(scope, found?.workGroup ?? WorkGroupRecord.primary))
    guard let found else {
      throw AthenaError.invalidRequestException("QueryExecution \(id) was not found")
    }
    return found
  }

  /// The first key after the one that a paging token holds in hexadecimal.
  private static func place(after token: String) throws -> Key {
    guard let bytes = [UInt8](hex: token), Key(encoded: bytes).elements?.first?.string == "athena" else {
      throw AthenaError.invalidRequestException("Invalid NextToken")
    }
    return Key(encoded: bytes + [0])
  }
}

extension [UInt8] {
  /// - Returns: `nil` unless the text is pairs of hexadecimal digits.
  fileprivate init?(hex: String) {
    let digits = hex.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count % 2 == 0, !digits.contains(nil) else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) }
  }
}
