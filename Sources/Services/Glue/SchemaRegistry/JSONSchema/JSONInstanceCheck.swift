/// Decides whether one value satisfies a schema: used for the values of `enum`, `const` and the names of properties.
extension JSONSchemaComparison {
  /// - Returns: `nil` where it cannot be told: references too deep, or a `format`.
  func satisfies(_ value: JSONValue, _ schema: SchemaNode, depth: Int = 0) -> Bool? {
    guard depth <= Limits.compatibilityDepthMax, spend() else { return nil }
    guard let node = resolved(schema) else { return nil }
    if let flag = node.value.bool { return flag }
    var unsure = false
    /// Notes an undecided part; `true` when the answer is a clear no.
    func fails(_ part: Bool?) -> Bool {
      if part == nil { unsure = true }
      return part == false
    }
    if let values = node["enum"]?.array, !values.contains(value) { return false }
    if let constant = node["const"], constant != value { return false }
    if !Facts.types(of: node).contains(JSONType(of: value)) { return false }
    switch value {
    case .number(let number):
      if !NumberRange(node).contains(number.value) { return false }
      if let step = node["multipleOf"]?.number, !NumberRange.isMultiple(number.value, of: step.value) { return false }
    case .string(let text):
      if let length = node["minLength"]?.count, text.unicodeScalars.count < length { return false }
      if let length = node["maxLength"]?.count, text.unicodeScalars.count > length { return false }
      if let pattern = node["pattern"]?.string, !matches(pattern, text) { return false }
      if node["format"] != nil { unsure = true }
    case .array(let elements):
      if fails(arraySatisfies(elements, node, depth: depth)) { return false }
    case .object(let members):
      if fails(objectSatisfies(members, node, depth: depth)) { return false }
    default: break
    }
    for part in node.children("allOf") ?? [] where fails(satisfies(value, part, depth: depth + 1)) { return false }
    if let parts = node.children("anyOf") {
      let answers = parts.map { satisfies(value, $0, depth: depth + 1) }
      if !answers.contains(true), fails(answers.contains(nil) ? nil : false) { return false }
    }
    if let parts = node.children("oneOf") {
      let answers = parts.map { satisfies(value, $0, depth: depth + 1) }
      if fails(answers.contains(nil) ? nil : answers.count { $0 == true } == 1) { return false }
    }
    if let excluded = node.child("not"), fails(satisfies(value, excluded, depth: depth + 1).map { !$0 }) {
      return false
    }
    if let condition = node.child("if") {
      let holds = satisfies(value, condition, depth: depth + 1)
      if let holds, let branch = node.child(holds ? "then" : "else") {
        if fails(satisfies(value, branch, depth: depth + 1)) { return false }
      } else if holds == nil {
        unsure = true
      }
    }
    return unsure ? nil : true
  }

  private func arraySatisfies(_ elements: [JSONValue], _ node: SchemaNode, depth: Int) -> Bool? {
    if let count = node["minItems"]?.count, elements.count < count { return false }
    if let count = node["maxItems"]?.count, elements.count > count { return false }
    if node["uniqueItems"]?.bool == true, Set(elements).count < elements.count { return false }
    var answer: Bool? = true
    let items = ItemSchemas(node)
    for (position, element) in elements.enumerated() {
      let part = satisfies(element, items.schema(at: position), depth: depth + 1)
      if part == false { return false }
      if part == nil { answer = nil }
    }
    if let sought = node.child("contains") {
      let parts = elements.map { satisfies($0, sought, depth: depth + 1) }
      if !parts.contains(true) { return parts.contains(nil) ? nil : false }
    }
    return answer
  }

  private func objectSatisfies(_ members: [String: JSONValue], _ node: SchemaNode, depth: Int) -> Bool? {
    if let count = node["minProperties"]?.count, members.count < count { return false }
    if let count = node["maxProperties"]?.count, members.count > count { return false }
    for name in node["required"]?.array ?? [] {
      if let name = name.string, members[name] == nil { return false }
    }
    var answer: Bool? = true
    let properties = PropertySchemas(node)
    for (name, member) in members {
      for schema in properties.schemas(for: name, matches: matches) {
        let part = satisfies(member, schema, depth: depth + 1)
        if part == false { return false }
        if part == nil { answer = nil }
      }
      if let names = node.child("propertyNames") {
        let part = satisfies(.string(name), names, depth: depth + 1)
        if part == false { return false }
        if part == nil { answer = nil }
      }
    }
    for (name, dependency) in node.members("dependencies") where members[name] != nil {
      if let needed = dependency.value.array {
        if needed.contains(where: { $0.string.map { members[$0] == nil } ?? false }) { return false }
      } else {
        let part = satisfies(.object(members), dependency, depth: depth + 1)
        if part == false { return false }
        if part == nil { answer = nil }
      }
    }
    return answer
  }
}
