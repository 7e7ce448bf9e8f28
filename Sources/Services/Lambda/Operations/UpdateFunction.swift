public import Kernel
public import LambdaModel
import Storage

extension LambdaService {
  public func updateFunctionCode(
    _ input: UpdateFunctionCodeInput, _ context: RequestContext
  ) async throws -> UpdateFunctionCodeOutput {
    let name = try latest(input.functionName, context)
    let former = try await find(name, for: "UpdateFunctionCode", context)
    guard input.sourceKMSKeyArn == nil, input.publishTo == nil else {
      throw AWSError.notImplemented(
        service: "Lambda", operation: "UpdateFunctionCode with SourceKMSKeyArn or PublishTo")
    }
    if let revision = input.revisionId, revision != former.latest.revision { throw LambdaError.wrongRevision }
    let kept = try await code.keep(
      CodeStore.source(
        zip: input.zipFile, bucket: input.s3Bucket, key: input.s3Key, version: input.s3ObjectVersion,
        image: input.imageUri), context)
    var preview = former.latest
    preview.codeBytes = kept.bytes
    preview.codeSHA256 = kept.sha256
    preview.codeUnpackedBytes = kept.unpackedBytes
    if input.dryRun == true {
      try await blobs.delete([kept.blob])
      return preview.shape(name, qualifier: nil)
    }
    let (now, build, revision, published) = (clock.now(), random.uuid(), random.uuid(), random.uuid())
    do {
      let (shown, freed) = try await keys.write { transaction -> (VersionRecord, [BlobRef]) in
        var record = try transaction.function(name)
        if let wanted = input.revisionId, wanted != record.latest.revision { throw LambdaError.wrongRevision }
        let old = record.latest
        record.latest.code = kept.blob
        record.latest.codeBytes = kept.bytes
        record.latest.codeSHA256 = kept.sha256
        record.latest.codeUnpackedBytes = kept.unpackedBytes
        try FunctionRules.checkSize(record.latest)
        if let architecture = input.architectures?.first { record.latest.architecture = architecture.rawValue }
        record.latest.modified = now
        record.latest.revision = revision
        // The same code again is no change: sandboxes stay and no version is made of it.
        if old.codeSHA256 != kept.sha256 { record.latest.build = build }
        var shown = record.latest
        if input.publish == true {
          shown = try transaction.publish(&record, name, description: nil, revision: published)
        }
        try transaction.set(LambdaKeys.function(name.scope, name.name), record: record)
        let versions = try transaction.records(LambdaKeys.versions(name.scope, name.name), as: VersionRecord.self)
        return (shown, versions.contains { $0.code == old.code } ? [] : [old.code])
      }
      try? await blobs.delete(freed)
      await pool.forget(name.scope, name.name, latestOnly: true)
      return shown.shape(name, qualifier: input.publish == true ? shown.version : nil)
    } catch {
      try? await blobs.delete([kept.blob])
      throw error
    }
  }

  public func updateFunctionConfiguration(
    _ input: UpdateFunctionConfigurationInput, _ context: RequestContext
  ) async throws -> UpdateFunctionConfigurationOutput {
    let name = try latest(input.functionName, context)
    let former = try await find(name, for: "UpdateFunctionConfiguration", context)
    try FunctionRules.refuseUnknown(input)
    if let role = input.role, role != former.latest.role { try await checkRole(role, context) }
    let layers = try await layers(input.layers, context)
    let (now, build, revision) = (clock.now(), random.uuid(), random.uuid())
    let record = try await change(name, revision: input.revisionId) { record, transaction in
      if let role = input.role { record.latest.role = role }
      if let handler = input.handler { record.latest.handler = handler }
      if let description = input.description { record.latest.description = description }
      if let timeout = input.timeout { record.latest.timeoutSeconds = timeout }
      if let memory = input.memorySize { record.latest.memoryMiB = memory }
      if let environment = input.environment { record.latest.environment = environment.variables ?? [:] }
      if let runtime = input.runtime { record.latest.runtime = runtime.rawValue }
      if let storage = input.ephemeralStorage { record.latest.ephemeralMiB = storage.size }
      if let tracing = input.tracingConfig { record.latest.tracingMode = tracing.mode?.rawValue }
      if let logging = input.loggingConfig { record.latest.logging = FunctionRules.logging(logging) }
      if let layers { record.latest.layers = layers.isEmpty ? nil : try transaction.uses(of: layers) }
      record.latest.modified = now
      record.latest.revision = revision
      record.latest.build = build
      try FunctionRules.check(record.latest)
      try FunctionRules.checkSize(record.latest)
    }
    await pool.forget(name.scope, name.name, latestOnly: true)
    return record.latest.shape(name, qualifier: nil)
  }

  /// A name in an operation that changes the unpublished version.
  func latest(_ text: String, _ context: RequestContext) throws -> FunctionName {
    var name = try FunctionName(text, context)
    guard name.qualifier == nil || name.qualifier == FunctionName.latest else {
      throw LambdaError.invalidParameterValueException(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
          + "Please specify either a function name or an unqualified function ARN.")
    }
    name.qualifier = nil
    return name
  }
}
