/// Expressions in DuckDB's tongue.
extension RedshiftPrinter {
  mutating func text(_ expression: Expression) throws(SQLError) -> String {
    switch expression.kind {
    case .null: return "NULL"
    case .boolean(let value): return value ? "TRUE" : "FALSE"
    case .integer(let text), .decimal(let text), .double(let text): return text.hasPrefix("-") ? "(\(text))" : text
    case .string(let text): return Self.literal(text)
    case .binary(let bytes):
      return "from_hex('" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "')"
    case .parameter(let index): return "$\(index + 1)"
    case .identifier(let name): return isLevel(name) ? level ?? quoted(name) : quoted(name)
    case .dereference: return try path(expression)
    case .subscriptOf(let base, let index): return try element(base, index)
    case .negative(let value): return "(- \(try number(value)))"
    case .positive(let value): return "(+ \(try number(value)))"
    case .arithmetic, .concatenation: return try chain(expression)
    case .comparison(let operation, let left, let right): return try comparison(operation, left, right)
    case .logical(let operation, let terms):
      var parts: [String] = []
      for term in terms { parts.append(try text(term)) }
      return "(" + parts.joined(separator: " \(operation.rawValue) ") + ")"
    case .not(let value): return "(NOT \(try text(value)))"
    case .between(let value, let low, let high, let negated):
      let not = negated ? " NOT" : ""
      let (left, bounds) = try compared(value, with: [low, high])
      return "(\(unblanked(left, of: value))\(not) BETWEEN \(bounds[0]) AND \(bounds[1]))"
    case .inList(let value, let items, let negated):
      let (left, parts) = try compared(value, with: items)
      return "(\(unblanked(left, of: value)) \(negated ? "NOT " : "")IN (\(parts.joined(separator: ", "))))"
    case .inSubquery(let value, let query, let negated):
      return "(\(try text(value)) \(negated ? "NOT " : "")IN (\(try text(inner: query))))"
    case .exists(let query): return "(EXISTS (\(try text(inner: query))))"
    case .subquery(let query): return "(\(try text(inner: query)))"
    case .quantified(let operation, let value, let quantifier, let query):
      return "(\(try text(value)) \(operation.rawValue) \(quantifier.rawValue) (\(try text(inner: query))))"
    case .like(let value, let pattern, let escape, let negated):
      return try like("LIKE", value, pattern, escape, negated)
    case .isNull(let value, let negated): return "(\(try text(value)) IS \(negated ? "NOT " : "")NULL)"
    case .isDistinct(let left, let right, let negated):
      let (left, right) = try compared(left, right)
      return "(\(left) IS \(negated ? "NOT " : "")DISTINCT FROM \(right))"
    case .caseOf(let operand, let whens, let otherwise): return try caseText(operand, whens, otherwise)
    case .extract(let field, let value):
      return try DatePart.extract(field.key, try text(value), at: expression.position)
    case .current(let value, _): return try current(value, expression)
    case .call(let call): return try self.call(call)
    case .array(let items): return "[" + (try list(items)) + "]"
    case .row(let items): return "(" + (try list(items)) + ")"
    case .atTimeZone(let value, let zone): return "timezone(\(try self.zone(zone)), \(try text(value)))"
    case .trim(let side, let characters, let source):
      let function = side == .both ? "trim" : side == .leading ? "ltrim" : "rtrim"
      let characters = try characters.map { value throws(SQLError) in ", " + (try text(value)) } ?? ""
      return "\(function)(\(try stringArgument(source))\(characters))"
    case .grouping(let items): return "grouping(\(try list(items)))"
    case .redshift(let special): return try text(special, expression)
    case .typed, .interval, .cast, .lambda:
      throw SQLError(.notSupported, "Not an expression of this language", at: expression.position)
    }
  }

  mutating func text(inner query: Query) throws(SQLError) -> String { try text(query) }

  // MARK: Names

