/// Ordered, transactional key-value storage with group commit.
///
/// A write's body may run again when it is grouped with others and the group is retried, so it must have no
/// effect outside its transaction.
public protocol KeyStore: Sendable {
  /// Reads a consistent snapshot. Never waits for a writer.
  func read<T: Sendable>(_ body: @escaping @Sendable (any KeyReader) throws -> T) async throws -> T

  /// The same on the calling thread, for callbacks that cannot suspend (the lake file system). It blocks: not
  /// for code that runs on Swift's cooperative pool.
  func readBlocking<T>(_ body: (any KeyReader) throws -> T) throws -> T

  /// Runs `body` in a serialisable transaction and returns once it is on disk. An error thrown by `body` rolls
  /// this caller's changes back, not those of the callers it was grouped with.
  func write<T: Sendable>(_ body: @escaping @Sendable (any KeyTransaction) throws -> T) async throws -> T
}

/// Reads within a snapshot or a transaction (where it sees the transaction's own changes).
public protocol KeyReader {
  func get(_ key: Key) throws -> [UInt8]?

  /// Visits keys of `range` in order until `visit` returns `false`.
  /// - Parameter reversed: from the last key to the first.
  func scan(_ range: KeyRange, reversed: Bool, _ visit: (Key, [UInt8]) throws -> Bool) throws
}

public protocol KeyTransaction: KeyReader {
  func set(_ key: Key, _ value: [UInt8]) throws
  /// Deleting an absent key is no error.
  func delete(_ key: Key) throws
  func delete(_ range: KeyRange) throws
}

extension KeyReader {
  public func scan(_ range: KeyRange, _ visit: (Key, [UInt8]) throws -> Bool) throws {
    try scan(range, reversed: false, visit)
  }

  /// The entries of `range`, at most `limit`.
  public func entries(_ range: KeyRange, limit: Int = .max) throws -> [(key: Key, value: [UInt8])] {
    var found: [(key: Key, value: [UInt8])] = []
    guard limit > 0 else { return found }
    try scan(range) { key, value in
      found.append((key, value))
      return found.count < limit
    }
    return found
  }
}
