/// JSON's types, with numbers told apart by whether they are whole: `number` is both.
struct JSONType: OptionSet, Hashable, Sendable {
  let rawValue: UInt8
  static let null = JSONType(rawValue: 1)
  static let boolean = JSONType(rawValue: 2)
  static let object = JSONType(rawValue: 4)
  static let array = JSONType(rawValue: 8)
  static let string = JSONType(rawValue: 16)
  static let integer = JSONType(rawValue: 32)
  static let fraction = JSONType(rawValue: 64)
  static let number: JSONType = [.integer, .fraction]
  static let all = JSONType(rawValue: 127)

  /// Each type of the set on its own; a number stays whole.
  var parts: [JSONType] {
    [.null, .boolean, .object, .array, .string, .number].map { intersection($0) }.filter { !$0.isEmpty }
  }

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(of value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool: self = .boolean
    case .number(let number): self = number.isInteger ? .integer : .fraction
    case .string: self = .string
    case .array: self = .array
    case .object: self = .object
    }
  }

  init(named name: String) {
    switch name {
    case "null": self = .null
    case "boolean": self = .boolean
    case "object": self = .object
    case "array": self = .array
    case "string": self = .string
    case "integer": self = .integer
    case "number": self = .number
    default: self = []
    }
  }
}

/// The numbers between two bounds.
struct NumberRange: Hashable {
  var lower = -Double.infinity
  var lowerExcluded = false
  var upper = Double.infinity
  var upperExcluded = false

  init() {}

  /// The bounds of a schema: draft 4's flags and the later drafts' numbers.
  init(_ node: SchemaNode) {
    if let minimum = node["minimum"]?.number?.value {
      raise(to: minimum, excluded: node["exclusiveMinimum"]?.bool == true)
    }
    if let maximum = node["maximum"]?.number?.value {
      lower(to: maximum, excluded: node["exclusiveMaximum"]?.bool == true)
    }
    if let minimum = node["exclusiveMinimum"]?.number?.value { raise(to: minimum, excluded: true) }
    if let maximum = node["exclusiveMaximum"]?.number?.value { lower(to: maximum, excluded: true) }
  }

  private mutating func raise(to bound: Double, excluded: Bool) {
    if bound > lower || (bound == lower && excluded) { (lower, lowerExcluded) = (bound, excluded) }
  }

  private mutating func lower(to bound: Double, excluded: Bool) {
    if bound < upper || (bound == upper && excluded) { (upper, upperExcluded) = (bound, excluded) }
  }

  mutating func intersect(_ other: NumberRange) {
    raise(to: other.lower, excluded: other.lowerExcluded)
    lower(to: other.upper, excluded: other.upperExcluded)
  }

  /// The same whole numbers, with bounds that belong to the range.
  var whole: NumberRange {
    var range = self
    if lower.isFinite { range.lower = lowerExcluded ? lower.rounded(.down) + 1 : lower.rounded(.up) }
    if upper.isFinite { range.upper = upperExcluded ? upper.rounded(.up) - 1 : upper.rounded(.down) }
    range.lowerExcluded = false
    range.upperExcluded = false
    return range
  }

  var isEmpty: Bool { lower > upper || (lower == upper && (lowerExcluded || upperExcluded)) }

  func contains(_ value: Double) -> Bool {
    (value > lower || (value == lower && !lowerExcluded)) && (value < upper || (value == upper && !upperExcluded))
  }

  func isContained(in other: NumberRange) -> Bool {
    let above = lower > other.lower || (lower == other.lower && (lowerExcluded || !other.lowerExcluded))
    let below = upper < other.upper || (upper == other.upper && (upperExcluded || !other.upperExcluded))
    return above && below
  }

  static func isMultiple(_ value: Double, of step: Double) -> Bool {
    guard step > 0 else { return false }
    let quotient = value / step
    return abs(quotient - quotient.rounded()) <= abs(quotient) * 1e-12
  }
}

