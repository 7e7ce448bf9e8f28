/// A JSON Schema definition (drafts 4, 6 and 7) that has been read and found well formed.
struct JSONSchemaDocument: Sendable {
  enum Draft: Sendable { case four, six, seven }

  let root: JSONValue
  let draft: Draft
  /// Tells this document's nodes from another's in one comparison.
  let number: Int
  /// Pointers of sub-schemas that carry an `$id` (`id` in draft 4), by that id.
  let identifiers: [String: String]

  /// - Parameter number: different for each document of one comparison.
  /// - Throws: `SchemaSyntaxError` that says what is wrong and where.
  init(_ definition: String, number: Int = 0) throws(SchemaSyntaxError) {
    let root: JSONValue
    do { root = try JSONValue.parse(definition) } catch { throw SchemaSyntaxError(error.description) }
    let draft = try Self.draft(of: root)
    var checker = JSONSchemaSyntax(draft: draft)
    try checker.check(root, at: "")
    self.root = root
    self.draft = draft
    self.number = number
    identifiers = checker.identifiers
    for reference in checker.references { _ = try resolve(reference.target, from: reference.pointer) }
  }

  private static func draft(of root: JSONValue) throws(SchemaSyntaxError) -> Draft {
    guard let uri = root["$schema"] else { return .seven }
    guard let text = uri.string else { throw SchemaSyntaxError("#/$schema: expected type: String") }
    let name = text.split(separator: "#").first.map(String.init) ?? text
    switch name.replacing("https://", with: "http://") {
    case "http://json-schema.org/draft-04/schema": return .four
    case "http://json-schema.org/draft-06/schema": return .six
    case "http://json-schema.org/draft-07/schema", "http://json-schema.org/schema": return .seven
    default: throw SchemaSyntaxError("could not determine version from $schema \(text)")
    }
  }

  var rootNode: SchemaNode { SchemaNode(document: number, pointer: "", value: root) }

  /// The sub-schema that `target` names, seen from anywhere in this document.
  /// - Throws: when it is not in this document: nothing is fetched over the network.
  func resolve(_ target: String, from pointer: String) throws(SchemaSyntaxError) -> SchemaNode {
    if let known = identifiers[target], let value = value(at: known) {
      return SchemaNode(document: number, pointer: known, value: value)
    }
    let base = root["$id"]?.string ?? root["id"]?.string ?? ""
    let fragment: Substring
    if target.hasPrefix("#") {
      fragment = target.dropFirst()
    } else if let hash = target.firstIndex(of: "#") {
      let document = String(target[..<hash])
      let path = Self.unescapePercent(target[target.index(after: hash)...])
      if let owner = identifiers[document] { return try node(at: owner + path, named: target, from: pointer) }
      guard document == base else { throw SchemaSyntaxError("#\(pointer): cannot resolve reference \(target)") }
      return try node(at: path, named: target, from: pointer)
    } else if target == base {
      return rootNode
    } else {
      throw SchemaSyntaxError("#\(pointer): cannot resolve reference \(target)")
    }
    return try node(at: Self.unescapePercent(fragment), named: target, from: pointer)
  }

  private func node(at path: String, named target: String, from pointer: String) throws(SchemaSyntaxError) -> SchemaNode
  {
    guard path.isEmpty || path.hasPrefix("/"), let value = value(at: path), value.object != nil || value.bool != nil
    else { throw SchemaSyntaxError("#\(pointer): cannot resolve reference \(target)") }
    return SchemaNode(document: number, pointer: path, value: value)
  }

  private func value(at pointer: String) -> JSONValue? {
    var value = root
    for token in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let name = String(token).replacing("~1", with: "/").replacing("~0", with: "~")
      switch value {
      case .object(let members):
        guard let member = members[name] else { return nil }
        value = member
      case .array(let elements):
        guard let position = Int(name), elements.indices.contains(position) else { return nil }
        value = elements[position]
      default: return nil
      }
    }
    return value
  }

  private static func unescapePercent(_ text: Substring) -> String {
    guard text.contains("%") else { return String(text) }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// What is wrong with a schema definition.
struct SchemaSyntaxError: Error, Hashable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A schema within a document: the unit of comparison. Its place is its identity.
struct SchemaNode: Hashable, Sendable {
  let document: Int
  /// JSON pointer, percent-decoded.
  let pointer: String
  let value: JSONValue

  static func == (left: SchemaNode, right: SchemaNode) -> Bool {
    left.document == right.document && left.pointer == right.pointer
  }
  func hash(into hasher: inout Hasher) {
    hasher.combine(document)
    hasher.combine(pointer)
  }

  subscript(keyword: String) -> JSONValue? { value[keyword] }

  /// The schema under a keyword, such as `not`.
  func child(_ keyword: String) -> SchemaNode? {
    value[keyword].map { SchemaNode(document: document, pointer: "\(pointer)/\(keyword)", value: $0) }
  }

  /// The schemas of a list keyword, such as `anyOf`.
  func children(_ keyword: String) -> [SchemaNode]? {
    value[keyword]?.array?.enumerated().map {
      SchemaNode(document: document, pointer: "\(pointer)/\(keyword)/\($0.offset)", value: $0.element)
    }
  }

  /// The schemas of a map keyword, such as `properties`.
  func members(_ keyword: String) -> [String: SchemaNode] {
    guard let members = value[keyword]?.object else { return [:] }
    var nodes: [String: SchemaNode] = [:]
    for (name, member) in members {
      let token = name.replacing("~", with: "~0").replacing("/", with: "~1")
      nodes[name] = SchemaNode(document: document, pointer: "\(pointer)/\(keyword)/\(token)", value: member)
    }
    return nodes
  }

  /// The schema that everything satisfies.
  static let anything = SchemaNode(document: -1, pointer: "true", value: .bool(true))
  /// The schema that nothing satisfies.
  static let nothing = SchemaNode(document: -1, pointer: "false", value: .bool(false))

  var isTrue: Bool { value == .bool(true) || value.object?.isEmpty == true }
  var isFalse: Bool { value == .bool(false) }
}
