public import GlueModel
public import Kernel
import Storage

/// Limits and errors of workflows.
enum WorkflowRules {
  static let workflowsMax = 250
  static let runsKept = 1_000

  static func tooManyRuns(_ name: String) -> AWSError {
    GlueError.concurrentRunsExceededException("Concurrent runs exceeded for the workflow \(name)")
  }
}

/// Workflows and their runs.
extension GlueService {
  public func createWorkflow(_ input: CreateWorkflowInput, _ context: RequestContext) async throws
    -> CreateWorkflowOutput
  {
    _ = try orchestrating("CreateWorkflow")
    let (scope, arn) = (context.scope, WorkflowRecord.arn(input.name, context.scope))
    try await context.authorize("glue:CreateWorkflow", on: arn)
    if let most = input.maxConcurrentRuns, most < 1 {
      throw CatalogError.invalidInput("MaxConcurrentRuns must be at least 1.")
    }
    let record = WorkflowRecord(
      name: input.name, description: input.description, properties: input.defaultRunProperties ?? [:],
      created: context.time, updated: context.time, concurrentRunsMax: input.maxConcurrentRuns)
    let tags = input.tags ?? [:]
    try CatalogTags.check(tags)
    let tagKey = context.catalogKeys.tags(arn.description)
    try await catalog.keys.write { transaction in
      guard try transaction.get(WorkflowRecord.key(scope, record.name)) == nil else {
        throw CatalogError.alreadyExists("Workflow with name \(record.name) already exists")
      }
      guard try transaction.entries(WorkflowRecord.all(scope)).count < WorkflowRules.workflowsMax else {
        throw CatalogError.limitExceeded("The number of workflows exceeds the limit of \(WorkflowRules.workflowsMax).")
      }
      try transaction.set(WorkflowRecord.key(scope, record.name), record: record)
      if !tags.isEmpty { try transaction.set(tagKey, record: tags) }
    }
    return CreateWorkflowOutput(name: record.name)
  }

  public func updateWorkflow(_ input: UpdateWorkflowInput, _ context: RequestContext) async throws
    -> UpdateWorkflowOutput
  {
    _ = try orchestrating("UpdateWorkflow")
    let (scope, now) = (context.scope, context.time)
    try await context.authorize("glue:UpdateWorkflow", on: WorkflowRecord.arn(input.name, scope))
    if let most = input.maxConcurrentRuns, most < 1 {
      throw CatalogError.invalidInput("MaxConcurrentRuns must be at least 1.")
    }
    try await catalog.keys.write { transaction in
      var record = try transaction.workflow(input.name, scope)
      record.description = input.description ?? record.description
      record.properties = input.defaultRunProperties ?? record.properties
      record.concurrentRunsMax = input.maxConcurrentRuns ?? record.concurrentRunsMax
      record.updated = now
      try transaction.set(WorkflowRecord.key(scope, record.name), record: record)
    }
    return UpdateWorkflowOutput(name: input.name)
  }

  /// A workflow that does not exist is no error; its triggers stay and belong to none.
  public func deleteWorkflow(_ input: DeleteWorkflowInput, _ context: RequestContext) async throws
    -> DeleteWorkflowOutput
  {
    _ = try orchestrating("DeleteWorkflow")
    let (scope, arn) = (context.scope, WorkflowRecord.arn(input.name, context.scope))
    try await context.authorize("glue:DeleteWorkflow", on: arn)
    let tagKey = context.catalogKeys.tags(arn.description)
    try await catalog.keys.write { transaction in
      for var trigger in try transaction.triggers(of: input.name, scope) {
        trigger.workflow = nil
        try transaction.set(TriggerRecord.key(scope, trigger.name), record: trigger)
      }
      try transaction.delete(WorkflowRecord.key(scope, input.name))
      try transaction.delete(WorkflowRunRecord.all(scope, input.name))
      try transaction.delete(tagKey)
    }
    return DeleteWorkflowOutput(name: input.name)
  }

