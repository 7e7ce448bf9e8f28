/// Reads a DQDL document.
///
/// Source of the rules: awslabs/dqdl, `DataQualityDefinitionLanguage.g4`, and "DQDL reference", AWS Glue developer
/// guide. What stands behind the last section is refused here; AWS's parser passes over it.
struct RulesetParser {
  var reader: TokenReader
  /// Variables by name; one text, or several.
  var variables: [String: [String]] = [:]
  var defaultLabels: [RuleLabel] = []

  static func ruleset(_ text: String) throws(RulesetError) -> Ruleset {
    guard text.count <= QualityLimits.rulesetCharactersMax else {
      throw RulesetError("A ruleset has at most \(QualityLimits.rulesetCharactersMax) characters.")
    }
    var parser = RulesetParser(reader: TokenReader(try RulesetLexer.tokens(text)))
    return try parser.document()
  }

  private mutating func document() throws(RulesetError) -> Ruleset {
    var ruleset = Ruleset()
    if reader.takeWord("Metadata") { ruleset.metadata = try metadata() }
    if reader.takeWord("DataSources") { try sources(into: &ruleset) }
    while reader.next.kind == .word, !reader.isWord("Rules", "Analyzers", "DefaultLabels"), reader.isMark("=", at: 1) {
      try variable()
    }
    if reader.takeWord("DefaultLabels") {
      defaultLabels = try labels(beside: 0)
      ruleset.defaultLabels = defaultLabels
    }
    guard reader.isWord("Rules", "Analyzers") else { throw reader.mismatch("{'Rules', 'Analyzers'}") }
    if reader.takeWord("Rules") { ruleset.rules = try list { parser throws(RulesetError) in try parser.rule() } }
    if reader.takeWord("Analyzers") {
      ruleset.analyzers = try list { parser throws(RulesetError) in try parser.analyzer() }
    }
    guard reader.next.kind == .end else { throw reader.mismatch("<EOF>") }
    guard !ruleset.rules.isEmpty || !ruleset.analyzers.isEmpty else {
      throw RulesetError("No rules or analyzers provided.")
    }
    guard ruleset.rules.count <= QualityLimits.rulesMax, ruleset.analyzers.count <= QualityLimits.rulesMax else {
      throw RulesetError("A ruleset has at most \(QualityLimits.rulesMax) rules and as many analyzers.")
    }
    return ruleset
  }

  /// `= [ … , … ]`, which may be empty.
  private mutating func list<Element>(
    _ element: (inout RulesetParser) throws(RulesetError) -> Element
  ) throws(RulesetError) -> [Element] {
    try reader.expectMark("=")
    try reader.expectMark("[")
    if reader.takeMark("]") { return [] }
    var elements = [try element(&self)]
    while reader.takeMark(",") { elements.append(try element(&self)) }
    guard reader.takeMark("]") else { throw reader.mismatch("{',', ']'}") }
    return elements
  }

  // MARK: Sections before the rules

  private enum DictionaryValue {
    case text(String)
    case list([String])
  }

  private mutating func dictionary() throws(RulesetError) -> [(key: String, value: DictionaryValue)] {
    try reader.expectMark("=")
    try reader.expectMark("{")
    guard !reader.isMark("}") else { throw RulesetError("Empty dictionary provided") }
    var pairs: [(key: String, value: DictionaryValue)] = []
    repeat {
      let key = try reader.expectQuoted().withoutQuoteEscapes
      try reader.expectMark(":")
      guard reader.takeMark("[") else {
        pairs.append((key, .text(try reader.expectQuoted().withoutQuoteEscapes)))
        continue
      }
      var values: [String] = []
      repeat { values.append(try reader.expectQuoted().withoutQuoteEscapes) } while reader.takeMark(",")
      try reader.expectMark("]")
      pairs.append((key, .list(values)))
    } while reader.takeMark(",")
    try reader.expectMark("}")
    return pairs
  }

  private mutating func metadata() throws(RulesetError) -> [String: String] {
    var metadata: [String: String] = [:]
    for (key, value) in try dictionary() {
      guard key == "Version", case .text(let text) = value else {
        throw RulesetError("Unsupported key provided in Metadata section")
      }
      metadata[key] = text
    }
    return metadata
  }

