/// Calls: which signature is meant, and what the arguments become.
extension Binder {
  /// An argument before its parameter's type is known.
  enum Argument {
    case value(BoundExpression)
    case lambda([Identifier], Expression)
  }

  func call(_ call: FunctionCall, _ expression: Expression, _ context: ExpressionContext) throws -> BoundExpression {
    let position = expression.position
    let name = call.name.key
    guard
      call.name.parts.count == 1 || call.name.parts.dropLast().allSatisfy({ ["system", "builtin"].contains($0.key) })
    else {
      throw SQLError(.functionNotFound, "Function '\(call.name)' not registered", at: position)
    }
    if let special = try special(name, call, expression, context) { return special }
    guard let rules = FunctionLibrary.rules[name] else {
      if let reason = FunctionLibrary.unsupported(name) { throw SQLError(.notSupported, reason, at: position) }
      throw SQLError(.functionNotFound, "Function '\(name)' not registered", at: position)
    }
    let kind = rules[0].kind
    if kind == .window, call.window == nil {
      throw SQLError(.missingOver, "Window function \(name) requires an OVER clause", at: position)
    }
    if call.window != nil { return try window(call, rules, expression, context) }
    guard kind == .aggregate else {
      if call.distinct || call.filter != nil || !call.orderBy.isEmpty || call.star {
        let what = call.filter != nil ? "FILTER" : call.distinct ? "DISTINCT" : call.star ? "*" : "ORDER BY"
        throw SQLError(
          .functionNotAggregate,
          "\(what) is not supported for non-aggregation function '\(name)'".replacing("  ", with: " "),
          at: position)
      }
      return try resolve(name, try arguments(call, context), at: position, context)
    }
    return try aggregate(call, expression, context)
  }

  private func aggregate(
    _ call: FunctionCall, _ expression: Expression, _ context: ExpressionContext
  ) throws -> BoundExpression {
    if let reason = context.aggregatesRefused {
      throw SQLError(
        .expressionNotScalar,
        "\(reason) cannot contain aggregations, window functions or grouping operations: "
          + "[\(TrinoText.expression(expression))]",
        at: expression.position)
    }
    var inner = context
    inner.aggregatesRefused = "Aggregate function argument"
    inner.windowsRefused = "Aggregate function argument"
    let (bound, type) = try aggregateCall(call, expression, inner, nesting: true)
    return BoundExpression(type, .aggregate(bound))
  }

