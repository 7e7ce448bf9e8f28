/// Results whose type no pattern says.
enum ResultTypes {
  static func special(_ rule: FunctionRule, _ arguments: [BoundExpression]) -> SQLType? {
    switch rule.name {
    case "substr", "substring":
      // The source's own length bounds the part's.
      return arguments.first.flatMap { $0.type.isString ? $0.type : nil }
    default: return nil
    }
  }
}
