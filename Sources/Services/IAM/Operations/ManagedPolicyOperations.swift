import AWSWire
public import IAMModel
public import Kernel
import Storage

/// Managed policies and their versions.
extension IAMControlPlane {
  public func createPolicy(_ input: CreatePolicyInput, _ context: RequestContext) async throws -> CreatePolicyOutput {
    try await authorizeNew("iam:CreatePolicy", .policy, input.path, input.policyName, input.tags, context)
    let account = context.account
    try Self.checkManaged(input.policyDocument)
    let now = clock.now()
    let record = PolicyRecord(
      name: input.policyName, path: input.path ?? "/", id: Names.id("ANPA", random), description: input.description,
      created: now, updated: now,
      versions: [PolicyRecord.Version(number: 1, document: input.policyDocument, created: now)], defaultVersion: 1,
      latestVersion: 1, tags: try TagRules.records(input.tags))
    try await change { transaction in
      guard try transaction.policy(account, record.name) == nil else {
        throw IAMFault.exists("A policy called \(record.name) already exists. Duplicate names are not allowed.")
      }
      try transaction.checkRoom(account, .policy, max: Limits.policiesMax, quota: "PoliciesPerAccount")
      try transaction.put(record, account)
    }
    return CreatePolicyOutput(policy: record.shape(account, PolicyUseRecord()))
  }

  static func checkManaged(_ document: String) throws {
    guard Text.size(document) <= Limits.managedPolicySizeMax else {
      throw IAMFault.quota("PolicySize", Limits.managedPolicySizeMax)
    }
    do {
      _ = try PolicyDocument.parse(document, as: .managed)
    } catch {
      throw IAMFault.malformed(error.message)
    }
  }

  /// Asks for `action` on a policy by its ARN, AWS's own included.
  private func authorize(_ action: String, arn: String, _ context: RequestContext) async throws {
    try Self.checkPolicyARN(arn)
    try await context.authorize(action, on: [arn])
  }

  public func getPolicy(_ input: GetPolicyInput, _ context: RequestContext) async throws -> GetPolicyOutput {
    try await authorize("iam:GetPolicy", arn: input.policyArn, context)
    let account = context.account
    return try await keys.read { reader in
      let use = try reader.policyUse(account, arn: input.policyArn)
      if let builtin = ManagedPolicies.byARN[input.policyArn] { return GetPolicyOutput(policy: builtin.shape(use)) }
      return GetPolicyOutput(policy: try reader.requirePolicy(account, arn: input.policyArn).shape(account, use))
    }
  }

