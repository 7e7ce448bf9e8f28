/// The operating system's files as logs and blobs use them: a seam, so that tests can lose, tear and reorder
/// what was not synced. All calls block.
package protocol Disk: Sendable {
  /// Opens a file for reading and writing.
  /// - Parameter create: makes the file if it is not there; otherwise its absence is `io(… ENOENT)`. The new name
  ///   is durable after `syncFolder`.
  func open(_ path: String, create: Bool) throws -> any DiskFile
  /// Names in a folder, in no order.
  func list(_ folder: String) throws -> [String]
  /// Makes a folder and those above it; one that is there is left alone.
  func makeFolder(_ path: String) throws
  /// Removes a file; an absent one is no error.
  func remove(_ path: String) throws
  func rename(_ from: String, to: String) throws
  /// Makes the names made, changed and removed in `folder` durable.
  func syncFolder(_ folder: String) throws
}

/// An open file. It closes when the last reference goes.
package protocol DiskFile: AnyObject, Sendable {
  var path: String { get }
  /// Length of the file in bytes.
  func size() throws -> UInt64
  /// - Returns: bytes read; fewer than asked only at the end of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer, at position: UInt64) throws -> Int
  /// Writes all of `bytes` or throws.
  func write(_ bytes: UnsafeRawBufferPointer, at position: UInt64) throws
  /// Makes the bytes written, and the length they need, durable. After an error nothing is known of what was
  /// written since the last successful call, and calling again proves nothing.
  func sync() throws
  /// Asks the disk to begin with what was written up to `end`, so that a later `sync` has less to wait for.
  func startWriteback(upTo end: UInt64)
  /// Takes room on the disk for `count` bytes from `position`, which read as zeros, and lengthens the file.
  /// A file system that cannot lengthens the file only.
  func preallocate(at position: UInt64, count: UInt64) throws
  func truncate(to size: UInt64) throws
  /// Gives the room of a range back; it reads as zeros. Does nothing on a file system that cannot.
  func punchHole(at position: UInt64, count: UInt64) throws
  /// Whether any byte of the file takes room on the disk.
  func holdsData() throws -> Bool
}

extension Disk {
  /// The file's bytes, or `nil` when there is none.
  package func contents(_ path: String) throws -> [UInt8]? {
    let file: any DiskFile
    do {
      file = try open(path, create: false)
    } catch StorageError.io(_, _, PosixErrors.noEntry) {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: Int(clamping: try file.size()))
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// Puts a small file in place as a whole: after a crash there is the old one or the new one.
  package func replace(_ name: String, in folder: String, with bytes: [UInt8]) throws {
    let temporary = "\(folder)/\(name).new"
    try remove(temporary)
    let file = try open(temporary, create: true)
    try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    try file.sync()
    try rename(temporary, to: "\(folder)/\(name)")
    try syncFolder(folder)
  }
}
