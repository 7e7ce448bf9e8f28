import AWSWire
public import IAMModel
public import Kernel
import Storage

/// What is asked of the account as a whole.
extension IAMControlPlane {
  public func createAccountAlias(
    _ input: CreateAccountAliasInput, _ context: RequestContext
  ) async throws -> CreateAccountAliasOutput {
    try await context.authorize("iam:CreateAccountAlias", on: ["*"])
    let account = context.account
    try await change { transaction in
      let alias = Key("iam-alias", input.accountAlias)
      if let owner = try transaction.get(alias), owner != Array(account.digits.utf8) {
        throw IAMFault.exists("The account alias \(input.accountAlias) already exists.")
      }
      // An account has one alias: a new one takes the place of the old.
      if let former = try transaction.get(IAMKeys.setting(account, "alias")) {
        try transaction.delete(Key("iam-alias", String(decoding: former, as: UTF8.self)))
      }
      try transaction.set(alias, Array(account.digits.utf8))
      try transaction.set(IAMKeys.setting(account, "alias"), Array(input.accountAlias.utf8))
    }
    return CreateAccountAliasOutput()
  }

  public func deleteAccountAlias(
    _ input: DeleteAccountAliasInput, _ context: RequestContext
  ) async throws -> DeleteAccountAliasOutput {
    try await context.authorize("iam:DeleteAccountAlias", on: ["*"])
    let account = context.account
    try await change { transaction in
      guard try transaction.get(IAMKeys.setting(account, "alias")) == Array(input.accountAlias.utf8) else {
        throw IAMFault.noSuchEntity("The account alias \(input.accountAlias) cannot be found.")
      }
      try transaction.delete(IAMKeys.setting(account, "alias"))
      try transaction.delete(Key("iam-alias", input.accountAlias))
    }
    return DeleteAccountAliasOutput()
  }

  public func listAccountAliases(
    _ input: ListAccountAliasesInput, _ context: RequestContext
  ) async throws -> ListAccountAliasesOutput {
    try await context.authorize("iam:ListAccountAliases", on: ["*"])
    let account = context.account
    let alias = try await keys.read { try $0.get(IAMKeys.setting(account, "alias")) }
    return ListAccountAliasesOutput(
      accountAliases: alias.map { [String(decoding: $0, as: UTF8.self)] } ?? [], isTruncated: false)
  }

  public func getAccountSummary(
    _ input: GetAccountSummaryInput, _ context: RequestContext
  ) async throws -> GetAccountSummaryOutput {
    try await context.authorize("iam:GetAccountSummary", on: ["*"])
    let account = context.account
    let summary = try await keys.read { reader -> [String: Int] in
      let policies = try reader.records(IAMKeys.all(account, .policy), as: PolicyRecord.self)
      return [
        "Users": try reader.entries(IAMKeys.all(account, .user)).count,
        "Groups": try reader.entries(IAMKeys.all(account, .group)).count,
        "Roles": try reader.entries(IAMKeys.all(account, .role)).count,
        "InstanceProfiles": try reader.entries(IAMKeys.all(account, .instanceProfile)).count,
        "Policies": policies.count,
        "PolicyVersionsInUse": policies.reduce(0) { $0 + $1.versions.count },
      ]
    }
    let quotas = [
      "UsersQuota": Limits.usersMax, "GroupsQuota": Limits.groupsMax, "RolesQuota": Limits.rolesMax,
      "InstanceProfilesQuota": Limits.instanceProfilesMax, "PoliciesQuota": Limits.policiesMax,
      "AccessKeysPerUserQuota": Limits.accessKeysPerUserMax, "GroupsPerUserQuota": Limits.groupsPerUserMax,
      "AttachedPoliciesPerUserQuota": Limits.attachedPoliciesMax,
      "AttachedPoliciesPerGroupQuota": Limits.attachedPoliciesMax,
      "AttachedPoliciesPerRoleQuota": Limits.attachedPoliciesMax, "VersionsPerPolicyQuota": Limits.policyVersionsMax,
      "PolicySizeQuota": Limits.managedPolicySizeMax, "UserPolicySizeQuota": Limits.userInlinePoliciesSizeMax,
      "GroupPolicySizeQuota": Limits.groupInlinePoliciesSizeMax,
      "RolePolicySizeQuota": Limits.roleInlinePoliciesSizeMax,
      "AssumeRolePolicySizeQuota": Limits.trustPolicySizeMax, "PolicyVersionsInUseQuota": 10_000,
      "MFADevices": 0, "MFADevicesInUse": 0, "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1,
      "AccountSigningCertificatesPresent": 0, "AccountPasswordPresent": 0, "Providers": 0, "ServerCertificates": 0,
      "ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2, "GlobalEndpointTokenVersion": 1,
    ]
    return GetAccountSummaryOutput(summaryMap: summary.merging(quotas) { found, _ in found })
  }

