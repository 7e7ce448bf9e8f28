/// Comparisons: closing blanks mean nothing in them, whatever the type of the texts (Redshift, "Character types").
extension RedshiftPrinter {
  mutating func comparison(
    _ operation: ComparisonOperator, _ left: Expression, _ right: Expression
  ) throws(SQLError) -> String {
    let (first, second) = try compared(left, right)
    guard isText(column: left) || isText(column: right) else { return "(\(first) \(operation.rawValue) \(second))" }
    let trimmed = unblanked(first, of: left)
    if operation == .equal, trimmed != first, case .string = right.kind {
      // The bounds let the engine skip rows by the statistics of their columns: a blank comes before `!`.
      let above = second.dropLast() + "!'"
      return "(\(first) >= \(second) AND \(first) < \(above) AND \(trimmed) = \(second))"
    }
    return "(\(trimmed) \(operation.rawValue) \(unblanked(second, of: right)))"
  }

  /// A column's value without closing blanks. CHAR is kept without them.
  func unblanked(_ text: String, of value: Expression) -> String {
    isText(column: value) ? "rtrim(\(text), ' ')" : text
  }

  private func isText(column value: Expression) -> Bool {
    switch value.kind {
    case .identifier, .dereference: if case .varchar = type(of: value) { true } else { false }
    default: false
    }
  }

  /// Both sides of a comparison: closing blanks of a literal mean nothing, and SUPER is compared by its value.
  mutating func compared(_ left: Expression, _ right: Expression) throws(SQLError) -> (String, String) {
    let (first, others) = try compared(left, with: [right])
    return (first, others[0])
  }

  mutating func compared(
    _ left: Expression, with others: [Expression]
  ) throws(SQLError) -> (String, [String]) {
    let moment = momentType(among: [left] + others)
    var first = try operand(left, beside: moment)
    let superLeft = isSuper(left)
    var wrappers: Set<String> = []
    var texts: [String] = []
    for other in others {
      let text = try operand(other, beside: moment)
      let superRight = isSuper(other)
      if superLeft, !superRight { wrappers.insert(Self.wrapper(for: other)) }
      texts.append(superRight && !superLeft ? "\(Self.wrapper(for: left))(\(text))" : text)
    }
    if wrappers.count == 1, let wrapper = wrappers.first {
      first = "\(wrapper)(\(first))"
    } else if wrappers.count > 1 {
      first = "rs_super_text(\(first))"
    }
    return (first, texts)
  }

  /// What makes a SUPER value comparable with another.
  private static func wrapper(for other: Expression) -> String {
    switch other.kind {
    case .integer, .decimal, .double: "rs_super_number"
    case .boolean: "rs_super_boolean"
    default: "rs_super_text"
    }
  }

  /// - Parameter moment: the type of dates or times that the value is compared with.
  mutating func operand(_ value: Expression, beside moment: RedshiftType? = nil) throws(SQLError) -> String {
    guard case .string(let text) = value.kind else { return try self.text(value) }
    if let moment { return momentLiteral(text, moment) }
    guard text.hasSuffix(" ") else { return try self.text(value) }
    var trimmed = text[...]
    while trimmed.hasSuffix(" ") { trimmed = trimmed.dropLast() }
    return Self.literal(String(trimmed))
  }
}
