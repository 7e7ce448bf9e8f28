public import AthenaModel
public import Kernel
import Storage

extension AthenaService {
  public func createWorkGroup(_ input: CreateWorkGroupInput, _ context: RequestContext) async throws
    -> CreateWorkGroupOutput
  {
    try await context.authorize("athena:CreateWorkGroup", on: WorkGroupRecord.arn(context.scope, input.name))
    var record = WorkGroupRecord(name: input.name, description: input.description, created: context.time)
    if let configuration = input.configuration {
      try Self.check(configuration)
      record.take(configuration.resultConfiguration)
      record.enforced = configuration.enforceWorkGroupConfiguration ?? true
      record.publishesMetrics = configuration.publishCloudWatchMetricsEnabled ?? true
      record.scanCutoffBytes = configuration.bytesScannedCutoffPerQuery
      record.requesterPays = configuration.requesterPaysEnabled ?? false
      record.selectedEngine = configuration.engineVersion?.selectedEngineVersion ?? WorkGroupRecord.automaticEngine
      record.executionRole = configuration.executionRole
      record.additionalConfiguration = configuration.additionalConfiguration
      record.minimumEncryption = configuration.enableMinimumEncryptionConfiguration
    }
    record.tags = try Self.tags(input.tags)
    let (scope, made) = (context.scope, record)
    try await keys.write { transaction in
      guard try WorkGroupRecord.read(scope, made.name, transaction) == nil else {
        throw AthenaError.invalidRequestException("WorkGroup \(made.name) is already created")
      }
      guard try transaction.entries(WorkGroupRecord.all(scope)).count < AthenaLimits.workGroupsMax else {
        throw AthenaError.invalidRequestException("The number of workgroups has reached its limit")
      }
      try transaction.set(WorkGroupRecord.key(scope, made.name), record: made)
    }
    return CreateWorkGroupOutput()
  }

  public func getWorkGroup(_ input: GetWorkGroupInput, _ context: RequestContext) async throws -> GetWorkGroupOutput {
    try await context.authorize("athena:GetWorkGroup", on: WorkGroupRecord.arn(context.scope, input.workGroup))
    return GetWorkGroupOutput(workGroup: try await workGroup(input.workGroup, context.scope).shape)
  }

  public func listWorkGroups(_ input: ListWorkGroupsInput, _ context: RequestContext) async throws
    -> ListWorkGroupsOutput
  {
    try await context.authorize("athena:ListWorkGroups", on: ["*"])
    let scope = context.scope
    var all = try await keys.read { try $0.records(WorkGroupRecord.all(scope), as: WorkGroupRecord.self) }
    if !all.contains(where: { $0.name == WorkGroupRecord.primary }) { all.append(WorkGroupRecord.untouchedPrimary) }
    let page = Page(all.sorted { $0.name < $1.name }, after: input.nextToken, limit: input.maxResults) { $0.name }
    return ListWorkGroupsOutput(workGroups: page.items.map(\.summary), nextToken: page.nextToken)
  }

  public func updateWorkGroup(_ input: UpdateWorkGroupInput, _ context: RequestContext) async throws
    -> UpdateWorkGroupOutput
  {
    try await context.authorize("athena:UpdateWorkGroup", on: WorkGroupRecord.arn(context.scope, input.workGroup))
    if let updates = input.configurationUpdates {
      try Self.check(
        cutoff: updates.bytesScannedCutoffPerQuery, location: updates.resultConfigurationUpdates?.outputLocation)
    }
    let scope = context.scope
    try await keys.write { transaction in
      guard var record = try WorkGroupRecord.read(scope, input.workGroup, transaction) else {
        throw Self.noWorkGroup(input.workGroup)
      }
      if let description = input.description { record.description = description }
      if let state = input.state { record.enabled = state == .enabled }
      if let updates = input.configurationUpdates { record.take(updates) }
      try transaction.set(WorkGroupRecord.key(scope, record.name), record: record)
    }
    return UpdateWorkGroupOutput()
  }

