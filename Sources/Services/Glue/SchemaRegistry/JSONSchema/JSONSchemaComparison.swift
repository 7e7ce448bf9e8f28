/// Decides whether every value that satisfies one schema satisfies another as well.
///
/// That is the whole of compatibility for JSON Schema: a reader with the new schema can read what was written under
/// the old one when the old schema's values are among the new one's. The answer is proven, never guessed: where no
/// proof is found within the limits, the schemas count as incompatible.
final class JSONSchemaComparison {
  private let documents: [Int: JSONSchemaDocument]
  private var stepsLeft = Limits.compatibilityStepsMax
  /// Questions being answered, with the depth in the value where each was asked. Asked again about a value further
  /// inside, the answer may be taken as yes (values are finite); at the same place it is a circle and proves nothing.
  private var open: [Question: Int] = [:]
  private var openEmpty: Set<SchemaClaim> = []
  private var matched: [String: Bool] = [:]

  private struct Question: Hashable {
    let claim: SchemaClaim
    let schema: SchemaNode
  }

  /// - Parameter documents: the definitions compared, each with a number of its own.
  init(_ documents: [JSONSchemaDocument]) {
    self.documents = Dictionary(documents.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether each value under `old` is a value under `new`.
  static func isContained(_ old: String, in new: String) throws(SchemaSyntaxError) -> Bool {
    let old = try JSONSchemaDocument(old, number: 0)
    let new = try JSONSchemaDocument(new, number: 1)
    if old.root == new.root { return true }
    return JSONSchemaComparison([old, new]).isContained(old.rootNode, in: new.rootNode)
  }

  func isContained(_ old: SchemaNode, in new: SchemaNode) -> Bool {
    guard let claim = claim([old]) else { return true }
    return implies(claim, new, depth: 0)
  }

  /// Counts a step; `false` when the limit is reached, and then nothing more is proven.
  func spend() -> Bool {
    guard stepsLeft > 0 else { return false }
    stepsLeft -= 1
    return true
  }

  /// Follows references.
  /// - Returns: `nil` for a reference that leads round in a circle.
  func resolved(_ node: SchemaNode) -> SchemaNode? {
    var node = node
    for _ in 0..<Limits.compatibilityDepthMax {
      guard let target = node["$ref"]?.string else { return node }
      guard let next = try? documents[node.document]?.resolve(target, from: node.pointer) else { return nil }
      node = next
    }
    return nil
  }

  func matches(_ pattern: String, _ text: String) -> Bool {
    let key = "\(pattern.utf8.count):\(pattern)\(text)"
    if let known = matched[key] { return known }
    let answer = SchemaPattern.matches(pattern, text)
    matched[key] = answer
    return answer
  }

  // MARK: Does a claim imply a schema?

  /// - Parameters:
  ///   - claim: `nil` for one that nothing satisfies.
  ///   - depth: levels of the value above this place.
  func implies(_ claim: SchemaClaim?, _ schema: SchemaNode, depth: Int) -> Bool {
    guard let claim else { return true }
    guard depth <= Limits.compatibilityDepthMax, spend(), let schema = resolved(schema) else { return false }
    if schema.isTrue || claim.holds.contains(where: { sameMeaning($0, schema) }) { return true }
    let question = Question(claim: claim, schema: schema)
    if let asked = open[question] { return asked < depth }
    open[question] = depth
    defer { open[question] = nil }
    return goals(of: schema).allSatisfy { prove(claim, $0, depth: depth) }
  }

  private func sameMeaning(_ left: SchemaNode, _ right: SchemaNode) -> Bool {
    left == right || (left.value == right.value && !Self.refers(left.value))
  }

  private static func refers(_ value: JSONValue) -> Bool {
    switch value {
    case .object(let members): members["$ref"] != nil || members.values.contains(where: refers)
    case .array(let elements): elements.contains(where: refers)
    default: false
    }
  }

  /// A part of a schema that can be proven on its own.
  private enum Goal {
    /// The keywords without sub-schemas for the same value.
    case keywords(SchemaNode)
    case schema(SchemaNode)
    case anyOf([SchemaNode])
    case oneOf([SchemaNode])
    case not(SchemaNode)
    case conditional(SchemaNode, then: SchemaNode, otherwise: SchemaNode)
  }

  private func goals(of schema: SchemaNode) -> [Goal] {
    if schema.isFalse { return [.not(.anything)] }
    var goals: [Goal] = [.keywords(schema)]
    goals += (schema.children("allOf") ?? []).map(Goal.schema)
    if let parts = schema.children("anyOf") { goals.append(.anyOf(parts)) }
    if let parts = schema.children("oneOf") { goals.append(.oneOf(parts)) }
    if let excluded = schema.child("not") { goals.append(.not(excluded)) }
    if let condition = schema.child("if") {
      goals.append(
        .conditional(
          condition, then: schema.child("then") ?? .anything, otherwise: schema.child("else") ?? .anything))
    }
    return goals
  }

  /// Proves a goal as it stands, or for each alternative of the claim, or for each type.
  private func prove(_ claim: SchemaClaim, _ goal: Goal, depth: Int) -> Bool {
    guard spend() else { return false }
    if proveDirectly(claim, goal, depth: depth) { return true }
    if let branches = splitting(claim) { return branches.allSatisfy { prove($0, goal, depth: depth) } }
    let parts = claim.types.parts
    if parts.count > 1 {
      return parts.allSatisfy { part in
        var narrowed = claim
        narrowed.types = part
        return prove(narrowed, goal, depth: depth)
      }
    }
    return isEmpty(claim, depth: depth)
  }

  private func proveDirectly(_ claim: SchemaClaim, _ goal: Goal, depth: Int) -> Bool {
    switch goal {
    case .schema(let schema): return implies(claim, schema, depth: depth)
    case .anyOf(let parts): return parts.contains { implies(claim, $0, depth: depth) }
    case .oneOf(let parts):
      return parts.contains { part in
        implies(claim, part, depth: depth)
          && parts.allSatisfy { $0 == part || isEmpty(adding([$0], to: claim), depth: depth) }
      }
    case .not(let excluded): return isEmpty(adding([excluded], to: claim), depth: depth)
    case .conditional(let condition, let then, let otherwise):
      return implies(adding([condition], to: claim), then, depth: depth)
        && implies(adding([], [condition], to: claim), otherwise, depth: depth)
    case .keywords(let schema):
      let facts = Facts(claim.holds, types: claim.types)
      if let values = finiteValues(facts) {
        return values.allSatisfy { value in
          claim.holds.contains { satisfies(value, $0) == false } || keywordsHold(value, schema)
        }
      }
      return facts.isContained(in: schema) && structureIsContained(claim, facts, schema, depth: depth)
    }
  }

  /// The values a claim leaves when they can be listed.
  private func finiteValues(_ facts: Facts) -> [JSONValue]? {
    if let values = facts.values { return values }
    guard facts.types.isSubset(of: [.null, .boolean]) else { return nil }
    return (facts.types.contains(.null) ? [.null] : [])
      + (facts.types.contains(.boolean) ? [.bool(true), .bool(false)] : [])
  }

  /// Whether a single value satisfies a schema's own keywords; the combining ones are goals of their own.
  private func keywordsHold(_ value: JSONValue, _ schema: SchemaNode) -> Bool {
    guard var keywords = schema.value.object else { return schema.value == .bool(true) }
    for combining in ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"] { keywords[combining] = nil }
    let own = SchemaNode(document: schema.document, pointer: schema.pointer, value: .object(keywords))
    return satisfies(value, own) == true
  }

  // MARK: Is there no value at all?

  /// Whether it is certain that nothing satisfies the claim.
  func isEmpty(_ claim: SchemaClaim?, depth: Int) -> Bool {
    guard let claim else { return true }
    guard depth <= Limits.compatibilityDepthMax, spend(), openEmpty.insert(claim).inserted else { return false }
    defer { openEmpty.remove(claim) }
    let facts = Facts(claim.holds, types: claim.types)
    if facts.types.isEmpty { return true }
    if let values = finiteValues(facts) {
      let none = values.allSatisfy { value in
        claim.holds.contains { satisfies(value, $0) == false } || claim.fails.contains { satisfies(value, $0) == true }
      }
      if none { return true }
    } else if facts.types.parts.allSatisfy({ hasNoValue(of: $0, facts, depth: depth) }) {
      return true
    }
    var rest = claim
    rest.fails = []
    if claim.fails.contains(where: { implies(rest, $0, depth: depth) }) { return true }
    return splitting(claim)?.allSatisfy { isEmpty($0, depth: depth) } ?? false
  }

  private func hasNoValue(of type: JSONType, _ facts: Facts, depth: Int) -> Bool {
    switch type {
    case .string: return facts.lengths.isEmpty
    case .array:
      if facts.itemCounts.isEmpty { return true }
      let positions = min(facts.itemCounts.least, (facts.items.map(\.first.count).max() ?? 0) + 1)
      return (0..<positions).contains { isEmpty(item($0, of: facts), depth: depth + 1) }
    case .object:
      return facts.memberCounts.isEmpty
        || facts.required.contains { isEmpty(property($0, of: facts), depth: depth + 1) }
    case .null, .boolean: return false
    default: return facts.numberRange.isEmpty
    }
  }
}
