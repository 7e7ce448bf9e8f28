import NIOCore

/// Query parameters as a tree: `Tags.member.1.Key` is a node below a node below a node.
final class QueryTree {
  fileprivate(set) var value: String?
  fileprivate(set) var children: [String: QueryTree] = [:]

  private init(value: String?) { self.value = value }

  /// - Throws: `WireFault.malformed` for names that nest too deep, or too many of them.
  init(_ pairs: QueryPairs) throws {
    var count = 0
    for (name, value) in pairs.pairs {
      var node = self
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count <= WireLimits.nestingMax else { throw WireFault.malformed("nested too deeply") }
      for part in parts {
        if let known = node.children[String(part)] {
          node = known
        } else {
          count += 1
          guard count <= WireLimits.xmlNodesMax else {
            throw WireFault.malformed("The request has too many parameters")
          }
          let child = QueryTree(value: nil)
          node.children[String(part)] = child
          node = child
        }
      }
      node.value = value
    }
  }

  /// Children named by numbers, in their order.
  var numbered: [QueryTree] {
    children.compactMap { name, node in Int(name).map { ($0, node) } }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}

/// Reads shapes from Query parameters.
final class QuerySource: TextSource {
  private var current: QueryTree
  private var frames: [Frame] = []

  private enum Frame {
    case structure(QueryTree, next: Int)
    case list([QueryTree], next: Int)
    case map([QueryTree], next: Int, keyName: String, valueName: String)
  }

  init(_ tree: QueryTree) { current = tree }

  override func text() throws -> String {
    guard let value = current.value else { throw WireFault.mismatch("Unexpected complex element termination") }
    return value
  }

  override func enterStructure(_ schema: StructureSchema) throws { frames.append(.structure(current, next: 0)) }

  override func nextMember(_ schema: StructureSchema) throws -> Int {
    guard case .structure(let node, var index)? = frames.last else { return -1 }
    while index < schema.members.count {
      let member = schema.members[index]
      index += 1
      // A flattened list may take its elements' name in place of its own.
      let name = member.traits?.isFlattened == true ? member.traits?.elementName ?? member.wireName : member.wireName
      guard let child = node.children[name] else { continue }
      current = child
      frames[frames.count - 1] = .structure(node, next: index)
      return index - 1
    }
    frames.removeLast()
    return -1
  }

  override func enterList(_ traits: ValueTraits?) throws {
    let holder = traits?.isFlattened == true ? current : current.children[traits?.elementName ?? "member"]
    frames.append(.list(holder?.numbered ?? [], next: 0))
  }

  override func nextElement() throws -> Bool {
    guard case .list(let elements, let next)? = frames.last, next < elements.count else {
      frames.removeLast()
      return false
    }
    current = elements[next]
    frames[frames.count - 1] = .list(elements, next: next + 1)
    return true
  }

  override func enterMap(_ traits: ValueTraits?) throws {
    let holder = traits?.isFlattened == true ? current : current.children["entry"]
    frames.append(
      .map(
        holder?.numbered ?? [], next: 0, keyName: traits?.keyName ?? "key", valueName: traits?.valueName ?? "value"))
  }

  override func nextKey() throws -> String? {
    guard case .map(let entries, let next, let keyName, let valueName)? = frames.last, next < entries.count else {
      frames.removeLast()
      return nil
    }
    guard let key = entries[next].children[keyName]?.value, let value = entries[next].children[valueName] else {
      throw WireFault.malformed("a map's entry wants \(keyName) and \(valueName)")
    }
    current = value
    frames[frames.count - 1] = .map(entries, next: next + 1, keyName: keyName, valueName: valueName)
    return key
  }
}
