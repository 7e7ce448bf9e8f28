import Kernel
import Storage

/// Where runs stand, and how one is found without reading the others.
///
/// A job's runs stand in the order of their start. Beside them stand two indexes whose values are keys of runs: every
/// run by its id, and those that are not over, again in the order of their start.
extension JobRunRecord {
  private static func root(_ scope: Scope, _ table: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, table)
  }

  static func key(_ scope: Scope, _ job: String, _ started: Timestamp, _ id: String) -> Key {
    root(scope, "job-run").appending(job).appending(started.nanoseconds).appending(id)
  }
  static func all(_ scope: Scope, _ job: String) -> KeyRange { root(scope, "job-run").appending(job).subtree }
  static func everywhere(_ scope: Scope) -> KeyRange { root(scope, "job-run").subtree }

  static func place(_ scope: Scope, _ job: String, _ id: String) -> Key {
    root(scope, "job-run-place").appending(job).appending(id)
  }

  static func open(_ scope: Scope, _ job: String) -> KeyRange { root(scope, "job-run-open").appending(job).subtree }
  static func openEverywhere(_ scope: Scope) -> KeyRange { root(scope, "job-run-open").subtree }

  /// There once the indexes name every run of a region: runs may be older than the indexes.
  static func indexed(_ scope: Scope) -> Key { root(scope, "job-run-indexed") }

  func key(_ scope: Scope) -> Key { Self.key(scope, job, started, id) }

  fileprivate func openKey(_ scope: Scope) -> Key {
    Self.root(scope, "job-run-open").appending(job).appending(started.nanoseconds).appending(id)
  }
}

extension KeyReader {
  /// The runs of a job, the oldest first.
  func runs(of job: String, _ scope: Scope) throws -> [JobRunRecord] {
    try records(JobRunRecord.all(scope, job), as: JobRunRecord.self)
  }

  /// The runs of a job that are not over, the oldest first.
  func openRuns(of job: String, _ scope: Scope) throws -> [JobRunRecord] {
    try runs(in: JobRunRecord.open(scope, job))
  }

  /// The runs of a region that are not over.
  func openRuns(_ scope: Scope) throws -> [JobRunRecord] { try runs(in: JobRunRecord.openEverywhere(scope)) }

  private func runs(in index: KeyRange) throws -> [JobRunRecord] {
    try entries(index).compactMap { try get(Key(encoded: $0.value), as: JobRunRecord.self) }
  }

  /// - Throws: `EntityNotFoundException`.
  func run(_ id: String, of job: String, _ scope: Scope) throws -> JobRunRecord {
    guard let place = try get(JobRunRecord.place(scope, job, id)),
      let found = try get(Key(encoded: place), as: JobRunRecord.self)
    else { throw CatalogError.entityNotFound("Job run \(id) of the job \(job) not found.") }
    return found
  }
}

extension KeyTransaction {
  /// Writes a run down, as it is now.
  func keep(_ run: JobRunRecord, _ scope: Scope) throws {
    try set(run.key(scope), record: run)
    try index(run, scope)
  }

  private func index(_ run: JobRunRecord, _ scope: Scope) throws {
    let key = run.key(scope)
    try set(JobRunRecord.place(scope, run.job, run.id), key.bytes)
    if run.state.isOver {
      try delete(run.openKey(scope))
    } else {
      try set(run.openKey(scope), key.bytes)
    }
  }

  /// Removes the oldest runs of a job that are over, where there are more than are kept.
  func removeOldRuns(of job: String, _ scope: Scope) throws {
    var (seen, old) = (0, [JobRunRecord]())
    try scan(JobRunRecord.all(scope, job), reversed: true) { _, bytes in
      seen += 1
      if seen > JobLimits.runsKept { old.append(try KeyRecord.decode(JobRunRecord.self, bytes)) }
      return true
    }
    for run in old where run.state.isOver {
      try delete(run.key(scope))
      try delete(JobRunRecord.place(scope, run.job, run.id))
    }
  }

  /// Makes the indexes of a region's runs, where they are not there yet.
  func indexRuns(_ scope: Scope) throws {
    guard try get(JobRunRecord.indexed(scope)) == nil else { return }
    for run in try records(JobRunRecord.everywhere(scope), as: JobRunRecord.self) { try index(run, scope) }
    try set(JobRunRecord.indexed(scope), [])
  }
}
