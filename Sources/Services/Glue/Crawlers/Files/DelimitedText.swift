import SQL

/// Finds out whether lines are delimited text, by what, and what their columns are.
///
/// Source: AWS Glue, "Built-in CSV classifier": at least two columns and two rows, the same number of columns in
/// every row but for the last column's trailing delimiter, and the rule for headers.
package struct DelimitedText {
  /// Ctrl-A, comma, pipe, tab and semicolon, which the built-in classifier tries.
  static let delimiters: [Character] = [",", "|", "\t", ";", "\u{1}"]

  var delimiter: Character
  var quote: Character?
  package var rows: [[String]]
  package var isQuoted: Bool

  /// - Returns: `nil` when the lines are no rows of the delimiter.
  package init?(_ lines: [Substring], delimiter: Character, quote: Character?, allowSingleColumn: Bool = false) {
    self.delimiter = delimiter
    self.quote = quote
    rows = []
    isQuoted = false
    for line in lines {
      guard let (fields, quoted) = Self.fields(line, delimiter, quote) else { return nil }
      if quoted { isQuoted = true }
      guard let first = rows.first else {
        guard fields.count > 1 || allowSingleColumn else { return nil }
        rows.append(fields)
        continue
      }
      guard fields.count == first.count else { return nil }
      rows.append(fields)
    }
    guard !rows.isEmpty else { return nil }
  }

  /// The fields of a line, and whether any stood in quotation marks; `nil` when a mark is never closed.
  static func fields(_ line: Substring, _ delimiter: Character, _ quote: Character?) -> ([String], Bool)? {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var inside = false
    var wasQuoted = false
    var index = line.startIndex
    while index < line.endIndex {
      let character = line[index]
      let next = line.index(after: index)
      if inside {
        if character == quote {
          if next < line.endIndex, line[next] == quote {
            field.append(character)
            index = line.index(after: next)
            continue
          }
          inside = false
        } else {
          field.append(character)
        }
      } else if character == quote, field.allSatisfy(\.isWhitespace), !wasQuoted {
        field = ""
        (inside, wasQuoted, isQuoted) = (true, true, true)
      } else if character == delimiter {
        fields.append(field)
        (field, wasQuoted) = ("", false)
      } else {
        field.append(character)
      }
      index = next
    }
    guard !inside else { return nil }
    fields.append(field)
    return (fields, isQuoted)
  }

  /// The narrowest type that holds a value; of nothing, none.
  static func type(_ text: String) -> HiveType {
    let text = text.trimmingSpaces
    if text.isEmpty { return .unseen }
    guard let first = text.utf8.first else { return .unseen }
    switch first {
    case 48...57, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
      if Int64(text) != nil { return .bigint }
      let isPlain = text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
      return isPlain && Double(text) != nil ? .double : .string
    default:
      let lower = text.lowercased()
      return lower == "true" || lower == "false" ? .boolean : .string
    }
  }

  /// Whether the first row names the columns: text in every field, none too long, and some row below of another type.
  package var hasHeader: Bool {
    guard let first = rows.first, rows.count > 1 else { return false }
    let names = first.map(\.trimmingSpaces)
    for (index, name) in names.enumerated() {
      // A trailing delimiter leaves the last one empty.
      if name.isEmpty, index == names.count - 1 { continue }
      guard Self.type(name) == .string, name.count < CrawlLimits.headerFieldCharactersMax else { return false }
    }
    guard Set(names.map { $0.lowercased() }).count == names.count else { return false }
    return rows.dropFirst().contains { row in row.contains { ![.string, .unseen].contains(Self.type($0)) } }
  }

  /// The columns below a header, or named `col0`, `col1` … without one.
  func columns(header: [String]?, skippingFirst: Bool, allText: Bool) -> [CrawledColumn] {
    let body = skippingFirst ? rows.dropFirst() : rows[...]
    var types = [HiveType](repeating: .unseen, count: rows.first?.count ?? 0)
    for row in body {
      for (index, text) in row.enumerated() where types[index] != .string {
        types[index] = types[index].merged(with: Self.type(text))
      }
    }
    var names: Set<String> = []
    return types.prefix(CrawlLimits.columnsMax).enumerated().map { index, type in
      var name = (header.flatMap { index < $0.count ? $0[index] : nil } ?? "").trimmingSpaces.lowercased()
      if name.isEmpty || !names.insert(name).inserted {
        name = "col\(index)"
        names.insert(name)
      }
      return CrawledColumn(name, allText ? .string : type)
    }
  }
}

extension String {
  var trimmingSpaces: String {
    guard first?.isWhitespace == true || last?.isWhitespace == true else { return self }
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
