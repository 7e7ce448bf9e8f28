import LakeFiles
import SQL

/// What COPY reads: rows of fields, as the engine's readers give them.
struct CopySource: Sendable {
  var options: CopyOptions
  var columns: [CatalogColumn]
  /// Of a jsonpaths file.
  var paths: [String] = []
  /// The names of a Parquet file's columns.
  var fileColumns: [String] = []

  /// Whether the fields are texts that must be read as the columns' types.
  var isText: Bool { options.format != .parquet }

  /// Fields `f0`, `f1`, … of all rows of the files.
  /// - Parameter strictly: rows with too many or too few fields are errors of the reader, not filled up or passed over.
  func rows(_ files: [LoadFile], strictly: Bool = true) -> String {
    let list = "[" + files.map { DuckDBText.string($0.path.pattern) }.joined(separator: ", ") + "]"
    let fields = columns.indices.map { "f\($0)" }
    switch options.format {
    case .csv, .delimited: return "SELECT \(fields.joined(separator: ", ")) FROM \(csv(list, fields, strictly))"
    case .fixedWidth(let widths):
      var start = 1
      var items: [String] = []
      for (index, width) in widths.enumerated() where index < fields.count {
        items.append("rtrim(substr(line, \(start), \(width.length)), ' ') AS f\(index)")
        start += width.length
      }
      return "SELECT \(items.joined(separator: ", ")) FROM \(lines(list))"
    case .json(let kind):
      let objects =
        "read_json_objects(\(list), format = 'unstructured', maximum_object_size = 8388608"
        + ", compression = '\(options.compression ?? "uncompressed")')"
      let items = columns.enumerated().map { index, column in "\(field(column, index, kind)) AS f\(index)" }
      return "SELECT \(items.joined(separator: ", ")) FROM \(objects)"
    case .parquet:
      let items = zip(fileColumns, fields).map { "\(DuckDBText.identifier($0)) AS \($1)" }
      return "SELECT \(items.joined(separator: ", ")) FROM read_parquet(\(list))"
    }
  }

  /// The lines of a file as they are.
  func lines(of file: LoadFile) -> String { "SELECT line FROM \(lines("[\(DuckDBText.string(file.path.pattern))]"))" }

  private func csv(_ list: String, _ fields: [String], _ strictly: Bool) -> String {
    let types = fields.map { "'\($0)': 'VARCHAR'" }.joined(separator: ", ")
    let quoted = options.format == .csv
    return "read_csv(\(list), auto_detect = false, header = false, skip = \(options.headerLines), "
      + "delim = \(DuckDBText.string(options.delimiter)), quote = \(quoted ? DuckDBText.string(options.quote) : "''"), "
      + "escape = \(quoted ? DuckDBText.string(options.quote) : "''"), nullstr = \(DuckDBText.string("\u{1}\u{1}")), "
      + "compression = '\(options.compression ?? "none")', null_padding = \(options.fillRecord), "
      + "max_line_size = 4194304, buffer_size = 16777216, ignore_errors = \(!strictly), columns = {\(types)})"
  }

  private func lines(_ list: String) -> String {
    "read_csv(\(list), auto_detect = false, header = false, skip = \(options.headerLines), "
      + "delim = '\u{1}', quote = '', "
      + "escape = '', nullstr = \(DuckDBText.string("\u{2}\u{2}")), compression = '\(options.compression ?? "none")', "
      + "max_line_size = 4194304, buffer_size = 16777216, columns = {'line': 'VARCHAR'})"
  }

  private func field(_ column: CatalogColumn, _ index: Int, _ kind: String) -> String {
    let extract = column.type.type == .super ? "json_extract" : "json_extract_string"
    switch kind.lowercased() {
    case "auto": return "\(extract)(json, \(DuckDBText.string(Self.path(column.name))))"
    case "auto ignorecase":
      let key = "list_filter(json_keys(json), lambda k: lower(k) = \(DuckDBText.string(column.name)))[1]"
      return "CASE WHEN \(key) IS NOT NULL THEN \(extract)(json, '$.\"' || \(key) || '\"') END"
    case "noshred": return "json"
    default: return index < paths.count ? "\(extract)(json, \(DuckDBText.string(paths[index])))" : "NULL"
    }
  }

  private static func path(_ name: String) -> String { "$.\"" + name.replacing("\"", with: "\\\"") + "\"" }

  /// A jsonpaths file's paths in the engine's form: `$['a']['b'][0]` is `$."a"."b"[0]`.
  static func enginePath(_ text: String) throws(SQLFailure) -> String {
    guard text.hasPrefix("$") else { throw SQLFailure("42601", "Invalid JSONPath format: \(text)") }
    var result = "$"
    var rest = text.dropFirst()
    while let first = rest.first {
      switch first {
      case ".":
        let name = rest.dropFirst().prefix { $0 != "." && $0 != "[" }
        rest = rest.dropFirst(1 + name.count)
        if name.isEmpty, rest.isEmpty { break }
        result += ".\"\(name.replacing("\"", with: "\\\""))\""
      case "[":
        guard let end = rest.firstIndex(of: "]") else {
          throw SQLFailure("42601", "Invalid JSONPath format: \(text)")
        }
        let inner = rest[rest.index(after: rest.startIndex)..<end].trimming { $0.isWhitespace }
        rest = rest[rest.index(after: end)...]
        if let number = Int(inner) {
          result += "[\(number)]"
        } else if inner.count >= 2, let quote = inner.first, quote == "'" || quote == "\"" {
          result += ".\"\(inner.dropFirst().dropLast().replacing("\"", with: "\\\""))\""
        } else {
          throw SQLFailure("42601", "Invalid JSONPath format: \(text)")
        }
      default: throw SQLFailure("42601", "Invalid JSONPath format: \(text)")
      }
    }
    return result
  }
}
