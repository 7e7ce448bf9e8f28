import Kernel
import LakeFiles

/// The lake as one engine session sees it: with its caller's rights, with files of its own, and with what it has
/// written and not published. The engine's threads call in here.
final class LakeSession: Sendable {
  /// Files under this scheme belong to the session alone, and live in memory.
  static let ownScheme = "session://"

  let files: any LakeFileSystem

  private struct State {
    var caller: RequestContext
    var inputs: [String: any LakeFile] = [:]
    var outputs: [String: [UInt8]] = [:]
    var outputBytes = 0
    /// Finished and not yet published, in the order in which they were finished.
    var finished: [any LakeFileWriter] = []
    var firstFailure: (any Error)?
    var writeFailed = false
    var stopped = false
    /// Whom single objects are read for, where that is not `caller`.
    var readers: [LakePath: RequestContext] = [:]
    var output = LakeOutput()
    /// Of what is finished and not yet published.
    var writtenBytes: [LakePath: Int64] = [:]
  }
  private let state: Locked<State>

  init(files: any LakeFileSystem, caller: RequestContext) {
    self.files = files
    state = Locked(State(caller: caller))
  }

  // MARK: What the session's owner does

  var caller: RequestContext { state.withLock { $0.caller } }

  func act(as caller: RequestContext) { state.withLock { $0.caller = caller } }

  func act(as caller: RequestContext, reading paths: [LakePath]) {
    state.withLock { state in for path in paths { state.readers[path] = caller } }
  }

  func shape(_ output: LakeOutput) { state.withLock { $0.output = output } }

  func bytes(of path: LakePath) -> Int64? { state.withLock { $0.writtenBytes[path] } }

  private func reader(of path: LakePath) -> RequestContext { state.withLock { $0.readers[path] ?? $0.caller } }

  /// After `stop`: operations go on. Files that were attached are gone, and so are the readers of single objects.
  func resume() {
    state.withLock { state in
      state.stopped = false
      state.inputs = [:]
      state.readers = [:]
    }
  }

  func attach(_ file: any LakeFile, as name: String) {
    state.withLock { $0.inputs[name] = file }
  }

  func takeOutput(_ name: String) -> [UInt8]? {
    state.withLock { state in
      let bytes = state.outputs.removeValue(forKey: name)
      state.outputBytes -= bytes?.count ?? 0
      return bytes
    }
  }

  /// From now on every operation of the engine fails, so that a cancelled query ends soon.
  func stop() { state.withLock { $0.stopped = true } }

  /// Hands over what was finished; after this the session has nothing to publish.
  /// - Throws: the failure of a write that the engine could not report.
  func takeFinished() throws -> [any LakeFileWriter] {
    let (finished, failure) = state.withLock { state in
      let taken = state.finished
      let failure = state.writeFailed ? state.firstFailure : nil
      state.finished = []
      state.writeFailed = false
      return (taken, failure)
    }
    guard let failure else { return finished }
    for writer in finished { writer.abort() }
    throw failure
  }

  var finishedPaths: [LakePath] { state.withLock { $0.finished.map(\.path) } }

  func abortWrites() {
    let dropped = state.withLock { state in
      let dropped = state.finished
      state.finished = []
      state.outputs = [:]
      state.outputBytes = 0
      state.writeFailed = false
      state.writtenBytes = [:]
      return dropped
    }
    for writer in dropped { writer.abort() }
  }

  /// What the lake threw first since this was last asked.
  func takeFailure() -> (any Error)? {
    state.withLock { state in
      defer { state.firstFailure = nil }
      return state.firstFailure
    }
  }

  func note(_ error: any Error) {
    state.withLock { if $0.firstFailure == nil { $0.firstFailure = error } }
  }

  // MARK: What the engine asks

  func open(_ path: String) throws -> any LakeFile {
    try check()
    if let name = own(path) {
      return try state.withLock { state throws(LakeError) in
        if let file = state.inputs[name] { return file }
        throw .invalidPath(path)
      }
    }
    let path = try lakePath(path)
    return try files.open(path, for: reader(of: path))
  }

  func stat(_ path: String) throws -> LakeFileInfo? {
    try check()
    if let name = own(path) { return state.withLock { $0.inputs[name]?.info } }
    let path = try lakePath(path)
    return try files.stat(path, for: reader(of: path))
  }

