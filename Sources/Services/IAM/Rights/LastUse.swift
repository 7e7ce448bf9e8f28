import Kernel
import Storage

/// Writes down when keys and roles were used, now and then and in the background: nobody waits for it, and what
/// a crash takes is a few minutes of a date that AWS too shows late.
final class LastUse: Sendable {
  private let keys: any KeyStore
  private let written = Locked<[String: Timestamp]>([:])

  init(keys: any KeyStore) { self.keys = keys }

  func note(_ id: String, service: String, region: String, at now: Timestamp) {
    let isDue = written.withLock { written in
      if let last = written[id], now - last < .seconds(Limits.lastUsedIntervalSeconds) { return false }
      if written.count >= Limits.cachedCredentialsMax { written.removeAll() }
      written[id] = now
      return true
    }
    guard isDue else { return }
    let record = LastUsedRecord(time: now, service: service, region: region)
    Task { [keys] in try? await keys.write { try $0.set(IAMKeys.lastUsed(id), record: record) } }
  }
}
