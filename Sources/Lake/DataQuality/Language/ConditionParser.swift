/// Conditions: a comparison and what is compared with.
extension RulesetParser {
  /// One operand, before it is known what all of them are.
  private enum Operand {
    case number(NumberExpression)
    case null
    case text([TextOperand])
    case date(DateExpression)
    case duration(DurationAmount)
    case size(SizeAmount)
  }

  /// - Returns: `nil` where no condition stands.
  mutating func condition() throws(RulesetError) -> RuleCondition? {
    let begin = reader.next
    if reader.isWord("not", "in", "between", "matches") {
      let isNegated = reader.takeWord("not")
      if reader.takeWord("between") {
        let first = try operand()
        guard reader.takeWord("and", "AND") else { throw reader.mismatch("AND") }
        return try Self.typed(isNegated ? .notBetween : .between, [first, try operand()], begin)
      }
      if reader.takeWord("matches") {
        return .text(isNegated ? .notMatches : .matches, try matched())
      }
      guard reader.takeWord("in") else { throw reader.mismatch("{'between', 'in', 'matches'}") }
      let comparison: Comparison = isNegated ? .notIn : .isIn
      if reader.isMark("$") { return try Self.typed(comparison, [try operand()], begin) }
      guard reader.takeMark("[") else { throw reader.mismatch("{'$', '['}") }
      var operands = [try operand()]
      while reader.takeMark(",") { operands.append(try operand()) }
      guard reader.takeMark("]") else { throw reader.mismatch("{',', ']'}") }
      return try Self.typed(comparison, operands, begin)
    }
    let comparison: Comparison
    switch (begin.kind, begin.text) {
    case (.mark, ">"): comparison = .greater
    case (.mark, ">="): comparison = .greaterOrEqual
    case (.mark, "<"): comparison = .less
    case (.mark, "<="): comparison = .lessOrEqual
    case (.mark, "="): comparison = .equal
    case (.mark, "!"): comparison = .notEqual
    default: return nil
    }
    _ = reader.take()
    if comparison == .notEqual { try reader.expectMark("=") }
    return try Self.typed(comparison, [try operand()], begin)
  }

  private mutating func matched() throws(RulesetError) -> [TextOperand] {
    if reader.takeMark("$") { return try variable(isText: true) }
    let text = try reader.expectQuoted()
    return [Self.text(text)]
  }

  private static func text(_ written: String) -> TextOperand {
    .text(.init(value: written.withoutQuoteEscapes, written: "\"\(written)\""))
  }

  /// The values of a variable; its name stands for all of them in the rule's text.
  private mutating func variable(isText: Bool = false) throws(RulesetError) -> [TextOperand] {
    let (name, values) = try dereference(isText: isText)
    return values.enumerated().map { .text(.init(value: $1, written: $0 == 0 ? "$\(name)" : "")) }
  }

  // MARK: Operands

  private mutating func operand() throws(RulesetError) -> Operand {
    let token = reader.next
    if token.kind == .quoted {
      _ = reader.take()
      if Self.isDay(token.text) { return .date(.day(token.text)) }
      if ClockTime(token.text) != nil { return .date(.time(token.text)) }
      return .text([Self.text(token.text)])
    }
    if reader.takeMark("$") { return .text(try variable()) }
    if reader.takeWord("NULL", "null") { return .null }
    if reader.takeWord("EMPTY", "empty") { return .text([.empty]) }
    if reader.takeWord("WHITESPACES_ONLY", "whitespaces_only") { return .text([.whitespacesOnly]) }
    if isNow(at: 0) {
      for _ in 0..<3 { _ = reader.take() }
      return .date(.now)
    }
    if reader.isMark("("), isNow(at: 1) { return .date(try fromNow()) }
    let number = try numberExpression()
    guard case .literal(let text) = number, text.allSatisfy(\.isNumber), reader.next.kind == .word else {
      return .number(number)
    }
    if let unit = DurationAmount.Unit(rawValue: reader.next.text) {
      return .duration(DurationAmount(try amount(text), unit: unit, taking: &reader))
    }
    if let unit = SizeAmount.Unit(rawValue: reader.next.text) {
      _ = reader.take()
      return .size(SizeAmount(try amount(text), unit))
    }
    return .number(number)
  }

  private func amount(_ text: String) throws(RulesetError) -> Int {
    // AWS keeps amounts in 32 bits.
    guard let amount = Int32(text) else { throw RulesetError("For input string: \"\(text)\"") }
    return Int(amount)
  }

  private func isNow(at distance: Int) -> Bool {
    reader.isWord("now", at: distance) && reader.isMark("(", at: distance + 1) && reader.isMark(")", at: distance + 2)
  }

