public import AthenaModel
public import Kernel
import Storage

extension AthenaService {
  public func tagResource(_ input: TagResourceInput, _ context: RequestContext) async throws -> TagResourceOutput {
    let name = try await taggable(input.resourceARN, "athena:TagResource", context)
    let added = try Self.tags(input.tags)
    try await changeTags(of: name, context.scope) { $0.merge(added) { $1 } }
    return TagResourceOutput()
  }

  public func untagResource(_ input: UntagResourceInput, _ context: RequestContext) async throws
    -> UntagResourceOutput
  {
    let name = try await taggable(input.resourceARN, "athena:UntagResource", context)
    try await changeTags(of: name, context.scope) { tags in for key in input.tagKeys { tags[key] = nil } }
    return UntagResourceOutput()
  }

  public func listTagsForResource(_ input: ListTagsForResourceInput, _ context: RequestContext) async throws
    -> ListTagsForResourceOutput
  {
    let name = try await taggable(input.resourceARN, "athena:ListTagsForResource", context)
    let all = try await workGroup(name, context.scope).tags.sorted { $0.key < $1.key }
    let page = Page(all, after: input.nextToken, limit: input.maxResults ?? 75) { $0.key }
    return ListTagsForResourceOutput(
      tags: page.items.map { Tag(key: $0.key, value: $0.value) }, nextToken: page.nextToken)
  }

  /// The workgroup that an ARN names. Data catalogs and capacity reservations have no tags here.
  private func taggable(_ arn: String, _ action: String, _ context: RequestContext) async throws -> String {
    try await context.authorize(action, on: [arn])
    guard let parsed = ARN(arn), parsed.service == "athena", parsed.resource.hasPrefix("workgroup/") else {
      throw AthenaError.resourceNotFoundException("Resource \(arn) is not found")
    }
    return String(parsed.resource.dropFirst("workgroup/".count))
  }

  private func changeTags(
    of name: String, _ scope: Scope, _ change: @escaping @Sendable (inout [String: String]) -> Void
  ) async throws {
    try await keys.write { transaction in
      guard var record = try WorkGroupRecord.read(scope, name, transaction) else { throw Self.noWorkGroup(name) }
      change(&record.tags)
      guard record.tags.count <= AthenaLimits.tagsPerResourceMax else {
        throw AthenaError.invalidRequestException("Too many tags: at most \(AthenaLimits.tagsPerResourceMax)")
      }
      try transaction.set(WorkGroupRecord.key(scope, name), record: record)
    }
  }

  static func tags(_ given: [Tag]?) throws -> [String: String] {
    var tags: [String: String] = [:]
    for tag in given ?? [] {
      guard let key = tag.key, !key.isEmpty, !key.lowercased().hasPrefix("aws:") else {
        throw AthenaError.invalidRequestException("Tag keys must not be empty nor begin with aws:")
      }
      guard tags.updateValue(tag.value ?? "", forKey: key) == nil else {
        throw AthenaError.invalidRequestException("Duplicate tag keys found")
      }
    }
    return tags
  }
}
