/// Limits of workload management: Redshift, "Workload management" and "WLM query monitoring rules".
enum WorkloadLimits {
  /// Queues that users define, the default queue among them.
  static let queuesMax = 8
  /// Slots of all queues together, the superusers' left out.
  static let slotsMax = 50
  static let slotsDefault = 5
  /// Rules of all queues together.
  static let rulesMax = 25
  static let predicatesMax = 3
  static let ruleNameCharactersMax = 32
  static let priorities: Set<String> = ["highest", "high", "normal", "low", "lowest"]
  /// How often metrics are looked at. Redshift does so every ten seconds.
  static let watchMilliseconds: Int64 = 1_000
  /// What automatic WLM lets one statement have of the memory before it lets fewer run at once. Our own.
  static let automaticBytesPerSlot = 64 << 20
  static let automaticSlotsMin = 10
}
