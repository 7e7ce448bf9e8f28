public import Kernel
import Kinesis
public import LambdaModel
import NIOCore
import Storage

extension LambdaService {
  public func createEventSourceMapping(
    _ input: CreateEventSourceMappingInput, _ context: RequestContext
  ) async throws -> CreateEventSourceMappingOutput {
    let name = try FunctionName(input.functionName, context)
    try await context.authorize(
      "lambda:CreateEventSourceMapping", on: ["*"], conditions: ["lambda:functionarn": [name.qualifiedARN.description]])
    try MappingRules.refuseUnknown(input)
    if input.tags?.isEmpty == false { try await context.authorize("lambda:TagResource", on: ["*"]) }
    guard input.tags?.count ?? 0 <= Limits.tagsMax else {
      throw LambdaError.invalidParameterValueException("Number of tags exceeds resource tag limit.")
    }
    let stream = try MappingRules.stream(input.eventSourceArn)
    let found = try await resolve(name)
    var mapping = MappingRecord(
      id: random.uuid(), scope: name.scope, stream: stream, function: name.name, qualifier: name.qualifier,
      isEnabled: input.enabled ?? true, start: try MappingRules.start(input),
      batchSize: input.batchSize ?? Limits.batchSizeDefault, windowSeconds: input.maximumBatchingWindowInSeconds ?? 0,
      parallel: input.parallelizationFactor ?? 1, bisects: input.bisectBatchOnFunctionError ?? false,
      recordAgeSeconds: input.maximumRecordAgeInSeconds ?? -1, retries: input.maximumRetryAttempts ?? -1,
      reportsItems: input.functionResponseTypes?.contains(.reportBatchItemFailures) ?? false, modified: clock.now())
    mapping.tags = input.tags
    mapping.filters = try MappingRules.filters(input.filterCriteria)
    mapping.onFailure = try MappingRules.onFailure(input.destinationConfig)
    try MappingRules.check(mapping)
    let checkpoint = try await begin(mapping, role: found.version.role)
    mapping.modified = clock.now()
    let saved = mapping
    try await keys.write { transaction in
      let others = try transaction.records(LambdaKeys.mappings(saved.scope), as: MappingRecord.self)
      if let same = others.first(where: { $0.stream == saved.stream && $0.name == saved.name }) {
        throw LambdaError.resourceConflictException(
          "The event source arn (\" \(saved.stream) \") and function (\" \(saved.function) \") provided mapping "
            + "already exists. Please update or delete the existing mapping with UUID \(same.id)")
      }
      try transaction.set(LambdaKeys.mapping(saved.scope, saved.id), record: saved)
      try transaction.set(LambdaKeys.checkpoint(saved.id), record: checkpoint)
    }
    await mappings.restart(saved)
    return saved.shape(state: "Creating")
  }

  /// Where reading begins in each shard; it is noted before the mapping's maker is told, so that nothing put afterwards
  /// is missed.
  private func begin(_ mapping: MappingRecord, role: String) async throws -> MappingCheckpoint {
    do {
      let consumer = try await mappings.tools.consumer(
        of: mapping.stream, role: role, scope: mapping.scope, function: mapping.function)
      var checkpoint = MappingCheckpoint(streamUID: consumer.streamUID)
      let start: ShardStart =
        switch mapping.start {
        case .trimHorizon: .trimHorizon
        case .latest: .latest
        case .at(let time): .atTimestamp(time)
        }
      for shard in try await consumer.shards() {
        checkpoint.offsets[shard.index] = try await consumer.offset(of: shard.index, at: start)
      }
      return checkpoint
    } catch let error as AWSError {
      if error.code.hasPrefix("AccessDenied") {
        throw LambdaError.invalidParameterValueException(
          "Cannot access stream \(mapping.stream). Please ensure the role can perform the GetRecords, "
            + "GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream in IAM.")
      }
      throw LambdaError.invalidParameterValueException("Stream not found: \(mapping.stream)")
    }
  }

  public func getEventSourceMapping(
    _ input: GetEventSourceMappingInput, _ context: RequestContext
  ) async throws -> GetEventSourceMappingOutput {
    let mapping = try await find(mapping: input.uuid, for: "GetEventSourceMapping", context)
    return mapping.shape(result: mappings.result(mapping.id))
  }

