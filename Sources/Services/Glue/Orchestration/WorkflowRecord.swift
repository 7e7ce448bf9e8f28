import Crypto
import GlueModel
import Kernel
import Storage

/// A workflow as it is stored: triggers name it, and are its graph.
struct WorkflowRecord: Codable, Sendable, Hashable {
  var name: String
  var description: String?
  var properties: [String: String]
  var created: Timestamp
  var updated: Timestamp
  var concurrentRunsMax: Int?
  var lastRun: String?

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "workflow", name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "workflow").subtree
  }
  static func arn(_ name: String, _ scope: Scope) -> ARN {
    ARN(service: "glue", scope.region, scope.account, "workflow/\(name)")
  }
}

/// A run of a workflow as it is stored.
struct WorkflowRunRecord: Codable, Sendable, Hashable {
  /// A job or a crawler that a trigger of the run has started.
  struct Action: Codable, Sendable, Hashable {
    var job: String?
    var crawler: String?
    var trigger: String
    /// The job's run or the crawl; `nil` for what could not be started.
    var run: String?
    /// A job run's state, or that of a crawl (`RUNNING`, `SUCCEEDED`, `CANCELLED`, `FAILED`); `ERROR` for what could
    /// not be started.
    var state: String

    var isActive: Bool { ["STARTING", "RUNNING", "STOPPING", "WAITING"].contains(state) }
  }

  var id: String
  var workflow: String
  var previous: String?
  var properties: [String: String]
  var started: Timestamp
  var completed: Timestamp?
  /// `RUNNING`, `COMPLETED`, `STOPPING`, `STOPPED` or `ERROR`.
  var status: String
  var error: String?
  var actions: [Action] = []
  /// Events that began it, and the seconds that were waited for them.
  var events: Int?
  var eventSeconds: Int?

  var isActive: Bool { status == "RUNNING" || status == "STOPPING" }

  static func key(_ scope: Scope, _ workflow: String, _ started: Timestamp, _ id: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "workflow-run", workflow, started.nanoseconds, id)
  }
  static func all(_ scope: Scope, _ workflow: String) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "workflow-run", workflow).subtree
  }
  func key(_ scope: Scope) -> Key { Self.key(scope, workflow, started, id) }

  func shape(_ graph: WorkflowGraph?) -> WorkflowRun {
    var shape = WorkflowRun(name: workflow, workflowRunId: id)
    shape.previousRunId = previous
    shape.workflowRunProperties = properties
    shape.startedOn = started
    shape.completedOn = completed
    shape.status = WorkflowRunStatus(rawValue: status)
    shape.errorMessage = error
    func count(_ states: String...) -> Int { actions.filter { states.contains($0.state) }.count }
    shape.statistics = WorkflowRunStatistics(
      totalActions: actions.count, timeoutActions: count("TIMEOUT"), failedActions: count("FAILED"),
      stoppedActions: count("STOPPED", "CANCELLED"), succeededActions: count("SUCCEEDED"),
      runningActions: count("STARTING", "RUNNING", "STOPPING"), erroredActions: count("ERROR"),
      waitingActions: count("WAITING"))
    shape.graph = graph
    shape.startingEventBatchCondition = events.map {
      StartingEventBatchCondition(batchSize: $0, batchWindow: eventSeconds)
    }
    return shape
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func workflow(_ name: String, _ scope: Scope) throws -> WorkflowRecord {
    guard let record = try get(WorkflowRecord.key(scope, name), as: WorkflowRecord.self) else {
      throw CatalogError.entityNotFound("Workflow \(name) not found.")
    }
    return record
  }

  /// A workflow's runs, the oldest first.
  func workflowRuns(_ workflow: String, _ scope: Scope) throws -> [WorkflowRunRecord] {
    try records(WorkflowRunRecord.all(scope, workflow), as: WorkflowRunRecord.self)
  }

  /// - Throws: `EntityNotFoundException`.
  func workflowRun(_ id: String, of workflow: String, _ scope: Scope) throws -> WorkflowRunRecord {
    guard let found = try workflowRuns(workflow, scope).last(where: { $0.id == id }) else {
      throw CatalogError.entityNotFound("Workflow run \(id) of the workflow \(workflow) not found.")
    }
    return found
  }
}

/// What a workflow is made of: its triggers, and the jobs and crawlers that they start and wait for.
struct WorkflowPlan {
  let workflow: String
  let triggers: [TriggerRecord]

  private enum Kind: String {
    case trigger = "TRIGGER"
    case job = "JOB"
    case crawler = "CRAWLER"
  }

  /// A node's id: the same for as long as the workflow has a node of that kind and name.
  private func id(_ kind: Kind, _ name: String) -> String {
    let digest = SHA256.hash(data: Array("\(workflow)/\(kind.rawValue)/\(name)".utf8))
    return "wnode_" + Array(digest).hex
  }

  /// - Parameters:
  ///   - runs: of a job in a run of the workflow.
  ///   - crawls: of a crawler in a run of the workflow.
  func graph(runs: (String) -> [JobRun]?, crawls: (String) -> [GlueModel.Crawl]?) -> WorkflowGraph {
    var nodes: [Node] = []
    var edges: [Edge] = []
    var seen: Set<String> = []
    func add(_ kind: Kind, _ name: String) -> String {
      let id = id(kind, name)
      guard seen.insert(id).inserted else { return id }
      var node = Node(type: NodeType(rawValue: kind.rawValue), name: name, uniqueId: id)
      switch kind {
      case .trigger:
        node.triggerDetails = TriggerNodeDetails(trigger: triggers.first { $0.name == name }?.shape)
      case .job: node.jobDetails = runs(name).map { JobNodeDetails(jobRuns: $0) }
      case .crawler: node.crawlerDetails = crawls(name).map { CrawlerNodeDetails(crawls: $0) }
      }
      nodes.append(node)
      return id
    }
    for trigger in triggers {
      let place = add(.trigger, trigger.name)
      for condition in trigger.conditions {
        let source = condition.job.map { add(.job, $0) } ?? add(.crawler, condition.crawler ?? "")
        edges.append(Edge(sourceId: source, destinationId: place))
      }
      for action in trigger.actions {
        let target = action.job.map { add(.job, $0) } ?? add(.crawler, action.crawler ?? "")
        edges.append(Edge(sourceId: place, destinationId: target))
      }
    }
    return WorkflowGraph(nodes: nodes, edges: edges)
  }

  /// The job or crawler that a node stands for.
  func action(ofNode node: String) -> (trigger: TriggerRecord, action: TriggerRecord.Action)? {
    for trigger in triggers {
      for action in trigger.actions {
        let own = action.job.map { id(.job, $0) } ?? id(.crawler, action.crawler ?? "")
        if own == node { return (trigger, action) }
      }
    }
    return nil
  }
}
