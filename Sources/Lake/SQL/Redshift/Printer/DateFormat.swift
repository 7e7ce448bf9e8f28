/// Redshift's date and number patterns in the engine's terms.
enum DateFormat {
  enum Piece: Hashable {
    case text(String)
    /// A pattern of `strftime`.
    case format(String)
    /// An expression over `$`, which stands for the value.
    case expression(String)
  }

  /// Longest first, so that `MONTH` wins over `MON`.
  private static let words: [(String, Piece)] = [
    ("YYYY", .format("%Y")), ("Y,YYY", .expression("format('{:,}', year($))")), ("IYYY", .format("%G")),
    ("YYY", .expression("right(strftime($, '%Y'), 3)")), ("YY", .format("%y")),
    ("Y", .expression("right(strftime($, '%Y'), 1)")),
    ("MONTH", .expression("rpad(upper(strftime($, '%B')), 9, ' ')")),
    ("Month", .expression("rpad(strftime($, '%B'), 9, ' ')")),
    ("month", .expression("rpad(lower(strftime($, '%B')), 9, ' ')")),
    ("MON", .expression("upper(strftime($, '%b'))")), ("Mon", .format("%b")),
    ("mon", .expression("lower(strftime($, '%b'))")),
    ("MM", .format("%m")), ("MI", .format("%M")), ("MS", .format("%g")),
    ("DAY", .expression("rpad(upper(strftime($, '%A')), 9, ' ')")),
    ("Day", .expression("rpad(strftime($, '%A'), 9, ' ')")),
    ("day", .expression("rpad(lower(strftime($, '%A')), 9, ' ')")),
    ("DDD", .format("%j")), ("DD", .format("%d")), ("DY", .expression("upper(strftime($, '%a'))")),
    ("Dy", .format("%a")), ("dy", .expression("lower(strftime($, '%a'))")),
    ("D", .expression("CAST(dayofweek($) + 1 AS VARCHAR)")),
    ("HH24", .format("%H")), ("HH12", .format("%I")), ("HH", .format("%I")),
    (
      "SSSS",
      .expression("CAST(date_part('hour', $) * 3600 + date_part('minute', $) * 60 + date_part('second', $) AS VARCHAR)")
    ),
    ("SS", .format("%S")), ("US", .format("%f")), ("AM", .format("%p")), ("PM", .format("%p")),
    ("A.M.", .expression("CASE WHEN hour($) < 12 THEN 'A.M.' ELSE 'P.M.' END")),
    ("P.M.", .expression("CASE WHEN hour($) < 12 THEN 'A.M.' ELSE 'P.M.' END")),
    ("am", .expression("lower(strftime($, '%p'))")), ("pm", .expression("lower(strftime($, '%p'))")),
    ("a.m.", .expression("CASE WHEN hour($) < 12 THEN 'a.m.' ELSE 'p.m.' END")),
    ("p.m.", .expression("CASE WHEN hour($) < 12 THEN 'a.m.' ELSE 'p.m.' END")),
    ("Q", .expression("CAST(quarter($) AS VARCHAR)")),
    ("WW", .expression("lpad(CAST((dayofyear($) - 1) // 7 + 1 AS VARCHAR), 2, '0')")),
    ("W", .expression("CAST((day($) - 1) // 7 + 1 AS VARCHAR)")), ("IW", .format("%V")),
    ("ID", .expression("CAST(isodow($) AS VARCHAR)")),
    ("CC", .expression("lpad(CAST(century($) AS VARCHAR), 2, '0')")),
    ("J", .expression("CAST(CAST(julian($) AS BIGINT) AS VARCHAR)")),
    ("TZ", .format("%Z")), ("tz", .expression("lower(strftime($, '%Z'))")), ("OF", .format("%z")),
    ("RM", .expression("rpad(['I','II','III','IV','V','VI','VII','VIII','IX','X','XI','XII'][month($)], 4, ' ')")),
    ("BC", .text("AD")), ("AD", .text("AD")), ("B.C.", .text("A.D.")), ("A.D.", .text("A.D.")),
  ]

