public import GlueModel
public import Kernel
import LakeFiles
import Storage

extension GlueService {
  public func startDataQualityRulesetEvaluationRun(
    _ input: StartDataQualityRulesetEvaluationRunInput, _ context: RequestContext
  ) async throws -> StartDataQualityRulesetEvaluationRunOutput {
    let house = try quality("StartDataQualityRulesetEvaluationRun")
    let scope = context.scope
    for name in input.rulesetNames {
      try await context.authorize(
        "glue:StartDataQualityRulesetEvaluationRun", on: RulesetRecord.arn(name, scope))
    }
    guard Set(input.rulesetNames).count == input.rulesetNames.count else {
      throw CatalogError.invalidInput("A ruleset is named more than once.")
    }
    var run = try await house.newRun(.evaluation, "dqrun-", input.dataSource, role: input.role, context)
    run.references = try (input.additionalDataSources ?? [:]).mapValues(SourceRecord.init)
    guard run.references["primary"] == nil else {
      throw CatalogError.invalidInput("An additional data source cannot have the alias 'primary'.")
    }
    run.workers = input.numberOfWorkers ?? DataQualityLimits.workersWhenUnsaid
    run.timeout = input.timeout ?? DataQualityLimits.timeoutMinutes
    run.clientToken = input.clientToken
    run.rulesets = input.rulesetNames
    if let options = input.additionalRunOptions {
      run.publishesMetrics = options.cloudWatchMetricsEnabled ?? false
      run.resultsPrefix = options.resultsS3Prefix
      run.compositeMethod = options.compositeRuleEvaluationMethod?.rawValue
      run.logPrefix = options.customLogGroupPrefix
      if let prefix = options.resultsS3Prefix, !prefix.isEmpty,
        LakePath(prefix.hasPrefix("s3") ? prefix : "s3://\(prefix)") == nil
      {
        throw CatalogError.invalidInput("\(prefix) is not an S3 path.")
      }
    }
    let names = input.rulesetNames
    let id = try await house.start(run, scope) { reader, keys in
      for name in names { _ = try reader.ruleset(name, keys) }
    }
    return StartDataQualityRulesetEvaluationRunOutput(runId: id)
  }

  public func getDataQualityRulesetEvaluationRun(
    _ input: GetDataQualityRulesetEvaluationRunInput, _ context: RequestContext
  ) async throws -> GetDataQualityRulesetEvaluationRunOutput {
    try await context.authorize(
      "glue:GetDataQualityRulesetEvaluationRun", on: RulesetRecord.arn("*", context.scope))
    let keys = QualityKeys(scope: context.scope)
    let run = try await catalog.keys.read { try $0.run(input.runId, .evaluation, keys) }
    return GetDataQualityRulesetEvaluationRunOutput(
      runId: run.id, dataSource: run.source.shape, role: run.role, numberOfWorkers: run.workers, timeout: run.timeout,
      additionalRunOptions: DataQualityEvaluationRunAdditionalRunOptions(
        cloudWatchMetricsEnabled: run.publishesMetrics, resultsS3Prefix: run.resultsPrefix,
        compositeRuleEvaluationMethod: run.compositeMethod.map { DQCompositeRuleEvaluationMethod(rawValue: $0) },
        customLogGroupPrefix: run.logPrefix), status: run.status, errorString: run.error, startedOn: run.started,
      lastModifiedOn: run.modified, completedOn: run.completed, executionTime: run.seconds,
      rulesetNames: run.rulesets, resultIds: run.results.isEmpty ? nil : run.results,
      additionalDataSources: run.references.isEmpty ? nil : run.references.mapValues(\.shape))
  }

  public func cancelDataQualityRulesetEvaluationRun(
    _ input: CancelDataQualityRulesetEvaluationRunInput, _ context: RequestContext
  ) async throws -> CancelDataQualityRulesetEvaluationRunOutput {
    let house = try quality("CancelDataQualityRulesetEvaluationRun")
    try await context.authorize(
      "glue:CancelDataQualityRulesetEvaluationRun", on: RulesetRecord.arn("*", context.scope))
    try await house.cancel(input.runId, .evaluation, context.scope)
    return CancelDataQualityRulesetEvaluationRunOutput()
  }

