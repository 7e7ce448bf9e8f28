import Kernel
import NIOCore
import Storage
import StorageTesting
import Testing

/// Random operations on a disk that crashes, beside the model in memory: what was acknowledged is there after
/// the restart, in order and intact; what was not may be there as a whole or in part, but only at the end.
@Suite struct LogCrashTests {
  @Test func `acknowledged records survive crashes`() async {
    await RandomRounds.run(30) { random in
      var world = LogWorld(random: random)
      for _ in 0..<4 { try await world.liveAndCrash() }
    }
  }
}

private struct LogWorld {
  let random: SeededRandomSource
  let clock = ManualClock(Timestamp(seconds: 1000))
  let model: MemoryLogStore
  var disk: SimulatedDisk
  var written = 0
  static let names = (0..<5).map { LogID("log/\($0)") }

  init(random: SeededRandomSource) {
    self.random = random
    model = MemoryLogStore(clock: clock)
    disk = SimulatedDisk(random: random)
  }

  func open() throws -> SegmentLogStore {
    var sizes = SegmentLogStore.Sizes()
    sizes.segmentBytesMin = 4096
    sizes.segmentBytesMax = 32 << 10
    sizes.framesPerSegmentMax = 60
    try disk.makeFolder("logs")
    return try SegmentLogStore(folder: "logs", disk: disk, clock: clock, sizes: sizes)
  }

  mutating func batches(_ names: [LogID]) -> [LogBatch] {
    (0..<1 + random.next(below: 4)).map { _ in
      LogBatch(
        log: names[random.next(below: names.count)],
        payloads: (0..<random.next(below: 4)).map { _ in
          written += 1
          let length = random.next(below: 10) == 0 ? random.next(below: 9000) : random.next(below: 200)
          return ByteBuffer(string: "\(written):" + String(repeating: "x", count: length))
        })
    }
  }

  enum Operation {
    case create(LogID)
    case append([LogBatch])
    case trim(LogID, Timestamp)
    case delete(LogID)
  }

  func change(of log: LogID) -> Operation {
    switch random.next(below: 10) {
    case 0: .delete(log)
    case 1..<4: .trim(log, Timestamp(seconds: clock.now().seconds - Int64(random.next(below: 20))))
    default: .create(log)
    }
  }

  mutating func operation() -> Operation {
    random.next(below: 4) == 0
      ? change(of: Self.names[random.next(below: Self.names.count)]) : .append(batches(Self.names))
  }

  static func apply(_ operation: Operation, to store: any LogStore) async throws -> [LogPosition] {
    switch operation {
    case .create(let log): try await store.create(log)
    case .append(let batches): return try await store.append(batches)
    case .trim(let log, let time): try await store.trim(log, before: time)
    case .delete(let log): try await store.delete(log)
    }
    return []
  }

  /// Opens the store, does things to it and to the model, lets the power go while several things are under way,
  /// and looks at what is left.
  mutating func liveAndCrash() async throws {
    let store = try open()
    try await compare(store)
    if random.next(below: 3) == 0 { disk.failSync(after: random.next(below: 40)) }
    for _ in 0..<random.next(below: 60) {
      if random.next(below: 3) == 0 { clock.advance(by: .seconds(1)) }
      let operation = operation()
      do {
        let positions = try await Self.apply(operation, to: store)
        let expected = try await Self.apply(operation, to: model)
        try check(positions == expected, "\(operation) gave \(positions), not \(expected)")
      } catch StorageError.noSuchLog {
        let accepted = try? await Self.apply(operation, to: model)
        try check(accepted == nil, "\(operation) should find its logs")
      } catch StorageError.io(operation: "fdatasync", _, _) {
        // Until something else is on disk, a crash may bring the failed operation back; then it never comes back.
        written += 1
        try await store.create(LogID("other/\(written)"))
        try await model.create(LogID("other/\(written)"))
      }
      if random.next(below: 10) == 0 { try await compare(store) }
    }
    disk.failSync(after: .max)
    if random.next(below: 4) > 0 { try await crash(store) }
    await store.close()
  }

