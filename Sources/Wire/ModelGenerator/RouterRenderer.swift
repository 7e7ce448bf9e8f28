/// Writes the router that hands a service's requests to its handlers.
struct RouterRenderer {
  let translation: Translation
  let mark: String

  private var name: String { translation.configuration.name }
  private var model: ServiceModel { translation.model }
  private var isREST: Bool { model.protocolName.hasPrefix("rest") }

  func file() -> SourceFile {
    var file = SourceFile("\(name)Router", mark: mark, imports: ["public import AWSWire", "public import Kernel"])
    file += "/// Answers \(name)'s requests through its handlers."
    file += "public struct \(name)Router<API: \(name)API>: WireService {"
    file += ["  private let router: ServiceRouter", ""]
    file += "  public init(_ api: API) {"
    file += "    var table = OperationTable(\(name)Description.service)"
    for operation in translation.operations { file += added(operation) }
    if isREST {
      for other in translation.otherOperations {
        file += "    table.addOther(\"\(other.name)\", http: \"\(other.method) \(other.uri)\")"
      }
    }
    file += [
      "    router = ServiceRouter(table)", "  }", "",
      "  public var signingName: String { router.service.signingName }",
      "  public func respond(to request: WireRequest, context: RequestContext) async -> WireResponse {",
      "    await router.respond(to: request, context: context)", "  }",
      "  public func operation(of request: WireRequest) -> String? { router.operation(of: request) }",
      "  public func refuse(_ error: AWSError, request: WireRequest, requestID: String) -> WireResponse {",
      "    router.refuse(error, request: request, requestID: requestID)", "  }", "}", "",
    ]
    file += description()
    return file
  }

  private func added(_ operation: Translation.Operation) -> [String] {
    let model = operation.model
    guard isREST else { return ["    table.add(\"\(model.name)\", api.\(operation.method))"] }
    let status = model.status == 200 ? "" : ", status: \(model.status)"
    let line =
      "    table.add(\"\(model.name)\", http: \"\(model.method) \(model.uri)\"\(status), api.\(operation.method))"
    if line.count <= 120 { return [line] }
    return [
      "    table.add(", "      \"\(model.name)\", http: \"\(model.method) \(model.uri)\"\(status),",
      "      api.\(operation.method))",
    ]
  }

  private func description() -> [String] {
    var lines = ["/// How \(name) is spoken to.", "public enum \(name)Description {"]
    lines += ["  public static let service = ServiceDescription("]
    var parts = [
      "name: \"\(name)\"", "signingName: \"\(model.signingName)\"",
      "protocols: [\(protocols().joined(separator: ", "))]",
    ]
    if !model.targetPrefix.isEmpty { parts.append("targetPrefix: \"\(model.targetPrefix)\"") }
    parts.append("apiVersion: \"\(model.apiVersion)\"")
    let namespace = translation.configuration.namespace ?? model.xmlNamespace
    if !namespace.isEmpty { parts.append("xmlNamespace: \"\(namespace)\"") }
    if let code = translation.configuration.validationCode { parts.append("validationCode: \"\(code)\"") }
    if messageKey() != "message" { parts.append("messageKey: \"\(messageKey())\"") }
    lines += Wrapped.lines(parts, indent: "    ")
    let others = translation.otherOperations.map(\.name)
    if !others.isEmpty, !isREST {
      lines[lines.count - 1] += ","
      lines += ["    otherOperations: \"\"\""]
      lines += Wrapped.lines(others, indent: "      ", separator: "")
      lines += ["      \"\"\""]
    }
    // Query sends an error's code, JSON and CBOR its shape: where they differ and both are spoken, both are needed.
    let shared = Set(Dictionary(grouping: translation.failures, by: \.code).filter { $0.value.count > 1 }.keys)
    let renamed = translation.failures.filter { $0.code != $0.shape && !shared.contains($0.code) }
    if !renamed.isEmpty, model.protocols.count > 1 {
      lines[lines.count - 1] += ","
      lines += ["    errorShapes: ["]
      lines += Wrapped.lines(renamed.map { "\"\($0.code)\": \"\($0.shape)\"" }, indent: "      ")
      lines += ["    ]"]
    }
    lines[lines.count - 1] += ")"
    return lines + ["}"]
  }

  private func protocols() -> [String] {
    var found = model.protocols.compactMap { name -> String? in
      switch name {
      case "json": model.jsonVersion == "1.0" ? ".json10" : ".json11"
      case "query": ".query"
      case "rest-xml": ".restXML"
      case "rest-json": ".restJSON"
      case "smithy-rpc-v2-cbor": ".rpcV2CBOR"
      default: nil
      }
    }
    if translation.configuration.speaksCBOR == true { found.append(".cbor11") }
    return found
  }

  /// The name that most of the service's errors give their message.
  private func messageKey() -> String {
    let names = model.shapes.values.filter { $0.traits["exception"]?.bool == true }.flatMap(\.members).map(\.name)
    return names.count { $0 == "Message" } > names.count { $0 == "message" } ? "Message" : "message"
  }
}
