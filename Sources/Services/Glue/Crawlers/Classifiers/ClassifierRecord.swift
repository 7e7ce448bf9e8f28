import Kernel
import Lake
import SQL
import Storage

/// A custom classifier.
struct ClassifierRecord: Codable, Sendable, Hashable {
  struct CSV: Codable, Sendable, Hashable {
    var delimiter: String?
    var quote: String?
    /// `UNKNOWN`, `PRESENT` or `ABSENT`.
    var header: String?
    var names: [String]?
    var keepsSpaces: Bool?
    var allowsSingleColumn: Bool?
    var hasTypes: Bool?
    var types: [String]?
    var serde: String?
  }
  struct Grok: Codable, Sendable, Hashable {
    var classification: String
    var pattern: String
    var custom: String?
  }
  enum Kind: Codable, Sendable, Hashable {
    case grok(Grok)
    case json(path: String)
    case csv(CSV)
    case xml(classification: String, rowTag: String?)
  }

  var name: String
  var kind: Kind
  var created: Timestamp
  var updated: Timestamp
  var version: Int64 = 1

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "classifier", name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "classifier").subtree
  }

  /// What a sample is, where this classifier knows it.
  func schema(of text: TextSample) -> FileSchema? {
    switch kind {
    case .json(let path): JSONPath(path).flatMap { TextClassification.json(text, path: $0) }
    case .csv(let csv): csv.schema(of: text)
    case .grok(let grok): grok.schema(of: text)
    case .xml: nil
    }
  }
}

extension ClassifierRecord.CSV {
  func schema(of text: TextSample) -> FileSchema? {
    let delimiters = delimiter.flatMap(\.first).map { [$0] } ?? DelimitedText.delimiters
    let mark = quote.flatMap(\.first) ?? "\""
    var best: DelimitedText?
    for delimiter in delimiters {
      guard
        let found = DelimitedText(
          text.lines, delimiter: delimiter, quote: mark, allowSingleColumn: allowsSingleColumn ?? false)
      else { continue }
      if (best?.rows.first?.count ?? 0) < (found.rows.first?.count ?? 0) { best = found }
    }
    guard let best, let width = best.rows.first?.count else { return nil }
    if let names, !names.isEmpty, names.count != width { return nil }
    let hasHeader: Bool =
      switch header {
      case "PRESENT": true
      case "ABSENT": false
      default: best.hasHeader
      }
    let isQuoted = serde.map { $0 == "OpenCSVSerDe" } ?? best.isQuoted
    let delimiter = String(best.delimiter)
    var columns = best.columns(
      header: names.flatMap { $0.isEmpty ? nil : $0 } ?? (hasHeader ? best.rows.first : nil), skippingFirst: hasHeader,
      allText: isQuoted)
    if hasTypes == true, let types {
      for (index, type) in types.enumerated() where index < columns.count {
        columns[index].type = Self.hiveType(type) ?? columns[index].type
      }
    }
    return FileSchema(
      format: FileFormat(
        classification: "csv",
        rows: isQuoted ? .quoted(delimiter: delimiter, quote: String(mark)) : .delimited(delimiter),
        hasHeader: hasHeader),
      columns: columns)
  }

  /// The catalog's name of a custom data type.
  static func hiveType(_ name: String) -> String? {
    switch name.uppercased() {
    case "BINARY", "BOOLEAN", "DATE", "DOUBLE", "FLOAT", "INT", "STRING", "TIMESTAMP": name.lowercased()
    case "DECIMAL": "decimal(10,0)"
    case "LONG": "bigint"
    case "SHORT": "smallint"
    default: nil
    }
  }
}

extension ClassifierRecord.Grok {
  func schema(of text: TextSample) -> FileSchema? {
    guard let grok = try? GrokPattern(pattern, custom: custom), !grok.fields.isEmpty,
      let first = text.lines.first
    else { return nil }
    // The first line decides; the rest may hold what the pattern does not know.
    guard first.utf8.count <= CrawlLimits.grokLineBytesMax, grok.matches(String(first)) else { return nil }
    return FileSchema(
      format: FileFormat(classification: classification, rows: .grok(pattern: pattern, custom: custom)),
      columns: grok.fields.map { CrawledColumn($0.name.lowercased(), $0.type) })
  }
}
