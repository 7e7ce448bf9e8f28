import SQL

/// COPY's options, read and checked.
struct CopyOptions: Sendable {
  enum Format: Sendable, Equatable {
    case csv
    case delimited
    case fixedWidth([(name: String?, length: Int)])
    /// `auto`, `auto ignorecase`, `noshred`, or a jsonpaths file.
    case json(String)
    /// `auto`, `auto ignorecase`, or a jsonpaths file.
    case avro(String)
    case orc
    case parquet

    static func == (left: Format, right: Format) -> Bool { "\(left)" == "\(right)" }
  }
  var format = Format.delimited
  var delimiter = "|"
  var quote = "\""
  /// `gzip`, `zstd`, `bzip2` or `lzop`.
  var compression: String?
  var isManifest = false
  var headerLines = 0
  var nullText = "\\N"
  var emptyAsNull = false
  var blanksAsNull = false
  var trimBlanks = false
  var truncateColumns = false
  var removeQuotes = false
  var escape = false
  var fillRecord = false
  var ignoreBlankLines = false
  var acceptAnyDate = false
  /// What stands in the place of invalid UTF-8; `nil` for an error.
  var replacement: String?
  var rounds = false
  var explicitIDs = false
  var maxErrors = 0
  var noLoad = false
  var dateFormat: String?
  var timeFormat: String?
  var serializeToJSON = false

  /// Whether the fields are found before the engine reads them: what stands for NULL is known then.
  var isRewritten: Bool { escape || removeQuotes }

  /// Whether each file is one of columns, which are the table's one after another.
  var isColumnar: Bool { format == .parquet || format == .orc }

  /// Where the file lies that says which parts of a document are the columns.
  var pathsFile: String? {
    switch format {
    case .json(let kind), .avro(let kind): kind.hasPrefix("s3://") ? kind : nil
    default: nil
    }
  }

  init(_ options: [RedshiftOption]) throws(SQLFailure) {
    for option in options {
      let first = option.values.first
      switch option.name {
      case "FORMAT": try set(format: option.values)
      case "CSV":
        format = .csv
        delimiter = ","
        if option.values.count > 1, option.values[0].uppercased() == "QUOTE" { quote = option.values[1] }
      case "JSON": format = .json(first ?? "auto")
      case "PARQUET": format = .parquet
      case "ORC": format = .orc
      case "AVRO": format = .avro(first ?? "auto")
      case "SHAPEFILE": throw SQLFailure("0A000", "COPY of \(option.name) is not implemented by Tarn yet")
      case "FIXEDWIDTH": format = .fixedWidth(try Self.widths(first ?? ""))
      case "DELIMITER": delimiter = Self.unescaped(first ?? "|")
      case "QUOTE": quote = first ?? "\""
      case "GZIP": compression = "gzip"
      case "ZSTD": compression = "zstd"
      case "BZIP2": compression = "bzip2"
      case "LZOP": compression = "lzop"
      case "MANIFEST": isManifest = true
      case "IGNOREHEADER": headerLines = try Self.number(option, 0...Int(Int32.max))
      case "NULL": nullText = Self.unescaped(first ?? "")
      case "EMPTYASNULL": emptyAsNull = true
      case "BLANKSASNULL": blanksAsNull = true
      case "TRIMBLANKS": trimBlanks = true
      case "TRUNCATECOLUMNS": truncateColumns = true
      case "REMOVEQUOTES": removeQuotes = true
      case "ESCAPE": escape = true
      case "FILLRECORD": fillRecord = true
      case "IGNOREBLANKLINES": ignoreBlankLines = true
      case "ACCEPTANYDATE": acceptAnyDate = true
      case "ACCEPTINVCHARS":
        replacement = first ?? "?"
        guard replacement?.utf8.count == 1, replacement != "\0" else {
          throw SQLFailure("22023", "ACCEPTINVCHARS replacement character must be a single ASCII character")
        }
      case "ROUNDEC": rounds = true
      case "EXPLICIT_IDS": explicitIDs = true
      case "MAXERROR": maxErrors = try Self.number(option, 0...WarehouseLimits.loadErrorsAllowedMax)
      case "NOLOAD": noLoad = true
      case "DATEFORMAT": dateFormat = first
      case "TIMEFORMAT": timeFormat = first
      case "SERIALIZETOJSON": serializeToJSON = true
      case "ENCODING":
        guard ["UTF8", "UTF-8"].contains(first?.uppercased() ?? "UTF8") else {
          throw SQLFailure("0A000", "COPY with ENCODING \(first ?? "") is not implemented by Tarn yet")
        }
      case "COMPUPDATE", "STATUPDATE", "REGION", "COMPROWS", "READRATIO": break
      default: throw SQLFailure("0A000", "COPY with \(option.name) is not implemented by Tarn yet")
      }
    }
    try checkTogether()
    guard delimiter.utf8.count == 1 || delimiter.utf8.count <= 4 else {
      throw SQLFailure("42601", "COPY delimiter must be a single character")
    }
  }