  public func deletePolicy(_ input: DeletePolicyInput, _ context: RequestContext) async throws -> DeletePolicyOutput {
    try await authorize("iam:DeletePolicy", arn: input.policyArn, context)
    let account = context.account
    try await change { transaction in
      let record = try transaction.requireOwn(account, input.policyArn)
      let use = try transaction.policyUse(account, arn: input.policyArn)
      guard use.attached.isEmpty, use.boundary.isEmpty else {
        throw IAMFault.conflict("Cannot delete a policy attached to entities.")
      }
      guard record.versions.count == 1 else {
        throw IAMFault.conflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
            + " The default version is deleted with the policy.")
      }
      try transaction.delete(IAMKeys.entity(account, .policy, record.name))
    }
    return DeletePolicyOutput()
  }

  public func listPolicies(_ input: ListPoliciesInput, _ context: RequestContext) async throws -> ListPoliciesOutput {
    let prefix = input.pathPrefix ?? "/"
    try await context.authorize("iam:ListPolicies", on: [Names.arn(context.account.digits, .policy, prefix, "")])
    let account = context.account
    let scope = input.scope ?? .all
    let policies = try await keys.read { reader in
      var found: [(policy: Policy, use: PolicyUseRecord)] = []
      if scope != .aws {
        for record in try reader.records(IAMKeys.all(account, .policy), as: PolicyRecord.self) {
          let use = try reader.policyUse(account, arn: Names.arn(account.digits, .policy, record.path, record.name))
          found.append((record.shape(account, use, withDetails: false), use))
        }
      }
      if scope != .local {
        for builtin in ManagedPolicies.all {
          let use = try reader.policyUse(account, arn: builtin.arn)
          found.append((builtin.shape(use, withDetails: false), use))
        }
      }
      return found
    }
    let wanted = policies.filter { policy, use in
      guard policy.path?.hasPrefix(prefix) ?? false else { return false }
      if input.onlyAttached == true, use.attached.isEmpty { return false }
      switch input.policyUsageFilter {
      case .permissionsPolicy?: return !use.attached.isEmpty
      case .permissionsBoundary?: return !use.boundary.isEmpty
      default: return true
      }
    }
    let sorted = wanted.map(\.policy).sorted { ($0.arn ?? "") < ($1.arn ?? "") }
    let page = try Page(sorted, marker: input.marker, maxItems: input.maxItems) { $0.arn ?? "" }
    return ListPoliciesOutput(policies: page.items, isTruncated: page.isTruncated, marker: page.marker)
  }

  public func createPolicyVersion(
    _ input: CreatePolicyVersionInput, _ context: RequestContext
  ) async throws -> CreatePolicyVersionOutput {
    try await authorize("iam:CreatePolicyVersion", arn: input.policyArn, context)
    let account = context.account
    try Self.checkManaged(input.policyDocument)
    let now = clock.now()
    let record = try await change { transaction in
      var record = try transaction.requireOwn(account, input.policyArn)
      guard record.versions.count < Limits.policyVersionsMax else {
        throw IAMFault.limit(
          "A managed policy can have up to \(Limits.policyVersionsMax) versions. Before you create a new version, "
            + "you must delete an existing version.")
      }
      record.latestVersion += 1
      record.versions.append(
        PolicyRecord.Version(number: record.latestVersion, document: input.policyDocument, created: now))
      if input.setAsDefault == true { record.defaultVersion = record.latestVersion }
      record.updated = now
      try transaction.put(record, account)
      return record
    }
    return CreatePolicyVersionOutput(
      policyVersion: PolicyVersion(
        versionId: "v\(record.latestVersion)", isDefaultVersion: record.defaultVersion == record.latestVersion,
        createDate: now))
  }

  public func getPolicyVersion(
    _ input: GetPolicyVersionInput, _ context: RequestContext
  ) async throws -> GetPolicyVersionOutput {
    try await authorize("iam:GetPolicyVersion", arn: input.policyArn, context)
    let account = context.account
    let missing = IAMFault.noSuchEntity(
      "Policy \(input.policyArn) version \(input.versionId) does not exist or is not attachable.")
    if let builtin = ManagedPolicies.byARN[input.policyArn] {
      guard input.versionId == "v1" else { throw missing }
      return GetPolicyVersionOutput(
        policyVersion: PolicyVersion(
          document: Text.urlEncoded(builtin.document), versionId: "v1", isDefaultVersion: true,
          createDate: builtin.createdAt))
    }
    return try await keys.read { reader in
      let record = try reader.requirePolicy(account, arn: input.policyArn)
      guard let version = record.versions.first(where: { "v\($0.number)" == input.versionId }) else { throw missing }
      return GetPolicyVersionOutput(policyVersion: version.shape(of: record, withDocument: true))
    }
  }

  public func listPolicyVersions(
    _ input: ListPolicyVersionsInput, _ context: RequestContext
  ) async throws -> ListPolicyVersionsOutput {
    try await authorize("iam:ListPolicyVersions", arn: input.policyArn, context)
    let account = context.account
    if let builtin = ManagedPolicies.byARN[input.policyArn] {
      let only = PolicyVersion(versionId: "v1", isDefaultVersion: true, createDate: builtin.createdAt)
      return ListPolicyVersionsOutput(versions: [only], isTruncated: false)
    }
    let record = try await keys.read { try $0.requirePolicy(account, arn: input.policyArn) }
    // Newest first; the marker counts down from the number that no version reaches.
    let page = try Page(record.versions.reversed(), marker: input.marker, maxItems: input.maxItems) {
      String(1_000_000_000 - $0.number)
    }
    return ListPolicyVersionsOutput(
      versions: page.items.map { $0.shape(of: record, withDocument: false) }, isTruncated: page.isTruncated,
      marker: page.marker)
  }

  public func setDefaultPolicyVersion(
    _ input: SetDefaultPolicyVersionInput, _ context: RequestContext
  ) async throws -> SetDefaultPolicyVersionOutput {
    try await authorize("iam:SetDefaultPolicyVersion", arn: input.policyArn, context)
    let account = context.account
    let now = clock.now()
    try await change { transaction in
      var record = try transaction.requireOwn(account, input.policyArn)
      record.defaultVersion = try record.requireVersion(input.versionId, input.policyArn).number
      record.updated = now
      try transaction.put(record, account)
    }
    return SetDefaultPolicyVersionOutput()
  }

  public func deletePolicyVersion(
    _ input: DeletePolicyVersionInput, _ context: RequestContext
  ) async throws -> DeletePolicyVersionOutput {
    try await authorize("iam:DeletePolicyVersion", arn: input.policyArn, context)
    let account = context.account
    try await change { transaction in
      var record = try transaction.requireOwn(account, input.policyArn)
      let version = try record.requireVersion(input.versionId, input.policyArn)
      guard version.number != record.defaultVersion else {
        throw IAMFault.conflict("Cannot delete the default version of a policy.")
      }
      record.versions.removeAll { $0.number == version.number }
      try transaction.put(record, account)
    }
    return DeletePolicyVersionOutput()
  }

  public func listEntitiesForPolicy(
    _ input: ListEntitiesForPolicyInput, _ context: RequestContext
  ) async throws -> ListEntitiesForPolicyOutput {
    try await authorize("iam:ListEntitiesForPolicy", arn: input.policyArn, context)
    let account = context.account
    let prefix = input.pathPrefix ?? "/"
    let found = try await keys.read { reader -> [(entity: String, id: String)] in
      guard try reader.managedPolicy(account, arn: input.policyArn) != nil else {
        throw IAMFault.noSuchEntity("Policy \(input.policyArn) was not found.")
      }
      let use = try reader.policyUse(account, arn: input.policyArn)
      var entities: Set<String> = []
      if input.policyUsageFilter != .permissionsBoundary { entities.formUnion(use.attached) }
      if input.policyUsageFilter != .permissionsPolicy { entities.formUnion(use.boundary) }
      return try entities.sorted().compactMap { entity in
        let parts = entity.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        let record: (any EntityRecord)?
        switch parts[0] {
        case "user": record = try reader.user(account, parts[1])
        case "group": record = try reader.group(account, parts[1])
        default: record = try reader.role(account, parts[1])
        }
        guard let record, record.path.hasPrefix(prefix) else { return nil }
        return (entity, record.id)
      }
    }
    let wanted = found.filter { entity, _ in
      switch input.entityFilter {
      case .user?: entity.hasPrefix("user/")
      case .group?: entity.hasPrefix("group/")
      case .role?: entity.hasPrefix("role/")
      case nil: true
      default: false
      }
    }
    let page = try Page(wanted, marker: input.marker, maxItems: input.maxItems) { $0.entity }
    func names(_ kind: String) -> [(name: String, id: String)] {
      page.items.filter { $0.entity.hasPrefix(kind) }.map { (String($0.entity.dropFirst(kind.count)), $0.id) }
    }
    return ListEntitiesForPolicyOutput(
      policyGroups: names("group/").map { PolicyGroup(groupName: $0.name, groupId: $0.id) },
      policyUsers: names("user/").map { PolicyUser(userName: $0.name, userId: $0.id) },
      policyRoles: names("role/").map { PolicyRole(roleName: $0.name, roleId: $0.id) },
      isTruncated: page.isTruncated, marker: page.marker)
  }
}

extension PolicyRecord {
  func requireVersion(_ id: String, _ arn: String) throws -> Version {
    guard let version = versions.first(where: { "v\($0.number)" == id }) else {
      throw IAMFault.noSuchEntity("Policy \(arn) version \(id) does not exist or is not attachable.")
    }
    return version
  }
}

extension PolicyRecord.Version {
  func shape(of record: PolicyRecord, withDocument: Bool) -> PolicyVersion {
    PolicyVersion(
      document: withDocument ? Text.urlEncoded(document) : nil, versionId: "v\(number)",
      isDefaultVersion: number == record.defaultVersion, createDate: created)
  }
}

extension KeyReader {
  /// The customer's policy of that ARN; AWS's own may not be changed.
  func requireOwn(_ account: AccountID, _ arn: String) throws -> PolicyRecord {
    if arn.hasPrefix("arn:aws:iam::aws:") {
      throw AWSError("AccessDenied", "Cannot perform the operation on the AWS managed policy \(arn)", httpStatus: 403)
    }
    return try requirePolicy(account, arn: arn)
  }
}
