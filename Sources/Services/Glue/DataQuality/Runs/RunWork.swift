import DataQuality
import Foundation
import Kernel
import LakeFiles
import NIOCore
import S3Model
import Storage

/// The work of one run: reads the tables with the role's rights, evaluates, and says what to keep.
struct RunWork: Sendable {
  let house: QualityHouse
  let run: RunRecord
  let scope: Scope
  let context: RequestContext
  let engine: LakeQualityEngine

  init(house: QualityHouse, run: RunRecord, scope: Scope, context: RequestContext) {
    self.house = house
    self.run = run
    self.scope = scope
    self.context = context
    engine = LakeQualityEngine(engine: house.ground.engine, context: context)
  }

  private var objects: QualityObjects { QualityObjects(s3: house.ground.s3, context: context) }

  private func dataset(_ source: SourceRecord) async throws -> QualityDataset {
    try await CatalogDataset(catalog: house.catalog, objects: objects, engine: engine, now: house.clock.now()).data(
      source)
  }

  // MARK: Rulesets

  func evaluate() async throws -> RunOutcome {
    let keys = QualityKeys(scope: scope)
    let records = try await house.catalog.keys.read { [run] reader in
      try run.rulesets.map { try reader.ruleset($0, keys) }
    }
    let data = try await dataset(run.source)
    var references: [String: QualityDataset] = [:]
    for (alias, source) in run.references { references[alias] = try await dataset(source) }
    var outcome = RunOutcome(run: run)
    for record in records {
      let (result, profile) = try await evaluate(record, data, references)
      outcome.results.append(result)
      outcome.profiles.append(profile)
      outcome.run?.results.append(result.id)
      if run.publishesMetrics { outcome.samples += QualityMetrics.samples(result, source: run.source, scope: scope) }
    }
    if let prefix = run.resultsPrefix, !prefix.isEmpty {
      for result in outcome.results {
        try await ResultObject(s3: house.ground.s3, context: context).put(result, run: run.id, under: prefix)
      }
    }
    return outcome
  }

  private func evaluate(
    _ record: RulesetRecord, _ data: QualityDataset, _ references: [String: QualityDataset]
  ) async throws -> (ResultRecord, ProfileRecord) {
    let keys = QualityKeys(scope: scope)
    let subject = ProfileRecord.subject("table", run.source.database, run.source.table, record.name)
    var evaluation = QualityEvaluation(data: data, references: references, engine: engine, now: house.clock.now())
    evaluation.files = objects
    evaluation.history = try await house.catalog.keys.read { try $0.history(of: subject, keys) }
    if run.compositeMethod == QualityEvaluation.CompositeMethod.row.rawValue {
      (evaluation.method, evaluation.countsRows) = (.row, true)
    }
    let started = house.clock.now()
    let report = try await evaluation.run(try Ruleset(record.text))
    // Rules cannot be judged over data that could not be read.
    if let refusal = engine.refusal { throw RunFailure(message: refusal) }
    let profile = ProfileRecord(
      id: house.id("dqprofile-"), subject: subject, recorded: house.clock.now(), run: run.id, metrics: report.metrics)
    var result = ResultRecord(
      id: house.id("dqresult-"), profile: profile.id, report: report, started: started,
      completed: house.clock.now()
    ) { ProfileRecord.statistic($0, of: subject) }
    (result.source, result.ruleset, result.run) = (run.source, record.name, run.id)
    return (result, profile)
  }

  // MARK: Recommendations

  func recommend() async throws -> RunOutcome {
    let data = try await dataset(run.source)
    let text = try await RuleRecommendation(data: data, engine: engine).ruleset()
    if let refusal = engine.refusal { throw RunFailure(message: refusal) }
    var outcome = RunOutcome(run: run)
    outcome.run?.recommended = text
    if let name = run.createdRuleset, !name.isEmpty {
      let now = house.clock.now()
      var record = RulesetRecord(
        name: name, text: text, target: .init(table: run.source.table, database: run.source.database),
        recommendationRun: run.id, created: now, modified: now, ruleCount: try Ruleset(text).rules.count)
      record.securityConfiguration = run.securityConfiguration
      outcome.ruleset = record
    }
    return outcome
  }
}

