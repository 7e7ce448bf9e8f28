extension DuckDBBuilders {
  static let dateTime: [String: Builder] = [
    "date_trunc": { printer, call in
      let unit = unit(printer, call.arguments[0])
      let value = call.arguments[1]
      switch value.type {
      case .date: return "CAST(date_trunc(\(unit), \(printer.expression(value))) AS DATE)"
      case .time: return "CAST(date_trunc(\(unit), DATE '1970-01-01' + \(printer.expression(value))) AS TIME)"
      case .timestampWithTimeZone: return printer.moment("date_trunc(\(unit), \(printer.local(value)))", value.type)
      default: return "date_trunc(\(unit), \(printer.expression(value)))"
      }
    },
    "date_add": { printer, call in
      let value = call.arguments[2]
      let step = step(printer, call.arguments[0], call.arguments[1])
      switch value.type {
      case .date: return "CAST(\(printer.expression(value)) + \(step) AS DATE)"
      case .timestampWithTimeZone(_, .named): return printer.moment("(\(printer.local(value)) + \(step))", value.type)
      default: return "(\(printer.expression(value)) + \(step))"
      }
    },
    "date_diff": { printer, call in
      let unit = unit(printer, call.arguments[0])
      let (first, second) = (call.arguments[1], call.arguments[2])
      func text(_ value: BoundExpression) -> String {
        if case .time = value.type { return "(DATE '1970-01-01' + \(printer.expression(value)))" }
        return printer.local(value)
      }
      return "date_sub(\(unit), \(text(first)), \(text(second)))"
    },
    "date_format": { printer, call in
      guard let pattern = constantText(call.arguments[1]) else {
        return
          "strftime(\(printer.local(call.arguments[0])), trino_mysql_format(\(printer.expression(call.arguments[1]))))"
      }
      return "strftime(\(printer.local(call.arguments[0])), \(DuckDBText.string(MySQLPattern.strftime(pattern))))"
    },
    "date_parse": { printer, call in
      let text = printer.expression(call.arguments[0])
      guard let pattern = constantText(call.arguments[1]) else {
        return "strptime(\(text), trino_mysql_format(\(printer.expression(call.arguments[1]))))"
      }
      return "strptime(\(text), \(DuckDBText.string(MySQLPattern.strftime(pattern))))"
    },
    "format_datetime": { printer, call in
      guard let pattern = constantText(call.arguments[1]) else { return varyingPattern }
      var offset = ""
      var name = "UTC"
      if case .timestampWithTimeZone(_, .named(let zone)) = call.arguments[0].type { name = zone }
      let local = printer.local(call.arguments[0])
      if case .timestampWithTimeZone = call.arguments[0].type {
        offset = "trino_offset_text(\(local), \(printer.clock(printer.expression(call.arguments[0]), .utc)))"
      } else {
        offset = "'+00:00'"
      }
      return JodaPattern.pieces(pattern).map { piece in
        switch piece {
        case .literal(let text): return DuckDBText.string(text)
        case .format(let format): return "strftime(\(local), \(DuckDBText.string(format)))"
        case .offset(let colon): return colon ? offset : "replace(\(offset), ':', '')"
        case .zone: return DuckDBText.string(name)
        }
      }.joined(separator: " || ").wrapped
    },
    "parse_datetime": { printer, call in
      guard let pattern = constantText(call.arguments[1]) else { return varyingPattern }
      let format = JodaPattern.strptime(pattern)
      let parsed = "strptime(\(printer.expression(call.arguments[0])), \(DuckDBText.string(format)))"
      return format.contains("%z") || format.contains("%Z") ? parsed : "timezone('UTC', \(parsed))"
    },
    "timezone_hour": { printer, call in
      "(\(offsetMinutes(printer, call.arguments[0])) // 60)"
    },
    "timezone_minute": { printer, call in
      "(\(offsetMinutes(printer, call.arguments[0])) % 60)"
    },
    "to_iso8601": { printer, call in
      let value = call.arguments[0]
      let local = printer.local(value)
      let format: String
      switch value.type {
      case .timestamp(0), .timestampWithTimeZone(0, _): format = "%Y-%m-%dT%H:%M:%S"
      case .timestamp(1...3), .timestampWithTimeZone(1...3, _): format = "%Y-%m-%dT%H:%M:%S.%g"
      default: format = "%Y-%m-%dT%H:%M:%S.%f"
      }
      let text = "strftime(\(local), '\(format)')"
      guard case .timestampWithTimeZone(_, let zone) = value.type else { return text }
      guard zone != .utc else { return "(\(text) || 'Z')" }
      return "(\(text) || trino_offset_text(\(local), \(printer.clock(printer.expression(value), .utc))))"
    },
    "to_date": { printer, call in
      teradata(call).map { "CAST(strptime(\(printer.expression(call.arguments[0])), \($0)) AS DATE)" } ?? varyingPattern
    },
    "to_timestamp": { printer, call in
      teradata(call).map { "strptime(\(printer.expression(call.arguments[0])), \($0))" } ?? varyingPattern
    },
    "to_char": { printer, call in
      teradata(call).map { "strftime(\(printer.expression(call.arguments[0])), \($0))" } ?? varyingPattern
    },
  ]

  private static let varyingPattern =
    "CAST(CAST(trino_fail('NOT_SUPPORTED', 'A pattern that differs by row is not supported') AS VARCHAR) AS TIMESTAMP)"

  private static func offsetMinutes(_ printer: DuckDBPrinter, _ value: BoundExpression) -> String {
    let text = printer.expression(value)
    return "((epoch_us(\(printer.local(value))) - epoch_us(\(printer.clock(text, .utc)))) // 60000000)"
  }

  private static func unit(_ printer: DuckDBPrinter, _ value: BoundExpression) -> String {
    constantText(value).map { DuckDBText.string($0.lowercased()) } ?? "lower(\(printer.expression(value)))"
  }

  /// An interval of so many units. Days and less are exact; months end with the month.
  private static func step(_ printer: DuckDBPrinter, _ unit: BoundExpression, _ amount: BoundExpression) -> String {
    let count = printer.expression(amount)
    guard let name = constantText(unit)?.lowercased() else {
      return "trino_step(\(printer.expression(unit)), \(count))"
    }
    switch name {
    case "millisecond": return "to_microseconds(\(count) * 1000)"
    case "second": return "to_microseconds(\(count) * 1000000)"
    case "minute": return "to_microseconds(\(count) * 60000000)"
    case "hour": return "to_microseconds(\(count) * 3600000000)"
    case "day": return "to_days(CAST(\(count) AS INTEGER))"
    case "week": return "to_days(CAST(\(count) * 7 AS INTEGER))"
    case "month": return "to_months(CAST(\(count) AS INTEGER))"
    case "quarter": return "to_months(CAST(\(count) * 3 AS INTEGER))"
    default: return "to_months(CAST(\(count) * 12 AS INTEGER))"
    }
  }

  private static func teradata(_ call: BoundCall) -> String? {
    guard let pattern = constantText(call.arguments[1]) else { return nil }
    var format = pattern
    for (from, to) in [
      ("yyyy", "%Y"), ("yy", "%y"), ("mm", "%m"), ("dd", "%d"), ("hh24", "%H"), ("hh", "%I"), ("mi", "%M"),
      ("ss", "%S"),
    ] { format = format.replacing(from, with: to) }
    return DuckDBText.string(format)
  }
}

