import Kernel

/// A condition on JSON events: `{ $.user.id = 1 && ($.tags[0] = "a*" || $.error IS NULL) }`.
indirect enum JSONCondition: Sendable {
  case compare(Selector, Comparison)
  case isNull(Selector)
  case isBool(Selector, Bool)
  case exists(Selector, Bool)
  case and(JSONCondition, JSONCondition)
  case or(JSONCondition, JSONCondition)

  init(_ reader: inout PatternReader) throws(FilterPattern.Malformed) {
    _ = reader.take("{")
    self = try Self.either(&reader, depth: 0)
    reader.skipSpace()
    guard reader.take("}") else { throw FilterPattern.Malformed("Invalid filter pattern: a closing brace is missing") }
  }

  private static func either(_ reader: inout PatternReader, depth: Int) throws(FilterPattern.Malformed) -> Self {
    var left = try both(&reader, depth: depth)
    while true {
      reader.skipSpace()
      guard reader.take("||") else { return left }
      left = .or(left, try both(&reader, depth: depth))
    }
  }

  private static func both(_ reader: inout PatternReader, depth: Int) throws(FilterPattern.Malformed) -> Self {
    var left = try single(&reader, depth: depth)
    while true {
      reader.skipSpace()
      guard reader.take("&&") else { return left }
      left = .and(left, try single(&reader, depth: depth))
    }
  }

  private static func single(_ reader: inout PatternReader, depth: Int) throws(FilterPattern.Malformed) -> Self {
    guard depth < Limits.patternDepthMax else {
      throw FilterPattern.Malformed("Invalid filter pattern: parentheses are nested too deeply")
    }
    reader.skipSpace()
    if reader.take("(") {
      let inner = try either(&reader, depth: depth + 1)
      reader.skipSpace()
      guard reader.take(")") else {
        throw FilterPattern.Malformed("Invalid filter pattern: a closing parenthesis is missing")
      }
      return inner
    }
    let selector = try Selector(&reader)
    reader.skipSpace()
    if reader.takeWord("IS") {
      reader.skipSpace()
      if reader.takeWord("NULL") { return .isNull(selector) }
      if reader.takeWord("TRUE") { return .isBool(selector, true) }
      if reader.takeWord("FALSE") { return .isBool(selector, false) }
      throw FilterPattern.Malformed("Invalid filter pattern: NULL, TRUE or FALSE must follow IS")
    }
    if reader.takeWord("NOT") {
      reader.skipSpace()
      guard reader.takeWord("EXISTS") else {
        throw FilterPattern.Malformed("Invalid filter pattern: EXISTS must follow NOT")
      }
      return .exists(selector, false)
    }
    if reader.takeWord("EXISTS") { return .exists(selector, true) }
    return .compare(selector, try Comparison(&reader, stops: [")", "}"]))
  }

  /// The places that the condition looks at.
  var selectors: [Selector] {
    switch self {
    case .and(let left, let right), .or(let left, let right): left.selectors + right.selectors
    case .isNull(let one), .isBool(let one, _), .exists(let one, _), .compare(let one, _): [one]
    }
  }

  func isTrue(of root: JSONNode) -> Bool {
    switch self {
    case .and(let left, let right): left.isTrue(of: root) && right.isTrue(of: root)
    case .or(let left, let right): left.isTrue(of: root) || right.isTrue(of: root)
    case .isNull(let selector): selector.nodes(in: root).contains(.null)
    case .isBool(let selector, let value): selector.nodes(in: root).contains(.bool(value))
    case .exists(let selector, let wanted): selector.nodes(in: root).isEmpty != wanted
    case .compare(let selector, let comparison):
      // Only strings and numbers are compared: of anything else, and of what is not there, neither = nor != is true.
      selector.nodes(in: root).contains { node in
        switch node {
        case .string(let text): comparison.isTrue(of: text, isNumber: false)
        case .number(let text): comparison.isTrue(of: text, isNumber: true)
        default: false
        }
      }
    }
  }
}

/// A place in a JSON event: `$.users[0].id`, `$.['a.b']`, `$.list[*].name`.
struct Selector: Sendable, Hashable {
  enum Step: Sendable, Hashable {
    case member(String)
    case element(Int)
    case allMembers
    case allElements
  }
  private(set) var steps: [Step] = []
  /// As it was written.
  let text: String

  init(_ reader: inout PatternReader) throws(FilterPattern.Malformed) {
    let start = reader.place
    guard reader.take("$") else {
      throw FilterPattern.Malformed("Invalid filter pattern: a selector begins with $")
    }
    var steps: [Step] = []
    while let character = reader.peek {
      if character == "." {
        _ = reader.take()
        if reader.peek == "[" { continue }
        if reader.take("*") {
          steps.append(.allMembers)
          continue
        }
        let name = reader.take { $0.isLetter || $0.isNumber || "-_:/@#".contains($0) }
        guard !name.isEmpty else { throw FilterPattern.Malformed("Invalid filter pattern: a property has no name") }
        steps.append(.member(name))
      } else if character == "[" {
        _ = reader.take()
        steps.append(try Self.brackets(&reader))
        guard reader.take("]") else {
          throw FilterPattern.Malformed("Invalid filter pattern: a closing bracket is missing")
        }
      } else {
        break
      }
    }
    self.steps = steps
    text = reader.text(from: start)
  }

  /// The text of the first node that is meant, where it is a string, a number or a boolean.
  func value(in root: JSONNode) -> String? {
    switch nodes(in: root).first {
    case .number(let text), .string(let text): text
    case .bool(let value): String(value)
    default: nil
    }
  }

  private static func brackets(_ reader: inout PatternReader) throws(FilterPattern.Malformed) -> Step {
    switch reader.peek {
    case "*":
      _ = reader.take()
      return .allElements
    case "\"": return .member(try reader.quoted())
    case "'":
      _ = reader.take()
      let name = reader.take { $0 != "'" }
      guard reader.take("'") else {
        throw FilterPattern.Malformed("Invalid filter pattern: a quotation mark is not closed")
      }
      return .member(name)
    default:
      guard let index = Int(reader.take { $0.isNumber }), index >= 0 else {
        throw FilterPattern.Malformed("Invalid filter pattern: an index is no number")
      }
      return .element(index)
    }
  }

  /// The nodes that the selector means: one or none, or several with wildcards.
  func nodes(in root: JSONNode) -> [JSONNode] {
    var found = [root]
    for step in steps {
      var next: [JSONNode] = []
      for node in found {
        switch (step, node) {
        case (.member(let name), .object(let members)):
          // The last of equal names counts.
          if let member = members.last(where: { $0.key == name }) { next.append(member.value) }
        case (.element(let index), .array(let elements)):
          if elements.indices.contains(index) { next.append(elements[index]) }
        case (.allMembers, .object(let members)):
          next += members.prefix(Limits.selectedNodesMax - next.count).map(\.value)
        case (.allElements, .array(let elements)): next += elements.prefix(Limits.selectedNodesMax - next.count)
        default: break
        }
        if next.count >= Limits.selectedNodesMax { break }
      }
      found = next
    }
    return found
  }
}
