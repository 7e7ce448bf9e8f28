import CTarnSystem

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The machine's disk.
package struct SystemDisk: Disk {
  package init() {}

  package func open(_ path: String, create: Bool) throws -> any DiskFile {
    let flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0)
    let descriptor = try retrying("open", path) { systemOpen(path, flags) }
    return SystemFile(descriptor: descriptor, path: path)
  }

  package func list(_ folder: String) throws -> [String] {
    guard let stream = opendir(folder) else { throw PosixErrors.error("opendir", folder) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw PosixErrors.error("readdir", folder) }
        return names
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  package func makeFolder(_ path: String) throws {
    if mkdir(path, 0o700) == 0 {
      try syncFolder(parent(of: path))
      return
    }
    switch errno {
    case EEXIST: return
    case ENOENT where parent(of: path) != path:
      try makeFolder(parent(of: path))
      try makeFolder(path)
    default: throw PosixErrors.error("mkdir", path)
    }
  }

  private func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package func remove(_ path: String) throws {
    guard unlink(path) == 0 || errno == ENOENT else { throw PosixErrors.error("unlink", path) }
  }

  package func rename(_ from: String, to: String) throws {
    guard systemRename(from, to) == 0 else { throw PosixErrors.error("rename", from) }
  }

  package func syncFolder(_ folder: String) throws {
    let descriptor = try retrying("open", folder) { systemOpen(folder, O_RDONLY | O_CLOEXEC) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw PosixErrors.error("fsync", folder) }
  }
}

/// An open file descriptor.
private final class SystemFile: DiskFile {
  private let descriptor: Int32
  let path: String

  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  func size() throws -> UInt64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw PosixErrors.error("fstat", path) }
    return UInt64(status.st_size)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at position: UInt64) throws -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var done = 0
    while done < buffer.count {
      let count = try retrying("pread", path) {
        pread(descriptor, base + done, buffer.count - done, off_t(clamping: position + UInt64(done)))
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at position: UInt64) throws {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let count = try retrying("pwrite", path) {
        pwrite(descriptor, base + done, bytes.count - done, off_t(clamping: position + UInt64(done)))
      }
      guard count > 0 else { throw StorageError.diskFull }
      done += count
    }
  }

  func sync() throws {
    #if canImport(Glibc)
      guard fdatasync(descriptor) == 0 else { throw PosixErrors.error("fdatasync", path) }
    #else
      // Darwin's fsync stops at the drive's cache.
      guard fcntl(descriptor, F_FULLFSYNC) == 0 else { throw PosixErrors.error("fsync", path) }
    #endif
  }

  func startWriteback(upTo end: UInt64) { tarn_start_writeback(descriptor, end) }

  func preallocate(at position: UInt64, count: UInt64) throws {
    let code = tarn_preallocate(descriptor, position, count)
    if code == 0 { return }
    guard PosixErrors.isUnsupported(code) else { throw PosixErrors.error("fallocate", path, code) }
    if try size() < position + count { try truncate(to: position + count) }
  }

  func truncate(to size: UInt64) throws {
    guard ftruncate(descriptor, off_t(clamping: size)) == 0 else { throw PosixErrors.error("ftruncate", path) }
  }

  func punchHole(at position: UInt64, count: UInt64) throws {
    let code = tarn_punch_hole(descriptor, position, count)
    guard code == 0 || PosixErrors.isUnsupported(code) else { throw PosixErrors.error("fallocate", path, code) }
  }

  func holdsData() throws -> Bool {
    var holds = true
    let code = tarn_holds_data(descriptor, &holds)
    guard code == 0 else { throw PosixErrors.error("lseek", path, code) }
    return holds
  }
}

/// `errno` in the ground floor's words.
package enum PosixErrors {
  package static let noEntry: Int32 = ENOENT

  static func error(_ operation: String, _ path: String, _ code: Int32 = errno) -> StorageError {
    code == ENOSPC || code == EDQUOT ? .diskFull : .io(operation: operation, path: path, errno: code)
  }

  /// Whether the file system has no such call.
  static func isUnsupported(_ code: Int32) -> Bool { code == EOPNOTSUPP || code == ENOSYS }
}

/// Repeats a call that a signal interrupted.
private func retrying<Result: SignedInteger>(
  _ operation: String, _ path: String, _ call: () -> Result
) throws -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    guard errno == EINTR else { throw PosixErrors.error(operation, path) }
  }
}

// The names that `Disk` and `SystemFile` use for their own methods.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0o600) }
private func systemRename(_ from: String, _ to: String) -> Int32 { rename(from, to) }
