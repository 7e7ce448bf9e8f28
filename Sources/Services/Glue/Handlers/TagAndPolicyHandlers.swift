public import GlueModel
public import Kernel
import Storage

extension GlueService {
  public func tagResource(_ input: TagResourceInput, _ context: RequestContext) async throws -> TagResourceOutput {
    try await context.authorize("glue:TagResource", on: [input.resourceArn])
    let resource = try TaggedResource(input.resourceArn, context)
    let added = input.tagsToAdd
    try await catalog.keys.write { transaction in
      var tags = try resource.tags(transaction)
      tags.merge(added) { _, new in new }
      try CatalogTags.check(tags)
      try transaction.set(resource.key, record: tags)
    }
    return TagResourceOutput()
  }

  public func untagResource(_ input: UntagResourceInput, _ context: RequestContext) async throws -> UntagResourceOutput
  {
    try await context.authorize("glue:UntagResource", on: [input.resourceArn])
    let resource = try TaggedResource(input.resourceArn, context)
    let removed = input.tagsToRemove
    try await catalog.keys.write { transaction in
      var tags = try resource.tags(transaction)
      for name in removed { tags[name] = nil }
      try transaction.set(resource.key, record: tags)
    }
    return UntagResourceOutput()
  }

  public func getTags(_ input: GetTagsInput, _ context: RequestContext) async throws -> GetTagsOutput {
    try await context.authorize("glue:GetTags", on: [input.resourceArn])
    let resource = try TaggedResource(input.resourceArn, context)
    return GetTagsOutput(tags: try await catalog.keys.read { try resource.tags($0) })
  }

  // MARK: Policies

  public func putResourcePolicy(
    _ input: PutResourcePolicyInput, _ context: RequestContext
  ) async throws -> PutResourcePolicyOutput {
    let exists: Bool? =
      switch input.policyExistsCondition {
      case .mustExist?: true
      case .notExist?: false
      default: nil
      }
    let hash = try await catalog.putPolicy(
      input.policyInJson, on: input.resourceArn, ifHash: input.policyHashCondition, exists: exists, context: context)
    return PutResourcePolicyOutput(policyHash: hash)
  }

  public func getResourcePolicy(
    _ input: GetResourcePolicyInput, _ context: RequestContext
  ) async throws -> GetResourcePolicyOutput {
    let policy = try await catalog.policy(on: input.resourceArn, context: context)
    return GetResourcePolicyOutput(
      policyInJson: policy.document, policyHash: policy.hash, createTime: policy.createTime,
      updateTime: policy.updateTime)
  }

  public func deleteResourcePolicy(
    _ input: DeleteResourcePolicyInput, _ context: RequestContext
  ) async throws -> DeleteResourcePolicyOutput {
    try await catalog.deletePolicy(on: input.resourceArn, ifHash: input.policyHashCondition, context: context)
    return DeleteResourcePolicyOutput()
  }
}

/// A resource that can have tags, named by its ARN.
private struct TaggedResource: Sendable {
  let key: Key
  private let arn: String
  /// The record without which the resource does not exist.
  private let record: Key

  /// - Throws: `InvalidInputException` for an ARN of no such resource, `EntityNotFoundException` for kinds of
  ///   resources that are not there yet.
  init(_ arn: String, _ context: RequestContext) throws {
    guard let parsed = ARN(arn), parsed.service == "glue" else {
      throw CatalogError.invalidInput("Invalid resource ARN: \(arn)")
    }
    let keys = context.catalogKeys
    let parts = parsed.resource.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let record: Key? =
      switch (parts.first ?? "", parts.count) {
      case ("database", 2): keys.database(parts[1])
      case ("crawler", 2): CrawlerRecord.key(context.scope, parts[1])
      case ("trigger", 2): TriggerRecord.key(context.scope, parts[1])
      case ("workflow", 2): WorkflowRecord.key(context.scope, parts[1])
      case ("job", 2): JobRecord.key(context.scope, parts[1])
      case ("connection", 2): ConnectionRecord.key(context.scope, parts[1])
      case ("dataQualityRuleset", 2): QualityKeys(scope: context.scope).ruleset(parts[1])
      case ("registry", 2): keys.registry(parts[1])
      case ("schema", 3): keys.schema(parts[2], in: parts[1])
      default: nil
      }
    guard let record, parsed.account == context.account.digits, parsed.region == context.region.code else {
      throw CatalogError.entityNotFound("Resource \(arn) not found.")
    }
    self.record = record
    self.arn = arn
    key = keys.tags(arn)
  }

  func tags(_ reader: any KeyReader) throws -> [String: String] {
    guard try reader.get(record) != nil else { throw CatalogError.entityNotFound("Resource \(arn) not found.") }
    return try reader.get(key, as: [String: String].self) ?? [:]
  }
}
