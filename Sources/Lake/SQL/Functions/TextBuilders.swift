extension DuckDBBuilders {
  static let text: [String: Builder] = [
    "substr": { printer, call in
      let arguments = call.arguments.map(printer.expression)
      // With a positive start and length the two languages agree.
      if case .integer(let start) = call.arguments[1].kind, start > 0 {
        guard call.arguments.count == 3 else { return "substr(\(arguments[0]), \(start))" }
        if case .integer(let length) = call.arguments[2].kind, length >= 0 {
          return "substr(\(arguments[0]), \(start), \(length))"
        }
      }
      let length = call.arguments.count == 3 ? arguments[2] : "9223372036854775807"
      return "trino_substr(\(arguments[0]), \(arguments[1]), \(length))"
    },
    "normalize": { printer, call in
      guard constantText(call.arguments[1]) == "NFC" else {
        return "CAST(trino_fail('NOT_SUPPORTED', 'Only normalization form NFC is supported') AS VARCHAR)"
      }
      return "nfc_normalize(\(printer.expression(call.arguments[0])))"
    },
    "format": { printer, call in JavaFormat.duckDB(printer, call.arguments) },
    "regexp_like": { printer, call in
      "regexp_matches(\(printer.expression(call.arguments[0])), \(JavaPattern.duckDB(printer, call.arguments[1])))"
    },
    "regexp_count": { printer, call in
      "len(regexp_extract_all(\(printer.expression(call.arguments[0])), "
        + "\(JavaPattern.duckDB(printer, call.arguments[1]))))"
    },
    "regexp_extract": { printer, call in
      let (text, pattern) = (printer.expression(call.arguments[0]), JavaPattern.duckDB(printer, call.arguments[1]))
      let group = call.arguments.count == 3 ? ", CAST(\(printer.expression(call.arguments[2])) AS INTEGER)" : ""
      return "(CASE WHEN regexp_matches(\(text), \(pattern)) THEN regexp_extract(\(text), \(pattern)\(group)) END)"
    },
    "regexp_extract_all": { printer, call in
      let (text, pattern) = (printer.expression(call.arguments[0]), JavaPattern.duckDB(printer, call.arguments[1]))
      let group = call.arguments.count == 3 ? ", CAST(\(printer.expression(call.arguments[2])) AS INTEGER)" : ""
      return "regexp_extract_all(\(text), \(pattern)\(group))"
    },
    "regexp_position": { printer, call in
      let arguments = call.arguments.map(printer.expression)
      let pattern = JavaPattern.duckDB(printer, call.arguments[1])
      let start = arguments.count > 2 ? arguments[2] : "1"
      let occurrence = arguments.count > 3 ? arguments[3] : "1"
      return "trino_regexp_position(\(arguments[0]), \(pattern), \(start), \(occurrence))"
    },
    "regexp_replace": { printer, call in
      let (text, pattern) = (printer.expression(call.arguments[0]), JavaPattern.duckDB(printer, call.arguments[1]))
      let replacement = call.arguments.count == 3 ? JavaPattern.replacement(printer, call.arguments[2]) : "''"
      return "regexp_replace(\(text), \(pattern), \(replacement), 'g')"
    },
    "regexp_replace_function": { printer, call in
      let (text, pattern) = (printer.expression(call.arguments[0]), JavaPattern.duckDB(printer, call.arguments[1]))
      let groups = constantText(call.arguments[1]).map(JavaPattern.groups) ?? 0
      let n = number(call.arguments[2])
      let list = (0..<groups).map { "regexp_extract(m\(n), \(pattern), \($0 + 1))" }.joined(separator: ", ")
      let inner = body(printer, call.arguments[2], [groups == 0 ? "CAST([] AS VARCHAR[])" : "[\(list)]"])
      // The pieces between the matches and what is made of the matches, in turn.
      return "trino_interleave(regexp_split_to_array(\(text), \(pattern)), "
        + "list_transform(regexp_extract_all(\(text), \(pattern)), lambda m\(n): \(inner)))"
    },
    "regexp_split": { printer, call in
      "regexp_split_to_array(\(printer.expression(call.arguments[0])), "
        + "\(JavaPattern.duckDB(printer, call.arguments[1])))"
    },
    "array_join": { printer, call in
      let list = printer.expression(call.arguments[0])
      guard case .array(let element) = call.arguments[0].type else { return list }
      let delimiter = printer.expression(call.arguments[1])
      let texts =
        element.isString ? list : "list_transform(\(list), lambda e: \(printer.asText("e", element)))"
      guard call.arguments.count == 3 else { return "trino_array_join(\(texts), \(delimiter))" }
      let null = printer.expression(call.arguments[2])
      return "trino_array_join(list_transform(\(texts), lambda j: coalesce(j, \(null))), \(delimiter))"
    },
    "json_extract": { printer, call in
      "json_extract(\(printer.expression(call.arguments[0])), \(JSONPath.duckDB(printer, call.arguments[1])))"
    },
    "json_extract_scalar": { printer, call in
      "trino_json_scalar(json_extract(\(printer.expression(call.arguments[0])), "
        + "\(JSONPath.duckDB(printer, call.arguments[1]))))"
    },
    "json_size": { printer, call in
      "trino_json_size(json_extract(\(printer.expression(call.arguments[0])), "
        + "\(JSONPath.duckDB(printer, call.arguments[1]))))"
    },
  ]
}

