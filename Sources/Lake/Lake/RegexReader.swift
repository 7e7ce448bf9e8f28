import SQL

/// Reads lines as Hive's RegexSerDe does: the groups of a pattern are the columns, one after another. A line that does
/// not match as a whole is a row of NULLs, a column without a group is NULL, and so is text that is none of a column's
/// type. The same for the SerDe of AWS Glue's grok classifiers, whose pattern names the columns.
struct RegexReader {
  let scan: TableScan

  func reader(_ list: String, _ needed: [TableScan.Column]) throws(TableScan.Unreadable) -> TableScan.Reader {
    let (pattern, names) = try expression()
    let ignoresCase = scan.serdeParameters["input.regex.case.insensitive"]?.lowercased() == "true"
    var values: [String: String] = [:]
    for (index, column) in scan.columns.enumerated() where needed.contains(where: { $0.name == column.name }) {
      guard !column.type.isNested, column.type != .binary else {
        throw TableScan.Unreadable(
          "HIVE_INVALID_METADATA: RegexSerDe doesn't allow column [\(column.name)] of type \(column.type)")
      }
      let group = names.map { $0.firstIndex(of: column.name) ?? $0.count } ?? index
      values[column.name] = TextValue(malformed: .null).value("fields[\(group + 1)]", column.type)
    }
    let lines =
      "read_csv(\(list), auto_detect = false, header = false, hive_partitioning = false, strict_mode = false, "
      + "max_line_size = \(Limits.lineBytesMax), delim = \(DuckDBText.string(JSONReader.noSeparator)), quote = '', "
      + "escape = '', skip = \(try scan.headerLines()), columns = {'line': 'VARCHAR'})"
    let arguments = [pattern, ignoresCase ? "i" : ""].map(DuckDBText.string).joined(separator: ", ")
    // An empty line is one like any other: it matches or is a row of NULLs.
    return .init(
      source: "(SELECT tarn_regex_fields(coalesce(line, ''), \(arguments)) AS fields, filename, file_index "
        + "FROM \(lines))",
      values: values)
  }

  /// The regular expression; of a grok pattern also the names of its groups, in lower case.
  private func expression() throws(TableScan.Unreadable) -> (pattern: String, names: [String]?) {
    if scan.serde == Self.grok {
      guard let text = scan.serdeParameters["input.format"] else {
        throw TableScan.Unreadable("HIVE_INVALID_METADATA: This table does not have serde property \"input.format\"!")
      }
      do {
        let grok = try GrokPattern(text, custom: scan.serdeParameters["input.grokCustomPatterns"])
        return (grok.expression, grok.fields.map { $0.name.lowercased() })
      } catch {
        throw TableScan.Unreadable("HIVE_INVALID_METADATA: \(error.message)")
      }
    }
    guard let pattern = scan.serdeParameters["input.regex"] else {
      throw TableScan.Unreadable("HIVE_INVALID_METADATA: This table does not have serde property \"input.regex\"!")
    }
    return (pattern, nil)
  }

  static let grok = "com.amazonaws.glue.serde.GrokSerDe"
}
