/// Writes the structs that stand for the model's enumerations: open, since AWS adds values.
struct EnumerationRenderer {
  let translation: Translation

  func pieces() -> [Piece] { translation.enumerations.map(render) }

  private func render(_ enumeration: Translation.Enumeration) -> Piece {
    var lines = [
      "public struct \(enumeration.name): WireEnumeration {",
      "  public let rawValue: String",
      "  public init(rawValue: String) { self.rawValue = rawValue }",
    ]
    for (name, value) in enumeration.values {
      lines.append("  public static var \(Names.quoted(name)): Self { \(Names.literal(value)) }")
    }
    lines.append("  public static let knownValues = [")
    lines += Wrapped.lines(enumeration.values.map { Names.literal($0.value) }, indent: "    ")
    lines += ["  ]", "}"]
    return Piece(lines: lines, imports: ["public import AWSWire"])
  }
}
