import AWSWire
package import Kernel
import LambdaModel
import Storage

/// A layer: the number that its next version gets; numbers are never given twice.
struct LayerRecord: Codable, Sendable {
  var name: String
  var nextVersion: Int64 = 1
}

/// One version of a layer. It never changes but for who may use it.
struct LayerVersionRecord: Codable, Sendable {
  var name: String
  var number: Int64
  var description: String
  var license: String?
  var runtimes: [String]
  var architectures: [String]
  var code: BlobRef
  var codeBytes: Int64
  var unpackedBytes: Int64
  var codeSHA256: String
  var created: Timestamp
  var policy: PolicyRecord?

  func suits(runtime: String?, architecture: String?) -> Bool {
    runtime.map(runtimes.contains) ?? true && architecture.map(architectures.contains) ?? true
  }

  private var shownRuntimes: [LambdaRuntime]? {
    runtimes.isEmpty ? nil : runtimes.map { LambdaRuntime(rawValue: $0) }
  }
  private var shownArchitectures: [Architecture]? {
    architectures.isEmpty ? nil : architectures.map { Architecture(rawValue: $0) }
  }
  private var createdText: String { VersionRecord.text(created) }

  func item(_ layer: LayerName) -> LayerVersionsListItem {
    LayerVersionsListItem(
      layerVersionArn: layer.arn(number).description, version: number, description: description,
      createdDate: createdText, compatibleRuntimes: shownRuntimes, licenseInfo: license,
      compatibleArchitectures: shownArchitectures)
  }

  private var content: LayerVersionContentOutput {
    // AWS gives a signed address to fetch the layer from as well; there is none here.
    LayerVersionContentOutput(codeSha256: codeSHA256, codeSize: codeBytes)
  }

  func shape(_ layer: LayerName) -> GetLayerVersionOutput {
    GetLayerVersionOutput(
      content: content, layerArn: layer.arn.description, layerVersionArn: layer.arn(number).description,
      description: description, createdDate: createdText, version: number, compatibleRuntimes: shownRuntimes,
      licenseInfo: license, compatibleArchitectures: shownArchitectures)
  }

  func published(_ layer: LayerName) -> PublishLayerVersionOutput {
    PublishLayerVersionOutput(
      content: content, layerArn: layer.arn.description, layerVersionArn: layer.arn(number).description,
      description: description, createdDate: createdText, version: number, compatibleRuntimes: shownRuntimes,
      licenseInfo: license, compatibleArchitectures: shownArchitectures)
  }
}

/// A layer version as a function holds it. It lasts with the function, though the layer's version be deleted.
struct LayerUse: Codable, Sendable, Hashable {
  var arn: String
  var code: BlobRef
  var codeBytes: Int64
  var unpackedBytes: Int64
}

/// What a layer is named by: its name, its ARN, or the ARN of one of its versions.
package struct LayerName: Sendable, Hashable {
  package var scope: Scope
  package var name: String
  package var version: Int64?

  /// - Throws: InvalidParameterValueException; ResourceNotFoundException for another region's layer.
  package init(_ text: String, _ context: RequestContext) throws {
    guard text.hasPrefix("arn:") else {
      guard Self.isName(text) else { throw Self.invalid(text) }
      self.init(scope: context.scope, name: text)
      return
    }
    guard let arn = ARN(text), arn.service == "lambda", let account = AccountID(arn.account) else {
      throw Self.invalid(text)
    }
    let parts = arn.resource.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard (2...3).contains(parts.count), parts[0] == "layer", Self.isName(parts[1]) else { throw Self.invalid(text) }
    guard arn.region == context.region.code else {
      throw LambdaError.resourceNotFoundException(
        "Layers from '\(arn.region)' are not reachable in this region ('\(context.region.code)')")
    }
    self.init(scope: Scope(account: account, region: context.region), name: parts[1])
    if parts.count == 3 {
      guard let number = Int64(parts[2]), number > 0 else { throw Self.invalid(text) }
      version = number
    }
  }

  init(scope: Scope, name: String) {
    self.scope = scope
    self.name = name
  }

  private static func isName(_ text: String) -> Bool {
    (1...140).contains(text.utf8.count) && text.utf8.allSatisfy(FunctionName.isWord)
  }

  private static func invalid(_ text: String) -> AWSError {
    LambdaError.invalidParameterValueException(
      "1 validation error detected: Value '\(text.prefix(256))' at 'layerName' failed to satisfy constraint: Member "
        + "must satisfy regular expression pattern: (arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:"
        + "[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+")
  }

  var arn: ARN { ARN(service: "lambda", scope.region, scope.account, "layer:\(name)") }
  func arn(_ version: Int64) -> ARN { ARN(service: "lambda", scope.region, scope.account, "layer:\(name):\(version)") }
}

extension LambdaKeys {
  private static func base(_ scope: Scope, _ table: String) -> Key {
    Key("lambda", scope.account.digits, scope.region.code, table)
  }
  static func layers(_ scope: Scope) -> KeyRange { base(scope, "layer").subtree }
  static func layer(_ layer: LayerName) -> Key { base(layer.scope, "layer").appending(layer.name) }
  static func allLayerVersions(_ scope: Scope) -> KeyRange { base(scope, "layer-version").subtree }
  static func layerVersions(_ layer: LayerName) -> KeyRange {
    base(layer.scope, "layer-version").appending(layer.name).subtree
  }
  static func layerVersion(_ layer: LayerName, _ number: Int64) -> Key {
    base(layer.scope, "layer-version").appending(layer.name, number)
  }
}

extension KeyReader {
  func layerVersion(_ layer: LayerName, _ number: Int64) throws -> LayerVersionRecord {
    guard let found = try get(LambdaKeys.layerVersion(layer, number), as: LayerVersionRecord.self) else {
      throw LambdaError.resourceNotFoundException("The resource you requested does not exist.")
    }
    return found
  }
}
