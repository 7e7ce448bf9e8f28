public import IAMModel
public import Kernel
import Storage

extension IAMControlPlane {
  public func createUser(_ input: CreateUserInput, _ context: RequestContext) async throws -> CreateUserOutput {
    try await authorizeNew(
      "iam:CreateUser", .user, input.path, input.userName, input.tags, boundary: input.permissionsBoundary, context)
    let account = context.account
    let record = UserRecord(
      name: input.userName, path: input.path ?? "/", id: Names.id("AIDA", random), created: clock.now(),
      boundary: input.permissionsBoundary, tags: try TagRules.records(input.tags))
    try await change { transaction in
      guard try transaction.user(account, record.name) == nil else {
        throw IAMFault.exists("User with name \(record.name) already exists.")
      }
      try transaction.checkRoom(account, .user, max: Limits.usersMax, quota: "UsersPerAccount")
      if let boundary = record.boundary { try transaction.bind(boundary, account, "user/\(record.name)") }
      try transaction.put(record, account)
    }
    return CreateUserOutput(user: record.shape(account))
  }

  public func getUser(_ input: GetUserInput, _ context: RequestContext) async throws -> GetUserOutput {
    let account = context.account
    if input.userName == nil, context.principal.kind == .root {
      return GetUserOutput(
        user: User(
          path: "/", userName: "root", userId: account.digits, arn: context.principal.arn.description,
          createDate: Timestamp(seconds: 0)))
    }
    let name = try userName(input.userName, context)
    try await authorize("iam:GetUser", .user, name, context)
    return GetUserOutput(user: try await keys.read { try $0.requireUser(account, name).shape(account) })
  }

  public func listUsers(_ input: ListUsersInput, _ context: RequestContext) async throws -> ListUsersOutput {
    let prefix = input.pathPrefix ?? "/"
    try await context.authorize("iam:ListUsers", on: [Names.arn(context.account.digits, .user, prefix, "")])
    let account = context.account
    let users = try await keys.read { try $0.records(IAMKeys.all(account, .user), as: UserRecord.self) }
    let page = try Page(
      users.filter { $0.path.hasPrefix(prefix) }, marker: input.marker, maxItems: input.maxItems
    ) { $0.name.lowercased() }
    return ListUsersOutput(
      users: page.items.map { $0.shape(account, withDetails: false) }, isTruncated: page.isTruncated,
      marker: page.marker)
  }

  public func updateUser(_ input: UpdateUserInput, _ context: RequestContext) async throws -> UpdateUserOutput {
    try await authorize("iam:UpdateUser", .user, input.userName, context)
    if let name = input.newUserName {
      try await authorizeNew("iam:UpdateUser", .user, input.newPath, name, nil, context)
    }
    let account = context.account
    try await change { transaction in
      var user = try transaction.requireUser(account, input.userName)
      let former = user.name
      user.path = input.newPath ?? user.path
      if let name = input.newUserName, name != former {
        if name.lowercased() != former.lowercased(), try transaction.user(account, name) != nil {
          throw IAMFault.exists("User with name \(name) already exists.")
        }
        user.name = name
        try transaction.delete(IAMKeys.entity(account, .user, former))
        try transaction.rename("user/\(former)", to: "user/\(name)", user.attached, user.boundary, account)
        for group in user.groups {
          try transaction.delete(IAMKeys.members(account, group: group).appending(former.lowercased()))
          try transaction.set(IAMKeys.members(account, group: group).appending(name.lowercased()), Array(name.utf8))
        }
        for id in user.accessKeys {
          guard var key = try transaction.get(IAMKeys.accessKey(id), as: AccessKeyRecord.self) else { continue }
          key.user = name
          try transaction.set(IAMKeys.accessKey(id), record: key)
        }
      }
      try transaction.put(user, account)
    }
    return UpdateUserOutput()
  }

  public func deleteUser(_ input: DeleteUserInput, _ context: RequestContext) async throws -> DeleteUserOutput {
    try await authorize("iam:DeleteUser", .user, input.userName, context)
    let account = context.account
    try await change { transaction in
      let user = try transaction.requireUser(account, input.userName)
      if !user.attached.isEmpty { throw IAMFault.conflict("Cannot delete entity, must detach all policies first.") }
      if !user.inline.isEmpty { throw IAMFault.conflict("Cannot delete entity, must delete policies first.") }
      if !user.groups.isEmpty { throw IAMFault.conflict("Cannot delete entity, must remove users from group first.") }
      if !user.accessKeys.isEmpty {
        throw IAMFault.conflict("Cannot delete entity, must delete access keys first.")
      }
      if let boundary = user.boundary { try transaction.unbind(boundary, account, "user/\(user.name)") }
      try transaction.delete(IAMKeys.entity(account, .user, user.name))
    }
    return DeleteUserOutput()
  }

