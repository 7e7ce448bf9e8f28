public import GlueModel
public import Kernel
import Storage

/// Jobs: made, changed, shown.
extension GlueService {
  public func createJob(_ input: CreateJobInput, _ context: RequestContext) async throws -> CreateJobOutput {
    let house = try jobs("CreateJob")
    let scope = context.scope
    try await context.authorize("glue:CreateJob", on: JobRecord.arn(input.name, scope))
    var update = JobUpdate()
    (update.jobMode, update.jobRunQueuingEnabled) = (input.jobMode, input.jobRunQueuingEnabled)
    (update.description, update.logUri, update.role) = (input.description, input.logUri, input.role)
    (update.executionProperty, update.command) = (input.executionProperty, input.command)
    (update.defaultArguments, update.nonOverridableArguments) = (input.defaultArguments, input.nonOverridableArguments)
    (update.connections, update.maxRetries, update.timeout) = (input.connections, input.maxRetries, input.timeout)
    (update.allocatedCapacity, update.maxCapacity) = (input.allocatedCapacity, input.maxCapacity)
    (update.workerType, update.numberOfWorkers) = (input.workerType, input.numberOfWorkers)
    (update.securityConfiguration, update.glueVersion) = (input.securityConfiguration, input.glueVersion)
    (update.notificationProperty, update.executionClass) = (input.notificationProperty, input.executionClass)
    (update.sourceControlDetails, update.maintenanceWindow) = (input.sourceControlDetails, input.maintenanceWindow)
    let record = try await record(input.name, update, house, context)
    let tags = input.tags ?? [:]
    try CatalogTags.check(tags)
    let tagKey = context.catalogKeys.tags(JobRecord.arn(input.name, scope).description)
    try await catalog.keys.write { transaction in
      if let present = try transaction.get(JobRecord.key(scope, record.name), as: JobRecord.self) {
        // Asked for again, it is what it was.
        guard present.isSame(as: record) else {
          throw GlueError.idempotentParameterMismatchException(
            "Job with name \(record.name) already submitted with different configuration.")
        }
        return
      }
      guard try transaction.entries(JobRecord.all(scope)).count < JobLimits.jobsMax else {
        throw CatalogError.limitExceeded("The number of jobs exceeds the limit of \(JobLimits.jobsMax).")
      }
      try transaction.set(JobRecord.key(scope, record.name), record: record)
      if !tags.isEmpty { try transaction.set(tagKey, record: tags) }
    }
    return CreateJobOutput(name: record.name)
  }

  /// What is not named becomes what a new job has: AWS replaces the whole definition.
  public func updateJob(_ input: UpdateJobInput, _ context: RequestContext) async throws -> UpdateJobOutput {
    let house = try jobs("UpdateJob")
    let scope = context.scope
    try await context.authorize("glue:UpdateJob", on: JobRecord.arn(input.jobName, scope))
    _ = try await catalog.keys.read { try $0.job(input.jobName, scope) }
    let new = try await record(input.jobName, input.jobUpdate, house, context)
    try await catalog.keys.write { transaction in
      let before = try transaction.job(input.jobName, scope)
      var record = new
      record.created = before.created
      try transaction.set(JobRecord.key(scope, record.name), record: record)
    }
    return UpdateJobOutput(jobName: input.jobName)
  }

  /// A job of this name as the update describes it, once all of it is checked.
  private func record(
    _ name: String, _ update: JobUpdate, _ house: JobHouse, _ context: RequestContext
  ) async throws -> JobRecord {
    let command = try JobRules.command(update.command)
    let version = try JobRules.glueVersion(update.glueVersion, command)
    guard let role = update.role, !role.isEmpty else { throw JobRules.invalid("Role should not be null or empty.") }
    if let configuration = update.securityConfiguration, !configuration.isEmpty {
      let scope = context.scope
      try await catalog.keys.read { _ = try $0.securityConfiguration(configuration, scope) }
    }
    let connections = update.connections?.connections
    if let connections {
      let scope = context.scope
      try await catalog.keys.read { reader in for name in connections { _ = try reader.connection(name, scope) } }
    }
    _ = try await house.roles.checked(role, context)
    let now = house.clock.now()
    var record = JobRecord(
      name: name, role: role, concurrentRunsMax: try JobRules.concurrentRuns(update.executionProperty),
      command: command, retriesMax: try JobRules.retries(update.maxRetries),
      timeout: try JobRules.timeout(update.timeout, command, version: version),
      capacity: try JobRules.capacity(
        units: update.maxCapacity ?? update.allocatedCapacity.map(Double.init),
        workerType: update.workerType?.rawValue, workers: update.numberOfWorkers, command, version: version,
        isVersionNamed: update.glueVersion != nil),
      glueVersion: version, created: now, updated: now)
    record.mode = update.jobMode?.rawValue ?? "SCRIPT"
    record.queues = update.jobRunQueuingEnabled
    record.description = update.description
    record.logURI = update.logUri
    record.arguments = try JobRules.arguments(update.defaultArguments)
    record.fixedArguments = try JobRules.arguments(update.nonOverridableArguments)
    record.connections = connections
    record.securityConfiguration = update.securityConfiguration
    record.notifyDelayAfter = update.notificationProperty?.notifyDelayAfter
    record.executionClass = update.executionClass?.rawValue
    record.maintenanceWindow = update.maintenanceWindow
    if let source = update.sourceControlDetails {
      record.sourceControl = JobRecord.SourceControl(
        provider: source.provider?.rawValue, repository: source.repository, owner: source.owner,
        branch: source.branch, folder: source.folder, lastCommit: source.lastCommitId,
        authStrategy: source.authStrategy?.rawValue)
    }
    return record
  }

