package import Kernel

/// A log group as it is kept.
package struct GroupRecord: Sendable, Codable, Equatable {
  package var name: String
  /// Tells this group from an earlier one of the same name.
  package var uid: String
  package var createdAt: Timestamp
  /// One more with every change, so that changes that are shown out of order do not undo each other.
  package var version = 0
  package var retentionDays: Int?
  package var logClass = "STANDARD"
  package var isProtected = false
  package var tags: [String: String] = [:]
  package var metricFilters: [MetricFilterRecord] = []
  package var subscriptions: [SubscriptionRecord] = []

  /// Events before this moment are past their retention; milliseconds.
  package func horizon(now: Timestamp) -> Int64? {
    retentionDays.map { now.milliseconds.saturatingSubtract(Int64($0) * 86_400_000) }
  }
}

/// A metric filter of a group.
package struct MetricFilterRecord: Sendable, Codable, Equatable {
  package var name: String
  package var pattern: String
  package var createdAt: Timestamp
  package var metricName: String
  package var namespace: String
  /// A number, or `$field` or `$.selector` that gives one.
  package var value: String
  package var defaultValue: Double?
  package var dimensions: [String: String]?
  package var unit: String?
}

/// A subscription filter of a group.
package struct SubscriptionRecord: Sendable, Codable, Equatable {
  package var name: String
  /// Tells this subscription from an earlier one of the same name: what was delivered is known by it.
  package var uid: String
  package var pattern: String
  package var destination: ARN
  package var role: ARN?
  package var distribution: String
  package var createdAt: Timestamp
}

/// A log stream as it is kept.
package struct StreamRecord: Sendable, Codable, Equatable {
  package var name: String
  /// Names the stream's log, and takes part in the ids of its events. Below 10^15.
  package var number: UInt64
  package var createdAt: Timestamp
  /// By how much events were older than their arrival at most, and by how much newer; milliseconds, rounded up. What
  /// lies in a span of time can be found by these without an index.
  package var latenessMs = Limits.latenessMsFirst
  package var aheadMs = Limits.aheadMsFirst
  package var note = StreamNote()
}

/// What is told of a stream without reading it. It is written now and then; what came since is read again at a start.
package struct StreamNote: Sendable, Codable, Equatable {
  /// Batches before this offset are counted in.
  package var next: UInt64 = 0
  package var firstEvent: Int64?
  package var lastEvent: Int64?
  package var lastIngestion: Int64?
  package var bytes: Int64 = 0

  package mutating func add(_ summary: BatchSummary, at offset: UInt64) {
    guard offset >= next else { return }
    next = offset + 1
    firstEvent = min(firstEvent ?? .max, summary.oldest)
    lastEvent = max(lastEvent ?? .min, summary.newest)
    lastIngestion = max(lastIngestion ?? .min, summary.ingestion)
    bytes = bytes.saturatingAdd(summary.bytes)
  }
}
