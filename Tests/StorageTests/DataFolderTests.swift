import Foundation
import Kernel
import NIOCore
import Storage
import Testing

@Suite struct DataFolderTests {
  @Test func `what was written is there after closing and opening again`() async throws {
    let folder = try TemporaryFolder()
    var storage = try await EmbeddedStorage.open(folder: "\(folder.path)/data", clock: ManualClock())
    let log = LogID("a/b")
    try await storage.keys.write { try $0.set(Key("k"), [1, 2, 3]) }
    try await storage.logs.create(log)
    _ = try await storage.logs.append([LogBatch(log: log, payloads: [ByteBuffer(string: "record")])])
    let blob = try await storage.blobs.put(ByteBuffer(string: "blob"))
    await storage.close()

    storage = try await EmbeddedStorage.open(folder: "\(folder.path)/data", clock: ManualClock())
    #expect(try await storage.keys.read { try $0.get(Key("k")) } == [1, 2, 3])
    let records = try await storage.logs.read(log, from: 0, recordsMax: 10, bytesMax: 1000)
    #expect(records.map { String(buffer: $0.payload) } == ["record"])
    #expect(String(buffer: try await storage.blobs.read(blob, at: 0, count: 10)) == "blob")
    await storage.close()
  }

  @Test func `a folder is one process's at a time`() async throws {
    let folder = try TemporaryFolder()
    let storage = try await EmbeddedStorage.open(folder: folder.path, clock: ManualClock())
    await #expect(throws: StorageError.locked(path: folder.path)) {
      try await EmbeddedStorage.open(folder: folder.path, clock: ManualClock())
    }
    await storage.close()
    let again = try await EmbeddedStorage.open(folder: folder.path, clock: ManualClock())
    await again.close()
  }

  @Test func `a newer folder is refused`() async throws {
    let folder = try TemporaryFolder()
    try Data("tarn 2\n".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/FORMAT"))
    await #expect(throws: StorageError.newerFormat(found: 2, supported: 1)) {
      try await EmbeddedStorage.open(folder: folder.path, clock: ManualClock())
    }
  }

  @Test func `a folder of something else is left alone`() async throws {
    let folder = try TemporaryFolder()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/thesis.txt"))
    await #expect(throws: StorageError.self) {
      try await EmbeddedStorage.open(folder: folder.path, clock: ManualClock())
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(names) == ["thesis.txt", "LOCK"])
  }
}
