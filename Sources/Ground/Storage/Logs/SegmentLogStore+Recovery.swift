import Kernel

extension SegmentLogStore {
  /// Reads what an earlier opening left: the checkpoint of the newest segment and the frames behind it, up to the
  /// first that is torn. Called once, before anybody else knows the store.
  func recover() throws {
    var segments = try earlierSegments()
    var nextSequence = (segments.last?.sequence ?? 0) + 1
    nextSequence = max(nextSequence, 1)
    while let newest = segments.last {
      guard let recovered = try recover(newest) else {
        segments.removeLast()
        continue
      }
      if segments.count > 1, segments[segments.count - 2].sequence == recovered.previousSequence {
        segments[segments.count - 2].end = recovered.previousEnd
      }
      segments[segments.count - 1].growing = recovered.active.index
      segments[segments.count - 1].end = recovered.active.writeEnd
      turns.writing.active = recovered.active
      turns.writing.nextNumber = recovered.nextNumber
      turns.writing.capacity = min(recovered.active.capacity * 2, sizes.segmentBytesMax)
      break
    }
    turns.writing.nextSequence = nextSequence
    let found = segments
    state.withLock { state in
      state.segments = found
      // What died in them before the crash is not known; they are looked at once, in the background.
      state.dying = Set(found.dropLast().map(\.sequence))
    }
    if found.count > 1 { scheduleTidying() }
  }

  /// The segments in the folder, each in its newest generation; what a crash left half-made is removed.
  private func earlierSegments() throws -> [LogSegment] {
    let names = try disk.list(folder)
    var newest: [UInt64: UInt32] = [:]
    for name in names {
      guard let (sequence, generation) = LogFormat.parseSegmentName(name) else { continue }
      newest[sequence] = max(newest[sequence] ?? 0, generation)
    }
    let kept = Set(newest.flatMap { [LogFormat.segmentName($0, $1), LogFormat.indexName($0, $1)] })
    for name in names where !kept.contains(name) { try disk.remove("\(folder)/\(name)") }
    return newest.sorted { $0.key < $1.key }.map { LogSegment(sequence: $0.key, generation: $0.value) }
  }

  private struct Recovered {
    var active: ActiveLogSegment
    var nextNumber: UInt32
    var previousSequence: UInt64
    var previousEnd: UInt64
  }

  /// Takes the state over from the newest segment; `nil` when its making was cut short, and then it is removed.
  private func recover(_ segment: LogSegment) throws -> Recovered? {
    let path = "\(folder)/\(LogFormat.segmentName(segment.sequence, segment.generation))"
    let file = try disk.open(path, create: false)
    let size = try file.size()
    var scanner = LogFrameScanner(file: file, sequence: segment.sequence, end: size)
    var checkpoint: LogCheckpoint?
    if try LogFrameScanner.isSegment(file, sequence: segment.sequence) {
      _ = try scanner.next { frame, bytes, _ in checkpoint = SealedSegments.checkpoint(frame, bytes) }
    }
    guard let checkpoint else {
      // The checkpoint is synced before anything follows it. So a segment without one holds nothing, or is damaged.
      guard try !LogFrameScanner.holdsFrame(file, sequence: segment.sequence) else {
        throw StorageError.corrupt("segment \(path) has frames but no readable checkpoint")
      }
      try disk.remove(path)
      return nil
    }
    var nextNumber = checkpoint.nextNumber
    let index = GrowingLogIndex(checkpoint)
    var logs: [UInt32: LogHandle] = [:]
    for log in checkpoint.logs {
      logs[log.number] = LogHandle(
        id: LogID(log.name), number: log.number, first: log.first, next: log.next, lastTime: log.lastTime)
    }
    while try scanner.next({ frame, bytes, position in
      try replay(frame, bytes, at: position, &logs, index, &nextNumber, path)
    }) {}
    let end = scanner.position
    // Nothing of a torn tail may ever be taken for a frame: the room behind the last one is made zero.
    try file.truncate(to: end)
    var capacity = end
    do {
      try file.preallocate(at: end, count: max(size, sizes.segmentBytesMin) - min(end, size))
      capacity = try file.size()
    } catch StorageError.diskFull {
      // The segment counts as full; what it holds can still be read, and deleted.
    }
    try file.sync()
    let recovered = logs
    state.withLock { state in
      state.byNumber = recovered
      state.byName = Dictionary(recovered.values.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
    return Recovered(
      active: ActiveLogSegment(
        sequence: segment.sequence, file: file, capacity: capacity, index: index, writeEnd: end),
      nextNumber: nextNumber, previousSequence: checkpoint.previousSequence, previousEnd: checkpoint.previousEnd)
  }

  private func replay(
    _ frame: LogFrame, _ bytes: UnsafeRawBufferPointer, at position: UInt64, _ logs: inout [UInt32: LogHandle],
    _ index: GrowingLogIndex, _ nextNumber: inout UInt32, _ path: String
  ) throws {
    switch frame.kind {
    case .checkpoint: throw StorageError.corrupt("segment \(path) has a second checkpoint")
    case .records:
      // A log that was deleted in the same group has none.
      guard let log = logs[frame.log] else { return }
      guard frame.firstOffset == log.next else {
        throw StorageError.corrupt("segment \(path): \(log.id) goes on at \(frame.firstOffset), not \(log.next)")
      }
      index.append(frame.place(at: position), log: frame.log)
      log.next += UInt64(frame.count)
      log.lastTime = frame.time
      log.forgetAssigned()
    case .changes:
      guard let changes = LogChange.decode(frame.body(in: bytes)) else {
        throw StorageError.corrupt("segment \(path): the changes at \(position) cannot be read")
      }
      for change in changes {
        switch change {
        case .create(let number, let name):
          logs[number] = LogHandle(id: LogID(name), number: number)
          nextNumber = max(nextNumber, number &+ 1)
        case .delete(let number): logs[number] = nil
        case .trim(let number, let first):
          if let log = logs[number] { log.first = max(log.first, min(first, log.next)) }
        }
      }
    }
  }
}

extension LogFrameScanner {
  /// Whether an intact frame of records or changes of the sequence stands anywhere in the file.
  static func holdsFrame(_ file: any DiskFile, sequence: UInt64) throws -> Bool {
    let seed = LogFormat.seed(sequence: sequence)
    let size = try file.size()
    var bytes = [UInt8](repeating: 0, count: Int(clamping: size))
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    return bytes.withUnsafeBytes { bytes in
      var position = LogFormat.segmentHeaderBytes
      while position + LogFormat.frameHeaderBytes <= count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[position..<count])
        if let frame = LogFrame(rest), frame.kind != .checkpoint, frame.isIntact(rest, seed: seed) { return true }
        position += 8
      }
      return false
    }
  }
}