  private func aggregateCall(
    _ call: FunctionCall, _ expression: Expression, _ context: ExpressionContext, nesting: Bool
  ) throws -> (BoundAggregate, SQLType) {
    let position = expression.position
    let name = call.name.key
    do {
      if call.star {
        guard name == "count" else {
          throw SQLError(.functionNotFound, "Function '\(name)' cannot be called with *", at: position)
        }
        let bound = BoundCall(name: "count", arguments: [], form: .template("count(*){F}"))
        let filter = try call.filter.map { try self.filter($0, context) }
        return (BoundAggregate(call: bound, distinct: false, orderBy: [], filter: filter), .bigint)
      }
      let resolved = try resolve(name, try arguments(call, context), at: position, context)
      guard case .call(let bound) = resolved.kind else {
        throw SQLError(.genericInternalError, "aggregate \(name) did not resolve", at: position)
      }
      if call.distinct {
        for argument in bound.arguments where !argument.type.isComparable {
          throw SQLError(
            .typeMismatch, "DISTINCT can only be applied to comparable types (actual: \(argument.type))", at: position)
        }
      }
      let orderBy = try sort(call.orderBy, context)
      let filter = try call.filter.map { try self.filter($0, context) }
      return (BoundAggregate(call: bound, distinct: call.distinct, orderBy: orderBy, filter: filter), resolved.type)
    } catch let error as SQLError where nesting && error.code == .expressionNotScalar {
      throw SQLError(
        .nestedAggregation,
        "Cannot nest aggregations inside aggregation '\(name)': \(error.message.drop { $0 != "[" })", at: position)
    }
  }

  private func filter(_ expression: Expression, _ context: ExpressionContext) throws -> BoundExpression {
    try condition(
      try bind(expression, context), "Filter expression must evaluate to a boolean", at: expression.position)
  }

  func sort(_ items: [SortItem], _ context: ExpressionContext) throws -> [BoundSort] {
    var sorts: [BoundSort] = []
    for item in items {
      let value = try bind(item.key, context)
      guard value.type.isOrderable else {
        throw SQLError(
          .typeMismatch, "ORDER BY can only be applied to orderable types (actual: \(value.type))",
          at: item.key.position)
      }
      sorts.append(
        BoundSort(key: .expression(value), descending: item.descending, nullsFirst: item.nullsFirst ?? false))
    }
    return sorts
  }

  // MARK: Windows

  private static let withinWindow = "Window function argument"

  private func window(
    _ call: FunctionCall, _ rules: [FunctionRule], _ expression: Expression, _ context: ExpressionContext
  ) throws -> BoundExpression {
    let position = expression.position
    if context.windowsRefused == Self.withinWindow {
      throw SQLError(
        .nestedWindow,
        "Cannot nest window functions or row pattern measures inside window function arguments", at: position)
    }
    if let reason = context.windowsRefused {
      throw SQLError(
        .expressionNotScalar,
        "\(reason) cannot contain aggregations, window functions or grouping operations: "
          + "[\(TrinoText.expression(expression))]",
        at: position)
    }
    guard rules[0].kind != .scalar else {
      throw SQLError(
        .functionNotWindow, "Function '\(call.name.key)' is not a window function", at: position)
    }
    if call.distinct {
      throw SQLError(
        .notSupported, "DISTINCT in window function parameters not yet supported: \(TrinoText.expression(expression))",
        at: position)
    }
    var inner = context
    inner.windowsRefused = Self.withinWindow
    var specification: WindowSpecification
    switch call.window {
    case .named(let name): specification = try named(name, context)
    case .inline(let inline): specification = try inherited(inline, context)
    case nil: specification = WindowSpecification(existing: nil, partitionBy: [], orderBy: [], frame: nil)
    }
    let (function, type) = try aggregateCall(call, expression, inner, nesting: false)
    var partitionBy: [BoundExpression] = []
    for key in specification.partitionBy { partitionBy.append(try bind(key, inner)) }
    var ordered = inner
    ordered.outputs = []
    let orderBy = try sort(specification.orderBy, ordered)
    if rules[0].kind == .window, orderBy.isEmpty, ["lag", "lead"].contains(call.name.key) {
      throw SQLError(.missingOrderBy, "\(call.name.key) function requires an ORDER BY window clause", at: position)
    }
    let frame = try specification.frame.map { try self.frame($0, inner, at: position) }
    return BoundExpression(
      type,
      .window(
        BoundWindow(function: function, nulls: call.nulls, partitionBy: partitionBy, orderBy: orderBy, frame: frame)))
  }

  private func named(_ name: Identifier, _ context: ExpressionContext) throws(SQLError) -> WindowSpecification {
    guard let found = context.windows[name.key] else {
      throw SQLError(.invalidWindowReference, "Cannot resolve WINDOW name \(name.text)", at: name.position)
    }
    return try inherited(found, context)
  }

  /// A window that builds on another takes what it does not say itself.
  private func inherited(
    _ specification: WindowSpecification, _ context: ExpressionContext, depth: Int = 0
  ) throws(SQLError) -> WindowSpecification {
    guard let existing = specification.existing else { return specification }
    guard depth < 50, let base = context.windows[existing.key] else {
      throw SQLError(.invalidWindowReference, "Cannot resolve WINDOW name \(existing.text)", at: existing.position)
    }
    let parent = try inherited(base, context, depth: depth + 1)
    var merged = specification
    merged.existing = nil
    merged.partitionBy = parent.partitionBy
    if merged.orderBy.isEmpty { merged.orderBy = parent.orderBy }
    return merged
  }

  private func frame(
    _ frame: WindowFrame, _ context: ExpressionContext, at position: SourcePosition
  ) throws -> BoundFrame {
    func bound(_ side: WindowFrame.Bound) throws -> BoundFrame.Bound {
      switch side {
      case .unboundedPreceding: return .unboundedPreceding
      case .unboundedFollowing: return .unboundedFollowing
      case .currentRow: return .currentRow
      case .preceding(let value): return .preceding(try bind(value, context))
      case .following(let value): return .following(try bind(value, context))
      }
    }
    let start = try bound(frame.start)
    let end = try frame.end.map { try bound($0) } ?? .currentRow
    if case .unboundedFollowing = start {
      throw SQLError(.invalidWindowFrame, "Window frame start cannot be UNBOUNDED FOLLOWING", at: position)
    }
    if case .unboundedPreceding = end {
      throw SQLError(.invalidWindowFrame, "Window frame end cannot be UNBOUNDED PRECEDING", at: position)
    }
    let refused: String? =
      switch (start, end) {
      case (.currentRow, .preceding): "CURRENT ROW cannot end with PRECEDING"
      case (.following, .preceding): "FOLLOWING cannot end with PRECEDING"
      case (.following, .currentRow): "FOLLOWING cannot end with CURRENT ROW"
      default: nil
      }
    if let refused { throw SQLError(.invalidWindowFrame, "Window frame starting from \(refused)", at: position) }
    return BoundFrame(unit: frame.unit, start: start, end: end)
  }

  // MARK: Signatures

  func arguments(_ call: FunctionCall, _ context: ExpressionContext) throws -> [Argument] {
    var arguments: [Argument] = []
    for argument in call.arguments {
      if case .lambda(let names, let body) = argument.kind {
        arguments.append(.lambda(names, body))
      } else {
        arguments.append(.value(try bind(argument, context)))
      }
    }
    return arguments
  }

  /// The signature whose parameters the arguments fit with the fewest conversions.
  func resolve(
    _ name: String, _ arguments: [Argument], at position: SourcePosition, _ context: ExpressionContext
  ) throws -> BoundExpression {
    let rules = FunctionLibrary.rules[name] ?? []
    var best: (rule: FunctionRule, bindings: TypeBindings, cost: Int)?
    for rule in rules where rule.accepts(count: arguments.count) {
      guard let (bindings, cost) = Self.match(rule, arguments) else { continue }
      if best.map({ cost < $0.cost }) ?? true { best = (rule, bindings, cost) }
    }
    guard let best else { throw notFound(name, arguments, rules, at: position) }
    return try apply(best.rule, best.bindings, arguments, at: position, context)
  }

  private func notFound(
    _ name: String, _ arguments: [Argument], _ rules: [FunctionRule], at position: SourcePosition
  ) -> SQLError {
    let actual = arguments.map { argument in
      switch argument {
      case .value(let value): value.type.description
      case .lambda: "<function>"
      }
    }
    let expected = rules.map(\.signature).joined(separator: ", ")
    return SQLError(
      .functionNotFound,
      "Unexpected parameters (\(actual.joined(separator: ", "))) for function \(name). Expected: \(expected)",
      at: position)
  }

  private static func match(_ rule: FunctionRule, _ arguments: [Argument]) -> (TypeBindings, Int)? {
    var bindings = TypeBindings()
    for (index, argument) in arguments.enumerated() {
      guard let pattern = rule.parameter(index) else { return nil }
      switch (argument, pattern) {
      case (.lambda(let names, _), .function(let parameters, _)):
        guard names.count == parameters.count else { return nil }
      case (.value(let value), _):
        if case .function = pattern { return nil }
        guard pattern.learn(value.type, &bindings) else { return nil }
      default: return nil
      }
    }
    var cost = 0
    for (index, argument) in arguments.enumerated() {
      guard case .value(let value) = argument, let pattern = rule.parameter(index) else { continue }
      if case .anyRow = pattern { continue }
      guard let type = pattern.resolve(bindings), TypeCoercion.canCoerce(value.type, to: type) else { return nil }
      cost += distance(value.type, type)
      if case .variable = pattern { cost += 1 }
    }
    return (bindings, cost)
  }

  /// How far a conversion goes: none, a wider type of the kind, another kind.
  private static func distance(_ from: SQLType, _ to: SQLType) -> Int {
    if from.sameType(as: to) { return 0 }
    func rank(_ type: SQLType) -> Int {
      switch type {
      case .tinyint: 1
      case .smallint: 2
      case .integer: 3
      case .bigint: 4
      case .decimal: 6
      case .double: 8
      case .real: 9
      default: 0
      }
    }
    if from.baseName == to.baseName { return 2 }
    if from.isNumeric, to.isNumeric { return 4 + max(1, rank(to) - rank(from)) * 4 }
    return 20
  }

  private func apply(
    _ rule: FunctionRule, _ learned: TypeBindings, _ arguments: [Argument], at position: SourcePosition,
    _ context: ExpressionContext
  ) throws -> BoundExpression {
    var bindings = learned
    var values: [BoundExpression] = []
    for (index, argument) in arguments.enumerated() {
      guard let pattern = rule.parameter(index) else { continue }
      switch argument {
      case .value(let value):
        values.append(pattern.resolve(bindings).map { coerce(value, to: $0) } ?? value)
      case .lambda(let names, let body):
        guard case .function(let parameters, let result) = pattern else { continue }
        values.append(try lambda(names, body, parameters, result, &bindings, at: position, context))
      }
    }
    // A lambda may have widened a variable: what came before is widened with it.
    for (index, value) in values.enumerated() {
      guard let pattern = rule.parameter(index), let type = pattern.resolve(bindings) else { continue }
      if case .lambda(let variables, let body) = value.kind, case .function(let parameters, let result) = type {
        values[index] = BoundExpression(.function(parameters, result), .lambda(variables, coerce(body, to: result)))
      } else if case .function = type {
        continue
      } else {
        values[index] = coerce(value, to: type)
      }
    }
    let call = BoundCall(name: rule.name, arguments: values, form: rule.form)
    try ArgumentChecks.check(call, at: position)
    guard let type = ResultTypes.special(rule, values) ?? rule.result.resolve(bindings) else {
      return BoundExpression(.unknown, .call(call))
    }
    return BoundExpression(type, .call(call))
  }

  private func lambda(
    _ names: [Identifier], _ body: Expression, _ parameters: [TypePattern], _ result: TypePattern,
    _ bindings: inout TypeBindings, at position: SourcePosition, _ context: ExpressionContext
  ) throws -> BoundExpression {
    // The state of `reduce` may grow by what the body makes of it: try again with the wider type.
    for _ in 0..<3 {
      var inner = context
      inner.aggregatesRefused = "Lambda expression"
      inner.windowsRefused = "Lambda expression"
      inner.outputs = []
      var variables: [Int] = []
      var types: [SQLType] = []
      for (name, parameter) in zip(names, parameters) {
        let variable = nextNumber()
        let type = parameter.resolve(bindings) ?? .unknown
        variables.append(variable)
        types.append(type)
        inner.lambdaVariables.append((name.key, variable, type))
      }
      let value = try bind(body, inner)
      let before = bindings
      guard result.learn(value.type, &bindings) else {
        throw SQLError(
          .typeMismatch,
          "Lambda expression must evaluate to \(result.resolve(before)?.description ?? result.text): actual "
            + "\(value.type)",
          at: body.position)
      }
      let grown = zip(parameters, types).contains { pattern, type in
        pattern.resolve(bindings).map { !$0.sameType(as: type) } ?? false
      }
      if !grown {
        let type = result.resolve(bindings) ?? value.type
        return BoundExpression(.function(types, type), .lambda(variables, coerce(value, to: type)))
      }
    }
    throw SQLError(.typeMismatch, "Lambda expression has no stable type", at: position)
  }
}
