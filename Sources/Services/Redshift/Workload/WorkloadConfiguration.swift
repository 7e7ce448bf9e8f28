import Foundation

/// The queues that statements wait in: what the parameter `wlm_json_configuration` says.
struct WorkloadConfiguration: Hashable, Sendable {
  struct Queue: Hashable, Sendable {
    var serviceClass: Int
    var name: String
    /// Statements that run at once.
    var slots: Int
    var memoryPercent: Int?
    var queryGroups: [String] = []
    var queryGroupWildCard = false
    var userGroups: [String] = []
    var userGroupWildCard = false
    var roles: [String] = []
    var roleWildCard = false
    /// Milliseconds; 0 for no limit.
    var executionMillisecondsMax = 0
    var rules: [QueryRule] = []
    var priority = "Normal"
    var concurrencyScaling = "off"

    var isMatched: Bool { !queryGroups.isEmpty || !userGroups.isEmpty || !roles.isEmpty }
  }

  var isAutomatic: Bool
  var shortQueries = false
  /// In the order in which they are tried; the last one is the default queue.
  var queues: [Queue]
  /// For superusers who `SET query_group TO 'superuser'`.
  static let superuser = Queue(serviceClass: 5, name: "Service class for super user", slots: 1)

  /// Redshift, "WLM system tables and views": manual queues are service classes from 6, automatic ones from 100.
  static let firstManualClass = 6
  static let firstAutomaticClass = 100

  static func automatic(slots: Int) -> WorkloadConfiguration {
    WorkloadConfiguration(
      isAutomatic: true, queues: [Queue(serviceClass: firstAutomaticClass, name: "Default queue", slots: slots)])
  }

  /// - Parameters:
  ///   - json: the parameter's value; `nil` and the empty text stand for automatic WLM.
  ///   - automaticSlots: statements that automatic WLM runs at once.
  /// - Throws: `Fault` with what is wrong.
  init(json: String?, automaticSlots: Int) throws(Fault) {
    guard let json, !json.isEmpty else {
      self = .automatic(slots: automaticSlots)
      return
    }
    let items: [Item]
    do {
      let data = Data(json.utf8)
      if let list = try? JSONDecoder().decode([Item].self, from: data) {
        items = list
      } else {
        items = [try JSONDecoder().decode(Item.self, from: data)]
      }
    } catch {
      throw Fault("The WLM configuration is not valid JSON.")
    }
    let queues = items.filter { !$0.isShortQueryQueue }
    shortQueries = items.contains(where: \.isShortQueryQueue)
    isAutomatic = queues.isEmpty || queues.contains { $0.auto_wlm?.value == true }
    guard queues.count <= WorkloadLimits.queuesMax else {
      throw Fault("The WLM configuration has more than \(WorkloadLimits.queuesMax) queues.")
    }
    self.queues = []
    var (slots, memory, rules) = (0, 0, 0)
    let first = isAutomatic ? Self.firstAutomaticClass : Self.firstManualClass
    for (index, item) in queues.enumerated() {
      let queue = try item.queue(first + index, isAutomatic: isAutomatic, automaticSlots: automaticSlots)
      slots += isAutomatic ? 0 : queue.slots
      memory += queue.memoryPercent ?? 0
      rules += queue.rules.count
      self.queues.append(queue)
    }
    guard slots <= WorkloadLimits.slotsMax else {
      throw Fault("The total concurrency of all queues must not exceed \(WorkloadLimits.slotsMax).")
    }
    guard memory <= 100 else { throw Fault("The memory of all queues must not exceed 100 percent.") }
    guard rules <= WorkloadLimits.rulesMax else {
      throw Fault("There are more than \(WorkloadLimits.rulesMax) query monitoring rules.")
    }
    // The default queue is the last, and takes what no other one does.
    if self.queues.last?.isMatched ?? true {
      guard self.queues.count < WorkloadLimits.queuesMax || self.queues.isEmpty else {
        throw Fault("The last queue is the default queue, which has no groups.")
      }
      self.queues.append(
        Queue(
          serviceClass: first + self.queues.count, name: "Default queue",
          slots: isAutomatic ? automaticSlots : WorkloadLimits.slotsDefault))
    }
  }

  private init(isAutomatic: Bool, queues: [Queue]) {
    self.isAutomatic = isAutomatic
    self.queues = queues
  }

  struct Fault: Error, Hashable {
    var message: String
    init(_ message: String) { self.message = message }
  }

  // MARK: Which queue

  /// The queues that a statement may run in: the first is where it begins, the others where it may hop to.
  func matching(queryGroup: String, groups: Set<String>, roles: Set<String>, isSuperuser: Bool) -> [Queue] {
    if isSuperuser, queryGroup.lowercased() == "superuser" { return [Self.superuser] }
    let found = queues.dropLast().filter { queue in
      queue.queryGroups.contains { Self.matches(queryGroup, $0, wild: queue.queryGroupWildCard) }
        || queue.userGroups.contains { pattern in
          groups.contains { Self.matches($0, pattern, wild: queue.userGroupWildCard) }
        }
        || queue.roles.contains { pattern in
          roles.contains { Self.matches($0, pattern, wild: queue.roleWildCard) }
        }
    }
    return found + queues.suffix(1)
  }

