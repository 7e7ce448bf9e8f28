package import SQL

/// The part of JsonPath that classifiers of AWS Glue know: `$`, `.name`, `[*]`, `[0]`, `['name']`.
package struct JSONPath: Hashable, Sendable {
  enum Step: Hashable, Sendable {
    case member(String)
    case element
  }

  let text: String
  private let steps: [Step]

  /// - Returns: `nil` for a path with something else in it.
  package init?(_ text: String) {
    self.text = text
    var rest = text[...]
    guard rest.popFirst() == "$" else { return nil }
    var steps: [Step] = []
    while let character = rest.popFirst() {
      switch character {
      case ".":
        let name = rest.prefix { $0 != "." && $0 != "[" }
        guard !name.isEmpty else { return nil }
        rest.removeFirst(name.count)
        steps.append(.member(String(name)))
      case "[":
        guard let end = rest.firstIndex(of: "]") else { return nil }
        let inside = rest[..<end]
        rest = rest[rest.index(after: end)...]
        if inside == "*" || Int(inside) != nil {
          steps.append(.element)
        } else if inside.count > 2, let mark = inside.first, mark == "'" || mark == "\"", inside.last == mark {
          steps.append(.member(String(inside.dropFirst().dropLast())))
        } else {
          return nil
        }
      default: return nil
      }
    }
    self.steps = steps
  }

  /// The type of what the path leads to in documents of a type.
  package func type(in document: HiveType) -> HiveType? {
    var type = document
    for step in steps {
      switch (step, type) {
      case (.member(let name), .structure(let fields)):
        guard let field = fields.first(where: { $0.name.lowercased() == name.lowercased() }) else { return nil }
        type = field.type
      case (.element, .array(let element)): type = element
      default: return nil
      }
    }
    // A path that ends at an array means its elements.
    if case .array(let element) = type { return element }
    return type
  }
}
