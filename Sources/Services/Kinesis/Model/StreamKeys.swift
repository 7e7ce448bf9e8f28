package import Kernel
package import Storage

/// Names a stream: an account's in a region.
package struct StreamID: Hashable, Sendable {
  package var scope: Scope
  package var name: String

  package init(scope: Scope, name: String) {
    self.scope = scope
    self.name = name
  }

  package var arn: ARN { ARN(service: "kinesis", scope.region, scope.account, "stream/\(name)") }
}

/// Where Kinesis keeps its records in the key store:
///
/// - `kinesis / account / region / stream / NAME`: `StreamRecord`
/// - `kinesis / account / region / shard / NAME / INDEX`: `ShardRecord`
/// - `kinesis / account / region / consumer / NAME / CONSUMER`: `ConsumerRecord`
/// - `kinesis / secret`: the key of iterators and paging tokens
///
/// Records lie in the logs `kinesis/ACCOUNT/REGION/NAME-UID/SHARD`.
package enum StreamKeys {
  package static let all = Key("kinesis").subtree
  package static let secret = Key("kinesis", "secret")

  private static func scope(_ scope: Scope) -> Key { Key("kinesis", scope.account.digits, scope.region.code) }
  package static func stream(_ id: StreamID) -> Key { scope(id.scope).appending("stream", id.name) }
  package static func shards(_ id: StreamID) -> KeyRange { scope(id.scope).appending("shard", id.name).subtree }
  package static func shard(_ id: StreamID, _ index: Int) -> Key { scope(id.scope).appending("shard", id.name, index) }
  package static func consumers(_ id: StreamID) -> KeyRange {
    scope(id.scope).appending("consumer", id.name).subtree
  }
  package static func consumer(_ id: StreamID, _ name: String) -> Key {
    scope(id.scope).appending("consumer", id.name, name)
  }

  package static func log(_ id: StreamID, uid: String, shard: Int) -> LogID {
    LogID(
      "kinesis/\(id.scope.account.digits)/\(id.scope.region.code)/\(id.name)-\(uid)/\(ShardRecord.id(shard))")
  }
}