  /// The pattern's pieces; words that are none stay as they are.
  static func pieces(_ pattern: String) -> [Piece] {
    var pieces: [Piece] = []
    var rest = pattern[...]
    var fill = true
    func add(_ piece: Piece) {
      if case .text(let text) = piece, case .text(let before)? = pieces.last {
        pieces[pieces.count - 1] = .text(before + text)
      } else {
        pieces.append(piece)
      }
    }
    while let first = rest.first {
      if first == "\"" {
        let inner = rest.dropFirst().prefix { $0 != "\"" }
        add(.text(String(inner)))
        rest = rest.dropFirst(inner.count + 2)
        continue
      }
      if rest.hasPrefix("FM") || rest.hasPrefix("fm") {
        fill = false
        rest = rest.dropFirst(2)
        continue
      }
      guard let (word, piece) = match(rest) else {
        add(.text(String(first)))
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst(word.count)
      var result = piece
      if !fill { result = unpadded(piece) }
      if rest.hasPrefix("TH") || rest.hasPrefix("th") {
        let ending = rest.hasPrefix("TH")
        rest = rest.dropFirst(2)
        result = .expression("rs_ordinal(\(expression(result)), \(ending))")
      }
      add(result)
    }
    return pieces
  }

  private static func match(_ rest: Substring) -> (String, Piece)? {
    var best: (String, Piece)?
    for (word, piece) in words where word.count > (best?.0.count ?? 0) {
      if rest.hasPrefix(word) {
        best = (word, piece)
      } else if word == word.uppercased(), !caseful.contains(word), rest.prefix(word.count).uppercased() == word {
        best = (word, piece)
      }
    }
    return best
  }

  /// Words whose case says how names are written.
  private static let caseful: Set<String> = [
    "MONTH", "MON", "DAY", "DY", "AM", "PM", "A.M.", "P.M.", "TZ", "BC", "AD", "B.C.", "A.D.",
  ]

  private static func unpadded(_ piece: Piece) -> Piece {
    switch piece {
    case .text: piece
    case .format(let format):
      ["%m", "%d", "%H", "%I", "%M", "%S", "%j", "%V"].contains(format)
        ? .expression("ltrim(strftime($, '\(format)'), '0')") : piece
    case .expression(let text): .expression("trim(\(text))")
    }
  }

  private static func expression(_ piece: Piece) -> String {
    switch piece {
    case .text(let text): RedshiftPrinter.literal(text)
    case .format(let format): "strftime($, '\(format)')"
    case .expression(let text): text
    }
  }

  /// TO_CHAR of a date or time.
  static func text(_ pattern: String, _ value: String) -> String {
    var parts: [String] = []
    var format = ""
    func flush() {
      if !format.isEmpty { parts.append("strftime(\(value), \(RedshiftPrinter.literal(format)))") }
      format = ""
    }
    for piece in pieces(pattern) {
      switch piece {
      case .text(let text): format += text.replacing("%", with: "%%")
      case .format(let pattern): format += pattern
      case .expression(let text):
        flush()
        parts.append(text.replacing("$", with: value))
      }
    }
    flush()
    return parts.isEmpty ? "''" : parts.count == 1 ? parts[0] : "(" + parts.joined(separator: " || ") + ")"
  }

  /// The pattern for `strptime`; `nil` when it holds what that cannot read.
  static func parsing(_ pattern: String) -> String? {
    var format = ""
    for piece in pieces(pattern) {
      switch piece {
      case .text(let text): format += text.replacing("%", with: "%%")
      case .format(let part): format += part
      case .expression(let text):
        if text.contains("%B") {
          format += "%B"
        } else if text.contains("%b") {
          format += "%b"
        } else if text.contains("%A") {
          format += "%A"
        } else if text.contains("%a") {
          format += "%a"
        } else if text.contains("%p") {
          format += "%p"
        } else {
          return nil
        }
      }
    }
    return format
  }

  /// Whether a pattern is one of numbers.
  static func isNumeric(_ pattern: String) -> Bool {
    guard pattern.contains("9") || pattern.contains("0") else { return false }
    return !["Y", "M", "D", "H", "Q", "W"].contains { letter in
      let upper = pattern.uppercased()
      if letter == "M" { return upper.replacing("FM", with: "").replacing("MI", with: "").contains("M") }
      if letter == "D" { return upper.contains("DD") || upper.contains("DY") || upper.contains("DAY") }
      return upper.contains(letter)
    }
  }

  /// TO_CHAR of a number.
  static func number(_ pattern: String, _ value: String) -> String {
    let upper = pattern.uppercased()
    let fill = !upper.contains("FM")
    var digits = upper.replacing("FM", with: "")
    let brackets = digits.contains("PR")
    digits = digits.replacing("PR", with: "")
    let minusEnd = digits.hasSuffix("MI") || digits.hasSuffix("S") && digits.count > 1
    let signStart = digits.hasPrefix("S") || digits.hasPrefix("SG") || digits.hasPrefix("PL")
    for word in ["MI", "SG", "PL", "TH", "S"] { digits = digits.replacing(word, with: "") }
    let dollar = digits.contains("$") || digits.contains("L")
    digits = digits.replacing("$", with: "").replacing("L", with: "")
    let parts = digits.replacing("D", with: ".").split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let whole = String(parts.first ?? "").replacing("G", with: ",")
    let decimals = parts.count > 1 ? parts[1].filter { $0 == "9" || $0 == "0" }.count : 0
    let grouped = whole.contains(",")
    let places = whole.filter { $0 == "9" || $0 == "0" }.count
    let zeros = whole.firstIndex(of: "0").map { whole[$0...].filter { $0 == "9" || $0 == "0" }.count } ?? 0
    let width = whole.count + (decimals > 0 ? decimals + 1 : 0)
    let style = signStart ? "plus" : minusEnd ? "end" : brackets ? "brackets" : "minus"
    return
      "rs_number_text(\(value), \(decimals), \(grouped), \(places), \(zeros), \(width), \(fill), '\(style)', \(dollar))"
  }
}
