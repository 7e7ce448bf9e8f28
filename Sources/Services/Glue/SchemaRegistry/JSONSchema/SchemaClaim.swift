/// What is known of a value on one side of a comparison: it satisfies some schemas and fails others.
struct SchemaClaim: Hashable {
  /// Schemas that hold, each with all its keywords. References and `allOf` are followed already.
  var holds: [SchemaNode] = []
  /// Alternatives that are still open: in each, one branch holds.
  var choices: [Choice] = []
  /// Schemas that do not hold.
  var fails: [SchemaNode] = []
  var types = JSONType.all

  struct Choice: Hashable {
    var branches: [Branch]
  }
  struct Branch: Hashable {
    var holds: [SchemaNode]
    var fails: [SchemaNode] = []
  }
}

extension JSONSchemaComparison {
  /// The claim that a value satisfies all of `schemas`.
  /// - Returns: `nil` when no value does, for a reason that is plain to see.
  func claim(_ schemas: [SchemaNode]) -> SchemaClaim? { adding(schemas, to: SchemaClaim()) }

  /// `claim` with more that holds or fails.
  func adding(_ holds: [SchemaNode], _ fails: [SchemaNode] = [], to claim: SchemaClaim) -> SchemaClaim? {
    var claim = claim
    for node in fails where !claim.fails.contains(node) { claim.fails.append(node) }
    var pending = holds
    while let next = pending.popLast() {
      guard spend() else { return claim }
      // An unresolved reference says nothing: the claim stays wider than the truth, which is safe on the left side.
      guard let node = resolved(next), !node.isTrue, !claim.holds.contains(node) else { continue }
      if node.isFalse { return nil }
      claim.holds.append(node)
      claim.types.formIntersection(Facts.types(of: node))
      if claim.types.isEmpty { return nil }
      pending += node.children("allOf") ?? []
      if let excluded = node.child("not"), !claim.fails.contains(excluded) { claim.fails.append(excluded) }
      if let parts = node.children("anyOf") {
        claim.choices.append(.init(branches: parts.map { .init(holds: [$0]) }))
      }
      if let parts = node.children("oneOf") {
        claim.choices.append(
          .init(branches: parts.map { part in .init(holds: [part], fails: parts.filter { $0 != part }) }))
      }
      if let condition = node.child("if") {
        claim.choices.append(
          .init(branches: [
            .init(holds: [condition, node.child("then") ?? .anything]),
            .init(holds: [node.child("else") ?? .anything], fails: [condition]),
          ]))
      }
    }
    return claim
  }

  /// The claims that the first open choice leads to; a branch that cannot be is left out.
  func splitting(_ claim: SchemaClaim) -> [SchemaClaim]? {
    guard let choice = claim.choices.first else { return nil }
    var rest = claim
    rest.choices.removeFirst()
    return choice.branches.compactMap { adding($0.holds, $0.fails, to: rest) }
  }

  /// What holds of the value of a property.
  func property(_ name: String, of facts: Facts) -> SchemaClaim? {
    claim(facts.properties.flatMap { $0.schemas(for: name, matches: matches) })
  }

  /// What holds of an element of an array.
  func item(_ position: Int, of facts: Facts) -> SchemaClaim? {
    claim(facts.items.map { $0.schema(at: position) })
  }
}