  /// What the documentation of each option rules out.
  private func checkTogether() throws(SQLFailure) {
    let other =
      switch format {
      case .delimited: ""
      case .csv: "CSV"
      case .fixedWidth: "FIXEDWIDTH"
      case .json: "JSON"
      case .avro: "AVRO"
      case .orc: "ORC"
      case .parquet: "PARQUET"
      }
    let options = [("REMOVEQUOTES", removeQuotes), ("ESCAPE", escape)]
    if !other.isEmpty, let option = options.first(where: { $0.1 }) {
      throw SQLFailure("42601", "\(other) is not compatible with \(option.0)")
    }
    if isColumnar, let compression {
      throw SQLFailure("42601", "\(other) is not compatible with \(compression.uppercased())")
    }
    if isColumnar, replacement != nil { throw SQLFailure("42601", "\(other) is not compatible with ACCEPTINVCHARS") }
  }

  private mutating func set(format values: [String]) throws(SQLFailure) {
    let words = values.first?.uppercased() == "AS" ? Array(values.dropFirst()) : values
    switch words.first?.uppercased() {
    case "CSV":
      format = .csv
      delimiter = ","
      if words.count > 2, words[1].uppercased() == "QUOTE" { quote = words[2] }
    case "JSON": format = .json(words.count > 1 ? words[1] : "auto")
    case "PARQUET": format = .parquet
    case "ORC": format = .orc
    case "AVRO": format = .avro(words.count > 1 ? words[1] : "auto")
    case "DELIMITER": if words.count > 1 { delimiter = Self.unescaped(words[1]) }
    case "FIXEDWIDTH": format = .fixedWidth(try Self.widths(words.count > 1 ? words[1] : ""))
    default: throw SQLFailure("0A000", "COPY of \(words.first ?? "") is not implemented by Tarn yet")
    }
  }

  private static func number(_ option: RedshiftOption, _ range: ClosedRange<Int>) throws(SQLFailure) -> Int {
    let text = option.values.last ?? (option.name == "MAXERROR" ? "" : "0")
    guard let number = Int(text), range.contains(number) else {
      throw SQLFailure("22023", "\(option.name) must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  static func widths(_ text: String) throws(SQLFailure) -> [(name: String?, length: Int)] {
    var widths: [(name: String?, length: Int)] = []
    for part in text.split(separator: ",") {
      let words = part.split(separator: ":")
      guard let last = words.last.flatMap({ Int($0.trimming { $0.isWhitespace }) }), last > 0, last < 100_000 else {
        throw SQLFailure("42601", "invalid FIXEDWIDTH specification: \(text)")
      }
      let name = words.count > 1 ? String(words[0].trimming { $0.isWhitespace }).lowercased() : nil
      widths.append((name.flatMap { Int($0) == nil ? $0 : nil }, last))
    }
    return widths
  }

  /// `\t`, `\001` and the like.
  static func unescaped(_ text: String) -> String {
    guard text.hasPrefix("\\"), text != "\\N" else { return text }
    let rest = text.dropFirst()
    switch rest {
    case "t": return "\t"
    case "n": return "\n"
    case "r": return "\r"
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "\\": return "\\"
    case "0": return "\0"
    default:
      if rest.count == 3, let value = UInt8(rest, radix: 8) { return String(UnicodeScalar(value)) }
      return text
    }
  }
}
