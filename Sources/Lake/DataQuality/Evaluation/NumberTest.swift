/// A condition on a number, with its operands computed.
struct NumberTest: Sendable {
  let comparison: Comparison
  let operands: [Double]
  /// The condition with the numbers in the place of what was computed; `nil` where nothing was.
  let evaluated: String?
  /// Why there is nothing to compare with: too few earlier runs. The value is measured all the same, so that there are
  /// some next time.
  private let missing: String?

  /// - Parameters:
  ///   - metric: whose earlier values `last(k)` means.
  ///   - history: earlier runs, the newest first.
  init(_ condition: RuleCondition, metric: String, history: [QualityHistoryEntry]) throws(RuleFailure) {
    guard case .number(let comparison, let numbers) = condition else {
      throw .error("The rule's condition compares no numbers.")
    }
    self.comparison = comparison
    let past = NumberHistory(values: history.compactMap { $0.metrics[metric] })
    var operands: [Double] = []
    do {
      for number in numbers { operands.append(try past.scalar(number)) }
    } catch  where error.status == .failed {
      (self.operands, evaluated, missing) = ([], nil, error.message)
      return
    }
    (self.operands, missing) = (operands, nil)
    if numbers.contains(where: \.isDynamic) {
      let shown = zip(numbers, operands).map { number, value in
        number.isDynamic ? NumberExpression.literal(JavaNumber.text(value)) : number
      }
      evaluated = RuleCondition.number(comparison, shown).written
    } else {
      evaluated = nil
    }
  }

  /// Why a value does not pass; empty where it does.
  func reasons(against value: Double, isWhole: Bool = false) -> [String] {
    if let missing { return [missing] }
    if holds(value) { return [] }
    return [isWhole ? QualityMessage.unmet(whole: value) : QualityMessage.unmet(value)]
  }

  /// Between excludes both ends.
  func holds(_ value: Double) -> Bool {
    guard let first = operands.first, let last = operands.last else { return false }
    return switch comparison {
    case .between: value > first && value < last
    case .notBetween: value <= first || value >= last
    case .greater: value > first
    case .greaterOrEqual: value >= first
    case .less: value < first
    case .lessOrEqual: value <= first
    case .equal: value == first
    case .notEqual: value != first
    case .isIn: operands.contains(value)
    case .notIn: !operands.contains(value)
    case .matches, .notMatches: false
    }
  }
}

/// Computes numbers of conditions: `last(k)` and what is made of it.
///
/// Source of the rules: "Dynamic rules" in "DQDL reference", AWS Glue developer guide. `index` counts from 0, the
/// newest value first; `std` is the population's.
private struct NumberHistory {
  /// The newest first.
  let values: [Double]

  private enum Computed {
    case one(Double)
    case several([Double])
  }

  func scalar(_ number: NumberExpression) throws(RuleFailure) -> Double {
    switch try computed(number) {
    case .one(let value): return value
    case .several(let values) where values.count == 1: return values[0]
    case .several(let values) where values.isEmpty:
      throw .failed("Rule threshold results in empty list, and a single value is expected.")
    case .several:
      throw .failed(
        "Rule threshold results in list, and a single value is expected. Use aggregation functions to produce a single "
          + "value.")
    }
  }

  private func computed(_ number: NumberExpression) throws(RuleFailure) -> Computed {
    switch number {
    case .literal(let text):
      guard let value = Double(text) else {
        throw .error("Cannot parse atomic operand \(text) to double value")
      }
      return .one(value)
    case .null: throw .error("Rules of this type do not compare with NULL.")
    case .bracketed(let inner): return try computed(inner)
    case .binary(let left, let sign, let right):
      let (left, right) = (try scalar(left), try scalar(right))
      switch sign {
      case "+": return .one(left + right)
      case "-": return .one(left - right)
      case "*": return .one(left * right)
      default: return .one(left / right)
      }
    case .call(let name, let arguments): return try call(name.lowercased(), arguments)
    }
  }

  private func call(_ name: String, _ arguments: [NumberExpression]) throws(RuleFailure) -> Computed {
    func wrong() -> RuleFailure { .error("The function \(name) is not known with \(arguments.count) parameters.") }
    if name == "last" {
      guard arguments.count <= 1 else { throw wrong() }
      let wanted = try arguments.first.map { number throws(RuleFailure) in try scalar(number) } ?? 1
      guard let count = Int(exactly: wanted), (1...QualityLimits.historyMax).contains(count) else {
        throw .error("last(k) looks back on 1 to \(QualityLimits.historyMax) runs.")
      }
      return .several(Array(values.prefix(count)))
    }
    guard let first = arguments.first else { throw wrong() }
    if name == "abs", arguments.count == 1 { return .one(abs(try scalar(first))) }
    let list: [Double]
    switch try computed(first) {
    case .one(let value): list = [value]
    case .several(let values): list = values
    }
    guard !list.isEmpty else {
      throw .failed("Rule threshold results in empty list, and a single value is expected.")
    }
    let mean = list.reduce(0, +) / Double(list.count)
    switch (name, arguments.count) {
    case ("avg", 1), ("average", 1), ("mean", 1): return .one(mean)
    case ("min", 1): return .one(list.min() ?? mean)
    case ("max", 1): return .one(list.max() ?? mean)
    case ("sum", 1): return .one(list.reduce(0, +))
    case ("std", 1), ("stddev", 1):
      return .one((list.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(list.count)).squareRoot())
    case ("median", 1): return .one(Self.percentile(list, 0.5))
    case ("percentile", 2):
      let wanted = try scalar(arguments[1])
      // Both 0.95 and 95 are written for the same.
      let part = wanted > 1 ? wanted / 100 : wanted
      guard (0...1).contains(part) else { throw .error("A percentile lies between 0 and 1.") }
      return .one(Self.percentile(list, part))
    case ("index", 2):
      guard let place = Int(exactly: try scalar(arguments[1])), list.indices.contains(place) else {
        throw .failed("The index is outside of the list of \(list.count) values.")
      }
      return .one(list[place])
    default: throw wrong()
    }
  }

  /// Between two values, in proportion.
  private static func percentile(_ list: [Double], _ part: Double) -> Double {
    let sorted = list.sorted()
    let place = part * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}
