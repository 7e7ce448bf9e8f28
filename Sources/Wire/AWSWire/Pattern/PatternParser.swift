indirect enum PatternNode {
  case set(ScalarSet)
  case sequence([PatternNode])
  case choice([PatternNode])
  case repetition(PatternNode, min: Int, max: Int?)
  case start
  case end
  case look(PatternNode, isNegated: Bool, isBehind: Bool)
}

enum PatternError: Error {
  case unsupported(String)
  case tooLarge
}

/// Reads the part of Java's regular expressions that AWS's models use.
struct PatternParser {
  private let text: [Unicode.Scalar]
  private var at = 0

  init(_ text: String) { self.text = Array(text.unicodeScalars) }

  mutating func parse() throws -> PatternNode {
    let node = try choice()
    guard at == text.count else { throw PatternError.unsupported("a closing bracket without an opening one") }
    return node
  }

  private var peek: Unicode.Scalar? { at < text.count ? text[at] : nil }

  private mutating func takeIf(_ mark: Unicode.Scalar) -> Bool {
    guard peek == mark else { return false }
    at += 1
    return true
  }

  private mutating func takeIf(_ marks: String) -> Bool {
    let marks = Array(marks.unicodeScalars)
    guard at + marks.count <= text.count, Array(text[at..<at + marks.count]) == marks else { return false }
    at += marks.count
    return true
  }

  private mutating func choice() throws -> PatternNode {
    var options = [try sequence()]
    while takeIf("|" as Unicode.Scalar) { options.append(try sequence()) }
    return options.count == 1 ? options[0] : .choice(options)
  }

