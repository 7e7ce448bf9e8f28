/// Where one frame of records lies in its segment.
struct LogFramePlace: Sendable {
  var firstOffset: UInt64
  var time: Int64
  /// Position in the segment; segments are shorter than 4 GiB.
  var position: UInt32
  /// The frame's length on disk.
  var length: UInt32
  var count: UInt32

  var endOffset: UInt64 { firstOffset + UInt64(count) }
  var payloadBytes: Int { Int(length) - LogFormat.frameHeaderBytes - 4 * Int(count) }
}

/// How far a log had come when a segment began.
struct LogStart: Sendable, Equatable {
  var next: UInt64
  var lastTime: Int64
  static let none = LogStart(next: 0, lastTime: LogCheckpoint.noTime)
}

/// The frames of one log in one segment.
protocol LogFrames {
  /// How far the log had come when the segment began; `.none` for a log that was made later or never.
  func start(_ log: UInt32) -> LogStart
  /// The log's frames in order of their offsets.
  func frames(_ log: UInt32) -> ArraySlice<LogFramePlace>
}

extension LogFrames {
  /// Offset behind the log's last record of this segment.
  func end(_ log: UInt32) -> UInt64 { frames(log).last?.endOffset ?? start(log).next }

  /// The log's frames from the one that holds `offset` on.
  func frames(_ log: UInt32, from offset: UInt64) -> ArraySlice<LogFramePlace> {
    let frames = frames(log)
    return frames[firstIndex(in: frames) { $0.endOffset > offset }...]
  }

  /// Offset of the log's first record of this segment at or after `time`; where its records end when none is.
  func offset(_ log: UInt32, atOrAfter time: Int64) -> UInt64 {
    let frames = frames(log)
    let index = firstIndex(in: frames) { $0.time >= time }
    return index < frames.endIndex ? frames[index].firstOffset : end(log)
  }

