import AWSWire
import Foundation
import Kernel
import NIOCore
import Testing

/// Requests as AWS's clients write them are read as what the clients were given.
@Suite struct ProtocolInputTests {
  @Test(
    .enabled(if: ProtocolCases.folder != nil, Comment(rawValue: ProtocolCases.absence)),
    arguments: ProtocolCases.files.map(\.name))
  func `requests of botocore's cases are understood`(file: String) async throws {
    let wire = try #require(ProtocolCases.files.first { $0.name == file }).wire
    var passed = 0
    for item in try ProtocolCases.cases("input", file) where !ProtocolExceptions.skipsInput(item.id) {
      let expected = CaseValue(item.json["params"] ?? [:]) ?? .map([:])
      let shape = item.shape("input")
      let (found, response) = try await CaseValue.$shape.withValue(shape) { try await run(item, wire, shape) }
      guard let found else {
        Issue.record("\(item.id): \(response)")
        continue
      }
      let same = found == expected || found.withoutEmpties == expected.withoutEmpties
      #expect(same, "\(item.id): \(found) is not \(expected)")
      passed += same ? 1 : 0
    }
    #expect(passed > 10, "\(file) holds next to nothing")
  }

  private func run(_ item: ProtocolCases.Case, _ wire: ServiceDescription.WireProtocol, _ shape: CaseShape) async throws
    -> (CaseValue?, String)
  {
    let seen = Locked<CaseValue?>(nil)
    var table = OperationTable(ProtocolCases.service(item, wire))
    table.add(item.name, http: "\(item.method) \(item.uri)") { (input: CaseMessage, _: RequestContext) in
      seen.withLock { $0 = input.value }
      return CaseMessage(.map([:]))
    }
    let response = await ServiceRouter(table).respond(to: try request(item, wire), context: Fixtures.context)
    return (seen.withLock { $0 }, "\(response.status) \(try await response.text())")
  }

  private func request(_ item: ProtocolCases.Case, _ wire: ServiceDescription.WireProtocol) throws -> WireRequest {
    let serialized = item.json["serialized"] as? [String: Any] ?? [:]
    let uri = (serialized["uri"] as? String ?? "/").split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var headers = WireHeaders((serialized["headers"] as? [String: String] ?? [:]).map { ($0.key, $0.value) })
    if headers["x-amz-target"] == nil, wire == .json10 || wire == .json11 {
      headers["x-amz-target"] = "\(item.metadata["targetPrefix"] as? String ?? "").\(item.name)"
    }
    let text = serialized["body"] as? String ?? ""
    var body = ByteBuffer(string: text)
    if wire == .rpcV2CBOR { body = ByteBuffer(bytes: Data(base64Encoded: text) ?? Data()) }
    return WireRequest(
      method: serialized["method"] as? String ?? item.method, rawPath: String(uri[0]),
      rawQuery: uri.count > 1 ? String(uri[1]) : "", headers: headers, body: ByteStream(body))
  }
}