  public func getWorkflow(_ input: GetWorkflowInput, _ context: RequestContext) async throws -> GetWorkflowOutput {
    let house = try orchestrating("GetWorkflow")
    let scope = context.scope
    try await context.authorize("glue:GetWorkflow", on: WorkflowRecord.arn(input.name, scope))
    let shape = try await catalog.keys.read { reader in
      try Self.shape(try reader.workflow(input.name, scope), input.includeGraph ?? false, house, scope, reader)
    }
    return GetWorkflowOutput(workflow: shape)
  }

  public func batchGetWorkflows(_ input: BatchGetWorkflowsInput, _ context: RequestContext) async throws
    -> BatchGetWorkflowsOutput
  {
    let house = try orchestrating("BatchGetWorkflows")
    let scope = context.scope
    try await context.authorize(
      "glue:BatchGetWorkflows", on: input.names.map { WorkflowRecord.arn($0, scope).description })
    let found = try await catalog.keys.read { reader in
      try input.names.map { name -> Workflow? in
        guard let record = try reader.get(WorkflowRecord.key(scope, name), as: WorkflowRecord.self) else { return nil }
        return try Self.shape(record, input.includeGraph ?? false, house, scope, reader)
      }
    }
    let missing = zip(input.names, found).filter { $0.1 == nil }.map(\.0)
    return BatchGetWorkflowsOutput(workflows: found.compactMap { $0 }, missingWorkflows: missing)
  }

  public func listWorkflows(_ input: ListWorkflowsInput, _ context: RequestContext) async throws
    -> ListWorkflowsOutput
  {
    _ = try orchestrating("ListWorkflows")
    let scope = context.scope
    try await context.authorize("glue:ListWorkflows", on: ["*"])
    let (names, next) = try await names(
      WorkflowRecord.all(scope), input.maxResults, input.nextToken, "ListWorkflows", tags: nil, context,
      key: { WorkflowRecord.key(scope, $0) }, arn: { WorkflowRecord.arn($0, scope) })
    return ListWorkflowsOutput(workflows: names, nextToken: next)
  }

  private static func shape(
    _ record: WorkflowRecord, _ includesGraph: Bool, _ house: Orchestrator, _ scope: Scope, _ reader: any KeyReader
  ) throws -> Workflow {
    var shape = Workflow(name: record.name)
    shape.description = record.description
    shape.defaultRunProperties = record.properties
    shape.createdOn = record.created
    shape.lastModifiedOn = record.updated
    shape.maxConcurrentRuns = record.concurrentRunsMax
    if let id = record.lastRun, let run = try? reader.workflowRun(id, of: record.name, scope) {
      shape.lastRun = try run.shape(includesGraph ? graph(run, house, scope, reader) : nil)
    }
    if includesGraph {
      let plan = WorkflowPlan(workflow: record.name, triggers: try reader.triggers(of: record.name, scope))
      shape.graph = plan.graph(runs: { _ in nil }, crawls: { _ in nil })
    }
    return shape
  }

  /// The graph of a run, with what was started in it.
  private static func graph(
    _ run: WorkflowRunRecord, _ house: Orchestrator, _ scope: Scope, _ reader: any KeyReader
  ) throws -> WorkflowGraph {
    let plan = WorkflowPlan(workflow: run.workflow, triggers: try reader.triggers(of: run.workflow, scope))
    var runs: [String: [JobRun]] = [:]
    var crawls: [String: [GlueModel.Crawl]] = [:]
    for action in run.actions {
      if let job = action.job, let id = action.run, let found = try? reader.run(id, of: job, scope) {
        runs[job, default: []].append(house.jobs.shape(found))
      } else if let crawler = action.crawler, let id = action.run {
        let all = try reader.records(CrawlRecord.all(scope, crawler), as: CrawlRecord.self)
        guard let found = all.last(where: { $0.id == id }) else { continue }
        crawls[crawler, default: []].append(
          GlueModel.Crawl(
            state: CrawlState(rawValue: action.state), startedOn: found.started, completedOn: found.ended,
            errorMessage: found.error, logGroup: CrawlRecord.logGroup, logStream: crawler))
      }
    }
    return plan.graph(runs: { runs[$0] }, crawls: { crawls[$0] })
  }

