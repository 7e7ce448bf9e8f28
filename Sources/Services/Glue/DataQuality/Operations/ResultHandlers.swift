public import GlueModel
public import Kernel
import Storage

extension GlueService {
  public func getDataQualityResult(
    _ input: GetDataQualityResultInput, _ context: RequestContext
  ) async throws -> GetDataQualityResultOutput {
    try await context.authorize("glue:GetDataQualityResult", on: RulesetRecord.arn("*", context.scope))
    let keys = QualityKeys(scope: context.scope)
    guard
      let record = try await catalog.keys.read({ try $0.get(keys.result(input.resultId), as: ResultRecord.self) })
    else { throw CatalogError.entityNotFound("Data quality result \(input.resultId) is not found.") }
    let result = record.shape
    return GetDataQualityResultOutput(
      resultId: result.resultId, profileId: result.profileId, score: result.score, dataSource: result.dataSource,
      rulesetName: result.rulesetName, evaluationContext: result.evaluationContext, startedOn: result.startedOn,
      completedOn: result.completedOn, jobName: result.jobName, jobRunId: result.jobRunId,
      rulesetEvaluationRunId: result.rulesetEvaluationRunId, ruleResults: result.ruleResults,
      analyzerResults: result.analyzerResults, observations: result.observations,
      aggregatedMetrics: result.aggregatedMetrics)
  }

  public func batchGetDataQualityResult(
    _ input: BatchGetDataQualityResultInput, _ context: RequestContext
  ) async throws -> BatchGetDataQualityResultOutput {
    try await context.authorize("glue:BatchGetDataQualityResult", on: RulesetRecord.arn("*", context.scope))
    let keys = QualityKeys(scope: context.scope)
    let (found, missing) = try await catalog.keys.read { reader in
      var (found, missing): ([ResultRecord], [String]) = ([], [])
      for id in input.resultIds {
        if let record = try reader.get(keys.result(id), as: ResultRecord.self) {
          found.append(record)
        } else {
          missing.append(id)
        }
      }
      return (found, missing)
    }
    return BatchGetDataQualityResultOutput(
      results: found.map(\.shape), resultsNotFound: missing.isEmpty ? nil : missing)
  }

  public func listDataQualityResults(
    _ input: ListDataQualityResultsInput, _ context: RequestContext
  ) async throws -> ListDataQualityResultsOutput {
    try await context.authorize("glue:ListDataQualityResults", on: RulesetRecord.arn("*", context.scope))
    let source = try input.filter?.dataSource.map(SourceRecord.init)
    let (filter, keys) = (input.filter, QualityKeys(scope: context.scope))
    let page = try await page(input.nextToken, input.maxResults, "ListDataQualityResults") { reader, visit in
      try reader.scan(keys.resultTimes, reversed: true) { key, _ in
        guard let id = key.elements?.last?.string,
          let result = try reader.get(keys.result(id), as: ResultRecord.self)
        else { return true }
        if let source, result.source.map({ $0.matches(source) }) != true { return true }
        if let name = filter?.jobName, result.jobName != name { return true }
        if let run = filter?.jobRunId, result.jobRun != run { return true }
        guard result.started.isWithin(filter?.startedAfter, filter?.startedBefore) else { return true }
        return visit(result.id, result)
      }
    }
    return ListDataQualityResultsOutput(results: page.entries.map(\.description), nextToken: page.next)
  }
}
