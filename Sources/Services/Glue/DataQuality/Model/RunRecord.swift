import GlueModel
import Kernel
import Storage

/// A run of rulesets, or of a recommendation, as it is stored.
struct RunRecord: Codable, Sendable, Hashable {
  enum Kind: String, Codable, Sendable {
    case evaluation
    case recommendation
  }
  enum State: String, Codable, Sendable {
    case starting = "STARTING"
    case running = "RUNNING"
    case stopping = "STOPPING"
    case stopped = "STOPPED"
    case succeeded = "SUCCEEDED"
    case failed = "FAILED"
    case timeout = "TIMEOUT"

    var isOver: Bool { [.stopped, .succeeded, .failed, .timeout].contains(self) }
  }

  var id: String
  var kind: Kind
  var source: SourceRecord
  var references: [String: SourceRecord] = [:]
  /// As it was given.
  var role: String
  var roleARN: String
  var workers: Int?
  /// Minutes.
  var timeout: Int
  var clientToken: String?
  var state = State.starting
  var error: String?
  var started: Timestamp
  var modified: Timestamp
  var completed: Timestamp?

  // Evaluations.
  var rulesets: [String] = []
  var publishesMetrics = false
  var resultsPrefix: String?
  var compositeMethod: String?
  var logPrefix: String?
  var results: [String] = []

  // Recommendations.
  var createdRuleset: String?
  var recommended: String?
  var securityConfiguration: String?

  var seconds: Int {
    completed.map { Int(max(0, ($0 - started).milliseconds / 1_000)) } ?? 0
  }

  /// Whether a repeated call asks for the same.
  func asksAsMuchAs(_ other: RunRecord) -> Bool {
    kind == other.kind && source == other.source && references == other.references && role == other.role
      && rulesets == other.rulesets && createdRuleset == other.createdRuleset
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func run(_ id: String, _ kind: RunRecord.Kind, _ keys: QualityKeys) throws -> RunRecord {
    guard let record = try get(keys.run(id), as: RunRecord.self), record.kind == kind else {
      let name = kind == .evaluation ? "evaluation" : "recommendation"
      throw CatalogError.entityNotFound("Data quality \(name) run \(id) is not found.")
    }
    return record
  }
}

extension KeyTransaction {
  /// A new run, and where it is found.
  func add(_ run: RunRecord, _ keys: QualityKeys) throws {
    try set(keys.run(run.id), record: run)
    try set(keys.runTime(run.kind, run.started, run.id), [])
    try set(QualityKeys.open(keys.scope, run.id), [])
    if let token = run.clientToken { try set(keys.token(token), Array(run.id.utf8)) }
    let all = try entries(keys.runTimes(run.kind))
    for entry in all.dropLast(DataQualityLimits.runsKept) {
      guard let id = entry.key.elements?.last?.string, let old = try get(keys.run(id), as: RunRecord.self),
        old.state.isOver
      else { continue }
      try delete(entry.key)
      try delete(keys.run(id))
      if let token = old.clientToken { try delete(keys.token(token)) }
    }
  }

  /// Keeps how a run ended.
  func end(_ run: RunRecord, _ keys: QualityKeys) throws {
    try set(keys.run(run.id), record: run)
    try delete(QualityKeys.open(keys.scope, run.id))
  }
}