  private mutating func path(_ expression: Expression) throws(SQLError) -> String {
    let path = Self.path(expression)
    guard !path.isEmpty else {
      guard case .dereference(let base, let name) = expression.kind else { return "" }
      let inner = try text(base)
      // A call or a bracket before the dot.
      switch base.kind {
      case .identifier, .dereference, .subscriptOf: return "\(inner).\(attribute(name))"
      default: return "(\(inner)).\(attribute(name))"
      }
    }
    // `schema.table.column`: FROM gave the table its own name.
    if path.count >= 3, !relations.contains(where: { $0.alias == key(path[0]) }) {
      for length in [3, 2] where path.count > length {
        if let alias = visible(path.prefix(length).map { key($0) }) {
          return Self.quoted(alias) + "." + joined(path.dropFirst(length), columns: 1)
        }
      }
    }
    // A table's alias, unless it names an array's items, which are a column as well.
    let table = path.count > 1 ? relations.last { $0.alias == key(path[0]) } : nil
    let isTable = table.map { $0.columns.isEmpty || $0.columns[key(path[1])] != nil } ?? false
    return joined(path[...], columns: isTable ? 2 : 1)
  }

  /// Names of tables and columns, and behind them those of attributes.
  private func joined(_ path: ArraySlice<Identifier>, columns: Int) -> String {
    zip(path, 0...).map { $1 < columns ? quoted($0) : attribute($0) }.joined(separator: ".")
  }

  /// The name of an attribute within SUPER: as JSON has it.
  private func attribute(_ name: Identifier) -> String {
    Self.plainlyQuoted(keepsAttributeCase && !name.quoted ? name.text : key(name))
  }

  private mutating func element(_ base: Expression, _ index: Expression) throws(SQLError) -> String {
    if case .array = base.kind { return "(\(try text(base)))[\(try text(index))]" }
    return "\(try text(base))[\(try text(index))]"
  }

  /// Whether the expression navigates into a SUPER value or makes one.
  func isSuper(_ expression: Expression) -> Bool {
    if type(of: expression) == .super { return true }
    if case .dereference(let base, _) = expression.kind, Self.path(expression).isEmpty { return isSuper(base) }
    return false
  }

  /// A value of text: SUPER loses its quotes.
  mutating func plainText(_ value: Expression) throws(SQLError) -> String {
    let text = try text(value)
    return isSuper(value) ? "rs_super_text(\(text))" : text
  }

  /// A value where text is wanted: numbers, dates and truth values come as Redshift writes them.
  mutating func stringArgument(_ value: Expression) throws(SQLError) -> String {
    let text = try plainText(value)
    switch type(of: value) {
    case nil, .varchar, .char, .super, .varbyte: return text
    case .real, .double: return "rs_text(\(text))"
    default: return "CAST(\(text) AS VARCHAR)"
    }
  }

  private mutating func number(_ value: Expression) throws(SQLError) -> String {
    let text = try text(value)
    return isSuper(value) ? "rs_super_number(\(text))" : text
  }

  // MARK: Operators

  /// The left spine in a loop, so that a long chain costs no stack.
  private mutating func chain(_ expression: Expression) throws(SQLError) -> String {
    var steps: [Expression] = []
    var first = expression
    while true {
      switch first.kind {
      case .arithmetic(_, let left, _), .concatenation(let left, _):
        steps.append(first)
        first = left
        continue
      default: break
      }
      break
    }
    var result = try text(first)
    for step in steps.reversed() {
      switch step.kind {
      case .concatenation(let left, let right):
        let one = isSuper(left) ? "rs_super_text(\(result))" : result
        result = "(\(one) || \(try plainText(right)))"
      case .arithmetic(let operation, let left, let right):
        if isSuper(left) || isSuper(right) {
          result =
            "CAST(tarn_super_math('\(operation.rawValue)', CAST(to_json(\(result)) AS VARCHAR), "
            + "CAST(to_json(\(try text(right))) AS VARCHAR)) AS JSON)"
        } else {
          result = try arithmetic(operation, left, result, right)
        }
      default: break
      }
    }
    return result
  }

