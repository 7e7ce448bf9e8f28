package import Kernel
package import Storage

/// Where CloudWatch Logs keeps its records in the key store:
///
/// - `logs / account / region / group / NAME`: `GroupRecord`
/// - `logs / account / region / stream / GROUP-UID / NAME`: `StreamRecord`
/// - `logs / account / region / cursor / GROUP-UID / SUBSCRIPTION-UID / stream number`: offset of the next batch that a
///   subscription delivers
/// - `logs / account / region / policy / NAME`: `ResourcePolicyRecord`
///
/// A stream's events lie in the log `logs/ACCOUNT/REGION/GROUP-UID/NUMBER`, one `EventBatch` a record.
package enum LogsKeys {
  package static let all = Key("logs").subtree
  package static let logPrefix = "logs/"

  package static func scope(_ scope: Scope) -> Key { Key("logs", scope.account.digits, scope.region.code) }
  package static func group(_ id: GroupID) -> Key { scope(id.scope).appending("group", id.name) }
  package static func streams(_ id: GroupID, _ uid: String) -> Key { scope(id.scope).appending("stream", uid) }
  package static func stream(_ id: GroupID, _ uid: String, _ name: String) -> Key {
    streams(id, uid).appending(name)
  }
  package static func cursors(_ id: GroupID, _ uid: String) -> Key { scope(id.scope).appending("cursor", uid) }
  package static func cursors(_ id: GroupID, _ uid: String, subscription: String) -> Key {
    cursors(id, uid).appending(subscription)
  }
  package static func policies(_ scope: Scope) -> Key { self.scope(scope).appending("policy") }
  package static func policy(_ scope: Scope, _ name: String) -> Key { policies(scope).appending(name) }

  package static func log(_ id: GroupID, _ uid: String, _ number: UInt64) -> LogID {
    LogID("\(logPrefix)\(id.scope.account.digits)/\(id.scope.region.code)/\(uid)/\(number)")
  }
}

/// Names a log group.
package struct GroupID: Hashable, Sendable {
  package var scope: Scope
  package var name: String

  package init(scope: Scope, name: String) {
    self.scope = scope
    self.name = name
  }

  /// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`.
  package var arn: ARN { ARN(service: "logs", scope.region, scope.account, "log-group:\(name)") }
  /// As policies and DescribeLogGroups write it, with all streams meant.
  package var arnOfAll: String { "\(arn):*" }
  package func arn(ofStream stream: String) -> String { "\(arn):log-stream:\(stream)" }
}

/// A resource policy: lets other services write to groups.
package struct ResourcePolicyRecord: Sendable, Codable, Equatable {
  package var name: String
  package var document: String
  package var updatedAt: Timestamp
}