  public func deleteWorkGroup(_ input: DeleteWorkGroupInput, _ context: RequestContext) async throws
    -> DeleteWorkGroupOutput
  {
    let name = input.workGroup
    try await context.authorize("athena:DeleteWorkGroup", on: WorkGroupRecord.arn(context.scope, name))
    guard name != WorkGroupRecord.primary else {
      throw AthenaError.invalidRequestException("The primary workgroup cannot be deleted")
    }
    let (scope, recursive) = (context.scope, input.recursiveDeleteOption ?? false)
    try await keys.write { transaction in
      guard try WorkGroupRecord.read(scope, name, transaction) != nil else { throw Self.noWorkGroup(name) }
      let contents = [
        NamedQueryRecord.index(scope, workGroup: name), PreparedStatementRecord.all(scope, workGroup: name),
        QueryExecutionRecord.index(scope, workGroup: name),
      ]
      if !recursive {
        guard try contents.allSatisfy({ try transaction.entries($0, limit: 1).isEmpty }) else {
          throw AthenaError.invalidRequestException("WorkGroup \(name) is not empty")
        }
      }
      for entry in try transaction.entries(contents[0]) {
        guard let id = entry.key.elements?.last?.string else { continue }
        try transaction.delete(NamedQueryRecord.key(scope, id))
      }
      for entry in try transaction.entries(contents[2]) {
        guard let id = entry.key.elements?.last?.string else { continue }
        try transaction.delete(QueryExecutionRecord.key(scope, id))
      }
      for range in contents + [ResultReuse.all(scope, workGroup: name)] { try transaction.delete(range) }
      try transaction.delete(WorkGroupRecord.key(scope, name))
    }
    return DeleteWorkGroupOutput()
  }

  // MARK: - What the handlers share

  func workGroup(_ name: String, _ scope: Scope) async throws -> WorkGroupRecord {
    guard let record = try await keys.read({ try WorkGroupRecord.read(scope, name, $0) }) else {
      throw Self.noWorkGroup(name)
    }
    return record
  }

  static func noWorkGroup(_ name: String) -> AWSError {
    AthenaError.invalidRequestException("WorkGroup \(name) is not found.")
  }

  private static func check(_ configuration: WorkGroupConfiguration) throws {
    try check(
      cutoff: configuration.bytesScannedCutoffPerQuery, location: configuration.resultConfiguration?.outputLocation)
    guard configuration.managedQueryResultsConfiguration?.enabled != true else {
      throw AthenaError.invalidRequestException("Managed query results are not implemented by Tarn yet.")
    }
  }

  private static func check(cutoff: Int64?, location: String?) throws {
    if let cutoff, cutoff < AthenaLimits.scanCutoffBytesMin {
      throw AthenaError.invalidRequestException(
        "BytesScannedCutoffPerQuery must be at least \(AthenaLimits.scanCutoffBytesMin) bytes")
    }
    if let location { _ = try ResultLocation(location) }
  }
}

extension WorkGroupRecord {
  fileprivate mutating func take(_ updates: WorkGroupConfigurationUpdates) {
    enforced = updates.enforceWorkGroupConfiguration ?? enforced
    publishesMetrics = updates.publishCloudWatchMetricsEnabled ?? publishesMetrics
    scanCutoffBytes =
      updates.removeBytesScannedCutoffPerQuery == true ? nil : updates.bytesScannedCutoffPerQuery ?? scanCutoffBytes
    requesterPays = updates.requesterPaysEnabled ?? requesterPays
    selectedEngine = updates.engineVersion?.selectedEngineVersion ?? selectedEngine
    executionRole = updates.executionRole ?? executionRole
    additionalConfiguration = updates.additionalConfiguration ?? additionalConfiguration
    minimumEncryption = updates.enableMinimumEncryptionConfiguration ?? minimumEncryption
    if let results = updates.resultConfigurationUpdates { take(results) }
  }
}
