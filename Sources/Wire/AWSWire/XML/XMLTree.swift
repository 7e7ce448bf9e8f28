/// An XML document as a tree: bodies are small, and their elements may come in any order.
///
/// Document types and entities of the document's own are refused: they are how a short text becomes a long one.
struct XMLTree {
  struct Node {
    /// Without a namespace prefix.
    var name: String
    var text = ""
    var attributes: [(name: String, value: String)] = []
    var children: [Int] = []
  }

  private(set) var nodes: [Node] = []

  /// - Throws: `WireFault.malformed`.
  init(_ bytes: UnsafeRawBufferPointer) throws {
    var parser = XMLParser(bytes.bindMemory(to: UInt8.self))
    nodes = try parser.parse()
  }
}

private struct XMLParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0
  private var nodes: [XMLTree.Node] = []
  /// Elements that are open, from the root inwards.
  private var open: [(node: Int, tag: String)] = []
  /// Text of the open elements, gathered as bytes.
  private var texts: [[UInt8]] = []

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private var broken: WireFault { .malformed("The XML is not well-formed") }

  mutating func parse() throws -> [XMLTree.Node] {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { at = 3 }
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "<") {
        try markup()
      } else {
        try text()
      }
    }
    guard open.isEmpty, !nodes.isEmpty else { throw broken }
    return nodes
  }

  private mutating func markup() throws {
    if starts("<?") {
      try skip(past: "?>")
    } else if starts("<!--") {
      try skip(past: "-->")
    } else if starts("<![CDATA[") {
      guard !open.isEmpty else { throw broken }
      let start = at + 9
      try skip(past: "]]>")
      texts[texts.count - 1] += bytes[start..<at - 3]
    } else if starts("</") {
      at += 2
      let tag = try name()
      skipSpace()
      try take(">")
      guard let element = open.popLast(), element.tag == tag, let units = texts.popLast(),
        let text = String(validating: units, as: UTF8.self)
      else { throw broken }
      nodes[element.node].text = text
    } else if starts("<!") {
      // A document type.
      throw broken
    } else {
      try startTag()
    }
  }

  private mutating func startTag() throws {
    at += 1
    let tag = try name()
    guard open.count < WireLimits.nestingMax, nodes.count < WireLimits.xmlNodesMax else { throw broken }
    guard !open.isEmpty || nodes.isEmpty else { throw broken }
    let index = nodes.count
    var node = XMLTree.Node(name: Self.local(tag))
    while true {
      let before = at
      skipSpace()
      guard at < bytes.count else { throw broken }
      if bytes[at] == UInt8(ascii: "/") {
        at += 1
        try take(">")
        append(node)
        return
      }
      if bytes[at] == UInt8(ascii: ">") {
        at += 1
        append(node)
        open.append((index, tag))
        texts.append([])
        return
      }
      guard at > before, node.attributes.count < 64 else { throw broken }
      node.attributes.append(try attribute())
    }
  }

  private mutating func append(_ node: XMLTree.Node) {
    if let parent = open.last { nodes[parent.node].children.append(nodes.count) }
    nodes.append(node)
  }

  private mutating func attribute() throws -> (name: String, value: String) {
    let name = try name()
    skipSpace()
    try take("=")
    skipSpace()
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") else { throw broken }
    let mark = bytes[at]
    at += 1
    var units: [UInt8] = []
    while at < bytes.count, bytes[at] != mark {
      guard bytes[at] != UInt8(ascii: "<") else { throw broken }
      try unit(into: &units)
    }
    guard at < bytes.count, let value = String(validating: units, as: UTF8.self) else { throw broken }
    at += 1
    return (name, value)
  }

  private mutating func text() throws {
    guard let last = texts.indices.last else {
      // Outside of the root there may be space only.
      guard Self.isSpace(bytes[at]) else { throw broken }
      at += 1
      return
    }
    var units: [UInt8] = []
    while at < bytes.count, bytes[at] != UInt8(ascii: "<") { try unit(into: &units) }
    texts[last] += units
  }

  /// One byte, or one entity.
  private mutating func unit(into units: inout [UInt8]) throws {
    guard bytes[at] == UInt8(ascii: "&") else {
      // A parser hands on any line end as a line feed.
      if bytes[at] == 0x0D {
        if at + 1 >= bytes.count || bytes[at + 1] != 0x0A { units.append(0x0A) }
      } else {
        units.append(bytes[at])
      }
      at += 1
      return
    }
    guard let end = bytes[at..<min(bytes.count, at + 12)].firstIndex(of: UInt8(ascii: ";")) else { throw broken }
    let entity = String(decoding: bytes[at + 1..<end], as: UTF8.self)
    at = end + 1
    switch entity {
    case "lt": units.append(UInt8(ascii: "<"))
    case "gt": units.append(UInt8(ascii: ">"))
    case "amp": units.append(UInt8(ascii: "&"))
    case "quot": units.append(UInt8(ascii: "\""))
    case "apos": units.append(UInt8(ascii: "'"))
    default:
      let isHex = entity.hasPrefix("#x") || entity.hasPrefix("#X")
      guard entity.hasPrefix("#"), let code = UInt32(entity.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
        let scalar = Unicode.Scalar(code), code != 0
      else { throw broken }
      units += Array(String(Character(scalar)).utf8)
    }
  }

  private mutating func name() throws -> String {
    let start = at
    while at < bytes.count, !Self.isSpace(bytes[at]), !Array("<>/=\"'&".utf8).contains(bytes[at]) { at += 1 }
    guard at > start, let name = String(validating: bytes[start..<at], as: UTF8.self) else { throw broken }
    return name
  }

  private static func local(_ tag: String) -> String {
    tag.firstIndex(of: ":").map { String(tag[tag.index(after: $0)...]) } ?? tag
  }

  private func starts(_ mark: StaticString) -> Bool {
    guard bytes.count - at >= mark.utf8CodeUnitCount else { return false }
    return (0..<mark.utf8CodeUnitCount).allSatisfy { bytes[at + $0] == mark.utf8Start[$0] }
  }

  private mutating func skip(past mark: StaticString) throws {
    while at < bytes.count {
      if starts(mark) {
        at += mark.utf8CodeUnitCount
        return
      }
      at += 1
    }
    throw broken
  }

  private mutating func take(_ mark: Character) throws {
    guard at < bytes.count, bytes[at] == mark.asciiValue else { throw broken }
    at += 1
  }

  private mutating func skipSpace() { while at < bytes.count, Self.isSpace(bytes[at]) { at += 1 } }
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}
