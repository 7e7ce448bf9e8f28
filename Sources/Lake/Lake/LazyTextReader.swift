import SQL

/// Reads delimited text as LazySimpleSerDe does: no quotation marks, an escape where one is set, missing fields NULL,
/// further fields dropped, text that is none of a column's type NULL.
struct LazyTextReader {
  let scan: TableScan

  func reader(_ list: String, _ needed: [TableScan.Column]) throws(TableScan.Unreadable) -> TableScan.Reader {
    let field = Self.separator(
      scan.serdeParameters["field.delim"] ?? scan.serdeParameters["serialization.format"], "\u{1}")
    let item = Self.separator(
      scan.serdeParameters["collection.delim"] ?? scan.serdeParameters["colelction.delim"], "\u{2}")
    let key = Self.separator(scan.serdeParameters["mapkey.delim"], "\u{3}")
    let null = scan.serdeParameters["serialization.null.format"] ?? "\\N"
    let escape = scan.serdeParameters["escape.delim"] ?? ""
    var values: [String: String] = [:]
    var names: [String] = []
    for (index, column) in scan.columns.enumerated() {
      let text = "c\(index)"
      names.append("'\(text)': 'VARCHAR'")
      guard needed.contains(where: { $0.name == column.name }), values[column.name] == nil else { continue }
      values[column.name] = try value(text, column, item: item, key: key)
    }
    if names.isEmpty { names = ["'c0': 'VARCHAR'"] }
    return .init(
      source: "read_csv(\(list), auto_detect = false, header = false, hive_partitioning = false, "
        + "null_padding = true, strict_mode = false, max_line_size = \(Limits.lineBytesMax), "
        + "delim = \(DuckDBText.string(field)), quote = '', escape = \(DuckDBText.string(escape)), "
        + "nullstr = \(DuckDBText.string(null)), skip = \(try scan.headerLines()), "
        + "columns = {\(names.joined(separator: ", "))})",
      values: values)
  }

  /// A separator as it is written in the parameters: the character, or its code in decimal.
  private static func separator(_ text: String?, _ otherwise: String) -> String {
    guard let text, !text.isEmpty else { return otherwise }
    if text.count == 1, !("0"..."9").contains(text) { return text }
    if let code = UInt8(text), code < 128 { return String(UnicodeScalar(code)) }
    switch text {
    case "\\t": return "\t"
    case "\\n": return "\n"
    default: return text
    }
  }

  private func value(
    _ text: String, _ column: TableScan.Column, item: String, key: String
  ) throws(TableScan.Unreadable) -> String {
    let plain = TextValue(malformed: .null)
    let (item, key) = (DuckDBText.string(item), DuckDBText.string(key))
    let items = "CASE WHEN \(text) = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(\(text), \(item)) END"
    switch column.type {
    case .array(let element) where !element.isNested:
      return "list_transform(\(items), lambda e: \(plain.value("e", element)))"
    case .map(let name, let value) where !name.isNested && !value.isNested:
      let entry =
        "struct_pack(k := \(plain.value("split_part(e, \(key), 1)", name)), "
        + "v := \(plain.value("split_part(e, \(key), 2)", value)))"
      return
        "CASE WHEN \(text) IS NULL THEN NULL ELSE map_from_entries(list_transform(\(items), lambda e: \(entry))) END"
    case .structure(let fields) where !fields.contains(where: { $0.type.isNested }):
      let members = fields.enumerated().map { index, field in
        "\(DuckDBText.identifier(field.name.lowercased())) := "
          + plain.value("(string_split(\(text), \(item)))[\(index + 1)]", field.type)
      }
      return "CASE WHEN \(text) IS NULL THEN NULL ELSE struct_pack(\(members.joined(separator: ", "))) END"
    case let type where type.isNested:
      throw TableScan.Unreadable(
        "NOT_SUPPORTED: text of type \(type) in column \(column.name) is not implemented by Tarn yet")
    default: return plain.value(text, column.type)
    }
  }
}
