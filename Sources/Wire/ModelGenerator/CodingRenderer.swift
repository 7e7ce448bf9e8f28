/// Writes the schemas of structures, and how they are read and written.
struct CodingRenderer {
  let translation: Translation
  let constraints: ConstraintRenderer

  func pieces() -> [Piece] { translation.structures.map(render) }

  private func render(_ structure: Translation.Structure) -> Piece {
    let roles =
      ["WireStructure"] + (structure.isDecoded ? ["WireDecodable"] : [])
      + (structure.isEncoded ? ["WireEncodable"] : [])
    var lines = ["extension \(structure.name): \(roles.joined(separator: ", ")) {"]
    lines += schema(structure)
    if structure.isDecoded { lines += [""] + decoding(structure) }
    if structure.isEncoded { lines += [""] + encoding(structure) }
    lines.append("}")
    var imports: Set = ["public import AWSWire"]
    let types = structure.isDecoded || structure.isEncoded ? structure.properties.map(\.type).joined() : ""
    if types.contains("Timestamp") || types.contains("ByteStream") { imports.insert("import Kernel") }
    if types.contains("ByteBuffer") { imports.insert("import NIOCore") }
    return Piece(lines: lines, imports: imports)
  }

  // MARK: Schema

  private func schema(_ structure: Translation.Structure) -> [String] {
    let name = structure.shape.name
    let root = translation.configuration.roots?[name] ?? structure.shape.traits["locationName"]?.string
    var head = Names.literal(name)
    if let root { head += ", rootName: \(Names.literal(root))" }
    if structure.properties.isEmpty { return ["  public static let schema = StructureSchema(\(head), [])"] }
    var lines = ["  public static let schema = StructureSchema(", "    \(head),", "    ["]
    for property in structure.properties { lines.append("      \(member(property, structure)),") }
    return lines + ["    ])"]
  }

  private func member(_ property: Translation.Property, _ structure: Translation.Structure) -> String {
    var parts = [Names.literal(property.name)]
    let location = location(property, structure)
    if location != "body" { parts.append(".\(location)") }
    // A flattened list's own name is the only one that its elements have.
    if let wire = property.member.traits["locationName"]?.string ?? renamed(property), wire != property.name {
      parts.append("wire: \(Names.literal(wire))")
    }
    if property.isRequired { parts.append("required: true") }
    if let traits = constraints.reference(property.member, isHeader: location == "header") {
      parts.append("traits: \(traits)")
    }
    if let namespace = property.shape.traits["xmlNamespace"], let prefix = namespace["prefix"]?.string,
      let uri = namespace["uri"]?.string
    {
      parts.append("xmlAttributes: \(Names.literal(" xmlns:\(prefix)=\"\(uri)\""))")
    }
    return "MemberSchema(\(parts.joined(separator: ", ")))"
  }

  private func renamed(_ property: Translation.Property) -> String? {
    guard property.shape.traits["flattened"]?.bool == true, property.shape.kind == .list else { return nil }
    return property.shape.element?.traits["locationName"]?.string
  }

  private func location(_ property: Translation.Property, _ structure: Translation.Structure) -> String {
    if structure.shape.traits["payload"]?.string == property.name {
      if property.type == "ByteStream" { return "stream" }
      return property.shape.kind == .structure ? "payload" : "text"
    }
    if property.member.traits["xmlAttribute"]?.bool == true { return "attribute" }
    switch property.member.traits["location"]?.string {
    case "uri": return "label"
    case "querystring": return property.shape.kind == .map ? "queryMap" : "query"
    case "header": return "header"
    case "headers": return "prefixHeaders"
    case "statusCode": return "status"
    default: return "body"
    }
  }

  // MARK: Reading and writing

  private func decoding(_ structure: Translation.Structure) -> [String] {
    var lines = ["  public init(from decoder: ShapeDecoder) throws {"]
    if structure.properties.isEmpty {
      return lines + [
        "    try decoder.begin(Self.schema)", "    while try decoder.next() != nil {}", "    self.init()", "  }",
      ]
    }
    for property in structure.properties {
      lines.append("    var \(Names.quoted(property.swiftName)): \(property.type)?")
    }
    lines += [
      "    try decoder.begin(Self.schema)", "    while let member = try decoder.next() {", "      switch member {",
    ]
    for (index, property) in structure.properties.enumerated() {
      lines.append("      case \(index): try decoder.read(&\(Names.quoted(property.swiftName)))")
    }
    lines += ["      default: break", "      }", "    }"]
    let required = structure.properties.filter(\.isRequired)
    if !required.isEmpty {
      let bindings = required.map { "let \(Names.quoted($0.swiftName))" }
      let wrapped = Wrapped.lines(bindings, indent: "      ")
      if wrapped.count == 1, wrapped[0].count < 70 {
        lines.append(
          "    guard \(bindings.joined(separator: ", ")) else { throw decoder.incomplete }")
      } else {
        lines += ["    guard"] + wrapped + ["    else { throw decoder.incomplete }"]
      }
    }
    let arguments = structure.properties.map { "\($0.swiftName): \(Names.quoted($0.swiftName))" }
    lines += ["    self.init("] + Wrapped.lines(arguments, indent: "      ")
    lines[lines.count - 1] += ")"
    return lines + ["  }"]
  }

  private func encoding(_ structure: Translation.Structure) -> [String] {
    var lines = ["  public func encode(to encoder: ShapeEncoder) {", "    encoder.begin(Self.schema)"]
    for (index, property) in structure.properties.enumerated() {
      if property.shape.isEventStream {
        lines.append("    encoder.events(\(Names.quoted(property.swiftName)))")
      } else {
        lines.append("    encoder.write(\(index), \(Names.quoted(property.swiftName)))")
      }
    }
    return lines + ["    encoder.end()", "  }"]
  }
}
