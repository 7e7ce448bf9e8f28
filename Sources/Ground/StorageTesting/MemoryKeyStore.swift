import Kernel
public import Storage
import Synchronization

/// A `KeyStore` in memory, for tests and as the model that the real one is compared with: a sorted array, copied
/// by each transaction and put back when it succeeds.
public final class MemoryKeyStore: KeyStore {
  private let entries: Locked<SortedEntries>
  /// Held while a write's body runs, so that transactions come one after the other.
  private let turn = Mutex(())

  public init() { entries = Locked(SortedEntries()) }

  public func read<T: Sendable>(_ body: @escaping @Sendable (any KeyReader) throws -> T) async throws -> T {
    try readBlocking(body)
  }

  public func readBlocking<T>(_ body: (any KeyReader) throws -> T) throws -> T {
    try body(MemoryTransaction(entries.withLock { $0 }))
  }

  public func write<T: Sendable>(_ body: @escaping @Sendable (any KeyTransaction) throws -> T) async throws -> T {
    try turn.withLock { _ in
      let transaction = MemoryTransaction(entries.withLock { $0 })
      let result = try body(transaction)
      let changed = transaction.entries
      entries.withLock { $0 = changed }
      return result
    }
  }
}

/// Keys in order with their values.
struct SortedEntries: Sendable {
  var keys: [Key] = []
  var values: [[UInt8]] = []

  /// Index of the first key not before `key`.
  func index(of key: Key) -> Int {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func indices(of range: KeyRange) -> Range<Int> {
    let from = index(of: range.from)
    return from..<max(from, index(of: range.to))
  }
}

private final class MemoryTransaction: KeyTransaction {
  var entries: SortedEntries

  init(_ entries: SortedEntries) { self.entries = entries }

  func get(_ key: Key) throws -> [UInt8]? {
    let index = entries.index(of: key)
    return index < entries.keys.count && entries.keys[index] == key ? entries.values[index] : nil
  }

  func scan(_ range: KeyRange, reversed: Bool, _ visit: (Key, [UInt8]) throws -> Bool) throws {
    let seen = entries
    let indices = seen.indices(of: range)
    for step in 0..<indices.count {
      let index = reversed ? indices.upperBound - 1 - step : indices.lowerBound + step
      guard try visit(seen.keys[index], seen.values[index]) else { return }
    }
  }

  func set(_ key: Key, _ value: [UInt8]) throws {
    let index = entries.index(of: key)
    if index < entries.keys.count && entries.keys[index] == key {
      entries.values[index] = value
    } else {
      entries.keys.insert(key, at: index)
      entries.values.insert(value, at: index)
    }
  }

  func delete(_ key: Key) throws {
    let index = entries.index(of: key)
    guard index < entries.keys.count && entries.keys[index] == key else { return }
    entries.keys.remove(at: index)
    entries.values.remove(at: index)
  }

  func delete(_ range: KeyRange) throws {
    let indices = entries.indices(of: range)
    entries.keys.removeSubrange(indices)
    entries.values.removeSubrange(indices)
  }
}
