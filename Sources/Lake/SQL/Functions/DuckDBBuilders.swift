/// Functions whose DuckDB text no template says: it depends on types, on constants, or on the inside of a lambda.
enum DuckDBBuilders {
  typealias Builder = @Sendable (DuckDBPrinter, BoundCall) -> String
  typealias AggregateBuilder = @Sendable (DuckDBPrinter, BoundAggregate, String) -> String

  static let all: [String: Builder] = text.merging(dateTime) { $1 }.merging(numbers) { $1 }.merging(collections) { $1 }

  static func constantText(_ value: BoundExpression) -> String? {
    if case .string(let text) = value.kind { text } else { nil }
  }

  /// A lambda's body with its parameters replaced by texts.
  static func body(_ printer: DuckDBPrinter, _ lambda: BoundExpression, _ parameters: [String]) -> String {
    guard case .lambda(let variables, let body) = lambda.kind, case .function(let types, _) = lambda.type else {
      return "NULL"
    }
    // The texts travel as columns of a relation that is none.
    let names = Dictionary(zip(variables, parameters), uniquingKeysWith: { first, _ in first })
    let typed = Dictionary(zip(variables, types), uniquingKeysWith: { first, _ in first })
    let replaced = body.rewritten { value in
      guard case .variable(let number) = value.kind, let text = names[number] else { return nil }
      return BoundExpression(
        typed[number] ?? value.type, .call(BoundCall(name: "$text", arguments: [], form: .template(text))))
    }
    return printer.expression(replaced)
  }
}