  private mutating func arithmetic(
    _ operation: ArithmeticOperator, _ left: Expression, _ first: String, _ right: Expression
  ) throws(SQLError) -> String {
    if let moved = try moved(operation, left, first, right) { return moved }
    let repeats = (operation == .divide || operation == .modulus) && !Self.isNonZero(right)
    let second = try repeated(repeats ? 2 : 1, at: right.position) { printer throws(SQLError) in
      try printer.number(right)
    }
    guard operation == .divide || operation == .modulus else { return "(\(first) \(operation.rawValue) \(second))" }
    let divisor = Self.isNonZero(right) ? second : "rs_divisor(\(second))"
    guard operation == .divide, let one = type(of: left) else {
      return "(\(first) \(operation.rawValue) \(divisor))"
    }
    // `/` between whole numbers is the engine's `//`, which intervals do not have.
    if Self.isInterval(one) { return "\"/\"(\(first), \(divisor))" }
    guard let other = type(of: right), let (p1, s1) = Self.decimal(one), let (p2, s2) = Self.decimal(other),
      !(Self.isInteger(one) && Self.isInteger(other))
    else { return "(\(first) / \(divisor))" }
    return Self.exactQuotient(first, second, Self.quotient(p1, s1, p2, s2))
  }

  /// Moments and whole days, texts that are put together, and numbers in quotes.
  /// - Returns: `nil` for the arithmetic of numbers.
  private mutating func moved(
    _ operation: ArithmeticOperator, _ left: Expression, _ first: String, _ right: Expression
  ) throws(SQLError) -> String? {
    let (one, other) = (type(of: left), type(of: right))
    if one == .timestamp || one == .timestamptz, Self.isInteger(other), operation == .add || operation == .subtract {
      return "(\(first) \(operation.rawValue) to_days(CAST(\(try text(right)) AS INTEGER)))"
    }
    if Self.isInteger(one), other == .timestamp || other == .timestamptz, operation == .add {
      return "(\(try text(right)) + to_days(CAST(\(first) AS INTEGER)))"
    }
    if operation == .add, let one, let other, Self.isText(one), Self.isText(other) {
      return "(\(first) || \(try text(right)))"
    }
    if case .string(let literal) = right.kind, let one {
      if Self.isMoment(one), operation == .subtract {
        return "(\(first) - \(momentLiteral(literal, one, cast: "CAST")))"
      }
      if Self.isNumber(one), Self.number(literal) != right.kind {
        return try arithmetic(
          operation, left, first, Expression(id: right.id, position: right.position, kind: Self.number(literal)))
      }
    }
    if case .string(let literal) = left.kind, let other, Self.isNumber(other), Self.number(literal) != left.kind {
      let number = Expression(id: left.id, position: left.position, kind: Self.number(literal))
      return try arithmetic(operation, number, try text(number), right)
    }
    return nil
  }

  /// The number that a text is; the text where it is none.
  private static func number(_ text: String) -> Expression.Kind {
    let plain = text.filter { $0 != " " }
    if Int64(plain) != nil { return .integer(plain) }
    if Double(plain) != nil, plain.allSatisfy({ $0.isNumber || $0 == "." || $0 == "-" }) { return .decimal(plain) }
    return .string(text)
  }

  /// The quotient of two decimals, to the last digit: the engine divides them as doubles.
  /// - Parameter cutsOff: leaves the digits behind the last one out instead of rounding.
  static func exactQuotient(
    _ first: String, _ second: String, _ type: RedshiftType, cutsOff: Bool = false
  ) -> String {
    guard case .decimal(_, let scale) = type else { return "(\(first) / \(second))" }
    let whole = "CAST(tarn_quotient\(cutsOff ? "_cut" : "")(\(first), \(second), \(scale)) AS DECIMAL(38,0))"
    if scale == 0 { return whole }
    let unit = "0." + String(repeating: "0", count: scale - 1) + "1"
    return "CAST(\(whole) * CAST('\(unit)' AS DECIMAL(\(scale + 1),\(scale))) AS \(type.engineName))"
  }

