import Kernel
import Storage

/// The versions of a bucket's objects within one transaction or snapshot.
///
/// What holds always: `o` has the newest version of a key unless that is a delete marker; everything else lies under
/// `v`, newest first; when the null version lies under `v`, `null` names its order.
struct VersionTable {
  let bucket: Bucket
  let reader: any KeyReader

  init(_ bucket: Bucket, _ reader: any KeyReader) {
    self.bucket = bucket
    self.reader = reader
  }

  /// The newest version, if it is no delete marker.
  func current(_ key: String) throws -> ObjectRecord? {
    try reader.get(bucket.objects.appending(key)).map(ObjectRecord.init(decoding:))
  }

  /// The newest entry under `v`.
  func newestNoncurrent(_ key: String) throws -> ObjectRecord? {
    let range = bucket.versions.appending(key).subtree
    return try reader.entries(range, limit: 1).first.map { try ObjectRecord(decoding: $0.value) }
  }

  /// The version that `selector` means, delete markers included, and whether it is the newest.
  func find(_ key: String, _ selector: VersionSelector) throws -> ObjectRecord? {
    let current = try current(key)
    switch selector {
    case .current:
      if current != nil || bucket.record.versioning == .off { return current }
      return try newestNoncurrent(key)
    case .null:
      if let current, current.isNullVersion { return current }
      guard let order = try nullOrder(key) else { return nil }
      return try noncurrent(key, order)
    case .id(let id):
      if let current, current.matches(selector) { return current }
      guard let found = try noncurrent(key, id.order), found.matches(selector) else { return nil }
      return found
    }
  }

  func noncurrent(_ key: String, _ order: Int64) throws -> ObjectRecord? {
    try reader.get(Layout.version(bucket.number, key, order)).map(ObjectRecord.init(decoding:))
  }

  func nullOrder(_ key: String) throws -> Int64? {
    guard let bytes = try reader.get(Layout.nullVersions(bucket.number).appending(key)) else { return nil }
    var reader = BinaryReader(bytes)
    return try reader.signed()
  }
}

/// The same with changes.
struct VersionWriter {
  let table: VersionTable
  let transaction: any KeyTransaction
  private let journal: EventJournal?

  /// - Parameter origin: who makes the changes, for the events that tell of them.
  init(_ bucket: Bucket, _ transaction: any KeyTransaction, _ origin: ChangeOrigin) {
    table = VersionTable(bucket, transaction)
    self.transaction = transaction
    journal = EventJournal(bucket.record, origin, transaction)
  }

  private var bucket: Bucket { table.bucket }

  /// What a deletion did.
  struct Deletion: Sendable, Hashable {
    /// The version removed or the marker written, as answers show it; `nil` in a bucket without versions.
    var versionText: String?
    /// A delete marker was written, or the version removed was one.
    var isDeleteMarker = false
    var freed = false
  }

  /// Makes `record` the key's newest version.
  /// - Parameters:
  ///   - nonce: for its version id, where the bucket gives one.
  /// - Returns: the record with its place, and whether blobs were queued to be freed.
  func put(_ key: String, _ record: ObjectRecord, nonce: [UInt8]) throws -> (record: ObjectRecord, freed: Bool) {
    var placed = record
    let current = try table.current(key)
    var freed = false
    switch bucket.record.versioning {
    case .off:
      placed.nonce = nil
      placed.order = max(placed.order, (current?.order ?? 0) + 1)
      if let current { freed = try BlobLedger.release(current.segments, transaction) }
    case .enabled:
      placed.nonce = nonce
      placed.order = try nextOrder(key, current, atLeast: placed.order)
      if let current { try demote(key, current) }
    case .suspended:
      placed.nonce = nil
      placed.order = try nextOrder(key, current, atLeast: placed.order)
      freed = try clearNull(key, current)
    }
    try transaction.set(bucket.objects.appending(key), placed.encoded())
    try journal?.created(key, placed)
    return (placed, freed)
  }

