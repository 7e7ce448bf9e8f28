/// A run of bytes that a request asks for.
struct ByteRange: Hashable, Sendable {
  var start: UInt64
  var length: UInt64

  /// As `Content-Range` shows it.
  func contentRange(of size: UInt64) -> String { "bytes \(start)-\(start + length - 1)/\(size)" }

  enum Request: Hashable {
    /// No range, or none that S3 heeds: several ranges, another unit, nonsense.
    case whole
    case part(ByteRange)
    case unsatisfiable
  }

  /// Reads a `Range` header by RFC 9110; S3 takes a single range.
  static func parse(_ header: String, size: UInt64) -> Request {
    let text = header.filter { $0 != " " }
    guard text.hasPrefix("bytes=") else { return .whole }
    let spec = text.dropFirst(6)
    guard !spec.contains(",") else { return .whole }
    let ends = spec.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2 else { return .whole }
    if ends[0].isEmpty {
      guard let count = number(ends[1]) else { return .whole }
      guard count > 0, size > 0 else { return .unsatisfiable }
      let length = min(count, size)
      return .part(ByteRange(start: size - length, length: length))
    }
    guard let first = number(ends[0]) else { return .whole }
    var last = size == 0 ? 0 : size - 1
    if !ends[1].isEmpty {
      guard let given = number(ends[1]), given >= first else { return .whole }
      last = min(last, given)
    }
    guard first < size else { return .unsatisfiable }
    return .part(ByteRange(start: first, length: last - first + 1))
  }

  /// Reads `x-amz-copy-source-range`, which must have both ends and lie within the source.
  static func parseCopySource(_ header: String, size: UInt64) throws -> ByteRange {
    guard header.hasPrefix("bytes=") else { throw malformedCopyRange(header) }
    let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]), first <= last else {
      throw malformedCopyRange(header)
    }
    guard last < size else {
      throw S3Failure.invalidArgument(
        "Range specified is not valid for source object of size: \(size)", "x-amz-copy-source-range", header)
    }
    return ByteRange(start: first, length: last - first + 1)
  }

  private static func malformedCopyRange(_ header: String) -> any Error {
    S3Failure.invalidArgument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
        + "zero-based offsets of the first and last bytes to copy", "x-amz-copy-source-range", header)
  }

  private static func number(_ text: Substring) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return UInt64(text) ?? .max
  }
}
