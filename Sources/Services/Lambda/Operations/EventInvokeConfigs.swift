public import Kernel
public import LambdaModel
import Storage

extension LambdaService {
  public func putFunctionEventInvokeConfig(
    _ input: PutFunctionEventInvokeConfigInput, _ context: RequestContext
  ) async throws -> PutFunctionEventInvokeConfigOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:PutFunctionEventInvokeConfig", on: name.qualifiedARN)
    return try await change(name, context) { _ in
      EventConfigRecord(
        qualifier: name.qualifier ?? FunctionName.latest, retries: input.maximumRetryAttempts,
        ageSeconds: input.maximumEventAgeInSeconds,
        onSuccess: Self.given(input.destinationConfig?.onSuccess?.destination),
        onFailure: Self.given(input.destinationConfig?.onFailure?.destination), modified: self.clock.now())
    }
  }

  public func updateFunctionEventInvokeConfig(
    _ input: UpdateFunctionEventInvokeConfigInput, _ context: RequestContext
  ) async throws -> UpdateFunctionEventInvokeConfigOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:UpdateFunctionEventInvokeConfig", on: name.qualifiedARN)
    return try await change(name, context) { former in
      guard var config = former else { throw Self.noConfig(name) }
      if let retries = input.maximumRetryAttempts { config.retries = retries }
      if let age = input.maximumEventAgeInSeconds { config.ageSeconds = age }
      if let success = input.destinationConfig?.onSuccess { config.onSuccess = Self.given(success.destination) }
      if let failure = input.destinationConfig?.onFailure { config.onFailure = Self.given(failure.destination) }
      config.modified = self.clock.now()
      return config
    }
  }

  public func getFunctionEventInvokeConfig(
    _ input: GetFunctionEventInvokeConfigInput, _ context: RequestContext
  ) async throws -> GetFunctionEventInvokeConfigOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:GetFunctionEventInvokeConfig", on: name.qualifiedARN)
    let found = try await keys.read { try $0.get(Self.configKey(name), as: EventConfigRecord.self) }
    guard let found else { throw Self.noConfig(name) }
    return Self.shape(found, name)
  }

  public func deleteFunctionEventInvokeConfig(
    _ input: DeleteFunctionEventInvokeConfigInput, _ context: RequestContext
  ) async throws -> DeleteFunctionEventInvokeConfigOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:DeleteFunctionEventInvokeConfig", on: name.qualifiedARN)
    try await keys.write { transaction in
      guard try transaction.get(Self.configKey(name)) != nil else { throw Self.noConfig(name) }
      try transaction.delete(Self.configKey(name))
    }
    return DeleteFunctionEventInvokeConfigOutput()
  }

  public func listFunctionEventInvokeConfigs(
    _ input: ListFunctionEventInvokeConfigsInput, _ context: RequestContext
  ) async throws -> ListFunctionEventInvokeConfigsOutput {
    let name = try latest(input.functionName, context)
    _ = try await find(name, for: "ListFunctionEventInvokeConfigs", context)
    let all = try await keys.read {
      try $0.records(LambdaKeys.eventConfigs(name.scope, name.name), as: EventConfigRecord.self)
    }
    let page = ListPage(all, after: input.marker, limit: min(input.maxItems ?? Limits.listMax, Limits.listMax)) {
      $0.qualifier
    }
    return ListFunctionEventInvokeConfigsOutput(
      functionEventInvokeConfigs: page.items.map { Self.shape($0, name) }, nextMarker: page.next)
  }

  // MARK: Parts

  private static func given(_ text: String?) -> String? { text?.isEmpty == false ? text : nil }

  private static func configKey(_ name: FunctionName) -> Key {
    LambdaKeys.eventConfig(name.scope, name.name, name.qualifier ?? FunctionName.latest)
  }

  private static func noConfig(_ name: FunctionName) -> AWSError {
    LambdaError.resourceNotFoundException(
      "The function \(FunctionName.arn(name.scope, name.name, name.qualifier ?? FunctionName.latest)) doesn't have an "
        + "EventInvokeConfig")
  }

  private static func shape(_ config: EventConfigRecord, _ name: FunctionName) -> FunctionEventInvokeConfig {
    FunctionEventInvokeConfig(
      lastModified: config.modified,
      functionArn: FunctionName.arn(name.scope, name.name, config.qualifier).description,
      maximumRetryAttempts: config.retries, maximumEventAgeInSeconds: config.ageSeconds,
      destinationConfig: DestinationConfig(
        onSuccess: OnSuccess(destination: config.onSuccess), onFailure: OnFailure(destination: config.onFailure)))
  }

  private func change(
    _ name: FunctionName, _ context: RequestContext,
    _ body: @escaping @Sendable (EventConfigRecord?) throws -> EventConfigRecord
  ) async throws -> FunctionEventInvokeConfig {
    let config = try await keys.write { transaction -> EventConfigRecord in
      _ = try transaction.resolve(name, chance: 1)
      let config = try body(try transaction.get(Self.configKey(name), as: EventConfigRecord.self))
      if let destination = config.onSuccess { try Self.checkDestination(destination, name, context) }
      if let destination = config.onFailure {
        try Self.checkDestination(destination, name, context, takesBuckets: true)
      }
      try transaction.set(Self.configKey(name), record: config)
      return config
    }
    return Self.shape(config, name)
  }

  /// Other functions are told, and buckets of failures; queues, topics and buses are not there yet.
  private static func checkDestination(
    _ text: String, _ name: FunctionName, _ context: RequestContext, takesBuckets: Bool = false
  ) throws {
    let invalid = LambdaError.invalidParameterValueException(
      "The provided destination config DestinationConfig is invalid.")
    guard let arn = ARN(text) else { throw invalid }
    if arn.service == "s3" {
      guard takesBuckets, FailureObjects.isBucket(arn) else { throw invalid }
      return
    }
    guard arn.service == "lambda" else {
      throw AWSError.notImplemented(service: "Lambda", operation: "destinations in \(arn.service)")
    }
    let target = try FunctionName(text, context)
    guard target.name != name.name else {
      throw LambdaError.invalidParameterValueException("The function itself cannot be its destination.")
    }
  }
}
