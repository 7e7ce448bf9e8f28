public import IAMModel
public import Kernel
import Storage

/// Managed policies on users, groups and roles.
extension IAMControlPlane {
  public func attachUserPolicy(
    _ input: AttachUserPolicyInput, _ context: RequestContext
  ) async throws -> AttachUserPolicyOutput {
    try await authorize(
      "iam:AttachUserPolicy", .user, input.userName, context, conditions: ["iam:policyarn": [input.policyArn]])
    try await attach(input.policyArn, context) { try $0.requireUser(context.account, input.userName) }
    return AttachUserPolicyOutput()
  }

  public func attachGroupPolicy(
    _ input: AttachGroupPolicyInput, _ context: RequestContext
  ) async throws -> AttachGroupPolicyOutput {
    try await authorize(
      "iam:AttachGroupPolicy", .group, input.groupName, context, conditions: ["iam:policyarn": [input.policyArn]])
    try await attach(input.policyArn, context) { try $0.requireGroup(context.account, input.groupName) }
    return AttachGroupPolicyOutput()
  }

  public func attachRolePolicy(
    _ input: AttachRolePolicyInput, _ context: RequestContext
  ) async throws -> AttachRolePolicyOutput {
    try await authorize(
      "iam:AttachRolePolicy", .role, input.roleName, context, conditions: ["iam:policyarn": [input.policyArn]])
    try await attach(input.policyArn, context) {
      let role = try $0.requireRole(context.account, input.roleName)
      try role.requireModifiable()
      return role
    }
    return AttachRolePolicyOutput()
  }

  public func detachUserPolicy(
    _ input: DetachUserPolicyInput, _ context: RequestContext
  ) async throws -> DetachUserPolicyOutput {
    try await authorize(
      "iam:DetachUserPolicy", .user, input.userName, context, conditions: ["iam:policyarn": [input.policyArn]])
    try await detach(input.policyArn, context) { try $0.requireUser(context.account, input.userName) }
    return DetachUserPolicyOutput()
  }

  public func detachGroupPolicy(
    _ input: DetachGroupPolicyInput, _ context: RequestContext
  ) async throws -> DetachGroupPolicyOutput {
    try await authorize(
      "iam:DetachGroupPolicy", .group, input.groupName, context, conditions: ["iam:policyarn": [input.policyArn]])
    try await detach(input.policyArn, context) { try $0.requireGroup(context.account, input.groupName) }
    return DetachGroupPolicyOutput()
  }

  public func detachRolePolicy(
    _ input: DetachRolePolicyInput, _ context: RequestContext
  ) async throws -> DetachRolePolicyOutput {
    try await authorize(
      "iam:DetachRolePolicy", .role, input.roleName, context, conditions: ["iam:policyarn": [input.policyArn]])
    try await detach(input.policyArn, context) {
      let role = try $0.requireRole(context.account, input.roleName)
      try role.requireModifiable()
      return role
    }
    return DetachRolePolicyOutput()
  }

  public func listAttachedUserPolicies(
    _ input: ListAttachedUserPoliciesInput, _ context: RequestContext
  ) async throws -> ListAttachedUserPoliciesOutput {
    try await authorize("iam:ListAttachedUserPolicies", .user, input.userName, context)
    let page = try await attached(input.pathPrefix, input.marker, input.maxItems) {
      try $0.requireUser(context.account, input.userName)
    }
    return ListAttachedUserPoliciesOutput(
      attachedPolicies: Shapes.attached(page.items), isTruncated: page.isTruncated, marker: page.marker)
  }

  public func listAttachedGroupPolicies(
    _ input: ListAttachedGroupPoliciesInput, _ context: RequestContext
  ) async throws -> ListAttachedGroupPoliciesOutput {
    try await authorize("iam:ListAttachedGroupPolicies", .group, input.groupName, context)
    let page = try await attached(input.pathPrefix, input.marker, input.maxItems) {
      try $0.requireGroup(context.account, input.groupName)
    }
    return ListAttachedGroupPoliciesOutput(
      attachedPolicies: Shapes.attached(page.items), isTruncated: page.isTruncated, marker: page.marker)
  }

  public func listAttachedRolePolicies(
    _ input: ListAttachedRolePoliciesInput, _ context: RequestContext
  ) async throws -> ListAttachedRolePoliciesOutput {
    try await authorize("iam:ListAttachedRolePolicies", .role, input.roleName, context)
    let page = try await attached(input.pathPrefix, input.marker, input.maxItems) {
      try $0.requireRole(context.account, input.roleName)
    }
    return ListAttachedRolePoliciesOutput(
      attachedPolicies: Shapes.attached(page.items), isTruncated: page.isTruncated, marker: page.marker)
  }

  // MARK: The same for all three

  private func attach<Record: EntityRecord>(
    _ arn: String, _ context: RequestContext, _ find: @escaping @Sendable (any KeyTransaction) throws -> Record
  ) async throws {
    let account = context.account
    try Self.checkPolicyARN(arn)
    try await change { transaction in
      var record = try find(transaction)
      guard try transaction.managedPolicy(account, arn: arn) != nil else {
        throw IAMFault.noSuchEntity("Policy \(arn) does not exist or is not attachable.")
      }
      guard !record.attached.contains(arn) else { return }
      guard record.attached.count < Limits.attachedPoliciesMax else {
        throw IAMFault.quota("PoliciesPer\(Record.kind.title)", Limits.attachedPoliciesMax)
      }
      record.attached.append(arn)
      try transaction.put(record, account)
      let entity = "\(Record.kind.rawValue)/\(record.name)"
      try transaction.change(account, policyUse: arn) { $0.attached.append(entity) }
    }
  }

  private func detach<Record: EntityRecord>(
    _ arn: String, _ context: RequestContext, _ find: @escaping @Sendable (any KeyTransaction) throws -> Record
  ) async throws {
    let account = context.account
    try Self.checkPolicyARN(arn)
    try await change { transaction in
      var record = try find(transaction)
      guard record.attached.contains(arn) else { throw IAMFault.noSuchEntity("Policy \(arn) was not found.") }
      record.attached.removeAll { $0 == arn }
      try transaction.put(record, account)
      let entity = "\(Record.kind.rawValue)/\(record.name)"
      try transaction.change(account, policyUse: arn) { $0.attached.removeAll { $0 == entity } }
    }
  }

  private func attached<Record: EntityRecord>(
    _ prefix: String?, _ marker: String?, _ maxItems: Int?,
    _ find: @escaping @Sendable (any KeyReader) throws -> Record
  ) async throws -> Page<String> {
    let prefix = "policy\(prefix ?? "/")"
    let arns = try await keys.read { try find($0).attached }
    let sorted = arns.filter { ARN($0)?.resource.hasPrefix(prefix) ?? false }.sorted()
    return try Page(sorted, marker: marker, maxItems: maxItems) { $0 }
  }

  static func checkPolicyARN(_ arn: String) throws {
    guard let parsed = ARN(arn), parsed.service == "iam", parsed.resource.hasPrefix("policy/") else {
      throw IAMFault.validation("ARN \(arn) is not valid.")
    }
  }
}
