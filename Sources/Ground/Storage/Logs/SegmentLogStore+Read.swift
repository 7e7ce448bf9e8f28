public import Kernel
import NIOCore

extension SegmentLogStore {
  public func read(_ log: LogID, from offset: UInt64, recordsMax: Int, bytesMax: Int) async throws -> [LogRecord] {
    let handle = try state.withLock { try self.handle(log, in: $0) }
    // Readers at the tip mostly find nothing new; that takes no thread.
    guard recordsMax > 0, state.withLock({ _ in max(offset, handle.first) < handle.next }) else { return [] }
    return try await readThreads.runStorage {
      try self.readBlocking(handle, from: offset, recordsMax: recordsMax, bytesMax: bytesMax)
    }
  }

  public func offset(_ log: LogID, atOrAfter time: Timestamp) async throws -> UInt64 {
    try await find(log, atOrAfter: time).trim.first
  }

  /// The first record at or after a time, and the segment that holds it.
  func find(_ log: LogID, atOrAfter time: Timestamp) async throws -> (handle: LogHandle, trim: LogTrim) {
    let (handle, atTip) = try state.withLock { state in
      let handle = try self.handle(log, in: state)
      let atTip: LogTrim? =
        handle.lastTime < time.nanoseconds
        ? LogTrim(first: handle.next, segment: state.segments.last?.sequence ?? 0) : nil
      return (handle, atTip)
    }
    if let atTip { return (handle, atTip) }
    return (handle, try await readThreads.runStorage { try self.findBlocking(handle, atOrAfter: time.nanoseconds) })
  }

  // MARK: finding

  /// One look at a log: what of it is there and where.
  private struct View {
    var first: UInt64
    var next: UInt64
    var segments: [LogSegment]
  }

  private func view(_ handle: LogHandle) throws -> View {
    try state.withLock { state in
      guard !state.closed else { throw StorageError.closed }
      guard !handle.isDeleted else { throw StorageError.noSuchLog(handle.id.name) }
      return View(first: handle.first, next: handle.next, segments: state.segments)
    }
  }

  /// Does `body` again when a segment that it looked for was removed or rewritten between the look and the read.
  private func retrying<T>(_ body: () throws -> T) throws -> T {
    var attempts = 0
    while true {
      do {
        return try body()
      } catch StorageError.io(let operation, let path, PosixErrors.noEntry) {
        attempts += 1
        guard attempts < 100 else {
          throw StorageError.io(operation: operation, path: path, errno: PosixErrors.noEntry)
        }
      }
    }
  }

  /// Looks something up in a segment's index, whichever form it has.
  func look<T>(_ segments: [LogSegment], _ position: Int, _ body: (any LogFrames) throws -> T) throws -> T {
    let segment = segments[position]
    if let growing = segment.growing { return try state.withLock { _ in try body(growing) } }
    let index = try sealed.index(segment) {
      // The next segment's checkpoint knows where this one's synced frames ended.
      if let end = segment.end { return end }
      guard position + 1 < segments.count else { return nil }
      let after = try sealed.checkpoint(segments[position + 1])
      return after?.previousSequence == segment.sequence ? after?.previousEnd : nil
    }
    return try body(index)
  }

