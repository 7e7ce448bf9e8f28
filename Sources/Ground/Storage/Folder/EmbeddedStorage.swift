public import Kernel

/// The three stores over one folder of the local disk.
public final class EmbeddedStorage: Sendable {
  public struct Options: Sendable {
    public init() {}
  }

  public let keys: any KeyStore
  public let logs: any LogStore
  public let blobs: any BlobStore

  private let folder: DataFolder
  private let keyStore: SQLiteKeyStore
  private let blobStore: FileBlobStore

  private let logStore: SegmentLogStore

  private init(folder: DataFolder, keys: SQLiteKeyStore, logs: SegmentLogStore, blobs: FileBlobStore) {
    self.folder = folder
    self.keys = keys
    self.logs = logs
    self.blobs = blobs
    keyStore = keys
    blobStore = blobs
    logStore = logs
  }

  /// Opens a data folder, making it if there is none, and recovers what a crash left.
  /// - Throws: `StorageError.locked`, `newerFormat`, `corrupt`, `io`, `diskFull`.
  public static func open(
    folder: String, clock: any WallClock, options: Options = Options()
  ) async throws -> EmbeddedStorage {
    let opener = BlockingPool(name: "storage-open", threads: 1, queueLimit: 1)
    return try await opener.run {
      let disk = SystemDisk()
      let dataFolder = try DataFolder(folder, disk: disk)
      try disk.makeFolder("\(folder)/keys")
      let keys = try SQLiteKeyStore(path: "\(folder)/keys/keys.sqlite")
      // SQLite syncs what it writes, not the name of its new file.
      try disk.syncFolder("\(folder)/keys")
      try disk.makeFolder("\(folder)/blobs")
      let blobs = try FileBlobStore(folder: "\(folder)/blobs", disk: disk)
      try disk.makeFolder("\(folder)/logs")
      let logs = try SegmentLogStore(folder: "\(folder)/logs", disk: disk, clock: clock)
      return EmbeddedStorage(folder: dataFolder, keys: keys, logs: logs, blobs: blobs)
    }
  }

  /// Finishes what was accepted and gives the folder back to the next process.
  public func close() async {
    await logStore.close()
    await blobStore.close()
    await keyStore.close()
    folder.release()
  }
}
