/// Text to `PolicyDocument`, refusing what IAM refuses and in the order IAM finds fault.
///
/// Order: JSON and the shape of every member; the version; values that IAM's older parser rejects; statement
/// ids; resources; actions; what is absent. The messages are those of the service.
extension PolicyDocument {
  package static func parse(_ text: String, as kind: PolicyKind) throws(MalformedPolicy) -> PolicyDocument {
    let json: PolicyJSON
    do { json = try PolicyJSON.parse(text) } catch {
      throw kind == .trust ? MalformedPolicy("This policy contains invalid Json") : .syntax
    }
    // "JSON strings must not have leading spaces", says the console; the API says only this.
    if let first = text.utf8.first, first != UInt8(ascii: "{"), kind != .trust { throw .legacy }
    let shape = try DocumentShape(json, kind)
    if kind == .managed, shape.version != PolicyDocument.Version.v2012.rawValue {
      throw MalformedPolicy("Policy document must be version 2012-10-17 or greater.")
    }
    try PolicyRules.check(shape, kind)
    return compile(shape, LineIndex(text))
  }

  private static func compile(_ shape: DocumentShape, _ lines: LineIndex) -> PolicyDocument {
    let version = shape.version.flatMap(Version.init) ?? .v2008
    let variables = version == .v2012
    let statements = shape.statements.map { statement in
      Statement(
        sid: statement.sid, effect: statement.effect.lowercased() == "deny" ? .deny : .allow,
        principals: statement.principals,
        actions: Patterns(
          patterns: statement.actions.map { Pattern($0, variables: false, lowercase: true) },
          inverted: statement.actionsInverted, texts: statement.actions),
        resources: statement.resources.map { resources in
          Patterns(
            patterns: resources.map { Pattern(PolicyRules.completed($0), style: .arn, variables: variables) },
            inverted: statement.resourcesInverted, texts: resources)
        },
        conditions: statement.conditions.map {
          Condition(
            test: $0.test, key: $0.key.lowercased(), name: $0.key,
            operands: ConditionOperands($0.values, for: $0.test.comparison, variables: variables))
        },
        span: lines.position(of: statement.span))
    }
    return PolicyDocument(version: version, id: shape.id, statements: statements)
  }
}

/// A document whose members have the right names and types, and nothing more is known of.
struct DocumentShape {
  var version: String?
  var id: String?
  var statements: [StatementShape] = []

  init(_ json: PolicyJSON, _ kind: PolicyKind) throws(MalformedPolicy) {
    guard case .object(let members, _) = json else { throw .syntax }
    var listed: PolicyJSON?
    for member in members {
      switch (member.name, member.value) {
      case ("Version", .string(let text)):
        guard PolicyDocument.Version(rawValue: text) != nil else { throw .syntax }
        version = text
      case ("Id", .string(let text)): id = text
      case ("Statement", let value): listed = value
      case ("Version", _), ("Id", _): throw .syntax
      default: throw kind == .trust ? MalformedPolicy("Unknown field \(member.name)") : .syntax
      }
    }
    switch listed {
    case .object?: statements = [try StatementShape(listed ?? .null, kind)]
    case .array(let items)? where !items.isEmpty:
      for item in items { statements.append(try StatementShape(item, kind)) }
    case nil where kind == .trust: throw MalformedPolicy("Missing required field Statement")
    default: throw .syntax
    }
  }
}

struct StatementShape {
  struct ConditionShape {
    var test: ConditionTest
    var key: String
    var values: [String]
  }

  var sid: String?
  var effect = ""
  var principals: PolicyDocument.Principals?
  var actions: [String] = []
  var actionsInverted = false
  var resources: [String]?
  var resourcesInverted = false
  var conditions: [ConditionShape] = []
  var span: PolicyJSON.Span

  init(_ json: PolicyJSON, _ kind: PolicyKind) throws(MalformedPolicy) {
    guard case .object(let members, let span) = json else { throw .syntax }
    self.span = span
    var hasEffect = false
    var hasActions = false
    for member in members {
      switch member.name {
      case "Sid":
        guard case .string(let text) = member.value else { throw .syntax }
        sid = text
      case "Effect":
        guard case .string(let text) = member.value, ["allow", "deny"].contains(text.lowercased()) else {
          throw .syntax
        }
        effect = text
        hasEffect = true
      case "Action", "NotAction":
        guard !hasActions, let texts = member.value.strings else { throw .syntax }
        actions = texts
        actionsInverted = member.name == "NotAction"
        hasActions = true
      case "Resource", "NotResource":
        if kind == .trust { throw MalformedPolicy("Has prohibited field \(member.name)") }
        guard resources == nil, let texts = member.value.strings else { throw .syntax }
        resources = texts
        resourcesInverted = member.name == "NotResource"
      case "Principal", "NotPrincipal":
        guard principals == nil else { throw .syntax }
        principals = try PrincipalParser.parse(member.value, inverted: member.name == "NotPrincipal")
      case "Condition": try readConditions(member.value)
      default: throw kind == .trust ? MalformedPolicy("Unknown field \(member.name)") : .syntax
      }
    }
    if kind == .trust {
      if !hasEffect { throw MalformedPolicy("Missing required field Effect") }
      if !hasActions { throw MalformedPolicy("Missing required field Action") }
      if principals == nil { throw MalformedPolicy("Missing required field Principal") }
    }
    guard hasEffect else { throw .syntax }
  }

  private mutating func readConditions(_ json: PolicyJSON) throws(MalformedPolicy) {
    guard case .object(let operators, _) = json else { throw .syntax }
    for entry in operators {
      guard case .object(let keys, _) = entry.value else { throw .syntax }
      for key in keys {
        // IAM looks at the operator's name only when it has something to test.
        guard let test = ConditionTest(entry.name), let values = key.value.conditionValues else { throw .syntax }
        conditions.append(ConditionShape(test: test, key: key.name, values: values))
      }
    }
  }
}

/// Turns byte offsets into lines and columns.
struct LineIndex {
  private let starts: [Int]

  init(_ text: String) {
    var starts = [0]
    for (offset, byte) in text.utf8.enumerated() where byte == 0x0A { starts.append(offset + 1) }
    self.starts = starts
  }

  func position(of span: PolicyJSON.Span) -> PolicyDocument.Position {
    let start = locate(span.start)
    let end = locate(span.end)
    return PolicyDocument.Position(
      startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column)
  }

  private func locate(_ offset: Int) -> (line: Int, column: Int) {
    var low = 0
    var high = starts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return (low + 1, offset - starts[low] + 1)
  }
}
