import Kernel
import RedshiftDataModel

/// Sessions that statements share, kept open between them for as long as their callers asked.
actor DataSessions {
  private struct Kept {
    var session: any SQLSession
    var target: DataTarget
    var owner: String
    var isBusy: Bool
    var keepSeconds: Int
    var expires: Timestamp
  }
  private var kept: [String: Kept] = [:]

  /// Takes a session for one statement.
  /// - Throws: `ValidationException` for one that is in use; `ResourceNotFoundException`.
  func take(_ id: String, owner: String, now: Timestamp) throws -> (any SQLSession, DataTarget) {
    guard let found = kept[id], found.owner == owner, found.isBusy || found.expires > now else {
      throw RedshiftDataError.resourceNotFoundException("Session \(id) does not exist.")
    }
    guard !found.isBusy else {
      throw RedshiftDataError.validationException("Session \(id) is busy running another query.")
    }
    kept[id]?.isBusy = true
    return (found.session, found.target)
  }

  func target(_ id: String, owner: String) -> DataTarget? {
    guard let found = kept[id], found.owner == owner else { return nil }
    return found.target
  }

  func check(roomFor count: Int) throws {
    guard kept.count + count <= DataLimits.activeSessionsMax else {
      throw RedshiftDataError.activeSessionsExceededException("The number of active sessions is exceeded.")
    }
  }

  /// Keeps the session that a first statement opened; it is in use.
  func keep(
    _ id: String, _ session: any SQLSession, _ target: DataTarget, owner: String, seconds: Int, now: Timestamp
  ) {
    kept[id] = Kept(
      session: session, target: target, owner: owner, isBusy: true, keepSeconds: seconds,
      expires: now + .seconds(seconds))
  }

  /// Gives a session back: its time begins anew.
  func giveBack(_ id: String, seconds: Int?, now: Timestamp) {
    guard var found = kept[id] else { return }
    found.isBusy = false
    found.keepSeconds = seconds ?? found.keepSeconds
    found.expires = now + .seconds(found.keepSeconds)
    kept[id] = found
  }

  func drop(_ id: String) async { await kept.removeValue(forKey: id)?.session.close() }

  func sweep(now: Timestamp) async {
    for (id, session) in kept where !session.isBusy && session.expires <= now { await drop(id) }
  }

  func closeAll() async {
    for id in Array(kept.keys) { await drop(id) }
  }
}
