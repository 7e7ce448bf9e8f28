/// The keywords of one schema against what is known of the value.
extension Facts {
  /// Keywords that need no look inside the value.
  func isContained(in schema: SchemaNode) -> Bool {
    guard types.isSubset(of: Facts.types(of: schema)) else { return false }
    // Listed values were compared one by one; without a list here, no list there can hold all.
    if schema["enum"] != nil || schema["const"] != nil { return false }
    if !types.isDisjoint(with: .number) {
      guard numberRange.isContained(in: NumberRange(schema)) else { return false }
      if let step = schema["multipleOf"]?.number?.value {
        let known = types.contains(.fraction) ? steps : steps + [1]
        guard known.contains(where: { NumberRange.isMultiple($0, of: step) }) else { return false }
      }
    }
    if types.contains(.string) {
      var allowed = CountRange()
      allowed.narrow(schema, "minLength", "maxLength")
      guard lengths.isContained(in: allowed) else { return false }
      if let pattern = schema["pattern"]?.string, !patterns.contains(pattern) { return false }
      if let format = schema["format"]?.string, !formats.contains(format) { return false }
    }
    return true
  }
}

extension JSONSchemaComparison {
  /// Keywords that look inside arrays and objects.
  func structureIsContained(_ claim: SchemaClaim, _ facts: Facts, _ schema: SchemaNode, depth: Int) -> Bool {
    if facts.types.contains(.array), !arraysAreContained(claim, facts, schema, depth: depth) { return false }
    if facts.types.contains(.object), !objectsAreContained(claim, facts, schema, depth: depth) { return false }
    return true
  }

  // MARK: Arrays

  private func arraysAreContained(_ claim: SchemaClaim, _ facts: Facts, _ schema: SchemaNode, depth: Int) -> Bool {
    let allowed = ItemSchemas(schema)
    var counts = facts.itemCounts
    // A position that nothing satisfies ends the array there.
    let positions = (facts.items.map(\.first.count) + [allowed.first.count]).max() ?? 0
    for position in 0...positions where position < counts.most {
      let element = item(position, of: facts)
      if isEmpty(element, depth: depth + 1) {
        counts.most = position
        break
      }
      if !implies(element, allowed.schema(at: position), depth: depth + 1) { return false }
    }
    var range = Facts.CountRange()
    range.narrow(schema, "minItems", "maxItems")
    guard counts.isContained(in: range) else { return false }
    if schema["uniqueItems"]?.bool == true, !facts.uniqueItems, counts.most > 1 { return false }
    if let sought = schema.child("contains"), !arraysContain(sought, claim, facts, positions: positions, depth: depth) {
      return false
    }
    return true
  }

  private func arraysContain(
    _ sought: SchemaNode, _ claim: SchemaClaim, _ facts: Facts, positions: Int, depth: Int
  ) -> Bool {
    let known = claim.holds.compactMap { $0.child("contains") }
    if known.contains(where: { implies(self.claim([$0]), sought, depth: depth + 1) }) { return true }
    return (0..<min(facts.itemCounts.least, positions + 1)).contains {
      implies(item($0, of: facts), sought, depth: depth + 1)
    }
  }

  // MARK: Objects

  private func objectsAreContained(_ claim: SchemaClaim, _ facts: Facts, _ schema: SchemaNode, depth: Int) -> Bool {
    for name in schema["required"]?.array ?? [] {
      guard let name = name.string, facts.required.contains(name) else { return false }
    }
    let names = PropertyNames(facts)
    var range = Facts.CountRange()
    range.narrow(schema, "minProperties", "maxProperties")
    var counts = facts.memberCounts
    if names.patterns.isEmpty, isEmpty(others(names, of: facts), depth: depth + 1) {
      counts.most = min(counts.most, names.named.count)
    }
    guard counts.isContained(in: range) else { return false }
    return propertiesAreContained(names, facts, schema, depth: depth)
      && namesAreContained(names, claim, facts, schema, depth: depth)
      && dependenciesAreContained(claim, facts, schema, depth: depth)
  }

