import Foundation

/// Where a connection's database is, as its `JDBC_CONNECTION_URL` says.
package struct JDBCAddress: Hashable, Sendable {
  package var host: String
  package var port: Int
  package var database: String
  /// How TLS is used, in libpq's words.
  package var encryption: String

  package static let prefix = "jdbc:postgresql://"
  private static let portUsual = 5432
  private static let nameBytesMax = 255
  /// libpq's words that a URL may ask for.
  private static let encryptions = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

  /// - Parameter enforcesTLS: the connection's `JDBC_ENFORCE_SSL`.
  /// - Returns: `nil` for what is no `jdbc:postgresql://host:port/database` of one host.
  package init?(_ url: String, enforcesTLS: Bool = false) {
    guard url.hasPrefix(Self.prefix) else { return nil }
    let parts = url.dropFirst(Self.prefix.count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let place = parts[0].split(separator: "/", omittingEmptySubsequences: false)
    guard place.count == 2, let (host, port) = Self.server(place[0]) else { return nil }
    guard let database = String(place[1]).removingPercentEncoding, !database.isEmpty,
      database.utf8.count <= Self.nameBytesMax, !database.utf8.contains(0)
    else { return nil }
    self.host = host
    self.port = port
    self.database = database
    encryption = enforcesTLS ? "require" : "prefer"
    guard parts.count > 1 else { return }
    for pair in parts[1].split(separator: "&") {
      let halves = pair.split(separator: "=", maxSplits: 1).map(String.init)
      switch halves.first {
      case "ssl" where halves.count == 1 || halves[1] == "true": if encryption == "prefer" { encryption = "require" }
      case "sslmode":
        guard halves.count == 2, Self.encryptions.contains(halves[1]) else { return nil }
        // What the connection enforces, the URL does not loosen.
        if !enforcesTLS || halves[1].hasPrefix("verify") { encryption = halves[1] }
      default: break
      }
    }
  }

  /// A host's name or number and its port. A path or an abstract name, which libpq takes for a local socket, is none.
  private static func server(_ text: Substring) -> (String, Int)? {
    var host = text
    var port = portUsual
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      if !rest.isEmpty {
        guard let number = Int(rest.dropFirst()) else { return nil }
        port = number
      }
      guard host.utf8.allSatisfy({ UInt8(ascii: ":") == $0 || UInt8(ascii: ".") == $0 || Self.isHexadecimal($0) })
      else { return nil }
    } else {
      if let colon = text.firstIndex(of: ":") {
        guard let number = Int(text[text.index(after: colon)...]) else { return nil }
        (host, port) = (text[..<colon], number)
      }
      guard host.utf8.allSatisfy({ Self.isLetterOrDigit($0) || "-._".utf8.contains($0) }) else { return nil }
    }
    guard !host.isEmpty, host.utf8.count <= nameBytesMax, (1...65_535).contains(port) else { return nil }
    return (String(host), port)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}
