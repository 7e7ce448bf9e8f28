/// Which tables of a database a crawler looks at: `database/schema/table`, where `%` stands for any run of characters
/// in the name of a schema or a table.
///
/// Source: AWS Glue, "Include and exclude patterns" for JDBC data stores.
package struct IncludePath: Hashable, Sendable {
  package var database: String
  package var schema: String
  package var table: String

  /// - Returns: `nil` for more than three names, an empty one, or a database with `%`.
  package init?(_ text: String) {
    var names = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if names.count > 1, names.last == "" { names.removeLast() }
    guard (1...3).contains(names.count), !names.contains(""), !names[0].contains("%"), !text.utf8.contains(0) else {
      return nil
    }
    database = names[0]
    schema = names.count > 1 ? names[1] : "%"
    table = names.count > 2 ? names[2] : "%"
  }

  /// What exclusions are held against: the names below the part of the path that is fixed.
  package func relative(schema: String, table: String) -> String {
    self.schema.contains("%") ? "\(schema)/\(table)" : table
  }

  /// Whether a table of the database is looked at.
  package func includes(schema: String, table: String) -> Bool {
    Self.matches(self.schema, schema) && Self.matches(self.table, table)
  }

  /// A name as the pattern of SQL's LIKE, where `_` means itself.
  package static func likePattern(_ name: String) -> String {
    var pattern = ""
    for character in name.unicodeScalars {
      if character == "_" || character == "\\" { pattern += "\\" }
      pattern.unicodeScalars.append(character)
    }
    return pattern
  }

  private static func matches(_ pattern: String, _ name: String) -> Bool {
    let pieces = pattern.split(separator: "%", omittingEmptySubsequences: false)
    guard pieces.count > 1 else { return pattern == name }
    guard let first = pieces.first, let last = pieces.last, name.hasPrefix(first) else { return false }
    var rest = name.dropFirst(first.count)
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let found = rest.firstRange(of: piece) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}