  private static func isNonZero(_ expression: Expression) -> Bool {
    switch expression.kind {
    case .integer(let text), .decimal(let text), .double(let text): (Double(text) ?? 0) != 0
    default: false
    }
  }

  private mutating func like(
    _ name: String, _ value: Expression, _ pattern: Expression, _ escape: Expression?, _ negated: Bool
  ) throws(SQLError) -> String {
    var mark = " ESCAPE '\\'"
    if let escape {
      mark = " ESCAPE " + (try text(escape))
    } else if case .string(let text) = pattern.kind, !text.contains("\\") {
      mark = ""
    }
    return "(\(try stringArgument(value)) \(negated ? "NOT " : "")\(name) \(try text(pattern))\(mark))"
  }

  private mutating func caseText(
    _ operand: Expression?, _ whens: [When], _ otherwise: Expression?
  ) throws(SQLError) -> String {
    var result = "CASE"
    let results = whens.map(\.result) + (otherwise.map { [$0] } ?? [])
    if let operand, !isSuper(operand) { result += " " + (try text(operand)) }
    for when in whens {
      let condition: String
      if let operand, isSuper(operand) {
        let (left, right) = try compared(operand, when.condition)
        condition = "\(left) = \(right)"
      } else {
        let moment = operand.flatMap { type(of: $0) }.flatMap { Self.isMoment($0) ? $0 : nil }
        condition = operand == nil ? try text(when.condition) : try self.operand(when.condition, beside: moment)
      }
      result += " WHEN \(condition) THEN \(try alike(when.result, among: results))"
    }
    if let otherwise { result += " ELSE " + (try alike(otherwise, among: results)) }
    return "(" + result + " END)"
  }

  func momentType(among values: [Expression]) -> RedshiftType? {
    for value in values {
      if let type = type(of: value), Self.isMoment(type) { return type }
    }
    return nil
  }

  /// A value among others of which one is chosen: beside SUPER all are SUPER, and literals beside dates are dates.
  mutating func alike(_ value: Expression, among others: [Expression]) throws(SQLError) -> String {
    if case .null = value.kind { return "NULL" }
    if others.contains(where: { isSuper($0) }) {
      return isSuper(value) ? try text(value) : "to_json(\(try text(value)))"
    }
    if case .string(let literal) = value.kind, let moment = momentType(among: others) {
      return momentLiteral(literal, moment)
    }
    return try text(value)
  }

  private func current(_ value: CurrentValue, _ expression: Expression) throws(SQLError) -> String {
    if let known = names.sessionValue(value.rawValue) { return known }
    switch value {
    case .date: return "current_date"
    case .time: return "CAST(current_timestamp AS TIMETZ)"
    case .timestamp: return "current_timestamp"
    case .localTime: return "CAST(localtimestamp AS TIME)"
    case .localTimestamp: return "localtimestamp"
    case .user, .catalog, .schema: return "\(value.rawValue)()"
    }
  }

  // MARK: What only Redshift has

