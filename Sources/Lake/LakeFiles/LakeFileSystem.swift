public import Kernel
public import Storage

/// Where the engine finds the lake's objects: the object store, as seen from within the process.
///
/// All calls but `publish` are made on the engine's own threads, several at once, and may block; they cannot
/// suspend (`waitBlocking` helps with what only exists as `async`). The rights are those of `caller`: reading an
/// object takes `s3:GetObject`, listing `s3:ListBucket`, writing `s3:PutObject`, and a refusal is thrown as
/// `LakeError.accessDenied` or as the service's own `AWSError`.
public protocol LakeFileSystem: Sendable {
  /// What is known of an object, or `nil` when there is none.
  func stat(_ path: LakePath, for caller: RequestContext) throws -> LakeFileInfo?

  /// Opens the object's present version. It stays readable, and unchanged, until it is closed, whatever is written
  /// or deleted meanwhile.
  /// - Throws: `LakeError.notFound`.
  func open(_ path: LakePath, for caller: RequestContext) throws -> any LakeFile

  /// Visits the objects of `bucket` whose keys begin with `prefix`, in order of the keys' UTF-8 bytes, until `visit`
  /// returns `false`.
  /// - Throws: `LakeError.notFound` when there is no such bucket.
  func list(
    bucket: String, prefix: String, for caller: RequestContext, _ visit: (String, LakeFileInfo) throws -> Bool) throws

  /// Begins an object. It is visible for nobody before it is published.
  func create(_ path: LakePath, for caller: RequestContext) throws -> any LakeFileWriter

  /// Makes finished objects visible, all of them or none, durable when it returns.
  func publish(
    _ writers: [any LakeFileWriter], _ options: LakePublication, for caller: RequestContext
  ) async throws
}

extension LakeFileSystem {
  public func publish(_ writers: [any LakeFileWriter], for caller: RequestContext) async throws {
    try await publish(writers, LakePublication(), for: caller)
  }
}

/// What is done beside making objects visible, in the same step.
public struct LakePublication: Sendable {
  /// Objects that go; those that are written anew stay as they were written. Takes `s3:DeleteObject`.
  public var removed: [LakePath]
  /// `AES256` or `aws:kms`; the bucket's own where there is none.
  public var encryption: String?
  /// The key's id or ARN, with `aws:kms`.
  public var kmsKeyID: String?
  /// What else becomes true in the object store's transaction, such as the catalog's entry of a table whose files these
  /// are: there is no moment at which one is there without the other. What it throws undoes all. It may run again.
  public var alongside: (@Sendable (any KeyTransaction) throws -> Void)?

  public init(
    removed: [LakePath] = [], encryption: String? = nil, kmsKeyID: String? = nil,
    alongside: (@Sendable (any KeyTransaction) throws -> Void)? = nil
  ) {
    self.removed = removed
    self.encryption = encryption
    self.kmsKeyID = kmsKeyID
    self.alongside = alongside
  }

  /// Whether there is something to do without any object that was written.
  public var hasOwnWork: Bool { !removed.isEmpty || alongside != nil }
}

/// An object that is open for reading, by several threads at once.
public protocol LakeFile: Sendable {
  var info: LakeFileInfo { get }
  /// Reads at most `buffer.count` bytes at `offset`. Blocks.
  /// - Returns: the bytes read; fewer than asked only at the end.
  func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int
  func close()
}

/// An object in the making, filled from its beginning to its end by one thread at a time.
public protocol LakeFileWriter: Sendable {
  var path: LakePath { get }
  /// Takes the next bytes. Blocks.
  func write(_ bytes: UnsafeRawBufferPointer) throws
  /// No more bytes come: they are on disk, ready to be published, when it returns.
  func finish() throws
  /// The object is given up, before or after `finish`.
  func abort()
}

/// What a listing or an opening tells of an object.
public struct LakeFileInfo: Hashable, Sendable {
  /// Bytes.
  public var size: Int64
  public var modified: Timestamp
  /// Changes with every version of the object: its ETag or version id.
  public var tag: String

  public init(size: Int64, modified: Timestamp, tag: String) {
    self.size = size
    self.modified = modified
    self.tag = tag
  }
}

public enum LakeError: Error, Hashable, Sendable {
  case notFound(LakePath)
  /// With the object store's own message.
  case accessDenied(LakePath, String)
  /// Not a path into the lake.
  case invalidPath(String)
}
