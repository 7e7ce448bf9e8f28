/// The tree as Trino writes it back, in messages and in stored views.
public enum TrinoText {
  /// Long texts are cut: a message need not repeat a list of ten thousand values.
  static let messageCharactersMax = 1000

  /// `a.b`, as messages name columns.
  static func name(_ parts: [Identifier]) -> String {
    parts.map { $0.quoted ? $0.text : $0.key }.joined(separator: ".")
  }

  /// An expression as messages show it.
  public static func expression(_ expression: Expression) -> String {
    let text = Self.text(expression)
    return text.count > messageCharactersMax ? String(text.prefix(messageCharactersMax)) + "..." : text
  }

  static func string(_ text: String) -> String {
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value < 0x7f }) else {
      var result = "U&'"
      for scalar in text.unicodeScalars {
        switch scalar {
        case "'": result += "''"
        case "\\": result += "\\\\"
        case _ where scalar.value >= 0x20 && scalar.value < 0x7f: result.unicodeScalars.append(scalar)
        default:
          let hex = String(scalar.value, radix: 16, uppercase: true)
          result +=
            scalar.value > 0xffff
            ? "\\+" + String(repeating: "0", count: 6 - hex.count) + hex
            : "\\" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        }
      }
      return result + "'"
    }
    return "'" + text.replacing("'", with: "''") + "'"
  }

  static func text(_ expression: Expression) -> String {
    switch expression.kind {
    case .redshift: return ""  // Another language's.
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .integer(let text): return text
    case .decimal(let text): return "DECIMAL '\(text)'"
    case .double(let text): return text.uppercased()
    case .string(let text): return string(text)
    case .binary(let bytes):
      return "X'" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined() + "'"
    case .typed(let type, let text):
      switch type {
      case .timestamp, .timestampWithTimeZone: return "TIMESTAMP \(string(text))"
      case .time, .timeWithTimeZone: return "TIME \(string(text))"
      default: return "\(type) \(string(text))"
      }
    case .interval(let literal):
      let to = literal.to.map { " TO \($0.rawValue)" } ?? ""
      return "INTERVAL \(literal.negative ? "-" : "")'\(literal.value)' \(literal.from.rawValue)\(to)"
    case .parameter: return "?"
    case .identifier(let name): return name.sql
    case .dereference(let base, let name): return "\(text(base)).\(name.sql)"
    case .subscriptOf(let base, let index): return "\(text(base))[\(text(index))]"
    case .negative(let value):
      let inner = text(value)
      return inner.hasPrefix("-") ? "- \(inner)" : "-\(inner)"
    case .positive(let value): return "+\(text(value))"
    case .arithmetic, .concatenation: return chain(expression)
    case .comparison(let operation, let left, let right): return "(\(text(left)) \(operation.rawValue) \(text(right)))"
    case .logical(let operation, let terms):
      return "(" + terms.map(text).joined(separator: " \(operation.rawValue) ") + ")"
    case .not(let value): return "(NOT \(text(value)))"
    case .between(let value, let low, let high, let negated):
      let test = "(\(text(value)) BETWEEN \(text(low)) AND \(text(high)))"
      return negated ? "(NOT \(test))" : test
    case .inList(let value, let items, let negated):
      let test = "(\(text(value)) IN (" + items.map(text).joined(separator: ", ") + "))"
      return negated ? "(NOT \(test))" : test
    case .inSubquery(let value, let query, let negated):
      let test = "(\(text(value)) IN (\(QueryText.query(query))))"
      return negated ? "(NOT \(test))" : test
    case .exists(let query): return "(EXISTS (\(QueryText.query(query))))"
    case .subquery(let query): return "(\(QueryText.query(query)))"
    case .quantified(let operation, let value, let quantifier, let query):
      return "(\(text(value)) \(operation.rawValue) \(quantifier.rawValue) (\(QueryText.query(query))))"
    case .like(let value, let pattern, let escape, let negated):
      let mark = escape.map { " ESCAPE \(text($0))" } ?? ""
      let test = "(\(text(value)) LIKE \(text(pattern))\(mark))"
      return negated ? "(NOT \(test))" : test
    case .isNull(let value, let negated): return "(\(text(value)) IS \(negated ? "NOT " : "")NULL)"
    case .isDistinct(let left, let right, let negated):
      return "(\(text(left)) IS \(negated ? "NOT " : "")DISTINCT FROM \(text(right)))"
    case .caseOf(let operand, let whens, let otherwise):
      let head = operand.map { " " + text($0) } ?? ""
      let body = whens.map { " WHEN \(text($0.condition)) THEN \(text($0.result))" }.joined()
      return "(CASE\(head)\(body)\(otherwise.map { " ELSE \(text($0))" } ?? "") END)"
    case .cast(let value, let type, let safe): return "\(safe ? "TRY_CAST" : "CAST")(\(text(value)) AS \(type))"
    case .extract(let field, let value): return "EXTRACT(\(field.text.uppercased()) FROM \(text(value)))"
    case .current(let value, let precision): return value.rawValue.uppercased() + (precision.map { "(\($0))" } ?? "")
    case .call(let call): return self.call(call)
    case .lambda(let names, let body):
      return "(" + names.map(\.sql).joined(separator: ", ") + ") -> \(text(body))"
    case .array(let items): return "ARRAY[" + items.map(text).joined(separator: ",") + "]"
    case .row(let items): return "ROW (" + items.map(text).joined(separator: ", ") + ")"
    case .atTimeZone(let value, let zone): return "\(text(value)) AT TIME ZONE \(text(zone))"
    case .trim(let side, let characters, let source):
      return "trim(\(side.rawValue) \(characters.map { text($0) + " " } ?? "")FROM \(text(source)))"
    case .grouping(let items): return "GROUPING (" + items.map(text).joined(separator: ", ") + ")"
    }
  }

  /// The left spine in a loop, so that a long chain costs no stack.
  private static func chain(_ expression: Expression) -> String {
    var tails: [String] = []
    var first = expression
    while true {
      if case .arithmetic(let operation, let left, let right) = first.kind {
        tails.append(" \(operation.rawValue) \(text(right)))")
        first = left
      } else if case .concatenation(let left, let right) = first.kind {
        tails.append(" || \(text(right)))")
        first = left
      } else {
        break
      }
    }
    return String(repeating: "(", count: tails.count) + text(first) + tails.reversed().joined()
  }

  private static func call(_ call: FunctionCall) -> String {
    var inner = call.star ? "*" : call.arguments.map(text).joined(separator: ", ")
    if call.distinct { inner = "DISTINCT " + inner }
    if call.name.key == "listagg" {
      if call.arguments.count == 1 { inner += ", ''" }
      return "LISTAGG(\(inner)) WITHIN GROUP (\(orderBy(call.orderBy)))"
    }
    if !call.orderBy.isEmpty { inner += " " + orderBy(call.orderBy) }
    var result = "\(call.name)(\(inner))"
    if let nulls = call.nulls { result += " " + nulls.rawValue }
    if let filter = call.filter { result += " FILTER (WHERE \(text(filter)))" }
    switch call.window {
    case nil: break
    case .named(let name): result += " OVER \(name.sql)"
    case .inline(let window): result += " OVER \(Self.window(window))"
    }
    return result
  }

  static func window(_ window: WindowSpecification) -> String {
    var parts: [String] = []
    if let existing = window.existing { parts.append(existing.sql) }
    if !window.partitionBy.isEmpty {
      parts.append("PARTITION BY " + window.partitionBy.map(text).joined(separator: ", "))
    }
    if !window.orderBy.isEmpty { parts.append(orderBy(window.orderBy)) }
    if let frame = window.frame {
      let start = bound(frame.start)
      parts.append(
        frame.unit.rawValue + " " + (frame.end.map { "BETWEEN \(start) AND \(bound($0))" } ?? start))
    }
    return "(" + parts.joined(separator: " ") + ")"
  }

  private static func bound(_ bound: WindowFrame.Bound) -> String {
    switch bound {
    case .unboundedPreceding: "UNBOUNDED PRECEDING"
    case .preceding(let value): "\(text(value)) PRECEDING"
    case .currentRow: "CURRENT ROW"
    case .following(let value): "\(text(value)) FOLLOWING"
    case .unboundedFollowing: "UNBOUNDED FOLLOWING"
    }
  }

  static func orderBy(_ items: [SortItem]) -> String {
    "ORDER BY "
      + items.map { item in
        let nulls = item.nullsFirst.map { $0 ? " NULLS FIRST" : " NULLS LAST" } ?? ""
        return text(item.key) + (item.descending ? " DESC" : " ASC") + nulls
      }.joined(separator: ", ")
  }
}
