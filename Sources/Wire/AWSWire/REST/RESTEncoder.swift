import Kernel
import NIOCore

/// Writes an output whose members are spread over status, headers and body.
final class RESTEncoder: ShapeEncoder {
  private var status: Int
  private var headers: WireHeaders
  private var body = ByteStream.empty
  private let wireProtocol: ServiceDescription.WireProtocol
  private let namespace: String
  /// Writes the members that stand in the body.
  private var xml: XMLShapeEncoder?
  private var json: JSONShapeEncoder?
  /// The body is the one member, and not an element that holds it.
  private var isUnwrapped = false
  /// Why there is no body.
  private var failure: WireFault?

  private init(status: Int, headers: WireHeaders, wireProtocol: ServiceDescription.WireProtocol, namespace: String) {
    self.status = status
    self.headers = headers
    self.wireProtocol = wireProtocol
    self.namespace = namespace
  }

  static func response(
    _ output: any WireEncodable & WireStructure, status: Int, wireProtocol: ServiceDescription.WireProtocol,
    namespace: String, requestID: String
  ) throws(WireFault) -> WireResponse {
    let ids =
      wireProtocol == .restXML
      ? [("x-amz-id-2", hostID(requestID)), ("x-amz-request-id", requestID)] : [("x-amzn-RequestId", requestID)]
    let encoder = RESTEncoder(
      status: status, headers: WireHeaders(ids), wireProtocol: wireProtocol, namespace: namespace)
    output.encode(to: encoder)
    if let failure = encoder.failure { throw failure }
    // A part of an object is answered as such: the model leaves the status to the range.
    if encoder.status == 200, encoder.headers["content-range"] != nil { encoder.status = 206 }
    return WireResponse(status: encoder.status, headers: encoder.headers, body: encoder.body)
  }

  /// S3's second id, which names the host: here it only has to look like one.
  static func hostID(_ requestID: String) -> String { Base64.encode("tarn/\(requestID)/tarn".utf8) }

  private var rootAttributes: String { namespace.isEmpty ? "" : " xmlns=\"\(namespace)\"" }

  override func beginStructure(_ schema: StructureSchema) {
    let bodyMembers = schema.members.filter { $0.location == .body }
    guard schema.payload == nil, !bodyMembers.isEmpty else { return }
    if wireProtocol == .restJSON {
      let json = JSONShapeEncoder()
      json.beginStructure(schema)
      self.json = json
      return
    }
    let xml = XMLShapeEncoder(showsMilliseconds: namespace.contains("//s3."))
    xml.declaration()
    isUnwrapped = bodyMembers.count == 1 && bodyMembers[0].wireName == schema.rootName
    if !isUnwrapped { xml.openElement(schema.rootName, attributes: rootAttributes) }
    self.xml = xml
  }

  override func endStructure(_ schema: StructureSchema) {
    if let json {
      json.endStructure(schema)
      finish(try json.buffer, ContentType.json(.restJSON))
    } else if let xml {
      if !isUnwrapped {
        xml.closeElement(schema.rootName)
      } else if !hasUnwrapped {
        xml.openElement(schema.rootName, attributes: rootAttributes)
        xml.closeElement(schema.rootName)
      }
      finish(try xml.xml.buffer, "application/xml")
    }
  }

  private var hasUnwrapped = false

  private func finish(_ written: @autoclosure () throws(WireFault) -> ByteBuffer, _ type: String) {
    do {
      body = ByteStream(try written())
    } catch {
      failure = error
    }
    if headers["content-type"] == nil { headers["content-type"] = type }
  }

  override func writeMember<Value: WireEncodable>(_ member: MemberSchema, _ value: Value) {
    switch member.location {
    case .body:
      if let json {
        json.writeMember(member, value)
      } else if isUnwrapped, let xml {
        hasUnwrapped = true
        xml.element(member.wireName, attributes: rootAttributes)
        value.encode(to: xml)
      } else {
        xml?.writeMember(member, value)
      }
    case .header, .prefixHeaders, .status, .label, .query, .queryMap, .attribute:
      let encoder = HeaderEncoder(member.traits)
      value.encode(to: encoder)
      place(encoder, member)
    case .payload:
      if wireProtocol == .restJSON {
        let json = JSONShapeEncoder()
        value.encode(to: json)
        finish(try json.buffer, ContentType.json(.restJSON))
      } else {
        let xml = XMLShapeEncoder(showsMilliseconds: namespace.contains("//s3."))
        xml.declaration()
        xml.element(member.wireName, attributes: rootAttributes)
        value.encode(to: xml)
        finish(try xml.xml.buffer, "application/xml")
      }
    case .stream, .text:
      // The body is the value as it is.
      value.encode(to: self)
    }
  }

  override func stream(_ value: ByteStream) { body = value }
  // S3 answers policies so, the one kind of text that is a whole body.
  override func string(_ value: String) { finish(ByteBuffer(string: value), "application/json") }
  override func blob(_ value: ByteBuffer) { body = ByteStream(value) }

  private func place(_ encoder: HeaderEncoder, _ member: MemberSchema) {
    switch member.location {
    case .header:
      guard !encoder.texts.isEmpty else { return }
      headers[member.headerName] = HeaderList.text(encoder.texts)
    case .prefixHeaders:
      for (name, value) in encoder.pairs { headers.add(member.wireName + name, value) }
    case .status: status = encoder.texts.first.flatMap { Int($0) } ?? status
    default: break
    }
  }
}

/// Writes values as header fields hold them.
private final class HeaderEncoder: ShapeEncoder {
  private(set) var texts: [String] = []
  private(set) var pairs: [(String, String)] = []
  private var key: String?

  init(_ traits: ValueTraits?) {
    super.init()
    self.traits = traits
  }

  override func beforeKey(_ key: String, _ traits: ValueTraits?) { self.key = key }

  override func string(_ value: String) {
    if let key { pairs.append((key, value)) } else { texts.append(value) }
  }
  override func integer(_ value: Int64) { string("\(value)") }
  override func double(_ value: Double) { string(NumberText.write(value)) }
  override func bool(_ value: Bool) { string(value ? "true" : "false") }
  override func blob(_ value: ByteBuffer) { string(Base64.encode(value.readableBytesView)) }
  override func timestamp(_ value: Timestamp) {
    string(TimestampText.write(value, traits?.timestampFormat ?? .rfc822))
  }
}
