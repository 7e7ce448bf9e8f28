/// Which of Athena's two languages a statement is in: its first words tell.
enum StatementLanguage {
  static func isHive(_ text: String) throws(SQLError) -> Bool {
    // Hive's quotes are the wider ones; only bare words and brackets are looked at.
    let tokens = try Lexer.tokens(of: text, dialect: .hive)
    func word(_ index: Int) -> String { tokens[min(index, tokens.count - 1)].upper }
    switch word(0) {
    case "ALTER", "MSCK", "SHOW", "DESC": return true
    case "DESCRIBE": return word(1) != "INPUT" && word(1) != "OUTPUT"
    case "DROP": return word(1) == "TABLE" || word(1) == "DATABASE" || word(1) == "SCHEMA"
    case "CREATE":
      switch word(1) {
      case "EXTERNAL", "DATABASE", "SCHEMA": return true
      case "TABLE": return !isTableAs(tokens)
      default: return false
      }
    default: return false
    }
  }

  /// `CREATE TABLE t [(a, b)] [COMMENT …] [WITH (…)] AS …`: no type follows the first name in brackets.
  private static func isTableAs(_ tokens: [Token]) -> Bool {
    var index = 2
    func word(_ ahead: Int = 0) -> String { tokens[min(index + ahead, tokens.count - 1)].upper }
    if word() == "IF", word(1) == "NOT", word(2) == "EXISTS" { index += 3 }
    index += 1
    while word() == ".", index < tokens.count { index += 2 }
    if word() == "(" { return word(2) == "," || word(2) == ")" }
    if word() == "COMMENT" { index += 2 }
    return word() == "WITH" || word() == "AS"
  }
}
