/// Writes the structs of a service's shapes.
struct StructureRenderer {
  let translation: Translation

  func pieces() -> [Piece] { translation.structures.map(render) }

  private func render(_ structure: Translation.Structure) -> Piece {
    let conformance = structure.isHashable ? "Sendable, Hashable" : "Sendable"
    var lines = ["public struct \(structure.name): \(conformance) {"]
    var imports: Set<String> = []
    if structure.properties.isEmpty { return Piece(lines: lines + ["  public init() {}", "}"]) }
    for property in structure.properties {
      let wrapper = property.isIndirect ? "@Indirect " : ""
      if property.isIndirect || property.shape.isEventStream { imports.insert("public import AWSWire") }
      if property.type.contains("Timestamp") || property.type.contains("ByteStream") {
        imports.insert("public import Kernel")
      }
      if property.type.contains("ByteBuffer") { imports.insert("public import NIOCore") }
      lines.append("  \(wrapper)public var \(Names.quoted(property.swiftName)): \(optional(property))")
    }
    lines.append("")
    lines += initialiser(structure)
    lines.append("}")
    return Piece(lines: lines, imports: imports)
  }

  private func optional(_ property: Translation.Property) -> String {
    property.type + (property.isRequired ? "" : "?")
  }

  private func initialiser(_ structure: Translation.Structure) -> [String] {
    let arguments = structure.properties.map { property in
      "\(Names.quoted(property.swiftName)): \(optional(property))" + (property.isRequired ? "" : " = nil")
    }
    var lines = ["  public init("] + Wrapped.lines(arguments, indent: "    ") + ["  ) {"]
    for property in structure.properties {
      lines.append("    self.\(property.swiftName) = \(Names.quoted(property.swiftName))")
    }
    return lines + ["  }"]
  }
}

/// Items set in lines of at most 120 columns.
enum Wrapped {
  static func lines(_ items: [String], indent: String, separator: String = ",") -> [String] {
    var lines: [String] = []
    var line = indent
    for (index, item) in items.enumerated() {
      let piece = item + (index == items.count - 1 ? "" : separator)
      if line.count + piece.count + 1 > 120, line != indent {
        lines.append(line)
        line = indent
      }
      line += (line == indent ? "" : " ") + piece
    }
    if line != indent { lines.append(line) }
    return lines
  }
}
