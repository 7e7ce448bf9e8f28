import Crypto
import DataQuality
import Foundation
import GlueModel
import Kernel
import Storage

/// The metrics that one evaluation gathered: what later ones look back on.
struct ProfileRecord: Codable, Sendable, Hashable {
  struct Annotation: Codable, Sendable, Hashable {
    /// `INCLUDE` or `EXCLUDE`.
    var value: String
    var modified: Timestamp
  }

  var id: String
  /// Whose metrics they are: earlier evaluations of the same subject are its history.
  var subject: String
  var recorded: Timestamp
  var run: String?
  var jobRun: String?
  var metrics: [String: Double]
  /// By metric.
  var annotations: [String: Annotation] = [:]

  /// A subject's name in keys, of a fixed length.
  static func subject(_ parts: String...) -> String { digest(parts.joined(separator: "\u{0}")) }

  /// A metric of a subject, the same in every evaluation.
  static func statistic(_ metric: String, of subject: String) -> String { digest(subject + "\u{0}" + metric) }

  private static func digest(_ text: String) -> String {
    SHA256.hash(data: Data(text.utf8)).prefix(16).map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }

  /// What an anomaly is told from: values that were not excluded.
  var history: QualityHistoryEntry {
    QualityHistoryEntry(metrics: metrics.filter { annotations[$0.key]?.value != "EXCLUDE" })
  }

  func summary(of metric: String) -> StatisticSummary {
    let name = MetricName(metric)
    return StatisticSummary(
      statisticId: Self.statistic(metric, of: subject), profileId: id,
      runIdentifier: RunIdentifier(runId: run, jobRunId: jobRun), statisticName: name.statistic,
      doubleValue: metrics[metric], evaluationLevel: name.level, columnsReferenced: name.columns,
      referencedDatasets: [], statisticProperties: [:], recordedOn: recorded,
      inclusionAnnotation: annotation(of: metric))
  }

  func annotation(of metric: String) -> TimestampedInclusionAnnotation? {
    annotations[metric].map {
      TimestampedInclusionAnnotation(value: InclusionAnnotationValue(rawValue: $0.value), lastModifiedOn: $0.modified)
    }
  }
}

/// Whose a statistic is.
struct StatisticRecord: Codable, Sendable, Hashable {
  var subject: String
  var metric: String
}

/// A metric's name, taken apart: `Column.order_id.Completeness`.
struct MetricName {
  var level: StatisticEvaluationLevel
  var columns: [String]
  var statistic: String

  /// What a statistic is about stands between the first and the last point; compliance has two words behind it.
  init(_ metric: String) {
    let parts = metric.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let words = parts.last == "Compliance" && parts.count > 3 ? 2 : 1
    statistic = parts.suffix(words).joined(separator: ".")
    let middle = parts.dropFirst().dropLast(words).joined(separator: ".")
    switch parts.first {
    case "Column": (level, columns) = (.column, [middle])
    case "Multicolumn":
      (level, columns) = (.multicolumn, middle.split(separator: ",").map(String.init))
    default: (level, columns) = (.dataset, [])
    }
  }
}

extension KeyTransaction {
  /// A new profile, and where it is found; the subject's oldest ones go.
  func add(_ profile: ProfileRecord, _ keys: QualityKeys) throws {
    let key = keys.profile(profile.subject, profile.recorded, profile.id)
    try set(key, record: profile)
    try set(keys.profileByID(profile.id), key.bytes)
    for metric in profile.metrics.keys {
      try set(
        keys.statistic(ProfileRecord.statistic(metric, of: profile.subject)),
        record: StatisticRecord(subject: profile.subject, metric: metric))
    }
    let all = try entries(keys.profiles(of: profile.subject))
    for entry in all.dropLast(min(QualityLimits.historyMax, DataQualityLimits.profilesKept)) {
      try delete(entry.key)
      if let id = entry.key.elements?.last?.string { try delete(keys.profileByID(id)) }
    }
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func profile(_ id: String, _ keys: QualityKeys) throws -> (key: Key, record: ProfileRecord) {
    guard let place = try get(keys.profileByID(id)) else {
      throw CatalogError.entityNotFound("Profile \(id) is not found.")
    }
    let key = Key(encoded: place)
    guard let record = try get(key, as: ProfileRecord.self) else {
      throw CatalogError.entityNotFound("Profile \(id) is not found.")
    }
    return (key, record)
  }

  /// Earlier profiles of a subject, the newest first.
  func history(of subject: String, _ keys: QualityKeys) throws -> [QualityHistoryEntry] {
    try records(keys.profiles(of: subject), as: ProfileRecord.self).reversed().prefix(QualityLimits.historyMax).map(
      \.history)
  }
}
