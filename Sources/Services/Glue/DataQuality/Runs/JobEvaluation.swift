import DataQuality
import Engine
import Foundation
package import Kernel
import LakeFiles
import S3Model
import SQL
import Storage

/// What a job's run asks to be evaluated: Parquet that it has written, held against a ruleset.
package struct JobEvaluationRequest: Sendable, Codable {
  package var ruleset: String
  /// A prefix in S3 with the data as Parquet.
  package var primary: String
  /// Prefixes of other data by their aliases.
  package var additional: [String: String]
  /// The evaluation's name: in CloudWatch's dimension, in results, and for `last(k)`.
  package var context: String
  /// Whether each row is told what it passed.
  package var wantsRows: Bool
  /// Of AWS's transform, in dots or not: `enableDataQualityCloudWatchMetrics`, `resultsS3Prefix`,
  /// `compositeRuleEvaluation.method`, `rowLevelConfiguration.filteredRowLabel`, ….
  package var options: [String: String]
  package var jobName: String?
  package var jobRun: String?

  package init(
    ruleset: String, primary: String, additional: [String: String] = [:], context: String = "default_context",
    wantsRows: Bool = false, options: [String: String] = [:], jobName: String? = nil, jobRun: String? = nil
  ) {
    self.ruleset = ruleset
    self.primary = primary
    self.additional = additional
    self.context = context
    self.wantsRows = wantsRows
    self.options = options
    self.jobName = jobName
    self.jobRun = jobRun
  }

  /// Reads the body of a call: `{"Ruleset", "Primary", "Additional", "Context", "RowLevel", "Options"}`.
  /// - Throws: `InvalidInputException`.
  package init(json body: [UInt8], jobName: String?, jobRun: String?) throws {
    struct Body: Decodable {
      var ruleset: String
      var primary: String
      var additional: [String: String]?
      var context: String?
      var rowLevel: Bool?
      var options: [String: Option]?
    }
    /// Whatever a script wrote: a text, a number, yes or no, or options in options.
    enum Option: Decodable {
      case text(String)
      case nested([String: Option])

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
          self = .text(text)
        } else if let flag = try? value.decode(Bool.self) {
          self = .text(flag ? "true" : "false")
        } else if let number = try? value.decode(Double.self) {
          self = .text("\(number)")
        } else {
          // A list is none of the options that are looked for.
          self = .nested((try? value.decode([String: Option].self)) ?? [:])
        }
      }

      /// Options in options are named with a point between.
      static func flat(_ options: [String: Option], below front: String = "") -> [String: String] {
        var all: [String: String] = [:]
        for (name, option) in options {
          switch option {
          case .text(let text): all[front + name] = text
          case .nested(let inner): all.merge(flat(inner, below: front + name + ".")) { $1 }
          }
        }
        return all
      }
    }
    let read: Body
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .custom { path in MemberName(path.last?.stringValue ?? "", { $0.lowercased() }) }
      read = try decoder.decode(Body.self, from: Data(body))
    } catch {
      throw CatalogError.invalidInput("The request cannot be read: \(error)")
    }
    self.init(
      ruleset: read.ruleset, primary: read.primary, additional: read.additional ?? [:],
      context: read.context.flatMap { $0.isEmpty ? nil : $0 } ?? "default_context", wantsRows: read.rowLevel ?? false,
      options: Option.flat(read.options ?? [:]), jobName: jobName, jobRun: jobRun)
  }

  /// An option by the last part of its name, without regard to case.
  fileprivate func option(_ name: String) -> String? {
    options.first { key, _ in
      key.lowercased() == name.lowercased() || key.lowercased().hasSuffix("." + name.lowercased())
    }?.value
  }
}

/// What an evaluation for a job came to, as the job's process is told.
package struct JobEvaluationAnswer: Sendable, Encodable {
  package struct Rule: Sendable, Encodable {
    package var rule: String
    package var outcome: String
    package var failureReason: String?
    package var evaluatedMetrics: [String: Double]
    package var evaluatedRule: String?
    package var labels: [String: String]
  }
  package struct Analyzer: Sendable, Encodable {
    package var analyzer: String
    package var evaluatedMetrics: [String: Double]
    package var failureReason: String?
  }
  package struct Observation: Sendable, Encodable {
    package var description: String
    package var metricName: String
    package var actualValue: Double
    package var expectedValue: Double
    package var lowerLimit: Double
    package var upperLimit: Double
    package var newRules: [String]
  }

  package var resultId: String
  package var score: Double
  package var results: [Rule]
  package var analyzers: [Analyzer]
  package var observations: [Observation]
  /// A prefix with the rows and what they came to, as Parquet.
  package var rowLevelPath: String?

  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .custom { path in MemberName(path.last?.stringValue ?? "", { $0.uppercased() }) }
    return (try? encoder.encode(self)).map(Array.init) ?? []
  }
}

