public import IAMModel
public import Kernel
import Storage

extension IAMControlPlane {
  public func createRole(_ input: CreateRoleInput, _ context: RequestContext) async throws -> CreateRoleOutput {
    try await authorizeNew(
      "iam:CreateRole", .role, input.path, input.roleName, input.tags, boundary: input.permissionsBoundary, context)
    if let path = input.path, path.hasPrefix("/aws-service-role/") {
      throw IAMFault.validation("Roles can not be created in the protected path /aws-service-role/")
    }
    let account = context.account
    let document = try Self.trust(input.assumeRolePolicyDocument)
    let record = RoleRecord(
      name: input.roleName, path: input.path ?? "/", id: Names.id("AROA", random), created: clock.now(),
      description: input.description, maxSessionSeconds: input.maxSessionDuration ?? Limits.sessionSecondsDefault,
      trust: input.assumeRolePolicyDocument, boundary: input.permissionsBoundary,
      tags: try TagRules.records(input.tags))
    try await change { transaction in
      guard try transaction.role(account, record.name) == nil else {
        throw IAMFault.exists("Role with name \(record.name) already exists.")
      }
      try transaction.checkRoom(account, .role, max: Limits.rolesMax, quota: "RolesPerAccount")
      try transaction.checkPrincipals(of: document, account)
      if let boundary = record.boundary { try transaction.bind(boundary, account, "role/\(record.name)") }
      try transaction.put(record, account)
    }
    return CreateRoleOutput(role: record.shape(account))
  }

  /// A trust policy that may be kept.
  static func trust(_ text: String) throws -> PolicyDocument {
    guard Text.size(text) <= Limits.trustPolicySizeMax else {
      throw IAMFault.quota("ACLSizePerRole", Limits.trustPolicySizeMax)
    }
    do {
      return try PolicyDocument.parse(text, as: .trust)
    } catch {
      throw IAMFault.malformed(error.message)
    }
  }

  public func getRole(_ input: GetRoleInput, _ context: RequestContext) async throws -> GetRoleOutput {
    try await authorize("iam:GetRole", .role, input.roleName, context)
    let account = context.account
    return try await keys.read { reader in
      let role = try reader.requireRole(account, input.roleName)
      let used = try reader.get(IAMKeys.lastUsed(role.id), as: LastUsedRecord.self)
      return GetRoleOutput(role: role.shape(account, lastUsed: used))
    }
  }

  public func listRoles(_ input: ListRolesInput, _ context: RequestContext) async throws -> ListRolesOutput {
    let prefix = input.pathPrefix ?? "/"
    try await context.authorize("iam:ListRoles", on: [Names.arn(context.account.digits, .role, prefix, "")])
    let account = context.account
    let roles = try await keys.read { try $0.records(IAMKeys.all(account, .role), as: RoleRecord.self) }
    let page = try Page(
      roles.filter { $0.path.hasPrefix(prefix) }, marker: input.marker, maxItems: input.maxItems
    ) { $0.name.lowercased() }
    return ListRolesOutput(
      roles: page.items.map { $0.shape(account, withDetails: false) }, isTruncated: page.isTruncated,
      marker: page.marker)
  }

  public func updateRole(_ input: UpdateRoleInput, _ context: RequestContext) async throws -> UpdateRoleOutput {
    try await authorize("iam:UpdateRole", .role, input.roleName, context)
    _ = try await changeRole(input.roleName, context) { role, _ in
      // A description that is left out is cleared, and the duration goes back to an hour: AWS's way here.
      role.description = input.description
      role.maxSessionSeconds = input.maxSessionDuration ?? Limits.sessionSecondsDefault
    }
    return UpdateRoleOutput()
  }

  public func updateRoleDescription(
    _ input: UpdateRoleDescriptionInput, _ context: RequestContext
  ) async throws -> UpdateRoleDescriptionOutput {
    try await authorize("iam:UpdateRoleDescription", .role, input.roleName, context)
    let role = try await changeRole(input.roleName, context) { role, _ in role.description = input.description }
    return UpdateRoleDescriptionOutput(role: role.shape(context.account))
  }

  public func updateAssumeRolePolicy(
    _ input: UpdateAssumeRolePolicyInput, _ context: RequestContext
  ) async throws -> UpdateAssumeRolePolicyOutput {
    try await authorize("iam:UpdateAssumeRolePolicy", .role, input.roleName, context)
    let account = context.account
    let document = try Self.trust(input.policyDocument)
    _ = try await changeRole(input.roleName, context) { role, transaction in
      try transaction.checkPrincipals(of: document, account)
      role.trust = input.policyDocument
    }
    return UpdateAssumeRolePolicyOutput()
  }