  private mutating func text(
    _ special: RedshiftExpression, _ expression: Expression
  ) throws(SQLError) -> String {
    switch special {
    case .cast(let value, let type, let safe): return try cast(value, type, safe: safe)
    case .interval(let text, let from, let to):
      return try IntervalText.duck(text, from: from, to: to, at: expression.position)
    case .match(let match, let value, let pattern, let escape, let negated):
      switch match {
      case .ilike: return try like("ILIKE", value, pattern, escape, negated)
      case .similar: return try similar(value, pattern, escape, negated)
      case .regex, .regexIgnoringCase:
        let options = match == .regex ? "" : ", 'i'"
        return "(\(negated ? "NOT " : "")regexp_matches(\(try stringArgument(value)), \(try text(pattern))\(options)))"
      }
    case .binary(let operation, let left, let right):
      let (first, second) = (try number(left), try number(right))
      switch operation {
      case .power: return "pow(\(first), \(second))"
      case .bitXor: return "xor(\(first), \(second))"
      case .bitAnd, .bitOr, .shiftLeft, .shiftRight: return "(\(first) \(operation.rawValue) \(second))"
      }
    case .unary(let operation, let value):
      let inner = try number(value)
      switch operation {
      case .bitNot: return "(~ \(inner))"
      case .squareRoot: return "sqrt(\(inner))"
      case .cubeRoot: return "rs_cbrt(\(inner))"
      case .absolute: return "abs(\(inner))"
      }
    case .isTruth(let value, let truth, let negated):
      let not = negated ? "NOT " : ""
      guard let truth else { return "(\(try text(value)) IS \(not)NULL)" }
      return "(CAST(\(try text(value)) AS BOOLEAN) IS \(not)\(truth ? "TRUE" : "FALSE"))"
    case .outerMark(let value):
      throw SQLError(.syntax, "the (+) operator may stand in WHERE alone", at: value.position)
    case .quantifiedArray(let operation, let value, let quantifier, let array):
      var left = try text(value)
      var right = try text(array)
      if case .string(let literal) = array.kind { right = Self.list(ofArray: literal) }
      if case .parameter = array.kind {
        // Its elements are texts, whatever the client called them.
        right = "rs_array(\(right))"
        if operation == .equal { left = "CAST(\(left) AS VARCHAR)" }
      }
      if quantifier != .all, operation == .equal { return "list_contains(\(right), \(left))" }
      return "(\(left) \(operation.rawValue) \(quantifier.rawValue) (SELECT unnest(\(right))))"
    case .defaultValue: return "DEFAULT"
    case .overlaps(let left, let right):
      return "rs_overlaps(\(try list(left)), \(try list(right)))"
    case .collate(let value, let name):
      switch name.lowercased() {
      case "case_insensitive": return "(\(try text(value)) COLLATE NOCASE)"
      default: return "(\(try text(value)) COLLATE C)"
      }
    case .prior(let value): return try prior(value)
    }
  }

  /// `'{a,b}'`.
  private static func list(ofArray literal: String) -> String {
    var inner = literal[...]
    if inner.hasPrefix("{") { inner = inner.dropFirst() }
    if inner.hasSuffix("}") { inner = inner.dropLast() }
    let items = inner.split(separator: ",").map { Self.literal(String($0)) }
    return "[" + items.joined(separator: ", ") + "]"
  }

  private mutating func similar(
    _ value: Expression, _ pattern: Expression, _ escape: Expression?, _ negated: Bool
  ) throws(SQLError) -> String {
    let text = try stringArgument(value)
    let not = negated ? "NOT " : ""
    guard case .string(let literal) = pattern.kind else {
      return "(\(not)regexp_full_match(\(text), rs_similar(\(try self.text(pattern)))))"
    }
    var mark: Character? = "\\"
    if case .string(let stated)? = escape?.kind { mark = stated.first }
    return "(\(not)regexp_full_match(\(text), \(Self.literal(Self.regex(similar: literal, escape: mark)))))"
  }

  /// SQL's pattern as a regular expression.
  static func regex(similar pattern: String, escape: Character?) -> String {
    var result = "(?s)"
    var escaped = false
    var inClass = false
    for character in pattern {
      if escaped {
        result += "\\\(character)"
        escaped = false
      } else if character == escape {
        escaped = true
      } else if inClass {
        if character == "]" { inClass = false }
        result.append(character)
      } else {
        switch character {
        case "%": result += ".*"
        case "_": result += "."
        case "[":
          inClass = true
          result.append(character)
        case ".", "^", "$": result += "\\\(character)"
        default: result.append(character)
        }
      }
    }
    return result
  }
}
