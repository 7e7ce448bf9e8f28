import Kernel
import LakeFiles
import S3
import Storage

/// What a run has published since it read what its bookmark does not cover yet.
///
/// A script writes before it commits its job, and may read what it has written, so output is visible after each write.
/// Should the run end before its bookmark has moved, the next one reads the same sources again: what this one has added
/// is taken back then, so that no row is there twice. The transaction that moves the bookmark makes the output final.
enum ProvisionalOutput {
  /// There from the run's first such read on; below it stands what each publication has added.
  private static func key(_ scope: Scope, _ run: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "job-output", run)
  }

  /// The run has read what its bookmark does not cover.
  static func begin(_ run: String, _ scope: Scope, _ transaction: any KeyTransaction) throws {
    try transaction.set(key(scope, run), [])
  }

  /// Notes what a publication adds, where its run has read ahead of the bookmark.
  /// - Parameter publication: an id of its own.
  static func add(
    _ places: [LakePath], publication: String, _ run: String, _ scope: Scope, _ transaction: any KeyTransaction
  ) throws {
    guard !places.isEmpty, try transaction.get(key(scope, run)) != nil else { return }
    try transaction.set(key(scope, run).appending(publication), record: places.map(\.description))
  }

  /// The output is there to stay.
  static func settle(_ run: String, _ scope: Scope, _ transaction: any KeyTransaction) throws {
    try transaction.delete(key(scope, run).subtree)
  }

  /// What would be taken back now.
  static func places(_ run: String, _ scope: Scope, _ reader: any KeyReader) throws -> [LakePath] {
    try reader.entries(key(scope, run).subtree).filter { !$0.value.isEmpty }
      .flatMap { try KeyRecord.decode([String].self, $0.value) }.compactMap { LakePath($0) }
  }
}

extension ObjectChanges {
  /// Objects that the changes add to what is there. None where the changes replace anything: what an overwrite has
  /// replaced is gone, and a second run overwrites it again. Marks such as `_SUCCESS` are not rows.
  var added: [LakePath] {
    func isStaged(_ path: LakePath) -> Bool { path.key.contains("_temporary-") }
    guard deletePrefixes.allSatisfy(isStaged), deletes.allSatisfy(isStaged) else { return [] }
    return moves.map(\.to).filter { $0.key.split(separator: "/").last?.hasPrefix("_") == false }
  }
}

extension JobHouse {
  /// Removes what a run has published and its bookmark does not cover.
  ///
  /// With the server's own rights: the run has put the objects there itself, and its role may be one that may not
  /// delete.
  func takeBack(_ run: JobRunRecord, _ scope: Scope) async throws {
    let places = try await catalog.keys.read { try ProvisionalOutput.places(run.id, scope, $0) }
    guard !places.isEmpty else { return }
    let context = RequestContext(
      requestID: random.uuid(), scope: scope, principal: .root(of: scope.account), time: clock.now(),
      userAgent: GlueRoles.service, authorizer: OwnObjects())
    for bucket in Set(places.map(\.bucket)) {
      let below = places.filter { $0.bucket == bucket }
      for start in stride(from: 0, to: below.count, by: ObjectChanges.objectsMax) {
        var changes = ObjectChanges()
        changes.deletes = Array(below[start..<min(below.count, start + ObjectChanges.objectsMax)])
        do {
          try await ground.s3.change(changes, for: context) { _ in }
        } catch let error as AWSError where error.code == "NoSuchBucket" {
          // Then the objects are gone, too.
        }
      }
    }
  }

  /// Asks nobody: for objects that are named by what the run has published.
  private struct OwnObjects: Authorizer {
    func authorize(_ request: AuthorizationRequest) async throws {}
  }
}