  public func listEventSourceMappings(
    _ input: ListEventSourceMappingsInput, _ context: RequestContext
  ) async throws -> ListEventSourceMappingsOutput {
    try await context.authorize("lambda:ListEventSourceMappings", on: ["*"])
    let scope = context.scope
    let name = try input.functionName.map { try FunctionName($0, context) }
    let all = try await keys.read { try $0.records(LambdaKeys.mappings(scope), as: MappingRecord.self) }
      .filter { mapping in
        (name.map { $0.name == mapping.function && $0.qualifier == mapping.qualifier } ?? true)
          && (input.eventSourceArn.map { $0 == mapping.stream.description } ?? true)
      }
    let page = ListPage(all, after: input.marker, limit: min(input.maxItems ?? 100, 100)) { $0.id }
    return ListEventSourceMappingsOutput(
      nextMarker: page.next,
      eventSourceMappings: page.items.map { $0.shape(result: mappings.result($0.id)) })
  }

  public func updateEventSourceMapping(
    _ input: UpdateEventSourceMappingInput, _ context: RequestContext
  ) async throws -> UpdateEventSourceMappingOutput {
    let former = try await find(mapping: input.uuid, for: "UpdateEventSourceMapping", context)
    try MappingRules.refuseUnknown(input)
    let filters = try MappingRules.filters(input.filterCriteria)
    let onFailure = try MappingRules.onFailure(input.destinationConfig)
    let name = try input.functionName.map { try FunctionName($0, context) }
    if let name { _ = try await resolve(name) }
    let now = clock.now()
    let mapping = try await keys.write { transaction -> MappingRecord in
      let key = LambdaKeys.mapping(former.scope, former.id)
      guard var mapping = try transaction.get(key, as: MappingRecord.self) else { throw Self.noMapping }
      if let name {
        mapping.function = name.name
        mapping.qualifier = name.qualifier
      }
      if let enabled = input.enabled { mapping.isEnabled = enabled }
      if let size = input.batchSize { mapping.batchSize = size }
      if let window = input.maximumBatchingWindowInSeconds { mapping.windowSeconds = window }
      if let parallel = input.parallelizationFactor { mapping.parallel = parallel }
      if let bisects = input.bisectBatchOnFunctionError { mapping.bisects = bisects }
      if let age = input.maximumRecordAgeInSeconds { mapping.recordAgeSeconds = age }
      if let retries = input.maximumRetryAttempts { mapping.retries = retries }
      if let types = input.functionResponseTypes { mapping.reportsItems = types.contains(.reportBatchItemFailures) }
      if input.filterCriteria != nil { mapping.filters = filters }
      if input.destinationConfig != nil { mapping.onFailure = onFailure }
      mapping.modified = now
      try MappingRules.check(mapping)
      try transaction.set(key, record: mapping)
      return mapping
    }
    await mappings.restart(mapping)
    return mapping.shape(
      state: mapping.isEnabled == former.isEnabled ? "Updating" : mapping.isEnabled ? "Enabling" : "Disabling")
  }

  public func deleteEventSourceMapping(
    _ input: DeleteEventSourceMappingInput, _ context: RequestContext
  ) async throws -> DeleteEventSourceMappingOutput {
    let mapping = try await find(mapping: input.uuid, for: "DeleteEventSourceMapping", context)
    await mappings.stop(mapping.id)
    try await keys.write { transaction in
      try transaction.delete(LambdaKeys.mapping(mapping.scope, mapping.id))
      try transaction.delete(LambdaKeys.checkpoint(mapping.id))
    }
    return mapping.shape(state: "Deleting")
  }

  static let noMapping = LambdaError.resourceNotFoundException("The resource you requested does not exist.")

  func find(mapping id: String, for action: String, _ context: RequestContext) async throws -> MappingRecord {
    let arn = context.arn("lambda", "event-source-mapping:\(id)")
    try await context.authorize("lambda:\(action)", on: arn)
    let scope = context.scope
    guard let found = try await keys.read({ try $0.get(LambdaKeys.mapping(scope, id), as: MappingRecord.self) }) else {
      throw Self.noMapping
    }
    return found
  }

  /// Hands a mapping's event to its function.
  func handle(_ mapping: MappingRecord, _ event: ByteBuffer, _ last: Timestamp?) async throws -> Execution {
    if let last {
      report(mapping.name, [("IteratorAge", Double(max(0, (clock.now() - last).milliseconds)), "Milliseconds")])
    }
    return try await execute(mapping.name, resolve(mapping.name), event, requestID: random.uuid())
  }
}