  public func putUserPermissionsBoundary(
    _ input: PutUserPermissionsBoundaryInput, _ context: RequestContext
  ) async throws -> PutUserPermissionsBoundaryOutput {
    try await authorize(
      "iam:PutUserPermissionsBoundary", .user, input.userName, context,
      conditions: ["iam:permissionsboundary": [input.permissionsBoundary]])
    let account = context.account
    try await change { transaction in
      var user = try transaction.requireUser(account, input.userName)
      if let former = user.boundary { try transaction.unbind(former, account, "user/\(user.name)") }
      try transaction.bind(input.permissionsBoundary, account, "user/\(user.name)")
      user.boundary = input.permissionsBoundary
      try transaction.put(user, account)
    }
    return PutUserPermissionsBoundaryOutput()
  }

  public func deleteUserPermissionsBoundary(
    _ input: DeleteUserPermissionsBoundaryInput, _ context: RequestContext
  ) async throws -> DeleteUserPermissionsBoundaryOutput {
    try await authorize("iam:DeleteUserPermissionsBoundary", .user, input.userName, context)
    let account = context.account
    try await change { transaction in
      var user = try transaction.requireUser(account, input.userName)
      guard let former = user.boundary else {
        throw IAMFault.noSuchEntity("The user with name \(user.name) does not have a permissions boundary.")
      }
      try transaction.unbind(former, account, "user/\(user.name)")
      user.boundary = nil
      try transaction.put(user, account)
    }
    return DeleteUserPermissionsBoundaryOutput()
  }

  // MARK: What a user could have and Tarn's users never do

  public func getLoginProfile(
    _ input: GetLoginProfileInput, _ context: RequestContext
  ) async throws -> GetLoginProfileOutput {
    let name = try userName(input.userName, context)
    try await authorize("iam:GetLoginProfile", .user, name, context)
    let account = context.account
    _ = try await keys.read { try $0.requireUser(account, name) }
    throw IAMFault.noSuchEntity("Login Profile for User \(name) cannot be found.")
  }

  public func listMFADevices(
    _ input: ListMFADevicesInput, _ context: RequestContext
  ) async throws -> ListMFADevicesOutput {
    try await requireUser("iam:ListMFADevices", input.userName, context)
    return ListMFADevicesOutput(mfaDevices: [], isTruncated: false)
  }

  public func listSSHPublicKeys(
    _ input: ListSSHPublicKeysInput, _ context: RequestContext
  ) async throws -> ListSSHPublicKeysOutput {
    try await requireUser("iam:ListSSHPublicKeys", input.userName, context)
    return ListSSHPublicKeysOutput(sshPublicKeys: [], isTruncated: false)
  }

  public func listSigningCertificates(
    _ input: ListSigningCertificatesInput, _ context: RequestContext
  ) async throws -> ListSigningCertificatesOutput {
    try await requireUser("iam:ListSigningCertificates", input.userName, context)
    return ListSigningCertificatesOutput(certificates: [], isTruncated: false)
  }

  public func listServiceSpecificCredentials(
    _ input: ListServiceSpecificCredentialsInput, _ context: RequestContext
  ) async throws -> ListServiceSpecificCredentialsOutput {
    try await requireUser("iam:ListServiceSpecificCredentials", input.userName, context)
    return ListServiceSpecificCredentialsOutput(serviceSpecificCredentials: [], isTruncated: false)
  }

  private func requireUser(_ action: String, _ given: String?, _ context: RequestContext) async throws {
    // Without a name these list the caller's own, of which a root or a role has none either.
    guard given != nil || context.principal.kind != .root else { return }
    let name = try userName(given, context)
    try await authorize(action, .user, name, context)
    let account = context.account
    _ = try await keys.read { try $0.requireUser(account, name) }
  }
}

extension KeyTransaction {
  /// - Throws: `LimitExceeded` when the account has `max` entities of that kind.
  func checkRoom(_ account: AccountID, _ kind: EntityKind, max: Int, quota: String) throws {
    guard try entries(IAMKeys.all(account, kind), limit: max).count < max else { throw IAMFault.quota(quota, max) }
  }

  /// Notes that `entity` has the managed policy `arn` as its boundary.
  func bind(_ arn: String, _ account: AccountID, _ entity: String) throws {
    guard try managedPolicy(account, arn: arn) != nil else {
      throw IAMFault.noSuchEntity("Scope ARN: \(arn) does not exist or is not attachable.")
    }
    try change(account, policyUse: arn) { $0.boundary.append(entity) }
  }

  func unbind(_ arn: String, _ account: AccountID, _ entity: String) throws {
    try change(account, policyUse: arn) { $0.boundary.removeAll { $0 == entity } }
  }

  /// Keeps the policies' lists of their users right when an entity changes its name.
  func rename(
    _ former: String, to name: String, _ attached: [String], _ boundary: String?, _ account: AccountID
  ) throws {
    for arn in attached {
      try change(account, policyUse: arn) { $0.attached = $0.attached.map { $0 == former ? name : $0 } }
    }
    if let boundary {
      try change(account, policyUse: boundary) { $0.boundary = $0.boundary.map { $0 == former ? name : $0 } }
    }
  }
}
