import AWSWire
import Foundation
import Testing

/// botocore's protocol cases, from a folder that set-up fills; nothing of them is kept here.
enum ProtocolCases {
  /// `TARN_PROTOCOL_CASES`, or `.deps/protocol-cases` below the package.
  static let folder: URL? = {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let path =
      ProcessInfo.processInfo.environment["TARN_PROTOCOL_CASES"]
      ?? here.appendingPathComponent(".deps/protocol-cases")
      .path
    return FileManager.default.fileExists(atPath: "\(path)/input") ? URL(fileURLWithPath: path) : nil
  }()

  static let absence: String = "botocore's protocol cases are not here: scripts/setup-protocol-cases.sh fetches them"

  struct Case: @unchecked Sendable, CustomTestStringConvertible {
    // JSON that has been read is not changed any more.
    let id: String
    let suite: [String: Any]
    let json: [String: Any]
    var testDescription: String { id }

    var shapes: [String: Any] { suite["shapes"] as? [String: Any] ?? [:] }
    var metadata: [String: Any] { suite["metadata"] as? [String: Any] ?? [:] }
    var given: [String: Any] { json["given"] as? [String: Any] ?? [:] }
    var name: String { given["name"] as? String ?? "OperationName" }
    var uri: String { (given["http"] as? [String: Any])?["requestUri"] as? String ?? "/" }
    var method: String { (given["http"] as? [String: Any])?["method"] as? String ?? "POST" }

    func shape(_ role: String) -> CaseShape {
      let name = (given[role] as? [String: Any])?["shape"] as? String
      return CaseShape.make(name ?? "", of: name == nil ? ["": ["type": "structure"]] : shapes)
    }
  }

  static let files: [(name: String, wire: ServiceDescription.WireProtocol)] = [
    ("json", .json11), ("json_1_0", .json10), ("query", .query), ("rest-json", .restJSON), ("rest-xml", .restXML),
    ("smithy-rpc-v2-cbor", .rpcV2CBOR),
  ]

  static func cases(_ direction: String, _ file: String) throws -> [Case] {
    guard let folder else { return [] }
    let data = try Data(contentsOf: folder.appendingPathComponent("\(direction)/\(file).json"))
    let suites = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
    return suites.enumerated().flatMap { number, suite in
      (suite["cases"] as? [[String: Any]] ?? []).enumerated().map { index, json in
        Case(id: json["id"] as? String ?? "\(file) \(number):\(index)", suite: suite, json: json)
      }
    }
  }

  static func service(_ item: Case, _ wire: ServiceDescription.WireProtocol) -> ServiceDescription {
    ServiceDescription(
      name: "Cases", signingName: "cases", protocols: [wire],
      targetPrefix: item.metadata["targetPrefix"] as? String ?? "",
      apiVersion: item.metadata["apiVersion"] as? String ?? "",
      xmlNamespace: item.metadata["xmlNamespace"] as? String ?? "")
  }
}
