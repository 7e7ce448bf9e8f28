/// How the model's names become Swift's.
enum Names {
  /// Swift words that cannot stand as a name without backticks.
  private static let keywords: Set<String> = [
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else",
    "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "init",
    "inout", "internal", "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat",
    "rethrows", "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while", "Type", "Protocol", "Self", "Any",
  ]

  /// Lowers the leading run of capitals but the last one before a lower-case letter: `StreamARN` is `streamARN`,
  /// `ARN` is `arn`, `ETag` is `eTag`, `SSEKMSKeyId` is `ssekmsKeyId`.
  static func member(_ name: String) -> String {
    let characters = Array(name)
    var run = 0
    while run < characters.count, characters[run].isUppercase { run += 1 }
    var lowered = run
    if run > 1, run < characters.count, characters[run].isLowercase { lowered = run - 1 }
    return characters[..<lowered].map { $0.lowercased() }.joined() + String(characters[lowered...])
  }

  /// The name as it is written in source.
  static func quoted(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

  /// A value of an enumeration: `UPDATE_COMPLETE` is `updateComplete`, `s3:ObjectCreated:*` is `s3ObjectCreatedAll`.
  static func enumerator(_ value: String) -> String {
    let parts = value.replacing("*", with: "All").split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
    let words = parts.map { part -> String in
      let hasLower = part.contains { $0.isLowercase }
      let word = hasLower ? String(part) : part.lowercased()
      return word.prefix(1).uppercased() + word.dropFirst()
    }
    let joined = member(words.joined())
    if joined.isEmpty { return "empty" }
    return joined.first.map(\.isNumber) == true ? "_\(joined)" : joined
  }

  /// The name that stands in constraint violations: AWS lowers the first letter only.
  static func path(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

  /// A Swift string literal.
  static func literal(_ text: String) -> String {
    if !text.contains("\\") && !text.contains("\"") && !text.contains("\n") { return "\"\(text)\"" }
    return text.contains("\"#") ? "##\"\(text)\"##" : "#\"\(text)\"#"
  }
}
