import NIOCore

/// The pairs of a query string or of a form body, decoded, in their order.
public struct QueryPairs: Sendable {
  public private(set) var pairs: [(name: String, value: String)] = []

  /// - Parameter text: as it stands after the question mark. What does not decode is taken as it is.
  public init(text: String) {
    guard !text.isEmpty else { return }
    for bytes in text.utf8.split(separator: UInt8(ascii: "&")).prefix(WireLimits.queryPairsMax) {
      let part = Substring(bytes)
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      pairs.append((Self.decoded(halves[0]), halves.count > 1 ? Self.decoded(halves[1]) : ""))
    }
  }

  /// - Parameter literal: as `text`, but with plus signs that mean themselves: paths of S3 know no other spaces than
  /// `%20`.
  init(literal: String) {
    for part in literal.split(separator: "&").prefix(WireLimits.queryPairsMax) {
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = halves.count > 1 ? PercentCoding.decoded(halves[1]) ?? String(halves[1]) : ""
      pairs.append((PercentCoding.decoded(halves[0]) ?? String(halves[0]), value))
    }
  }

  /// - Throws: `WireFault.malformed` for a body that is no form.
  init(_ body: ByteBuffer) throws {
    guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
      throw WireFault.malformed("The request body is not a form")
    }
    guard text.utf8.count(where: { $0 == UInt8(ascii: "&") }) < WireLimits.queryPairsMax else {
      throw WireFault.malformed("The request has too many parameters")
    }
    self.init(text: text)
  }

  public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }
  public func contains(_ name: String) -> Bool { pairs.contains { $0.name == name } }
  public func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }
  mutating func append(_ other: QueryPairs) { pairs += other.pairs }

  static func decoded(_ text: Substring) -> String {
    PercentCoding.decoded(text.utf8.contains(UInt8(ascii: "+")) ? text.replacing("+", with: " ")[...] : text)
      ?? String(text)
  }
}
