import Kernel
import Storage

extension ObjectStore {
  /// A page of a bucket's versions and delete markers.
  struct VersionPage: Sendable {
    struct Entry: Sendable {
      var key: String
      var record: ObjectRecord
      var isLatest: Bool
    }
    var entries: [Entry] = []
    var prefixes: [String] = []
    var more = false
    var lastKey: String?
    var lastVersionText: String?
  }

  /// All versions by key and, within a key, newest first.
  /// - Parameters:
  ///   - versionMarker: with `keyMarker`, the version of that key after which the page begins.
  ///   - whole: whether the records are read with what listings do not show (tags, metadata).
  func listVersions(
    _ bucket: Bucket, prefix: String, delimiter: String, keyMarker: String?, versionMarker: VersionSelector?,
    limit: Int, whole: Bool = false
  ) async throws -> VersionPage {
    let listing = KeyListing(prefix: prefix, delimiter: delimiter, limit: limit)
    return try await keys.read { reader in
      var walk = try VersionWalk(bucket, reader, listing, keyMarker, versionMarker)
      return try walk.page(whole: whole)
    }
  }
}

/// Merges current versions and the others, both in key order.
private struct VersionWalk {
  private let listing: KeyListing
  private let current: TableCursor
  private let others: TableCursor
  /// A key of which a newer version was on an earlier page.
  private var continuedKey: [UInt8]?

  init(
    _ bucket: Bucket, _ reader: any KeyReader, _ listing: KeyListing, _ keyMarker: String?,
    _ versionMarker: VersionSelector?
  ) throws {
    self.listing = listing
    var currentStart = listing.start(after: keyMarker, in: bucket.objects)
    var othersStart = listing.start(after: keyMarker, in: bucket.versions)
    if let keyMarker, !keyMarker.isEmpty {
      let key = Array(keyMarker.utf8)
      let rolled = listing.commonPrefix(of: key) != nil
      if !rolled, let versionMarker {
        let table = VersionTable(bucket, reader)
        var order: Int64?
        switch versionMarker {
        case .id(let id): order = id.order
        case .null: order = try table.find(keyMarker, .null)?.order
        case .current: order = nil
        }
        if let order {
          othersStart = bucket.versions.appending(keyMarker, (-order).saturatingAdd(1))
          continuedKey = key
          // The marker may have gone; what is current now and older than it still belongs to this page.
          if let newest = try table.current(keyMarker), newest.order < order {
            currentStart = Layout.seek(bucket.objects, to: key)
          }
        }
      }
    }
    current = TableCursor(bucket.objects, reader, listing.prefix, currentStart)
    others = TableCursor(bucket.versions, reader, listing.prefix, othersStart)
  }

  mutating func page(whole: Bool) throws -> ObjectStore.VersionPage {
    var page = ObjectStore.VersionPage()
    guard listing.limit > 0 else { return page }
    var count = 0
    var seenKey = continuedKey
    while let (key, cursor) = try next() {
      guard count < listing.limit else {
        page.more = true
        return page
      }
      count += 1
      if let rolled = listing.commonPrefix(of: key) {
        page.prefixes.append(String(decoding: rolled, as: UTF8.self))
        page.lastKey = page.prefixes.last
        page.lastVersionText = nil
        current.seek(past: rolled)
        others.seek(past: rolled)
        continue
      }
      guard let value = try cursor.take() else { break }
      let record = try whole ? ObjectRecord(decoding: value) : ObjectRecord(head: value)
      let text = String(decoding: key, as: UTF8.self)
      page.entries.append(.init(key: text, record: record, isLatest: key != seenKey))
      page.lastKey = text
      page.lastVersionText = record.versionText
      seenKey = key
    }
    return page
  }

  /// The next key and where its next version lies. A key's current version comes before its others.
  private func next() throws -> ([UInt8], TableCursor)? {
    let (first, second) = (try current.peek(), try others.peek())
    guard let first else { return second.map { ($0, others) } }
    guard let second else { return (first, current) }
    return second.lexicographicallyPrecedes(first) ? (second, others) : (first, current)
  }
}

/// Pulls entries from a table in order, some ahead.
private final class TableCursor {
  private let table: Key
  private let reader: any KeyReader
  private var from: Key
  private let end: Key
  private var ahead: ArraySlice<(key: Key, value: [UInt8])> = []
  private var atEnd = false

  init(_ table: Key, _ reader: any KeyReader, _ prefix: [UInt8], _ start: Key) {
    self.table = table
    self.reader = reader
    let range = Layout.range(table, prefix: prefix)
    from = max(start, range.from)
    end = range.to
  }

  /// The object key of the next entry.
  func peek() throws -> [UInt8]? {
    if ahead.isEmpty, !atEnd {
      if from < end {
        ahead = try reader.entries(KeyRange(from: from, to: end), limit: Limits.versionFetch)[...]
        if let last = ahead.last { from = Key(encoded: last.key.bytes + [0]) }
      }
      atEnd = ahead.isEmpty
    }
    return ahead.first.map { Layout.objectKey(in: $0.key, under: table) }
  }

  func take() throws -> [UInt8]? {
    guard try peek() != nil else { return nil }
    return ahead.popFirst()?.value
  }

  func seek(past prefix: [UInt8]) {
    let target = Layout.seek(table, past: prefix)
    while let first = ahead.first, first.key < target { ahead.removeFirst() }
    if ahead.isEmpty, from < target {
      from = target
      atEnd = false
    }
  }
}