  /// Index of the last segment whose beginning satisfies `isBefore`, which holds for a first part of them.
  private func lastSegment(_ segments: [LogSegment], _ log: UInt32, where isBefore: (LogStart) -> Bool) throws -> Int? {
    // Most reads are for what was written last.
    if let last = segments.indices.last, isBefore(try look(segments, last, { $0.start(log) })) { return last }
    var low = 0
    var high = max(0, segments.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(try look(segments, middle, { $0.start(log) })) { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? low - 1 : nil
  }

  private func findBlocking(_ handle: LogHandle, atOrAfter time: Int64) throws -> LogTrim {
    try retrying {
      let view = try view(handle)
      guard let index = try lastSegment(view.segments, handle.number, where: { $0.lastTime < time }) else {
        return LogTrim(first: view.first, segment: 0)
      }
      let offset = try look(view.segments, index) { $0.offset(handle.number, atOrAfter: time) }
      return LogTrim(first: min(max(offset, view.first), view.next), segment: view.segments[index].sequence)
    }
  }

  // MARK: reading

  private func readBlocking(
    _ handle: LogHandle, from offset: UInt64, recordsMax: Int, bytesMax: Int
  ) throws -> [LogRecord] {
    var reading = Reading(log: handle, at: offset, recordsMax: recordsMax, bytesMax: bytesMax)
    var progress = offset
    repeat {
      progress = reading.at
      try retrying {
        let view = try view(handle)
        reading.at = max(reading.at, view.first)
        guard reading.at < view.next else {
          reading.isFull = true
          return
        }
        let at = reading.at
        guard let index = try lastSegment(view.segments, handle.number, where: { $0.next <= at }) else {
          throw StorageError.corrupt("\(handle.id) has no segment for offset \(at)")
        }
        // Frames and bytes bound how many places are worth looking at.
        let places = try look(view.segments, index) { Array($0.frames(handle.number, from: at).prefix(recordsMax)) }
        guard let first = places.first, first.firstOffset <= at else {
          throw StorageError.corrupt("\(handle.id) lacks offset \(at) in segment \(view.segments[index].sequence)")
        }
        try reading.read(places, of: view.segments[index], file: sealed.file(view.segments[index]))
      }
    } while !reading.isFull && reading.at > progress
    return reading.records
  }

  /// Gathers one answer's records.
  private struct Reading {
    let log: LogHandle
    /// The next offset wanted.
    var at: UInt64
    let recordsMax: Int
    let bytesMax: Int
    var records: [LogRecord] = []
    var bytes = 0
    var isFull = false

    init(log: LogHandle, at: UInt64, recordsMax: Int, bytesMax: Int) {
      self.log = log
      self.at = at
      self.recordsMax = recordsMax
      self.bytesMax = bytesMax
    }

    /// Reads frames, neighbours with one call.
    mutating func read(_ places: [LogFramePlace], of segment: LogSegment, file: any DiskFile) throws {
      let seed = LogFormat.seed(sequence: segment.sequence)
      var index = 0
      while index < places.count, !isFull {
        var end = index + 1
        var length = Int(places[index].length)
        var payload = bytes + places[index].payloadBytes
        var count = records.count + Int(places[index].count)
        while end < places.count, places[end].position == places[end - 1].position + places[end - 1].length,
          length + Int(places[end].length) <= StorageLimits.logReadBytesMax, payload < bytesMax, count < recordsMax
        {
          length += Int(places[end].length)
          payload += places[end].payloadBytes
          count += Int(places[end].count)
          end += 1
        }
        try read(places[index..<end], length: length, file: file, seed: seed)
        index = end
      }
    }

    private mutating func read(
      _ places: ArraySlice<LogFramePlace>, length: Int, file: any DiskFile, seed: UInt32
    ) throws {
      guard let first = places.first else { return }
      var buffer = ByteBuffer()
      let found = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { memory in
        try file.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<length]), at: UInt64(first.position))
      }
      guard found == length else { throw StorageError.corrupt("segment \(file.path) ends too early") }
      for place in places where !isFull {
        let start = Int(place.position - first.position)
        try buffer.withUnsafeReadableBytes { bytes in
          let bytes = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Int(place.length))])
          guard let frame = LogFrame(bytes), frame.kind == .records, frame.log == log.number,
            frame.firstOffset == place.firstOffset, frame.count == place.count, frame.length == place.length,
            frame.bodyBytes >= 4 * Int(frame.count), frame.isIntact(bytes, seed: seed)
          else {
            throw StorageError.corrupt("segment \(file.path): the frame at \(place.position) is damaged")
          }
        }
        take(buffer, start + LogFormat.frameHeaderBytes, place)
      }
    }

    /// Cuts a frame's records out of the buffer, whose memory they share.
    private mutating func take(_ buffer: ByteBuffer, _ body: Int, _ place: LogFramePlace) {
      var payloadAt = body + 4 * Int(place.count)
      for index in 0..<Int(place.count) {
        let length = Int(buffer.getInteger(at: body + 4 * index, endianness: .little, as: UInt32.self) ?? 0)
        let offset = place.firstOffset + UInt64(index)
        if offset >= at {
          guard records.count < recordsMax, records.isEmpty || bytes + length <= bytesMax else {
            isFull = true
            return
          }
          let payload = buffer.getSlice(at: payloadAt, length: length) ?? ByteBuffer()
          records.append(LogRecord(offset: offset, time: Timestamp(nanoseconds: place.time), payload: payload))
          bytes += length
          at = offset + 1
        }
        payloadAt += length
      }
      if records.count >= recordsMax { isFull = true }
    }
  }
}
