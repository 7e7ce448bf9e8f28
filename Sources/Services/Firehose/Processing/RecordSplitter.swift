import Kernel
import NIOCore

/// Cuts a record that holds several: JSON objects one behind the other, or texts between delimiters.
enum RecordSplitter {
  struct Failure: Error, Sendable {
    var reason: String
  }

  /// - Throws: `Failure` for a record that is not what it is said to be, or holds too many.
  static func parts(
    _ data: ByteBuffer, _ splitting: ProcessingPlan.Splitting
  ) throws(Failure) -> [ByteBuffer] {
    let bytes = Array(data.readableBytesView)
    let ranges: [Range<Int>]
    switch splitting {
    case .json: ranges = try objects(bytes)
    case .delimited(let delimiter): ranges = between(delimiter, bytes)
    }
    guard ranges.count <= Limits.partsPerRecordMax else {
      throw Failure(reason: "The record holds more than \(Limits.partsPerRecordMax) records.")
    }
    return ranges.compactMap { data.getSlice(at: data.readerIndex + $0.lowerBound, length: $0.count) }
  }

  /// Where objects begin and end; only blanks may stand between them.
  private static func objects(_ bytes: [UInt8]) throws(Failure) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var place = 0
    while place < bytes.count {
      if [32, 9, 10, 13].contains(bytes[place]) {
        place += 1
        continue
      }
      guard bytes[place] == UInt8(ascii: "{") else {
        throw Failure(reason: "A JSON object is expected at offset \(place).")
      }
      guard let end = end(of: bytes, from: place) else {
        throw Failure(reason: "The JSON object at offset \(place) has no end.")
      }
      found.append(place..<end)
      place = end
    }
    return found
  }

  /// The place behind the brace that closes the one at `start`.
  private static func end(of bytes: [UInt8], from start: Int) -> Int? {
    var depth = 0
    var isInString = false
    var place = start
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if isInString {
        if byte == UInt8(ascii: "\\") {
          place += 1
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return place }
      default: break
      }
    }
    return nil
  }

  private static func between(_ delimiter: [UInt8], _ bytes: [UInt8]) -> [Range<Int>] {
    guard !delimiter.isEmpty else { return [0..<bytes.count] }
    var found: [Range<Int>] = []
    var start = 0
    var place = 0
    while place + delimiter.count <= bytes.count {
      if bytes[place] == delimiter[0], bytes[place..<place + delimiter.count].elementsEqual(delimiter) {
        if place > start { found.append(start..<place) }
        place += delimiter.count
        start = place
      } else {
        place += 1
      }
    }
    if start < bytes.count { found.append(start..<bytes.count) }
    return found
  }
}
