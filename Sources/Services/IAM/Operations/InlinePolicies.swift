public import IAMModel
public import Kernel
import Storage

/// Policies that belong to one user, group or role.
extension IAMControlPlane {
  public func putUserPolicy(
    _ input: PutUserPolicyInput, _ context: RequestContext
  ) async throws -> PutUserPolicyOutput {
    try await authorize("iam:PutUserPolicy", .user, input.userName, context)
    try await put(
      InlinePolicy(name: input.policyName, document: input.policyDocument), Limits.userInlinePoliciesSizeMax, context
    ) { try $0.requireUser(context.account, input.userName) }
    return PutUserPolicyOutput()
  }

  public func putGroupPolicy(
    _ input: PutGroupPolicyInput, _ context: RequestContext
  ) async throws -> PutGroupPolicyOutput {
    try await authorize("iam:PutGroupPolicy", .group, input.groupName, context)
    try await put(
      InlinePolicy(name: input.policyName, document: input.policyDocument), Limits.groupInlinePoliciesSizeMax, context
    ) { try $0.requireGroup(context.account, input.groupName) }
    return PutGroupPolicyOutput()
  }

  public func putRolePolicy(
    _ input: PutRolePolicyInput, _ context: RequestContext
  ) async throws -> PutRolePolicyOutput {
    try await authorize("iam:PutRolePolicy", .role, input.roleName, context)
    try await put(
      InlinePolicy(name: input.policyName, document: input.policyDocument), Limits.roleInlinePoliciesSizeMax, context
    ) {
      let role = try $0.requireRole(context.account, input.roleName)
      try role.requireModifiable()
      return role
    }
    return PutRolePolicyOutput()
  }

  public func getUserPolicy(
    _ input: GetUserPolicyInput, _ context: RequestContext
  ) async throws -> GetUserPolicyOutput {
    try await authorize("iam:GetUserPolicy", .user, input.userName, context)
    let (name, document) = try await inline(input.policyName) { try $0.requireUser(context.account, input.userName) }
    return GetUserPolicyOutput(userName: input.userName, policyName: name, policyDocument: document)
  }

  public func getGroupPolicy(
    _ input: GetGroupPolicyInput, _ context: RequestContext
  ) async throws -> GetGroupPolicyOutput {
    try await authorize("iam:GetGroupPolicy", .group, input.groupName, context)
    let (name, document) = try await inline(input.policyName) {
      try $0.requireGroup(context.account, input.groupName)
    }
    return GetGroupPolicyOutput(groupName: input.groupName, policyName: name, policyDocument: document)
  }

  public func getRolePolicy(
    _ input: GetRolePolicyInput, _ context: RequestContext
  ) async throws -> GetRolePolicyOutput {
    try await authorize("iam:GetRolePolicy", .role, input.roleName, context)
    let (name, document) = try await inline(input.policyName) { try $0.requireRole(context.account, input.roleName) }
    return GetRolePolicyOutput(roleName: input.roleName, policyName: name, policyDocument: document)
  }

  public func listUserPolicies(
    _ input: ListUserPoliciesInput, _ context: RequestContext
  ) async throws -> ListUserPoliciesOutput {
    try await authorize("iam:ListUserPolicies", .user, input.userName, context)
    let page = try await inlineNames(input.marker, input.maxItems) {
      try $0.requireUser(context.account, input.userName)
    }
    return ListUserPoliciesOutput(policyNames: page.items, isTruncated: page.isTruncated, marker: page.marker)
  }

  public func listGroupPolicies(
    _ input: ListGroupPoliciesInput, _ context: RequestContext
  ) async throws -> ListGroupPoliciesOutput {
    try await authorize("iam:ListGroupPolicies", .group, input.groupName, context)
    let page = try await inlineNames(input.marker, input.maxItems) {
      try $0.requireGroup(context.account, input.groupName)
    }
    return ListGroupPoliciesOutput(policyNames: page.items, isTruncated: page.isTruncated, marker: page.marker)
  }

