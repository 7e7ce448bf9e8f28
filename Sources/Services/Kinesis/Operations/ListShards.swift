import Foundation
public import Kernel
public import KinesisModel
import NIOCore

extension KinesisService {
  /// What a paging token of ListShards holds.
  private struct Page: Codable {
    var account: AccountID
    var region: Region
    var stream: String
    var uid: String
    var rule: ShardFilterRule
    var after: Int
    var issuedAt: Timestamp
  }

  public func listShards(_ input: ListShardsInput, _ context: RequestContext) async throws -> ListShardsOutput {
    if let token = input.nextToken {
      guard input.streamName == nil, input.streamARN == nil, input.exclusiveStartShardId == nil,
        input.shardFilter == nil, input.streamCreationTimestamp == nil
      else { throw KinesisError.invalidArgumentException("NextToken and StreamName cannot be provided together.") }
      guard let content = sealer.open(token, for: .shardList),
        let page = try? JSONDecoder().decode(Page.self, from: Data(content.readableBytesView))
      else { throw KinesisError.invalidArgumentException("Invalid NextToken.") }
      let id = StreamID(scope: Scope(account: page.account, region: page.region), name: page.stream)
      let live = directory[id]
      try await authorize("ListShards", on: id, live, context)
      guard clock.now() - page.issuedAt <= .milliseconds(Limits.listTokenLifeMs) else {
        throw KinesisError.expiredNextTokenException("The specified NextToken has expired.")
      }
      guard let live, live.snapshot.record.uid == page.uid else { throw Self.notFound(id) }
      return try list(live, page.rule, after: page.after, max: input.maxResults)
    }
    guard input.streamName != nil || input.streamARN != nil else {
      throw KinesisError.invalidArgumentException("Either NextToken or StreamName should be provided.")
    }
    let live = try await stream(input.streamName, input.streamARN, for: "ListShards", context)
    if let made = input.streamCreationTimestamp, made.seconds != live.snapshot.record.createdAt.seconds {
      throw Self.notFound(live.id)
    }
    let after = try input.exclusiveStartShardId.map { try Self.shardIndex($0, live.id) } ?? -1
    return try list(live, try Self.rule(input.shardFilter, live.id), after: after, max: input.maxResults)
  }

  private func list(
    _ live: LiveStream, _ rule: ShardFilterRule, after: Int, max: Int?
  ) throws -> ListShardsOutput {
    let state = live.snapshot
    try Self.requireReady(live, state)
    let now = clock.now()
    let horizon = Swift.max(state.record.horizon(at: now), state.record.createdAt)
    let limit = min(max ?? Limits.listShardsMax, Limits.listShardsMax)
    let listed = state.shards.filter { $0.index > after && rule.shows($0, horizon: horizon) }
    let page = listed.prefix(limit)
    var next: String?
    if listed.count > limit, let last = page.last {
      let content = try JSONEncoder().encode(
        Page(
          account: live.id.scope.account, region: live.id.scope.region, stream: live.id.name, uid: state.record.uid,
          rule: rule, after: last.index, issuedAt: now))
      next = try sealer.seal(ByteBuffer(bytes: content), for: .shardList)
    }
    return ListShardsOutput(shards: page.map { Self.wire($0) }, nextToken: next)
  }

  private static func rule(_ filter: ShardFilter?, _ id: StreamID) throws -> ShardFilterRule {
    guard let filter else { return .all }
    func time() throws -> Timestamp {
      guard let time = filter.timestamp else {
        throw KinesisError.invalidArgumentException(
          "Timestamp must be provided for ShardFilter type \(filter.type.rawValue).")
      }
      return time
    }
    if filter.type != .afterShardId, filter.shardId != nil {
      throw KinesisError.invalidArgumentException("ShardId can only be used with ShardFilter type AFTER_SHARD_ID.")
    }
    if filter.type != .atTimestamp, filter.type != .fromTimestamp, filter.timestamp != nil {
      throw KinesisError.invalidArgumentException(
        "Timestamp can only be used with ShardFilter types AT_TIMESTAMP and FROM_TIMESTAMP.")
    }
    switch filter.type {
    case .afterShardId:
      guard let shard = filter.shardId else {
        throw KinesisError.invalidArgumentException("ShardId must be provided for ShardFilter type AFTER_SHARD_ID.")
      }
      return .after(shard: try shardIndex(shard, id))
    case .atTrimHorizon: return .atTrimHorizon
    case .fromTrimHorizon: return .fromTrimHorizon
    case .atLatest: return .atLatest
    case .atTimestamp: return .at(try time())
    case .fromTimestamp: return .from(try time())
    default: return .all
    }
  }
}