  private func firstIndex(
    in frames: ArraySlice<LogFramePlace>, where isBehind: (LogFramePlace) -> Bool
  ) -> ArraySlice<LogFramePlace>.Index {
    var low = frames.startIndex
    var high = frames.endIndex
    while low < high {
      let middle = low + (high - low) / 2
      if isBehind(frames[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// The index of a segment that still grows, or whose index file is not written yet.
final class GrowingLogIndex: LogFrames, @unchecked Sendable {
  // Safe: touched only while the store's state lock is held, or by its only owner during recovery.
  private let starts: [UInt32: LogStart]
  private var places: [UInt32: [LogFramePlace]] = [:]
  private(set) var frameCount = 0

  init(starts: [UInt32: LogStart]) { self.starts = starts }

  convenience init(_ checkpoint: LogCheckpoint) {
    self.init(
      starts: Dictionary(
        checkpoint.logs.map { ($0.number, LogStart(next: $0.next, lastTime: $0.lastTime)) },
        uniquingKeysWith: { first, _ in first }))
  }

  func append(_ place: LogFramePlace, log: UInt32) {
    places[log, default: []].append(place)
    frameCount += 1
  }

  func start(_ log: UInt32) -> LogStart { starts[log] ?? .none }
  func frames(_ log: UInt32) -> ArraySlice<LogFramePlace> { places[log]?[...] ?? [] }

  /// The same in its lasting form.
  func sealed(end: UInt64) -> SealedLogIndex {
    var logs: [SealedLogIndex.Log] = []
    var flat: [LogFramePlace] = []
    flat.reserveCapacity(frameCount)
    for number in Set(starts.keys).union(places.keys).sorted() {
      let from = flat.count
      flat += places[number] ?? []
      logs.append(SealedLogIndex.Log(number: number, start: start(number), from: from, to: flat.count))
    }
    return SealedLogIndex(end: end, logs: logs, places: flat)
  }
}

/// The index of a sealed segment: logs by number, their frames by offset.
///
/// As a file: `TARNIDX1`, sequence (8), generation (4), number of logs (4), number of frames (8), where the
/// segment's frames end (8); for each log its number (4), next offset (8) and newest time (8) at the segment's
/// beginning, and number of frames (4); for each frame first offset (8), time (8), position (4), length (4), number
/// of records (4); CRC-32C of it all (4). It can be made again from its segment, so it is never synced.
final class SealedLogIndex: LogFrames, Sendable {
  struct Log: Sendable {
    var number: UInt32
    var start: LogStart
    /// Its frames' indices in `places`.
    var from: Int
    var to: Int
  }
  static let magic: UInt64 = 0x3158_4449_4E52_4154

  /// Where the segment's frames end.
  let end: UInt64
  let logs: [Log]
  let places: [LogFramePlace]

  init(end: UInt64, logs: [Log], places: [LogFramePlace]) {
    self.end = end
    self.logs = logs
    self.places = places
  }

  /// Bytes that it takes in memory, roughly.
  var cost: Int { logs.count * MemoryLayout<Log>.stride + places.count * MemoryLayout<LogFramePlace>.stride + 256 }

  private func log(_ number: UInt32) -> Log? {
    var low = 0
    var high = logs.count
    while low < high {
      let middle = (low + high) / 2
      if logs[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low < logs.count && logs[low].number == number ? logs[low] : nil
  }

  func start(_ log: UInt32) -> LogStart { self.log(log)?.start ?? .none }

  func frames(_ log: UInt32) -> ArraySlice<LogFramePlace> {
    guard let log = self.log(log) else { return [] }
    return places[log.from..<log.to]
  }

  func encode(sequence: UInt64, generation: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(44 + logs.count * 24 + places.count * 28)
    bytes.appendLittleEndian(Self.magic)
    bytes.appendLittleEndian(sequence)
    bytes.appendLittleEndian(generation)
    bytes.appendLittleEndian(UInt32(logs.count))
    bytes.appendLittleEndian(UInt64(places.count))
    bytes.appendLittleEndian(end)
    for log in logs {
      bytes.appendLittleEndian(log.number)
      bytes.appendLittleEndian(log.start.next)
      bytes.appendLittleEndian(log.start.lastTime)
      bytes.appendLittleEndian(UInt32(log.to - log.from))
    }
    for place in places {
      bytes.appendLittleEndian(place.firstOffset)
      bytes.appendLittleEndian(place.time)
      bytes.appendLittleEndian(place.position)
      bytes.appendLittleEndian(place.length)
      bytes.appendLittleEndian(place.count)
    }
    bytes.appendLittleEndian(bytes.withUnsafeBytes { CRC32C.of($0) })
    return bytes
  }

  /// `nil` when the bytes are not this segment's index, or damaged: then it is made again.
  static func decode(_ bytes: [UInt8], sequence: UInt64, generation: UInt32) -> SealedLogIndex? {
    bytes.withUnsafeBytes { bytes in
      guard bytes.count >= 44 else { return nil }
      let content = UnsafeRawBufferPointer(rebasing: bytes.dropLast(4))
      guard bytes.littleEndian(UInt32.self, at: content.count) == CRC32C.of(content) else { return nil }
      var cursor = ByteCursor(content)
      guard cursor.number(UInt64.self) == magic, cursor.number(UInt64.self) == sequence,
        cursor.number(UInt32.self) == generation, let logCount = cursor.number(UInt32.self),
        let placeCount = cursor.number(UInt64.self), let end = cursor.number(UInt64.self),
        Int(logCount).multipliedReportingOverflow(by: 24).partialValue <= content.count,
        placeCount <= UInt64(content.count / 28)
      else { return nil }
      var logs: [Log] = []
      logs.reserveCapacity(Int(logCount))
      var from = 0
      for _ in 0..<logCount {
        guard let number = cursor.number(UInt32.self), let next = cursor.number(UInt64.self),
          let lastTime = cursor.number(Int64.self), let count = cursor.number(UInt32.self)
        else { return nil }
        let to = from + Int(count)
        logs.append(Log(number: number, start: LogStart(next: next, lastTime: lastTime), from: from, to: to))
        from = to
      }
      guard UInt64(from) == placeCount else { return nil }
      var places: [LogFramePlace] = []
      places.reserveCapacity(Int(placeCount))
      for _ in 0..<placeCount {
        guard let firstOffset = cursor.number(UInt64.self), let time = cursor.number(Int64.self),
          let position = cursor.number(UInt32.self), let length = cursor.number(UInt32.self),
          let count = cursor.number(UInt32.self)
        else { return nil }
        places.append(
          LogFramePlace(firstOffset: firstOffset, time: time, position: position, length: length, count: count))
      }
      return SealedLogIndex(end: end, logs: logs, places: places)
    }
  }
}
