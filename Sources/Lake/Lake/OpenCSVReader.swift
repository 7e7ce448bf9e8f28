import SQL

/// Reads CSV as OpenCSVSerde does, line by line: all fields are text first, then read as the column's type. A field
/// that is none of its type ends the query; DATE is a number of days and TIMESTAMP of milliseconds since the epoch.
struct OpenCSVReader {
  let scan: TableScan

  func reader(_ list: String, _ needed: [TableScan.Column]) throws(TableScan.Unreadable) -> TableScan.Reader {
    func character(_ name: String, _ otherwise: String) -> String {
      scan.serdeParameters[name].flatMap { $0.first.map { String($0) } } ?? otherwise
    }
    let separator = character("separatorChar", ",")
    let quote = character("quoteChar", "\"")
    // A quotation mark for an escape is how the SerDe says "not set", and then opencsv's own default holds.
    let set = character("escapeChar", "\"")
    let escape = set == "\"" ? "\\" : set
    var values: [String: String] = [:]
    for (index, column) in scan.columns.enumerated() where needed.contains(where: { $0.name == column.name }) {
      values[column.name] = try value("fields[\(index + 1)]", column, index)
    }
    let lines =
      "read_csv(\(list), auto_detect = false, header = false, hive_partitioning = false, strict_mode = false, "
      + "max_line_size = \(Limits.lineBytesMax), delim = \(DuckDBText.string(JSONReader.noSeparator)), quote = '', "
      + "escape = '', skip = \(try scan.headerLines()), columns = {'line': 'VARCHAR'})"
    let arguments = [separator, quote, escape].map(DuckDBText.string).joined(separator: ", ")
    return .init(
      source: "(SELECT tarn_csv_fields(line, \(arguments)) AS fields, filename, file_index FROM \(lines) "
        + "WHERE line IS NOT NULL)",
      values: values)
  }

  private func value(_ text: String, _ column: TableScan.Column, _ index: Int) throws(TableScan.Unreadable) -> String {
    let reading = TextValue(malformed: .fails("HIVE_BAD_DATA: Error parsing field value for field \(index): '"))
    switch column.type {
    case .string, .varchar, .char: return reading.value(text, column.type)
    case .date:
      return reading.guarded(text, "DATE '1970-01-01' + TRY_CAST(\(text) AS INTEGER)")
    case .timestamp:
      return reading.guarded(text, "TRY(make_timestamp(TRY_CAST(\(text) AS BIGINT) * 1000))")
    case let type where type.isNested || type == .binary:
      throw TableScan.Unreadable(
        "NOT_SUPPORTED: column \(column.name) of type \(type) cannot be read by OpenCSVSerde")
    default: return reading.value(text, column.type)
    }
  }
}
