/// Checks a definition against the rules of its draft: each keyword has the form that the draft gives it.
struct JSONSchemaSyntax {
  let draft: JSONSchemaDocument.Draft
  /// Pointers by `$id`.
  private(set) var identifiers: [String: String] = [:]
  private(set) var references: [(pointer: String, target: String)] = []

  init(draft: JSONSchemaDocument.Draft) { self.draft = draft }

  private static let types: Set<String> = ["null", "boolean", "object", "array", "number", "string", "integer"]

  mutating func check(_ schema: JSONValue, at pointer: String) throws(SchemaSyntaxError) {
    if schema.bool != nil, draft != .four { return }
    guard let keywords = schema.object else {
      throw SchemaSyntaxError("#\(pointer): expected type: \(draft == .four ? "JSONObject" : "JSONObject or Boolean")")
    }
    if let id = keywords[draft == .four ? "id" : "$id"]?.string, !pointer.isEmpty { identifiers[id] = pointer }
    // Up to draft 7 a reference hides the keywords beside it.
    if let reference = keywords["$ref"] {
      guard let target = reference.string else { throw wrong(pointer, "$ref", "String") }
      references.append((pointer, target))
      try checkMaps(keywords, ["definitions"], at: pointer)
      return
    }
    for (keyword, value) in keywords { try check(keyword, value, in: keywords, at: pointer) }
  }

  private mutating func check(
    _ keyword: String, _ value: JSONValue, in keywords: [String: JSONValue], at pointer: String
  ) throws(SchemaSyntaxError) {
    switch keyword {
    case "type": try checkType(value, at: pointer)
    case "enum":
      guard let values = value.array else { throw wrong(pointer, keyword, "JSONArray") }
      guard !values.isEmpty else { throw SchemaSyntaxError("#\(pointer)/enum: expected at least one value") }
    case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
      guard let count = value.count, count >= 0 else { throw wrong(pointer, keyword, "a number of 0 or more") }
    case "minimum", "maximum":
      guard value.number != nil else { throw wrong(pointer, keyword, "Number") }
    case "exclusiveMinimum", "exclusiveMaximum":
      let fits = draft == .four ? value.bool != nil : value.number != nil
      guard fits else { throw wrong(pointer, keyword, draft == .four ? "Boolean" : "Number") }
    case "multipleOf":
      guard let number = value.number, number.value > 0 else { throw wrong(pointer, keyword, "a number above 0") }
    case "pattern":
      guard let pattern = value.string else { throw wrong(pointer, keyword, "String") }
      guard SchemaPattern.isValid(pattern) else { throw wrong(pointer, keyword, "a regular expression") }
    case "uniqueItems":
      guard value.bool != nil else { throw wrong(pointer, keyword, "Boolean") }
    case "required":
      guard let names = value.array, names.allSatisfy({ $0.string != nil }) else {
        throw wrong(pointer, keyword, "JSONArray of String")
      }
      if draft == .four, names.isEmpty { throw SchemaSyntaxError("#\(pointer)/required: expected at least one name") }
    case "format", "title", "description", "$comment", "contentEncoding", "contentMediaType":
      guard value.string != nil else { throw wrong(pointer, keyword, "String") }
    case "items":
      if value.array == nil { return try check(value, at: "\(pointer)/items") }
      try checkList(keyword, value, at: pointer, emptyAllowed: true)
    case "allOf", "anyOf", "oneOf": try checkList(keyword, value, at: pointer, emptyAllowed: false)
    case "additionalItems", "additionalProperties":
      if value.bool == nil { try check(value, at: "\(pointer)/\(keyword)") }
    case "not": try check(value, at: "\(pointer)/not")
    case "contains", "propertyNames":
      if draft != .four { try check(value, at: "\(pointer)/\(keyword)") }
    case "if", "then", "else":
      if draft == .seven { try check(value, at: "\(pointer)/\(keyword)") }
    case "properties", "patternProperties", "definitions":
      try checkMaps(keywords, [keyword], at: pointer)
    case "dependencies": try checkDependencies(value, at: pointer)
    default: return
    }
  }

  private func checkType(_ value: JSONValue, at pointer: String) throws(SchemaSyntaxError) {
    let names = value.array ?? [value]
    guard !names.isEmpty else { throw SchemaSyntaxError("#\(pointer)/type: expected at least one type") }
    for name in names {
      guard let text = name.string else { throw wrong(pointer, "type", "String or JSONArray") }
      guard Self.types.contains(text) else { throw SchemaSyntaxError("#\(pointer)/type: unknown type: [\(text)]") }
    }
  }

  private mutating func checkList(
    _ keyword: String, _ value: JSONValue, at pointer: String, emptyAllowed: Bool
  ) throws(SchemaSyntaxError) {
    guard let schemas = value.array else { throw wrong(pointer, keyword, "JSONArray") }
    guard emptyAllowed || !schemas.isEmpty else {
      throw SchemaSyntaxError("#\(pointer)/\(keyword): expected at least one schema")
    }
    for (position, schema) in schemas.enumerated() { try check(schema, at: "\(pointer)/\(keyword)/\(position)") }
  }

  private mutating func checkMaps(
    _ keywords: [String: JSONValue], _ names: [String], at pointer: String
  ) throws(SchemaSyntaxError) {
    for keyword in names {
      guard let value = keywords[keyword] else { continue }
      guard let schemas = value.object else { throw wrong(pointer, keyword, "JSONObject") }
      for (name, schema) in schemas {
        if keyword == "patternProperties", !SchemaPattern.isValid(name) {
          throw wrong(pointer, keyword, "regular expressions as names")
        }
        let token = name.replacing("~", with: "~0").replacing("/", with: "~1")
        try check(schema, at: "\(pointer)/\(keyword)/\(token)")
      }
    }
  }

  private mutating func checkDependencies(_ value: JSONValue, at pointer: String) throws(SchemaSyntaxError) {
    guard let dependencies = value.object else { throw wrong(pointer, "dependencies", "JSONObject") }
    for (name, dependency) in dependencies {
      let token = name.replacing("~", with: "~0").replacing("/", with: "~1")
      if let names = dependency.array {
        guard names.allSatisfy({ $0.string != nil }) else {
          throw wrong(pointer, "dependencies/\(token)", "JSONArray of String")
        }
      } else {
        try check(dependency, at: "\(pointer)/dependencies/\(token)")
      }
    }
  }

  private func wrong(_ pointer: String, _ keyword: String, _ expected: String) -> SchemaSyntaxError {
    SchemaSyntaxError("#\(pointer)/\(keyword): expected type: \(expected)")
  }
}