/// Trino's JSON paths, spelled as DuckDB reads them.
enum JSONPath {
  static func duckDB(_ printer: DuckDBPrinter, _ path: BoundExpression) -> String {
    guard let text = DuckDBBuilders.constantText(path) else { return printer.expression(path) }
    return DuckDBText.string(translate(text))
  }

  /// `$.a["b c"][0].d` becomes `$.a."b c"[0].d`.
  static func translate(_ path: String) -> String {
    var result = ""
    let characters = Array(path)
    var index = 0
    while index < characters.count {
      guard characters[index] == "[", index + 1 < characters.count,
        characters[index + 1] == "\"" || characters[index + 1] == "'"
      else {
        result.append(characters[index])
        index += 1
        continue
      }
      let quote = characters[index + 1]
      var key = ""
      var end = index + 2
      while end < characters.count, characters[end] != quote {
        if characters[end] == "\\", end + 1 < characters.count { end += 1 }
        key.append(characters[end])
        end += 1
      }
      result += ".\"" + key.replacing("\"", with: "\\\"") + "\""
      index = end + 2
    }
    return result
  }
}

/// Java's regular expressions, spelled as RE2 reads them.
enum JavaPattern {
  static func duckDB(_ printer: DuckDBPrinter, _ pattern: BoundExpression) -> String {
    guard let text = DuckDBBuilders.constantText(pattern) else { return printer.expression(pattern) }
    return DuckDBText.string(translate(text))
  }

  static func translate(_ pattern: String) -> String {
    var result = ""
    let characters = Array(pattern)
    var index = 0
    while index < characters.count {
      let rest = characters[index...].prefix(4)
      if rest.starts(with: "(?<"), rest.count == 4, rest[index + 3] != "=", rest[index + 3] != "!" {
        result += "(?P<"
        index += 3
      } else if characters[index] == "\\", index + 1 < characters.count {
        // `\h` is Java's horizontal space; RE2 has no class of that name.
        switch characters[index + 1] {
        case "h": result += "[ \\t]"
        case "R": result += "(?:\\r\\n|\\n|\\r)"
        default: result += String(characters[index...(index + 1)])
        }
        index += 2
      } else {
        result.append(characters[index])
        index += 1
      }
    }
    return result
  }

  /// How many groups a pattern captures.
  static func groups(_ pattern: String) -> Int {
    var count = 0
    var inClass = false
    let characters = Array(pattern)
    var index = 0
    while index < characters.count {
      switch characters[index] {
      case "\\": index += 1
      case "[": inClass = true
      case "]": inClass = false
      case "(" where !inClass:
        let named =
          characters[index...].prefix(3).elementsEqual("(?<") || characters[index...].prefix(3).elementsEqual("(?P")
        if named || index + 1 >= characters.count || characters[index + 1] != "?" { count += 1 }
      default: break
      }
      index += 1
    }
    return min(count, 50)
  }

  /// `$1` becomes `\1`; a backslash before `$` takes its meaning away.
  static func replacement(_ printer: DuckDBPrinter, _ value: BoundExpression) -> String {
    guard let text = DuckDBBuilders.constantText(value) else {
      return "regexp_replace(\(printer.expression(value)), '\\$(\\d)', '\\\\\\1', 'g')"
    }
    var result = ""
    let characters = Array(text)
    var index = 0
    while index < characters.count {
      let next = index + 1 < characters.count ? characters[index + 1] : " "
      if characters[index] == "$", next.isNumber {
        result += "\\" + String(next)
        index += 2
      } else if characters[index] == "\\" {
        result += next == "\\" ? "\\\\" : String(next)
        index += 2
      } else {
        result.append(characters[index])
        index += 1
      }
    }
    return DuckDBText.string(result)
  }
}

