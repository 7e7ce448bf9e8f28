import GlueModel
import Kernel
import Storage

/// A trigger as it is stored.
struct TriggerRecord: Codable, Sendable, Hashable {
  struct Action: Codable, Sendable, Hashable {
    var job: String?
    var crawler: String?
    var arguments: [String: String]?
    var timeout: Int?
    var securityConfiguration: String?
    var notifyDelayAfter: Int?
  }
  struct Condition: Codable, Sendable, Hashable {
    var job: String?
    var crawler: String?
    /// The state that is waited for: of a job's run, or of a crawl.
    var state: String
  }
  /// What has come to pass of a predicate since the trigger fired last.
  struct Progress: Codable, Sendable, Hashable {
    /// The workflow's run that it belongs to; `nil` outside of workflows.
    var workflowRun: String?
    /// The run that met each condition, by its place.
    var met: [Int: JobRunRecord.Predecessor] = [:]
  }
  struct Batch: Codable, Sendable, Hashable {
    var size: Int
    var windowSeconds: Int
    /// Events that have come since it fired, and when the first of them did.
    var waiting = 0
    var first: Timestamp?

    static let windowDefault = 900
  }

  var name: String
  var workflow: String?
  /// `SCHEDULED`, `CONDITIONAL`, `ON_DEMAND` or `EVENT`.
  var type: String
  /// `CREATED`, `ACTIVATED` or `DEACTIVATED`.
  var state: String
  var description: String?
  var schedule: String?
  /// Up to when the schedule was looked at.
  var done: Timestamp
  var actions: [Action]
  /// Whether one condition is enough.
  var isAny = false
  var conditions: [Condition]
  var progress: [Progress] = []
  var batch: Batch?

  var isOn: Bool { state == "ACTIVATED" }
  /// Whether a workflow begins with it.
  var begins: Bool { type != "CONDITIONAL" }

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "trigger", name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "trigger").subtree
  }
  static func arn(_ name: String, _ scope: Scope) -> ARN {
    ARN(service: "glue", scope.region, scope.account, "trigger/\(name)")
  }

  var shape: Trigger {
    var shape = Trigger(name: name)
    shape.workflowName = workflow
    shape.type = TriggerType(rawValue: type)
    shape.state = TriggerState(rawValue: state)
    shape.description = description
    shape.schedule = schedule
    shape.actions = actions.map { action in
      var shape = GlueModel.Action(jobName: action.job)
      shape.arguments = action.arguments
      shape.timeout = action.timeout
      shape.securityConfiguration = action.securityConfiguration
      shape.notificationProperty = action.notifyDelayAfter.map { NotificationProperty(notifyDelayAfter: $0) }
      shape.crawlerName = action.crawler
      return shape
    }
    if type == "CONDITIONAL" {
      shape.predicate = Predicate(
        logical: Logical(rawValue: isAny ? "ANY" : "AND"),
        conditions: conditions.map { condition in
          GlueModel.Condition(
            logicalOperator: LogicalOperator(rawValue: "EQUALS"), jobName: condition.job,
            state: condition.job == nil ? nil : JobRunState(rawValue: condition.state),
            crawlerName: condition.crawler,
            crawlState: condition.crawler == nil ? nil : CrawlState(rawValue: condition.state))
        })
    }
    shape.eventBatchingCondition = batch.map {
      EventBatchingCondition(batchSize: $0.size, batchWindow: $0.windowSeconds)
    }
    return shape
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func trigger(_ name: String, _ scope: Scope) throws -> TriggerRecord {
    guard let record = try get(TriggerRecord.key(scope, name), as: TriggerRecord.self) else {
      throw CatalogError.entityNotFound("Trigger with name \(name) not found.")
    }
    return record
  }

  func triggers(_ scope: Scope) throws -> [TriggerRecord] {
    try records(TriggerRecord.all(scope), as: TriggerRecord.self)
  }

  /// A workflow's triggers.
  func triggers(of workflow: String, _ scope: Scope) throws -> [TriggerRecord] {
    try triggers(scope).filter { $0.workflow == workflow }
  }
}
