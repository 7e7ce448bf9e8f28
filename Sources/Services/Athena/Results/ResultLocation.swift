import AthenaModel
import Kernel

/// Where a query's output goes: a bucket and a prefix that is empty or ends with a slash.
struct ResultLocation: Sendable, Hashable {
  let bucket: String
  let prefix: String

  /// - Parameter uri: `s3://bucket/path`, with or without a slash at its end.
  /// - Throws: Athena's refusal of anything else.
  init(_ uri: String) throws {
    guard let place = Self.split(uri) else {
      throw AthenaError.invalidRequestException("outputLocation is not a valid S3 path.")
    }
    bucket = place.bucket
    prefix = place.key.isEmpty || place.key.hasSuffix("/") ? place.key : place.key + "/"
  }

  /// Bucket and key of an `s3://` URI; `s3a://` and `s3n://` are the same place.
  static func split(_ uri: String) -> (bucket: String, key: String)? {
    guard let scheme = ["s3://", "s3a://", "s3n://"].first(where: { uri.hasPrefix($0) }) else { return nil }
    let rest = uri.dropFirst(scheme.count)
    let bucket = rest.prefix { $0 != "/" }
    guard !bucket.isEmpty else { return nil }
    return (String(bucket), String(rest.dropFirst(bucket.count).drop { $0 == "/" }))
  }

  func uri(_ name: String) -> String { "s3://\(bucket)/\(prefix)\(name)" }

  /// The place without a slash at its end, for the engine, which puts one before each file's name.
  var folder: String { String(uri("").dropLast()) }
}