  public func listRolePolicies(
    _ input: ListRolePoliciesInput, _ context: RequestContext
  ) async throws -> ListRolePoliciesOutput {
    try await authorize("iam:ListRolePolicies", .role, input.roleName, context)
    let page = try await inlineNames(input.marker, input.maxItems) {
      try $0.requireRole(context.account, input.roleName)
    }
    return ListRolePoliciesOutput(policyNames: page.items, isTruncated: page.isTruncated, marker: page.marker)
  }

  public func deleteUserPolicy(
    _ input: DeleteUserPolicyInput, _ context: RequestContext
  ) async throws -> DeleteUserPolicyOutput {
    try await authorize("iam:DeleteUserPolicy", .user, input.userName, context)
    try await remove(input.policyName, context) { try $0.requireUser(context.account, input.userName) }
    return DeleteUserPolicyOutput()
  }

  public func deleteGroupPolicy(
    _ input: DeleteGroupPolicyInput, _ context: RequestContext
  ) async throws -> DeleteGroupPolicyOutput {
    try await authorize("iam:DeleteGroupPolicy", .group, input.groupName, context)
    try await remove(input.policyName, context) { try $0.requireGroup(context.account, input.groupName) }
    return DeleteGroupPolicyOutput()
  }

  public func deleteRolePolicy(
    _ input: DeleteRolePolicyInput, _ context: RequestContext
  ) async throws -> DeleteRolePolicyOutput {
    try await authorize("iam:DeleteRolePolicy", .role, input.roleName, context)
    try await remove(input.policyName, context) {
      let role = try $0.requireRole(context.account, input.roleName)
      try role.requireModifiable()
      return role
    }
    return DeleteRolePolicyOutput()
  }

  // MARK: The same for all three

  private func put<Record: EntityRecord>(
    _ policy: InlinePolicy, _ sizeMax: Int, _ context: RequestContext,
    _ find: @escaping @Sendable (any KeyTransaction) throws -> Record
  ) async throws {
    let account = context.account
    do {
      _ = try PolicyDocument.parse(policy.document, as: .inline)
    } catch {
      throw IAMFault.malformed(error.message)
    }
    try await change { transaction in
      var record = try find(transaction)
      if let index = record.inline.firstIndex(where: { $0.name == policy.name }) {
        record.inline[index] = policy
      } else {
        record.inline.append(policy)
      }
      guard record.inline.reduce(0, { $0 + Text.size($1.document) }) <= sizeMax else {
        throw IAMFault.limit(
          "Maximum policy size of \(sizeMax) bytes exceeded for \(Record.kind.rawValue) \(record.name)")
      }
      try transaction.put(record, account)
    }
  }

  private func inline<Record: EntityRecord>(
    _ name: String, _ find: @escaping @Sendable (any KeyReader) throws -> Record
  ) async throws -> (name: String, document: String) {
    try await keys.read { reader in
      let record = try find(reader)
      guard let policy = record.inline.first(where: { $0.name == name }) else {
        throw Self.missing(Record.kind, name)
      }
      return (policy.name, Text.urlEncoded(policy.document))
    }
  }

  private func inlineNames<Record: EntityRecord>(
    _ marker: String?, _ maxItems: Int?, _ find: @escaping @Sendable (any KeyReader) throws -> Record
  ) async throws -> Page<String> {
    let names = try await keys.read { try find($0).inline.map(\.name).sorted() }
    return try Page(names, marker: marker, maxItems: maxItems) { $0 }
  }

  private func remove<Record: EntityRecord>(
    _ name: String, _ context: RequestContext, _ find: @escaping @Sendable (any KeyTransaction) throws -> Record
  ) async throws {
    let account = context.account
    try await change { transaction in
      var record = try find(transaction)
      guard record.inline.contains(where: { $0.name == name }) else { throw Self.missing(Record.kind, name) }
      record.inline.removeAll { $0.name == name }
      try transaction.put(record, account)
    }
  }

  private static func missing(_ kind: EntityKind, _ name: String) -> AWSError {
    IAMFault.noSuchEntity("The \(kind.rawValue) policy with name \(name) cannot be found.")
  }
}
