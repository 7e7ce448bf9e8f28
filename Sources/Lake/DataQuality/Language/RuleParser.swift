/// Rules and analyzers.
extension RulesetParser {
  /// Rules joined by `or`; `and` binds closer.
  mutating func rule(depth: Int = 0) throws(RulesetError) -> Rule {
    var rules = [try conjunction(depth: depth)]
    while reader.takeWord("or", "OR") { rules.append(try conjunction(depth: depth)) }
    return Self.joined(.or, rules)
  }

  private mutating func conjunction(depth: Int) throws(RulesetError) -> Rule {
    var rules = [try operand(depth: depth)]
    while reader.takeWord("and", "AND") { rules.append(try operand(depth: depth)) }
    return Self.joined(.and, rules)
  }

  private static func joined(_ joined: CompositeRule.Operator, _ rules: [Rule]) -> Rule {
    rules.count == 1 ? rules[0] : .composite(CompositeRule(joined, rules))
  }

  private mutating func operand(depth: Int) throws(RulesetError) -> Rule {
    guard reader.takeMark("(") else { return .simple(try simpleRule()) }
    guard depth < QualityLimits.depthMax else {
      throw RulesetError("Rules stand in one another more than \(QualityLimits.depthMax) times.")
    }
    let inner = try rule(depth: depth + 1)
    try reader.expectMark(")")
    guard reader.takeWord("labels") else { return inner }
    let written = try labels(beside: defaultLabels.count)
    switch inner {
    case .simple(var rule):
      rule.labels = written
      return .simple(rule)
    case .composite(var rule):
      rule.labels = written
      return .composite(rule)
    }
  }

  // MARK: One rule

  private mutating func simpleRule() throws(RulesetError) -> SimpleRule {
    guard reader.next.kind == .word else { throw reader.noAlternative() }
    let name = reader.take().text
    let parameters = try parameters()
    let condition = try condition()
    var filter: String?
    if reader.takeWord("where") { filter = try reader.expectQuoted().withoutQuoteEscapes }
    guard let type = RuleType(rawValue: name), type.parameterCounts.contains(parameters.count) else {
      throw RulesetError("Rule Type: \(name) is not valid")
    }
    guard !type.isAnalyzerOnly else {
      throw RulesetError("Analyzer Type: \(name) is not supported in rules section")
    }
    if let filter {
      guard type.takesFilter else { throw RulesetError("Where clause is not supported for rule type: \(name)") }
      guard !filter.isEmpty else { throw RulesetError("Empty where condition provided for rule type: \(name)") }
    }
    var rule = SimpleRule(type: type, parameters: parameters, condition: .none, filter: filter)
    if reader.takeWord("labels") { rule.labels = try labels(beside: defaultLabels.count) }
    while reader.takeWord("with") { try tag(into: &rule) }
    rule.condition = try Self.fitting(condition, type, parameters.count)
    return rule
  }

  mutating func analyzer() throws(RulesetError) -> Analyzer {
    guard reader.next.kind == .word else { throw reader.noAlternative() }
    let name = reader.take().text
    let parameters = try parameters()
    guard let type = RuleType(rawValue: name), type.parameterCounts.contains(parameters.count) else {
      throw RulesetError("Analyzer Type: \(name) is not valid")
    }
    // Rules that answer with yes or no have no metric of their own to gather.
    guard type.answers(parameters: parameters.count) != [.boolean] else {
      throw RulesetError("Analyzer Type: \(name) is not supported")
    }
    return Analyzer(type: type, parameters: parameters)
  }

  private mutating func parameters() throws(RulesetError) -> [RuleParameter] {
    var parameters: [RuleParameter] = []
    while true {
      var connector = ""
      if reader.isWord("of", "OF", "and", "AND"), beginsParameter(at: 1) { connector = reader.take().text + " " }
      guard beginsParameter(at: 0) else { return parameters }
      let token = reader.take()
      switch token.kind {
      case .quoted:
        parameters.append(
          RuleParameter(value: token.text.withoutQuoteEscapes, written: "\(connector)\"\(token.text)\""))
      case .mark:
        let (name, values) = try dereference(isText: true)
        parameters.append(RuleParameter(value: values.first ?? "", written: "\(connector)$\(name)"))
      default: parameters.append(RuleParameter(value: token.text, written: connector + token.text))
      }
    }
  }

  private func beginsParameter(at distance: Int) -> Bool {
    let token = reader.peek(distance)
    switch token.kind {
    case .quoted: return true
    case .word: return !Self.reserved.contains(token.text)
    case .mark: return token.text == "$"
    case .number, .end: return false
    }
  }

  private static let reserved: Set<String> = [
    "between", "in", "not", "matches", "where", "with", "labels", "and", "AND", "or", "OR", "of", "OF", "null", "NULL",
    "empty", "EMPTY", "whitespaces_only", "WHITESPACES_ONLY",
  ]

  // MARK: Tags

  private mutating func tag(into rule: inout SimpleRule) throws(RulesetError) {
    guard reader.next.kind == .word else { throw reader.mismatch("IDENTIFIER") }
    let name = reader.take().text
    let isWrittenText = reader.peek(reader.isMark("!") ? 2 : 1).kind == .quoted
    let begin = reader
    guard let condition = try condition() else { throw reader.noAlternative() }
    switch condition {
    case .number where name.lowercased() == "threshold":
      guard rule.type.takesThreshold else {
        throw RulesetError("Threshold condition not supported for rule type: \(rule.type.rawValue)")
      }
      guard rule.threshold == nil else {
        throw RulesetError("Only one threshold condition at a time is supported.")
      }
      rule.threshold = condition
    case .number(.equal, let numbers):
      rule.tags.append(RuleTag(name: name, value: numbers.map(\.written).joined()))
    case .number: throw RulesetError("Number tags only support the equality operator.")
    case .text(.equal, _) where isWrittenText, .date(.equal, _) where isWrittenText:
      rule.tags.append(RuleTag(name: name, value: "\"\(begin.peek(1).text)\""))
    case .text(.equal, let operands):
      rule.tags.append(RuleTag(name: name, value: operands.map(\.written).joined()))
    case .text: throw RulesetError("String tags only support the equality operator.")
    default: throw RulesetError("Invalid tag provided for rule type: \(rule.type.rawValue)")
    }
  }

  // MARK: What a type compares

  /// The condition as the rule's type takes it.
  private static func fitting(
    _ condition: RuleCondition?, _ type: RuleType, _ parameters: Int
  ) throws(RulesetError) -> RuleCondition {
    let answers = type.answers(parameters: parameters)
    for answer in answers {
      switch (answer, condition) {
      case (.boolean, nil): return .none
      case (.number, .number?), (.string, .text?), (.date, .date?), (.duration, .duration?), (.size, .size?):
        if let condition { return condition }
      case (.size, .number(let comparison, let numbers)?):
        var sizes: [SizeAmount] = []
        for number in numbers {
          guard case .literal(let text) = number, let bytes = Double(text), let whole = Int(exactly: bytes) else {
            throw RulesetError("Error parsing condition for return type: SIZE")
          }
          sizes.append(SizeAmount(whole, .bytes))
        }
        return .size(comparison, sizes)
      default: continue
      }
    }
    throw RulesetError(
      "Unexpected condition for rule of type \(type.rawValue) with \(answers[0].rawValue) return type")
  }
}
