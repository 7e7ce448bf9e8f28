/// Turns the Data API's `:name` parameters into the `$1`, `$2`, … that sessions take.
package enum NamedParameters {
  /// - Parameter names: the parameters that were given; other words behind a colon stay as they are.
  /// - Returns: the text, and for `$1`, `$2`, … the index of each within `names`.
  package static func rewrite(_ sql: String, names: [String]) -> (text: String, order: [Int]) {
    guard !names.isEmpty else { return (sql, []) }
    let source = Array(sql.utf8)
    var index = 0
    var text: [UInt8] = []
    var order: [Int] = []
    text.reserveCapacity(source.count)
    func byte(_ place: Int) -> UInt8? { place < source.count ? source[place] : nil }
    /// Copies up to and with the first place where `ends` says so, or to the end.
    func copy(until ends: (Int) -> Int?) {
      while index < source.count {
        if let length = ends(index) {
          text += source[index..<min(source.count, index + length)]
          index += length
          return
        }
        text.append(source[index])
        index += 1
      }
    }
    while let current = byte(index) {
      switch current {
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        text.append(current)
        index += 1
        copy { place in source[place] == current ? 1 : nil }
      case UInt8(ascii: "-") where byte(index + 1) == UInt8(ascii: "-"):
        copy { place in source[place] == UInt8(ascii: "\n") ? 1 : nil }
      case UInt8(ascii: "/") where byte(index + 1) == UInt8(ascii: "*"):
        text += source[index..<index + 2]
        index += 2
        copy { place in source[place] == UInt8(ascii: "*") && byte(place + 1) == UInt8(ascii: "/") ? 2 : nil }
      case UInt8(ascii: "$") where byte(index + 1) == UInt8(ascii: "$"):
        text += source[index..<index + 2]
        index += 2
        copy { place in source[place] == UInt8(ascii: "$") && byte(place + 1) == UInt8(ascii: "$") ? 2 : nil }
      case UInt8(ascii: ":") where byte(index + 1) == UInt8(ascii: ":"):
        text += source[index..<index + 2]
        index += 2
      case UInt8(ascii: ":"):
        var end = index + 1
        while let next = byte(end), isWord(next) { end += 1 }
        let name = String(decoding: source[(index + 1)..<end], as: UTF8.self)
        if let found = names.firstIndex(of: name) {
          let place = order.firstIndex(of: found) ?? order.count
          if place == order.count { order.append(found) }
          text += Array("$\(place + 1)".utf8)
        } else {
          text += source[index..<end]
        }
        index = end
      default:
        text.append(current)
        index += 1
      }
    }
    return (String(decoding: text, as: UTF8.self), order)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    ClusterRules.isLower(byte) || ClusterRules.isDigit(byte) || (0x41...0x5A).contains(byte) || byte == 0x5F
  }
}