  /// As on AWS, a job that does not exist is no error.
  public func deleteJob(_ input: DeleteJobInput, _ context: RequestContext) async throws -> DeleteJobOutput {
    let house = try jobs("DeleteJob")
    let (scope, arn) = (context.scope, JobRecord.arn(input.jobName, context.scope))
    try await context.authorize("glue:DeleteJob", on: arn)
    let tagKey = context.catalogKeys.tags(arn.description)
    try await catalog.keys.write { transaction in
      try transaction.delete(JobRecord.key(scope, input.jobName))
      try transaction.delete(JobBookmarkRecord.all(scope, input.jobName))
      try transaction.delete(tagKey)
    }
    await house.forget(input.jobName, scope)
    return DeleteJobOutput(jobName: input.jobName)
  }

  // MARK: Reading

  public func getJob(_ input: GetJobInput, _ context: RequestContext) async throws -> GetJobOutput {
    _ = try jobs("GetJob")
    let scope = context.scope
    try await context.authorize("glue:GetJob", on: JobRecord.arn(input.jobName, scope))
    return GetJobOutput(job: try await catalog.keys.read { try $0.job(input.jobName, scope) }.shape)
  }

  public func getJobs(_ input: GetJobsInput, _ context: RequestContext) async throws -> GetJobsOutput {
    _ = try jobs("GetJobs")
    try await context.authorize("glue:GetJobs", on: ["*"])
    let (page, next) = try await page(
      JobRecord.all(context.scope), as: JobRecord.self, input.maxResults, input.nextToken, "GetJobs",
      key: { [scope = context.scope] in JobRecord.key(scope, $0) }, name: { $0.name })
    return GetJobsOutput(jobs: page.map(\.shape), nextToken: next)
  }

  public func batchGetJobs(_ input: BatchGetJobsInput, _ context: RequestContext) async throws -> BatchGetJobsOutput {
    _ = try jobs("BatchGetJobs")
    let scope = context.scope
    try await context.authorize(
      "glue:BatchGetJobs", on: input.jobNames.map { JobRecord.arn($0, scope).description })
    let found = try await catalog.keys.read { reader in
      try input.jobNames.map { try reader.get(JobRecord.key(scope, $0), as: JobRecord.self) }
    }
    let missing = zip(input.jobNames, found).filter { $0.1 == nil }.map(\.0)
    return BatchGetJobsOutput(jobs: found.compactMap { $0?.shape }, jobsNotFound: missing)
  }

  public func listJobs(_ input: ListJobsInput, _ context: RequestContext) async throws -> ListJobsOutput {
    _ = try jobs("ListJobs")
    try await context.authorize("glue:ListJobs", on: ["*"])
    let scope = context.scope
    let (names, next) = try await names(
      JobRecord.all(scope), input.maxResults, input.nextToken, "ListJobs", tags: input.tags, context,
      key: { JobRecord.key(scope, $0) }, arn: { JobRecord.arn($0, scope) })
    return ListJobsOutput(jobNames: names, nextToken: next)
  }

  // MARK: Pages

  /// A page of records in the order of their names.
  func page<Record: Decodable & Sendable>(
    _ all: KeyRange, as type: Record.Type, _ limit: Int?, _ token: String?, _ operation: String,
    key: @escaping @Sendable (String) -> Key, name: (Record) -> String
  ) async throws -> (page: [Record], next: String?) {
    let after = try PageToken.read(token, operation)?.first
    let count = limit ?? JobLimits.entriesPerPage
    let found = try await catalog.keys.read { reader in
      var range = all
      if let after { range.from = key(after).subtree.to }
      return try reader.records(range, as: type, limit: count.saturatingAdd(1))
    }
    return PageToken.cut(found, to: count, operation) { [name($0)] }
  }

  /// A page of names, of those that have all of the tags.
  func names(
    _ all: KeyRange, _ limit: Int?, _ token: String?, _ operation: String, tags: [String: String]?,
    _ context: RequestContext, key: @escaping @Sendable (String) -> Key, arn: @escaping @Sendable (String) -> ARN
  ) async throws -> (names: [String], next: String?) {
    let after = try PageToken.read(token, operation)?.first
    let count = limit ?? JobLimits.entriesPerPage
    let (wanted, keys) = (tags ?? [:], context.catalogKeys)
    let found = try await catalog.keys.read { reader in
      var names: [String] = []
      var range = all
      if let after { range.from = key(after).subtree.to }
      try reader.scan(range) { key, _ in
        guard let name = key.elements?.last?.string else { return true }
        if !wanted.isEmpty {
          let tags = try reader.get(keys.tags(arn(name).description), as: [String: String].self) ?? [:]
          guard wanted.allSatisfy({ tags[$0.key] == $0.value }) else { return true }
        }
        names.append(name)
        return names.count <= count
      }
      return names
    }
    let (page, next) = PageToken.cut(found, to: count, operation) { [$0] }
    return (page, next)
  }
}
