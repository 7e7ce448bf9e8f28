package import Kernel

/// Which shards ListShards shows.
package enum ShardFilterRule: Hashable, Sendable, Codable {
  case all
  case after(shard: Int)
  case atTrimHorizon
  case fromTrimHorizon
  case atLatest
  case at(Timestamp)
  case from(Timestamp)

  /// - Parameters:
  ///   - horizon: the age limit of records, or the stream's making when that is later.
  package func shows(_ shard: ShardRecord, horizon: Timestamp) -> Bool {
    switch self {
    case .all, .fromTrimHorizon: shard.closedAt.map { $0 >= horizon } ?? true
    case .after(let index): shard.index > index && (shard.closedAt.map { $0 >= horizon } ?? true)
    case .atTrimHorizon: shard.openedAt <= horizon && (shard.closedAt.map { $0 >= horizon } ?? true)
    case .atLatest: shard.isOpen
    case .at(let time): shard.openedAt <= time && (shard.closedAt.map { $0 >= max(time, horizon) } ?? true)
    case .from(let time): shard.closedAt.map { $0 >= max(time, horizon) } ?? true
    }
  }
}
