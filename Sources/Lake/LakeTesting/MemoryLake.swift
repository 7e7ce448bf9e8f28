public import Kernel
public import LakeFiles

/// A lake in memory, for tests: objects by path, and a record of who read what.
public final class MemoryLake: LakeFileSystem {
  /// One read of an object.
  public struct Read: Hashable, Sendable {
    public var path: LakePath
    public var offset: Int64
    public var count: Int
  }

  fileprivate struct State {
    var objects: [LakePath: Object] = [:]
    var reads: [Read] = []
    var version = 0
    var deny: @Sendable (String, LakePath, RequestContext) -> Bool = { _, _, _ in false }
    var beforeRead: @Sendable (LakePath) throws -> Void = { _ in }
    var openWriters = 0
  }
  fileprivate struct Object {
    var bytes: [UInt8]
    var info: LakeFileInfo
  }
  private let state = Locked(State())

  public init() {}

  // MARK: For the test

  public subscript(path: String) -> [UInt8]? {
    get { LakePath(path).flatMap { path in state.withLock { $0.objects[path]?.bytes } } }
    set {
      guard let path = LakePath(path) else { return }
      state.withLock { state in
        guard let newValue else {
          state.objects[path] = nil
          return
        }
        state.put(newValue, at: path)
      }
    }
  }

  /// All objects' paths, in order.
  public var paths: [String] { state.withLock { $0.objects.keys.map(\.description) }.sorted() }

  /// The reads since this was last asked.
  public func takeReads() -> [Read] {
    state.withLock { state in
      defer { state.reads = [] }
      return state.reads
    }
  }

  /// Writers that were created and neither published nor aborted.
  public var openWriters: Int { state.withLock { $0.openWriters } }

  /// Refuses what `deny` says `true` to: the action (`s3:GetObject` …), the path, the caller.
  public func deny(_ deny: @escaping @Sendable (String, LakePath, RequestContext) -> Bool) {
    state.withLock { $0.deny = deny }
  }

  /// Called on the engine's thread before each read.
  public func beforeRead(_ body: @escaping @Sendable (LakePath) throws -> Void) {
    state.withLock { $0.beforeRead = body }
  }

  // MARK: LakeFileSystem

  public func stat(_ path: LakePath, for caller: RequestContext) throws -> LakeFileInfo? {
    try check("s3:GetObject", path, caller)
    return state.withLock { $0.objects[path]?.info }
  }

  public func open(_ path: LakePath, for caller: RequestContext) throws -> any LakeFile {
    try check("s3:GetObject", path, caller)
    guard let object = state.withLock({ $0.objects[path] }) else { throw LakeError.notFound(path) }
    return OpenObject(path: path, file: MemoryLakeFile(object.bytes), info: object.info, lake: self)
  }

  public func list(
    bucket: String, prefix: String, for caller: RequestContext, _ visit: (String, LakeFileInfo) throws -> Bool
  ) throws {
    try check("s3:ListBucket", LakePath(bucket: bucket, key: prefix), caller)
    let found = state.withLock { state in
      state.objects.filter { $0.key.bucket == bucket && $0.key.key.hasPrefix(prefix) }
        .map { ($0.key.key, $0.value.info) }
    }
    for (key, info) in found.sorted(by: { Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) }) {
      guard try visit(key, info) else { return }
    }
  }

  public func create(_ path: LakePath, for caller: RequestContext) throws -> any LakeFileWriter {
    try check("s3:PutObject", path, caller)
    state.withLock { $0.openWriters += 1 }
    return Writer(path: path, lake: self)
  }

  public func publish(
    _ writers: [any LakeFileWriter], _ options: LakePublication, for caller: RequestContext
  ) async throws {
    guard options.alongside == nil else { throw LakeError.invalidPath("a lake in memory has no transactions") }
    for path in options.removed {
      try check("s3:DeleteObject", path, caller)
      state.withLock { $0.objects[path] = nil }
    }
    for writer in writers {
      guard let writer = writer as? Writer else { throw LakeError.invalidPath(writer.path.description) }
      let bytes = writer.take()
      state.withLock { state in
        state.put(bytes, at: writer.path)
        state.openWriters -= 1
      }
    }
  }

  private func check(_ action: String, _ path: LakePath, _ caller: RequestContext) throws {
    let deny = state.withLock { $0.deny }
    if deny(action, path, caller) {
      throw LakeError.accessDenied(path, "\(caller.principal.arn) may not do \(action).")
    }
  }

  private struct OpenObject: LakeFile {
    let path: LakePath
    let file: MemoryLakeFile
    let info: LakeFileInfo
    let lake: MemoryLake

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      try lake.state.withLock { $0.beforeRead }(path)
      let count = try file.read(at: offset, into: buffer)
      lake.state.withLock { $0.reads.append(Read(path: path, offset: offset, count: count)) }
      return count
    }
    func close() {}
  }

  private final class Writer: LakeFileWriter {
    let path: LakePath
    private let lake: MemoryLake
    private let bytes = Locked<[UInt8]?>([])

    init(path: LakePath, lake: MemoryLake) {
      self.path = path
      self.lake = lake
    }

    func write(_ more: UnsafeRawBufferPointer) throws { bytes.withLock { $0?.append(contentsOf: more) } }
    func finish() throws {}
    func abort() {
      let first = bytes.withLock { bytes in
        defer { bytes = nil }
        return bytes != nil
      }
      if first { lake.state.withLock { $0.openWriters -= 1 } }
    }
    func take() -> [UInt8] { bytes.withLock { $0.take() } ?? [] }
  }
}

extension MemoryLake.State {
  fileprivate mutating func put(_ bytes: [UInt8], at path: LakePath) {
    version += 1
    objects[path] = MemoryLake.Object(
      bytes: bytes,
      info: LakeFileInfo(
        size: Int64(bytes.count), modified: Timestamp(seconds: 1_700_000_000 + Int64(version)), tag: "v\(version)"))
  }
}
