import Kernel
import LambdaModel
import Storage

extension LambdaService {
  /// The layers that a function is to have, once the caller may use each.
  /// - Throws: InvalidParameterValueException, AccessDeniedException.
  func layers(_ given: [String]?, _ context: RequestContext) async throws -> [LayerName]? {
    guard let given else { return nil }
    guard given.count <= Limits.layersMax else {
      throw LambdaError.invalidParameterValueException("Cannot reference more than \(Limits.layersMax) layers.")
    }
    var layers: [LayerName] = []
    for text in given {
      let layer = try LayerName(text, context)
      guard let number = layer.version else {
        throw LambdaError.invalidParameterValueException("Layer version ARN expected, but found \(text)")
      }
      if let same = layers.first(where: { $0.arn == layer.arn }), let other = same.version {
        throw LambdaError.invalidParameterValueException(
          "Two different versions of the same layer are not allowed to be referenced in the same function. "
            + "\(same.arn(other)) and \(text)")
      }
      do {
        _ = try await usable(layer, number, context)
      } catch let error as AWSError where error.code == "ResourceNotFoundException" {
        throw Self.noLayer(text)
      }
      layers.append(layer)
    }
    return layers
  }

  fileprivate static func noLayer(_ text: String) -> AWSError {
    LambdaError.invalidParameterValueException("Layer version \(text) does not exist.")
  }

  /// The layers that a stored function or version has.
  static func layers(of key: Key, _ value: [UInt8]) throws -> [LayerUse] {
    guard let parts = key.elements, parts.count > 3 else { return [] }
    switch parts[3].string {
    case "function": return try KeyRecord.decode(FunctionRecord.self, value).latest.layers ?? []
    case "version": return try KeyRecord.decode(VersionRecord.self, value).layers ?? []
    default: return []
    }
  }
}

extension KeyReader {
  /// The layers in the form in which a function keeps them, as they are within the transaction that keeps it: one that
  /// was deleted meanwhile is not taken.
  func uses(of layers: [LayerName]) throws -> [LayerUse] {
    try layers.map { layer in
      let number = layer.version ?? 0
      let arn = layer.arn(number).description
      guard let found = try get(LambdaKeys.layerVersion(layer, number), as: LayerVersionRecord.self) else {
        throw LambdaService.noLayer(arn)
      }
      return LayerUse(
        arn: arn, code: found.code, codeBytes: found.codeBytes, unpackedBytes: found.unpackedBytes)
    }
  }
}