  private mutating func sources(into ruleset: inout Ruleset) throws(RulesetError) {
    for (key, value) in try dictionary() {
      switch (key, value) {
      case ("Primary", .text(let alias)): ruleset.primarySource = alias
      case ("AdditionalDataSources", .list(let aliases)): ruleset.additionalSources = aliases
      case ("AdditionalDataSources", .text): throw RulesetError("Additional sources must be an array of values.")
      default: throw RulesetError("Unsupported key provided in Sources section")
      }
    }
  }

  private mutating func variable() throws(RulesetError) {
    let name = reader.take().text
    try reader.expectMark("=")
    guard !name.hasPrefix("."), !name.hasPrefix("_") else {
      throw RulesetError("Variable name '\(name)' cannot start with '.' or '_'")
    }
    guard variables[name] == nil else { throw RulesetError("Variable '\(name)' is already defined") }
    var values: [String] = []
    if reader.takeMark("[") {
      repeat { values.append(try reader.expectQuoted().withoutQuoteEscapes) } while reader.takeMark(",")
      try reader.expectMark("]")
      lists.insert(name)
    } else {
      values = [try reader.expectQuoted().withoutQuoteEscapes]
    }
    guard !values.contains(where: Self.namesVariable) else {
      throw RulesetError("Nested variables are not supported in variable '\(name)'")
    }
    variables[name] = values
  }

  /// The variables that hold a list.
  private var lists: Set<String> = []

  private static func namesVariable(_ text: String) -> Bool {
    var isBehindDollar = false
    for scalar in text.unicodeScalars {
      if isBehindDollar, scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) { return true }
      isBehindDollar = scalar == "$"
    }
    return false
  }

  /// The values of `$name`, behind the dollar.
  /// - Parameter isText: whether it must be one text.
  mutating func dereference(isText: Bool) throws(RulesetError) -> (name: String, values: [String]) {
    guard reader.next.kind == .word, !reader.next.isApart else { throw reader.mismatch("IDENTIFIER") }
    let name = reader.take().text
    let place = isText ? "Error resolving parameters: " : "Error resolving condition: "
    guard let values = variables[name] else { throw RulesetError("\(place)Variable not found: \(name)") }
    guard !isText || !lists.contains(name) else {
      throw RulesetError("\(place)Invalid variable type for '\(name)': expected STRING, but got STRING_ARRAY")
    }
    return (name, values)
  }

  /// `= [ "key" = "value", … ]`.
  /// - Parameter others: how many labels the rule has beside.
  mutating func labels(beside others: Int) throws(RulesetError) -> [RuleLabel] {
    try reader.expectMark("=")
    try reader.expectMark("[")
    guard !reader.isMark("]") else { throw RulesetError("Labels must have at least one label") }
    var labels: [RuleLabel] = []
    repeat {
      let key = try reader.expectQuoted().withoutQuoteEscapes
      try reader.expectMark("=")
      labels.append(RuleLabel(key: key, value: try reader.expectQuoted().withoutQuoteEscapes))
    } while reader.takeMark(",")
    try reader.expectMark("]")
    guard labels.count + others <= QualityLimits.labelsPerRuleMax else {
      throw RulesetError("Number of labels exceed maximum allowed (MAX: \(QualityLimits.labelsPerRuleMax))")
    }
    var seen: Set<String> = []
    for label in labels {
      guard seen.insert(label.key).inserted else { throw RulesetError("Duplicate label key. Key must be unique.") }
      guard !label.key.isEmpty, !label.value.isEmpty else {
        throw RulesetError("Label key or value cannot be empty")
      }
      guard label.key.count <= QualityLimits.labelKeyCharactersMax else {
        throw RulesetError(
          "Label key has length \(label.key.count) exceeding the maximum length of 128 characters")
      }
      guard label.value.count <= QualityLimits.labelValueCharactersMax else {
        throw RulesetError(
          "Label value has length \(label.value.count) exceeding the maximum length of 256 characters")
      }
    }
    return labels
  }
}
