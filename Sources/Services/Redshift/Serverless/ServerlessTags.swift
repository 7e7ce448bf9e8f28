public import Kernel
public import RedshiftServerlessModel
import Storage

extension ServerlessService {
  public func tagResource(_ input: TagResourceInput, _ context: RequestContext) async throws -> TagResourceOutput {
    try await context.authorize("redshift-serverless:TagResource", on: [input.resourceArn])
    let added = try ServerlessRules.tags(input.tags)
    _ = try await tags(of: input.resourceArn, context.scope) { $0.merge(added) { $1 } }
    return TagResourceOutput()
  }

  public func untagResource(_ input: UntagResourceInput, _ context: RequestContext) async throws
    -> UntagResourceOutput
  {
    try await context.authorize("redshift-serverless:UntagResource", on: [input.resourceArn])
    _ = try await tags(of: input.resourceArn, context.scope) { tags in for key in input.tagKeys { tags[key] = nil } }
    return UntagResourceOutput()
  }

  public func listTagsForResource(_ input: ListTagsForResourceInput, _ context: RequestContext) async throws
    -> ListTagsForResourceOutput
  {
    try await context.authorize("redshift-serverless:ListTagsForResource", on: [input.resourceArn])
    let tags = try await tags(of: input.resourceArn, context.scope) { _ in }
    return ListTagsForResourceOutput(
      tags: tags.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) })
  }

  /// Changes the tags of what an ARN names, and gives them.
  private func tags(
    of arn: String, _ scope: Scope, _ change: @escaping @Sendable (inout [String: String]) -> Void
  ) async throws -> [String: String] {
    try await keys.write { transaction in
      func changed(_ tags: [String: String]) throws -> [String: String] {
        var tags = tags
        change(&tags)
        guard tags.count <= ServerlessLimits.tagsMax else {
          throw RedshiftServerlessError.tooManyTagsException("A resource can have at most 50 tags.")
        }
        return tags
      }
      for var record in try transaction.records(NamespaceRecord.all(scope), as: NamespaceRecord.self)
      where record.arn(scope).description == arn {
        record.tags = try changed(record.tags)
        try transaction.set(NamespaceRecord.key(scope, record.name), record: record)
        return record.tags
      }
      for var record in try transaction.records(WorkgroupRecord.all(scope), as: WorkgroupRecord.self)
      where record.arn(scope).description == arn {
        record.tags = try changed(record.tags)
        try transaction.set(WorkgroupRecord.key(scope, record.name), record: record)
        return record.tags
      }
      let snapshots = try transaction.records(ServerlessSnapshotRecord.all(scope), as: ServerlessSnapshotRecord.self)
      for var record in snapshots where record.arn(scope).description == arn {
        record.tags = try changed(record.tags)
        try transaction.set(ServerlessSnapshotRecord.key(scope, record.name), record: record)
        return record.tags
      }
      throw RedshiftServerlessError.resourceNotFoundException("The resource \(arn) doesn't exist.")
    }
  }
}
