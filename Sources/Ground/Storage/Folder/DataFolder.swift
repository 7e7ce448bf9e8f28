import Kernel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A folder that this process alone uses, of a format that it understands.
final class DataFolder: Sendable {
  /// The layout that this version reads and writes; see `docs/data-folder.md`.
  static let format = 1

  let path: String
  /// The lock file's descriptor; `nil` once given back.
  private let lock: Locked<Int32?>

  /// Makes the folder if it is not there, takes its lock and checks its format. Blocks.
  /// - Throws: `StorageError.locked` while another process holds it; `newerFormat`; `corrupt`.
  init(_ path: String, disk: some Disk) throws {
    self.path = path
    try disk.makeFolder(path)
    let lock = try Self.takeLock("\(path)/LOCK", folder: path)
    do {
      try Self.checkFormat(path, disk: disk)
    } catch {
      close(lock)
      throw error
    }
    self.lock = Locked(lock)
  }

  deinit { release() }

  /// Lets another process have the folder.
  func release() {
    if let descriptor = lock.withLock({ $0.take() }) { close(descriptor) }
  }

  /// The lock is the kernel's: it goes with the process, however that ends.
  private static func takeLock(_ file: String, folder: String) throws -> Int32 {
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw PosixErrors.error("open", file) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let error = errno == EWOULDBLOCK ? StorageError.locked(path: folder) : PosixErrors.error("flock", file)
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func checkFormat(_ path: String, disk: some Disk) throws {
    guard let bytes = try disk.contents("\(path)/FORMAT") else {
      // A crash before the mark was written leaves at most empty folders; anything else is not ours.
      let names = try disk.list(path).filter { $0 != "LOCK" && $0 != "FORMAT.new" }
      guard names.isEmpty else {
        throw StorageError.corrupt("\(path) holds \(names.sorted()[0]) but no FORMAT: it is no data folder")
      }
      return try disk.replace("FORMAT", in: path, with: Array("tarn \(format)\n".utf8))
    }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 2, words[0] == "tarn", let found = Int(words[1]) else {
      throw StorageError.corrupt("\(path)/FORMAT is not a data folder's version mark")
    }
    guard found <= format else { throw StorageError.newerFormat(found: found, supported: format) }
  }
}
