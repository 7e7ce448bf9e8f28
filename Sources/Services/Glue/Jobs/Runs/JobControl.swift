import Foundation
import Kernel
import LakeFiles
import S3
import Storage

/// What the process of a run asks of the server: its bookmark, the commit of its output, the evaluation of rulesets,
/// word of its progress and of what it reads ahead of its bookmark.
///
/// A run knows a token that nobody else does; with it come the rights of the job's role, and nothing beyond this run.
public struct JobControl: Sendable {
  /// An answer as JSON.
  public struct Answer: Sendable {
    public var status: Int
    public var body: [UInt8]
  }

  let house: JobHouse
  /// What rulesets in jobs are evaluated with.
  let quality: QualityHouse?

  /// - Parameters:
  ///   - run: the run's id.
  ///   - verb: what is asked for: `bookmark`, `reading`, `commit`, `progress`, `data-quality`.
  ///   - read: gives the body, up to so many bytes.
  public func answer(
    run: String, verb: String, method: String, token: String?, read: (Int) async throws -> [UInt8]
  ) async throws -> Answer {
    guard let running = house.running.withLock({ $0[run] }), let token, Self.isSame(token, running.token),
      let role = running.role
    else { return Self.refusal(403, "AccessDeniedException", "This is not a run that is under way.") }
    do {
      switch (method, verb) {
      case ("GET", "bookmark"): return try await bookmark(run, running)
      case ("PUT", "bookmark"):
        let change = try Self.decode(BookmarkChange.self, try await read(JobLimits.bookmarkBytesMax))
        try await keep(change, run, running)
        return Answer(status: 200, body: Array("{}".utf8))
      case ("PUT", "reading"):
        let scope = running.scope
        try await house.catalog.keys.write { try ProvisionalOutput.begin(run, scope, $0) }
        return Answer(status: 200, body: Array("{}".utf8))
      case ("POST", "commit"):
        let commit = try Self.decode(Commit.self, try await read(JobLimits.commitBytesMax))
        try await perform(commit, run, running, role)
        return Answer(status: 200, body: Array("{}".utf8))
      case ("POST", "progress"):
        let progress = try Self.decode(Progress.self, try await read(64 << 10))
        if let staging = progress.staging {
          guard LakePath(staging)?.key.contains("_temporary-") == true, staging.hasSuffix("/") else {
            throw CatalogError.invalidInput("\(staging) is not a place for what is not published.")
          }
          try await house.note(staging: staging, of: run, running.job, running.scope)
        } else {
          house.running.withLock { $0[run]?.progress = progress.text }
        }
        return Answer(status: 200, body: Array("{}".utf8))
      case ("POST", "data-quality"):
        guard let quality else { throw AWSError.notImplemented(service: "Glue", operation: "EvaluateDataQuality") }
        let request = try JobEvaluationRequest(
          json: try await read(JobLimits.rulesetBytesMax), jobName: running.job, jobRun: run)
        return Answer(status: 200, body: try await quality.evaluate(request, role).json)
      default: return Self.refusal(404, "EntityNotFoundException", "There is no \(verb).")
      }
    } catch is Stale {
      return Self.refusal(
        409, "ConcurrentModificationException", "Another run of the job has moved the bookmark meanwhile.")
    } catch let error as AWSError {
      return Self.refusal(error.httpStatus, error.code, error.message)
    }
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func refusal(_ status: Int, _ code: String, _ message: String) -> Answer {
    let text = (try? JSONEncoder().encode(["__type": code, "message": message])) ?? Data("{}".utf8)
    return Answer(status: status, body: Array(text))
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw CatalogError.invalidInput("The request is not what it must be.")
    }
  }

  // MARK: Bookmarks

  private struct BookmarkAnswer: Encodable {
    var JobBookmark: String
    var Version: Int
    var Run: Int
    var Attempt: Int
    var Option: String
    var From: String?
    var To: String?
  }

  private struct BookmarkChange: Decodable, Sendable {
    var JobBookmark: String
    var Version: Int
  }

  /// The mark had moved since it was read.
  private struct Stale: Error {}

