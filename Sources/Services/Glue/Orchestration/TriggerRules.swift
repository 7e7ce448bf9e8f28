import GlueModel
import Kernel

/// What AWS checks of a trigger before it is kept.
///
/// Source: AWS Glue, "Triggers" in the API reference; "AWS Glue triggers".
enum TriggerRules {
  static let triggersMax = 1_000
  static let actionsMax = 20
  static let conditionsMax = 500
  static let windowSecondsMax = 900
  static let batchSizeMax = 100

  private static func invalid(_ message: String) -> AWSError { CatalogError.invalidInput(message) }

  static func actions(_ given: [Action]?) throws -> [TriggerRecord.Action] {
    guard let given, !given.isEmpty else { throw invalid("Actions cannot be null or empty.") }
    guard given.count <= actionsMax else { throw invalid("A trigger can have at most \(actionsMax) actions.") }
    return try given.map { action in
      guard (action.jobName == nil) != (action.crawlerName == nil) else {
        throw invalid("Exactly one of JobName and CrawlerName must be set in an action.")
      }
      return TriggerRecord.Action(
        job: action.jobName, crawler: action.crawlerName, arguments: try JobRules.arguments(action.arguments),
        timeout: action.timeout, securityConfiguration: action.securityConfiguration,
        notifyDelayAfter: action.notificationProperty?.notifyDelayAfter)
    }
  }

  static func conditions(_ predicate: Predicate?) throws -> (isAny: Bool, [TriggerRecord.Condition]) {
    guard let predicate, let given = predicate.conditions, !given.isEmpty else {
      throw invalid("Predicate conditions cannot be null or empty for a conditional trigger.")
    }
    guard given.count <= conditionsMax else { throw invalid("A predicate has too many conditions.") }
    if given.count > 1, predicate.logical == nil {
      throw invalid("Logical must be set in a predicate with several conditions.")
    }
    let conditions = try given.map { condition in
      if let job = condition.jobName, condition.crawlerName == nil {
        guard let state = condition.state?.rawValue,
          ["SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT", "ERROR"].contains(state)
        else { throw invalid("The state of a job's condition must be SUCCEEDED, STOPPED, FAILED or TIMEOUT.") }
        return TriggerRecord.Condition(job: job, state: state)
      }
      guard let crawler = condition.crawlerName, condition.jobName == nil else {
        throw invalid("Exactly one of JobName and CrawlerName must be set in a condition.")
      }
      guard let state = condition.crawlState?.rawValue, ["SUCCEEDED", "FAILED", "CANCELLED"].contains(state) else {
        throw invalid("The state of a crawler's condition must be SUCCEEDED, FAILED or CANCELLED.")
      }
      return TriggerRecord.Condition(crawler: crawler, state: state)
    }
    return (predicate.logical?.rawValue == "ANY", conditions)
  }

  static func schedule(_ text: String?) throws -> String {
    guard let text, text.hasPrefix("cron("), (try? Kernel.Schedule(text)) != nil else {
      throw invalid(
        "The schedule expression \(text ?? "null") is not valid: it must be cron(Minutes Hours Day-of-month Month "
          + "Day-of-week Year).")
    }
    return text
  }

  static func batch(_ given: EventBatchingCondition?) throws -> TriggerRecord.Batch {
    let size = given?.batchSize ?? 1
    let window = given?.batchWindow ?? TriggerRecord.Batch.windowDefault
    guard (1...batchSizeMax).contains(size) else { throw invalid("BatchSize must be between 1 and \(batchSizeMax).") }
    guard (1...windowSecondsMax).contains(window) else {
      throw invalid("BatchWindow must be between 1 and \(windowSecondsMax).")
    }
    return TriggerRecord.Batch(size: size, windowSeconds: window)
  }
}
