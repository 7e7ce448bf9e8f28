import Kernel
import NIOCore

/// Writes shapes as XML elements.
final class XMLShapeEncoder: ShapeEncoder {
  let xml = XMLText()
  /// The name of the element that the next value stands in, and its attributes.
  private var name = ""
  private var attributes = ""
  /// Open elements: the name, and the place in the start tag where attributes go.
  private var open: [(name: String, attributesAt: Int)] = []
  /// Open lists and maps: the name of their own element.
  private var collections: [String] = []
  private var captured: String?
  private var isCapturing = false
  /// S3 writes `.000` where others write nothing.
  private let showsMilliseconds: Bool

  init(showsMilliseconds: Bool) { self.showsMilliseconds = showsMilliseconds }

  /// Names the element that is written next.
  func element(_ name: String, attributes: String = "") {
    self.name = name
    self.attributes = attributes
  }

  /// Opens an element that holds what is written until `closeElement`.
  func openElement(_ name: String, attributes: String = "") { xml.open(name, attributes: attributes) }
  func closeElement(_ name: String) { xml.close(name) }
  func declaration() { xml.declaration() }
  func textElement(_ name: String, _ text: String) { xml.element(name, text) }

  override func beginStructure(_ schema: StructureSchema) {
    xml.open(name, attributes: attributes)
    // The place before the closing angle bracket.
    open.append((name, xml.count - 1))
  }

  override func endStructure(_ schema: StructureSchema) { if let element = open.popLast() { xml.close(element.name) } }

  override func writeMember<Value: WireEncodable>(_ member: MemberSchema, _ value: Value) {
    name = member.wireName
    attributes = member.xmlAttributes
    traits = member.traits
    guard member.location == .attribute else { return value.encode(to: self) }
    isCapturing = true
    value.encode(to: self)
    isCapturing = false
    if let element = open.last {
      xml.insert(" \(member.wireName)=\"\(XMLText.escaped(captured ?? ""))\"", at: element.attributesAt)
    }
  }

  override func beginList(_ traits: ValueTraits?, count: Int) {
    collections.append(name)
    if traits?.isFlattened != true { xml.open(name, attributes: attributes) }
  }
  override func beforeElement(_ traits: ValueTraits?) {
    name = traits?.isFlattened == true ? collections.last ?? "" : traits?.elementName ?? "member"
    attributes = ""
  }
  override func endList(_ traits: ValueTraits?) {
    if let own = collections.popLast(), traits?.isFlattened != true { xml.close(own) }
  }

  override func beginMap(_ traits: ValueTraits?, count: Int) {
    collections.append(name)
    if traits?.isFlattened != true { xml.open(name, attributes: attributes) }
  }
  override func beforeKey(_ key: String, _ traits: ValueTraits?) {
    xml.open(traits?.isFlattened == true ? collections.last ?? "" : "entry")
    xml.element(traits?.keyName ?? "key", key)
    name = traits?.valueName ?? "value"
    attributes = ""
  }
  override func afterValue(_ traits: ValueTraits?) {
    xml.close(traits?.isFlattened == true ? collections.last ?? "" : "entry")
  }
  override func endMap(_ traits: ValueTraits?) {
    if let own = collections.popLast(), traits?.isFlattened != true { xml.close(own) }
  }

  override func string(_ value: String) {
    if isCapturing { captured = value } else { xml.element(name, value, attributes: attributes) }
  }
  override func integer(_ value: Int64) { string("\(value)") }
  override func double(_ value: Double) { string(NumberText.write(value)) }
  override func bool(_ value: Bool) { string(value ? "true" : "false") }
  override func blob(_ value: ByteBuffer) { string(Base64.encode(value.readableBytesView)) }
  override func timestamp(_ value: Timestamp) {
    let format = traits?.timestampFormat ?? .iso8601
    string(
      format == .iso8601
        ? TimestampText.iso8601(value, milliseconds: showsMilliseconds) : TimestampText.write(value, format))
  }

  /// The answer of a Query operation.
  static func queryResponse(
    _ output: any WireEncodable & WireStructure, operation: String, namespace: String, requestID: String
  ) throws(WireFault) -> ByteBuffer {
    let encoder = XMLShapeEncoder(showsMilliseconds: false)
    encoder.openElement("\(operation)Response", attributes: " xmlns=\"\(namespace)\"")
    if !type(of: output).schema.members.isEmpty {
      encoder.element("\(operation)Result")
      output.encode(to: encoder)
    }
    encoder.openElement("ResponseMetadata")
    encoder.textElement("RequestId", requestID)
    encoder.closeElement("ResponseMetadata")
    encoder.closeElement("\(operation)Response")
    return try encoder.xml.buffer
  }
}
