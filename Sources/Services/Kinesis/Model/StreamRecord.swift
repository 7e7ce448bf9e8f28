package import Kernel

/// What is kept of a stream, beside its shards and consumers.
package struct StreamRecord: Hashable, Sendable, Codable {
  package enum Status: String, Hashable, Sendable, Codable { case creating, active, updating, deleting }
  package enum Mode: String, Hashable, Sendable, Codable { case provisioned, onDemand }

  package var name: String
  /// Tells this stream from an earlier one of the same name; part of its logs' names.
  package var uid: String
  package var createdAt: Timestamp
  package var status: Status
  package var mode: Mode
  package var retentionHours: Int = Limits.retentionHoursMin
  package var maxRecordKiB: Int = Limits.recordKiBDefault
  /// The KMS key named by StartStreamEncryption; `nil` while encryption is off.
  package var encryptionKey: String?
  package var shardLevelMetrics: [String] = []
  package var tags: [String: String] = [:]
  package var policy: String?
  /// The index that the next shard gets.
  package var nextShard: Int = 0
  /// When UpdateShardCount ran within the last day.
  package var shardCountUpdates: [Timestamp] = []

  package init(name: String, uid: String, createdAt: Timestamp, status: Status, mode: Mode) {
    self.name = name
    self.uid = uid
    self.createdAt = createdAt
    self.status = status
    self.mode = mode
  }

  /// Records older than this are gone.
  package func horizon(at now: Timestamp) -> Timestamp { now - .seconds(retentionHours * 3600) }
}

/// What is kept of a shard.
package struct ShardRecord: Hashable, Sendable, Codable {
  package var index: Int
  package var range: HashRange
  /// The shard that was split or merged to make this one, and the second one for a merge.
  package var parent: Int?
  package var adjacentParent: Int?
  package var openedAt: Timestamp
  package var closedAt: Timestamp?
  /// For a closed shard, the offset after its last record.
  package var endOffset: UInt64?

  package init(index: Int, range: HashRange, parent: Int? = nil, adjacentParent: Int? = nil, openedAt: Timestamp) {
    self.index = index
    self.range = range
    self.parent = parent
    self.adjacentParent = adjacentParent
    self.openedAt = openedAt
  }

  package var isOpen: Bool { closedAt == nil }
  package var id: String { Self.id(index) }

  package static func id(_ index: Int) -> String {
    let digits = String(index)
    return "shardId-" + String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
  }

  /// Reads a shard's name as leniently as AWS does: `shardId-000000000003`, `shardId-3` and `x-3` are the same.
  package static func index(of id: String) -> Int? {
    guard let dash = id.lastIndex(of: "-") else { return nil }
    let digits = id[id.index(after: dash)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let index = Int(digits), index < 1 << 31
    else { return nil }
    return index
  }
}

/// What is kept of a registered (enhanced fan-out) consumer.
package struct ConsumerRecord: Hashable, Sendable, Codable {
  package var name: String
  package var createdAt: Timestamp
  package var tags: [String: String] = [:]
  package var policy: String?

  package init(name: String, createdAt: Timestamp) {
    self.name = name
    self.createdAt = createdAt
  }
}
