import AWSWire
import Foundation
import Kernel
import NIOCore
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What is written for a result is what AWS's services write for it.
@Suite struct ProtocolOutputTests {
  @Test(
    .enabled(if: ProtocolCases.folder != nil, Comment(rawValue: ProtocolCases.absence)),
    arguments: ProtocolCases.files.map(\.name))
  func `responses of botocore's cases are written`(file: String) async throws {
    let wire = try #require(ProtocolCases.files.first { $0.name == file }).wire
    var passed = 0
    for item in try ProtocolCases.cases("output", file)
    where ProtocolExceptions.output[item.id] == nil && item.json["result"] != nil {
      let value = CaseValue(item.json["result"] ?? [:]) ?? .map([:])
      let shape = item.shape("output")
      let response = await CaseValue.$shape.withValue(shape) { await run(item, wire, value) }
      let problem = try await CaseComparison.problem(response, item, wire)
      if let problem { Issue.record("\(item.id): \(problem)") } else { passed += 1 }
    }
    #expect(passed > 10, "\(file) holds next to nothing")
  }

  private func run(_ item: ProtocolCases.Case, _ wire: ServiceDescription.WireProtocol, _ value: CaseValue) async
    -> WireResponse
  {
    var table = OperationTable(ProtocolCases.service(item, wire))
    table.add(item.name, http: "POST /") { (_: NoInput, _: RequestContext) in CaseMessage(value) }
    let headers: [(String, String)] =
      switch wire {
      case .json10, .json11: [("X-Amz-Target", "Cases.\(item.name)")]
      case .rpcV2CBOR: [("smithy-protocol", "rpc-v2-cbor")]
      default: []
      }
    let request = Fixtures.request(
      "POST", wire == .rpcV2CBOR ? "/service/Cases/operation/\(item.name)" : "/", headers: headers,
      body: wire == .query ? "Action=\(item.name)" : "")
    return await ServiceRouter(table).respond(to: request, context: Fixtures.context)
  }
}

struct NoInput: WireDecodable, WireStructure {
  static let schema = StructureSchema("NoInput", [])
  init(from decoder: ShapeDecoder) throws {
    try decoder.begin(Self.schema)
    while try decoder.next() != nil {}
  }
}

/// Compares a response with a case's by meaning.
enum CaseComparison {
  static func problem(_ response: WireResponse, _ item: ProtocolCases.Case, _ wire: ServiceDescription.WireProtocol)
    async throws -> String?
  {
    let expected = item.json["response"] as? [String: Any] ?? [:]
    if let status = expected["status_code"] as? Int, status != response.status, status != 200 {
      return "status \(response.status), not \(status)"
    }
    for (name, value) in expected["headers"] as? [String: String] ?? [:] {
      let lower = name.lowercased()
      if lower == "content-length" || lower == "content-type" { continue }
      let found = response.headers[lower]
      if normalized(found ?? "") != normalized(value) { return "header \(name) is \(found ?? "absent"), not \(value)" }
    }
    let bytes = try await response.body.collect(upTo: 1 << 20)
    let text = expected["body"] as? String ?? ""
    if wire == .rpcV2CBOR {
      if text.isEmpty { return nil }
      let shape = item.shape("output")
      let theirs = try reread(ByteBuffer(bytes: Data(base64Encoded: text) ?? Data()), shape)
      let ours = try reread(bytes, shape)
      return theirs == ours ? nil : "\(ours) is not \(theirs)"
    }
    let ours = String(buffer: bytes)
    if ours == text { return nil }
    if wire == .json10 || wire == .json11 || wire == .restJSON {
      if let left = tree(ours), let right = tree(text), left.withoutEmpties == right.withoutEmpties { return nil }
      if ours.isEmpty || text.isEmpty, (tree(ours) ?? tree(text)) == .map([:]) { return nil }
      return "body \(ours), not \(text)"
    }
    let left = XMLSummary.of(ours)
    let right = XMLSummary.of(text)
    return left == right ? nil : "body \(left), not \(right)"
  }

  private static func normalized(_ value: String) -> String {
    value.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: ",")
  }

  private static func tree(_ text: String) -> CaseValue? {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)).flatMap { CaseValue($0) }
  }

  /// Reads CBOR back through the router: our reader is checked by the input cases.
  private static func reread(_ body: ByteBuffer, _ shape: CaseShape) throws -> CaseValue {
    try CaseValue.$shape.withValue(shape) { try WireReading.cbor(body, as: CaseMessage.self).value.withoutEmpties }
  }
}

/// An XML document without what carries no meaning: the order of siblings, space between elements, ids of requests.
final class XMLSummary: NSObject, XMLParserDelegate {
  private var stack: [(name: String, children: [String], text: String)] = [("", [], "")]

  static func of(_ text: String) -> String {
    let summary = XMLSummary()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = summary
    _ = parser.parse()
    return summary.stack[0].children.sorted().joined()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    let shown = attributes.filter { !$0.key.hasPrefix("xmlns") }.sorted { $0.key < $1.key }
    stack.append((name + shown.map { " \($0.key)=\($0.value)" }.joined(), [], ""))
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { stack[stack.count - 1].text += string }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    let element = stack.removeLast()
    guard name != "ResponseMetadata", !name.lowercased().hasPrefix("requestid") else { return }
    let content = element.children.isEmpty ? element.text : element.children.sorted().joined()
    stack[stack.count - 1].children.append("<\(element.name)>\(content)</>")
  }
}