  public func getAccountAuthorizationDetails(
    _ input: GetAccountAuthorizationDetailsInput, _ context: RequestContext
  ) async throws -> GetAccountAuthorizationDetailsOutput {
    try await context.authorize("iam:GetAccountAuthorizationDetails", on: ["*"])
    let account = context.account
    let filter = input.filter ?? []
    func wants(_ kind: EntityType) -> Bool { filter.isEmpty || filter.contains(kind) }
    let (users, groups, roles) = (wants(.user), wants(.group), wants(.role))
    let (local, builtin) = (wants(.localManagedPolicy), wants(.awsManagedPolicy))
    let found = try await keys.read { reader in
      var details: [AccountDetail] = []
      if groups {
        for record in try reader.records(IAMKeys.all(account, .group), as: GroupRecord.self) {
          details.append(.init(place: "1\(record.name.lowercased())", kind: .group(record.detail(account))))
        }
      }
      if roles {
        for record in try reader.records(IAMKeys.all(account, .role), as: RoleRecord.self) {
          let detail = try record.detail(account, reader)
          details.append(.init(place: "2\(record.name.lowercased())", kind: .role(detail)))
        }
      }
      if users {
        for record in try reader.records(IAMKeys.all(account, .user), as: UserRecord.self) {
          details.append(.init(place: "3\(record.name.lowercased())", kind: .user(record.detail(account))))
        }
      }
      if local {
        for record in try reader.records(IAMKeys.all(account, .policy), as: PolicyRecord.self) {
          let use = try reader.policyUse(account, arn: Names.arn(account.digits, .policy, record.path, record.name))
          details.append(.init(place: "4\(record.name.lowercased())", kind: .policy(record.detail(account, use))))
        }
      }
      if builtin {
        for policy in ManagedPolicies.all.sorted(by: { $0.name.lowercased() < $1.name.lowercased() }) {
          let use = try reader.policyUse(account, arn: policy.arn)
          guard !use.attached.isEmpty || !use.boundary.isEmpty else { continue }
          details.append(.init(place: "5\(policy.name.lowercased())", kind: .policy(policy.detail(use))))
        }
      }
      return details
    }
    let page = try Page(found, marker: input.marker, maxItems: input.maxItems) { $0.place }
    var output = GetAccountAuthorizationDetailsOutput(
      userDetailList: [], groupDetailList: [], roleDetailList: [], policies: [], isTruncated: page.isTruncated,
      marker: page.marker)
    for item in page.items {
      switch item.kind {
      case .user(let detail): output.userDetailList?.append(detail)
      case .group(let detail): output.groupDetailList?.append(detail)
      case .role(let detail): output.roleDetailList?.append(detail)
      case .policy(let detail): output.policies?.append(detail)
      }
    }
    return output
  }
}

/// One entry of GetAccountAuthorizationDetails, with its place in the order of all.
private struct AccountDetail: Sendable {
  enum Kind: Sendable {
    case user(UserDetail)
    case group(GroupDetail)
    case role(RoleDetail)
    case policy(ManagedPolicyDetail)
  }
  var place: String
  var kind: Kind
}

extension UserRecord {
  fileprivate func detail(_ account: AccountID) -> UserDetail {
    UserDetail(
      path: path, userName: name, userId: id, arn: Names.arn(account.digits, .user, path, name), createDate: created,
      userPolicyList: Shapes.inline(inline), groupList: groups, attachedManagedPolicies: Shapes.attached(attached),
      permissionsBoundary: Shapes.boundary(boundary), tags: Shapes.tags(tags))
  }
}

extension GroupRecord {
  fileprivate func detail(_ account: AccountID) -> GroupDetail {
    GroupDetail(
      path: path, groupName: name, groupId: id, arn: Names.arn(account.digits, .group, path, name),
      createDate: created, groupPolicyList: Shapes.inline(inline), attachedManagedPolicies: Shapes.attached(attached))
  }
}

extension RoleRecord {
  fileprivate func detail(_ account: AccountID, _ reader: any KeyReader) throws -> RoleDetail {
    let profiles = try instanceProfiles.compactMap { try reader.instanceProfile(account, $0) }
    return RoleDetail(
      path: path, roleName: name, roleId: id, arn: Names.arn(account.digits, .role, path, name), createDate: created,
      assumeRolePolicyDocument: Text.urlEncoded(trust),
      instanceProfileList: try profiles.map { try $0.shape(account, reader, withTags: false) },
      rolePolicyList: Shapes.inline(inline), attachedManagedPolicies: Shapes.attached(attached),
      permissionsBoundary: Shapes.boundary(boundary), tags: Shapes.tags(tags),
      roleLastUsed: Shapes.roleLastUsed(try reader.get(IAMKeys.lastUsed(id), as: LastUsedRecord.self)))
  }
}

extension PolicyRecord {
  fileprivate func detail(_ account: AccountID, _ use: PolicyUseRecord) -> ManagedPolicyDetail {
    ManagedPolicyDetail(
      policyName: name, policyId: id, arn: Names.arn(account.digits, .policy, path, name), path: path,
      defaultVersionId: "v\(defaultVersion)", attachmentCount: use.attached.count,
      permissionsBoundaryUsageCount: use.boundary.count, isAttachable: true, description: description,
      createDate: created, updateDate: updated,
      policyVersionList: versions.reversed().map { $0.shape(of: self, withDocument: true) })
  }
}

extension ManagedPolicies.Builtin {
  fileprivate func detail(_ use: PolicyUseRecord) -> ManagedPolicyDetail {
    let version = PolicyVersion(
      document: Text.urlEncoded(document), versionId: "v1", isDefaultVersion: true, createDate: createdAt)
    return ManagedPolicyDetail(
      policyName: name, policyId: id, arn: arn, path: path, defaultVersionId: "v1",
      attachmentCount: use.attached.count, permissionsBoundaryUsageCount: use.boundary.count, isAttachable: true,
      createDate: createdAt, updateDate: createdAt, policyVersionList: [version])
  }
}