  func glob(_ text: String, _ visit: (String, LakeFileInfo) -> Bool) throws {
    try check()
    if own(text) != nil {
      if let info = try stat(text) { _ = visit(text, info) }
      return
    }
    let path = try lakePath(text)
    let scheme = text.prefix { $0 != ":" }
    let pattern = LakePattern(path.key)
    if pattern.isLiteral {
      let found = LakePath(bucket: path.bucket, key: pattern.literal)
      if let info = try files.stat(found, for: reader(of: found)) {
        _ = visit("\(scheme)://\(path.bucket)/\(found.key)", info)
      }
      return
    }
    try files.list(bucket: path.bucket, prefix: pattern.prefix, for: caller) { key, info in
      // An empty object is no file of a table (a folder's marker, an empty `_SUCCESS`): Hive skips them too.
      guard info.size > 0, pattern.matches(key) else { return true }
      try self.check()
      return visit("\(scheme)://\(path.bucket)/\(key)", info)
    }
  }

  func create(_ path: String) throws -> any LakeFileWriter {
    try check()
    if let name = own(path) { return SessionFileWriter(name: name, session: self) }
    let output = state.withLock { $0.output }
    let made = try files.create(output.named(try lakePath(path)), for: caller)
    return output.compression == .bzip2 ? try Bzip2Writer(made) : made
  }

  func finished(_ writer: any LakeFileWriter, bytes: Int64) {
    state.withLock { state in
      // What is published is the object store's own.
      state.finished.append((writer as? Bzip2Writer)?.inner ?? writer)
      state.writtenBytes[writer.path] = (writer as? Bzip2Writer)?.packedBytes ?? bytes
    }
  }

  func failedToFinish(_ error: any Error) {
    state.withLock { state in
      state.writeFailed = true
      if state.firstFailure == nil { state.firstFailure = error }
    }
  }

  /// Drops a finished file that was not published.
  func discard(_ path: String) throws {
    guard own(path) == nil else { return }
    let wanted = state.withLock { $0.output }.named(try lakePath(path))
    let dropped = state.withLock { state -> [any LakeFileWriter] in
      let dropped = state.finished.filter { $0.path == wanted }
      state.finished.removeAll { $0.path == wanted }
      return dropped
    }
    for writer in dropped { writer.abort() }
  }

  fileprivate func keep(_ bytes: [UInt8], as name: String) throws(EngineError) {
    try state.withLock { state throws(EngineError) in
      let others = state.outputBytes - (state.outputs[name]?.count ?? 0)
      guard others + bytes.count <= Limits.sessionFileBytesMax else {
        throw EngineError(kind: .outOfMemory, message: "More than \(Limits.sessionFileBytesMax) bytes in memory.")
      }
      state.outputs[name] = bytes
      state.outputBytes = others + bytes.count
    }
  }

  private func check() throws {
    if state.withLock({ $0.stopped }) { throw EngineError.cancelled }
  }

  private func own(_ path: String) -> String? {
    path.hasPrefix(Self.ownScheme) ? String(path.dropFirst(Self.ownScheme.count)) : nil
  }

  private func lakePath(_ text: String) throws -> LakePath {
    guard let path = LakePath(text) else { throw LakeError.invalidPath(text) }
    return path
  }
}

/// A file that a session writes into memory.
private final class SessionFileWriter: LakeFileWriter {
  let path: LakePath
  private let name: String
  private let session: LakeSession
  private let bytes = Locked<[UInt8]>([])

  init(name: String, session: LakeSession) {
    self.name = name
    self.session = session
    path = LakePath(bucket: "", key: name)
  }

  func write(_ more: UnsafeRawBufferPointer) throws {
    let count = bytes.withLock { bytes in
      bytes.append(contentsOf: more)
      return bytes.count
    }
    guard count <= Limits.sessionFileBytesMax else {
      throw EngineError(kind: .outOfMemory, message: "More than \(Limits.sessionFileBytesMax) bytes in memory.")
    }
  }

  func finish() throws {
    try session.keep(
      bytes.withLock { bytes in
        defer { bytes = [] }
        return bytes
      }, as: name)
  }

  func abort() {}
}
