/// An object's place: `s3://bucket/key`. The key is literal, without percent signs for its bytes.
public struct LakePath: Hashable, Sendable, CustomStringConvertible {
  public var bucket: String
  public var key: String

  public init(bucket: String, key: String) {
    self.bucket = bucket
    self.key = key
  }

  /// Reads `s3://bucket/key`, `s3a://…` or `s3n://…`; `nil` for anything else, or without a bucket.
  public init?(_ url: some StringProtocol) {
    guard let scheme = ["s3://", "s3a://", "s3n://"].first(where: { url.hasPrefix($0) }) else { return nil }
    let rest = url.dropFirst(scheme.count)
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    guard end > rest.startIndex else { return nil }
    bucket = String(rest[..<end])
    key = end == rest.endIndex ? "" : String(rest[rest.index(after: end)...])
  }

  public var description: String { "s3://\(bucket)/\(key)" }

  /// The path as a pattern that matches this key alone: what means something in patterns is put in brackets.
  public var pattern: String {
    var text = "s3://\(bucket)/"
    for character in key.unicodeScalars {
      switch character {
      case "*", "?", "[": text += "[\(character)]"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }
}