extension GlueService {
  /// Evaluates a ruleset for a job's run, with the rights of `context`. The result is kept as those of runs are.
  /// - Throws: `InvalidInputException` for a text that is no ruleset and data that is none; what S3 answers.
  package func evaluate(
    _ request: JobEvaluationRequest, _ context: RequestContext
  ) async throws -> JobEvaluationAnswer {
    try await quality("EvaluateDataQuality").evaluate(request, context)
  }
}

extension QualityHouse {
  func evaluate(_ request: JobEvaluationRequest, _ context: RequestContext) async throws -> JobEvaluationAnswer {
    let ruleset: Ruleset
    do {
      ruleset = try Ruleset(request.ruleset)
    } catch {
      throw CatalogError.invalidInput(error.description)
    }
    let engine = LakeQualityEngine(engine: ground.engine, context: context)
    let objects = QualityObjects(s3: ground.s3, context: context)
    let reader = CatalogDataset(catalog: catalog, objects: objects, engine: engine, now: clock.now())
    var references: [String: QualityDataset] = [:]
    for (alias, path) in request.additional { references[alias] = try await reader.parquet(path) }
    let keys = QualityKeys(scope: context.scope)
    let subject = ProfileRecord.subject("job", request.jobName ?? "", request.context)
    var evaluation = QualityEvaluation(
      data: try await reader.parquet(request.primary), references: references, engine: engine, now: clock.now())
    evaluation.files = objects
    evaluation.history = try await catalog.keys.read { try $0.history(of: subject, keys) }
    evaluation.method = request.option("compositeRuleEvaluation.method")?.uppercased() == "ROW" ? .row : .column
    evaluation.countsRows = request.wantsRows || evaluation.method == .row
    let started = clock.now()
    let report = try await evaluation.run(ruleset)
    if let refusal = engine.refusal { throw CatalogError.invalidInput(refusal) }
    var rowsPath: String?
    if request.wantsRows { rowsPath = try await writeRows(evaluation, ruleset, request, engine) }
    let profile = ProfileRecord(
      id: id("dqprofile-"), subject: subject, recorded: clock.now(), jobRun: request.jobRun, metrics: report.metrics)
    var result = ResultRecord(
      id: id("dqresult-"), profile: profile.id, report: report, started: started, completed: clock.now()
    ) { ProfileRecord.statistic($0, of: subject) }
    (result.context, result.jobName, result.jobRun) = (request.context, request.jobName, request.jobRun)
    let kept = result
    if request.option("enableDataQualityResultsPublishing")?.lowercased() != "false" {
      try await catalog.keys.write { transaction in
        try transaction.add(kept, keys)
        try transaction.add(profile, keys)
      }
    }
    if let prefix = request.option("resultsS3Prefix"), !prefix.isEmpty {
      try await ResultObject(s3: ground.s3, context: context).put(kept, run: nil, under: prefix)
    }
    if request.option("enableDataQualityCloudWatchMetrics")?.lowercased() == "true" {
      ground.metrics.record(QualityMetrics.samples(kept, context: request.context, scope: context.scope))
    }
    return JobEvaluationAnswer(kept, report, rowsPath: rowsPath)
  }

  /// Beside the data, so that what reads the data again does not find it.
  private func writeRows(
    _ evaluation: QualityEvaluation, _ ruleset: Ruleset, _ request: JobEvaluationRequest, _ engine: LakeQualityEngine
  ) async throws -> String {
    let rows = try await RowResults(evaluation, ruleset)
    let skips = request.option("filteredRowLabel")?.uppercased() == "SKIPPED"
    let base = request.primary.hasSuffix("/") ? String(request.primary.dropLast()) : request.primary
    let folder = "\(base).rows-\(random.uuid())/"
    do {
      try await engine.write(rows.sql(filteredRowsAreSkipped: skips), to: folder + "part-00000.parquet")
    } catch let error as EngineError {
      throw CatalogError.invalidInput("Row-level results could not be written: \(error.message)")
    }
    return folder
  }
}

extension JobEvaluationAnswer {
  fileprivate init(_ result: ResultRecord, _ report: QualityReport, rowsPath: String?) {
    resultId = result.id
    score = result.score
    results = report.rules.map { rule in
      Rule(
        rule: rule.rule, outcome: rule.status.rawValue, failureReason: rule.failureReason,
        evaluatedMetrics: rule.metrics, evaluatedRule: rule.evaluatedRule,
        labels: Dictionary(rule.labels.map { ($0.key, $0.value) }) { $1 })
    }
    analyzers = report.analyzers.map {
      Analyzer(analyzer: $0.analyzer, evaluatedMetrics: $0.metrics, failureReason: $0.failureReason)
    }
    observations = report.observations.map {
      Observation(
        description: $0.description, metricName: $0.metric, actualValue: $0.actual, expectedValue: $0.expected,
        lowerLimit: $0.lower, upperLimit: $0.upper, newRules: $0.newRules)
    }
    rowLevelPath = rowsPath
  }
}

/// Members of the calls between a run's process and the server begin with a capital letter.
private struct MemberName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String, _ first: (String) -> String) { stringValue = first(String(name.prefix(1))) + name.dropFirst() }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
