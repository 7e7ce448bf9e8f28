public import GlueModel
public import Kernel
import Storage

extension GlueService {
  public func startDataQualityRuleRecommendationRun(
    _ input: StartDataQualityRuleRecommendationRunInput, _ context: RequestContext
  ) async throws -> StartDataQualityRuleRecommendationRunOutput {
    let house = try quality("StartDataQualityRuleRecommendationRun")
    let scope = context.scope
    try await context.authorize("glue:StartDataQualityRuleRecommendationRun", on: RulesetRecord.arn("*", scope))
    var run = try await house.newRun(.recommendation, "dqrun-", input.dataSource, role: input.role, context)
    run.workers = input.numberOfWorkers ?? DataQualityLimits.workersWhenUnsaid
    run.timeout = input.timeout ?? DataQualityLimits.timeoutMinutes
    run.clientToken = input.clientToken
    run.createdRuleset = input.createdRulesetName
    run.securityConfiguration = input.dataQualitySecurityConfiguration
    let name = input.createdRulesetName
    let id = try await house.start(run, scope) { reader, keys in
      if let name, try reader.get(keys.ruleset(name)) != nil {
        throw CatalogError.invalidInput("A ruleset with the name \(name) already exists.")
      }
    }
    return StartDataQualityRuleRecommendationRunOutput(runId: id)
  }

  public func getDataQualityRuleRecommendationRun(
    _ input: GetDataQualityRuleRecommendationRunInput, _ context: RequestContext
  ) async throws -> GetDataQualityRuleRecommendationRunOutput {
    try await context.authorize(
      "glue:GetDataQualityRuleRecommendationRun", on: RulesetRecord.arn("*", context.scope))
    let keys = QualityKeys(scope: context.scope)
    let run = try await catalog.keys.read { try $0.run(input.runId, .recommendation, keys) }
    return GetDataQualityRuleRecommendationRunOutput(
      runId: run.id, dataSource: run.source.shape, role: run.role, numberOfWorkers: run.workers, timeout: run.timeout,
      status: run.status, errorString: run.error, startedOn: run.started, lastModifiedOn: run.modified,
      completedOn: run.completed, executionTime: run.seconds, recommendedRuleset: run.recommended,
      createdRulesetName: run.createdRuleset, dataQualitySecurityConfiguration: run.securityConfiguration)
  }

  public func cancelDataQualityRuleRecommendationRun(
    _ input: CancelDataQualityRuleRecommendationRunInput, _ context: RequestContext
  ) async throws -> CancelDataQualityRuleRecommendationRunOutput {
    let house = try quality("CancelDataQualityRuleRecommendationRun")
    try await context.authorize(
      "glue:CancelDataQualityRuleRecommendationRun", on: RulesetRecord.arn("*", context.scope))
    try await house.cancel(input.runId, .recommendation, context.scope)
    return CancelDataQualityRuleRecommendationRunOutput()
  }

  public func listDataQualityRuleRecommendationRuns(
    _ input: ListDataQualityRuleRecommendationRunsInput, _ context: RequestContext
  ) async throws -> ListDataQualityRuleRecommendationRunsOutput {
    try await context.authorize(
      "glue:ListDataQualityRuleRecommendationRuns", on: RulesetRecord.arn("*", context.scope))
    let source = try input.filter.map { try SourceRecord($0.dataSource) }
    let (filter, keys) = (input.filter, QualityKeys(scope: context.scope))
    let page = try await page(input.nextToken, input.maxResults, "ListDataQualityRuleRecommendationRuns") {
      reader, visit in
      try reader.visitRuns(.recommendation, keys) { run in
        if let source, !run.source.matches(source) { return true }
        guard run.started.isWithin(filter?.startedAfter, filter?.startedBefore) else { return true }
        return visit(run.id, run)
      }
    }
    return ListDataQualityRuleRecommendationRunsOutput(
      runs: page.entries.map { run in
        DataQualityRuleRecommendationRunDescription(
          runId: run.id, status: run.status, startedOn: run.started, dataSource: run.source.shape)
      }, nextToken: page.next)
  }
}
