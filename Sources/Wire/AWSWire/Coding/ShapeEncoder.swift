import Kernel
import NIOCore

/// Writes shapes in a format; subclasses are the formats.
///
/// Generated code calls `begin`, `write` for each member, and `end`.
public class ShapeEncoder {
  private var schemas: [StructureSchema] = []
  /// The events that follow what is written here, where the output has some.
  private(set) var eventStream: EventStream?
  /// What the model says about the value that is written next.
  var traits: ValueTraits?

  init() {}

  public final func begin(_ schema: StructureSchema) {
    schemas.append(schema)
    beginStructure(schema)
  }

  public final func end() {
    guard let schema = schemas.popLast() else { return }
    endStructure(schema)
  }

  public final func write<Value: WireEncodable>(_ member: Int, _ value: Value) {
    guard let schema = schemas.last else { return }
    writeMember(schema.members[member], value)
  }

  public final func write<Value: WireEncodable>(_ member: Int, _ value: Value?) {
    if let value { write(member, value) }
  }

  /// Notes that events follow.
  public final func events(_ stream: EventStream) { eventStream = stream }

  final func list<Element: WireEncodable>(_ elements: [Element]) {
    let own = traits
    beginList(own, count: elements.count)
    for element in elements {
      beforeElement(own)
      traits = own?.element
      element.encode(to: self)
    }
    endList(own)
  }

  final func map<Value: WireEncodable>(_ pairs: [String: Value]) {
    let own = traits
    beginMap(own, count: pairs.count)
    for (key, value) in pairs.sorted(by: { $0.key < $1.key }) {
      beforeKey(key, own)
      traits = own?.element
      value.encode(to: self)
      afterValue(own)
    }
    endMap(own)
  }

  // MARK: For the formats

  func writeMember<Value: WireEncodable>(_ member: MemberSchema, _ value: Value) {
    beforeMember(member)
    traits = member.traits
    value.encode(to: self)
  }

  func beginStructure(_ schema: StructureSchema) {}
  func endStructure(_ schema: StructureSchema) {}
  func beforeMember(_ member: MemberSchema) {}
  func beginList(_ traits: ValueTraits?, count: Int) {}
  func beforeElement(_ traits: ValueTraits?) {}
  func endList(_ traits: ValueTraits?) {}
  func beginMap(_ traits: ValueTraits?, count: Int) {}
  func beforeKey(_ key: String, _ traits: ValueTraits?) {}
  func afterValue(_ traits: ValueTraits?) {}
  func endMap(_ traits: ValueTraits?) {}
  func string(_ value: String) {}
  func integer(_ value: Int64) {}
  func double(_ value: Double) {}
  func bool(_ value: Bool) {}
  func blob(_ value: ByteBuffer) {}
  func timestamp(_ value: Timestamp) {}
  func stream(_ value: ByteStream) {}
}