/// `format('%s has %,d', …)`: Java's formatter, piece by piece.
enum JavaFormat {
  static func duckDB(_ printer: DuckDBPrinter, _ arguments: [BoundExpression]) -> String {
    guard let format = DuckDBBuilders.constantText(arguments[0]) else {
      return "CAST(trino_fail('NOT_SUPPORTED', 'A format that differs by row is not supported') AS VARCHAR)"
    }
    var pieces: [String] = []
    var literal = ""
    var next = 1
    let characters = Array(format)
    var index = 0
    while index < characters.count {
      guard characters[index] == "%" else {
        literal.append(characters[index])
        index += 1
        continue
      }
      var end = index + 1
      while end < characters.count, !characters[end].isLetter, characters[end] != "%" { end += 1 }
      guard end < characters.count else { break }
      var specification = String(characters[(index + 1)..<end])
      let conversion = characters[end]
      index = end + 1
      switch conversion {
      case "%": literal.append("%")
      case "n": literal.append("\n")
      default:
        var place = next
        if let dollar = specification.firstIndex(of: "$"), let number = Int(specification[..<dollar]) {
          place = number
          specification = String(specification[specification.index(after: dollar)...])
        } else {
          next += 1
        }
        if !literal.isEmpty { pieces.append(DuckDBText.string(literal)) }
        literal = ""
        guard place >= 1, place < arguments.count, isSound(specification) else {
          pieces.append(
            "CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Invalid format string: \(format.filter { $0 != "'" })') AS "
              + "VARCHAR)"
          )
          continue
        }
        if conversion == "t" || conversion == "T", index < characters.count {
          pieces.append(dateTime(characters[index], printer.local(arguments[place])))
          index += 1
        } else {
          pieces.append(piece(conversion, specification, printer, arguments[place]))
        }
      }
    }
    if !literal.isEmpty || pieces.isEmpty { pieces.append(DuckDBText.string(literal)) }
    return pieces.count == 1 ? pieces[0] : "(" + pieces.joined(separator: " || ") + ")"
  }

  /// Flags, width and precision of a sane size, and nothing else: they go into the engine's text as they are.
  private static func isSound(_ specification: String) -> Bool {
    specification.allSatisfy { "-#+ ,(.0123456789".contains($0) }
      && specification.split { !("0"..."9").contains($0) }.allSatisfy { $0.count <= 6 }
  }

  private static func piece(
    _ conversion: Character, _ specification: String, _ printer: DuckDBPrinter, _ argument: BoundExpression
  ) -> String {
    let text = printer.expression(argument)
    let grouped = specification.contains(",")
    let flags = specification.filter { $0 != "," }
    func fmt(_ kind: String, _ value: String) -> String {
      let left = flags.contains("-")
      let rest = flags.filter { $0 != "-" }
      let align =
        left ? "<" : rest.hasPrefix("0") || rest.hasPrefix("+") || rest.isEmpty || rest.hasPrefix(".") ? "" : ">"
      return "format('{:\(align)\(grouped ? insertComma(rest) : rest)\(kind)}', \(value))"
    }
    switch conversion {
    case "d": return fmt("d", "CAST(\(text) AS BIGINT)")
    case "f": return fmt(flags.contains(".") ? "f" : ".6f", "CAST(\(text) AS DOUBLE)")
    case "e", "E": return fmt((flags.contains(".") ? "" : ".6") + String(conversion), "CAST(\(text) AS DOUBLE)")
    case "x", "X", "o": return fmt(String(conversion), "CAST(\(text) AS BIGINT)")
    case "b", "B": return "CAST(\(text) AS VARCHAR)"
    case "s", "S":
      // Trino hands Java the number itself, which shows a double as Java does.
      let value =
        argument.type == .double ? "trino_java_double(\(text))" : printer.asText(text, argument.type)
      let whole = flags.isEmpty ? value : fmt("s", value)
      return conversion == "S" ? "upper(\(whole))" : whole
    default: return "CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Invalid format string') AS VARCHAR)"
    }
  }

  private static func insertComma(_ flags: String) -> String {
    guard let point = flags.firstIndex(of: ".") else { return flags + "," }
    return flags[..<point] + "," + flags[point...]
  }

  private static func dateTime(_ letter: Character, _ text: String) -> String {
    let format =
      switch letter {
      case "F": "%Y-%m-%d"
      case "T": "%H:%M:%S"
      case "R": "%H:%M"
      case "D": "%m/%d/%y"
      case "Y": "%Y"
      case "y": "%y"
      case "m": "%m"
      case "d": "%d"
      case "e": "%-d"
      case "H": "%H"
      case "k": "%-H"
      case "I": "%I"
      case "M": "%M"
      case "S": "%S"
      case "L": "%g"
      case "p": "%p"
      case "B": "%B"
      case "b", "h": "%b"
      case "A": "%A"
      case "a": "%a"
      case "j": "%j"
      default: "%Y-%m-%d %H:%M:%S"
      }
    return "strftime(\(text), '\(format)')"
  }
}
