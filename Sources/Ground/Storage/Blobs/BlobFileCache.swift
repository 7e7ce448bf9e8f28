import Kernel

/// Blob files that are open for reading, the least recently used ones closed first. A file stays open past its
/// eviction for whoever still holds it.
final class BlobFileCache: Sendable {
  /// An open file and, for a file of one blob, the table of its checksums.
  final class OpenFile: Sendable {
    let file: any DiskFile
    let table: BlobTable?

    init(file: any DiskFile, table: BlobTable?) {
      self.file = file
      self.table = table
    }
  }

  private struct State {
    var files = RecentlyUsed<UInt64, OpenFile>(costMax: StorageLimits.blobFilesOpenMax)
    /// Counts removals, so that a file opened before its deletion is not kept after it.
    var removals: UInt64 = 0
  }
  private let state = Locked(State())
  private let folder: String
  private let disk: any Disk

  init(folder: String, disk: any Disk) {
    self.folder = folder
    self.disk = disk
  }

  /// The open file that holds `blob`. Blocks.
  /// - Throws: `noSuchBlob` when its file is gone.
  func file(of blob: BlobRef) throws -> OpenFile {
    let (held, removals) = state.withLock { ($0.files.use(blob.file), $0.removals) }
    if let held { return held }
    let opened = try open(blob)
    state.withLock { state in
      if state.removals == removals { state.files.keep(blob.file, opened) }
    }
    return opened
  }

  private func open(_ blob: BlobRef) throws -> OpenFile {
    let path = "\(folder)/\(BlobFiles.folder(of: blob.file))/\(BlobFiles.name(of: blob.file))"
    let file: any DiskFile
    do {
      file = try disk.open(path, create: false)
    } catch StorageError.io(_, _, PosixErrors.noEntry) {
      throw StorageError.noSuchBlob(path)
    }
    let table = BlobFiles.isPack(blob.file) ? nil : try BlobTable.read(file, number: blob.file, length: blob.length)
    return OpenFile(file: file, table: table)
  }

  func forget(_ files: some Sequence<UInt64>) {
    let files = Array(files)
    state.withLock { state in
      state.removals += 1
      for file in files { state.files.remove(file) }
    }
  }

  func forgetAll() {
    state.withLock { state in
      state.removals += 1
      state.files.removeAll()
    }
  }
}
