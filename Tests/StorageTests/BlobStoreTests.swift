import Foundation
import Kernel
import NIOCore
import Storage
import Testing

@Suite struct BlobStoreTests {
  static func bytes(_ count: Int, seed: UInt64) -> ByteBuffer {
    ByteBuffer(bytes: SeededRandomSource(seed: seed).bytes(count))
  }

  static func open(_ folder: TemporaryFolder) throws -> FileBlobStore {
    try FileBlobStore(folder: folder.path, disk: SystemDisk())
  }

  @Test(arguments: [0, 1, 4096, 65_535, 256 << 10, (256 << 10) + 1, 1 << 20, (5 << 20) + 17])
  func `a blob reads back, whole and in parts`(_ count: Int) async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let bytes = Self.bytes(count, seed: UInt64(count))
    let writer = try await store.writer()
    var rest = bytes
    while let piece = rest.readSlice(length: min(100_000, rest.readableBytes)), piece.readableBytes > 0 {
      try await writer.write(piece)
    }
    let blob = try await writer.finish()
    #expect(blob.length == UInt64(count))
    #expect(try await store.read(blob, at: 0, count: count + 10) == bytes)

    let random = SeededRandomSource(seed: 1)
    let reader = try await store.open(blob)
    for _ in 0..<50 {
      let start = random.next(below: count + 1)
      let length = random.next(below: 200_000)
      let expected = bytes.getSlice(at: start, length: min(length, count - start))
      #expect(try await reader.read(at: UInt64(start), count: length) == expected)
      var memory = [UInt8](repeating: 0, count: length)
      let found = try memory.withUnsafeMutableBytes { try reader.readBlocking(at: UInt64(start), into: $0) }
      #expect(ByteBuffer(bytes: memory[..<found]) == expected)
    }
    await store.close()
  }

  @Test func `small blobs of many callers share a pack`() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let blobs = try await withThrowingTaskGroup(of: (Int, BlobRef).self) { group in
      for index in 0..<100 {
        group.addTask { (index, try await store.put(Self.bytes(index * 100, seed: UInt64(index)))) }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    #expect(Set(blobs.values.map(\.file)).count == 1)
    for (index, blob) in blobs {
      #expect(try await store.read(blob, at: 0, count: .max) == Self.bytes(index * 100, seed: UInt64(index)))
    }
    await store.close()
  }

  @Test(arguments: [100, 1 << 20])
  func `a damaged blob is found out`(_ count: Int) async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let writer = try await store.writer()
    try await writer.write(Self.bytes(count, seed: 3))
    let blob = try await writer.finish()
    let path = try #require(Self.files(folder).first)
    let file = try SystemDisk().open(path, create: false)
    try [UInt8]([0xAA]).withUnsafeBytes { try file.write($0, at: 77) }
    await #expect {
      try await store.read(blob, at: 0, count: 100)
    } throws: { error in
      if case StorageError.corrupt = error { true } else { false }
    }
    await store.close()
  }

  @Test(arguments: [100, 1 << 20])
  func `a deleted blob is gone, but whoever had opened it reads on`(_ count: Int) async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let bytes = Self.bytes(count, seed: 4)
    let writer = try await store.writer()
    try await writer.write(bytes)
    let blob = try await writer.finish()
    let reader = try await store.open(blob)
    try await store.delete([blob])
    try await store.delete([blob])
    #expect(try await reader.read(at: 0, count: count) == bytes)
    await #expect {
      try await store.open(blob)
    } throws: { error in
      if case StorageError.noSuchBlob = error { true } else { false }
    }
    await store.close()
  }

  @Test func `a writer that is given up leaves no file`() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let writer = try await store.writer()
    for piece in 0..<4 { try await writer.write(Self.bytes(1 << 20, seed: UInt64(piece))) }
    await writer.abort()
    do {
      let dropped = try await store.writer()
      try await dropped.write(Self.bytes(1 << 20, seed: 9))
    }
    await store.close()
    let again = try Self.open(folder)
    _ = try await again.collectOrphans { _ in }
    #expect(Self.files(folder).isEmpty)
  }

  @Test func `orphans are collected and what is named stays`() async throws {
    let folder = try TemporaryFolder()
    var store = try Self.open(folder)
    var blobs: [BlobRef] = []
    for index in 0..<20 {
      blobs.append(try await store.put(Self.bytes(5000, seed: UInt64(index))))
    }
    for index in 20..<24 {
      let writer = try await store.writer()
      try await writer.write(Self.bytes(400_000, seed: UInt64(index)))
      blobs.append(try await writer.finish())
    }
    await store.close()

    store = try Self.open(folder)
    let later = try await store.put(Self.bytes(10, seed: 99))
    let named = blobs.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    let collected = try await store.collectOrphans { mark in named.forEach(mark) }
    #expect(collected == CollectedOrphans(files: 2, bytes: collected.bytes))
    #expect(collected.bytes > 2 * 400_000 + 10 * 8192 - 1)
    for (index, blob) in blobs.enumerated() {
      if index % 2 == 0 {
        let expected = Self.bytes(index < 20 ? 5000 : 400_000, seed: UInt64(index))
        #expect(try await store.read(blob, at: 0, count: .max) == expected)
      } else {
        await #expect(throws: StorageError.self) { try await store.read(blob, at: 0, count: 1) }
      }
    }
    #expect(try await store.read(later, at: 0, count: 10) == Self.bytes(10, seed: 99))
    await store.close()

    store = try Self.open(folder)
    _ = try await store.collectOrphans { _ in }
    #expect(Self.files(folder).isEmpty)
  }

  /// Paths of the blob files and packs.
  static func files(_ folder: TemporaryFolder) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".blob") || $0.hasSuffix(".pack") }.map { "\(folder.path)/\($0)" }.sorted()
  }
}
