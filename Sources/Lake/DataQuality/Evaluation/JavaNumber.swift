/// Numbers as the JVM writes them, which AWS's messages and rules hold.
enum JavaNumber {
  /// `Double.toString`: `4.0`, `0.001`, `1.0E-4`, `1.0E7`, `NaN`.
  static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
    let sign = value < 0 ? "-" : ""
    // The shortest digits that read back as the number, and where their point stands.
    let (digits, exponent) = decimal(abs(value))
    if abs(value) >= 1e-3, abs(value) < 1e7 { return sign + plain(digits, exponent) }
    let fraction = digits.count > 1 ? String(digits.dropFirst()) : "0"
    return "\(sign)\(digits.first ?? "0").\(fraction)E\(exponent)"
  }

  /// A whole number without a fraction; others as `text`.
  static func whole(_ value: Double) -> String {
    Int64(exactly: value).map(String.init) ?? text(value)
  }

  /// - Returns: digits without zeros at their ends, and the power of ten of the first one.
  private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
    let parts = value.description.split(separator: "e")
    let shift = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = String(halves[0])
    var digits = whole + (halves.count > 1 ? String(halves[1]) : "")
    var exponent = whole.count - 1 + shift
    while digits.count > 1, digits.hasPrefix("0") {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    return (digits, exponent)
  }

  private static func plain(_ digits: String, _ exponent: Int) -> String {
    if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + digits }
    guard digits.count > exponent + 1 else {
      return digits + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
    }
    return "\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
  }
}
