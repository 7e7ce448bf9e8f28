import Foundation
import GRDBSQLite
import Kernel
import Storage

/// A SQLite file system that does everything on real files and, beside it, on a `SimulatedDisk`, which decides
/// what a crash leaves of databases and their write-ahead logs, and which may refuse a write or a sync.
package final class CrashingSQLite: Sendable {
  /// The name to open databases with.
  package let name: String
  package let disk: SimulatedDisk

  private static let registered = Locked<UInt64>(0)

  /// Registers a file system for the rest of the process.
  package init(disk: SimulatedDisk) throws {
    self.disk = disk
    name = "tarn-crashing-\(Self.registered.withLock { count in count += 1; return count })"
    guard let system = sqlite3_vfs_find(nil) else { throw StorageError.closed }
    let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    vfs.initialize(to: system.pointee)
    vfs.pointee.zName = UnsafePointer(strdup(name))
    vfs.pointee.szOsFile = Int32(MemoryLayout<CrashingFile>.stride)
    vfs.pointee.pNext = nil
    vfs.pointee.pAppData = Unmanaged.passRetained(disk).toOpaque()
    vfs.pointee.xOpen = { vfs, path, file, flags, outFlags in
      openFile(vfs, path, file, flags, outFlags)
    }
    vfs.pointee.xDelete = { vfs, path, syncFolder in
      guard let system = sqlite3_vfs_find(nil), let path else { return SQLITE_IOERR_DELETE }
      guard (try? simulatedDisk(of: vfs)?.remove(String(cString: path))) != nil else { return SQLITE_IOERR_DELETE }
      return system.pointee.xDelete(system, path, syncFolder)
    }
    guard sqlite3_vfs_register(vfs, 0) == SQLITE_OK else { throw StorageError.closed }
  }

  /// Writes the files as `disk` holds them into a folder of the real disk.
  package static func restore(_ disk: SimulatedDisk, from folder: String, to target: String) throws {
    for path in disk.paths where path.hasPrefix(folder + "/") {
      let bytes = try disk.contents(path) ?? []
      try Data(bytes).write(to: URL(fileURLWithPath: target + path.dropFirst(folder.count)))
    }
  }
}

/// SQLite's extended codes, which its header builds with macros that Swift does not see.
private let SQLITE_IOERR_WRITE = SQLITE_IOERR | 3 << 8
private let SQLITE_IOERR_FSYNC = SQLITE_IOERR | 4 << 8
private let SQLITE_IOERR_TRUNCATE = SQLITE_IOERR | 6 << 8
private let SQLITE_IOERR_DELETE = SQLITE_IOERR | 10 << 8

/// What SQLite keeps for an open file: its methods, as SQLite wants it, then ours.
private struct CrashingFile {
  var base: sqlite3_file
  var open: Unmanaged<OpenFile>?
}

private final class OpenFile {
  let system: UnsafeMutablePointer<sqlite3_file>
  /// `nil` for files that a crash may lose.
  let mirror: (any DiskFile)?
  let disk: SimulatedDisk
  /// Folder of the file until its name was synced.
  var folder: String?

  init(system: UnsafeMutablePointer<sqlite3_file>, mirror: (any DiskFile)?, disk: SimulatedDisk, folder: String?) {
    self.system = system
    self.mirror = mirror
    self.disk = disk
    self.folder = folder
  }
}

private func simulatedDisk(of vfs: UnsafeMutablePointer<sqlite3_vfs>?) -> SimulatedDisk? {
  vfs?.pointee.pAppData.map { Unmanaged<SimulatedDisk>.fromOpaque($0).takeUnretainedValue() }
}

private func openFile(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ path: UnsafePointer<CChar>?,
  _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32, _ outFlags: UnsafeMutablePointer<Int32>?
) -> Int32 {
  guard let system = sqlite3_vfs_find(nil), let disk = simulatedDisk(of: vfs), let file else { return SQLITE_CANTOPEN }
  let slot = UnsafeMutableRawPointer(file).assumingMemoryBound(to: CrashingFile.self)
  slot.initialize(to: CrashingFile(base: sqlite3_file(), open: nil))
  let real = UnsafeMutableRawPointer.allocate(byteCount: Int(system.pointee.szOsFile), alignment: 16)
  memset(real, 0, Int(system.pointee.szOsFile))
  let realFile = real.assumingMemoryBound(to: sqlite3_file.self)
  let code = system.pointee.xOpen(system, path, realFile, flags, outFlags)
  guard code == SQLITE_OK else {
    real.deallocate()
    return code
  }
  var mirror: (any DiskFile)?
  var folder: String?
  if let path, flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL) != 0 {
    let path = String(cString: path)
    do {
      mirror = try disk.open(path, create: true)
    } catch {
      _ = realFile.pointee.pMethods.pointee.xClose(realFile)
      real.deallocate()
      return SQLITE_CANTOPEN
    }
    // SQLite syncs the folder of a new write-ahead log with the log's first sync.
    if flags & SQLITE_OPEN_WAL != 0 { folder = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) }
  }
  slot.pointee.open = Unmanaged.passRetained(OpenFile(system: realFile, mirror: mirror, disk: disk, folder: folder))
  slot.pointee.base.pMethods = UnsafePointer(methods.pointer)
  return SQLITE_OK
}

