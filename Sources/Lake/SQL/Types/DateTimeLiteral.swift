/// The texts of `TIMESTAMP '…'` and `TIME '…'`: precision and zone are read off the text itself.
enum DateTimeLiteral {
  /// What the text's type is; whether it is well formed is for `parse` to say.
  static func type(of text: String, isTime: Bool) -> SQLType {
    let parts = split(text, isTime: isTime)
    let precision = min(12, parts.fractionDigits)
    if isTime {
      return parts.zone == nil ? .time(precision: precision) : .timeWithTimeZone(precision: precision)
    }
    guard let zone = parts.zone else { return .timestamp(precision: precision) }
    return .timestampWithTimeZone(precision: precision, zone: zone == "UTC" ? .utc : .named(zone))
  }

  struct Parts {
    var fractionDigits: Int
    /// The text without its zone.
    var local: String
    var zone: String?
  }

  /// Cuts the zone off: a word or an offset after the time of day.
  static func split(_ text: String, isTime: Bool) -> Parts {
    let characters = Array(text)
    // The zone may only follow the time, so the date's own hyphens are skipped.
    var cursor = 0
    if !isTime {
      var sign = characters.first == "-" || characters.first == "+" ? 1 : 0
      while sign < characters.count, characters[sign] != " ", characters[sign] != "T" { sign += 1 }
      cursor = sign + 1
    }
    var end = min(cursor, characters.count)
    while end < characters.count, characters[end].isNumber || characters[end] == ":" || characters[end] == "." {
      end += 1
    }
    let local = String(characters[0..<min(end, characters.count)])
    let fraction = local.split(separator: ".", omittingEmptySubsequences: false)
    let digits = fraction.count == 2 ? fraction[1].count : 0
    let rest = String(characters[min(end, characters.count)...]).filter { $0 != " " }
    return Parts(fractionDigits: digits, local: local, zone: rest.isEmpty ? nil : rest)
  }
}
