import Kernel
import Storage
import Testing

@Suite struct KeyStoreTests {
  struct Refused: Error, Equatable { var caller: Int }

  @Test func `a caller that throws takes nothing of its group with it`() async throws {
    let folder = try TemporaryFolder()
    let store = try SQLiteKeyStore(path: "\(folder.path)/keys.sqlite")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<200 {
        group.addTask {
          do {
            try await store.write { keys in
              try keys.set(Key("caller", caller), [1])
              if caller % 3 == 0 { throw Refused(caller: caller) }
            }
            #expect(caller % 3 != 0)
          } catch let refused as Refused {
            #expect(refused.caller == caller)
          }
        }
      }
      try await group.waitForAll()
    }
    let kept = try await store.read {
      try $0.entries(Key("caller").subtree).compactMap { $0.key.elements?.last?.integer }
    }
    let expected = (0..<200).filter { $0 % 3 != 0 }.map { Int64($0) }
    #expect(kept == expected)
    await store.close()
  }

  @Test func `a reader keeps its snapshot while others write`() async throws {
    let folder = try TemporaryFolder()
    let store = try SQLiteKeyStore(path: "\(folder.path)/keys.sqlite")
    try await store.write { try $0.set(Key("k"), [1]) }
    let (began, begin) = AsyncStream.makeStream(of: Void.self)
    let (written, write) = AsyncStream.makeStream(of: Void.self)
    async let seen = store.read { keys in
      let before = try keys.get(Key("k"))
      begin.finish()
      try Self.wait(for: written)
      return [before, try keys.get(Key("k"))]
    }
    for await _ in began {}
    try await store.write { try $0.set(Key("k"), [2]) }
    write.finish()
    #expect(try await seen == [[1], [1]])
    #expect(try await store.read { try $0.get(Key("k")) } == [2])
    await store.close()
  }

  /// Waits on a thread of the store's own until `stream` ends.
  private static func wait(for stream: AsyncStream<Void>) throws {
    let done = Locked(false)
    Task {
      for await _ in stream {}
      done.withLock { $0 = true }
    }
    while !done.withLock({ $0 }) {}
  }

  @Test func `empty keys and values are kept apart from absent ones`() async throws {
    let folder = try TemporaryFolder()
    let store = try SQLiteKeyStore(path: "\(folder.path)/keys.sqlite")
    try await store.write { keys in
      try keys.set(Key(), [])
      try keys.set(Key(""), [7])
    }
    let (empty, absent, all) = try await store.read { keys in
      (try keys.get(Key()), try keys.get(Key("no")), try keys.entries(Key().subtree).map(\.value))
    }
    #expect(empty == [])
    #expect(absent == nil)
    #expect(all == [[], [7]])
    await store.close()
  }

  @Test func `scans nest, stop early and go backwards`() async throws {
    let folder = try TemporaryFolder()
    let store = try SQLiteKeyStore(path: "\(folder.path)/keys.sqlite")
    try await store.write { keys in
      for number in 0..<10 { try keys.set(Key("n", number), [UInt8(number)]) }
    }
    let pairs = try await store.read { keys in
      var pairs: [[UInt8]] = []
      try keys.scan(KeyRange(from: Key("n", 3), to: Key("n", 5))) { _, outer in
        try keys.scan(Key("n").subtree, reversed: true) { _, inner in
          pairs.append(outer + inner)
          return inner[0] > 8
        }
        return true
      }
      return pairs
    }
    #expect(pairs == [[3, 9], [3, 8], [4, 9], [4, 8]])
    await store.close()
  }

  @Test func `a closed store says so`() async throws {
    let folder = try TemporaryFolder()
    let store = try SQLiteKeyStore(path: "\(folder.path)/keys.sqlite")
    await store.close()
    await #expect(throws: StorageError.closed) { try await store.write { try $0.set(Key("k"), []) } }
    await #expect(throws: StorageError.closed) { try await store.read { try $0.get(Key("k")) } }
  }
}
