public import Kernel
public import LambdaModel
import Storage

/// Tags of functions and of event source mappings.
extension LambdaService {
  public func tagResource(_ input: TagResourceInput, _ context: RequestContext) async throws -> TagResourceOutput {
    try await changeTags(of: input.resource, for: "TagResource", context) { tags in
      tags.merge(input.tags) { $1 }
      guard tags.count <= Limits.tagsMax else {
        throw LambdaError.invalidParameterValueException("Number of tags exceeds resource tag limit.")
      }
    }
    return TagResourceOutput()
  }

  public func untagResource(
    _ input: UntagResourceInput, _ context: RequestContext
  ) async throws -> UntagResourceOutput {
    try await changeTags(of: input.resource, for: "UntagResource", context) { tags in
      for key in input.tagKeys { tags[key] = nil }
    }
    return UntagResourceOutput()
  }

  public func listTags(_ input: ListTagsInput, _ context: RequestContext) async throws -> ListTagsOutput {
    if let id = Self.mappingID(input.resource) {
      return ListTagsOutput(tags: try await find(mapping: id, for: "ListTags", context).tags ?? [:])
    }
    let record = try await find(latest(input.resource, context), for: "ListTags", context)
    return ListTagsOutput(tags: record.tags)
  }

  private func changeTags(
    of resource: String, for action: String, _ context: RequestContext,
    _ change: @escaping @Sendable (inout [String: String]) throws -> Void
  ) async throws {
    if let id = Self.mappingID(resource) {
      let found = try await find(mapping: id, for: action, context)
      let key = LambdaKeys.mapping(found.scope, found.id)
      return try await keys.write { transaction in
        guard var mapping = try transaction.get(key, as: MappingRecord.self) else { throw Self.noMapping }
        var tags = mapping.tags ?? [:]
        try change(&tags)
        mapping.tags = tags
        try transaction.set(key, record: mapping)
      }
    }
    let name = try latest(resource, context)
    try await context.authorize("lambda:\(action)", on: name.arn)
    try await self.change(name) { record, _ in try change(&record.tags) }
  }

  /// The id in a mapping's ARN.
  private static func mappingID(_ resource: String) -> String? {
    guard let arn = ARN(resource), arn.service == "lambda", arn.resource.hasPrefix("event-source-mapping:") else {
      return nil
    }
    return String(arn.resource.dropFirst("event-source-mapping:".count))
  }
}
