/// TO_CHAR of numbers with patterns that are known only when the row is.
public enum NumberPattern {
  /// - Parameter number: digits with a sign and a point, as the engine writes decimals.
  /// - Returns: `nil` when `number` is not of that form.
  public static func text(_ number: String, _ pattern: String) -> String? {
    var digits = pattern.uppercased()
    let fill = !digits.contains("FM")
    digits = digits.replacing("FM", with: "")
    let brackets = digits.contains("PR")
    digits = digits.replacing("PR", with: "")
    let minusEnd = digits.hasSuffix("MI") || digits.hasSuffix("S") && digits.count > 1
    let signStart = digits.hasPrefix("S") || digits.hasPrefix("PL")
    for word in ["MI", "SG", "PL", "TH", "S"] { digits = digits.replacing(word, with: "") }
    let dollar = digits.contains("$") || digits.contains("L") ? "$" : ""
    digits = digits.replacing("$", with: "").replacing("L", with: "")
    let parts = digits.replacing("D", with: ".").split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let whole = String(parts.first ?? "").replacing("G", with: ",")
    let decimals = parts.count > 1 ? parts[1].filter { $0 == "9" || $0 == "0" }.count : 0
    let places = whole.filter { $0 == "9" || $0 == "0" }.count
    let zeros = whole.firstIndex(of: "0").map { whole[$0...].filter { $0 == "9" || $0 == "0" }.count } ?? 0
    let width = whole.count + (decimals > 0 ? decimals + 1 : 0)

    guard let (negative, integer, fraction) = rounded(number, decimals) else { return nil }
    if integer.count > places, integer != "0" { return String(repeating: "#", count: width + 1) }
    var shown = integer
    if integer == "0", zeros == 0, decimals > 0 { shown = "" }
    if shown.count < zeros { shown = String(repeating: "0", count: zeros - shown.count) + shown }
    if whole.contains(",") { shown = grouped(shown) }
    if decimals > 0 { shown += "." + fraction }
    func padded(_ text: String, _ width: Int) -> String {
      fill ? String(repeating: " ", count: max(0, width - text.count)) + text : text
    }
    if minusEnd { return padded(dollar + shown, width) + (negative ? "-" : fill ? " " : "") }
    if brackets { return negative ? padded("<\(shown)>", width + 2) : padded(shown, width + 1) + (fill ? " " : "") }
    let sign = negative ? "-" : signStart ? "+" : fill ? " " : ""
    return padded(sign + dollar + shown, width + 1 + dollar.count)
  }

  private static func grouped(_ digits: String) -> String {
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { result += "," }
      result.append(digit)
    }
    return result
  }

  /// The digits before and after the point, rounded half away from zero.
  private static func rounded(_ number: String, _ decimals: Int) -> (negative: Bool, String, String)? {
    var text = number[...]
    let negative = text.hasPrefix("-")
    if negative || text.hasPrefix("+") { text = text.dropFirst() }
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? Array(parts[1].utf8) : []
    var digits = Array((parts.first ?? "").utf8)
    guard digits.count + fraction.count > 0, (digits + fraction).allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    digits += fraction.prefix(decimals) + Array(repeating: 0x30, count: max(0, decimals - fraction.count))
    if fraction.count > decimals, fraction[decimals] >= 0x35 {
      var index = digits.count - 1
      while index >= 0, digits[index] == 0x39 {
        digits[index] = 0x30
        index -= 1
      }
      if index >= 0 { digits[index] += 1 } else { digits.insert(0x31, at: 0) }
    }
    var whole = digits.dropLast(decimals).drop { $0 == 0x30 }
    if whole.isEmpty { whole = [0x30] }
    let isZero = digits.allSatisfy { $0 == 0x30 }
    return (
      negative && !isZero, String(decoding: whole, as: UTF8.self),
      String(decoding: digits.suffix(decimals), as: UTF8.self)
    )
  }
}
