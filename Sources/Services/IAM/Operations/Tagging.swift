public import IAMModel
public import Kernel
import Storage

extension IAMControlPlane {
  public func tagUser(_ input: TagUserInput, _ context: RequestContext) async throws -> TagUserOutput {
    try await authorize("iam:TagUser", .user, input.userName, context, conditions: Self.conditions(input.tags))
    let account = context.account
    try await change { transaction in
      var user = try transaction.requireUser(account, input.userName)
      user.tags = try TagRules.records(input.tags, adding: user.tags)
      try transaction.put(user, account)
    }
    return TagUserOutput()
  }

  public func untagUser(_ input: UntagUserInput, _ context: RequestContext) async throws -> UntagUserOutput {
    try await authorize(
      "iam:UntagUser", .user, input.userName, context, conditions: ["aws:tagkeys": input.tagKeys])
    let account = context.account
    try await change { transaction in
      var user = try transaction.requireUser(account, input.userName)
      user.tags = TagRules.removing(input.tagKeys, from: user.tags)
      try transaction.put(user, account)
    }
    return UntagUserOutput()
  }

  public func listUserTags(_ input: ListUserTagsInput, _ context: RequestContext) async throws -> ListUserTagsOutput {
    try await authorize("iam:ListUserTags", .user, input.userName, context)
    let account = context.account
    let tags = try await keys.read { try $0.requireUser(account, input.userName).tags }
    let page = try Self.page(tags, input.marker, input.maxItems)
    return ListUserTagsOutput(tags: Shapes.tags(page.items), isTruncated: page.isTruncated, marker: page.marker)
  }

  public func tagRole(_ input: TagRoleInput, _ context: RequestContext) async throws -> TagRoleOutput {
    try await authorize("iam:TagRole", .role, input.roleName, context, conditions: Self.conditions(input.tags))
    _ = try await changeRole(input.roleName, context) { role, _ in
      role.tags = try TagRules.records(input.tags, adding: role.tags)
    }
    return TagRoleOutput()
  }

  public func untagRole(_ input: UntagRoleInput, _ context: RequestContext) async throws -> UntagRoleOutput {
    try await authorize(
      "iam:UntagRole", .role, input.roleName, context, conditions: ["aws:tagkeys": input.tagKeys])
    _ = try await changeRole(input.roleName, context) { role, _ in
      role.tags = TagRules.removing(input.tagKeys, from: role.tags)
    }
    return UntagRoleOutput()
  }

  public func listRoleTags(_ input: ListRoleTagsInput, _ context: RequestContext) async throws -> ListRoleTagsOutput {
    try await authorize("iam:ListRoleTags", .role, input.roleName, context)
    let account = context.account
    let tags = try await keys.read { try $0.requireRole(account, input.roleName).tags }
    let page = try Self.page(tags, input.marker, input.maxItems)
    return ListRoleTagsOutput(tags: Shapes.tags(page.items), isTruncated: page.isTruncated, marker: page.marker)
  }

  public func tagPolicy(_ input: TagPolicyInput, _ context: RequestContext) async throws -> TagPolicyOutput {
    try Self.checkPolicyARN(input.policyArn)
    try await context.authorize("iam:TagPolicy", on: [input.policyArn], conditions: Self.conditions(input.tags))
    let account = context.account
    try await change { transaction in
      var policy = try transaction.requireOwn(account, input.policyArn)
      policy.tags = try TagRules.records(input.tags, adding: policy.tags)
      try transaction.put(policy, account)
    }
    return TagPolicyOutput()
  }

  public func untagPolicy(_ input: UntagPolicyInput, _ context: RequestContext) async throws -> UntagPolicyOutput {
    try Self.checkPolicyARN(input.policyArn)
    try await context.authorize(
      "iam:UntagPolicy", on: [input.policyArn], conditions: ["aws:tagkeys": input.tagKeys])
    let account = context.account
    try await change { transaction in
      var policy = try transaction.requireOwn(account, input.policyArn)
      policy.tags = TagRules.removing(input.tagKeys, from: policy.tags)
      try transaction.put(policy, account)
    }
    return UntagPolicyOutput()
  }

  public func listPolicyTags(
    _ input: ListPolicyTagsInput, _ context: RequestContext
  ) async throws -> ListPolicyTagsOutput {
    try Self.checkPolicyARN(input.policyArn)
    try await context.authorize("iam:ListPolicyTags", on: [input.policyArn])
    let account = context.account
    let tags = try await keys.read { reader in
      ManagedPolicies.byARN[input.policyArn] != nil
        ? [] : try reader.requirePolicy(account, arn: input.policyArn).tags
    }
    let page = try Self.page(tags, input.marker, input.maxItems)
    return ListPolicyTagsOutput(tags: Shapes.tags(page.items), isTruncated: page.isTruncated, marker: page.marker)
  }

  public func tagInstanceProfile(
    _ input: TagInstanceProfileInput, _ context: RequestContext
  ) async throws -> TagInstanceProfileOutput {
    try await authorize(
      "iam:TagInstanceProfile", .instanceProfile, input.instanceProfileName, context,
      conditions: Self.conditions(input.tags))
    let account = context.account
    try await change { transaction in
      var profile = try transaction.requireInstanceProfile(account, input.instanceProfileName)
      profile.tags = try TagRules.records(input.tags, adding: profile.tags)
      try transaction.put(profile, account)
    }
    return TagInstanceProfileOutput()
  }

  public func untagInstanceProfile(
    _ input: UntagInstanceProfileInput, _ context: RequestContext
  ) async throws -> UntagInstanceProfileOutput {
    try await authorize(
      "iam:UntagInstanceProfile", .instanceProfile, input.instanceProfileName, context,
      conditions: ["aws:tagkeys": input.tagKeys])
    let account = context.account
    try await change { transaction in
      var profile = try transaction.requireInstanceProfile(account, input.instanceProfileName)
      profile.tags = TagRules.removing(input.tagKeys, from: profile.tags)
      try transaction.put(profile, account)
    }
    return UntagInstanceProfileOutput()
  }

  public func listInstanceProfileTags(
    _ input: ListInstanceProfileTagsInput, _ context: RequestContext
  ) async throws -> ListInstanceProfileTagsOutput {
    try await authorize("iam:ListInstanceProfileTags", .instanceProfile, input.instanceProfileName, context)
    let account = context.account
    let tags = try await keys.read { try $0.requireInstanceProfile(account, input.instanceProfileName).tags }
    let page = try Self.page(tags, input.marker, input.maxItems)
    return ListInstanceProfileTagsOutput(
      tags: Shapes.tags(page.items), isTruncated: page.isTruncated, marker: page.marker)
  }

  private static func page(_ tags: [TagRecord], _ marker: String?, _ maxItems: Int?) throws -> Page<TagRecord> {
    try Page(tags.sorted { $0.key < $1.key }, marker: marker, maxItems: maxItems) { $0.key }
  }

  private static func conditions(_ tags: [Tag]) -> [String: [String]] {
    var conditions = ["aws:tagkeys": tags.map(\.key)]
    for tag in tags { conditions["aws:requesttag/\(tag.key.lowercased())"] = [tag.value] }
    return conditions
  }
}
