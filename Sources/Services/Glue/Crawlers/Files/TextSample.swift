import SQL

/// The beginning of a text file.
struct TextSample {
  let bytes: [UInt8]
  /// Without the line that the sample cuts, and without empty ones.
  let lines: [Substring]
  private let lineBytes: Int

  /// - Returns: `nil` for bytes that are no text.
  init?(_ bytes: [UInt8], isWhole: Bool) {
    var bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
    if !isWhole, let end = bytes.lastIndex(of: UInt8(ascii: "\n")) { bytes.removeSubrange((end + 1)...) }
    self.bytes = bytes
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.unicodeScalars.lazy.filter({ $0 == "\u{FFFD}" }).count * 100 <= bytes.count else { return nil }
    var lines: [Substring] = []
    var count = 0
    for line in text.split(whereSeparator: \.isNewline) {
      if lines.count < CrawlLimits.sampleLinesMax { lines.append(line) }
      count += 1
    }
    self.lines = lines
    lineBytes = count > 0 ? max(1, bytes.count / count) : 1
  }

  /// The rows that a file of `size` bytes of such lines has.
  func records(size: Int64, isWhole: Bool, _ schema: FileSchema) -> Int64 {
    if case .json = schema.format.rows, !lines.allSatisfy({ $0.contains("{") }) { return 1 }
    let rows = size / Int64(lineBytes)
    return max(0, schema.format.hasHeader ? rows - 1 : rows)
  }
}

/// Asks the classifiers in their order: the crawler's own, then those that are built in.
struct TextClassification {
  let classifiers: [ClassifierRecord]

  func schema(of text: TextSample) -> FileSchema? {
    for classifier in classifiers {
      if let found = classifier.schema(of: text) { return found }
    }
    return Self.json(text, path: nil) ?? LogClassifier.schema(of: text) ?? Self.csv(text)
  }

  // MARK: JSON

  /// Lines of JSON, documents over several lines, or one array.
  static func json(_ text: TextSample, path: JSONPath?) -> FileSchema? {
    var sample = JSONSample(text.bytes)
    sample.skipSpace()
    guard !sample.isAtEnd, let first = text.bytes.first(where: { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }),
      first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    else { return nil }
    var type: HiveType
    if first == UInt8(ascii: "[") {
      guard let (element, count) = try? sample.elements(), count > 0 else { return nil }
      type = .array(element)
    } else {
      type = .unseen
      var documents = 0
      while documents < CrawlLimits.sampleLinesMax * 10 {
        sample.skipSpace()
        if sample.isAtEnd { break }
        do {
          type = type.merged(with: try sample.document())
        } catch {
          // The sample may end within a document; anything else is no JSON.
          guard error.isCut, documents > 0 else { return nil }
          break
        }
        documents += 1
      }
    }
    if let path {
      guard let found = path.type(in: type) else { return nil }
      type = found
    } else if case .array = type {
      return FileSchema(
        format: FileFormat(classification: "json", rows: .json(path: nil)), columns: [CrawledColumn("array", type)])
    }
    guard case .structure(let fields) = type else { return nil }
    return FileSchema(
      format: FileFormat(classification: "json", rows: .json(path: path?.text)),
      columns: fields.map { CrawledColumn($0.name.lowercased(), $0.type) })
  }

  // MARK: CSV

  static func csv(_ text: TextSample) -> FileSchema? {
    var best: DelimitedText?
    for delimiter in DelimitedText.delimiters {
      guard let found = DelimitedText(text.lines, delimiter: delimiter, quote: "\""), found.rows.count > 1 else {
        continue
      }
      if (best?.rows.first?.count ?? 0) < (found.rows.first?.count ?? 0) { best = found }
    }
    guard let best else { return nil }
    let hasHeader = best.hasHeader
    let delimiter = String(best.delimiter)
    return FileSchema(
      format: FileFormat(
        classification: "csv", rows: best.isQuoted ? .quoted(delimiter: delimiter, quote: "\"") : .delimited(delimiter),
        hasHeader: hasHeader),
      columns: best.columns(
        header: hasHeader ? best.rows.first : nil, skippingFirst: hasHeader, allText: best.isQuoted))
  }
}
