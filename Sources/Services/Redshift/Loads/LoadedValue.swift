import SQL

/// Turns a field's text into a column's value, as COPY reads it.
struct LoadedValue {
  var options: CopyOptions

  /// The field after what stands for NULL was taken out.
  /// - Parameter field: an expression of the engine's for the text.
  func text(_ field: String, for type: RedshiftType) -> String {
    var text = field
    let isText =
      switch type {
      case .char, .varchar, .super: true
      default: false
      }
    if options.trimBlanks, isText { text = "rtrim(\(text), ' ')" }
    if !options.isRewritten { text = "nullif(\(text), \(DuckDBText.string(options.nullText)))" }
    if !isText || options.emptyAsNull { text = "nullif(\(isText ? text : "trim(\(text))"), '')" }
    if options.blanksAsNull, isText { text = "CASE WHEN trim(\(text)) <> '' THEN \(text) END" }
    return text
  }

  /// The value, or NULL where the text is none of the type.
  /// - Parameter text: an expression that may be repeated.
  func value(_ text: String, for type: RedshiftType) -> String {
    switch type {
    case .smallint, .integer, .bigint:
      // The engine would round fractions and take exponents.
      return "CASE WHEN NOT contains(\(text), '.') AND NOT contains(\(text), 'e') THEN "
        + "TRY_CAST(\(text) AS \(type.engineName)) END"
    case .decimal(_, let scale):
      if options.rounds { return "TRY_CAST(\(text) AS \(type.engineName))" }
      return "TRY_CAST(CASE WHEN contains(\(text), '.') AND NOT contains(lower(\(text)), 'e') THEN "
        + "left(\(text), strpos(\(text), '.') + \(scale)) ELSE \(text) END AS \(type.engineName))"
    case .boolean:
      return "CASE WHEN lower(\(text)) IN ('t', 'true', 'y', 'yes', '1') THEN true "
        + "WHEN lower(\(text)) IN ('f', 'false', 'n', 'no', '0') THEN false END"
    case .varchar(let length):
      guard options.truncateColumns else { return "CASE WHEN strlen(\(text)) <= \(length) THEN \(text) END" }
      return truncated(text, length)
    case .char(let length):
      let trimmed = "rtrim(\(text), ' ')"
      guard options.truncateColumns else { return "CASE WHEN strlen(\(trimmed)) <= \(length) THEN \(trimmed) END" }
      return truncated(trimmed, length)
    case .date: return date(text)
    case .timestamp: return moment(text, "TIMESTAMP")
    case .timestamptz: return moment(text, "TIMESTAMPTZ")
    case .super:
      return "CASE WHEN json_valid(\(text)) THEN CAST(\(text) AS JSON) ELSE to_json(\(text)) END"
    case .varbyte: return "TRY(unhex(\(text)))"
    default: return "TRY_CAST(\(text) AS \(type.engineName))"
    }
  }

  /// The most of a text that fits, with whole characters.
  private func truncated(_ text: String, _ length: Int) -> String {
    "CASE WHEN strlen(\(text)) <= \(length) THEN \(text) ELSE coalesce("
      + (0...3).map { "TRY(decode(encode(\(text))[1:\(length - $0)]))" }.joined(separator: ", ") + ") END"
  }

  private func date(_ text: String) -> String {
    switch options.dateFormat?.lowercased() {
    case nil: return "TRY_CAST(\(text) AS DATE)"
    case "auto":
      let formats = Self.dates + Self.moments
      return "coalesce(TRY_CAST(\(text) AS DATE), CAST(try_strptime(\(text), [\(Self.list(formats))]) AS DATE))"
    default:
      return "CAST(try_strptime(\(text), \(DuckDBText.string(Self.pattern(options.dateFormat ?? "")))) AS DATE)"
    }
  }

  private func moment(_ text: String, _ type: String) -> String {
    switch options.timeFormat?.lowercased() {
    case nil: return "TRY_CAST(\(text) AS \(type))"
    case "auto":
      return "coalesce(TRY_CAST(\(text) AS \(type)), "
        + "CAST(try_strptime(\(text), [\(Self.list(Self.moments + Self.dates))]) AS \(type)))"
    case "epochsecs", "epochmillisecs":
      let factor = options.timeFormat?.lowercased() == "epochsecs" ? "1000000" : "1000"
      let make = type == "TIMESTAMP" ? "make_timestamp" : "make_timestamptz"
      return "TRY(\(make)(CAST(TRY_CAST(\(text) AS DECIMAL(38, 6)) * \(factor) AS BIGINT)))"
    default:
      return "CAST(try_strptime(\(text), \(DuckDBText.string(Self.pattern(options.timeFormat ?? "")))) AS \(type))"
    }
  }

  private static func list(_ formats: [String]) -> String { formats.map(DuckDBText.string).joined(separator: ", ") }

  /// What 'auto' knows beside ISO: Redshift, "Using automatic recognition with DATEFORMAT and TIMEFORMAT".
  private static let dates = [
    "%Y%m%d", "%m/%d/%Y", "%m/%d/%y", "%d.%m.%Y", "%Y.%m.%d", "%Y/%m/%d", "%b-%d-%Y", "%d-%b-%Y", "%d-%b-%y",
    "%Y-%b-%d",
    "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y",
  ]
  private static let moments = [
    "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y%m%d %H%M%S", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S",
    "%Y-%m-%d %H%M%S",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z", "%a %b %d %H:%M:%S %Y", "%b %d, %Y %H:%M:%S", "%b %d %H:%M:%S %Y", "%Y-%m-%d %I:%M:%S %p",
  ]

  /// Redshift's pattern in C's words.
  static func pattern(_ text: String) -> String {
    let words = [
      ("YYYY", "%Y"), ("MONTH", "%B"), ("HH24", "%H"), ("HH12", "%I"), ("MON", "%b"), ("DAY", "%A"), ("DDD", "%j"),
      ("YY", "%y"), ("MM", "%m"), ("DD", "%d"), ("DY", "%a"), ("HH", "%H"), ("MI", "%M"), ("SS", "%S"), ("MS", "%g"),
      ("US", "%f"), ("AM", "%p"), ("PM", "%p"), ("TZ", "%Z"), ("OF", "%z"),
    ]
    var rest = text[...]
    var result = ""
    while let first = rest.first {
      if let word = words.first(where: { rest.uppercased().hasPrefix($0.0) }) {
        result += word.1
        rest = rest.dropFirst(word.0.count)
      } else {
        result += first == "%" ? "%%" : String(first)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}
