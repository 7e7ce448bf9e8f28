public import Kernel
public import LambdaModel
import Storage

extension LambdaService {
  public func createAlias(_ input: CreateAliasInput, _ context: RequestContext) async throws -> CreateAliasOutput {
    let name = try latest(input.functionName, context)
    try await context.authorize("lambda:CreateAlias", on: name.arn)
    let alias = AliasRecord(
      name: input.name, version: input.functionVersion, description: input.description ?? "",
      weights: input.routingConfig?.additionalVersionWeights ?? [:], revision: random.uuid())
    guard FunctionName.isQualifier(alias.name), Int(alias.name) == nil, alias.name != FunctionName.latest else {
      throw LambdaError.validationException(
        "1 validation error detected: Value '\(alias.name)' at 'name' failed to satisfy constraint: Member must "
          + "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)")
    }
    try await keys.write { transaction in
      let record = try transaction.function(name)
      let key = LambdaKeys.alias(name.scope, name.name, alias.name)
      guard try transaction.get(key) == nil else {
        throw LambdaError.resourceConflictException(
          "Alias already exists: \(FunctionName.arn(name.scope, name.name, alias.name))")
      }
      try transaction.check(alias, name, record)
      try transaction.set(key, record: alias)
    }
    return alias.shape(name)
  }

  public func getAlias(_ input: GetAliasInput, _ context: RequestContext) async throws -> GetAliasOutput {
    let name = try latest(input.functionName, context)
    try await context.authorize("lambda:GetAlias", on: name.arn)
    let wanted = input.name
    return try await keys.read { try $0.alias(name, wanted) }.shape(name)
  }

  public func updateAlias(_ input: UpdateAliasInput, _ context: RequestContext) async throws -> UpdateAliasOutput {
    let name = try latest(input.functionName, context)
    try await context.authorize("lambda:UpdateAlias", on: name.arn)
    let revision = random.uuid()
    let alias = try await keys.write { transaction -> AliasRecord in
      let record = try transaction.function(name)
      var alias = try transaction.alias(name, input.name)
      if let wanted = input.revisionId, wanted != alias.revision { throw LambdaError.wrongRevision }
      if let version = input.functionVersion { alias.version = version }
      if let description = input.description { alias.description = description }
      if let routing = input.routingConfig { alias.weights = routing.additionalVersionWeights ?? [:] }
      alias.revision = revision
      try transaction.check(alias, name, record)
      try transaction.set(LambdaKeys.alias(name.scope, name.name, alias.name), record: alias)
      return alias
    }
    return alias.shape(name)
  }

  public func deleteAlias(_ input: DeleteAliasInput, _ context: RequestContext) async throws -> DeleteAliasOutput {
    let name = try latest(input.functionName, context)
    try await context.authorize("lambda:DeleteAlias", on: name.arn)
    try await change(name) { record, transaction in
      try transaction.delete(LambdaKeys.alias(name.scope, name.name, input.name))
      record.policies[input.name] = nil
    }
    return DeleteAliasOutput()
  }

  public func listAliases(_ input: ListAliasesInput, _ context: RequestContext) async throws -> ListAliasesOutput {
    let name = try latest(input.functionName, context)
    _ = try await find(name, for: "ListAliases", context)
    var all = try await keys.read { try $0.records(LambdaKeys.aliases(name.scope, name.name), as: AliasRecord.self) }
    if let version = input.functionVersion { all = all.filter { $0.version == version || $0.weights[version] != nil } }
    let page = ListPage(all, after: input.marker, limit: min(input.maxItems ?? Limits.listMax, Limits.aliasListMax)) {
      $0.name
    }
    return ListAliasesOutput(nextMarker: page.next, aliases: page.items.map { $0.shape(name) })
  }
}

extension KeyReader {
  func alias(_ name: FunctionName, _ alias: String) throws -> AliasRecord {
    guard let found = try get(LambdaKeys.alias(name.scope, name.name, alias), as: AliasRecord.self) else {
      throw LambdaError.resourceNotFoundException(
        "Cannot find alias arn: \(FunctionName.arn(name.scope, name.name, alias))")
    }
    return found
  }

  /// The versions of an alias must be there, and two of them must both be published.
  func check(_ alias: AliasRecord, _ name: FunctionName, _ record: FunctionRecord) throws {
    for version in [alias.version] + alias.weights.keys {
      guard try self.version(name, version, of: record) != nil else {
        throw LambdaError.resourceNotFoundException(
          "Function not found: \(FunctionName.arn(name.scope, name.name, version))")
      }
    }
    guard let (other, share) = alias.weights.first else { return }
    guard alias.weights.count == 1 else {
      throw LambdaError.invalidParameterValueException(
        "Number of items in AdditionalVersionWeights cannot be greater than 1")
    }
    guard alias.version != FunctionName.latest, other != FunctionName.latest else {
      throw LambdaError.invalidParameterValueException(
        "$LATEST is not supported for an alias pointing to more than 1 version")
    }
    guard alias.version != other else {
      throw LambdaError.invalidParameterValueException(
        "Invalid function version \(other). Function version \(other) is already included in routing configuration.")
    }
    guard (0...1).contains(share) else {
      throw LambdaError.invalidParameterValueException("A version's weight is a number from 0 to 1.")
    }
  }
}
