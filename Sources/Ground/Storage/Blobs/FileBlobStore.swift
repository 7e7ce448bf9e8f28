import Kernel
public import NIOCore

/// The embedded `BlobStore`: long blobs are files of their own, short ones share packs.
///
/// What is synced when: `put` returns after one `fdatasync` of the pack for all callers that waited;
/// `BlobWriter.finish` after `fdatasync` of the file and `fsync` of its folder; `delete` after the folders and
/// packs it changed are synced. The folder of a new file or pack is synced before anything in it is
/// acknowledged.
public final class FileBlobStore: BlobStore {
  public let packedBytesMax = StorageLimits.blobPackedBytesMax

  private let folder: String
  private let disk: any Disk
  private let numbers: BlobNumbers
  private let cache: BlobFileCache
  private let packer: BlobPacker
  /// Folders that exist, so that one is made and synced once.
  private let folders = Locked<Set<String>>([])
  private let readThreads = BlockingPool(
    name: "blob-read", threads: StorageLimits.blobReadThreads, queueLimit: StorageLimits.blobReadsWaitingMax)
  let writeThreads = BlockingPool(
    name: "blob-write", threads: StorageLimits.blobWriteThreads, queueLimit: StorageLimits.blobWritesWaitingMax)

  /// Opens the store in a folder that exists. Blocks.
  package init(folder: String, disk: any Disk) throws {
    self.folder = folder
    self.disk = disk
    try disk.makeFolder("\(folder)/\(BlobFiles.packFolder)")
    numbers = try BlobNumbers(folder: folder, disk: disk)
    cache = BlobFileCache(folder: folder, disk: disk)
    packer = BlobPacker(folder: folder, disk: disk, numbers: numbers)
  }

  // MARK: writing

  public func put(_ bytes: ByteBuffer) async throws -> BlobRef {
    precondition(bytes.readableBytes <= packedBytesMax, "a blob this long takes a writer")
    return try await packer.put(bytes)
  }

  public func writer() async throws -> any BlobWriter { FileBlobWriter(store: self) }

  /// Begins a file of its own. Blocks.
  func newFile() throws -> BlobFileSink {
    let number = try numbers.take(pack: false)
    let name = BlobFiles.folder(of: number)
    if !folders.withLock({ $0.contains(name) }) {
      try disk.makeFolder("\(folder)/\(name)")
      _ = folders.withLock { $0.insert(name) }
    }
    return try BlobFileSink(number: number, folder: "\(folder)/\(name)", disk: disk)
  }

  /// Removes a file that no key will name. Not synced: after a crash it is an orphan.
  func discard(_ file: BlobFileSink) {
    // With the threads overloaded it stays until orphans are collected.
    try? writeThreads.submit { try? self.disk.remove(file.path) }
  }

  // MARK: reading

  public func open(_ blob: BlobRef) async throws -> any BlobReader {
    try await readThreads.runStorage { try self.openBlocking(blob) }
  }

  public func openBlocking(_ blob: BlobRef) throws -> any BlobReader {
    let opened = try cache.file(of: blob)
    guard let table = opened.table else { return try PackedBlobReader(blob, file: opened.file) }
    return BlobFileReader(blob: blob, file: opened.file, table: table, threads: readThreads)
  }

  public func read(_ blob: BlobRef, at position: UInt64, count: Int) async throws -> ByteBuffer {
    try await readThreads.runStorage {
      switch try self.openBlocking(blob) {
      case let reader as BlobFileReader: try reader.readBuffer(at: position, count: count)
      case let reader as PackedBlobReader: reader.slice(at: position, count: count)
      default: throw StorageError.noSuchBlob("\(blob.file)")
      }
    }
  }

  public func readBlocking(
    _ blob: BlobRef, at position: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    try openBlocking(blob).readBlocking(at: position, into: buffer)
  }

  // MARK: deleting

  public func delete(_ blobs: [BlobRef]) async throws {
    try await writeThreads.runStorage { try self.deleteBlocking(blobs) }
  }

