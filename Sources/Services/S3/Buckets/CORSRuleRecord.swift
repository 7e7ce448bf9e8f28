/// A rule of a bucket's cross-origin configuration.
struct CORSRuleRecord: Codable, Hashable, Sendable {
  var id: String?
  var allowedOrigins: [String]
  var allowedMethods: [String]
  var allowedHeaders: [String]?
  var exposeHeaders: [String]?
  var maxAgeSeconds: Int?

  /// Whether the rule covers a request. AWS: the origin, the method and every requested header must match.
  func allows(origin: String, method: String, headers: [String]) -> Bool {
    allowedMethods.contains(method)
      && allowedOrigins.contains { Self.matches($0, origin) }
      && headers.allSatisfy { header in
        (allowedHeaders ?? []).contains { Self.matches($0.lowercased(), header.lowercased()) }
      }
  }

  /// A pattern with at most one `*`.
  static func matches(_ pattern: String, _ text: String) -> Bool {
    guard let star = pattern.firstIndex(of: "*") else { return pattern == text }
    let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
    return text.utf8.count >= head.utf8.count + tail.utf8.count && text.hasPrefix(head) && text.hasSuffix(tail)
  }
}
