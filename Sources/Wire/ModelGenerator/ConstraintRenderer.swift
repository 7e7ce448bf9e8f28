/// Writes what the model says about values: constraints, and how lists and maps are spelled.
struct ConstraintRenderer {
  let translation: Translation
  /// Services whose handlers check values themselves, with errors of their own.
  private var isUnchecked: Bool { translation.model.protocolName == "rest-xml" }

  /// The name by which a member's traits are reached, if it has any.
  func reference(_ member: ServiceModel.Member, isHeader: Bool = false) -> String? {
    guard let shape = translation.model.shapes[member.shape] else { return nil }
    let isFlattened = member.traits["flattened"]?.bool == true
    if isFlattened, shape.traits["flattened"]?.bool != true, let body = arguments(shape, isFlattened: true) {
      return "ValueTraits(\(body))"
    }
    if shape.kind == .timestamp, shape.traits["timestampFormat"] == nil, isHeader {
      return "ValueTraits(timestampFormat: .rfc822)"
    }
    return arguments(shape) == nil ? nil : "Traits.\(swiftName(shape))"
  }

  private func swiftName(_ shape: ServiceModel.Shape) -> String { Names.quoted(Names.member(shape.name)) }

  func file(mark: String) -> SourceFile? {
    var used: Set<String> = []
    for structure in translation.structures {
      for property in structure.properties { collect(property.member.shape, &used) }
    }
    var file = SourceFile("Traits", mark: mark, imports: ["import AWSWire"])
    file += "/// What the model says about values beside their types."
    file += "enum Traits {"
    var count = 0
    for name in used.sorted() {
      guard let shape = translation.model.shapes[name], let body = arguments(shape) else { continue }
      count += 1
      file += "  static let \(swiftName(shape)) = ValueTraits(\(body))"
    }
    file += "}"
    return count > 0 ? file : nil
  }

  private func collect(_ name: String, _ used: inout Set<String>) {
    guard let shape = translation.model.shapes[name], used.insert(name).inserted else { return }
    if let element = shape.element { collect(element.shape, &used) }
    if let key = shape.key { collect(key.shape, &used) }
  }

  /// The arguments of a shape's traits; `nil` when it has none.
  private func arguments(_ shape: ServiceModel.Shape, isFlattened: Bool = false) -> String? {
    guard shape.kind != .structure else { return nil }
    var parts: [String] = []
    if !isUnchecked {
      for bound in ["min", "max"] {
        if let number = shape.traits[bound]?.number { parts.append("\(bound): \(number)") }
      }
      if let pattern = shape.traits["pattern"]?.string { parts.append("pattern: \(Names.literal(pattern))") }
      if !shape.enumeration.isEmpty { parts.append("values: \(translation.typeName(shape.name)).knownValues") }
      if shape.traits["sensitive"]?.bool == true { parts.append("isSensitive: true") }
    }
    if let format = shape.traits["timestampFormat"]?.string { parts.append("timestampFormat: .\(format)") }
    if isFlattened || shape.traits["flattened"]?.bool == true { parts.append("isFlattened: true") }
    if let element = shape.element, let reference = reference(element) { parts.append("element: \(reference)") }
    if let key = shape.key, let reference = reference(key) { parts.append("key: \(reference)") }
    if shape.kind == .list, let name = shape.element?.traits["locationName"]?.string {
      parts.append("elementName: \(Names.literal(name))")
    }
    if shape.kind == .map {
      if let name = shape.key?.traits["locationName"]?.string { parts.append("keyName: \(Names.literal(name))") }
      if let name = shape.element?.traits["locationName"]?.string { parts.append("valueName: \(Names.literal(name))") }
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}
