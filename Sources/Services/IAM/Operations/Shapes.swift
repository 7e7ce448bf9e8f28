import AWSWire
import IAMModel
import Kernel
import Storage

/// Records to the shapes of IAM's answers.
extension UserRecord {
  func shape(_ account: AccountID, withDetails: Bool = true) -> User {
    User(
      path: path, userName: name, userId: id, arn: Names.arn(account.digits, .user, path, name), createDate: created,
      permissionsBoundary: withDetails ? Shapes.boundary(boundary) : nil,
      tags: withDetails && !tags.isEmpty ? Shapes.tags(tags) : nil)
  }
}

extension GroupRecord {
  func shape(_ account: AccountID) -> Group {
    Group(
      path: path, groupName: name, groupId: id, arn: Names.arn(account.digits, .group, path, name),
      createDate: created)
  }
}

extension RoleRecord {
  /// - Parameter withDetails: lists and instance profiles leave tags, boundary and last use out.
  func shape(_ account: AccountID, withDetails: Bool = true, lastUsed: LastUsedRecord? = nil) -> Role {
    Role(
      path: path, roleName: name, roleId: id, arn: Names.arn(account.digits, .role, path, name), createDate: created,
      assumeRolePolicyDocument: Text.urlEncoded(trust), description: description,
      maxSessionDuration: maxSessionSeconds,
      permissionsBoundary: withDetails ? Shapes.boundary(boundary) : nil,
      tags: withDetails && !tags.isEmpty ? Shapes.tags(tags) : nil,
      roleLastUsed: withDetails ? Shapes.roleLastUsed(lastUsed) : nil)
  }
}

extension PolicyRecord {
  func shape(_ account: AccountID, _ use: PolicyUseRecord, withDetails: Bool = true) -> Policy {
    Policy(
      policyName: name, policyId: id, arn: Names.arn(account.digits, .policy, path, name), path: path,
      defaultVersionId: "v\(defaultVersion)", attachmentCount: use.attached.count,
      permissionsBoundaryUsageCount: use.boundary.count, isAttachable: true,
      description: withDetails ? description : nil, createDate: created, updateDate: updated,
      tags: withDetails && !tags.isEmpty ? Shapes.tags(tags) : nil)
  }
}

extension ManagedPolicies.Builtin {
  func shape(_ use: PolicyUseRecord, withDetails: Bool = true) -> Policy {
    Policy(
      policyName: name, policyId: id, arn: arn, path: path, defaultVersionId: "v1",
      attachmentCount: use.attached.count, permissionsBoundaryUsageCount: use.boundary.count, isAttachable: true,
      description: withDetails ? description : nil, createDate: createdAt, updateDate: createdAt)
  }
}

extension InstanceProfileRecord {
  func shape(_ account: AccountID, _ reader: any KeyReader, withTags: Bool = true) throws -> InstanceProfile {
    let roles = try role.flatMap { try reader.role(account, $0) }.map { [$0.shape(account, withDetails: false)] }
    return InstanceProfile(
      path: path, instanceProfileName: name, instanceProfileId: id,
      arn: Names.arn(account.digits, .instanceProfile, path, name), createDate: created, roles: roles ?? [],
      tags: withTags && !tags.isEmpty ? Shapes.tags(tags) : nil)
  }
}

enum Shapes {
  static func boundary(_ arn: String?) -> AttachedPermissionsBoundary? {
    arn.map { AttachedPermissionsBoundary(permissionsBoundaryType: "Policy", permissionsBoundaryArn: $0) }
  }
  static func tags(_ records: [TagRecord]) -> [Tag] { records.map { Tag(key: $0.key, value: $0.value) } }
  static func roleLastUsed(_ record: LastUsedRecord?) -> RoleLastUsed {
    RoleLastUsed(lastUsedDate: record?.time, region: record.map { $0.region.isEmpty ? "us-east-1" : $0.region })
  }
  static func attached(_ arns: [String]) -> [AttachedPolicy] {
    arns.map { AttachedPolicy(policyName: $0.split(separator: "/").last.map(String.init), policyArn: $0) }
  }
  static func inline(_ policies: [InlinePolicy]) -> [PolicyDetail] {
    policies.map { PolicyDetail(policyName: $0.name, policyDocument: Text.urlEncoded($0.document)) }
  }
}

/// Tags as IAM checks them: at most fifty, keys unique without regard to case, none that begins with `aws:`.
enum TagRules {
  static func records(_ tags: [Tag]?, adding existing: [TagRecord] = []) throws -> [TagRecord] {
    var records = existing
    var seen: Set<String> = []
    for tag in tags ?? [] {
      guard seen.insert(tag.key.lowercased()).inserted else {
        throw IAMFault.invalid(
          "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
      }
      guard !tag.key.lowercased().hasPrefix("aws:") else {
        throw IAMFault.invalid("System tags cannot be added/updated/deleted by a user.")
      }
      if let index = records.firstIndex(where: { $0.key.lowercased() == tag.key.lowercased() }) {
        records[index] = TagRecord(key: tag.key, value: tag.value)
      } else {
        records.append(TagRecord(key: tag.key, value: tag.value))
      }
    }
    guard records.count <= Limits.tagsMax else {
      throw IAMFault.limit("The number of tags has reached the maximum limit.")
    }
    return records
  }

  static func removing(_ keys: [String], from existing: [TagRecord]) -> [TagRecord] {
    let gone = Set(keys.map { $0.lowercased() })
    return existing.filter { !gone.contains($0.key.lowercased()) }
  }
}