  /// Deletes as a DELETE without version id does: removes the object, or writes a delete marker over it.
  func delete(_ key: String, order: Int64, modified: Timestamp, nonce: [UInt8]) throws -> Deletion {
    let current = try table.current(key)
    switch bucket.record.versioning {
    case .off:
      guard let current else { return Deletion() }
      try transaction.delete(bucket.objects.appending(key))
      try journal?.deleted(key, current)
      return Deletion(freed: try BlobLedger.release(current.segments, transaction))
    case .enabled, .suspended:
      var marker = ObjectRecord(order: try nextOrder(key, current, atLeast: order), modified: modified)
      marker.isDeleteMarker = true
      var freed = false
      if bucket.record.versioning == .enabled {
        marker.nonce = nonce
        if let current { try demote(key, current) }
      } else {
        freed = try clearNull(key, current)
        try setNullOrder(key, marker.order)
      }
      if current != nil { try transaction.delete(bucket.objects.appending(key)) }
      try transaction.set(Layout.version(bucket.number, key, marker.order), marker.encoded())
      try journal?.markerCreated(key, marker)
      return Deletion(versionText: marker.versionText, isDeleteMarker: true, freed: freed)
    }
  }

  /// Removes one version for good; if it was the newest, the one before it takes its place.
  func delete(_ key: String, version selector: VersionSelector) throws -> Deletion? {
    guard let found = try table.find(key, selector) else { return nil }
    let current = try table.current(key)
    if let current, current.order == found.order, current.nonce == found.nonce {
      try transaction.delete(bucket.objects.appending(key))
      try promote(key)
    } else {
      try transaction.delete(Layout.version(bucket.number, key, found.order))
      if found.isNullVersion { try transaction.delete(Layout.nullVersions(bucket.number).appending(key)) }
      if current == nil { try promote(key) }
    }
    try journal?.deleted(key, found)
    let freed = try BlobLedger.release(found.segments, transaction)
    return Deletion(versionText: found.versionText, isDeleteMarker: found.isDeleteMarker, freed: freed)
  }

  /// Writes a version back with changed attributes (tags, ACL).
  /// - Parameter event: what the change is called in events.
  func replace(_ key: String, _ record: ObjectRecord, event: String) throws {
    try journal?.changed(event, key, record)
    if let current = try table.current(key), current.order == record.order, current.nonce == record.nonce {
      try transaction.set(bucket.objects.appending(key), record.encoded())
    } else {
      try transaction.set(Layout.version(bucket.number, key, record.order), record.encoded())
    }
  }

  /// An order past every version of the key.
  private func nextOrder(_ key: String, _ current: ObjectRecord?, atLeast order: Int64) throws -> Int64 {
    let newest = if let current { current.order } else { try table.newestNoncurrent(key)?.order ?? 0 }
    return max(order, newest.saturatingAdd(1))
  }

  /// Moves the current version under `v`.
  private func demote(_ key: String, _ current: ObjectRecord) throws {
    try transaction.set(Layout.version(bucket.number, key, current.order), current.encoded())
    if current.isNullVersion { try setNullOrder(key, current.order) }
  }

  /// After the newest version went: the next one becomes current, unless it is a delete marker.
  private func promote(_ key: String) throws {
    guard let next = try table.newestNoncurrent(key), !next.isDeleteMarker else { return }
    try transaction.delete(Layout.version(bucket.number, key, next.order))
    if next.isNullVersion { try transaction.delete(Layout.nullVersions(bucket.number).appending(key)) }
    try transaction.set(bucket.objects.appending(key), next.encoded())
  }

  /// Makes room for a new null version: the old one is removed, any other current version moves under `v`.
  private func clearNull(_ key: String, _ current: ObjectRecord?) throws -> Bool {
    if let current, current.isNullVersion { return try BlobLedger.release(current.segments, transaction) }
    if let current { try demote(key, current) }
    guard let order = try table.nullOrder(key) else { return false }
    let old = try table.noncurrent(key, order)
    try transaction.delete(Layout.version(bucket.number, key, order))
    try transaction.delete(Layout.nullVersions(bucket.number).appending(key))
    return try BlobLedger.release(old?.segments ?? [], transaction)
  }

  private func setNullOrder(_ key: String, _ order: Int64) throws {
    var writer = BinaryWriter(reserving: 10)
    writer.signed(order)
    try transaction.set(Layout.nullVersions(bucket.number).appending(key), writer.bytes)
  }
}
