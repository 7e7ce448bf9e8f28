import Foundation

/// Regular expressions of `pattern` and `patternProperties`: found anywhere in the text, not anchored.
enum SchemaPattern {
  static func isValid(_ pattern: String) -> Bool { (try? NSRegularExpression(pattern: pattern)) != nil }

  /// - Returns: `false` for a pattern that cannot be read; those are refused before.
  static func matches(_ pattern: String, _ text: String) -> Bool {
    guard let expression = try? NSRegularExpression(pattern: pattern) else { return false }
    return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
  }
}
