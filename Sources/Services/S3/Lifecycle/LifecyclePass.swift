import Kernel
import Logging
import Storage

extension S3Service {
  func applyLifecycleForever() async {
    while !Task.isCancelled {
      do {
        try await applyLifecycle()
        try await clock.sleep(for: .seconds(Limits.lifecycleIntervalHours * 3600))
      } catch is CancellationError {
        return
      } catch {
        logger.error("S3 could not apply lifecycle rules.", metadata: ["error": "\(error)"])
        try? await clock.sleep(for: .seconds(Limits.sweepRetrySeconds))
      }
    }
  }

  /// Applies every bucket's lifecycle rules as of now. AWS does so once a day; Tarn does every hour.
  public func applyLifecycle() async throws {
    let records = try await store.keys.read { try $0.records(Layout.buckets.subtree, as: BucketRecord.self) }
    for record in records {
      guard let lifecycle = record.lifecycle, lifecycle.rules.contains(where: \.enabled) else { continue }
      do {
        let now = clock.now()
        try await LifecyclePass(
          store: store, rules: lifecycle.rules.filter(\.enabled), now: now,
          origin: .lifecycle(at: now, requestID: random.uuid())
        ).run(Bucket(record))
      } catch is AWSError {
        // The bucket was deleted or changed meanwhile; the next round sees it as it is then.
        continue
      }
    }
  }
}

/// One walk over a bucket with its rules.
private struct LifecyclePass {
  let store: ObjectStore
  let rules: [LifecycleRecord.Rule]
  let now: Timestamp
  let origin: ChangeOrigin

  func run(_ bucket: Bucket) async throws {
    try await versions(bucket)
    try await uploads(bucket)
  }

  private func versions(_ bucket: Bucket) async throws {
    var keyMarker: String?
    var versionMarker: VersionSelector?
    /// The version before the one at hand, and how many noncurrent ones of its key came before.
    var newer: ObjectStore.VersionPage.Entry?
    var noncurrent = 0
    while true {
      let page = try await store.listVersions(
        bucket, prefix: "", delimiter: "", keyMarker: keyMarker, versionMarker: versionMarker,
        limit: Limits.lifecycleBatch, whole: true)
      var deletions: [ObjectStore.DeleteRequest] = []
      var moves: [(String, ObjectRecord, String)] = []
      for (index, entry) in page.entries.enumerated() {
        if newer?.key != entry.key { (newer, noncurrent) = (nil, 0) }
        // At a page's end the next entry is not known: the marker waits for a round where it is.
        let next = index + 1 < page.entries.count ? page.entries[index + 1].key : nil
        let isOnly = entry.isLatest && next != entry.key && (next != nil || !page.more)
        switch action(entry, newer: newer, noncurrentBefore: noncurrent, isOnly: isOnly) {
        case .none: break
        case .delete(let version):
          deletions.append(
            .init(key: entry.key, version: version, ifMatch: nil, ifOrder: entry.record.order))
        case .move(let storageClass): moves.append((entry.key, entry.record, storageClass))
        }
        if !entry.isLatest { noncurrent += 1 }
        newer = entry
      }
      if !deletions.isEmpty { _ = try await store.delete(bucket.name, deletions, origin) }
      for (key, record, storageClass) in moves { try await move(bucket, key, record, to: storageClass) }
      guard page.more, let lastKey = page.lastKey else { return }
      keyMarker = lastKey
      versionMarker = try S3Service.selector(page.lastVersionText)
    }
  }

  private enum Action {
    case none
    /// `nil`: as a DELETE without version id.
    case delete(VersionSelector?)
    case move(String)
  }

  private func action(
    _ entry: ObjectStore.VersionPage.Entry, newer: ObjectStore.VersionPage.Entry?, noncurrentBefore: Int, isOnly: Bool
  ) -> Action {
    let record = entry.record
    let selector = record.nonce.map { VersionSelector.id(VersionID(order: record.order, nonce: $0)) } ?? .null
    var moved: (Timestamp, String)?
    for rule in rules where rule.covers(entry.key, record) {
      if entry.isLatest {
        if record.isDeleteMarker {
          let expires = rule.expiredObjectDeleteMarker == true || rule.expirationDays != nil
          if isOnly, expires { return .delete(selector) }
          continue
        }
        if let due = rule.expiry(of: record), due <= now { return .delete(nil) }
        for transition in rule.transitions {
          let due = transition.date ?? LifecycleRecord.Rule.midnight(after: record.modified, days: transition.days ?? 0)
          if due <= now, let name = transition.storageClass, due >= moved?.0 ?? due { moved = (due, name) }
        }
      } else if let newer {
        // A version is noncurrent since the next one was written.
        if let days = rule.noncurrentDays, noncurrentBefore >= rule.newerNoncurrentVersions ?? 0,
          LifecycleRecord.Rule.midnight(after: newer.record.modified, days: days) <= now
        {
          return .delete(selector)
        }
        for transition in rule.noncurrentTransitions where !record.isDeleteMarker {
          let due = LifecycleRecord.Rule.midnight(after: newer.record.modified, days: transition.days ?? 0)
          if due <= now, noncurrentBefore >= transition.newerNoncurrentVersions ?? 0,
            let name = transition.storageClass,
            due >= moved?.0 ?? due
          {
            moved = (due, name)
          }
        }
      }
    }
    guard let moved, moved.1 != S3Service.storageClass(record) else { return .none }
    return .move(moved.1)
  }

  private func move(_ bucket: Bucket, _ key: String, _ record: ObjectRecord, to storageClass: String) async throws {
    let selector = record.nonce.map { VersionSelector.id(VersionID(order: record.order, nonce: $0)) } ?? .null
    _ = try await store.modify(bucket.name, key, selector, "LifecycleTransition", origin) { held in
      guard held.order == record.order else { return false }
      held.attributes.storageClass = storageClass
      return true
    }
  }

  private func uploads(_ bucket: Bucket) async throws {
    guard rules.contains(where: { $0.abortIncompleteUploadDays != nil }) else { return }
    var keyMarker: String?
    var uploadMarker: String?
    while true {
      let page = try await store.listUploads(
        bucket, prefix: "", delimiter: "", keyMarker: keyMarker, uploadIDMarker: uploadMarker,
        limit: Limits.lifecycleBatch)
      for (key, upload) in page.uploads {
        if let (due, _) = S3Service.abortion(of: key, upload, bucket), due <= now {
          try await store.abortUpload(bucket.name, key, upload.id.text)
        }
      }
      guard page.more else { return }
      keyMarker = page.lastKey
      uploadMarker = page.lastUploadID
    }
  }
}
