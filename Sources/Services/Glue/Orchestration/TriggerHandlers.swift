public import GlueModel
public import Kernel
import Storage

/// Triggers: made, changed, shown.
extension GlueService {
  public func createTrigger(_ input: CreateTriggerInput, _ context: RequestContext) async throws
    -> CreateTriggerOutput
  {
    _ = try orchestrating("CreateTrigger")
    let (scope, arn) = (context.scope, TriggerRecord.arn(input.name, context.scope))
    try await context.authorize("glue:CreateTrigger", on: arn)
    let type = input.type.rawValue
    let starts = input.startOnCreation ?? false
    if starts, type == "ON_DEMAND" {
      throw CatalogError.invalidInput("StartOnCreation is not supported for on-demand triggers.")
    }
    let hasSchedule = type == "SCHEDULED"
    let (isAny, conditions) = type == "CONDITIONAL" ? try TriggerRules.conditions(input.predicate) : (false, [])
    if type == "EVENT", input.workflowName == nil {
      throw CatalogError.invalidInput("An event trigger must belong to a workflow.")
    }
    let record = TriggerRecord(
      name: input.name, workflow: input.workflowName, type: type, state: starts ? "ACTIVATED" : "CREATED",
      description: input.description, schedule: hasSchedule ? try TriggerRules.schedule(input.schedule) : nil,
      done: context.time, actions: try TriggerRules.actions(input.actions), isAny: isAny, conditions: conditions,
      batch: type == "EVENT" ? try TriggerRules.batch(input.eventBatchingCondition) : nil)
    let tags = input.tags ?? [:]
    try CatalogTags.check(tags)
    let tagKey = context.catalogKeys.tags(arn.description)
    try await catalog.keys.write { transaction in
      guard try transaction.get(TriggerRecord.key(scope, record.name)) == nil else {
        throw CatalogError.alreadyExists("Trigger with name \(record.name) already exists")
      }
      guard try transaction.entries(TriggerRecord.all(scope)).count < TriggerRules.triggersMax else {
        throw CatalogError.limitExceeded("The number of triggers exceeds the limit of \(TriggerRules.triggersMax).")
      }
      if let workflow = record.workflow {
        _ = try transaction.workflow(workflow, scope)
        if record.begins, try transaction.triggers(of: workflow, scope).contains(where: \.begins) {
          throw CatalogError.invalidInput("Workflow \(workflow) has a starting trigger already.")
        }
      }
      try Self.check(record, scope, transaction)
      try transaction.set(TriggerRecord.key(scope, record.name), record: record)
      if !tags.isEmpty { try transaction.set(tagKey, record: tags) }
    }
    return CreateTriggerOutput(name: record.name)
  }

  /// What a trigger names must be there.
  private static func check(_ record: TriggerRecord, _ scope: Scope, _ reader: any KeyReader) throws {
    for name in record.actions.compactMap(\.job) + record.conditions.compactMap(\.job) {
      _ = try reader.job(name, scope)
    }
    for name in record.actions.compactMap(\.crawler) + record.conditions.compactMap(\.crawler) {
      _ = try reader.crawler(name, scope)
    }
  }

  public func updateTrigger(_ input: UpdateTriggerInput, _ context: RequestContext) async throws
    -> UpdateTriggerOutput
  {
    _ = try orchestrating("UpdateTrigger")
    let (scope, now) = (context.scope, context.time)
    try await context.authorize("glue:UpdateTrigger", on: TriggerRecord.arn(input.name, scope))
    let update = input.triggerUpdate
    let changed = try await catalog.keys.write { transaction in
      var record = try transaction.trigger(input.name, scope)
      record.description = update.description ?? record.description
      if record.type == "SCHEDULED", let schedule = update.schedule {
        record.schedule = try TriggerRules.schedule(schedule)
        record.done = now
      }
      if update.actions != nil { record.actions = try TriggerRules.actions(update.actions) }
      if record.type == "CONDITIONAL", update.predicate != nil {
        (record.isAny, record.conditions) = try TriggerRules.conditions(update.predicate)
        record.progress = []
      }
      if record.type == "EVENT", update.eventBatchingCondition != nil {
        record.batch = try TriggerRules.batch(update.eventBatchingCondition)
      }
      try Self.check(record, scope, transaction)
      try transaction.set(TriggerRecord.key(scope, record.name), record: record)
      return record
    }
    return UpdateTriggerOutput(trigger: changed.shape)
  }

  /// As on AWS, a trigger that does not exist is no error.
  public func deleteTrigger(_ input: DeleteTriggerInput, _ context: RequestContext) async throws
    -> DeleteTriggerOutput
  {
    _ = try orchestrating("DeleteTrigger")
    let (scope, arn) = (context.scope, TriggerRecord.arn(input.name, context.scope))
    try await context.authorize("glue:DeleteTrigger", on: arn)
    let tagKey = context.catalogKeys.tags(arn.description)
    try await catalog.keys.write { transaction in
      try transaction.delete(TriggerRecord.key(scope, input.name))
      try transaction.delete(tagKey)
    }
    return DeleteTriggerOutput(name: input.name)
  }

