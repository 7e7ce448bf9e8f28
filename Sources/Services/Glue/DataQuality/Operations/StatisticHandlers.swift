public import GlueModel
public import Kernel
import Storage

extension GlueService {
  /// A metric of a profile, as listings go through them.
  private struct Entry: Sendable {
    var profile: ProfileRecord
    var metric: String
    var id: String { "\(profile.id)/\(metric)" }
  }

  /// The metrics that a profile or a statistic names, or all of them; newest profiles first.
  private static func visit(
    _ reader: any KeyReader, _ keys: QualityKeys, profile: String?, statistic: String?, _ filter: TimestampFilter?,
    _ visit: (Entry) -> Bool
  ) throws {
    func metrics(_ record: ProfileRecord) -> Bool {
      guard record.recorded.isWithin(filter?.recordedAfter, filter?.recordedBefore) else { return true }
      for metric in record.metrics.keys.sorted() {
        if let statistic, ProfileRecord.statistic(metric, of: record.subject) != statistic { continue }
        guard visit(Entry(profile: record, metric: metric)) else { return false }
      }
      return true
    }
    if let profile {
      _ = metrics(try reader.profile(profile, keys).record)
      return
    }
    var range = keys.allProfiles
    if let statistic {
      guard let owner = try reader.get(keys.statistic(statistic), as: StatisticRecord.self) else {
        throw CatalogError.entityNotFound("Statistic \(statistic) is not found.")
      }
      range = keys.profiles(of: owner.subject)
    }
    try reader.scan(range, reversed: true) { _, bytes in metrics(try KeyRecord.decode(ProfileRecord.self, bytes)) }
  }

  public func listDataQualityStatistics(
    _ input: ListDataQualityStatisticsInput, _ context: RequestContext
  ) async throws -> ListDataQualityStatisticsOutput {
    try await context.authorize("glue:ListDataQualityStatistics", on: RulesetRecord.arn("*", context.scope))
    guard input.profileId != nil || input.statisticId != nil else {
      throw CatalogError.invalidInput("Either a StatisticId or a ProfileId is needed.")
    }
    let keys = QualityKeys(scope: context.scope)
    let page = try await page(input.nextToken, input.maxResults, "ListDataQualityStatistics") { reader, visit in
      try Self.visit(
        reader, keys, profile: input.profileId, statistic: input.statisticId, input.timestampFilter
      ) { visit($0.id, $0) }
    }
    return ListDataQualityStatisticsOutput(
      statistics: page.entries.map { $0.profile.summary(of: $0.metric) }, nextToken: page.next)
  }

  public func listDataQualityStatisticAnnotations(
    _ input: ListDataQualityStatisticAnnotationsInput, _ context: RequestContext
  ) async throws -> ListDataQualityStatisticAnnotationsOutput {
    try await context.authorize(
      "glue:ListDataQualityStatisticAnnotations", on: RulesetRecord.arn("*", context.scope))
    let keys = QualityKeys(scope: context.scope)
    let page = try await page(
      input.nextToken, input.maxResults, "ListDataQualityStatisticAnnotations"
    ) { reader, visit in
      try Self.visit(
        reader, keys, profile: input.profileId, statistic: input.statisticId, input.timestampFilter
      ) { $0.profile.annotations[$0.metric] == nil ? true : visit($0.id, $0) }
    }
    return ListDataQualityStatisticAnnotationsOutput(
      annotations: page.entries.map { entry in
        StatisticAnnotation(
          profileId: entry.profile.id,
          statisticId: ProfileRecord.statistic(entry.metric, of: entry.profile.subject),
          statisticRecordedOn: entry.profile.recorded, inclusionAnnotation: entry.profile.annotation(of: entry.metric))
      }, nextToken: page.next)
  }

  public func putDataQualityProfileAnnotation(
    _ input: PutDataQualityProfileAnnotationInput, _ context: RequestContext
  ) async throws -> PutDataQualityProfileAnnotationOutput {
    try await context.authorize("glue:PutDataQualityProfileAnnotation", on: RulesetRecord.arn("*", context.scope))
    let (keys, now) = (QualityKeys(scope: context.scope), catalog.clock.now())
    let value = input.inclusionAnnotation.rawValue
    try await catalog.keys.write { transaction in
      let found = try transaction.profile(input.profileId, keys)
      var record = found.record
      for metric in record.metrics.keys { record.annotations[metric] = .init(value: value, modified: now) }
      try transaction.set(found.key, record: record)
    }
    return PutDataQualityProfileAnnotationOutput()
  }

  public func batchPutDataQualityStatisticAnnotation(
    _ input: BatchPutDataQualityStatisticAnnotationInput, _ context: RequestContext
  ) async throws -> BatchPutDataQualityStatisticAnnotationOutput {
    try await context.authorize(
      "glue:BatchPutDataQualityStatisticAnnotation", on: RulesetRecord.arn("*", context.scope))
    let (keys, now) = (QualityKeys(scope: context.scope), catalog.clock.now())
    let failed = try await catalog.keys.write { transaction in
      var failed: [AnnotationError] = []
      for wanted in input.inclusionAnnotations {
        do {
          try transaction.annotate(wanted, keys, now)
        } catch let error as AWSError {
          failed.append(
            AnnotationError(
              profileId: wanted.profileId, statisticId: wanted.statisticId, failureReason: error.message))
        }
      }
      return failed
    }
    return BatchPutDataQualityStatisticAnnotationOutput(failedInclusionAnnotations: failed)
  }

  // MARK: Models

  /// Anomalies are told from means and deviations (`DetectAnomalies`); no model is trained that could be shown.
  public func getDataQualityModel(
    _ input: GetDataQualityModelInput, _ context: RequestContext
  ) async throws -> GetDataQualityModelOutput {
    try await context.authorize("glue:GetDataQualityModel", on: RulesetRecord.arn("*", context.scope))
    throw CatalogError.entityNotFound(
      "No model is found for profile \(input.profileId): training of models is not implemented.")
  }

  /// As `getDataQualityModel`.
  public func getDataQualityModelResult(
    _ input: GetDataQualityModelResultInput, _ context: RequestContext
  ) async throws -> GetDataQualityModelResultOutput {
    try await context.authorize("glue:GetDataQualityModelResult", on: RulesetRecord.arn("*", context.scope))
    throw CatalogError.entityNotFound(
      "No model is found for statistic \(input.statisticId) of profile \(input.profileId): training of models is not "
        + "implemented.")
  }
}

extension KeyTransaction {
  fileprivate func annotate(
    _ wanted: DatapointInclusionAnnotation, _ keys: QualityKeys, _ now: Timestamp
  ) throws {
    guard let id = wanted.profileId, let statistic = wanted.statisticId, let value = wanted.inclusionAnnotation else {
      throw CatalogError.invalidInput("An annotation names a profile, a statistic and a value.")
    }
    let found = try profile(id, keys)
    var record = found.record
    guard
      let metric = record.metrics.keys.first(where: { ProfileRecord.statistic($0, of: record.subject) == statistic })
    else { throw CatalogError.entityNotFound("Statistic \(statistic) is not found.") }
    record.annotations[metric] = .init(value: value.rawValue, modified: now)
    try set(found.key, record: record)
  }
}
