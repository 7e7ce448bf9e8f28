package import Kernel
package import Storage

/// Where Firehose keeps its records in the key store:
///
/// - `firehose / account / region / stream / NAME`: `DeliveryStreamRecord`
/// - `firehose / account / region / checkpoint / NAME`: `DeliveryCheckpoint`
///
/// Records of DirectPut streams lie in the log `firehose/ACCOUNT/REGION/NAME-UID/direct`, a record's data a payload.
package enum FirehoseKeys {
  package static let all = Key("firehose").subtree

  private static func scope(_ scope: Scope) -> Key { Key("firehose", scope.account.digits, scope.region.code) }
  package static func stream(_ scope: Scope, _ name: String) -> Key {
    self.scope(scope).appending("stream", name)
  }
  package static func checkpoint(_ scope: Scope, _ name: String) -> Key {
    self.scope(scope).appending("checkpoint", name)
  }
}
