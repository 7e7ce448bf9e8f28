import Kernel
import NIOCore
import Storage
import StorageTesting
import Testing

@Suite struct LogStoreTests {
  static func open(_ disk: SimulatedDisk, _ clock: ManualClock, segmentBytes: UInt64 = 64 << 10) throws
    -> SegmentLogStore
  {
    var sizes = SegmentLogStore.Sizes()
    sizes.segmentBytesMin = segmentBytes
    sizes.segmentBytesMax = segmentBytes
    try disk.makeFolder("logs")
    return try SegmentLogStore(folder: "logs", disk: disk, clock: clock, sizes: sizes)
  }

  static func batch(_ log: String, _ payloads: String...) -> LogBatch {
    LogBatch(log: LogID(log), payloads: payloads.map { ByteBuffer(string: $0) })
  }

  static func text(_ records: [LogRecord]) -> [String] { records.map { String(buffer: $0.payload) } }

  static func newDisk() -> SimulatedDisk { SimulatedDisk(random: SeededRandomSource(seed: 1)) }

  @Test func `records come back in order with offsets and times`() async throws {
    let clock = ManualClock(Timestamp(seconds: 100))
    let store = try Self.open(Self.newDisk(), clock)
    try await store.create([LogID("a"), LogID("b")])
    let first = try await store.append([Self.batch("a", "1", "2"), Self.batch("b", "x"), Self.batch("a", "3")])
    #expect(first.map(\.firstOffset) == [0, 0, 2])
    clock.advance(by: .seconds(5))
    _ = try await store.append([Self.batch("a", "", "5")])
    let records = try await store.read(LogID("a"), from: 1, recordsMax: 3, bytesMax: 100)
    #expect(Self.text(records) == ["2", "3", ""])
    #expect(records.map(\.offset) == [1, 2, 3])
    #expect(records.map(\.time.seconds) == [100, 100, 105])
    #expect(try await store.offset(LogID("a"), atOrAfter: Timestamp(seconds: 101)) == 3)
    #expect(try await store.offset(LogID("a"), atOrAfter: Timestamp(seconds: 106)) == 5)
    #expect(
      try await store.bounds(LogID("a")) == LogBounds(first: 0, next: 5, lastTime: Timestamp(seconds: 105)))
    await store.close()
  }

  @Test func `limits of a read count bytes and records, and one record always comes`() async throws {
    let store = try Self.open(Self.newDisk(), ManualClock())
    try await store.create(LogID("a"))
    _ = try await store.append([Self.batch("a", "1234", "1234", "1234")])
    #expect(try await store.read(LogID("a"), from: 0, recordsMax: 10, bytesMax: 8).count == 2)
    #expect(try await store.read(LogID("a"), from: 0, recordsMax: 10, bytesMax: 7).count == 1)
    #expect(try await store.read(LogID("a"), from: 0, recordsMax: 10, bytesMax: 0).count == 1)
    #expect(try await store.read(LogID("a"), from: 0, recordsMax: 0, bytesMax: 100).isEmpty)
    #expect(try await store.read(LogID("a"), from: 3, recordsMax: 10, bytesMax: 100).isEmpty)
    await store.close()
  }

  @Test func `an append to an absent log appends nothing`() async throws {
    let store = try Self.open(Self.newDisk(), ManualClock())
    try await store.create(LogID("a"))
    await #expect(throws: StorageError.noSuchLog("b")) {
      try await store.append([Self.batch("a", "1"), Self.batch("b", "2")])
    }
    #expect(try await store.bounds(LogID("a")).next == 0)
    await store.close()
  }

  @Test func `a thousand logs share their syncs`() async throws {
    let disk = Self.newDisk()
    let store = try Self.open(disk, ManualClock(), segmentBytes: 4 << 20)
    try await store.create((0..<1000).map { LogID("log-\($0)") })
    let before = disk.syncs
    _ = try await store.append((0..<1000).map { Self.batch("log-\($0)", "record of \($0)") })
    #expect(disk.syncs == before + 1)
    let records = try await store.read(LogID("log-617"), from: 0, recordsMax: 10, bytesMax: 100)
    #expect(Self.text(records) == ["record of 617"])
    await store.close()
  }

  @Test func `a log outlives its segments' number and a restart`() async throws {
    let disk = Self.newDisk()
    let clock = ManualClock()
    var store = try Self.open(disk, clock)
    try await store.create(LogID("a"))
    for number in 0..<2000 {
      _ = try await store.append([Self.batch("a", "\(number) " + String(repeating: "x", count: 200))])
    }
    #expect(disk.paths.filter { $0.hasSuffix(".seg") }.count > 5)
    for round in 0..<3 {
      // The second time without index files, the third time with damaged ones.
      for path in disk.paths where path.hasSuffix(".idx") {
        if round == 1 { try disk.remove(path) }
        if round == 2 { disk.damage(path, at: 30) }
      }
      await store.close()
      store = try Self.open(disk, clock)
      #expect(try await store.bounds(LogID("a")).next == 2000)
      var offset: UInt64 = 0
      while true {
        let records = try await store.read(LogID("a"), from: offset, recordsMax: 130, bytesMax: 1 << 20)
        if records.isEmpty { break }
        for record in records {
          #expect(record.offset == offset)
          #expect(String(buffer: record.payload).hasPrefix("\(offset) "))
          offset += 1
        }
      }
      #expect(offset == 2000)
    }
    await store.close()
  }

  @Test func `damage is found out`() async throws {
    let disk = Self.newDisk()
    let store = try Self.open(disk, ManualClock())
    try await store.create(LogID("a"))
    _ = try await store.append([Self.batch("a", "undamaged")])
    let segment = try #require(disk.paths.first { $0.hasSuffix(".seg") })
    let file = try disk.open(segment, create: false)
    var bytes = [UInt8](repeating: 0, count: 4096)
    _ = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    let record = Array("undamaged".utf8)
    let place = (0..<4000).first { Array(bytes[$0..<($0 + record.count)]) == record }
    disk.damage(segment, at: try #require(place))
    await #expect {
      try await store.read(LogID("a"), from: 0, recordsMax: 1, bytesMax: 100)
    } throws: { error in
      if case StorageError.corrupt = error { true } else { false }
    }
    await store.close()
  }

  @Test func `a waiter wakes for its record, for a deletion and for cancellation`() async throws {
    let store = try Self.open(Self.newDisk(), ManualClock())
    try await store.create(LogID("a"))
    async let second: Void = store.waitForRecord(LogID("a"), at: 1)
    _ = try await store.append([Self.batch("a", "0")])
    _ = try await store.append([Self.batch("a", "1")])
    try await second
    try await store.waitForRecord(LogID("a"), at: 0)

    let cancelled = Task { try await store.waitForRecord(LogID("a"), at: 9) }
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }

    async let never: Void = store.waitForRecord(LogID("a"), at: 9)
    try await store.delete(LogID("a"))
    do {
      try await never
      Issue.record("the waiter woke as if its record had come")
    } catch {
      #expect(error as? StorageError == .noSuchLog("a"))
    }
    await store.close()
  }

  @Test func `a deleted log begins anew under its name`() async throws {
    let disk = Self.newDisk()
    var store = try Self.open(disk, ManualClock())
    try await store.create(LogID("a"))
    _ = try await store.append([Self.batch("a", "old")])
    try await store.delete(LogID("a"))
    try await store.delete(LogID("a"))
    await #expect(throws: StorageError.noSuchLog("a")) { try await store.bounds(LogID("a")) }
    try await store.create(LogID("a"))
    _ = try await store.append([Self.batch("a", "new")])
    await store.close()
    store = try Self.open(disk, ManualClock())
    #expect(Self.text(try await store.read(LogID("a"), from: 0, recordsMax: 9, bytesMax: 99)) == ["new"])
    #expect(try await store.logs(prefix: "") == [LogID("a")])
    await store.close()
  }

  @Test func `room of dead records is given back, though one log keeps all of its own`() async throws {
    let disk = Self.newDisk()
    let clock = ManualClock(Timestamp(seconds: 0))
    var store = try Self.open(disk, clock)
    try await store.create([LogID("long"), LogID("short")])
    for number in 0..<1000 {
      clock.advance(by: .seconds(1))
      _ = try await store.append([
        Self.batch("short", String(repeating: "s", count: 1000)), Self.batch("long", "kept \(number)"),
      ])
    }
    func used() -> UInt64 {
      // A segment may go between the listing and the look.
      disk.paths.filter { $0.hasSuffix(".seg") }.reduce(0) { $0 + ((try? disk.open($1, create: false).size()) ?? 0) }
    }
    let before = used()
    try await store.trim(LogID("short"), before: Timestamp(seconds: 990))
    await store.close()
    store = try Self.open(disk, clock)
    #expect(try await store.bounds(LogID("short")).first == 989)
    // Closing waits for the tidying thread's step only; the next opening goes on with it.
    while used() > before / 4 { await Task.yield() }
    for number in stride(from: 0, to: 1000, by: 37) {
      let records = try await store.read(LogID("long"), from: UInt64(number), recordsMax: 1, bytesMax: 100)
      #expect(Self.text(records) == ["kept \(number)"])
      #expect(
        try await store.offset(LogID("long"), atOrAfter: Timestamp(seconds: Int64(number) + 1)) == UInt64(number))
    }
    try await store.delete(LogID("long"))
    while disk.paths.filter({ $0.hasSuffix(".seg") }).count > 2 { await Task.yield() }
    await store.close()
  }

  @Test func `after a failed sync nothing of the group is there, and the store goes on`() async throws {
    let disk = Self.newDisk()
    var store = try Self.open(disk, ManualClock())
    try await store.create(LogID("a"))
    _ = try await store.append([Self.batch("a", "before")])
    disk.failSync(after: 0)
    await #expect(throws: StorageError.self) { try await store.append([Self.batch("a", "lost")]) }
    #expect(try await store.append([Self.batch("a", "after")])[0].firstOffset == 1)
    #expect(Self.text(try await store.read(LogID("a"), from: 0, recordsMax: 9, bytesMax: 99)) == ["before", "after"])
    await store.close()
    store = try Self.open(disk, ManualClock())
    #expect(Self.text(try await store.read(LogID("a"), from: 0, recordsMax: 9, bytesMax: 99)) == ["before", "after"])
    await store.close()
  }

  @Test func `a full disk refuses, and once there is room the store goes on`() async throws {
    let disk = Self.newDisk()
    let store = try Self.open(disk, ManualClock())
    try await store.create(LogID("a"))
    disk.setBytesFree(0)
    var accepted = 0
    await #expect(throws: StorageError.diskFull) {
      while accepted < 1000 {
        _ = try await store.append([Self.batch("a", "\(accepted) " + String(repeating: "x", count: 1000))])
        accepted += 1
      }
    }
    #expect(accepted > 10)
    disk.setBytesFree(1 << 20)
    #expect(try await store.append([Self.batch("a", "more")])[0].firstOffset == UInt64(accepted))
    let records = try await store.read(LogID("a"), from: 0, recordsMax: 10_000, bytesMax: 10 << 20)
    #expect(records.count == accepted + 1)
    await store.close()
  }
}
