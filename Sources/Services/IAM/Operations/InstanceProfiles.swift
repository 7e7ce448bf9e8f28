public import IAMModel
public import Kernel
import Storage

extension IAMControlPlane {
  public func createInstanceProfile(
    _ input: CreateInstanceProfileInput, _ context: RequestContext
  ) async throws -> CreateInstanceProfileOutput {
    try await authorizeNew(
      "iam:CreateInstanceProfile", .instanceProfile, input.path, input.instanceProfileName, input.tags, context)
    let account = context.account
    let record = InstanceProfileRecord(
      name: input.instanceProfileName, path: input.path ?? "/", id: Names.id("AIPA", random), created: clock.now(),
      tags: try TagRules.records(input.tags))
    return try await change { transaction in
      guard try transaction.instanceProfile(account, record.name) == nil else {
        throw IAMFault.exists("Instance Profile \(record.name) already exists.")
      }
      try transaction.checkRoom(
        account, .instanceProfile, max: Limits.instanceProfilesMax, quota: "InstanceProfilesPerAccount")
      try transaction.put(record, account)
      return CreateInstanceProfileOutput(instanceProfile: try record.shape(account, transaction))
    }
  }

  public func getInstanceProfile(
    _ input: GetInstanceProfileInput, _ context: RequestContext
  ) async throws -> GetInstanceProfileOutput {
    try await authorize("iam:GetInstanceProfile", .instanceProfile, input.instanceProfileName, context)
    let account = context.account
    return try await keys.read { reader in
      let record = try reader.requireInstanceProfile(account, input.instanceProfileName)
      return GetInstanceProfileOutput(instanceProfile: try record.shape(account, reader))
    }
  }

  public func listInstanceProfiles(
    _ input: ListInstanceProfilesInput, _ context: RequestContext
  ) async throws -> ListInstanceProfilesOutput {
    let prefix = input.pathPrefix ?? "/"
    try await context.authorize(
      "iam:ListInstanceProfiles", on: [Names.arn(context.account.digits, .instanceProfile, prefix, "")])
    let account = context.account
    return try await keys.read { reader in
      let records = try reader.records(IAMKeys.all(account, .instanceProfile), as: InstanceProfileRecord.self)
      let page = try Page(
        records.filter { $0.path.hasPrefix(prefix) }, marker: input.marker, maxItems: input.maxItems
      ) { $0.name.lowercased() }
      return ListInstanceProfilesOutput(
        instanceProfiles: try page.items.map { try $0.shape(account, reader, withTags: false) },
        isTruncated: page.isTruncated, marker: page.marker)
    }
  }

  public func listInstanceProfilesForRole(
    _ input: ListInstanceProfilesForRoleInput, _ context: RequestContext
  ) async throws -> ListInstanceProfilesForRoleOutput {
    try await authorize("iam:ListInstanceProfilesForRole", .role, input.roleName, context)
    let account = context.account
    return try await keys.read { reader in
      let names = try reader.requireRole(account, input.roleName).instanceProfiles
      let records = try names.sorted().compactMap { try reader.instanceProfile(account, $0) }
      let page = try Page(records, marker: input.marker, maxItems: input.maxItems) { $0.name }
      return ListInstanceProfilesForRoleOutput(
        instanceProfiles: try page.items.map { try $0.shape(account, reader, withTags: false) },
        isTruncated: page.isTruncated, marker: page.marker)
    }
  }

  public func deleteInstanceProfile(
    _ input: DeleteInstanceProfileInput, _ context: RequestContext
  ) async throws -> DeleteInstanceProfileOutput {
    try await authorize("iam:DeleteInstanceProfile", .instanceProfile, input.instanceProfileName, context)
    let account = context.account
    try await change { transaction in
      let record = try transaction.requireInstanceProfile(account, input.instanceProfileName)
      guard record.role == nil else {
        throw IAMFault.conflict("Cannot delete entity, must remove roles from instance profile first.")
      }
      try transaction.delete(IAMKeys.entity(account, .instanceProfile, record.name))
    }
    return DeleteInstanceProfileOutput()
  }

  public func addRoleToInstanceProfile(
    _ input: AddRoleToInstanceProfileInput, _ context: RequestContext
  ) async throws -> AddRoleToInstanceProfileOutput {
    try await authorize("iam:AddRoleToInstanceProfile", .instanceProfile, input.instanceProfileName, context)
    try await authorize(
      "iam:PassRole", .role, input.roleName, context, conditions: ["iam:passedtoservice": ["ec2.amazonaws.com"]])
    let account = context.account
    try await change { transaction in
      var profile = try transaction.requireInstanceProfile(account, input.instanceProfileName)
      var role = try transaction.requireRole(account, input.roleName)
      try role.requireModifiable()
      guard profile.role == nil else { throw IAMFault.quota("InstanceSessionsPerInstanceProfile", 1) }
      profile.role = role.name
      role.instanceProfiles.append(profile.name)
      try transaction.put(profile, account)
      try transaction.put(role, account)
    }
    return AddRoleToInstanceProfileOutput()
  }

  public func removeRoleFromInstanceProfile(
    _ input: RemoveRoleFromInstanceProfileInput, _ context: RequestContext
  ) async throws -> RemoveRoleFromInstanceProfileOutput {
    try await authorize("iam:RemoveRoleFromInstanceProfile", .instanceProfile, input.instanceProfileName, context)
    let account = context.account
    try await change { transaction in
      var profile = try transaction.requireInstanceProfile(account, input.instanceProfileName)
      var role = try transaction.requireRole(account, input.roleName)
      guard profile.role == role.name else {
        throw IAMFault.noSuchEntity("The role with name \(role.name) cannot be found.")
      }
      profile.role = nil
      role.instanceProfiles.removeAll { $0 == profile.name }
      try transaction.put(profile, account)
      try transaction.put(role, account)
    }
    return RemoveRoleFromInstanceProfileOutput()
  }
}