  /// `(now() - 3 days)`.
  private mutating func fromNow() throws(RulesetError) -> DateExpression {
    for _ in 0..<4 { _ = reader.take() }
    let isEarlier = reader.isMark("-")
    guard reader.takeMark("-") || reader.takeMark("+") else { throw reader.mismatch("{'+', '-'}") }
    guard reader.next.kind == .number else { throw reader.mismatch("{DIGIT, INT}") }
    let amount = try amount(reader.take().text)
    guard reader.next.kind == .word, let unit = DurationAmount.Unit(rawValue: reader.next.text) else {
      throw reader.mismatch("{'days', 'hours', 'minutes'}")
    }
    _ = reader.take()
    try reader.expectMark(")")
    let minutes = DurationAmount(amount, unit).minutes
    return .fromNow(
      minutes: isEarlier ? -minutes : minutes, written: "(now() \(isEarlier ? "-" : "+") \(amount) \(unit.rawValue))")
  }

  private static func isDay(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.count) == [4, 2, 2]
      && parts.allSatisfy { $0.unicodeScalars.allSatisfy { ("0"..."9").contains($0) } }
  }

  // MARK: Numbers

  /// Operators bind from left to right, all alike, as in AWS's grammar.
  private mutating func numberExpression(depth: Int = 0) throws(RulesetError) -> NumberExpression {
    guard depth < QualityLimits.depthMax else {
      throw RulesetError("Numbers stand in one another more than \(QualityLimits.depthMax) times.")
    }
    var left = try numberOperand(depth: depth)
    var steps = 0
    while reader.next.kind == .mark, ["+", "-", "*", "/"].contains(reader.next.text) {
      steps += 1
      guard steps < QualityLimits.depthMax else {
        throw RulesetError("A number has at most \(QualityLimits.depthMax) operators.")
      }
      let sign = reader.take().text
      left = .binary(left, sign, try numberOperand(depth: depth))
    }
    return left
  }

  private mutating func numberOperand(depth: Int) throws(RulesetError) -> NumberExpression {
    if reader.takeMark("(") {
      let inner = try numberExpression(depth: depth + 1)
      try reader.expectMark(")")
      return .bracketed(inner)
    }
    if reader.isMark("-"), reader.peek(1).kind == .number {
      _ = reader.take()
      return .literal("-" + reader.take().text)
    }
    let token = reader.next
    switch token.kind {
    case .number: return .literal(reader.take().text)
    case .word where token.text == "NULL" || token.text == "null":
      _ = reader.take()
      return .null
    case .word where reader.isMark("(", at: 1):
      let name = reader.take().text
      _ = reader.take()
      var arguments: [NumberExpression] = []
      if !reader.isMark(")") {
        repeat { arguments.append(try numberExpression(depth: depth + 1)) } while reader.takeMark(",")
      }
      try reader.expectMark(")")
      return .call(name, arguments)
    default: throw reader.noAlternative()
    }
  }

  // MARK: What the operands are together

  private static func typed(
    _ comparison: Comparison, _ operands: [Operand], _ begin: RulesetToken
  ) throws(RulesetError) -> RuleCondition {
    var numbers: [NumberExpression] = []
    var texts: [TextOperand] = []
    var dates: [DateExpression] = []
    var durations: [DurationAmount] = []
    var sizes: [SizeAmount] = []
    var nulls = 0
    for operand in operands {
      switch operand {
      case .number(let number): numbers.append(number)
      case .null:
        numbers.append(.null)
        texts.append(.null)
        dates.append(.null)
        nulls += 1
      case .text(let values): texts += values
      case .date(let date): dates.append(date)
      case .duration(let duration): durations.append(duration)
      case .size(let size): sizes.append(size)
      }
    }
    let isOrdered = ![.equal, .notEqual, .isIn, .notIn].contains(comparison)
    if numbers.count == operands.count, nulls == 0 || !isOrdered { return .number(comparison, numbers) }
    if dates.count == operands.count, nulls == 0 || !isOrdered { return .date(comparison, dates) }
    if durations.count == operands.count { return .duration(comparison, durations) }
    if sizes.count == operands.count { return .size(comparison, sizes) }
    let others = numbers.count - nulls + dates.count - nulls + durations.count + sizes.count
    if others == 0, !isOrdered { return .text(comparison, texts) }
    throw RulesetError("no viable alternative at input '\(begin.shown)'", at: begin.place)
  }
}

extension DurationAmount {
  fileprivate init(_ amount: Int, unit: Unit, taking reader: inout TokenReader) {
    _ = reader.take()
    self.init(amount, unit)
  }
}

/// A time of the day: `21:45` or `9:30 AM`.
struct ClockTime: Hashable {
  var hour: Int
  var minute: Int

  init?(_ text: String) {
    let halves = text.split(separator: " ", omittingEmptySubsequences: false)
    let parts = halves[0].split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count == 2, (1...2).contains(parts[0].utf8.count),
      let hour = Self.digits(parts[0]), let minute = Self.digits(parts[1]), minute < 60
    else { return nil }
    if halves.count == 1 {
      guard parts[0].utf8.count == 2, hour < 24 else { return nil }
      (self.hour, self.minute) = (hour, minute)
    } else {
      guard halves.count == 2, ["AM", "PM"].contains(halves[1]), (1...12).contains(hour) else { return nil }
      (self.hour, self.minute) = (hour % 12 + (halves[1] == "PM" ? 12 : 0), minute)
    }
  }

  private static func digits(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
  }
}
