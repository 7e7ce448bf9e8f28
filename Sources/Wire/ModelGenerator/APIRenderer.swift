/// Writes the protocol that a service's handlers implement, its default answers, and the errors.
struct APIRenderer {
  let translation: Translation
  let mark: String

  private var name: String { translation.configuration.name }

  func api() -> SourceFile {
    var file = SourceFile("\(name)API", mark: mark, imports: ["public import Kernel"])
    file += "/// The operations of \(name). Those that are left out answer that they are not implemented."
    file += "public protocol \(name)API: Sendable {"
    for operation in translation.operations { file += "  \(signature(operation))" }
    file += ["}", "", "extension \(name)API {"]
    for operation in translation.operations {
      file += "  public \(signature(operation)) {"
      file += "    throw AWSError.notImplemented(service: \"\(name)\", operation: \"\(operation.model.name)\")"
      file += "  }"
    }
    file += "}"
    for alias in translation.aliases {
      file += ["", "public typealias \(alias.name) = \(alias.target)"]
    }
    return file
  }

  private func signature(_ operation: Translation.Operation) -> String {
    "func \(operation.method)(_ input: \(operation.input), _ context: RequestContext) async throws -> "
      + "\(operation.output)"
  }

  func errors() -> SourceFile {
    var file = SourceFile("\(name)Error", mark: mark, imports: ["public import Kernel"])
    file += "/// The errors of \(name), with the codes and statuses of its model."
    file += "public enum \(name)Error {"
    for failure in translation.failures {
      file += "  public static func \(Names.quoted(failure.swiftName))("
      file += "    _ message: String, details: [AWSError.Detail] = [], headers: [AWSError.Detail] = []"
      file += "  ) -> AWSError {"
      let fault = failure.isReceiverFault ? ".receiver" : ".sender"
      file += "    make(\(Names.literal(failure.code)), message, \(failure.status), \(fault), details, headers)"
      file += "  }"
    }
    file += [
      "", "  private static func make(",
      "    _ code: String, _ message: String, _ status: Int, _ fault: AWSError.Fault, _ details: [AWSError.Detail],",
      "    _ headers: [AWSError.Detail]", "  ) -> AWSError {",
      "    AWSError(code, message, httpStatus: status, fault: fault, details: details, headers: headers)", "  }",
    ]
    file += "}"
    return file
  }
}