private func opened(_ file: UnsafeMutablePointer<sqlite3_file>?) -> OpenFile? {
  file.flatMap { file in
    UnsafeMutableRawPointer(file).assumingMemoryBound(to: CrashingFile.self).pointee.open?.takeUnretainedValue()
  }
}

/// Calls the system's method of the file.
private func system(
  _ file: UnsafeMutablePointer<sqlite3_file>?,
  _ call: (UnsafePointer<sqlite3_io_methods>, UnsafeMutablePointer<sqlite3_file>) -> Int32?
) -> Int32 {
  guard let file = opened(file), let methods = file.system.pointee.pMethods else { return SQLITE_IOERR }
  return call(methods, file.system) ?? SQLITE_IOERR
}

private struct Methods: @unchecked Sendable {
  // Safe: filled once and never changed.
  let pointer: UnsafeMutablePointer<sqlite3_io_methods>
}

private let methods: Methods = {
  var methods = sqlite3_io_methods()
  // Version 2 has shared memory for the write-ahead log; version 3's memory maps would pass the mirror by.
  methods.iVersion = 2
  methods.xClose = { file in
    let code = system(file) { $0.pointee.xClose($1) }
    guard let file else { return code }
    let slot = UnsafeMutableRawPointer(file).assumingMemoryBound(to: CrashingFile.self)
    if let open = slot.pointee.open {
      UnsafeMutableRawPointer(open.takeUnretainedValue().system).deallocate()
      open.release()
      slot.pointee.open = nil
    }
    return code
  }
  methods.xRead = { file, bytes, count, offset in system(file) { $0.pointee.xRead($1, bytes, count, offset) } }
  methods.xWrite = { file, bytes, count, offset in
    if let mirror = opened(file)?.mirror {
      do {
        try mirror.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)), at: UInt64(offset))
      } catch StorageError.diskFull {
        return SQLITE_FULL
      } catch {
        return SQLITE_IOERR_WRITE
      }
    }
    return system(file) { $0.pointee.xWrite($1, bytes, count, offset) }
  }
  methods.xTruncate = { file, size in
    if let mirror = opened(file)?.mirror, (try? mirror.truncate(to: UInt64(size))) == nil {
      return SQLITE_IOERR_TRUNCATE
    }
    return system(file) { $0.pointee.xTruncate($1, size) }
  }
  methods.xSync = { file, flags in
    // The real file needs no sync: the mirror says what a crash leaves.
    guard let open = opened(file), let mirror = open.mirror else { return SQLITE_OK }
    do {
      try mirror.sync()
      if let folder = open.folder {
        try open.disk.syncFolder(folder)
        open.folder = nil
      }
      return SQLITE_OK
    } catch {
      return SQLITE_IOERR_FSYNC
    }
  }
  methods.xFileSize = { file, size in system(file) { $0.pointee.xFileSize($1, size) } }
  methods.xLock = { file, level in system(file) { $0.pointee.xLock($1, level) } }
  methods.xUnlock = { file, level in system(file) { $0.pointee.xUnlock($1, level) } }
  methods.xCheckReservedLock = { file, result in system(file) { $0.pointee.xCheckReservedLock($1, result) } }
  methods.xFileControl = { file, operation, argument in
    system(file) { $0.pointee.xFileControl($1, operation, argument) }
  }
  methods.xSectorSize = { file in system(file) { $0.pointee.xSectorSize($1) } }
  methods.xDeviceCharacteristics = { file in system(file) { $0.pointee.xDeviceCharacteristics($1) } }
  methods.xShmMap = { file, page, size, extend, memory in
    system(file) { $0.pointee.xShmMap($1, page, size, extend, memory) }
  }
  methods.xShmLock = { file, offset, count, flags in system(file) { $0.pointee.xShmLock($1, offset, count, flags) } }
  methods.xShmBarrier = { file in
    _ = system(file) { methods, file in
      methods.pointee.xShmBarrier(file)
      return SQLITE_OK
    }
  }
  methods.xShmUnmap = { file, delete in system(file) { $0.pointee.xShmUnmap($1, delete) } }
  let pointer = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
  pointer.initialize(to: methods)
  return Methods(pointer: pointer)
}()