  private func deleteBlocking(_ blobs: [BlobRef]) throws {
    let own = blobs.filter { !BlobFiles.isPack($0.file) }
    cache.forget(own.lazy.map(\.file))
    for blob in own { try disk.remove(path(of: blob.file)) }
    for folder in Set(own.map { BlobFiles.folder(of: $0.file) }) {
      do {
        try disk.syncFolder("\(self.folder)/\(folder)")
      } catch StorageError.io(_, _, PosixErrors.noEntry) {
        // The folder is not there, so neither was the blob.
      }
    }
    let packed = Dictionary(grouping: blobs.filter { BlobFiles.isPack($0.file) }, by: \.file)
    for (number, blobs) in packed { try free(blobs, inPack: number) }
  }

  private func free(_ blobs: [BlobRef], inPack number: UInt64) throws {
    let file: any DiskFile
    do {
      file = try cache.file(of: blobs[0]).file
    } catch StorageError.noSuchBlob {
      return
    }
    for run in Self.runs(of: blobs) { try file.punchHole(at: run.lowerBound, count: run.upperBound - run.lowerBound) }
    try file.sync()
    try removeIfEmpty(file, number)
  }

  /// The places of blobs in their pack, neighbours taken together: what was written together is often freed together,
  /// and each hole is a call that the file system takes its time for.
  private static func runs(of blobs: [BlobRef]) -> [Range<UInt64>] {
    var runs: [Range<UInt64>] = []
    for blob in blobs.sorted(by: { $0.offset < $1.offset }) where blob.length > 0 {
      let place = blob.offset..<(blob.offset + BlobFiles.packed(blob.length))
      if let last = runs.last, last.upperBound == place.lowerBound {
        runs[runs.count - 1] = last.lowerBound..<place.upperBound
      } else {
        runs.append(place)
      }
    }
    return runs
  }

  /// Removes a pack in which everything was given back.
  private func removeIfEmpty(_ file: any DiskFile, _ number: UInt64) throws {
    guard !packer.isGrowing(number), try !file.holdsData() else { return }
    cache.forget(CollectionOfOne(number))
    try disk.remove(path(of: number))
  }

  private func path(of file: UInt64) -> String {
    "\(folder)/\(BlobFiles.folder(of: file))/\(BlobFiles.name(of: file))"
  }

  // MARK: orphans

  public func collectOrphans(
    namedBy scan: @escaping @Sendable (_ mark: @escaping @Sendable (BlobRef) -> Void) async throws -> Void
  ) async throws -> CollectedOrphans {
    let found = try await writeThreads.runStorage { try self.earlierFiles() }
    let marks = Locked(BlobMarks(files: found))
    try await scan { blob in marks.withLock { $0.mark(blob) } }
    let named = marks.withLock { $0 }
    return try await writeThreads.runStorage { try self.sweep(named) }
  }

  /// The files that earlier openings left.
  private func earlierFiles() throws -> [UInt64] {
    var files: [UInt64] = []
    for name in try disk.list(folder) where name != "NUMBERS" && name != "NUMBERS.new" {
      files += try disk.list("\(folder)/\(name)").compactMap { BlobFiles.number(of: $0) }
    }
    return files.filter { $0 < numbers.firstOfOpening }
  }

  private func sweep(_ named: BlobMarks) throws -> CollectedOrphans {
    var collected = CollectedOrphans(files: 0, bytes: 0)
    for number in named.unmarkedFiles {
      let file: any DiskFile
      do {
        file = try disk.open(path(of: number), create: false)
      } catch StorageError.io(_, _, PosixErrors.noEntry) {
        continue
      }
      cache.forget(CollectionOfOne(number))
      collected.bytes += try file.size()
      try disk.remove(path(of: number))
      collected.files += 1
    }
    for (number, blocks) in named.markedPacks {
      let file: any DiskFile
      do {
        file = try disk.open(path(of: number), create: false)
      } catch StorageError.io(_, _, PosixErrors.noEntry) {
        continue
      }
      for gap in blocks.gaps(upTo: BlobFiles.packed(try file.size())) {
        try file.punchHole(at: gap.lowerBound, count: gap.upperBound - gap.lowerBound)
        collected.bytes += gap.upperBound - gap.lowerBound
      }
      try file.sync()
      try removeIfEmpty(file, number)
    }
    for folder in Set(named.unmarkedFiles.map { BlobFiles.folder(of: $0) }) {
      try disk.syncFolder("\(self.folder)/\(folder)")
    }
    return collected
  }

  /// Waits for small blobs that were accepted; later writes throw `closed`.
  public func close() async {
    await packer.close()
    cache.forgetAll()
  }
}