  /// Names of groups do not differ by case. In wild cards `*` stands for any characters and `?` for one.
  static func matches(_ name: String, _ pattern: String, wild: Bool) -> Bool {
    let (name, pattern) = (Array(name.lowercased()), Array(pattern.lowercased()))
    guard wild else { return name == pattern }
    // The last `*` and what it had taken when it was met: going back to it is enough.
    var (i, j, star, mark) = (0, 0, -1, 0)
    while i < name.count {
      if j < pattern.count, pattern[j] == "*" {
        (star, mark) = (j, i)
        j += 1
      } else if j < pattern.count, pattern[j] == "?" || pattern[j] == name[i] {
        i += 1
        j += 1
      } else if star >= 0 {
        mark += 1
        (i, j) = (mark, star + 1)
      } else {
        return false
      }
    }
    return pattern[j...].allSatisfy { $0 == "*" }
  }

  // MARK: Reading

  /// A queue as it is written; numbers and flags may come as texts.
  private struct Item: Decodable {
    var auto_wlm: Flag?
    var short_query_queue: Flag?
    var max_concurrency_scaling_clusters: Number?
    var name: String?
    var query_concurrency: Number?
    var memory_percent_to_use: Number?
    var query_group: [String]?
    var query_group_wild_card: Flag?
    var user_group: [String]?
    var user_group_wild_card: Flag?
    var user_role: [String]?
    var user_role_wild_card: Flag?
    var max_execution_time: Number?
    var concurrency_scaling: String?
    var priority: String?
    var rules: [Rule]?

    /// An object that only says whether short queries are let by.
    var isShortQueryQueue: Bool {
      short_query_queue != nil && query_concurrency == nil && auto_wlm == nil && query_group == nil
        && user_group == nil
    }

    func queue(_ serviceClass: Int, isAutomatic: Bool, automaticSlots: Int) throws(Fault) -> Queue {
      var queue = Queue(
        serviceClass: serviceClass, name: name ?? "Queue \(serviceClass)",
        slots: isAutomatic ? automaticSlots : query_concurrency?.value ?? WorkloadLimits.slotsDefault)
      guard (1...WorkloadLimits.slotsMax).contains(queue.slots) else {
        throw Fault("query_concurrency must be between 1 and \(WorkloadLimits.slotsMax).")
      }
      if let percent = memory_percent_to_use?.value {
        guard (0...100).contains(percent) else { throw Fault("memory_percent_to_use must be between 0 and 100.") }
        queue.memoryPercent = percent
      }
      queue.queryGroups = query_group ?? []
      queue.queryGroupWildCard = query_group_wild_card?.value ?? false
      queue.userGroups = user_group ?? []
      queue.userGroupWildCard = user_group_wild_card?.value ?? false
      queue.roles = user_role ?? []
      queue.roleWildCard = user_role_wild_card?.value ?? false
      queue.executionMillisecondsMax = max_execution_time?.value ?? 0
      guard queue.executionMillisecondsMax >= 0 else { throw Fault("max_execution_time must not be negative.") }
      queue.concurrencyScaling = concurrency_scaling ?? "off"
      if let priority {
        guard WorkloadLimits.priorities.contains(priority.lowercased()) else {
          throw Fault("The priority \(priority) does not exist.")
        }
        queue.priority = priority.prefix(1).uppercased() + priority.dropFirst().lowercased()
      }
      for rule in rules ?? [] { queue.rules.append(try rule.rule(isAutomatic: isAutomatic)) }
      guard Set(queue.rules.map(\.name)).count == queue.rules.count else {
        throw Fault("The names of a queue's rules must differ.")
      }
      return queue
    }
  }

  private struct Rule: Decodable {
    struct Predicate: Decodable {
      var metric_name: String
      var `operator`: String
      var value: Real
    }
    struct Change: Decodable {
      var action_name: String?
      var action: String?
      var value: String?
    }
    var rule_name: String
    var predicate: [Predicate]
    var action: String?
    var value: String?

    func rule(isAutomatic: Bool) throws(Fault) -> QueryRule {
      guard let action = QueryRule.Action(rawValue: action ?? "log") else {
        throw Fault("The action \(action ?? "") of the rule \(rule_name) does not exist.")
      }
      guard action != .hop || !isAutomatic else {
        throw Fault("The action hop is not supported with automatic WLM.")
      }
      guard (1...WorkloadLimits.predicatesMax).contains(predicate.count) else {
        throw Fault("The rule \(rule_name) must have 1 to \(WorkloadLimits.predicatesMax) predicates.")
      }
      var predicates: [QueryRule.Predicate] = []
      for item in predicate {
        guard let metric = QueryRule.Metric(rawValue: item.metric_name) else {
          throw Fault("The metric \(item.metric_name) of the rule \(rule_name) does not exist.")
        }
        guard let comparison = QueryRule.Comparison(rawValue: item.operator) else {
          throw Fault("The operator \(item.operator) of the rule \(rule_name) does not exist.")
        }
        predicates.append(QueryRule.Predicate(metric: metric, comparison: comparison, value: item.value.value))
      }
      guard !rule_name.isEmpty, rule_name.count <= WorkloadLimits.ruleNameCharactersMax else {
        throw Fault("A rule's name has 1 to \(WorkloadLimits.ruleNameCharactersMax) characters.")
      }
      return QueryRule(name: rule_name, predicates: predicates, action: action, value: value)
    }
  }

  private struct Flag: Decodable {
    var value: Bool
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        value = flag
      } else if let number = try? container.decode(Int.self) {
        value = number != 0
      } else {
        value = ["1", "true", "on"].contains(try container.decode(String.self).lowercased())
      }
    }
  }

  private struct Number: Decodable {
    var value: Int
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        value = number
      } else if let number = Int(try container.decode(String.self)) {
        value = number
      } else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "a number")
      }
    }
  }

  private struct Real: Decodable {
    var value: Double
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        value = number
      } else if let number = Double(try container.decode(String.self)) {
        value = number
      } else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "a number")
      }
    }
  }
}
