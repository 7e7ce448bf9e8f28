public import Kernel
public import LambdaModel
import NIOCore
import Storage

extension LambdaService {
  public func createFunction(
    _ input: CreateFunctionInput, _ context: RequestContext
  ) async throws -> CreateFunctionOutput {
    let name = try FunctionName(input.functionName, context)
    guard name.qualifier == nil, name.scope == context.scope else {
      throw LambdaError.invalidParameterValueException("The function name is not valid: \(input.functionName)")
    }
    try await context.authorize("lambda:CreateFunction", on: name.arn)
    let tags = input.tags ?? [:]
    if !tags.isEmpty { try await context.authorize("lambda:TagResource", on: name.arn) }
    try FunctionRules.refuseUnknown(input)
    guard let runtime = input.runtime, let handler = input.handler else {
      throw LambdaError.invalidParameterValueException(
        "Runtime and Handler are mandatory parameters for functions "
          + "created with deployment packages.")
    }
    guard tags.count <= Limits.tagsMax else {
      throw LambdaError.invalidParameterValueException("Number of tags exceeds resource tag limit.")
    }
    var version = VersionRecord(
      version: FunctionName.latest, runtime: runtime.rawValue, role: input.role, handler: handler,
      description: input.description ?? "", timeoutSeconds: input.timeout ?? Limits.timeoutSecondsDefault,
      memoryMiB: input.memorySize ?? Limits.memoryMiBDefault,
      ephemeralMiB: input.ephemeralStorage?.size ?? Limits.ephemeralMiBDefault,
      architecture: input.architectures?.first?.rawValue ?? "x86_64", environment: input.environment?.variables,
      code: BlobRef(file: 0, offset: 0, length: 0, crc32c: 0), codeBytes: 0, codeSHA256: "",
      tracingMode: input.tracingConfig?.mode?.rawValue, logging: FunctionRules.logging(input.loggingConfig),
      modified: clock.now(), revision: random.uuid(), build: random.uuid())
    try FunctionRules.check(version)
    try await checkRole(version.role, context)
    let layers = try await layers(input.layers, context)
    let taken = try await keys.read { try $0.get(LambdaKeys.function(name.scope, name.name)) != nil }
    guard !taken else { throw Self.exists(name) }
    let kept = try await code.keep(
      CodeStore.source(
        zip: input.code.zipFile, bucket: input.code.s3Bucket, key: input.code.s3Key,
        version: input.code.s3ObjectVersion, image: input.code.imageUri), context)
    version.code = kept.blob
    version.codeBytes = kept.bytes
    version.codeSHA256 = kept.sha256
    version.codeUnpackedBytes = kept.unpackedBytes
    let record = FunctionRecord(name: name.name, latest: version, created: version.modified, tags: tags)
    let publishes = input.publish == true
    let revision = random.uuid()
    do {
      let shown = try await keys.write { transaction -> VersionRecord in
        guard try transaction.get(LambdaKeys.function(name.scope, name.name)) == nil else { throw Self.exists(name) }
        var record = record
        if let layers, !layers.isEmpty { record.latest.layers = try transaction.uses(of: layers) }
        try FunctionRules.checkSize(record.latest)
        var shown = record.latest
        if publishes { shown = try transaction.publish(&record, name, description: nil, revision: revision) }
        try transaction.set(LambdaKeys.function(name.scope, name.name), record: record)
        return shown
      }
      return shown.shape(name, qualifier: publishes ? shown.version : nil)
    } catch {
      try? await blobs.delete([kept.blob])
      throw error
    }
  }

  private static func exists(_ name: FunctionName) -> AWSError {
    LambdaError.resourceConflictException("Function already exist: \(name.name)")
  }

  /// The role must exist and trust Lambda, and the caller must be allowed to hand it over.
  func checkRole(_ role: String, _ context: RequestContext) async throws {
    guard let arn = ARN(role) else {
      throw LambdaError.validationException(
        "1 validation error detected: Value '\(role.prefix(256))' at 'role' failed to satisfy constraint: Member must "
          + "satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+")
    }
    do {
      _ = try await roles.assume(role: arn, for: SandboxTools.serviceName, session: "lambda")
    } catch is AWSError where arn.account == context.account.digits {
      throw LambdaError.roleNotUsable
    } catch is AWSError {
      // Whether another account has the role is not told: it cannot be passed either way.
    }
    try await roles.checkPass(role: arn, to: SandboxTools.serviceName, context: context)
  }

  public func deleteFunction(
    _ input: DeleteFunctionInput, _ context: RequestContext
  ) async throws -> DeleteFunctionOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:DeleteFunction", on: name.qualifiedARN)
    let freed: [BlobRef]
    if let qualifier = name.qualifier {
      guard let number = Int(qualifier) else {
        throw LambdaError.invalidParameterValueException(
          qualifier == FunctionName.latest
            ? "$LATEST version cannot be deleted without deleting the function."
            : "Deletion of aliases is not currently supported.")
      }
      freed = try await keys.write { try $0.deleteVersion(name, number) }
    } else {
      freed = try await keys.write { transaction in
        let record = try transaction.function(name)
        let versions = try transaction.records(LambdaKeys.versions(name.scope, name.name), as: VersionRecord.self)
        try transaction.delete(LambdaKeys.function(name.scope, name.name))
        try transaction.delete(LambdaKeys.versions(name.scope, name.name))
        try transaction.delete(LambdaKeys.aliases(name.scope, name.name))
        try transaction.delete(LambdaKeys.eventConfigs(name.scope, name.name))
        return Array(Set([record.latest.code] + versions.map(\.code)))
      }
      await pool.forget(name.scope, name.name)
    }
    // A crash here leaves them to the next start's search for what nobody names.
    try? await blobs.delete(freed)
    return DeleteFunctionOutput(statusCode: 204)
  }
}

extension KeyTransaction {
  /// Takes a published version away.
  /// - Returns: its code, where nothing else of the function has it.
  fileprivate func deleteVersion(_ name: FunctionName, _ number: Int) throws -> [BlobRef] {
    let record = try function(name)
    guard let version = try version(name, "\(number)", of: record) else { throw LambdaError.noFunction(name) }
    let aliases = try records(LambdaKeys.aliases(name.scope, name.name), as: AliasRecord.self)
    let users = aliases.filter { $0.version == "\(number)" || $0.weights["\(number)"] != nil }
    guard users.isEmpty else {
      throw LambdaError.resourceConflictException(
        "Version \(number) cannot be deleted, as it is referenced by the following aliases: "
          + "[\(users.map(\.name).joined(separator: ", "))].")
    }
    try delete(LambdaKeys.version(name.scope, name.name, number))
    let others = try records(LambdaKeys.versions(name.scope, name.name), as: VersionRecord.self)
    return others.contains { $0.code == version.code } || record.latest.code == version.code ? [] : [version.code]
  }

  /// Makes a version of what `$LATEST` is now, unless nothing has changed since the last one was made.
  func publish(
    _ record: inout FunctionRecord, _ name: FunctionName, description: String?, revision: String
  ) throws -> VersionRecord {
    if record.nextVersion > 1,
      let last = try get(
        LambdaKeys.version(name.scope, name.name, record.nextVersion - 1), as: VersionRecord.self),
      last.build == record.latest.build
    {
      return last
    }
    var version = record.latest
    version.version = "\(record.nextVersion)"
    version.revision = revision
    if let description { version.description = description }
    try set(LambdaKeys.version(name.scope, name.name, record.nextVersion), record: version)
    record.nextVersion += 1
    return version
  }
}
