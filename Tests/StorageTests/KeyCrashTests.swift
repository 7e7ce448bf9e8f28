import Kernel
import Storage
import StorageTesting
import Testing

/// Random transactions beside the model in memory, over a SQLite file system that crashes and refuses.
@Suite struct KeyCrashTests {
  @Test func `acknowledged transactions survive crashes, others are there wholly or not at all`() async {
    await RandomRounds.run(6) { random in
      var world = try KeyWorld(random: random)
      for _ in 0..<3 { try await world.liveAndCrash() }
    }
  }
}

private struct KeyWorld {
  let random: SeededRandomSource
  let model = MemoryKeyStore()
  var folder: TemporaryFolder
  var disk: SimulatedDisk
  var transactions = 0

  init(random: SeededRandomSource) throws {
    self.random = random
    folder = try TemporaryFolder()
    disk = SimulatedDisk(random: random)
    try disk.makeFolder(folder.path)
  }

  struct Refused: Error {}

  enum Step {
    case set(Key, [UInt8])
    case delete(Key)
    case deleteRange(KeyRange)
    case refuse
  }

  func key() -> Key { Key("k", random.next(below: 8), random.next(below: 20)) }

  func range() -> KeyRange {
    let (one, other) = (key(), key())
    return KeyRange(from: min(one, other), to: max(one, other))
  }

  func transaction() -> [Step] {
    (0..<1 + random.next(below: 5)).map { _ in
      switch random.next(below: 20) {
      case 0: .refuse
      case 1..<4: .delete(key())
      case 4: .deleteRange(range())
      default: .set(key(), random.bytes(random.next(below: 10) == 0 ? 6000 : random.next(below: 60)))
      }
    }
  }

  static func apply(_ steps: [Step], to store: any KeyStore) async throws {
    try await store.write { keys in
      for step in steps {
        switch step {
        case .set(let key, let value): try keys.set(key, value)
        case .delete(let key): try keys.delete(key)
        case .deleteRange(let range): try keys.delete(range)
        case .refuse: throw Refused()
        }
      }
    }
  }

  mutating func liveAndCrash() async throws {
    let vfs = try CrashingSQLite(disk: disk)
    let store = try SQLiteKeyStore(path: "\(folder.path)/keys.sqlite", fileSystemName: vfs.name)
    try disk.syncFolder(folder.path)
    try await compare(store)
    if random.next(below: 3) == 0 { disk.failSync(after: random.next(below: 60)) }
    for _ in 0..<random.next(below: 80) {
      let steps = transaction()
      do {
        try await Self.apply(steps, to: store)
        try await Self.apply(steps, to: model)
      } catch is Refused {
        // Not the model's either.
      } catch StorageError.io {
        // A sync was refused. What a later crash leaves of such a transaction is undefined until another one is
        // on disk, whose frames take its place.
        try await store.write { try $0.set(Key("after"), []) }
        try await model.write { try $0.set(Key("after"), []) }
      }
      if random.next(below: 20) == 0 { try await compare(store) }
    }
    disk.failSync(after: .max)
    // Transactions under way when the power goes write keys of their own.
    let underway = (0..<random.next(below: 6)).map { index in
      transactions += 1
      return (0..<3).map { Step.set(Key("underway", transactions, index, $0), [UInt8](repeating: 7, count: 500)) }
    }
    disk.stop(afterOperations: random.next(below: 10))
    let acknowledged = await withTaskGroup(of: (Int, Bool).self) { group in
      for (index, steps) in underway.enumerated() {
        group.addTask { (index, (try? await Self.apply(steps, to: store)) != nil) }
      }
      return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
    }
    let after = disk.afterCrash()
    await store.close()
    try await restart(after, underway, acknowledged)
  }

  /// Begins again with what the crash left.
  mutating func restart(_ after: SimulatedDisk, _ underway: [[Step]], _ acknowledged: [Int: Bool]) async throws {
    let target = try TemporaryFolder()
    try CrashingSQLite.restore(after, from: folder.path, to: target.path)
    let store = try SQLiteKeyStore(path: "\(target.path)/keys.sqlite")
    for (index, steps) in underway.enumerated() {
      let there = try await store.read { keys in
        try steps.filter { step in
          guard case .set(let key, _) = step else { return false }
          return try keys.get(key) != nil
        }.count
      }
      try check(there == 0 || there == steps.count, "a transaction is there in part")
      try check(there > 0 || acknowledged[index] != true, "an acknowledged transaction is gone")
      if there > 0 { try await Self.apply(steps, to: model) }
    }
    try await compare(store)
    await store.close()
    // The next life begins with the closed files, all of them on disk.
    folder = target
    disk = SimulatedDisk(random: random)
    try disk.makeFolder(folder.path)
    for name in try SystemDisk().list(folder.path) {
      let bytes = try SystemDisk().contents("\(folder.path)/\(name)") ?? []
      let file = try disk.open("\(folder.path)/\(name)", create: true)
      try bytes.withUnsafeBytes { try file.write($0, at: 0) }
      try file.sync()
    }
    try disk.syncFolder(folder.path)
  }

  func compare(_ store: SQLiteKeyStore) async throws {
    for reversed in [false, true] {
      let range = random.next(below: 2) == 0 ? Key().subtree : range()
      let collect: @Sendable (any KeyReader) throws -> [[UInt8]] = { keys in
        var found: [[UInt8]] = []
        try keys.scan(range, reversed: reversed) { key, value in
          found.append(key.bytes)
          found.append(value)
          return true
        }
        return found
      }
      let (expected, found) = (try await model.read(collect), try await store.read(collect))
      try check(found == expected, "the store holds \(found.count / 2) entries, not \(expected.count / 2), or others")
    }
    let key = key()
    let (expected, found) = (try await model.read { try $0.get(key) }, try await store.read { try $0.get(key) })
    try check(found == expected, "one key differs")
  }
}
