import SQL

/// Reads lines of JSON as Hive's SerDes do: names match without regard to case, a value of another type is NULL, text
/// for a string column is taken as it stands whatever it is.
struct JSONReader {
  let scan: TableScan

  /// No line holds this, so each line is one field.
  static let noSeparator = "\u{1F}\u{1E}\u{1D}\u{1}"

  func reader(_ list: String, _ needed: [TableScan.Column]) throws(TableScan.Unreadable) -> TableScan.Reader {
    let parameters = Dictionary(
      scan.serdeParameters.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
    func isSet(_ name: String, otherwise: Bool) -> Bool {
      parameters[name].map { $0.lowercased() == "true" } ?? otherwise
    }
    let openX = try TableFormatKind(serde: scan.serde, inputFormat: scan.inputFormat) == .openXJSON
    let ignoresCase = !openX || isSet("case.insensitive", otherwise: true)
    var flags = ignoresCase ? "i" : ""
    if openX, isSet("dots.in.keys", otherwise: false) { flags += "d" }
    if openX, isSet("ignore.malformed.json", otherwise: false) { flags += "n" }

    var keys: [String] = []
    var values: [String: String] = [:]
    // Hive's own SerDe refuses what OpenX passes over.
    let text = TextValue(
      malformed: openX ? .null : .fails("HIVE_BAD_DATA: Error parsing field value '"))
    for column in needed {
      let given = openX ? parameters["mapping." + column.name] ?? column.name : column.name
      let key = ignoresCase ? given.lowercased() : given
      // Members of structs are found by their names in lower case; the keys of maps are data and stay.
      let folds = ignoresCase && column.type.hasStructure && !column.type.hasMap
      let entry = (folds ? "~" : "=") + key
      let position = keys.firstIndex(of: entry) ?? keys.count
      if position == keys.count { keys.append(entry) }
      let field = "fields[\(position + 1)]"
      values[column.name] =
        column.type.isNested
        ? text.guarded(field, "TRY(json_transform(\(field), \(DuckDBText.string(Self.structure(column.type)))))")
        : text.value(field, column.type)
    }
    let list =
      "read_csv(\(list), auto_detect = false, header = false, hive_partitioning = false, strict_mode = false, "
      + "max_line_size = \(Limits.lineBytesMax), delim = \(DuckDBText.string(Self.noSeparator)), quote = '', "
      + "escape = '', columns = {'line': 'VARCHAR'})"
    let names = keys.map(DuckDBText.string).joined(separator: ", ")
    let fields = "tarn_json_fields(line, CAST([\(names)] AS VARCHAR[]), '\(flags)')"
    return .init(
      source: "(SELECT \(fields) AS fields, filename, file_index FROM \(list) WHERE trim(line) <> '')", values: values)
  }

  /// The shape that `json_transform` reads a nested value by: JSON itself, types by name.
  static func structure(_ type: HiveType) -> String {
    switch type {
    case .array(let element): "[\(structure(element))]"
    case .structure(let fields):
      "{" + fields.map { "\(quote($0.name.lowercased())):\(structure($0.type))" }.joined(separator: ",") + "}"
    default: quote(type.duckDBName)
    }
  }

  private static func quote(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