  // MARK: Runs

  public func startWorkflowRun(_ input: StartWorkflowRunInput, _ context: RequestContext) async throws
    -> StartWorkflowRunOutput
  {
    let house = try orchestrating("StartWorkflowRun")
    let (scope, now) = (context.scope, context.time)
    try await context.authorize("glue:StartWorkflowRun", on: WorkflowRecord.arn(input.name, scope))
    let (id, launches) = try await catalog.keys.write { transaction -> (String, Launches) in
      _ = try transaction.workflow(input.name, scope)
      guard let first = try transaction.triggers(of: input.name, scope).first(where: \.begins) else {
        throw CatalogError.invalidInput("Workflow \(input.name) has no starting trigger.")
      }
      let run = try house.begin(input.name, properties: input.runProperties ?? [:], scope, now, transaction)
      return (run.id, try house.fire(first, scope, now, transaction, run: run))
    }
    house.launch(launches, scope)
    return StartWorkflowRunOutput(runId: id)
  }

  public func stopWorkflowRun(_ input: StopWorkflowRunInput, _ context: RequestContext) async throws
    -> StopWorkflowRunOutput
  {
    let house = try orchestrating("StopWorkflowRun")
    let (scope, now) = (context.scope, context.time)
    try await context.authorize("glue:StopWorkflowRun", on: WorkflowRecord.arn(input.name, scope))
    let run = try await catalog.keys.write { transaction in
      var run = try transaction.workflowRun(input.runId, of: input.name, scope)
      guard run.status == "RUNNING" else {
        throw GlueError.illegalWorkflowStateException("The workflow run is in the state \(run.status).")
      }
      run.status = "STOPPING"
      Orchestrator.finish(&run, now)
      try transaction.set(run.key(scope), record: run)
      return run
    }
    for action in run.actions where action.isActive {
      // Whoever has ended meanwhile need not be stopped.
      if let job = action.job, let id = action.run { try? await house.jobs.stop(id, of: job, scope) }
      if let crawler = action.crawler { try? await house.crawls?.stop(crawler, scope) }
    }
    return StopWorkflowRunOutput()
  }

  /// A new run that begins at some of the nodes of one that is over.
  public func resumeWorkflowRun(_ input: ResumeWorkflowRunInput, _ context: RequestContext) async throws
    -> ResumeWorkflowRunOutput
  {
    let house = try orchestrating("ResumeWorkflowRun")
    let (scope, now) = (context.scope, context.time)
    try await context.authorize("glue:ResumeWorkflowRun", on: WorkflowRecord.arn(input.name, scope))
    guard !input.nodeIds.isEmpty else { throw CatalogError.invalidInput("At least one node must be named.") }
    let (id, launches) = try await catalog.keys.write { transaction -> (String, Launches) in
      let before = try transaction.workflowRun(input.runId, of: input.name, scope)
      guard !before.isActive else {
        throw GlueError.illegalWorkflowStateException("A workflow run can be resumed once it is over.")
      }
      let plan = WorkflowPlan(workflow: input.name, triggers: try transaction.triggers(of: input.name, scope))
      var chosen: [(TriggerRecord, TriggerRecord.Action)] = []
      for node in input.nodeIds {
        guard let found = plan.action(ofNode: node) else {
          throw CatalogError.invalidInput("The node \(node) is no job or crawler of the workflow.")
        }
        guard before.actions.contains(where: { $0.job == found.action.job && $0.crawler == found.action.crawler })
        else {
          throw CatalogError.invalidInput("The node \(node) was not begun in the workflow run \(input.runId).")
        }
        chosen.append((found.trigger, found.action))
      }
      let run = try house.begin(
        input.name, properties: before.properties, previous: before.id, scope, now, transaction)
      var launches = Launches()
      for (trigger, action) in chosen {
        var part = trigger
        part.actions = [action]
        let present = try transaction.workflowRun(run.id, of: input.name, scope)
        launches = launches + (try house.fire(part, scope, now, transaction, run: present))
      }
      return (run.id, launches)
    }
    house.launch(launches, scope)
    return ResumeWorkflowRunOutput(runId: id, nodeIds: input.nodeIds)
  }

