public import IAMModel
public import Kernel
import Storage

extension IAMControlPlane {
  public func createGroup(_ input: CreateGroupInput, _ context: RequestContext) async throws -> CreateGroupOutput {
    try await authorizeNew("iam:CreateGroup", .group, input.path, input.groupName, nil, context)
    let account = context.account
    let record = GroupRecord(
      name: input.groupName, path: input.path ?? "/", id: Names.id("AGPA", random), created: clock.now())
    try await change { transaction in
      guard try transaction.group(account, record.name) == nil else {
        throw IAMFault.exists("Group with name \(record.name) already exists.")
      }
      try transaction.checkRoom(account, .group, max: Limits.groupsMax, quota: "GroupsPerAccount")
      try transaction.put(record, account)
    }
    return CreateGroupOutput(group: record.shape(account))
  }

  public func getGroup(_ input: GetGroupInput, _ context: RequestContext) async throws -> GetGroupOutput {
    try await authorize("iam:GetGroup", .group, input.groupName, context)
    let account = context.account
    let (group, users) = try await keys.read { reader in
      let group = try reader.requireGroup(account, input.groupName)
      let names = try reader.entries(IAMKeys.members(account, group: group.name).subtree)
        .map { String(decoding: $0.value, as: UTF8.self) }
      return (group, try names.compactMap { try reader.user(account, $0) })
    }
    let page = try Page(users, marker: input.marker, maxItems: input.maxItems) { $0.name.lowercased() }
    return GetGroupOutput(
      group: group.shape(account), users: page.items.map { $0.shape(account, withDetails: false) },
      isTruncated: page.isTruncated, marker: page.marker)
  }

  public func listGroups(_ input: ListGroupsInput, _ context: RequestContext) async throws -> ListGroupsOutput {
    let prefix = input.pathPrefix ?? "/"
    try await context.authorize("iam:ListGroups", on: [Names.arn(context.account.digits, .group, prefix, "")])
    let account = context.account
    let groups = try await keys.read { try $0.records(IAMKeys.all(account, .group), as: GroupRecord.self) }
    let page = try Page(
      groups.filter { $0.path.hasPrefix(prefix) }, marker: input.marker, maxItems: input.maxItems
    ) { $0.name.lowercased() }
    return ListGroupsOutput(
      groups: page.items.map { $0.shape(account) }, isTruncated: page.isTruncated, marker: page.marker)
  }

  public func listGroupsForUser(
    _ input: ListGroupsForUserInput, _ context: RequestContext
  ) async throws -> ListGroupsForUserOutput {
    try await authorize("iam:ListGroupsForUser", .user, input.userName, context)
    let account = context.account
    let groups = try await keys.read { reader in
      try reader.requireUser(account, input.userName).groups.compactMap { try reader.group(account, $0) }
    }
    let sorted = groups.sorted { $0.name.lowercased() < $1.name.lowercased() }
    let page = try Page(sorted, marker: input.marker, maxItems: input.maxItems) { $0.name.lowercased() }
    return ListGroupsForUserOutput(
      groups: page.items.map { $0.shape(account) }, isTruncated: page.isTruncated, marker: page.marker)
  }

  public func updateGroup(_ input: UpdateGroupInput, _ context: RequestContext) async throws -> UpdateGroupOutput {
    try await authorize("iam:UpdateGroup", .group, input.groupName, context)
    if let name = input.newGroupName {
      try await authorizeNew("iam:UpdateGroup", .group, input.newPath, name, nil, context)
    }
    let account = context.account
    try await change { transaction in
      var group = try transaction.requireGroup(account, input.groupName)
      let former = group.name
      group.path = input.newPath ?? group.path
      if let name = input.newGroupName, name != former {
        if name.lowercased() != former.lowercased(), try transaction.group(account, name) != nil {
          throw IAMFault.exists("Group with name \(name) already exists.")
        }
        group.name = name
        try transaction.delete(IAMKeys.entity(account, .group, former))
        try transaction.rename("group/\(former)", to: "group/\(name)", group.attached, nil, account)
        let members = try transaction.entries(IAMKeys.members(account, group: former).subtree)
        try transaction.delete(IAMKeys.members(account, group: former).subtree)
        for member in members {
          let userName = String(decoding: member.value, as: UTF8.self)
          guard var user = try transaction.user(account, userName) else { continue }
          user.groups = user.groups.map { $0 == former ? name : $0 }
          try transaction.put(user, account)
          let key = IAMKeys.members(account, group: name).appending(userName.lowercased())
          try transaction.set(key, member.value)
        }
      }
      try transaction.put(group, account)
    }
    return UpdateGroupOutput()
  }

  public func deleteGroup(_ input: DeleteGroupInput, _ context: RequestContext) async throws -> DeleteGroupOutput {
    try await authorize("iam:DeleteGroup", .group, input.groupName, context)
    let account = context.account
    try await change { transaction in
      let group = try transaction.requireGroup(account, input.groupName)
      if !(try transaction.entries(IAMKeys.members(account, group: group.name).subtree, limit: 1)).isEmpty {
        throw IAMFault.conflict("Cannot delete entity, must remove users from group first.")
      }
      if !group.attached.isEmpty { throw IAMFault.conflict("Cannot delete entity, must detach all policies first.") }
      if !group.inline.isEmpty { throw IAMFault.conflict("Cannot delete entity, must delete policies first.") }
      try transaction.delete(IAMKeys.entity(account, .group, group.name))
    }
    return DeleteGroupOutput()
  }

  public func addUserToGroup(
    _ input: AddUserToGroupInput, _ context: RequestContext
  ) async throws -> AddUserToGroupOutput {
    try await authorize("iam:AddUserToGroup", .group, input.groupName, context)
    let account = context.account
    try await change { transaction in
      let group = try transaction.requireGroup(account, input.groupName)
      var user = try transaction.requireUser(account, input.userName)
      guard !user.groups.contains(group.name) else { return }
      guard user.groups.count < Limits.groupsPerUserMax else {
        throw IAMFault.quota("GroupsPerUser", Limits.groupsPerUserMax)
      }
      user.groups.append(group.name)
      try transaction.put(user, account)
      let key = IAMKeys.members(account, group: group.name).appending(user.name.lowercased())
      try transaction.set(key, Array(user.name.utf8))
    }
    return AddUserToGroupOutput()
  }

  public func removeUserFromGroup(
    _ input: RemoveUserFromGroupInput, _ context: RequestContext
  ) async throws -> RemoveUserFromGroupOutput {
    try await authorize("iam:RemoveUserFromGroup", .group, input.groupName, context)
    let account = context.account
    try await change { transaction in
      let group = try transaction.requireGroup(account, input.groupName)
      var user = try transaction.requireUser(account, input.userName)
      user.groups.removeAll { $0 == group.name }
      try transaction.put(user, account)
      try transaction.delete(IAMKeys.members(account, group: group.name).appending(user.name.lowercased()))
    }
    return RemoveUserFromGroupOutput()
  }
}
