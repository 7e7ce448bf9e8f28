public import GlueModel
public import Kernel
import Storage

/// Runs of jobs: begun, stopped, shown.
extension GlueService {
  public func startJobRun(_ input: StartJobRunInput, _ context: RequestContext) async throws -> StartJobRunOutput {
    let house = try jobs("StartJobRun")
    let scope = context.scope
    try await context.authorize("glue:StartJobRun", on: JobRecord.arn(input.jobName, scope))
    guard input.executionRoleSessionPolicy == nil else {
      throw AWSError.notImplemented(service: "Glue", operation: "StartJobRun with ExecutionRoleSessionPolicy")
    }
    var asked = JobHouse.Request(job: input.jobName)
    asked.previous = input.jobRunId
    asked.arguments = try JobRules.arguments(input.arguments)
    asked.timeout = input.timeout
    asked.units = input.maxCapacity ?? input.allocatedCapacity.map(Double.init)
    (asked.workerType, asked.workers) = (input.workerType?.rawValue, input.numberOfWorkers)
    asked.securityConfiguration = input.securityConfiguration
    asked.notifyDelayAfter = input.notificationProperty?.notifyDelayAfter
    asked.executionClass = input.executionClass?.rawValue
    asked.queues = input.jobRunQueuingEnabled
    return StartJobRunOutput(jobRunId: try await house.start(asked, scope))
  }

  public func getJobRun(_ input: GetJobRunInput, _ context: RequestContext) async throws -> GetJobRunOutput {
    let house = try jobs("GetJobRun")
    let scope = context.scope
    try await context.authorize("glue:GetJobRun", on: JobRecord.arn(input.jobName, scope))
    let record = try await catalog.keys.read { try $0.run(input.runId, of: input.jobName, scope) }
    return GetJobRunOutput(jobRun: house.shape(record))
  }

  public func getJobRuns(_ input: GetJobRunsInput, _ context: RequestContext) async throws -> GetJobRunsOutput {
    let house = try jobs("GetJobRuns")
    let (scope, name) = (context.scope, input.jobName)
    try await context.authorize("glue:GetJobRuns", on: JobRecord.arn(name, scope))
    let count = input.maxResults ?? JobLimits.runsPerPage
    let before = try PageToken.read(input.nextToken, "GetJobRuns")
    let found = try await catalog.keys.read { reader in
      if try reader.get(JobRecord.key(scope, name)) == nil,
        try reader.entries(JobRunRecord.all(scope, name), limit: 1).isEmpty
      {
        throw CatalogError.entityNotFound("Job \(name) not found.")
      }
      var range = JobRunRecord.all(scope, name)
      if let before, before.count == 2, let started = Int64(before[0]) {
        range.to = JobRunRecord.key(scope, name, Timestamp(nanoseconds: started), before[1])
      }
      var found: [JobRunRecord] = []
      try reader.scan(range, reversed: true) { _, bytes in
        found.append(try KeyRecord.decode(JobRunRecord.self, bytes))
        return found.count <= count
      }
      return found
    }
    let (page, next) = PageToken.cut(found, to: count, "GetJobRuns") { [String($0.started.nanoseconds), $0.id] }
    return GetJobRunsOutput(jobRuns: page.map { house.shape($0) }, nextToken: next)
  }

  public func batchStopJobRun(
    _ input: BatchStopJobRunInput, _ context: RequestContext
  ) async throws -> BatchStopJobRunOutput {
    let house = try jobs("BatchStopJobRun")
    let scope = context.scope
    try await context.authorize("glue:BatchStopJobRun", on: JobRecord.arn(input.jobName, scope))
    var stopped: [BatchStopJobRunSuccessfulSubmission] = []
    var errors: [BatchStopJobRunError] = []
    for id in input.jobRunIds {
      do {
        try await house.stop(id, of: input.jobName, scope)
        stopped.append(BatchStopJobRunSuccessfulSubmission(jobName: input.jobName, jobRunId: id))
      } catch let error as AWSError {
        errors.append(
          BatchStopJobRunError(
            jobName: input.jobName, jobRunId: id,
            errorDetail: ErrorDetail(errorCode: error.code, errorMessage: error.message)))
      }
    }
    return BatchStopJobRunOutput(successfulSubmissions: stopped, errors: errors)
  }

  // MARK: Bookmarks

  public func getJobBookmark(
    _ input: GetJobBookmarkInput, _ context: RequestContext
  ) async throws -> GetJobBookmarkOutput {
    _ = try jobs("GetJobBookmark")
    let scope = context.scope
    try await context.authorize("glue:GetJobBookmark", on: JobRecord.arn(input.jobName, scope))
    let record = try await catalog.keys.read { try $0.bookmark(of: input.jobName, run: input.runId, scope) }
    return GetJobBookmarkOutput(jobBookmarkEntry: record.shape)
  }

  /// Back to the beginning, or to where a run had left it.
  public func resetJobBookmark(
    _ input: ResetJobBookmarkInput, _ context: RequestContext
  ) async throws -> ResetJobBookmarkOutput {
    _ = try jobs("ResetJobBookmark")
    let scope = context.scope
    try await context.authorize("glue:ResetJobBookmark", on: JobRecord.arn(input.jobName, scope))
    let record = try await catalog.keys.write { transaction in
      var present = try transaction.bookmark(of: input.jobName, run: nil, scope)
      if let run = input.runId {
        present.state = try transaction.bookmark(of: input.jobName, run: run, scope).state
        (present.run, present.runID, present.previousRunID) = (present.run, run, present.runID)
      } else {
        (present.state, present.run, present.attempt, present.runID, present.previousRunID) = ("", 0, 0, nil, nil)
        try transaction.delete(JobBookmarkRecord.history(scope, input.jobName))
      }
      present.version += 1
      try transaction.set(JobBookmarkRecord.key(scope, input.jobName), record: present)
      return present
    }
    return ResetJobBookmarkOutput(jobBookmarkEntry: record.shape)
  }
}
