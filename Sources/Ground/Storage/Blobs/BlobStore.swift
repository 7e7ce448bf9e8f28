public import NIOCore

/// Where an immutable run of bytes lies, and the checksum that proves it. Kept in the key that names the bytes.
public struct BlobRef: Hashable, Sendable, Codable {
  /// The file's number within the store.
  public var file: UInt64
  /// Position of the first byte within the file: 0 for a file of its own, anything for a place in a pack.
  public var offset: UInt64
  /// Length in bytes.
  public var length: UInt64
  /// CRC32C of the bytes. Blobs longer than one verification block also have a block table in their file.
  public var crc32c: UInt32

  public init(file: UInt64, offset: UInt64, length: UInt64, crc32c: UInt32) {
    self.file = file
    self.offset = offset
    self.length = length
    self.crc32c = crc32c
  }
}

/// Immutable bytes with checksums. A blob exists for nobody until a key names it; blobs that no key came to name
/// (a crash in between, an upload given up) are collected.
public protocol BlobStore: Sendable {
  /// Stores a small blob in a shared pack and returns once it is on disk (group commit).
  /// - Precondition: at most `packedBytesMax` bytes.
  func put(_ bytes: ByteBuffer) async throws -> BlobRef

  /// A writer for a blob of any length. Nothing is visible before `finish`.
  func writer() async throws -> any BlobWriter

  /// Reads up to `count` bytes at `position` within the blob, whole verification blocks checked.
  /// - Throws: `StorageError.corrupt` when a checksum does not match; `noSuchBlob`.
  func read(_ blob: BlobRef, at position: UInt64, count: Int) async throws -> ByteBuffer

  /// The same on the calling thread into memory of the caller, for the lake file system. Blocks.
  /// - Returns: bytes read; fewer than asked only at the blob's end.
  func readBlocking(_ blob: BlobRef, at position: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int

  /// Holds a blob open for several reads: they succeed even if the blob is deleted meanwhile. Whoever looks a
  /// blob's key up and gets `noSuchBlob` here lost a race with a deletion and should look the key up again.
  /// - Throws: `StorageError.noSuchBlob`; `corrupt`.
  func open(_ blob: BlobRef) async throws -> any BlobReader

  /// The same on the calling thread. Blocks.
  func openBlocking(_ blob: BlobRef) throws -> any BlobReader

  /// Frees blobs that no key names any more. What was opened before can be read on. Deleting an absent blob is
  /// no error, so that a deletion can be repeated after a crash.
  func delete(_ blobs: [BlobRef]) async throws

  /// Frees every blob that was stored before this opening of the store and that no key names: what a crash
  /// between a blob's write and its key's commit, or between a key's removal and its blob's, left behind.
  ///
  /// - Parameter scan: calls `mark` for every blob that any key names, in any order. All marks of one call must
  ///   come from one snapshot of the keys; it may be called several times, for a part of the files each.
  func collectOrphans(
    namedBy scan: @escaping @Sendable (_ mark: @escaping @Sendable (BlobRef) -> Void) async throws -> Void
  ) async throws -> CollectedOrphans

  /// The longest blob that `put` takes.
  var packedBytesMax: Int { get }
}

/// A blob that stays readable as long as this is held.
public protocol BlobReader: Sendable {
  /// Bytes in the blob.
  var length: UInt64 { get }

  /// Reads up to `count` bytes at `position`, checksums verified; fewer only at the blob's end.
  func read(at position: UInt64, count: Int) async throws -> ByteBuffer

  /// The same on the calling thread into the caller's memory. Blocks.
  func readBlocking(at position: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// What `collectOrphans` found.
public struct CollectedOrphans: Sendable, Hashable {
  /// Files removed wholly.
  public var files: Int
  /// Bytes given back, those of removed files included.
  public var bytes: UInt64

  public init(files: Int, bytes: UInt64) {
    self.files = files
    self.bytes = bytes
  }
}

/// Takes a blob's bytes as they come, with backpressure: `write` suspends while the disk is behind.
public protocol BlobWriter: Sendable {
  func write(_ bytes: ByteBuffer) async throws
  /// Syncs the bytes to disk and gives their place.
  func finish() async throws -> BlobRef
  /// Gives the bytes up. Also what happens when a writer is dropped without `finish`.
  func abort() async
}
