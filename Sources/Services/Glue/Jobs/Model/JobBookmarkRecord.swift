import GlueModel
import Kernel
import Storage

/// How far a job has come with its sources, as its last good run has left it.
struct JobBookmarkRecord: Codable, Sendable, Hashable {
  var job: String
  /// Grows with every change.
  var version = 0
  /// Which run of the job wrote it, counted, and which attempt.
  var run = 0
  var attempt = 0
  var runID: String?
  var previousRunID: String?
  /// What the library in the job's process keeps: JSON that only that understands.
  var state = ""

  static func key(_ scope: Scope, _ job: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "bookmark", job, "now")
  }
  /// As a run had left it, to go back to.
  static func key(_ scope: Scope, _ job: String, run: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "bookmark", job, "run", run)
  }
  static func history(_ scope: Scope, _ job: String) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "bookmark", job, "run").subtree
  }
  static func all(_ scope: Scope, _ job: String) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "bookmark", job).subtree
  }

  var shape: JobBookmarkEntry {
    JobBookmarkEntry(
      jobName: job, version: version, run: run, attempt: attempt, previousRunId: previousRunID, runId: runID,
      jobBookmark: state.isEmpty ? "{}" : state)
  }
}

extension KeyReader {
  /// - Parameter run: the run whose mark is asked for; `nil` for the present one.
  /// - Throws: `EntityNotFoundException` where there is none.
  func bookmark(of job: String, run: String?, _ scope: Scope) throws -> JobBookmarkRecord {
    let key = run.map { JobBookmarkRecord.key(scope, job, run: $0) } ?? JobBookmarkRecord.key(scope, job)
    guard let record = try get(key, as: JobBookmarkRecord.self) else {
      throw CatalogError.entityNotFound("Continuation for job \(job) not found.")
    }
    return record
  }
}