  public func listDataQualityRulesetEvaluationRuns(
    _ input: ListDataQualityRulesetEvaluationRunsInput, _ context: RequestContext
  ) async throws -> ListDataQualityRulesetEvaluationRunsOutput {
    try await context.authorize(
      "glue:ListDataQualityRulesetEvaluationRuns", on: RulesetRecord.arn("*", context.scope))
    let source = try input.filter.map { try SourceRecord($0.dataSource) }
    let (filter, keys) = (input.filter, QualityKeys(scope: context.scope))
    let page = try await page(input.nextToken, input.maxResults, "ListDataQualityRulesetEvaluationRuns") {
      reader, visit in
      try reader.visitRuns(.evaluation, keys) { run in
        if let source, !run.source.matches(source) { return true }
        if let name = filter?.rulesetName, !run.rulesets.contains(name) { return true }
        guard run.started.isWithin(filter?.startedAfter, filter?.startedBefore) else { return true }
        return visit(run.id, run)
      }
    }
    return ListDataQualityRulesetEvaluationRunsOutput(
      runs: page.entries.map { run in
        DataQualityRulesetEvaluationRunDescription(
          runId: run.id, status: run.status, startedOn: run.started, dataSource: run.source.shape)
      }, nextToken: page.next)
  }
}

extension QualityHouse {
  /// A run that has not begun, once the caller may pass its role.
  func newRun(
    _ kind: RunRecord.Kind, _ front: String, _ source: DataSource, role: String, _ context: RequestContext
  ) async throws -> RunRecord {
    let source = try SourceRecord(source)
    let arn = try await roles.passed(role, context)
    let now = clock.now()
    return RunRecord(
      id: id(front), kind: kind, source: source, role: role, roleARN: arn.description,
      timeout: DataQualityLimits.timeoutMinutes, started: now,
      modified: now)
  }
}

extension RunRecord {
  var status: TaskStatusType { TaskStatusType(rawValue: state.rawValue) }
}

extension Timestamp {
  /// Whether it lies between two moments, neither included; `nil` sets no limit.
  func isWithin(_ after: Timestamp?, _ before: Timestamp?) -> Bool {
    if let after, self <= after { return false }
    if let before, self >= before { return false }
    return true
  }
}

extension KeyReader {
  /// Runs, the newest first, until `visit` returns `false`.
  func visitRuns(
    _ kind: RunRecord.Kind, _ keys: QualityKeys, _ visit: (RunRecord) throws -> Bool
  ) throws {
    try scan(keys.runTimes(kind), reversed: true) { key, _ in
      guard let id = key.elements?.last?.string, let run = try get(keys.run(id), as: RunRecord.self) else {
        return true
      }
      return try visit(run)
    }
  }
}

extension GlueService {
  /// One page of what `visit` goes through, newest first: what stands behind the entry that the token names.
  func page<Entry: Sendable>(
    _ token: String?, _ wanted: Int?, _ operation: String,
    _ visit: @escaping @Sendable (any KeyReader, (String, Entry) -> Bool) throws -> Void
  ) async throws -> (entries: [Entry], next: String?) {
    let after = try PageToken.read(token, operation)?.first
    let count = wanted ?? DataQualityLimits.entriesPerPage
    let found = try await catalog.keys.read { reader in
      var found: [(id: String, entry: Entry)] = []
      var isBehind = after == nil
      try visit(reader) { id, entry in
        guard isBehind else {
          isBehind = id == after
          return true
        }
        found.append((id, entry))
        return found.count <= count
      }
      return found
    }
    let (page, next) = PageToken.cut(found, to: count, operation) { [$0.id] }
    return (page.map(\.entry), next)
  }
}
