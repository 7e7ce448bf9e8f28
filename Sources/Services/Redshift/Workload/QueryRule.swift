/// A query monitoring rule: what a statement of a queue must not do, and what happens when it does.
struct QueryRule: Hashable, Sendable {
  enum Action: String, Sendable {
    case log, hop, abort
    case priority = "change_query_priority"

    /// Of several rules that are met the most severe one acts.
    var severity: Int {
      switch self {
      case .abort: 3
      case .hop: 2
      case .priority: 1
      case .log: 0
      }
    }
  }

  /// Redshift, "Query monitoring metrics".
  enum Metric: String, Sendable {
    case executionTime = "query_execution_time"
    case queueTime = "query_queue_time"
    case segmentTime = "segment_execution_time"
    case returnedRows = "return_row_count"
    case spectrumMegabytes = "spectrum_scan_size_mb"
    case cpuTime = "query_cpu_time"
    case blocksRead = "query_blocks_read"
    case scannedRows = "scan_row_count"
    case cpuPercent = "query_cpu_usage_percent"
    case cpuSkew = "cpu_skew"
    case ioSkew = "io_skew"
    case joinedRows = "join_row_count"
    case nestedLoopRows = "nested_loop_join_row_count"
    case temporaryBlocks = "query_temp_blocks_to_disk"
    case spectrumRows = "spectrum_scan_row_count"
    case priority = "query_priority"
  }

  enum Comparison: String, Sendable {
    case equal = "="
    case less = "<"
    case greater = ">"
  }

  struct Predicate: Hashable, Sendable {
    var metric: Metric
    var comparison: Comparison
    var value: Double

    func isMet(_ measured: QueryMetrics) -> Bool {
      guard let measured = measured[metric] else { return false }
      return switch comparison {
      case .equal: measured == value
      case .less: measured < value
      case .greater: measured > value
      }
    }
  }

  var name: String
  var predicates: [Predicate]
  var action: Action
  /// The priority that `change_query_priority` gives.
  var value: String?

  func isMet(_ measured: QueryMetrics) -> Bool { predicates.allSatisfy { $0.isMet(measured) } }
}

/// What a running statement has cost so far. Metrics that the engine does not tell of one statement are missing, and
/// rules that ask for them are never met.
struct QueryMetrics: Hashable, Sendable {
  var executionMicroseconds: Int64 = 0
  var queueMicroseconds: Int64 = 0
  var returnedRows: Int64 = 0
  /// Of external tables.
  var bytesScanned: Int64 = 0

  subscript(_ metric: QueryRule.Metric) -> Double? {
    switch metric {
    // Whole seconds, as Redshift counts them; a query is one segment here.
    case .executionTime, .segmentTime: Double(executionMicroseconds / 1_000_000)
    case .queueTime: Double(queueMicroseconds / 1_000_000)
    case .returnedRows: Double(returnedRows)
    case .spectrumMegabytes: Double(bytesScanned >> 20)
    default: nil
    }
  }
}
