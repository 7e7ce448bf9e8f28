import Kernel

/// The conditions of a read, and of a copy on its source.
struct ReadConditions: Sendable, Hashable {
  var ifMatch: String?
  var ifNoneMatch: String?
  var ifModifiedSince: Timestamp?
  var ifUnmodifiedSince: Timestamp?

  enum Outcome: Hashable { case proceed, notModified, failed(String) }

  /// AWS: with both `If-Match` (true) and `If-Unmodified-Since` (false) the object is given; with both
  /// `If-None-Match` (false) and `If-Modified-Since` (true) the answer is 304. So the tags win over the dates.
  func evaluate(_ record: ObjectRecord) -> Outcome {
    if let ifMatch {
      if !Self.matches(ifMatch, record.etag) { return .failed("If-Match") }
    } else if let ifUnmodifiedSince, record.lastModified.seconds > ifUnmodifiedSince.seconds {
      return .failed("If-Unmodified-Since")
    }
    if let ifNoneMatch {
      if Self.matches(ifNoneMatch, record.etag) { return .notModified }
    } else if let ifModifiedSince, record.lastModified.seconds <= ifModifiedSince.seconds {
      return .notModified
    }
    return .proceed
  }

  /// Whether a list of tags as `If-Match` carries it names `etag`.
  static func matches(_ list: String, _ etag: ETag) -> Bool {
    list.split(separator: ",").contains { item in
      let tag = bare(String(item))
      return tag == "*" || tag == etag.bare
    }
  }

  /// A tag without quotes, spaces and weakness mark.
  static func bare(_ tag: String) -> String {
    var text = Substring(tag)
    while let first = text.first, first == " " { text.removeFirst() }
    while let last = text.last, last == " " { text.removeLast() }
    if text.hasPrefix("W/") { text.removeFirst(2) }
    if text.hasPrefix("\"") { text.removeFirst() }
    if text.hasSuffix("\"") { text.removeLast() }
    return String(text)
  }
}

/// The conditions of a write on what the key holds.
struct WriteConditions: Sendable, Hashable {
  var ifMatch: String?
  var ifNoneMatch: String?

  static let none = WriteConditions()

  /// - Throws: `NotImplemented` for forms that S3 does not take: `If-None-Match` with anything but `*`, both at once.
  func validate() throws {
    if let ifNoneMatch, ifNoneMatch != "*" || ifMatch != nil {
      throw S3Failure.notImplemented(header: "If-None-Match")
    }
    if let ifMatch, ReadConditions.bare(ifMatch).isEmpty { throw S3Failure.preconditionFailed("If-Match") }
  }

  /// - Parameter current: the key's newest version, `nil` when there is none or it is a delete marker.
  /// - Throws: `PreconditionFailed`; `NoSuchKey` for an `If-Match` on nothing.
  func check(_ key: String, _ current: ObjectRecord?) throws {
    if ifNoneMatch != nil, current != nil { throw S3Failure.preconditionFailed("If-None-Match") }
    if let ifMatch {
      guard let current else { throw S3Failure.noSuchKey(key) }
      guard ReadConditions.matches(ifMatch, current.etag) else { throw S3Failure.preconditionFailed("If-Match") }
    }
  }
}
