/// A change to which logs there are and what they keep, as a frame of changes holds it.
///
/// | bytes | create | delete | trim |
/// |---|---|---|---|
/// | 1 | 1 | 2 | 3 |
/// | 4 | number | number | number |
/// | | length of the name (2), name | | oldest offset kept (8) |
enum LogChange {
  case create(number: UInt32, name: String)
  case delete(number: UInt32)
  case trim(number: UInt32, first: UInt64)

  func append(to bytes: inout [UInt8]) {
    switch self {
    case .create(let number, let name):
      bytes.append(1)
      bytes.appendLittleEndian(number)
      bytes.appendLittleEndian(UInt16(clamping: name.utf8.count))
      bytes += Array(name.utf8)
    case .delete(let number):
      bytes.append(2)
      bytes.appendLittleEndian(number)
    case .trim(let number, let first):
      bytes.append(3)
      bytes.appendLittleEndian(number)
      bytes.appendLittleEndian(first)
    }
  }

  /// The changes that a frame's body holds, or `nil` when it is not one.
  static func decode(_ body: UnsafeRawBufferPointer) -> [LogChange]? {
    var cursor = ByteCursor(body)
    var changes: [LogChange] = []
    while !cursor.isAtEnd {
      guard let kind = cursor.number(UInt8.self), let number = cursor.number(UInt32.self) else { return nil }
      switch kind {
      case 1:
        guard let length = cursor.number(UInt16.self), let name = cursor.bytes(Int(length)) else { return nil }
        changes.append(.create(number: number, name: String(decoding: name, as: UTF8.self)))
      case 2: changes.append(.delete(number: number))
      case 3:
        guard let first = cursor.number(UInt64.self) else { return nil }
        changes.append(.trim(number: number, first: first))
      default: return nil
      }
    }
    return changes
  }
}

/// The state of all logs at the beginning of a segment: the body of its first frame.
///
/// | bytes | |
/// |---|---|
/// | 8 | sequence of the segment before, 0 for none |
/// | 8 | where that segment's frames end |
/// | 4 | number that the next log gets |
/// | 4 | number of logs |
/// | for each log | number (4), oldest offset kept (8), next offset (8), time of the newest record (8), its name's
/// length (2) and bytes |
struct LogCheckpoint {
  struct Log {
    var number: UInt32
    var first: UInt64
    var next: UInt64
    /// `noTime` before the first record.
    var lastTime: Int64
    var name: String
  }
  static let noTime = Int64.min

  var previousSequence: UInt64
  var previousEnd: UInt64
  var nextNumber: UInt32
  var logs: [Log]

  func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24 + logs.count * 96)
    bytes.appendLittleEndian(previousSequence)
    bytes.appendLittleEndian(previousEnd)
    bytes.appendLittleEndian(nextNumber)
    bytes.appendLittleEndian(UInt32(logs.count))
    for log in logs {
      bytes.appendLittleEndian(log.number)
      bytes.appendLittleEndian(log.first)
      bytes.appendLittleEndian(log.next)
      bytes.appendLittleEndian(log.lastTime)
      bytes.appendLittleEndian(UInt16(clamping: log.name.utf8.count))
      bytes += Array(log.name.utf8)
    }
    return bytes
  }

  static func decode(_ body: UnsafeRawBufferPointer) -> LogCheckpoint? {
    var cursor = ByteCursor(body)
    guard let previousSequence = cursor.number(UInt64.self), let previousEnd = cursor.number(UInt64.self),
      let nextNumber = cursor.number(UInt32.self), let count = cursor.number(UInt32.self)
    else { return nil }
    var checkpoint = LogCheckpoint(
      previousSequence: previousSequence, previousEnd: previousEnd, nextNumber: nextNumber, logs: [])
    for _ in 0..<count {
      guard let number = cursor.number(UInt32.self), let first = cursor.number(UInt64.self),
        let next = cursor.number(UInt64.self), let lastTime = cursor.number(Int64.self),
        let length = cursor.number(UInt16.self), let name = cursor.bytes(Int(length))
      else { return nil }
      checkpoint.logs.append(
        Log(
          number: number, first: first, next: next, lastTime: lastTime, name: String(decoding: name, as: UTF8.self)))
    }
    return checkpoint
  }
}
