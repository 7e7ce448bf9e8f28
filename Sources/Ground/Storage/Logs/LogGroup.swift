import Kernel
import NIOCore

/// What waits to be written.
enum LogWork: Sendable {
  case append(LogAppend)
  case change(LogChangeRequest, answer: @Sendable (Result<Void, any Error>) -> Void)

  /// Bytes that it takes on disk at most.
  var bytes: Int {
    switch self {
    case .append(let append): append.bytes
    case .change(let request, _): request.bytes
    }
  }
}

struct LogAppend: Sendable {
  var batches: [(log: LogHandle, payloads: [ByteBuffer])]
  var bytes: Int
  var answer: @Sendable (Result<[LogPosition], any Error>) -> Void
}

/// Which records of a log are to go.
struct LogTrim: Sendable {
  /// The oldest offset that stays.
  var first: UInt64
  /// The segment that holds it, or one before.
  var segment: UInt64
}

enum LogChangeRequest: Sendable {
  case create([LogID])
  case delete(LogID)
  case trim(LogHandle, LogTrim)

  var bytes: Int {
    switch self {
    case .create(let logs): logs.reduce(64) { $0 + 8 + $1.name.utf8.count }
    case .delete, .trim: 80
    }
  }
}

/// A run of frames as they go to disk with one write.
final class LogFrameImage {
  private(set) var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 16)
  private(set) var length = 0

  deinit { bytes.deallocate() }

  var written: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[..<length]) }

  func reserve(_ count: Int) {
    guard count > bytes.count else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
    larger.copyMemory(from: written)
    bytes.deallocate()
    bytes = larger
  }

  /// Room for a frame whose body and header the caller writes.
  func room(for frame: LogFrame) -> UnsafeMutableRawBufferPointer {
    let count = frame.length
    if length + count > bytes.count { reserve(max(length + count, bytes.count * 2, 4096)) }
    let place = UnsafeMutableRawBufferPointer(rebasing: bytes[length..<(length + count)])
    length += count
    // Frames begin at multiples of 8; what lies between them is part of no checksum, and is zero.
    for index in (LogFormat.frameHeaderBytes + frame.bodyBytes)..<count { place[index] = 0 }
    return place
  }

  func append(kind: LogFormat.Kind, body: [UInt8], time: Int64, seed: UInt32) {
    let frame = LogFrame(kind: kind, bodyBytes: body.count, time: time)
    let place = room(for: frame)
    UnsafeMutableRawBufferPointer(rebasing: place[LogFormat.frameHeaderBytes...]).copyBytes(from: body)
    frame.seal(place, seed: seed)
  }
}

/// Works written and synced together: their frames as one run of bytes, and what is to be told when they are on
/// disk.
///
/// Records of one log that come from several callers stand in one frame (or as few as the frame's limit allows),
/// so that a group costs its bytes and not its callers.
final class LogGroup: @unchecked Sendable {
  // Safe: one thread forms, writes, syncs and publishes a group.
  enum Step {
    case created(LogHandle)
    case deleted(LogHandle)
    case trimmed(LogHandle, LogTrim)
  }
  struct Slot {
    var log: LogHandle
    var pieces: [[ByteBuffer]]
    var firstOffset: UInt64
    var count: Int
  }

  let works: [LogWork]
  /// For each work, what an append is answered or why it is refused.
  var outcomes: [Result<[LogPosition], any Error>] = []
  var steps: [Step] = []
  var slots: [Slot] = []
  var places: [(log: LogHandle, place: LogFramePlace)] = []
  let image = LogFrameImage()

  init(works: [LogWork]) { self.works = works }

  /// Bytes that the works' frames take at most.
  var bytesMax: Int { works.reduce(0) { $0 + $1.bytes } }

  /// Writes the records of all slots as frames.
  /// - Parameter start: where the image will stand in its segment.
  func appendRecords(start: UInt64, seed: UInt32) {
    for slot in slots {
      var offset = slot.firstOffset
      var frame: [ByteBuffer] = []
      var bytes = 0
      for piece in slot.pieces {
        for payload in piece {
          let length = payload.readableBytes
          if !frame.isEmpty, bytes + length > StorageLimits.logFrameBytesMax {
            appendFrame(of: frame, bytes: bytes, log: slot.log, firstOffset: offset, start: start, seed: seed)
            offset += UInt64(frame.count)
            frame.removeAll(keepingCapacity: true)
            bytes = 0
          }
          frame.append(payload)
          bytes += length
        }
      }
      if !frame.isEmpty {
        appendFrame(of: frame, bytes: bytes, log: slot.log, firstOffset: offset, start: start, seed: seed)
      }
    }
  }

  private func appendFrame(
    of payloads: [ByteBuffer], bytes: Int, log: LogHandle, firstOffset: UInt64, start: UInt64, seed: UInt32
  ) {
    let header = LogFrame(
      kind: .records, bodyBytes: payloads.count * 4 + bytes, log: log.number, count: UInt32(payloads.count),
      firstOffset: firstOffset, time: log.assignedTime)
    let position = start + UInt64(image.length)
    let place = image.room(for: header)
    var lengthAt = LogFormat.frameHeaderBytes
    var payloadAt = lengthAt + payloads.count * 4
    for payload in payloads {
      payload.withUnsafeReadableBytes { bytes in
        place.storeLittleEndian(UInt32(bytes.count), at: lengthAt)
        if bytes.count > 0 {
          UnsafeMutableRawBufferPointer(rebasing: place[payloadAt...]).copyMemory(from: bytes)
        }
        payloadAt += bytes.count
      }
      lengthAt += 4
    }
    header.seal(place, seed: seed)
    places.append(
      (
        log,
        LogFramePlace(
          firstOffset: firstOffset, time: header.time, position: UInt32(position), length: UInt32(header.length),
          count: header.count)
      ))
  }

  /// Tells every caller how it went.
  func answer(_ failure: (any Error)?) {
    for (index, work) in works.enumerated() {
      let outcome: Result<[LogPosition], any Error> =
        if let failure { .failure(failure) } else { outcomes[index] }
      switch work {
      case .append(let append): append.answer(outcome)
      case .change(_, let answer): answer(outcome.map { _ in () })
      }
    }
  }
}
