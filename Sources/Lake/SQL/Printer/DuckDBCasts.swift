/// `CAST` by Trino's rules.
extension DuckDBPrinter {
  func cast(_ value: BoundExpression, to type: SQLType, safe: Bool) -> String {
    if case .row(let items) = value.kind, case .row(let from) = value.type, case .row(let to) = type,
      from.count == to.count
    {
      // A row that is just being made is made with the right fields at once.
      let converted = zip(items, to).map { BoundExpression($1.type, .cast($0, safe: safe)) }
      return row(converted, type)
    }
    return convert(expression(value), from: value.type, to: type, safe: safe)
  }

  private func plain(_ text: String, _ type: SQLType, _ safe: Bool) -> String {
    "\(safe ? "TRY_CAST" : "CAST")(\(text) AS \(type.duckDBName))"
  }

  func convert(_ text: String, from: SQLType, to type: SQLType, safe: Bool) -> String {
    if from == .unknown { return "CAST(\(text) AS \(type.duckDBName))" }
    switch (from, type) {
    case (_, .varchar(let length)):
      let whole = asText(text, from)
      guard let length else { return whole }
      if case .varchar(let known?) = from, known <= length { return whole }
      return "left(\(whole), \(length))"
    case (_, .char(let length)): return "rpad(\(asText(text, from)), \(length), ' ')"
    case (.json, _): return fromJSON(text, type, safe)
    case (_, .json): return "to_json(\(from.isDateTime ? asText(text, from) : text))"
    case (.double, _) where type.isInteger, (.real, _) where type.isInteger:
      return plain("round(\(text))", type, safe)
    case (.varchar, _) where type.isInteger, (.char, _) where type.isInteger:
      return plain("trino_integer_text(\(text), \(DuckDBText.string(castName(type))))", type, safe)
    case (.varchar, .boolean), (.char, .boolean):
      return plain("trino_boolean_text(\(text))", type, safe)
    case (.varchar, .real), (.varchar, .double), (.varchar, .decimal):
      return plain("trino_number_text(\(text), \(DuckDBText.string(castName(type))))", type, safe)
    case (.varchar, .intervalDayToSecond), (.varchar, .intervalYearToMonth): return plain(text, type, safe)
    case (.varchar, .timestampWithTimeZone): return plain("trino_moment_text(\(text))", type, safe)
    case (.varchar, .ipaddress): return plain("CAST(\(text) AS INET)", .varcharUnbounded, safe)
    case (.ipaddress, .ipaddress): return text
    case (.timestampWithTimeZone, .timestampWithTimeZone): return text
    case (.timestampWithTimeZone(_, let zone), .timestamp): return clock(text, zone)
    case (.timestampWithTimeZone(_, let zone), .date), (.timestampWithTimeZone(_, let zone), .time):
      return plain(clock(text, zone), type, safe)
    case (.timestamp, .timestampWithTimeZone): return moment(text, type)
    case (.date, .timestampWithTimeZone): return moment("CAST(\(text) AS TIMESTAMP)", type)
    case (.timestamp(let precision), .timestamp(let target)):
      guard target < precision, target < 6 else { return text }
      return "trino_round_timestamp(\(text), \(power10(6 - target)))"
    case (.varchar, .timestamp(let target)) where target < 6:
      let parsed = plain(text, type, safe)
      return target >= 6 ? parsed : "trino_round_timestamp(\(parsed), \(power10(6 - target)))"
    case (.array(let element), .array(let target)):
      guard !same(element, target) else { return text }
      return "list_transform(\(text), lambda e: \(convert("e", from: element, to: target, safe: safe)))"
    case (.map(let key, let element), .map(let targetKey, let target)):
      guard !same(key, targetKey) || !same(element, target) else { return text }
      let entry =
        "{'key': \(convert("e.key", from: key, to: targetKey, safe: safe)), "
        + "'value': \(convert("e.value", from: element, to: target, safe: safe))}"
      return "map_from_entries(list_transform(map_entries(\(text)), lambda e: \(entry)))"
    case (.row(let fields), .row(let targets)):
      guard from.duckDBName != type.duckDBName else { return text }
      let parts = zip(fields, targets).enumerated().map { index, pair in
        let member = "struct_extract(\(text), \(DuckDBText.string(pair.0.name ?? "field\(index)")))"
        let name = DuckDBText.string(pair.1.name ?? "field\(index)")
        return "\(name): \(convert(member, from: pair.0.type, to: pair.1.type, safe: safe))"
      }
      return "(CASE WHEN \(text) IS NULL THEN NULL ELSE {\(parts.joined(separator: ", "))} END)"
    default:
      return same(from, type) ? text : plain(text, type, safe)
    }
  }

  private func power10(_ exponent: Int) -> Int {
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000][min(6, max(0, exponent))]
  }

  /// Whether a value of the one type is one of the other as it is.
  private func same(_ from: SQLType, _ to: SQLType) -> Bool {
    switch (from, to) {
    case (.array(let left), .array(let right)): same(left, right)
    case (.varchar, .varchar(nil)): true
    default: from == to || from.duckDBName == to.duckDBName && !from.isString && !from.isDateTime
    }
  }

  /// Trino's short names in "Cannot cast 'x' to INT".
  private func castName(_ type: SQLType) -> String {
    switch type {
    case .integer: "INT"
    case .decimal(let precision, let scale): "DECIMAL(\(precision), \(scale))"
    default: type.description.uppercased()
    }
  }

  /// `CAST(x AS varchar)`.
  func asText(_ text: String, _ from: SQLType) -> String {
    switch from {
    case .varchar: text
    case .char: text
    case .double: "trino_double_text(\(text))"
    case .real: "trino_real_text(\(text))"
    case .json: "json_extract_string(\(text), '$')"
    case .date: "CAST(\(text) AS VARCHAR)"
    case .timestamp(let precision): timestampText(text, precision)
    case .timestampWithTimeZone(let precision, let zone):
      "(\(timestampText(clock(text, zone), precision)) || \(DuckDBText.string(" " + zoneText(zone))))"
    case .time(let precision):
      "strftime(DATE '1970-01-01' + \(text), '%H:%M:%S\(fractionFormat(precision))')"
    case .timeWithTimeZone: "CAST(\(text) AS VARCHAR)"
    case .intervalDayToSecond: "trino_interval_day_text(\(text))"
    case .intervalYearToMonth: "trino_interval_month_text(\(text))"
    case .varbinary: "decode(\(text))"
    default: "CAST(\(text) AS VARCHAR)"
    }
  }

  private func zoneText(_ zone: TimeZoneName) -> String { if case .named(let name) = zone { name } else { "UTC" } }

  private func fractionFormat(_ precision: Int) -> String {
    switch precision {
    case 0: ""
    case 1...3: ".%g"
    default: ".%f"
    }
  }

  private func timestampText(_ text: String, _ precision: Int) -> String {
    let whole = "strftime(\(text), '%Y-%m-%d %H:%M:%S\(fractionFormat(precision))')"
    switch precision {
    case 0, 3, 6: return whole
    case 1, 2: return "left(\(whole), \(20 + precision))"
    case 4, 5: return "left(\(whole), \(20 + precision))"
    default: return "(\(whole) || '\(String(repeating: "0", count: precision - 6))')"
    }
  }

  private func fromJSON(_ text: String, _ type: SQLType, _ safe: Bool) -> String {
    switch type {
    case .json: return text
    case .array, .map, .row: return plain(text, type, safe)
    default:
      let scalar = "json_extract_string(\(text), '$')"
      return convert(scalar, from: .varcharUnbounded, to: type, safe: safe)
    }
  }
}
