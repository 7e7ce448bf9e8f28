import Storage

/// A page of a table whose places begin with an object key: the bucket's objects, or its uploads.
///
/// Order is that of the keys' UTF-8. Keys that share a prefix up to a delimiter are rolled up into one entry, which
/// counts as one towards the page; the scan steps over a few of its keys and then seeks past the rest, so that a
/// listing of the top level of a large lake reads next to nothing.
struct KeyListing {
  enum Item {
    case entry(key: [UInt8], value: [UInt8])
    case prefix([UInt8])
  }

  var prefix: [UInt8]
  /// Empty for none.
  var delimiter: [UInt8]
  /// Entries at most, prefixes included.
  var limit: Int

  init(prefix: String, delimiter: String, limit: Int) {
    self.prefix = Array(prefix.utf8)
    self.delimiter = Array(delimiter.utf8)
    self.limit = limit
  }

  /// Reads on from `start`.
  func page(_ table: Key, from start: Key, _ reader: any KeyReader) throws -> (items: [Item], more: Bool) {
    var items: [Item] = []
    guard limit > 0 else { return (items, false) }
    let range = Layout.range(table, prefix: prefix)
    var from = max(start, range.from)
    var more = false
    while from < range.to {
      var rolled: [UInt8]?
      var steps = 0
      var seek: Key?
      try reader.scan(KeyRange(from: from, to: range.to)) { place, value in
        let key = Layout.objectKey(in: place, under: table)
        if let rolled, key.starts(with: rolled) {
          steps += 1
          guard steps < Limits.listStepsBeforeSeek else {
            seek = Layout.seek(table, past: rolled)
            return false
          }
          return true
        }
        guard items.count < limit else {
          more = true
          return false
        }
        rolled = commonPrefix(of: key)
        steps = 0
        items.append(rolled.map(Item.prefix) ?? .entry(key: key, value: value))
        return true
      }
      guard let seek else { break }
      from = seek
    }
    return (items, more)
  }

  /// What `key` is rolled up into: everything up to the first delimiter behind the prefix.
  func commonPrefix(of key: [UInt8]) -> [UInt8]? {
    guard let first = delimiter.first, key.starts(with: prefix) else { return nil }
    var index = prefix.count
    while index + delimiter.count <= key.count {
      if key[index] == first, key[index...].starts(with: delimiter) {
        return Array(key[..<(index + delimiter.count)])
      }
      index += 1
    }
    return nil
  }

  /// Where a page begins that comes after `marker`. AWS: a marker within a rolled-up prefix skips that prefix.
  func start(after marker: String?, in table: Key) -> Key {
    guard let marker, !marker.isEmpty else { return table }
    let bytes = Array(marker.utf8)
    if let rolled = commonPrefix(of: bytes) { return Layout.seek(table, past: rolled) }
    return Layout.seek(table, to: bytes + [0])
  }

  /// Where the page begins that follows one whose last item was `last`.
  static func start(after last: Item, in table: Key) -> Key {
    switch last {
    case .entry(let key, _): Layout.seek(table, to: key + [0])
    case .prefix(let prefix): Layout.seek(table, past: prefix)
    }
  }
}