  public func deleteRole(_ input: DeleteRoleInput, _ context: RequestContext) async throws -> DeleteRoleOutput {
    try await authorize("iam:DeleteRole", .role, input.roleName, context)
    let account = context.account
    try await change { transaction in
      let role = try transaction.requireRole(account, input.roleName)
      try role.requireModifiable()
      if !role.instanceProfiles.isEmpty {
        throw IAMFault.conflict("Cannot delete entity, must remove roles from instance profile first.")
      }
      if !role.attached.isEmpty { throw IAMFault.conflict("Cannot delete entity, must detach all policies first.") }
      if !role.inline.isEmpty { throw IAMFault.conflict("Cannot delete entity, must delete policies first.") }
      if let boundary = role.boundary { try transaction.unbind(boundary, account, "role/\(role.name)") }
      try transaction.delete(IAMKeys.lastUsed(role.id))
      try transaction.delete(IAMKeys.entity(account, .role, role.name))
    }
    return DeleteRoleOutput()
  }

  public func putRolePermissionsBoundary(
    _ input: PutRolePermissionsBoundaryInput, _ context: RequestContext
  ) async throws -> PutRolePermissionsBoundaryOutput {
    try await authorize(
      "iam:PutRolePermissionsBoundary", .role, input.roleName, context,
      conditions: ["iam:permissionsboundary": [input.permissionsBoundary]])
    let account = context.account
    _ = try await changeRole(input.roleName, context) { role, transaction in
      if let former = role.boundary { try transaction.unbind(former, account, "role/\(role.name)") }
      try transaction.bind(input.permissionsBoundary, account, "role/\(role.name)")
      role.boundary = input.permissionsBoundary
    }
    return PutRolePermissionsBoundaryOutput()
  }

  public func deleteRolePermissionsBoundary(
    _ input: DeleteRolePermissionsBoundaryInput, _ context: RequestContext
  ) async throws -> DeleteRolePermissionsBoundaryOutput {
    try await authorize("iam:DeleteRolePermissionsBoundary", .role, input.roleName, context)
    let account = context.account
    _ = try await changeRole(input.roleName, context) { role, transaction in
      guard let former = role.boundary else {
        throw IAMFault.noSuchEntity("The role with name \(role.name) does not have a permissions boundary.")
      }
      try transaction.unbind(former, account, "role/\(role.name)")
      role.boundary = nil
    }
    return DeleteRolePermissionsBoundaryOutput()
  }

  /// Reads, changes and writes a role that its owner may change.
  func changeRole(
    _ name: String, _ context: RequestContext,
    _ body: @escaping @Sendable (inout RoleRecord, any KeyTransaction) throws -> Void
  ) async throws -> RoleRecord {
    let account = context.account
    return try await change { transaction in
      var role = try transaction.requireRole(account, name)
      try role.requireModifiable()
      try body(&role, transaction)
      try transaction.put(role, account)
      return role
    }
  }
}

extension RoleRecord {
  func requireModifiable() throws {
    guard !isServiceLinked else {
      throw IAMFault.unmodifiable(
        "Cannot perform the operation on the protected role '\(name)' - this role is only modifiable by AWS")
    }
  }
}

extension KeyReader {
  /// IAM refuses a trust policy that names a user or role that does not exist. Of other accounts it knows only
  /// those that this server holds, so there nothing is refused.
  func checkPrincipals(of document: PolicyDocument, _ account: AccountID) throws {
    for case .arn(let text) in document.statements.flatMap({ $0.principals?.members ?? [] }) {
      guard let arn = ARN(text), arn.account == account.digits, arn.service == "iam" else { continue }
      let name = arn.resource.split(separator: "/").last.map(String.init) ?? ""
      let found: String?
      if arn.resource.hasPrefix("user/") {
        found = try user(account, name).map { Names.arn(account.digits, .user, $0.path, $0.name) }
      } else {
        found = try role(account, name).map { Names.arn(account.digits, .role, $0.path, $0.name) }
      }
      guard found == text else { throw IAMFault.malformed("Invalid principal in policy: \"AWS\":\"\(text)\"") }
    }
  }
}
