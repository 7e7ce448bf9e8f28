import CTarnSystem
import Kernel
import NIOCore

/// Reads shapes from an XML tree.
final class XMLSource: TextSource {
  private let tree: XMLTree
  /// The elements that the value at hand is read from: one, or all of a flattened list.
  private var current: [Int]
  private var attribute: String?
  private var frames: [Frame] = []

  private enum Frame {
    case structure(node: Int, byName: [String: [Int]], next: Int)
    case list([Int], next: Int)
    case map([Int], next: Int, keyName: String, valueName: String)
  }

  init(_ tree: XMLTree) {
    self.tree = tree
    current = [0]
  }

  override func text() throws -> String {
    if let attribute { return attribute }
    return current.first.map { tree.nodes[$0].text } ?? ""
  }

  override func enterStructure(_ schema: StructureSchema) throws {
    let node = current.first ?? 0
    let byName = Dictionary(grouping: tree.nodes[node].children) { tree.nodes[$0].name }
    frames.append(.structure(node: node, byName: byName, next: 0))
  }

  override func nextMember(_ schema: StructureSchema) throws -> Int {
    guard case .structure(let node, let byName, var index)? = frames.last else { return -1 }
    attribute = nil
    while index < schema.members.count {
      let member = schema.members[index]
      index += 1
      if member.location == .attribute {
        let suffix = member.wireName.split(separator: ":").last.map(String.init) ?? member.wireName
        guard
          let found = tree.nodes[node].attributes.first(where: { $0.name == suffix || $0.name.hasSuffix(":\(suffix)") })
        else { continue }
        attribute = found.value
      } else if member.location == .body, let found = byName[member.wireName] {
        current = found
      } else {
        continue
      }
      frames[frames.count - 1] = .structure(node: node, byName: byName, next: index)
      return index - 1
    }
    frames.removeLast()
    return -1
  }

  override func enterList(_ traits: ValueTraits?) throws {
    let elements = traits?.isFlattened == true ? current : current.first.map { tree.nodes[$0].children } ?? []
    frames.append(.list(elements, next: 0))
  }

  override func nextElement() throws -> Bool {
    guard case .list(let elements, let next)? = frames.last, next < elements.count else {
      frames.removeLast()
      return false
    }
    current = [elements[next]]
    frames[frames.count - 1] = .list(elements, next: next + 1)
    return true
  }

  override func enterMap(_ traits: ValueTraits?) throws {
    let entries = traits?.isFlattened == true ? current : current.first.map { tree.nodes[$0].children } ?? []
    frames.append(.map(entries, next: 0, keyName: traits?.keyName ?? "key", valueName: traits?.valueName ?? "value"))
  }

  override func nextKey() throws -> String? {
    guard case .map(let entries, let next, let keyName, let valueName)? = frames.last, next < entries.count else {
      frames.removeLast()
      return nil
    }
    let children = tree.nodes[entries[next]].children
    guard let key = children.first(where: { tree.nodes[$0].name == keyName }),
      let value = children.first(where: { tree.nodes[$0].name == valueName })
    else { throw WireFault.malformed("a map's entry wants \(keyName) and \(valueName)") }
    current = [value]
    frames[frames.count - 1] = .map(entries, next: next + 1, keyName: keyName, valueName: valueName)
    return tree.nodes[key].text
  }

  override func unreadable(_ text: String) -> WireFault { .mismatch("a value does not read as its type") }
}