extension String {
  fileprivate var wrapped: String { "(\(self))" }
}

/// MySQL's date patterns, which `date_format` and `date_parse` take.
enum MySQLPattern {
  /// A specifier that Trino refuses, if the pattern has one.
  static func refused(_ pattern: String) -> Character? {
    var escaped = false
    for character in pattern {
      if escaped, "DUuVwX".contains(character) { return character }
      escaped = !escaped && character == "%"
    }
    return nil
  }

  static func strftime(_ pattern: String) -> String {
    var result = ""
    var escaped = false
    for character in pattern {
      guard escaped else {
        if character == "%" { escaped = true } else { result.append(character) }
        continue
      }
      escaped = false
      switch character {
      case "a", "b", "d", "f", "H", "I", "j", "m", "p", "S", "Y", "y": result += "%\(character)"
      case "c": result += "%-m"
      case "e": result += "%-d"
      case "h": result += "%I"
      case "i": result += "%M"
      case "k": result += "%-H"
      case "l": result += "%-I"
      case "M": result += "%B"
      case "r": result += "%I:%M:%S %p"
      case "s": result += "%S"
      case "T": result += "%H:%M:%S"
      case "v": result += "%V"
      case "W": result += "%A"
      case "x": result += "%G"
      case "%": result += "%%"
      default: result.append(character)
      }
    }
    return result
  }
}

/// Joda's date patterns, which `format_datetime` and `parse_datetime` take.
enum JodaPattern {
  enum Piece: Equatable {
    case literal(String)
    case format(String)
    case offset(colon: Bool)
    case zone
  }

  static func pieces(_ pattern: String) -> [Piece] {
    var pieces: [Piece] = []
    func add(_ piece: Piece) {
      if case .format(let new) = piece, case .format(let old)? = pieces.last {
        pieces[pieces.count - 1] = .format(old + new)
      } else {
        pieces.append(piece)
      }
    }
    let characters = Array(pattern)
    var index = 0
    while index < characters.count {
      let letter = characters[index]
      if letter == "'" {
        var literal = ""
        index += 1
        if index < characters.count, characters[index] == "'" {
          literal = "'"
          index += 1
        } else {
          while index < characters.count {
            if characters[index] == "'" {
              index += 1
              guard index < characters.count, characters[index] == "'" else { break }
            }
            literal.append(characters[index])
            index += 1
          }
        }
        add(.format(literal.replacing("%", with: "%%")))
        continue
      }
      var end = index
      while end < characters.count, characters[end] == letter { end += 1 }
      add(piece(letter, end - index))
      index = end
    }
    return pieces
  }

  private static func piece(_ letter: Character, _ count: Int) -> Piece {
    switch letter {
    case "y", "Y": .format(count == 2 ? "%y" : "%Y")
    case "x": .format("%G")
    case "w": .format("%V")
    case "e": .format("%u")
    case "E": .format(count >= 4 ? "%A" : "%a")
    case "D": .format(count >= 3 ? "%j" : "%-j")
    case "M": .format(count >= 4 ? "%B" : count == 3 ? "%b" : count == 2 ? "%m" : "%-m")
    case "d": .format(count >= 2 ? "%d" : "%-d")
    case "a": .format("%p")
    case "H": .format(count >= 2 ? "%H" : "%-H")
    case "h", "K": .format(count >= 2 ? "%I" : "%-I")
    case "k": .format(count >= 2 ? "%H" : "%-H")
    case "m": .format(count >= 2 ? "%M" : "%-M")
    case "s": .format(count >= 2 ? "%S" : "%-S")
    case "S": .format(count <= 3 ? "%g" : "%f")
    case "Z": count >= 3 ? .zone : .offset(colon: count == 2)
    case "z": .zone
    case "%": .format(String(repeating: "%%", count: count))
    default: .format(String(repeating: String(letter), count: count))
    }
  }

  static func strptime(_ pattern: String) -> String {
    pieces(pattern).map { piece in
      switch piece {
      case .literal(let text): text
      case .format(let format): format
      case .offset: "%z"
      case .zone: "%Z"
      }
    }.joined()
  }
}