  private func bookmark(_ run: String, _ running: JobHouse.Running) async throws -> Answer {
    let (scope, name) = (running.scope, running.job)
    let told = try await house.catalog.keys.read { reader -> BookmarkAnswer in
      let job = try reader.job(name, scope)
      let record = try reader.run(run, of: name, scope)
      let arguments = (job.arguments ?? [:]).merging(record.arguments ?? [:]) { $1 }
        .merging(job.fixedArguments ?? [:]) { $1 }
      let mark = try reader.get(JobBookmarkRecord.key(scope, name), as: JobBookmarkRecord.self)
      var (state, from, to) = (mark?.state ?? "", arguments["--job-bookmark-from"], arguments["--job-bookmark-to"])
      // A paused bookmark may name the runs between whose marks it works.
      if let run = from { state = try reader.bookmark(of: name, run: run, scope).state }
      if let run = to { to = try reader.bookmark(of: name, run: run, scope).state }
      from = from == nil ? nil : state
      return BookmarkAnswer(
        JobBookmark: state, Version: mark?.version ?? 0, Run: (mark?.run ?? 0) + 1, Attempt: record.attempt,
        Option: arguments["--job-bookmark-option"] ?? "job-bookmark-disable", From: from, To: to)
    }
    return Answer(status: 200, body: Array(try JSONEncoder().encode(told)))
  }

  private func keep(_ change: BookmarkChange, _ run: String, _ running: JobHouse.Running) async throws {
    let (scope, name) = (running.scope, running.job)
    try await house.catalog.keys.write { transaction in
      try Self.write(change, run, name, scope, transaction)
      try ProvisionalOutput.settle(run, scope, transaction)
    }
  }

  private static func write(
    _ change: BookmarkChange, _ run: String, _ job: String, _ scope: Scope, _ transaction: any KeyTransaction
  ) throws {
    let attempt = try transaction.run(run, of: job, scope).attempt
    var mark =
      try transaction.get(JobBookmarkRecord.key(scope, job), as: JobBookmarkRecord.self) ?? JobBookmarkRecord(job: job)
    guard mark.version == change.Version else { throw Stale() }
    if mark.runID != run { (mark.previousRunID, mark.runID, mark.run) = (mark.runID, run, mark.run + 1) }
    mark.version += 1
    (mark.attempt, mark.state) = (attempt, change.JobBookmark)
    try transaction.set(JobBookmarkRecord.key(scope, job), record: mark)
    try transaction.set(JobBookmarkRecord.key(scope, job, run: run), record: mark)
  }

  // MARK: Commits

  private struct Commit: Decodable, Sendable {
    struct Move: Decodable, Sendable {
      var from: String
      var to: String
    }
    var moves: [Move]?
    var deletes: [String]?
    var deletePrefixes: [String]?
  }

  private func perform(
    _ commit: Commit, _ run: String, _ running: JobHouse.Running, _ role: RequestContext
  ) async throws {
    func path(_ text: String) throws -> LakePath {
      guard let path = LakePath(text), !path.key.isEmpty else {
        throw CatalogError.invalidInput("\(text) is not an object's place.")
      }
      return path
    }
    var changes = ObjectChanges()
    changes.moves = try (commit.moves ?? []).map { .init(from: try path($0.from), to: try path($0.to)) }
    changes.deletes = try (commit.deletes ?? []).map(path)
    changes.deletePrefixes = try (commit.deletePrefixes ?? []).map { text in
      // Without a slash at the end, neighbours of a like name would go too.
      try path(text.hasSuffix("/") ? text : text + "/")
    }
    changes.keptPrefix = "_temporary-"
    let (scope, added, publication) = (running.scope, changes.added, house.random.uuid())
    try await house.ground.s3.change(changes, for: role) { transaction in
      try ProvisionalOutput.add(added, publication: publication, run, scope, transaction)
    }
  }

  // MARK: Progress

  private struct Progress: Decodable {
    var stage: String?
    /// A prefix below which the run puts what it has not published.
    var staging: String?
    var completed: Int?
    var total: Int?

    var text: String {
      guard let completed, let total else { return String((stage ?? "").prefix(200)) }
      return "\((stage ?? "").prefix(200)): \(completed) of \(total)"
    }
  }
}
