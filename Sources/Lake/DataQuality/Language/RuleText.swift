/// Rules as text, in AWS's canonical form: what results name a rule by.
///
/// Source of the rules: awslabs/dqdl, `DQRule.toString` and the conditions' `getFormattedCondition`.
extension Rule: CustomStringConvertible {
  public var description: String {
    switch self {
    case .simple(let rule): rule.description
    case .composite(let rule): rule.description
    }
  }
}

extension CompositeRule: CustomStringConvertible {
  /// Rules that are joined by one operator throughout stand side by side.
  public var description: String {
    let parts = usesOnly(joined) ? Rule.composite(self).leaves.map(\.description) : rules.map(\.description)
    return parts.map { "(\($0))" }.joined(separator: " \(joined.rawValue) ")
  }

  private func usesOnly(_ wanted: Operator) -> Bool {
    joined == wanted
      && rules.allSatisfy { rule in
        guard case .composite(let inner) = rule else { return true }
        return inner.usesOnly(wanted)
      }
  }
}

extension SimpleRule: CustomStringConvertible {
  public var description: String {
    var text = type.rawValue
    for parameter in parameters { text += " " + parameter.written }
    let condition = condition.written
    if !condition.isEmpty { text += " " + condition }
    if let filter { text += " where \"\(filter.replacing("\"", with: "\\\""))\"" }
    if let threshold { text += " with threshold " + threshold.written }
    for tag in tags { text += " with \(tag.name) = \(tag.value)" }
    if !labels.isEmpty {
      text += " labels=[" + labels.map { "\"\($0.key)\"=\"\($0.value)\"" }.joined(separator: ", ") + "]"
    }
    return text
  }
}

extension Analyzer: CustomStringConvertible {
  public var description: String {
    ([type.rawValue] + parameters.map(\.written)).joined(separator: " ")
  }
}

extension RuleCondition {
  /// Empty where there is none.
  var written: String {
    switch self {
    case .none: ""
    case .number(let comparison, let numbers): Self.text(comparison, numbers.map(\.written))
    case .text(let comparison, let texts): Self.text(comparison, texts.map(\.written))
    case .date(let comparison, let dates): Self.text(comparison, dates.map(\.written))
    case .duration(let comparison, let spans):
      Self.text(comparison, spans.map { "\($0.amount) \($0.unit.rawValue)" })
    case .size(let comparison, let sizes): Self.text(comparison, sizes.map { "\($0.amount) \($0.unit.rawValue)" })
    }
  }

  private static func text(_ comparison: Comparison, _ operands: [String]) -> String {
    let shown = operands.filter { !$0.isEmpty }
    let operands: String
    switch comparison {
    case .between, .notBetween: operands = shown.joined(separator: " and ")
    // A variable holds its own list.
    case .isIn, .notIn:
      operands = shown.count == 1 && shown[0].hasPrefix("$") ? shown[0] : "[\(shown.joined(separator: ","))]"
    default: operands = shown.joined()
    }
    return "\(comparison.written) \(operands)"
  }
}

extension NumberExpression {
  var written: String {
    switch self {
    case .literal(let text): text
    case .null: "NULL"
    case .call(let name, let arguments): "\(name)(\(arguments.map(\.written).joined(separator: ",")))"
    case .binary(let left, let sign, let right): "\(left.written) \(sign) \(right.written)"
    case .bracketed(let inner): "(\(inner.written))"
    }
  }
}

extension TextOperand {
  var written: String {
    switch self {
    case .text(let text): text.written
    case .null: "NULL"
    case .empty: "EMPTY"
    case .whitespacesOnly: "WHITESPACES_ONLY"
    }
  }
}

extension DateExpression {
  var written: String {
    switch self {
    case .day(let text), .time(let text): "\"\(text)\""
    case .null: "NULL"
    case .now: "now()"
    case .fromNow(_, let written): written
    }
  }
}