  public func getWorkflowRun(_ input: GetWorkflowRunInput, _ context: RequestContext) async throws
    -> GetWorkflowRunOutput
  {
    let house = try orchestrating("GetWorkflowRun")
    let scope = context.scope
    try await context.authorize("glue:GetWorkflowRun", on: WorkflowRecord.arn(input.name, scope))
    let shape = try await catalog.keys.read { reader in
      let run = try reader.workflowRun(input.runId, of: input.name, scope)
      return run.shape(input.includeGraph ?? false ? try Self.graph(run, house, scope, reader) : nil)
    }
    return GetWorkflowRunOutput(run: shape)
  }

  public func getWorkflowRuns(_ input: GetWorkflowRunsInput, _ context: RequestContext) async throws
    -> GetWorkflowRunsOutput
  {
    let house = try orchestrating("GetWorkflowRuns")
    let (scope, name) = (context.scope, input.name)
    try await context.authorize("glue:GetWorkflowRuns", on: WorkflowRecord.arn(name, scope))
    let count = input.maxResults ?? JobLimits.entriesPerPage
    let before = try PageToken.read(input.nextToken, "GetWorkflowRuns")
    let includesGraph = input.includeGraph ?? false
    let (page, next) = try await catalog.keys.read { reader -> ([WorkflowRun], String?) in
      _ = try reader.workflow(name, scope)
      var range = WorkflowRunRecord.all(scope, name)
      if let before, before.count == 2, let started = Int64(before[0]) {
        range.to = WorkflowRunRecord.key(scope, name, Timestamp(nanoseconds: started), before[1])
      }
      var found: [WorkflowRunRecord] = []
      try reader.scan(range, reversed: true) { _, bytes in
        found.append(try KeyRecord.decode(WorkflowRunRecord.self, bytes))
        return found.count <= count
      }
      let (page, next) = PageToken.cut(found, to: count, "GetWorkflowRuns") {
        [String($0.started.nanoseconds), $0.id]
      }
      return (
        try page.map { $0.shape(includesGraph ? try Self.graph($0, house, scope, reader) : nil) }, next
      )
    }
    return GetWorkflowRunsOutput(runs: page, nextToken: next)
  }

  public func getWorkflowRunProperties(
    _ input: GetWorkflowRunPropertiesInput, _ context: RequestContext
  ) async throws -> GetWorkflowRunPropertiesOutput {
    _ = try orchestrating("GetWorkflowRunProperties")
    let scope = context.scope
    try await context.authorize("glue:GetWorkflowRunProperties", on: WorkflowRecord.arn(input.name, scope))
    let run = try await catalog.keys.read { try $0.workflowRun(input.runId, of: input.name, scope) }
    return GetWorkflowRunPropertiesOutput(runProperties: run.properties)
  }

  public func putWorkflowRunProperties(
    _ input: PutWorkflowRunPropertiesInput, _ context: RequestContext
  ) async throws -> PutWorkflowRunPropertiesOutput {
    _ = try orchestrating("PutWorkflowRunProperties")
    let scope = context.scope
    try await context.authorize("glue:PutWorkflowRunProperties", on: WorkflowRecord.arn(input.name, scope))
    try await catalog.keys.write { transaction in
      var run = try transaction.workflowRun(input.runId, of: input.name, scope)
      run.properties.merge(input.runProperties) { $1 }
      try transaction.set(run.key(scope), record: run)
    }
    return PutWorkflowRunPropertiesOutput()
  }

  /// Tells a workflow that begins with events of one, as EventBridge does on AWS.
  /// - Throws: `EntityNotFoundException`, `InvalidInputException`.
  public func notifyEvent(workflow: String, _ context: RequestContext) async throws {
    let house = try orchestrating("NotifyEvent")
    try await context.authorize("glue:notifyEvent", on: WorkflowRecord.arn(workflow, context.scope))
    try await house.note(eventFor: workflow, context.scope)
  }
}
