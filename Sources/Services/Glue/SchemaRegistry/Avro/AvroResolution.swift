/// Decides whether a reader's schema can read all data of a writer's, by Avro's rules of schema resolution.
struct AvroResolution {
  private let writer: AvroDocument
  private let reader: AvroDocument
  /// Pairs of records being compared: meeting one again inside itself adds no new condition.
  private var open: Set<String> = []
  private var stepsLeft = Limits.compatibilityStepsMax

  init(writer: AvroDocument, reader: AvroDocument) {
    self.writer = writer
    self.reader = reader
  }

  static func canRead(_ written: String, with reading: String) throws(SchemaSyntaxError) -> Bool {
    let writer = try AvroDocument(written)
    let reader = try AvroDocument(reading)
    var resolution = AvroResolution(writer: writer, reader: reader)
    return resolution.canRead(writer.root, with: reader.root)
  }

  private mutating func canRead(_ written: AvroSchema, with reading: AvroSchema) -> Bool {
    guard stepsLeft > 0, open.count <= Limits.compatibilityDepthMax else { return false }
    stepsLeft -= 1
    switch (written, reading) {
    case (.logical(_, let base), _), (.decimal(_, _, let base), _): return canRead(base, with: reading)
    case (_, .logical(_, let base)), (_, .decimal(_, _, let base)): return canRead(written, with: base)
    case (.union(let branches), _):
      for branch in branches where !canRead(branch, with: reading) { return false }
      return true
    case (_, .union(let branches)):
      for branch in branches where canRead(written, with: branch) { return true }
      return false
    case (.null, .null), (.boolean, .boolean): return true
    case (.int, .int), (.int, .long), (.int, .float), (.int, .double): return true
    case (.long, .long), (.long, .float), (.long, .double): return true
    case (.float, .float), (.float, .double), (.double, .double): return true
    case (.bytes, .bytes), (.bytes, .string), (.string, .string), (.string, .bytes): return true
    case (.array(let written), .array(let reading)), (.map(let written), .map(let reading)):
      return canRead(written, with: reading)
    case (.named(let writtenName), .named(let readingName)):
      return canRead(writtenName, with: readingName)
    default: return false
    }
  }

  private mutating func canRead(_ writtenName: String, with readingName: String) -> Bool {
    guard let written = writer.named[writtenName], let reading = reader.named[readingName],
      unqualified(writtenName) == unqualified(readingName)
        || reader.aliases[readingName, default: []].contains(where: { unqualified($0) == unqualified(writtenName) })
    else { return false }
    switch (written, reading) {
    case (.fixed(let writtenSize), .fixed(let readingSize)): return writtenSize == readingSize
    case (.enumeration(let writtenSymbols, _), .enumeration(let readingSymbols, let fallback)):
      return fallback != nil || writtenSymbols.allSatisfy(readingSymbols.contains)
    case (.record(let writtenFields), .record(let readingFields)):
      let pair = "\(writtenName)>\(readingName)"
      guard open.insert(pair).inserted else { return true }
      defer { open.remove(pair) }
      for field in readingFields {
        let source =
          writtenFields.first { $0.name == field.name } ?? writtenFields.first { field.aliases.contains($0.name) }
        if let source {
          guard canRead(source.type, with: field.type) else { return false }
        } else if !field.hasDefault {
          return false
        }
      }
      return true
    default: return false
    }
  }

  private func unqualified(_ name: String) -> Substring { name.split(separator: ".").last ?? "" }
}
