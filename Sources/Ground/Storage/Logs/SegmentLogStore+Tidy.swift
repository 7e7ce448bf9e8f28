import Kernel

extension SegmentLogStore {
  /// Lets the tidying thread write indexes of full segments and give the room of dead records back.
  func scheduleTidying() {
    let start = state.withLock { state in
      defer { state.tidying = true }
      return !state.tidying
    }
    if start { try? tidyThread.submit { self.tidy() } }
  }

  private enum Chore {
    case seal(LogSegment)
    case reclaim([LogSegment], Int)
  }

  private func tidy() {
    while true {
      let chore: Chore? = state.withLock { state in
        if !state.closed {
          if let full = state.segments.dropLast().first(where: { $0.growing != nil }) { return .seal(full) }
          while let sequence = state.dying.min() {
            state.dying.remove(sequence)
            guard let index = state.segments.firstIndex(where: { $0.sequence == sequence }),
              index < state.segments.count - 1
            else { continue }
            return .reclaim(state.segments, index)
          }
        }
        state.tidying = false
        return nil
      }
      switch chore {
      case nil: return
      case .seal(let segment): seal(segment)
      case .reclaim(let segments, let index):
        // What fails here costs room on the disk only, and is tried again when more has died.
        try? reclaim(segments, index)
      }
    }
  }

  /// Writes the index of a full segment, cuts its unused room off and lets its index in memory go.
  private func seal(_ segment: LogSegment) {
    // Nothing is appended to a segment behind which another was begun, so its index is only read from now on.
    if let growing = segment.growing, let end = segment.end {
      let index = growing.sealed(end: end)
      // Without its file the index is made again from the segment when it is needed.
      try? sealed.write(index, of: segment)
      sealed.keep(index, of: segment)
      try? sealed.file(segment).truncate(to: end)
    }
    state.withLock { state in
      if let index = state.segments.firstIndex(where: { $0.sequence == segment.sequence }) {
        state.segments[index].growing = nil
      }
      // Records may have died in it while it grew.
      state.dying.insert(segment.sequence)
    }
  }

  /// Removes a segment in which nothing lives, and rewrites one in which little does.
  private func reclaim(_ segments: [LogSegment], _ position: Int) throws {
    let segment = segments[position]
    guard segment.growing == nil else { return }
    let index = try look(segments, position) { $0 as? SealedLogIndex }
    guard let index else { return }
    let firsts = state.withLock { state in
      index.logs.map { state.byNumber[$0.number]?.first ?? .max }
    }
    var living: [(log: UInt32, places: [LogFramePlace])] = []
    var bytes: UInt64 = 0
    for (log, first) in zip(index.logs, firsts) {
      let places = index.places[log.from..<log.to].filter { $0.endOffset > first }
      guard !places.isEmpty else { continue }
      living.append((log.number, places))
      bytes += places.reduce(0) { $0 + UInt64($1.length) }
    }
    if living.isEmpty {
      state.withLock { state in state.segments.removeAll { $0.sequence == segment.sequence } }
      try remove(segment)
    } else if bytes * 100 < index.end * UInt64(StorageLimits.logCompactionLivePercent) {
      try rewrite(segment, index, living)
    }
  }

  private func remove(_ segment: LogSegment) throws {
    sealed.forget(segment)
    try disk.remove("\(folder)/\(LogFormat.segmentName(segment.sequence, segment.generation))")
    try disk.remove("\(folder)/\(LogFormat.indexName(segment.sequence, segment.generation))")
  }

  /// Copies what lives into the segment's next generation, which then takes its place.
  private func rewrite(
    _ segment: LogSegment, _ index: SealedLogIndex, _ living: [(log: UInt32, places: [LogFramePlace])]
  ) throws {
    let source = try sealed.file(segment)
    let seed = LogFormat.seed(sequence: segment.sequence)
    var next = LogSegment(sequence: segment.sequence, generation: segment.generation + 1)
    let path = "\(folder)/\(LogFormat.segmentName(next.sequence, next.generation))"
    try disk.remove("\(path).new")
    let file = try disk.open("\(path).new", create: true)
    do {
      let header = LogFormat.segmentHeader(sequence: next.sequence, generation: next.generation)
      try header.withUnsafeBytes { try file.write($0, at: 0) }
      var end = UInt64(header.count)
      var frame: [UInt8] = []
      func copy(_ position: UInt64, _ length: Int) throws {
        if frame.count < length { frame = [UInt8](repeating: 0, count: length) }
        try frame.withUnsafeMutableBytes { memory in
          let memory = UnsafeMutableRawBufferPointer(rebasing: memory[..<length])
          let found = try source.read(into: memory, at: position)
          let bytes = UnsafeRawBufferPointer(memory)
          guard found == length, let frame = LogFrame(bytes), frame.length == length,
            frame.isIntact(bytes, seed: seed)
          else { throw StorageError.corrupt("segment \(source.path): the frame at \(position) is damaged") }
          try file.write(bytes, at: end)
        }
        end += UInt64(length)
      }
      // The checkpoint stays, so that the index can be made again.
      try copy(UInt64(header.count), checkpointLength(source, segment))
      // Frames keep the order in which they lay.
      var moved: [UInt32: [LogFramePlace]] = [:]
      for (log, place) in living.flatMap({ log, places in places.map { (log, $0) } })
        .sorted(by: { $0.1.position < $1.1.position })
      {
        var place = place
        let from = UInt64(place.position)
        place.position = UInt32(end)
        try copy(from, Int(place.length))
        moved[log, default: []].append(place)
      }
      try file.sync()
      next.end = end
      let newIndex = Self.index(index, with: moved, end: end)
      try disk.rename("\(path).new", to: path)
      try? sealed.write(newIndex, of: next)
      try disk.syncFolder(folder)
      sealed.keep(newIndex, of: next)
    } catch {
      try? disk.remove("\(path).new")
      throw error
    }
    let replacement = next
    state.withLock { state in
      if let index = state.segments.firstIndex(where: { $0.sequence == segment.sequence }) {
        state.segments[index] = replacement
      }
    }
    try remove(segment)
  }

  private func checkpointLength(_ file: any DiskFile, _ segment: LogSegment) throws -> Int {
    var scanner = LogFrameScanner(file: file, sequence: segment.sequence, end: try file.size())
    var length = 0
    _ = try scanner.next { frame, _, _ in length = frame.length }
    return length
  }

  private static func index(
    _ old: SealedLogIndex, with places: [UInt32: [LogFramePlace]], end: UInt64
  ) -> SealedLogIndex {
    var logs: [SealedLogIndex.Log] = []
    var flat: [LogFramePlace] = []
    for log in old.logs {
      let from = flat.count
      flat += places[log.number] ?? []
      logs.append(SealedLogIndex.Log(number: log.number, start: log.start, from: from, to: flat.count))
    }
    return SealedLogIndex(end: end, logs: logs, places: flat)
  }
}
