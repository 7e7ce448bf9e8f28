public import Kernel
public import LambdaModel
import Storage

extension LambdaService {
  public func publishLayerVersion(
    _ input: PublishLayerVersionInput, _ context: RequestContext
  ) async throws -> PublishLayerVersionOutput {
    let layer = try own(input.layerName, context)
    try await context.authorize("lambda:PublishLayerVersion", on: layer.arn)
    let kept = try await code.keep(
      CodeStore.source(
        zip: input.content.zipFile, bucket: input.content.s3Bucket, key: input.content.s3Key,
        version: input.content.s3ObjectVersion, image: nil), context)
    let draft = LayerVersionRecord(
      name: layer.name, number: 0, description: input.description ?? "", license: input.licenseInfo,
      runtimes: (input.compatibleRuntimes ?? []).map(\.rawValue),
      architectures: (input.compatibleArchitectures ?? []).map(\.rawValue), code: kept.blob, codeBytes: kept.bytes,
      unpackedBytes: kept.unpackedBytes, codeSHA256: kept.sha256, created: clock.now())
    do {
      let version = try await keys.write { transaction -> LayerVersionRecord in
        var record =
          try transaction.get(LambdaKeys.layer(layer), as: LayerRecord.self) ?? LayerRecord(name: layer.name)
        var version = draft
        version.number = record.nextVersion
        record.nextVersion += 1
        try transaction.set(LambdaKeys.layer(layer), record: record)
        try transaction.set(LambdaKeys.layerVersion(layer, version.number), record: version)
        return version
      }
      return version.published(layer)
    } catch {
      try? await blobs.delete([kept.blob])
      throw error
    }
  }

  public func getLayerVersion(
    _ input: GetLayerVersionInput, _ context: RequestContext
  ) async throws -> GetLayerVersionOutput {
    try await shown(LayerName(input.layerName, context), input.versionNumber, context)
  }

  public func getLayerVersionByArn(
    _ input: GetLayerVersionByArnInput, _ context: RequestContext
  ) async throws -> GetLayerVersionByArnOutput {
    let layer = try LayerName(input.arn, context)
    guard let number = layer.version else {
      throw LambdaError.invalidParameterValueException("The ARN names no version of a layer: \(input.arn)")
    }
    return try await shown(layer, number, context)
  }

  private func shown(
    _ layer: LayerName, _ number: Int64, _ context: RequestContext
  ) async throws -> GetLayerVersionOutput {
    try await usable(layer, number, context).shape(layer)
  }

  /// A version that the caller may use; its own policy counts.
  func usable(_ layer: LayerName, _ number: Int64, _ context: RequestContext) async throws -> LayerVersionRecord {
    let found = try await keys.read { try $0.get(LambdaKeys.layerVersion(layer, number), as: LayerVersionRecord.self) }
    // Who may not use it does not learn whether it is there.
    try await context.authorize(
      "lambda:GetLayerVersion", on: [layer.arn(number).description], resourcePolicy: found?.policy?.document,
      resourceAccount: layer.scope.account)
    guard let found else {
      throw LambdaError.resourceNotFoundException("The resource you requested does not exist.")
    }
    return found
  }

  public func listLayers(_ input: ListLayersInput, _ context: RequestContext) async throws -> ListLayersOutput {
    try await context.authorize("lambda:ListLayers", on: ["*"])
    let scope = context.scope
    let (runtime, architecture) = (input.compatibleRuntime?.rawValue, input.compatibleArchitecture?.rawValue)
    let all = try await keys.read { reader -> [(LayerName, LayerVersionRecord)] in
      try reader.records(LambdaKeys.layers(scope), as: LayerRecord.self).compactMap { record in
        let layer = LayerName(scope: scope, name: record.name)
        let versions = try reader.records(LambdaKeys.layerVersions(layer), as: LayerVersionRecord.self)
        return versions.last { $0.suits(runtime: runtime, architecture: architecture) }.map { (layer, $0) }
      }
    }
    let page = ListPage(all, after: input.marker, limit: min(input.maxItems ?? Limits.listMax, Limits.listMax)) {
      $0.0.name
    }
    return ListLayersOutput(
      nextMarker: page.next,
      layers: page.items.map { layer, version in
        LayersListItem(
          layerName: layer.name, layerArn: layer.arn.description, latestMatchingVersion: version.item(layer))
      })
  }

  public func listLayerVersions(
    _ input: ListLayerVersionsInput, _ context: RequestContext
  ) async throws -> ListLayerVersionsOutput {
    let layer = try LayerName(input.layerName, context)
    try await context.authorize(
      "lambda:ListLayerVersions", on: [layer.arn.description], resourceAccount: layer.scope.account)
    let (runtime, architecture) = (input.compatibleRuntime?.rawValue, input.compatibleArchitecture?.rawValue)
    let all = try await keys.read { try $0.records(LambdaKeys.layerVersions(layer), as: LayerVersionRecord.self) }
      .reversed().filter { $0.suits(runtime: runtime, architecture: architecture) }
    let page = ListPage(all, after: input.marker, limit: min(input.maxItems ?? Limits.listMax, Limits.listMax)) {
      "\($0.number)"
    }
    return ListLayerVersionsOutput(nextMarker: page.next, layerVersions: page.items.map { $0.item(layer) })
  }

  /// Functions that have the version keep it; its bytes go with the last of them.
  public func deleteLayerVersion(
    _ input: DeleteLayerVersionInput, _ context: RequestContext
  ) async throws -> DeleteLayerVersionOutput {
    let layer = try own(input.layerName, context)
    let number = input.versionNumber
    try await context.authorize("lambda:DeleteLayerVersion", on: layer.arn(number))
    let freed = try await keys.write { transaction -> [BlobRef] in
      // A version that is not there is deleted already.
      guard
        let version = try transaction.get(LambdaKeys.layerVersion(layer, number), as: LayerVersionRecord.self)
      else { return [] }
      try transaction.delete(LambdaKeys.layerVersion(layer, number))
      return try transaction.isInUse(version.code) ? [] : [version.code]
    }
    // What a function still has is freed after the function has gone, by the next start's search for what nobody names.
    try? await blobs.delete(freed)
    return DeleteLayerVersionOutput()
  }

  /// A layer of the caller's own account.
  func own(_ text: String, _ context: RequestContext) throws -> LayerName {
    let layer = try LayerName(text, context)
    guard layer.scope == context.scope, layer.version == nil else {
      throw LambdaError.accessDeniedException(
        "User: \(context.principal.arn) is not authorized to perform this operation on resource: \(text) because no "
          + "resource-based policy allows it")
    }
    return layer
  }
}

extension KeyReader {
  /// Whether a function of any account has a layer of these bytes.
  fileprivate func isInUse(_ code: BlobRef) throws -> Bool {
    var found = false
    try scan(LambdaKeys.all) { key, value in
      found = try LambdaService.layers(of: key, value).contains { $0.code == code }
      return !found
    }
    return found
  }
}