  private mutating func sequence() throws -> PatternNode {
    var parts: [PatternNode] = []
    while let mark = peek, mark != "|", mark != ")" { parts.append(try repeated(try atom())) }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated(_ inner: PatternNode) throws -> PatternNode {
    var node = inner
    while let mark = peek {
      var bounds: (Int, Int?)
      switch mark {
      case "*": bounds = (0, nil)
      case "+": bounds = (1, nil)
      case "?": bounds = (0, 1)
      case "{":
        bounds = try counts()
        at -= 1
      default: return node
      }
      at += 1
      // Lazy or greedy makes no difference to whether the whole value matches.
      _ = takeIf("?" as Unicode.Scalar) || takeIf("+" as Unicode.Scalar)
      node = .repetition(node, min: bounds.0, max: bounds.1)
    }
    return node
  }

  private mutating func counts() throws -> (Int, Int?) {
    guard let close = text[at...].firstIndex(of: "}") else { throw PatternError.unsupported("{") }
    let inside = String(String.UnicodeScalarView(text[at + 1..<close]))
    let parts = inside.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    at = close + 1
    guard let min = Int(parts[0]), parts.count <= 2 else { throw PatternError.unsupported(inside) }
    if parts.count == 1 { return (min, min) }
    return (min, parts[1].isEmpty ? nil : Int(parts[1]))
  }

  private mutating func atom() throws -> PatternNode {
    let mark = text[at]
    at += 1
    switch mark {
    case "(": return try group()
    case "[": return .set(try brackets())
    case ".": return .set(.point)
    case "^": return .start
    case "$": return .end
    case "\\": return .set(try escape())
    default: return .set(.of(mark...mark))
    }
  }

  private mutating func group() throws -> PatternNode {
    var look: (isNegated: Bool, isBehind: Bool)?
    if takeIf("?:") {
    } else if takeIf("?!") {
      look = (true, false)
    } else if takeIf("?=") {
      look = (false, false)
    } else if takeIf("?<!") {
      look = (true, true)
    } else if takeIf("?<=") {
      look = (false, true)
    } else if peek == "?" {
      throw PatternError.unsupported("(?")
    }
    let inner = try choice()
    guard takeIf(")" as Unicode.Scalar) else { throw PatternError.unsupported("an unclosed group") }
    return look.map { .look(inner, isNegated: $0.isNegated, isBehind: $0.isBehind) } ?? inner
  }

  private mutating func brackets() throws -> ScalarSet {
    var set = ScalarSet()
    set.isNegated = takeIf("^" as Unicode.Scalar)
    var isFirst = true
    while let mark = peek {
      if mark == "]", !isFirst {
        at += 1
        return set
      }
      isFirst = false
      at += 1
      var low = mark
      if mark == "\\" {
        let escaped = try escape()
        guard let single = Self.single(escaped) else {
          set.sets.append(escaped)
          continue
        }
        low = single
      }
      // A dash makes a range unless it stands last.
      guard peek == "-", at + 1 < text.count, text[at + 1] != "]" else {
        set.ranges.append(low.value...low.value)
        continue
      }
      at += 1
      var high = text[at]
      at += 1
      if high == "\\" {
        let escaped = try escape()
        guard let single = Self.single(escaped) else {
          // `[a-\w]`: the dash is itself.
          set.ranges += [low.value...low.value, 0x2D...0x2D]
          set.sets.append(escaped)
          continue
        }
        high = single
      }
      guard low <= high else { throw PatternError.unsupported("a range that runs backwards") }
      set.ranges.append(low.value...high.value)
    }
    throw PatternError.unsupported("an unclosed bracket")
  }

  private static func single(_ set: ScalarSet) -> Unicode.Scalar? {
    guard set.ranges.count == 1, set.classes.isEmpty, set.sets.isEmpty, !set.isNegated,
      set.ranges[0].lowerBound == set.ranges[0].upperBound
    else { return nil }
    return Unicode.Scalar(set.ranges[0].lowerBound)
  }

  private mutating func escape() throws -> ScalarSet {
    guard let mark = peek else { throw PatternError.unsupported("a backslash at the end") }
    at += 1
    var negated = ScalarSet(isNegated: true)
    switch mark {
    case "d": return .digits
    case "w": return .word
    case "s": return .space
    case "D": negated.sets = [.digits]
    case "W": negated.sets = [.word]
    case "S": negated.sets = [.space]
    case "n": return .of("\n"..."\n")
    case "r": return .of("\r"..."\r")
    case "t": return .of("\t"..."\t")
    case "f": return .of("\u{0C}"..."\u{0C}")
    case "p", "P": return try unicodeClass(isNegated: mark == "P")
    case "x": return try code(digits: 2)
    case "u": return try code(digits: 4)
    default: return .of(mark...mark)
    }
    return negated
  }

  private mutating func unicodeClass(isNegated: Bool) throws -> ScalarSet {
    var name = ""
    if takeIf("{" as Unicode.Scalar) {
      while let mark = peek, mark != "}" {
        name.unicodeScalars.append(mark)
        at += 1
      }
      guard takeIf("}" as Unicode.Scalar) else { throw PatternError.unsupported("\\p{") }
    } else if let mark = peek {
      name.unicodeScalars.append(mark)
      at += 1
    }
    let classes: [String: ScalarSet.Class] = [
      "L": .letter, "N": .number, "P": .punctuation, "Z": .separator, "C": .other, "S": .symbol, "M": .mark,
    ]
    guard let kind = classes[name] else { throw PatternError.unsupported("\\p{\(name)}") }
    return ScalarSet(classes: [(kind, isNegated)])
  }

  /// A character by its number. Java writes those beyond the first plane as two surrogates; some models write a fifth
  /// digit, meaning the same.
  private mutating func code(digits: Int) throws -> ScalarSet {
    var code = try hexadecimal(digits)
    if digits == 4, code & 0xFC00 == 0xD800 {
      if takeIf("\\u") {
        code = 0x10000 + (code & 0x3FF) << 10 + (try hexadecimal(4)) & 0x3FF
      }
    } else if digits == 4, code == 0x1000, takeIf("0" as Unicode.Scalar) {
      code = 0x10000
    } else if digits == 4, code == 0x10FF, takeIf("FF") {
      code = 0x10FFFF
    }
    // Half of a pair alone: the edge of the surrogates' range, which no scalar lies in.
    if code & 0xF800 == 0xD800 { code = code & 0x400 == 0 ? 0xD7FF : 0xE000 }
    return ScalarSet(ranges: [code...code])
  }

  private mutating func hexadecimal(_ digits: Int) throws -> UInt32 {
    guard at + digits <= text.count else { throw PatternError.unsupported("a short escape") }
    let word = String(String.UnicodeScalarView(text[at..<at + digits]))
    guard let code = UInt32(word, radix: 16) else { throw PatternError.unsupported("\\u\(word)") }
    at += digits
    return code
  }
}
