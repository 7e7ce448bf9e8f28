public import Kernel
public import LogsModel

extension LogsService {
  public func tagResource(_ input: TagResourceInput, _ context: RequestContext) async throws -> TagResourceOutput {
    let id = try taggedGroup(input.resourceArn, context)
    try await context.authorize("logs:TagResource", on: [id.arn.description])
    try await tag(id, input.tags)
    return TagResourceOutput()
  }

  public func untagResource(
    _ input: UntagResourceInput, _ context: RequestContext
  ) async throws -> UntagResourceOutput {
    let id = try taggedGroup(input.resourceArn, context)
    try await context.authorize("logs:UntagResource", on: [id.arn.description])
    try await change(id) { record in for key in input.tagKeys { record.tags[key] = nil } }
    return UntagResourceOutput()
  }

  public func listTagsForResource(
    _ input: ListTagsForResourceInput, _ context: RequestContext
  ) async throws -> ListTagsForResourceOutput {
    let id = try taggedGroup(input.resourceArn, context)
    try await context.authorize("logs:ListTagsForResource", on: [id.arn.description])
    return ListTagsForResourceOutput(tags: try existing(id).tags)
  }

  // The older operations do the same by the group's name.

  public func tagLogGroup(_ input: TagLogGroupInput, _ context: RequestContext) async throws -> TagLogGroupOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:TagLogGroup", on: [id.resource])
    try await tag(id, input.tags)
    return TagLogGroupOutput()
  }

  public func untagLogGroup(
    _ input: UntagLogGroupInput, _ context: RequestContext
  ) async throws -> UntagLogGroupOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:UntagLogGroup", on: [id.resource])
    try await change(id) { record in for key in input.tags { record.tags[key] = nil } }
    return UntagLogGroupOutput()
  }

  public func listTagsLogGroup(
    _ input: ListTagsLogGroupInput, _ context: RequestContext
  ) async throws -> ListTagsLogGroupOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:ListTagsLogGroup", on: [id.resource])
    return ListTagsLogGroupOutput(tags: try existing(id).tags)
  }

  private func taggedGroup(_ arn: String, _ context: RequestContext) throws -> GroupID {
    guard arn.hasPrefix("arn:") else {
      throw LogsError.invalidParameterException("The specified ARN is not valid: \(arn)")
    }
    return try groupID(arn, context)
  }

  private func tag(_ id: GroupID, _ tags: [String: String]) async throws {
    try Self.check(tags: tags)
    try await change(id) { record in
      record.tags.merge(tags) { $1 }
      guard record.tags.count <= Limits.tagsMax else {
        throw LogsError.tooManyTagsException("A resource can have no more than \(Limits.tagsMax) tags.")
      }
    }
  }

  static func check(tags: [String: String]) throws {
    if let key = tags.keys.first(where: { $0.lowercased().hasPrefix("aws:") }) {
      throw LogsError.invalidParameterException("Tag key \(key) is invalid: aws: prefixed tag keys are reserved.")
    }
  }
}
