import Kernel
import Storage

/// Where each record lies.
enum IAMKeys {
  static func all(_ account: AccountID, _ kind: EntityKind) -> KeyRange {
    Key("iam", account.digits, kind.rawValue).subtree
  }
  static func entity(_ account: AccountID, _ kind: EntityKind, _ name: String) -> Key {
    Key("iam", account.digits, kind.rawValue, name.lowercased())
  }
  /// The members of a group: one key a user, beneath this one.
  static func members(_ account: AccountID, group: String) -> Key {
    Key("iam", account.digits, "member", group.lowercased())
  }
  static func policyUse(_ account: AccountID, arn: String) -> Key { Key("iam", account.digits, "policy-use", arn) }
  static func setting(_ account: AccountID, _ name: String) -> Key { Key("iam", account.digits, "setting", name) }
  static func accessKey(_ id: String) -> Key { Key("iam-key", id) }
  static func lastUsed(_ id: String) -> Key { Key("iam-used", id) }
  static func session(_ id: String) -> Key { Key("iam-session", id) }
  static func sessionExpiry(_ record: SessionRecord) -> Key {
    Key("iam-session-expiry", record.expires.seconds, record.id)
  }
}

/// Reading and writing records within a transaction.
extension KeyReader {
  func user(_ account: AccountID, _ name: String) throws -> UserRecord? {
    try get(IAMKeys.entity(account, .user, name), as: UserRecord.self)
  }
  func group(_ account: AccountID, _ name: String) throws -> GroupRecord? {
    try get(IAMKeys.entity(account, .group, name), as: GroupRecord.self)
  }
  func role(_ account: AccountID, _ name: String) throws -> RoleRecord? {
    try get(IAMKeys.entity(account, .role, name), as: RoleRecord.self)
  }
  func policy(_ account: AccountID, _ name: String) throws -> PolicyRecord? {
    try get(IAMKeys.entity(account, .policy, name), as: PolicyRecord.self)
  }

  func instanceProfile(_ account: AccountID, _ name: String) throws -> InstanceProfileRecord? {
    try get(IAMKeys.entity(account, .instanceProfile, name), as: InstanceProfileRecord.self)
  }
  func policyUse(_ account: AccountID, arn: String) throws -> PolicyUseRecord {
    try get(IAMKeys.policyUse(account, arn: arn), as: PolicyUseRecord.self) ?? PolicyUseRecord()
  }

  /// The customer's policy of that ARN; `nil` for AWS's own and for what does not exist.
  func policy(_ account: AccountID, arn: String) throws -> PolicyRecord? {
    guard let parsed = ARN(arn), parsed.service == "iam", parsed.account == account.digits,
      parsed.resource.hasPrefix("policy/"), let name = parsed.resource.split(separator: "/").last,
      let record = try policy(account, String(name)),
      Names.arn(account.digits, .policy, record.path, record.name) == arn
    else { return nil }
    return record
  }

  /// A managed policy's name and document in force: the customer's, or AWS's own.
  func managedPolicy(_ account: AccountID, arn: String) throws -> (name: String, document: String)? {
    if let builtin = ManagedPolicies.byARN[arn] { return (builtin.name, builtin.document) }
    return try policy(account, arn: arn).map { ($0.name, $0.document) }
  }

  func requireUser(_ account: AccountID, _ name: String) throws -> UserRecord {
    guard let record = try user(account, name) else {
      throw IAMFault.noSuchEntity("The user with name \(name) cannot be found.")
    }
    return record
  }
  func requireGroup(_ account: AccountID, _ name: String) throws -> GroupRecord {
    guard let record = try group(account, name) else {
      throw IAMFault.noSuchEntity("The group with name \(name) cannot be found.")
    }
    return record
  }
  func requireRole(_ account: AccountID, _ name: String) throws -> RoleRecord {
    guard let record = try role(account, name) else {
      throw IAMFault.noSuchEntity("The role with name \(name) cannot be found.")
    }
    return record
  }
  func requireInstanceProfile(_ account: AccountID, _ name: String) throws -> InstanceProfileRecord {
    guard let record = try instanceProfile(account, name) else {
      throw IAMFault.noSuchEntity("Instance Profile \(name) cannot be found.")
    }
    return record
  }
  func requirePolicy(_ account: AccountID, arn: String) throws -> PolicyRecord {
    guard let record = try policy(account, arn: arn) else {
      throw IAMFault.noSuchEntity("Policy \(arn) was not found.")
    }
    return record
  }
}

extension KeyTransaction {
  func put<Record: EntityRecord>(_ record: Record, _ account: AccountID) throws {
    try set(IAMKeys.entity(account, Record.kind, record.name), record: record)
  }
  func put(_ record: PolicyRecord, _ account: AccountID) throws {
    try set(IAMKeys.entity(account, .policy, record.name), record: record)
  }
  func change(_ account: AccountID, policyUse arn: String, _ body: (inout PolicyUseRecord) -> Void) throws {
    var use = try policyUse(account, arn: arn)
    body(&use)
    if use.attached.isEmpty && use.boundary.isEmpty {
      try delete(IAMKeys.policyUse(account, arn: arn))
    } else {
      try set(IAMKeys.policyUse(account, arn: arn), record: use)
    }
  }
  func put(_ record: InstanceProfileRecord, _ account: AccountID) throws {
    try set(IAMKeys.entity(account, .instanceProfile, record.name), record: record)
  }
}