  mutating func crash(_ store: SegmentLogStore) async throws {
    // One change a log, or appends to it, so that there is no doubt what an outcome means.
    let existing = try await model.logs(prefix: "log")
    let appended = existing.filter { _ in random.next(below: 2) == 0 }
    var underway = Self.names.filter { !appended.contains($0) }.map { change(of: $0) }
    if !appended.isEmpty { underway += (0..<random.next(below: 6)).map { _ in .append(batches(appended)) } }
    disk.stop(afterOperations: random.next(below: 12))
    let acknowledged = await withTaskGroup(of: (Int, Bool).self) { group in
      for (index, operation) in underway.enumerated() {
        group.addTask { (index, (try? await Self.apply(operation, to: store)) != nil) }
      }
      return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
    }
    disk = disk.afterCrash()
    let after = try open()
    var mayBeThere: [LogID: Set<ByteBuffer>] = [:]
    var mustBeThere: [LogID: Set<ByteBuffer>] = [:]
    for (index, operation) in underway.enumerated() {
      guard case .append(let batches) = operation else {
        try await adopt(operation, from: after, acknowledged[index] == true)
        continue
      }
      for batch in batches {
        mayBeThere[batch.log, default: []].formUnion(batch.payloads)
        if acknowledged[index] == true { mustBeThere[batch.log, default: []].formUnion(batch.payloads) }
      }
    }
    for (log, payloads) in mayBeThere {
      try await adopt(payloads, of: log, from: after, must: mustBeThere[log] ?? [])
    }
    try await compare(after)
    await after.close()
  }

  /// Brings the model to where the store is after a change, if that is right.
  private func adopt(_ operation: Operation, from store: SegmentLogStore, _ acknowledged: Bool) async throws {
    switch operation {
    case .append: break
    case .create(let log):
      let isThere = (try? await store.bounds(log)) != nil
      try check(isThere || !acknowledged, "\(log) was made and is gone")
      if isThere { try await model.create(log) }
    case .delete(let log):
      let isThere = (try? await store.bounds(log)) != nil
      try check(!isThere || !acknowledged, "\(log) was deleted and is back")
      if !isThere { try await model.delete(log) }
    case .trim(let log, let time):
      guard let before = try? await model.bounds(log) else { return }
      let after = try await store.bounds(log)
      if acknowledged || after.first != before.first { try await model.trim(log, before: time) }
    }
  }

  /// Takes over what is there of the records under way, if that is right.
  private func adopt(
    _ payloads: Set<ByteBuffer>, of log: LogID, from store: SegmentLogStore, must: Set<ByteBuffer>
  ) async throws {
    let next = try await model.bounds(log).next
    let extra = try await store.read(log, from: next, recordsMax: .max, bytesMax: .max).map(\.payload)
    try check(Set(extra).count == extra.count, "\(log) holds a record twice")
    try check(payloads.isSuperset(of: extra), "\(log) holds a record that nobody wrote")
    try check(must.isSubset(of: extra), "\(log) lost an acknowledged record")
    _ = try await model.append([LogBatch(log: log, payloads: extra)])
  }

  /// Everything that can be asked gives the same answer.
  func compare(_ store: SegmentLogStore) async throws {
    try check(try await store.logs(prefix: "log") == model.logs(prefix: "log"), "other logs")
    for log in try await model.logs(prefix: "") {
      let bounds = try await model.bounds(log)
      let found = try await store.bounds(log)
      try check(found == bounds, "\(log) has \(found), not \(bounds)")
      let from = UInt64(random.next(below: Int(bounds.next) + 2))
      let recordsMax = 1 + random.next(below: 100)
      let bytesMax = random.next(below: 20_000)
      let expected = try await model.read(log, from: from, recordsMax: recordsMax, bytesMax: bytesMax)
      let records = try await store.read(log, from: from, recordsMax: recordsMax, bytesMax: bytesMax)
      try check(
        records == expected, "\(log) from \(from): \(records.map(\.offset)), not \(expected.map(\.offset))")
      let time = Timestamp(seconds: clock.now().seconds - Int64(random.next(below: 30)))
      let offset = try await store.offset(log, atOrAfter: time)
      let expectedOffset = try await model.offset(log, atOrAfter: time)
      try check(offset == expectedOffset, "\(log) at \(time.seconds) has \(offset), not \(expectedOffset)")
    }
  }
}
