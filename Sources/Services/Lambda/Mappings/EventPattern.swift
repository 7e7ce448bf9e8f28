package import Kernel

/// A pattern that JSON values match or do not: the language of Lambda's event filters.
/// Source: developer guide, "Filter rule syntax".
package struct EventPattern: Sendable, Hashable {
  private indirect enum Node: Sendable, Hashable {
    /// All of these fields must match.
    case fields([Field])
    /// One of these tests must hold for the value.
    case value([Test])
  }

  private struct Field: Sendable, Hashable {
    /// `nil` for `$or`, whose patterns stand for the whole object.
    var name: String?
    var nodes: [Node]
  }

  private indirect enum Test: Sendable, Hashable {
    case null
    case bool(Bool)
    case text(String)
    case textIgnoringCase(String)
    case number(Double)
    case prefix(String)
    case suffix(String)
    case range([Bound])
    case exists(Bool)
    /// None of these holds.
    case not([Test])
  }

  private struct Bound: Sendable, Hashable {
    var sign: String
    var number: Double

    func holds(_ value: Double) -> Bool {
      switch sign {
      case "=": value == number
      case "<": value < number
      case "<=": value <= number
      case ">": value > number
      default: value >= number
      }
    }
  }

  /// Text that is no pattern.
  package struct Malformed: Error, Sendable, Hashable {}

  private let root: Node
  /// The names at the top, those below `$or` included.
  package let names: Set<String>

  /// - Throws: `Malformed`.
  package init(_ text: String) throws(Malformed) {
    guard let node = try? JSONNode(Array(text.utf8)), case .object(let members) = node, !members.isEmpty else {
      throw Malformed()
    }
    root = try Self.fields(members)
    names = Self.names(of: root)
  }

  private static func names(of node: Node) -> Set<String> {
    guard case .fields(let fields) = node else { return [] }
    return Set(fields.flatMap { field in field.name.map { [$0] } ?? field.nodes.flatMap { Array(names(of: $0)) } })
  }

  /// Whether the pattern under a name at the top is one of fields, wherever it stands.
  package func hasFields(below name: String) -> Bool { Self.hasFields(root, below: name) }

  private static func hasFields(_ node: Node, below name: String) -> Bool {
    guard case .fields(let fields) = node else { return true }
    return fields.allSatisfy { field in
      guard let own = field.name else { return field.nodes.allSatisfy { hasFields($0, below: name) } }
      guard own == name else { return true }
      return field.nodes.allSatisfy { if case .fields = $0 { true } else { false } }
    }
  }

  // MARK: Reading

  private static func fields(_ members: [JSONNode.Member]) throws(Malformed) -> Node {
    var fields: [Field] = []
    for member in members {
      if member.key == "$or" {
        guard case .array(let choices) = member.value, choices.count > 1 else { throw Malformed() }
        var nodes: [Node] = []
        for choice in choices {
          guard case .object(let inner) = choice, !inner.isEmpty else { throw Malformed() }
          nodes.append(try Self.fields(inner))
        }
        fields.append(Field(name: nil, nodes: nodes))
        continue
      }
      switch member.value {
      case .object(let inner) where !inner.isEmpty:
        fields.append(Field(name: member.key, nodes: [try Self.fields(inner)]))
      case .array(let tests) where !tests.isEmpty:
        var read: [Test] = []
        for test in tests { read.append(try Self.test(test)) }
        fields.append(Field(name: member.key, nodes: [.value(read)]))
      default: throw Malformed()
      }
    }
    return .fields(fields)
  }

  private static func test(_ node: JSONNode) throws(Malformed) -> Test {
    if let scalar = scalar(node) { return scalar }
    guard case .object(let members) = node, members.count == 1, let member = members.first else { throw Malformed() }
    switch (member.key, member.value) {
    case ("prefix", .string(let text)): return .prefix(text)
    case ("suffix", .string(let text)): return .suffix(text)
    case ("equals-ignore-case", .string(let text)): return .textIgnoringCase(text.lowercased())
    case ("exists", .bool(let wanted)): return .exists(wanted)
    case ("numeric", .array(let parts)): return .range(try bounds(parts))
    case ("anything-but", .array(let nodes)) where !nodes.isEmpty:
      var tests: [Test] = []
      for node in nodes {
        guard let scalar = scalar(node) else { throw Malformed() }
        tests.append(scalar)
      }
      return .not(tests)
    case ("anything-but", .object(let inner))
    where ["prefix", "suffix", "equals-ignore-case"].contains(inner.first?.key):
      return .not([try test(member.value)])
    case ("anything-but", let other):
      guard let scalar = scalar(other) else { throw Malformed() }
      return .not([scalar])
    default: throw Malformed()
    }
  }

  private static func scalar(_ node: JSONNode) -> Test? {
    switch node {
    case .null: .null
    case .bool(let value): .bool(value)
    case .string(let text): .text(text)
    case .number(let text): Double(text).map { .number($0) }
    default: nil
    }
  }

  /// `["=", 5]`, or two bounds: `[">", 0, "<=", 5]`.
  private static func bounds(_ parts: [JSONNode]) throws(Malformed) -> [Bound] {
    guard parts.count == 2 || parts.count == 4 else { throw Malformed() }
    var bounds: [Bound] = []
    for place in stride(from: 0, to: parts.count, by: 2) {
      guard case .string(let sign) = parts[place], ["=", "<", "<=", ">", ">="].contains(sign),
        case .number(let text) = parts[place + 1], let number = Double(text)
      else { throw Malformed() }
      bounds.append(Bound(sign: sign, number: number))
    }
    if bounds.count == 2 {
      guard bounds[0].sign.hasPrefix(">"), bounds[1].sign.hasPrefix("<"), bounds[0].number < bounds[1].number else {
        throw Malformed()
      }
    }
    return bounds
  }

  // MARK: Matching

  package func matches(_ value: JSONNode) -> Bool { Self.matches(root, value) }

  /// - Parameter value: `nil` where there is none.
  private static func matches(_ node: Node, _ value: JSONNode?) -> Bool {
    switch node {
    case .fields(let fields):
      // In a list, one element must match.
      if case .array(let elements) = value { return elements.contains { matches(node, $0) } }
      var members: [JSONNode.Member] = []
      if case .object(let found) = value { members = found }
      return fields.allSatisfy { field in
        guard let name = field.name else { return field.nodes.contains { matches($0, value) } }
        let inner = members.last { $0.key == name }?.value
        return field.nodes.allSatisfy { matches($0, inner) }
      }
    case .value(let tests):
      if case .array(let elements) = value, !elements.isEmpty {
        return elements.contains { element in tests.contains { holds($0, element) } }
      }
      return tests.contains { holds($0, value) }
    }
  }

  private static func holds(_ test: Test, _ value: JSONNode?) -> Bool {
    guard let value else { return test == .exists(false) }
    // What has fields of its own is no value; it does not exist as one.
    if case .object = value { return test == .exists(false) }
    switch (test, value) {
    case (.exists(let wanted), _): return wanted
    case (.null, .null): return true
    case (.bool(let wanted), .bool(let found)): return wanted == found
    case (.text(let wanted), .string(let found)): return wanted == found
    case (.textIgnoringCase(let wanted), .string(let found)): return wanted == found.lowercased()
    case (.prefix(let wanted), .string(let found)): return found.hasPrefix(wanted)
    case (.suffix(let wanted), .string(let found)): return found.hasSuffix(wanted)
    case (.number(let wanted), .number(let found)): return Double(found) == wanted
    case (.range(let bounds), .number(let found)):
      guard let number = Double(found) else { return false }
      return bounds.allSatisfy { $0.holds(number) }
    case (.not(let tests), _): return !tests.contains { holds($0, value) }
    default: return false
    }
  }
}
