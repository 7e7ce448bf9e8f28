import Engine
import LakeFiles
import SQL

/// What COPY reads: rows of fields, as the engine's readers give them.
struct CopySource: Sendable {
  var options: CopyOptions
  var columns: [CatalogColumn]
  /// Of a jsonpaths file.
  var paths: [String] = []
  /// The columns of a file that says what it holds.
  var fileColumns: [FileColumn] = []

  struct FileColumn: Sendable {
    var name: String
    var type: EngineType
  }

  /// Whether the fields are texts that must be read as the columns' types.
  var isText: Bool { !options.isColumnar }

  /// Fields `f0`, `f1`, … of all rows of the files.
  /// - Parameter strictly: rows with too many or too few fields are errors of the reader, not filled up or passed over.
  func rows(_ files: [LoadFile], strictly: Bool = true) -> String {
    let list = "[" + files.map { DuckDBText.string(location(of: $0)) }.joined(separator: ", ") + "]"
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
        + ", compression = '\(isDecoded ? "uncompressed" : options.compression ?? "uncompressed")')"
      let items = columns.enumerated().map { index, column in "\(field(column, index, kind)) AS f\(index)" }
      return "SELECT \(items.joined(separator: ", ")) FROM \(objects)"
    case .parquet:
      let items = zip(fileColumns, fields).map { "\(DuckDBText.identifier($0.name)) AS \($1)" }
      return "SELECT \(items.joined(separator: ", ")) FROM read_parquet(\(list), hive_partitioning = false)"
    case .orc:
      let items = zip(fileColumns, fields).map { "\(DuckDBText.identifier($0.name)) AS \($1)" }
      return "SELECT \(items.joined(separator: ", ")) FROM tarn_records('orc', \(list))"
    case .avro(let kind):
      let items = columns.enumerated().map { index, column in "\(avroField(column, index, kind)) AS f\(index)" }
      return "SELECT \(items.joined(separator: ", ")) FROM tarn_records('avro', \(list))"
    }
  }

  /// The question what a file's columns are; `nil` for a format that does not say.
  func description(of file: LoadFile) -> String? {
    let list = "[\(DuckDBText.string(location(of: file)))]"
    return switch options.format {
    case .parquet: "SELECT * FROM read_parquet(\(list), hive_partitioning = false)"
    case .orc: "SELECT * FROM tarn_records('orc', \(list))"
    case .avro: "SELECT * FROM tarn_records('avro', \(list))"
    default: nil
    }
  }

  /// The lines of a file as they are.
  func lines(of file: LoadFile) -> String {
    var plain = self
    plain.options.escape = false
    plain.options.removeQuotes = false
    return "SELECT line FROM \(plain.lines("[\(DuckDBText.string(plain.location(of: file)))]"))"
  }

  /// Whether the files are made readable on their way to the engine.
  private var isDecoded: Bool {
    guard isText else { return false }
    if case .avro = options.format { return options.compression != nil }
    return options.isRewritten || options.replacement != nil || ["bzip2", "lzop"].contains(options.compression)
  }

  /// Where the engine finds a file, with what is done to its bytes on the way (`decoded://…`).
  private func location(of file: LoadFile) -> String {
    guard isDecoded else { return file.path.pattern }
    func hex(_ text: String) -> String { text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    var words: [String] = []
    if let compression = options.compression { words.append(compression) }
    if let replacement = options.replacement { words.append("invalid:\(hex(replacement))") }
    if options.isRewritten {
      words += [
        "fields:\(columns.count)", "delimiter:\(hex(options.delimiter))", "null:\(hex(options.nullText))",
      ]
      if options.escape { words.append("escape") }
      if options.removeQuotes { words.append("unquote") }
      if options.ignoreBlankLines { words.append("noblank") }
    }
    return "decoded://\(words.joined(separator: ","))/\(file.path)"
  }

  /// How the engine is told that the files are compressed.
  private var engineCompression: String { isDecoded ? "none" : options.compression ?? "none" }

  private func csv(_ list: String, _ fields: [String], _ strictly: Bool) -> String {
    let types = fields.map { "'\($0)': 'VARCHAR'" }.joined(separator: ", ")
    let rewritten = options.isRewritten
    let quote = rewritten ? "'\"'" : options.format == .csv ? DuckDBText.string(options.quote) : "''"
    let delimiter = rewritten ? "','" : DuckDBText.string(options.delimiter)
    return "read_csv(\(list), auto_detect = false, header = false, skip = \(options.headerLines), "
      + "delim = \(delimiter), quote = \(quote), escape = \(quote), nullstr = \(DuckDBText.string("\u{1}\u{1}")), "
      + "hive_partitioning = false, compression = '\(engineCompression)', null_padding = \(options.fillRecord), "
      + "max_line_size = 4194304, buffer_size = 16777216, ignore_errors = \(!strictly), columns = {\(types)})"
  }

  private func lines(_ list: String) -> String {
    "read_csv(\(list), auto_detect = false, header = false, skip = \(options.headerLines), "
      + "delim = '\u{1}', quote = '', "
      + "escape = '', nullstr = \(DuckDBText.string("\u{2}\u{2}")), compression = '\(engineCompression)', "
      + "hive_partitioning = false, max_line_size = 4194304, buffer_size = 16777216, columns = {'line': 'VARCHAR'})"
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

  /// A field of an Avro file's records, as text.
  private func avroField(_ column: CatalogColumn, _ index: Int, _ kind: String) -> String {
    let isSuper = column.type.type == .super
    guard kind.lowercased().hasPrefix("auto") else {
      guard index < paths.count else { return "NULL" }
      let members = fileColumns.map { "\(DuckDBText.identifier($0.name)) := \(DuckDBText.identifier($0.name))" }
      let record = "to_json(struct_pack(\(members.joined(separator: ", "))))"
      return "\(isSuper ? "json_extract" : "json_extract_string")(\(record), \(DuckDBText.string(paths[index])))"
    }
    // As Redshift's: names match exactly, unless the statement says otherwise.
    let ignoresCase = kind.lowercased() == "auto ignorecase"
    guard
      let found = fileColumns.first(where: {
        $0.name == column.name || (ignoresCase && $0.name.lowercased() == column.name)
      })
    else { return "CAST(NULL AS VARCHAR)" }
    let field = DuckDBText.identifier(found.name)
    if isSuper { return "CAST(to_json(\(field)) AS VARCHAR)" }
    switch found.type {
    case .blob: return column.type.type.isVarbyte ? "hex(\(field))" : "TRY(decode(\(field)))"
    case .list, .structure, .map: return "CAST(to_json(\(field)) AS VARCHAR)"
    default: return "CAST(\(field) AS VARCHAR)"
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

extension RedshiftType {
  fileprivate var isVarbyte: Bool { if case .varbyte = self { true } else { false } }
}