  /// The names that the known schemas speak of, in classes: those named, those that match a pattern, all others.
  struct PropertyNames {
    let named: Set<String>
    let patterns: Set<String>
    init(_ facts: Facts) {
      named = Set(facts.properties.flatMap(\.named.keys))
      patterns = Set(facts.properties.flatMap(\.patterns.keys))
    }
  }

  /// What holds of the value of a property that no known schema names.
  private func others(_ names: PropertyNames, of facts: Facts) -> SchemaClaim? {
    claim(facts.properties.map(\.additional))
  }

  /// What holds of the value of a property that is not named and matches `pattern`. A schema with other patterns may
  /// or may not speak of it, so it says nothing.
  private func matching(_ pattern: String, of facts: Facts) -> SchemaClaim? {
    claim(
      facts.properties.compactMap { schemas in
        schemas.patterns[pattern] ?? (schemas.patterns.isEmpty ? schemas.additional : nil)
      })
  }

  private func propertiesAreContained(
    _ names: PropertyNames, _ facts: Facts, _ schema: SchemaNode, depth: Int
  ) -> Bool {
    let allowed = PropertySchemas(schema)
    for name in names.named.union(allowed.named.keys).sorted() {
      let value = property(name, of: facts)
      // A property that cannot be there breaks no rule.
      if isEmpty(value, depth: depth + 1) { continue }
      let rules = allowed.schemas(for: name, matches: matches)
      guard rules.allSatisfy({ implies(value, $0, depth: depth + 1) }) else { return false }
    }
    for pattern in names.patterns.sorted() {
      let value = matching(pattern, of: facts)
      if isEmpty(value, depth: depth + 1) { continue }
      for (_, rule) in allowed.patterns where !implies(value, rule, depth: depth + 1) { return false }
      if allowed.patterns[pattern] == nil, !implies(value, allowed.additional, depth: depth + 1) { return false }
    }
    let value = others(names, of: facts)
    if isEmpty(value, depth: depth + 1) { return true }
    for (pattern, rule) in allowed.patterns where !names.patterns.contains(pattern) {
      guard implies(value, rule, depth: depth + 1) else { return false }
    }
    return implies(value, allowed.additional, depth: depth + 1)
  }

  private func namesAreContained(
    _ names: PropertyNames, _ claim: SchemaClaim, _ facts: Facts, _ schema: SchemaNode, depth: Int
  ) -> Bool {
    guard let rule = schema.child("propertyNames") else { return true }
    let known = claim.holds.compactMap { $0.child("propertyNames") }
    if var name = self.claim(known) {
      name.types.formIntersection(.string)
      if implies(name, rule, depth: depth + 1) { return true }
    }
    guard names.patterns.isEmpty, isEmpty(others(names, of: facts), depth: depth + 1) else { return false }
    return names.named.allSatisfy { name in
      isEmpty(property(name, of: facts), depth: depth + 1) || satisfies(.string(name), rule) == true
    }
  }

  private func dependenciesAreContained(
    _ claim: SchemaClaim, _ facts: Facts, _ schema: SchemaNode, depth: Int
  ) -> Bool {
    let known = claim.holds.map { $0.members("dependencies") }
    for (name, dependency) in schema.members("dependencies") {
      if isEmpty(property(name, of: facts), depth: depth + 1) { continue }
      let given = known.compactMap { $0[name] }
      if let needed = dependency.value.array {
        let listed = Set(given.flatMap { $0.value.array ?? [] }.compactMap(\.string))
        let present = facts.required.union(listed).union([name])
        guard needed.allSatisfy({ $0.string.map(present.contains) ?? false }) else { return false }
      } else {
        let schemas = given.filter { $0.value.array == nil }
        guard implies(adding(schemas, to: claim), dependency, depth: depth) else { return false }
      }
    }
    return true
  }
}