/// What evaluations tell CloudWatch: namespace `Glue Data Quality`.
enum QualityMetrics {
  static let namespace = "Glue Data Quality"

  static func samples(_ result: ResultRecord, source: SourceRecord, scope: Scope) -> [MetricSample] {
    samples(
      result, scope,
      dimensions: [
        (name: "CatalogId", value: source.catalogID ?? scope.account.digits),
        (name: "Database", value: source.database),
        (name: "Table", value: source.table), (name: "RulesetName", value: result.ruleset ?? ""),
      ])
  }

  static func samples(_ result: ResultRecord, context: String, scope: Scope) -> [MetricSample] {
    samples(result, scope, dimensions: [(name: "EvaluationContext", value: context)])
  }

  private static func samples(
    _ result: ResultRecord, _ scope: Scope, dimensions: [(name: String, value: String)]
  ) -> [MetricSample] {
    let passed = result.rules.count { $0.status == "PASS" }
    return [("passed", passed), ("failed", result.rules.count - passed)].map { name, count in
      MetricSample(
        namespace, "glue.data.quality.rules.\(name)", dimensions: dimensions, value: Double(count), unit: "Count",
        time: result.completed, scope: scope)
    }
  }
}

/// Results as objects in S3: a line of JSON for each rule, below the prefix that the caller gave.
struct ResultObject: Sendable {
  let s3: any S3API
  let context: RequestContext

  /// A rule's line. AWS spells the members in small letters, and the metrics as a text of their own.
  private struct Line: Encodable {
    var catalogid: String
    var databasename: String?
    var tablename: String?
    var jobname: String?
    var jobrunid: String?
    var dqrunid: String?
    var resultid: String
    var rulesetname: String?
    var evaluationcontext: String?
    var evaluationstartedon: String
    var evaluationcompletedon: String
    var rule: String
    var outcome: String
    var failurereason: String?
    var evaluatedmetrics: String
  }

  /// - Throws: `InvalidInputException` for a place that is none; what S3 answers.
  func put(_ result: ResultRecord, run: String?, under prefix: String) async throws {
    guard let place = LakePath(prefix.hasPrefix("s3") ? prefix : "s3://\(prefix)") else {
      throw CatalogError.invalidInput("\(prefix) is not an S3 path.")
    }
    let folder = place.key.isEmpty || place.key.hasSuffix("/") ? place.key : place.key + "/"
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var body = ByteBuffer()
    for rule in result.rules {
      let metrics = String(decoding: try encoder.encode(rule.metrics), as: UTF8.self)
      let line = Line(
        catalogid: result.source?.catalogID ?? context.account.digits, databasename: result.source?.database,
        tablename: result.source?.table, jobname: result.jobName, jobrunid: result.jobRun, dqrunid: run,
        resultid: result.id, rulesetname: result.ruleset, evaluationcontext: result.context,
        evaluationstartedon: Self.text(result.started), evaluationcompletedon: Self.text(result.completed),
        rule: rule.rule, outcome: rule.status == "PASS" ? "Passed" : rule.status == "FAIL" ? "Failed" : "Error",
        failurereason: rule.message, evaluatedmetrics: metrics)
      body.writeBytes(try encoder.encode(line))
      body.writeInteger(UInt8(ascii: "\n"))
    }
    _ = try await s3.putObject(
      PutObjectInput(
        body: ByteStream(body), bucket: place.bucket, contentType: "application/json",
        key: "\(folder)\(result.id).json"), context)
  }

  private static func text(_ time: Timestamp) -> String {
    Date(timeIntervalSince1970: Double(time.milliseconds) / 1_000).formatted(.iso8601)
  }
}