  /// Fires a trigger on demand; lets the others fire from now on.
  public func startTrigger(_ input: StartTriggerInput, _ context: RequestContext) async throws -> StartTriggerOutput {
    let house = try orchestrating("StartTrigger")
    let (scope, now) = (context.scope, context.time)
    try await context.authorize("glue:StartTrigger", on: TriggerRecord.arn(input.name, scope))
    let launches = try await catalog.keys.write { transaction -> Launches in
      var record = try transaction.trigger(input.name, scope)
      guard record.type == "ON_DEMAND" else {
        guard !record.isOn else { return Launches() }
        (record.state, record.done, record.progress) = ("ACTIVATED", now, [])
        try transaction.set(TriggerRecord.key(scope, record.name), record: record)
        return Launches()
      }
      return try house.fire(record, scope, now, transaction, isStrict: true)
    }
    house.launch(launches, scope)
    return StartTriggerOutput(name: input.name)
  }

  public func stopTrigger(_ input: StopTriggerInput, _ context: RequestContext) async throws -> StopTriggerOutput {
    _ = try orchestrating("StopTrigger")
    let scope = context.scope
    try await context.authorize("glue:StopTrigger", on: TriggerRecord.arn(input.name, scope))
    try await catalog.keys.write { transaction in
      var record = try transaction.trigger(input.name, scope)
      guard record.type != "ON_DEMAND" else {
        throw CatalogError.invalidInput("An on-demand trigger cannot be stopped.")
      }
      record.state = "DEACTIVATED"
      try transaction.set(TriggerRecord.key(scope, record.name), record: record)
    }
    return StopTriggerOutput(name: input.name)
  }

  // MARK: Reading

  public func getTrigger(_ input: GetTriggerInput, _ context: RequestContext) async throws -> GetTriggerOutput {
    _ = try orchestrating("GetTrigger")
    let scope = context.scope
    try await context.authorize("glue:GetTrigger", on: TriggerRecord.arn(input.name, scope))
    return GetTriggerOutput(trigger: try await catalog.keys.read { try $0.trigger(input.name, scope) }.shape)
  }

  public func getTriggers(_ input: GetTriggersInput, _ context: RequestContext) async throws -> GetTriggersOutput {
    _ = try orchestrating("GetTriggers")
    let scope = context.scope
    try await context.authorize("glue:GetTriggers", on: ["*"])
    if let job = input.dependentJobName {
      let found = try await dependents(on: job, scope)
      return GetTriggersOutput(triggers: found.map(\.shape))
    }
    let (page, next) = try await page(
      TriggerRecord.all(scope), as: TriggerRecord.self, input.maxResults, input.nextToken, "GetTriggers",
      key: { TriggerRecord.key(scope, $0) }, name: { $0.name })
    return GetTriggersOutput(triggers: page.map(\.shape), nextToken: next)
  }

  public func batchGetTriggers(_ input: BatchGetTriggersInput, _ context: RequestContext) async throws
    -> BatchGetTriggersOutput
  {
    _ = try orchestrating("BatchGetTriggers")
    let scope = context.scope
    try await context.authorize(
      "glue:BatchGetTriggers", on: input.triggerNames.map { TriggerRecord.arn($0, scope).description })
    let found = try await catalog.keys.read { reader in
      try input.triggerNames.map { try reader.get(TriggerRecord.key(scope, $0), as: TriggerRecord.self) }
    }
    let missing = zip(input.triggerNames, found).filter { $0.1 == nil }.map(\.0)
    return BatchGetTriggersOutput(triggers: found.compactMap { $0?.shape }, triggersNotFound: missing)
  }

  public func listTriggers(_ input: ListTriggersInput, _ context: RequestContext) async throws -> ListTriggersOutput {
    _ = try orchestrating("ListTriggers")
    let scope = context.scope
    try await context.authorize("glue:ListTriggers", on: ["*"])
    if let job = input.dependentJobName {
      return ListTriggersOutput(triggerNames: try await dependents(on: job, scope).map(\.name))
    }
    let (names, next) = try await names(
      TriggerRecord.all(scope), input.maxResults, input.nextToken, "ListTriggers", tags: input.tags, context,
      key: { TriggerRecord.key(scope, $0) }, arn: { TriggerRecord.arn($0, scope) })
    return ListTriggersOutput(triggerNames: names, nextToken: next)
  }

  /// Triggers that start a job.
  private func dependents(on job: String, _ scope: Scope) async throws -> [TriggerRecord] {
    let found = try await catalog.keys.read { try $0.triggers(scope) }
    let chosen = found.filter { $0.actions.contains { $0.job == job } }
    guard !chosen.isEmpty else { throw CatalogError.entityNotFound("No trigger starts the job \(job).") }
    return chosen
  }
}
