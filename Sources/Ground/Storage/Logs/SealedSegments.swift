import Kernel

/// Segment files and their indexes as readers use them: opened when needed, the least recently used ones closed.
final class SealedSegments: Sendable {
  private struct Name: Hashable {
    var sequence: UInt64
    var generation: UInt32
  }
  private struct State {
    var files = RecentlyUsed<Name, any DiskFile>(costMax: StorageLimits.logFilesOpenMax)
    var indexes = RecentlyUsed<Name, SealedLogIndex>(costMax: StorageLimits.logIndexBytesMax)
  }
  private let state = Locked(State())
  private let folder: String
  private let disk: any Disk

  init(folder: String, disk: any Disk) {
    self.folder = folder
    self.disk = disk
  }

  /// The segment's file, open. Blocks.
  /// - Throws: `io(… ENOENT)` when it was removed or rewritten meanwhile.
  func file(_ segment: LogSegment) throws -> any DiskFile {
    let name = Name(sequence: segment.sequence, generation: segment.generation)
    if let held = state.withLock({ $0.files.use(name) }) { return held }
    let file = try disk.open(
      "\(folder)/\(LogFormat.segmentName(segment.sequence, segment.generation))", create: false)
    state.withLock { $0.files.keep(name, file) }
    return file
  }

  /// The segment's index. Blocks.
  /// - Parameter end: tells where the segment's frames end, if that is known; asked only when the index file is
  ///   missing or damaged and is made again.
  func index(_ segment: LogSegment, end: () throws -> UInt64?) throws -> SealedLogIndex {
    let name = Name(sequence: segment.sequence, generation: segment.generation)
    if let held = state.withLock({ $0.indexes.use(name) }) { return held }
    let path = "\(folder)/\(LogFormat.indexName(segment.sequence, segment.generation))"
    if let bytes = try disk.contents(path),
      let index = SealedLogIndex.decode(bytes, sequence: segment.sequence, generation: segment.generation)
    {
      keep(index, of: segment)
      return index
    }
    let index = try rebuild(segment, end: end())
    // The index serves from memory even if there is no room for its file.
    try? write(index, of: segment)
    keep(index, of: segment)
    return index
  }

  func keep(_ index: SealedLogIndex, of segment: LogSegment) {
    let name = Name(sequence: segment.sequence, generation: segment.generation)
    state.withLock { $0.indexes.keep(name, index, cost: index.cost) }
  }

  /// Puts the index file in place. Not synced: its checksum tells whether it is whole.
  func write(_ index: SealedLogIndex, of segment: LogSegment) throws {
    let path = "\(folder)/\(LogFormat.indexName(segment.sequence, segment.generation))"
    try disk.remove("\(path).new")
    let file = try disk.open("\(path).new", create: true)
    let bytes = index.encode(sequence: segment.sequence, generation: segment.generation)
    try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    try disk.rename("\(path).new", to: path)
  }

  private func rebuild(_ segment: LogSegment, end: UInt64?) throws -> SealedLogIndex {
    let file = try self.file(segment)
    var scanner = LogFrameScanner(file: file, sequence: segment.sequence, end: try end ?? file.size())
    var growing: GrowingLogIndex?
    while try scanner.next({ frame, bytes, position in
      switch frame.kind {
      case .checkpoint: growing = Self.checkpoint(frame, bytes).map { GrowingLogIndex($0) }
      case .records: growing?.append(frame.place(at: position), log: frame.log)
      case .changes: break
      }
    }) {}
    guard let growing else { throw StorageError.corrupt("segment \(file.path) has no checkpoint") }
    return growing.sealed(end: scanner.position)
  }

  /// The state of all logs when the segment began. Blocks.
  func checkpoint(_ segment: LogSegment) throws -> LogCheckpoint? {
    let file = try self.file(segment)
    var scanner = LogFrameScanner(file: file, sequence: segment.sequence, end: try file.size())
    var checkpoint: LogCheckpoint?
    _ = try scanner.next { frame, bytes, _ in checkpoint = Self.checkpoint(frame, bytes) }
    return checkpoint
  }

  static func checkpoint(_ frame: LogFrame, _ bytes: UnsafeRawBufferPointer) -> LogCheckpoint? {
    guard frame.kind == .checkpoint else { return nil }
    return LogCheckpoint.decode(frame.body(in: bytes))
  }

  func forget(_ segment: LogSegment) {
    let name = Name(sequence: segment.sequence, generation: segment.generation)
    state.withLock { state in
      state.files.remove(name)
      state.indexes.remove(name)
    }
  }

  func forgetAll() {
    state.withLock { state in
      state.files.removeAll()
      state.indexes.removeAll()
    }
  }
}

extension LogFrame {
  func place(at position: UInt64) -> LogFramePlace {
    LogFramePlace(
      firstOffset: firstOffset, time: time, position: UInt32(clamping: position), length: UInt32(clamping: length),
      count: count)
  }

  func body(in frame: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      rebasing: frame[LogFormat.frameHeaderBytes..<(LogFormat.frameHeaderBytes + bodyBytes)])
  }
}
