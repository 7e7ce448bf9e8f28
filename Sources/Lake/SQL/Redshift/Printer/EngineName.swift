/// Names with capitals within the engine, which takes capitals for small letters: each capital stands behind a mark,
/// so that `"Id"` and `id` are two names there too.
public enum EngineName {
  /// A character for private use; users' names do not have it.
  public static let mark: Unicode.Scalar = "\u{E000}"

  /// - Returns: the name that stands for `name` in the engine.
  static func marked(_ name: String) -> String {
    guard name.utf8.contains(where: isCapital) else { return name }
    var result = String.UnicodeScalarView()
    for scalar in name.unicodeScalars {
      if scalar.isASCII, isCapital(UInt8(scalar.value)) { result.append(mark) }
      result.append(scalar)
    }
    return String(result)
  }

  /// A name or a text of the engine's, such as an error or a plan, without the marks.
  public static func unmarked(_ text: String) -> String {
    guard text.unicodeScalars.contains(mark) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where scalar != mark { result.append(scalar) }
    return String(result)
  }

  private static func isCapital(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5a }
}