/// What `items` and `additionalItems` say of each position.
struct ItemSchemas {
  let first: [SchemaNode]
  let rest: SchemaNode

  init(_ node: SchemaNode) {
    if node["items"]?.array != nil {
      first = node.children("items") ?? []
      rest = node.child("additionalItems") ?? .anything
    } else {
      first = []
      rest = node.child("items") ?? .anything
    }
  }

  func schema(at position: Int) -> SchemaNode { position < first.count ? first[position] : rest }
}

/// What `properties`, `patternProperties` and `additionalProperties` say of each name.
struct PropertySchemas {
  let named: [String: SchemaNode]
  let patterns: [String: SchemaNode]
  let additional: SchemaNode

  init(_ node: SchemaNode) {
    named = node.members("properties")
    patterns = node.members("patternProperties")
    additional = node.child("additionalProperties") ?? .anything
  }

  func schemas(for name: String, matches: (_ pattern: String, _ text: String) -> Bool) -> [SchemaNode] {
    var found = patterns.filter { matches($0.key, name) }.map(\.value)
    if let schema = named[name] { found.append(schema) }
    return found.isEmpty ? [additional] : found
  }
}

/// What several schemas that hold together say of a value, keyword by keyword.
struct Facts {
  var types: JSONType
  /// The values that `enum` and `const` leave; `nil` when they are not listed.
  var values: [JSONValue]?
  var numbers = NumberRange()
  var steps: [Double] = []
  var lengths = CountRange()
  var patterns: Set<String> = []
  var formats: Set<String> = []
  var itemCounts = CountRange()
  var uniqueItems = false
  var items: [ItemSchemas] = []
  var required: Set<String> = []
  var memberCounts = CountRange()
  var properties: [PropertySchemas] = []

  /// How many there may be of something.
  struct CountRange: Hashable {
    var least = 0
    var most = Int.max
    mutating func narrow(_ node: SchemaNode, _ least: String, _ most: String) {
      if let count = node[least]?.count { self.least = max(self.least, count) }
      if let count = node[most]?.count { self.most = min(self.most, count) }
    }
    var isEmpty: Bool { least > most }
    func isContained(in other: CountRange) -> Bool { least >= other.least && most <= other.most }
  }

  init(_ nodes: [SchemaNode], types: JSONType) {
    self.types = types
    for node in nodes {
      self.types.formIntersection(Self.types(of: node))
      if let listed = node["enum"]?.array { narrow(to: listed) }
      if let constant = node["const"] { narrow(to: [constant]) }
      numbers.intersect(NumberRange(node))
      if let step = node["multipleOf"]?.number { steps.append(step.value) }
      lengths.narrow(node, "minLength", "maxLength")
      if let pattern = node["pattern"]?.string { patterns.insert(pattern) }
      if let format = node["format"]?.string { formats.insert(format) }
      itemCounts.narrow(node, "minItems", "maxItems")
      if node["uniqueItems"]?.bool == true { uniqueItems = true }
      items.append(ItemSchemas(node))
      for name in node["required"]?.array ?? [] { if let name = name.string { required.insert(name) } }
      memberCounts.narrow(node, "minProperties", "maxProperties")
      properties.append(PropertySchemas(node))
    }
    memberCounts.least = max(memberCounts.least, required.count)
    let types = self.types
    values = values?.filter { types.contains(JSONType(of: $0)) }
  }

  private mutating func narrow(to listed: [JSONValue]) {
    values = values.map { $0.filter(listed.contains) } ?? listed
  }

  static func types(of node: SchemaNode) -> JSONType {
    switch node["type"] {
    case .string(let name)?: JSONType(named: name)
    case .array(let names)?: names.reduce(into: []) { $0.formUnion(JSONType(named: $1.string ?? "")) }
    default: .all
    }
  }

  /// The range of the numbers that may occur.
  var numberRange: NumberRange { types.contains(.fraction) ? numbers : numbers.whole }
}
