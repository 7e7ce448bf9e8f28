import AWSWire
public import Kernel
public import LambdaModel
import Storage

extension LambdaService {
  public func getFunction(_ input: GetFunctionInput, _ context: RequestContext) async throws -> GetFunctionOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:GetFunction", on: name.qualifiedARN)
    let found = try await keys.read { try $0.resolve(name, chance: 1) }
    let reserved = found.function.reservedConcurrency
    return GetFunctionOutput(
      configuration: found.version.shape(name, qualifier: name.qualifier),
      // AWS gives a signed address to fetch the code from; there is none here.
      code: FunctionCodeLocation(repositoryType: "S3"),
      tags: found.function.tags.isEmpty ? nil : found.function.tags,
      concurrency: reserved.map { Concurrency(reservedConcurrentExecutions: $0) })
  }

  public func getFunctionConfiguration(
    _ input: GetFunctionConfigurationInput, _ context: RequestContext
  ) async throws -> GetFunctionConfigurationOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:GetFunctionConfiguration", on: name.qualifiedARN)
    let found = try await keys.read { try $0.resolve(name, chance: 1) }
    return found.version.shape(name, qualifier: name.qualifier)
  }

  public func listFunctions(
    _ input: ListFunctionsInput, _ context: RequestContext
  ) async throws -> ListFunctionsOutput {
    try await context.authorize("lambda:ListFunctions", on: ["*"])
    let scope = context.scope
    let showsAll = input.functionVersion == "ALL"
    let all = try await keys.read { reader -> [(FunctionName, VersionRecord)] in
      var found: [(FunctionName, VersionRecord)] = []
      for record in try reader.records(LambdaKeys.functions(scope), as: FunctionRecord.self) {
        let name = try FunctionName(record.name, context)
        found.append((name, record.latest))
        guard showsAll else { continue }
        found += try reader.records(LambdaKeys.versions(scope, record.name), as: VersionRecord.self).map { (name, $0) }
      }
      return found
    }
    let page = ListPage(
      all, after: input.marker, limit: min(input.maxItems ?? Limits.listMax, Limits.listMax)
    ) { "\($0.0.name):\($0.1.version)" }
    return ListFunctionsOutput(
      nextMarker: page.next, functions: page.items.map { $1.shape($0, qualifier: showsAll ? $1.version : nil) })
  }

  public func publishVersion(
    _ input: PublishVersionInput, _ context: RequestContext
  ) async throws -> PublishVersionOutput {
    let name = try latest(input.functionName, context)
    try await context.authorize("lambda:PublishVersion", on: name.arn)
    guard input.publishTo == nil else {
      throw AWSError.notImplemented(service: "Lambda", operation: "PublishVersion with PublishTo")
    }
    let revision = random.uuid()
    let version = try await keys.write { transaction -> VersionRecord in
      var record = try transaction.function(name)
      if let wanted = input.revisionId, wanted != record.latest.revision { throw LambdaError.wrongRevision }
      if let sum = input.codeSha256, sum != record.latest.codeSHA256 {
        throw LambdaError.invalidParameterValueException(
          "CodeSHA256 (\(sum)) is different from current CodeSHA256 in $LATEST (\(record.latest.codeSHA256)). "
            + "Please try again with the CodeSHA256 in $LATEST.")
      }
      let version = try transaction.publish(&record, name, description: input.description, revision: revision)
      try transaction.set(LambdaKeys.function(name.scope, name.name), record: record)
      return version
    }
    return version.shape(name, qualifier: version.version)
  }

  public func listVersionsByFunction(
    _ input: ListVersionsByFunctionInput, _ context: RequestContext
  ) async throws -> ListVersionsByFunctionOutput {
    let name = try latest(input.functionName, context)
    try await context.authorize("lambda:ListVersionsByFunction", on: name.arn)
    let all = try await keys.read { reader in
      [try reader.function(name).latest]
        + (try reader.records(LambdaKeys.versions(name.scope, name.name), as: VersionRecord.self))
    }
    let page = ListPage(all, after: input.marker, limit: min(input.maxItems ?? Limits.listMax, Limits.listMax)) {
      $0.version
    }
    return ListVersionsByFunctionOutput(
      nextMarker: page.next, versions: page.items.map { $0.shape(name, qualifier: $0.version) })
  }

  public func getAccountSettings(
    _ input: GetAccountSettingsInput, _ context: RequestContext
  ) async throws -> GetAccountSettingsOutput {
    try await context.authorize("lambda:GetAccountSettings", on: ["*"])
    let scope = context.scope
    let (all, layers) = try await keys.read { reader in
      (
        try reader.records(LambdaKeys.functions(scope), as: FunctionRecord.self),
        try reader.records(LambdaKeys.allLayerVersions(scope), as: LayerVersionRecord.self)
      )
    }
    let reserved = all.reduce(0) { $0 + ($1.reservedConcurrency ?? 0) }
    return GetAccountSettingsOutput(
      accountLimit: AccountLimit(
        totalCodeSize: Limits.codeStorageBytesMax, codeSizeUnzipped: Limits.codeUnzippedBytesMax,
        codeSizeZipped: Limits.codeZippedBytesMax, concurrentExecutions: Limits.concurrencyMax,
        unreservedConcurrentExecutions: Limits.concurrencyMax - reserved),
      accountUsage: AccountUsage(
        totalCodeSize: all.reduce(0) { $0 + $1.latest.codeBytes } + layers.reduce(0) { $0 + $1.codeBytes },
        functionCount: Int64(all.count)))
  }

  /// Functions have no code signing here, which is what AWS shows for those made without.
  public func getFunctionCodeSigningConfig(
    _ input: GetFunctionCodeSigningConfigInput, _ context: RequestContext
  ) async throws -> GetFunctionCodeSigningConfigOutput {
    let name = try latest(input.functionName, context)
    _ = try await find(name, for: "GetFunctionCodeSigningConfig", context)
    return GetFunctionCodeSigningConfigOutput(codeSigningConfigArn: "", functionName: name.name)
  }

  // MARK: Reserved concurrency

  public func putFunctionConcurrency(
    _ input: PutFunctionConcurrencyInput, _ context: RequestContext
  ) async throws -> PutFunctionConcurrencyOutput {
    let name = try latest(input.functionName, context)
    try await context.authorize("lambda:PutFunctionConcurrency", on: name.arn)
    let wanted = input.reservedConcurrentExecutions
    try await change(name) { record, transaction in
      let others = try transaction.records(LambdaKeys.functions(name.scope), as: FunctionRecord.self)
        .reduce(0) { $0 + ($1.name == name.name ? 0 : $1.reservedConcurrency ?? 0) }
      guard others + wanted <= Limits.concurrencyMax - Limits.unreservedConcurrencyMin else {
        throw LambdaError.invalidParameterValueException(
          "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
            + "its minimum value of [\(Limits.unreservedConcurrencyMin)].")
      }
      record.reservedConcurrency = wanted
    }
    return PutFunctionConcurrencyOutput(reservedConcurrentExecutions: wanted)
  }

  public func getFunctionConcurrency(
    _ input: GetFunctionConcurrencyInput, _ context: RequestContext
  ) async throws -> GetFunctionConcurrencyOutput {
    let record = try await find(latest(input.functionName, context), for: "GetFunctionConcurrency", context)
    return GetFunctionConcurrencyOutput(reservedConcurrentExecutions: record.reservedConcurrency)
  }

  public func deleteFunctionConcurrency(
    _ input: DeleteFunctionConcurrencyInput, _ context: RequestContext
  ) async throws -> DeleteFunctionConcurrencyOutput {
    let name = try latest(input.functionName, context)
    try await context.authorize("lambda:DeleteFunctionConcurrency", on: name.arn)
    try await change(name) { record, _ in record.reservedConcurrency = nil }
    return DeleteFunctionConcurrencyOutput()
  }
}
