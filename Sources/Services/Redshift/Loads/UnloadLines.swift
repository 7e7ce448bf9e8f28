import Engine
import SQL

/// A row of UNLOAD's text formats as one line.
struct UnloadLines {
  let delimiter: String
  private let columns: [QueryResult.Column]
  private let isCSV: Bool
  private let nullText: String
  private let quotes: Bool
  private let escapes: Bool
  /// A width for each column, of FIXEDWIDTH.
  private let widths: [Int]?

  init(_ unload: RedshiftUnload, format: String, columns: [QueryResult.Column]) throws {
    self.columns = columns
    isCSV = format == "CSV"
    delimiter =
      unload.option("DELIMITER")?.values.first.map(CopyOptions.unescaped) ?? (format == "CSV" ? "," : "|")
    nullText = unload.option("NULL")?.values.first ?? (format == "CSV" ? "" : "\\N")
    quotes = unload.option("ADDQUOTES") != nil
    escapes = unload.option("ESCAPE") != nil
    guard let text = unload.option("FIXEDWIDTH")?.values.first else {
      widths = nil
      return
    }
    let given = try CopyOptions.widths(text)
    guard given.count == columns.count else {
      throw SQLFailure("42601", "FIXEDWIDTH names \(given.count) columns and the query has \(columns.count)")
    }
    widths = given.map(\.length)
  }

  /// An expression for the line; columns are `c0`, `c1`, ….
  func line(_ kept: [Int]) -> String {
    if let widths {
      let fields = kept.map { index -> String in
        // Nothing is cut off: a value that does not fit is an error.
        let text = "coalesce(\(Self.text("c\(index)", columns[index].type)), '')"
        let wide = Fitting.failure("22001", "Value too long for its FIXEDWIDTH column")
        let width = widths[index]
        return "CASE WHEN length(\(text)) <= \(width) THEN rpad(\(text), \(width), ' ') ELSE \(wide) END"
      }
      return fields.isEmpty ? "''" : fields.joined(separator: " || ")
    }
    let values = kept.map { field($0) }
    return values.isEmpty ? "''" : values.joined(separator: " || \(DuckDBText.string(delimiter)) || ")
  }

  private func field(_ index: Int) -> String {
    let holdsText = columns[index].type.holdsText
    var text = Self.text("c\(index)", columns[index].type)
    let missing = DuckDBText.string(nullText)
    if isCSV {
      guard holdsText else { return "coalesce(\(text), \(missing))" }
      let separator = DuckDBText.string(delimiter)
      return
        "coalesce(CASE WHEN contains(\(text), \(separator)) OR contains(\(text), '\"') OR contains(\(text), chr(10)) "
        + "OR contains(\(text), chr(13)) OR \(text) = '' THEN \(Self.quoted(text)) ELSE \(text) END, \(missing))"
    }
    if escapes, holdsText {
      // The backslash first, so that those which are put in stay single.
      var marks = ["\\", "\n", "\r", delimiter]
      if quotes { marks += ["\"", "'"] }
      for mark in marks {
        text = "replace(\(text), \(DuckDBText.string(mark)), \(DuckDBText.string("\\" + mark)))"
      }
    }
    if quotes { return "coalesce(\(escapes ? "'\"' || \(text) || '\"'" : Self.quoted(text)), \(missing))" }
    return "coalesce(\(text), \(missing))"
  }

  private static func quoted(_ text: String) -> String { "'\"' || replace(\(text), '\"', '\"\"') || '\"'" }

  private static func text(_ value: String, _ type: EngineType) -> String {
    switch type {
    case .boolean: "CASE WHEN \(value) THEN 't' WHEN NOT \(value) THEN 'f' END"
    case .blob: "lower(hex(\(value)))"
    default: "CAST(\(value) AS VARCHAR)"
    }
  }
}

extension EngineType {
  fileprivate var holdsText: Bool {
    switch self {
    case .varchar, .json, .list, .structure, .map, .enumeration: true
    default: false
    }
  }
}
