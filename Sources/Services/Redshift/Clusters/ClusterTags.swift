public import Kernel
public import RedshiftModel
import Storage

extension RedshiftService {
  /// What tags can be put to, named by its ARN.
  private enum Taggable: Sendable {
    case cluster(String), snapshot(String), subnetGroup(String), parameterGroup(String), usageLimit(String)

    var type: String {
      switch self {
      case .cluster: "cluster"
      case .snapshot: "snapshot"
      case .subnetGroup: "subnetgroup"
      case .parameterGroup: "parametergroup"
      case .usageLimit: "usagelimit"
      }
    }

    init(_ text: String, _ scope: Scope) throws {
      guard let arn = ARN(text), arn.service == "redshift", arn.account == scope.account.digits else {
        throw RedshiftError.invalidParameterValue("Invalid resource name: \(text)")
      }
      let parts = arn.resource.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw RedshiftError.invalidParameterValue("Invalid resource name: \(text)") }
      switch parts[0] {
      case "cluster": self = .cluster(parts[1])
      case "snapshot": self = .snapshot(parts[1].split(separator: "/").last.map(String.init) ?? parts[1])
      case "subnetgroup": self = .subnetGroup(parts[1])
      case "parametergroup": self = .parameterGroup(parts[1])
      case "usagelimit": self = .usageLimit(parts[1])
      default: throw RedshiftError.invalidParameterValue("Invalid resource name: \(text)")
      }
    }
  }

  public func createTags(_ input: CreateTagsInput, _ context: RequestContext) async throws -> CreateTagsOutput {
    try await context.authorize("redshift:CreateTags", on: [input.resourceName])
    let added = try ClusterRules.tags(input.tags)
    try await changeTags(input.resourceName, context.scope) { $0.merge(added) { $1 } }
    return CreateTagsOutput()
  }

  public func deleteTags(_ input: DeleteTagsInput, _ context: RequestContext) async throws -> DeleteTagsOutput {
    try await context.authorize("redshift:DeleteTags", on: [input.resourceName])
    try await changeTags(input.resourceName, context.scope) { tags in for key in input.tagKeys { tags[key] = nil } }
    return DeleteTagsOutput()
  }

  private func changeTags(
    _ name: String, _ scope: Scope, _ change: @escaping @Sendable (inout [String: String]) -> Void
  ) async throws {
    let target = try Taggable(name, scope)
    try await keys.write { transaction in
      func changed(_ tags: [String: String]) throws -> [String: String] {
        var tags = tags
        change(&tags)
        guard tags.count <= ClusterLimits.tagsPerResourceMax else {
          throw RedshiftError.tagLimitExceededFault("You have exceeded the number of tags allowed.")
        }
        return tags
      }
      do {
        switch target {
        case .cluster(let name):
          var record = try transaction.cluster(scope, name)
          record.tags = try changed(record.tags)
          try transaction.set(ClusterRecord.key(scope, record.identifier), record: record)
        case .snapshot(let name):
          var record = try transaction.snapshot(scope, name)
          record.tags = try changed(record.tags)
          try transaction.set(SnapshotRecord.key(scope, record.name), record: record)
        case .subnetGroup(let name):
          var record = try transaction.subnetGroup(scope, name)
          record.tags = try changed(record.tags)
          try transaction.set(SubnetGroupRecord.key(scope, record.name), record: record)
        case .usageLimit(let id):
          let key = ClusterUsageLimitRecord.key(scope, id)
          guard var record = try transaction.get(key, as: ClusterUsageLimitRecord.self) else {
            throw RedshiftError.usageLimitNotFoundFault("The usage limit \(id) does not exist.")
          }
          record.tags = try changed(record.tags)
          try transaction.set(key, record: record)
        case .parameterGroup(let name):
          var record = try transaction.parameterGroup(scope, name)
          guard !record.isBuiltIn else {
            throw RedshiftError.invalidParameterValue("Default parameter groups cannot be tagged: \(name)")
          }
          record.tags = try changed(record.tags)
          try transaction.set(ParameterGroupRecord.key(scope, record.name), record: record)
        }
      } catch let error as AWSError where error.code.contains("NotFound") {
        throw RedshiftError.resourceNotFoundFault(error.message)
      }
    }
  }

  public func describeTags(_ input: DescribeTagsInput, _ context: RequestContext) async throws -> DescribeTagsOutput {
    let scope = context.scope
    try await context.authorize("redshift:DescribeTags", on: [input.resourceName ?? "*"])
    let limit = try Self.pageSize(input.maxRecords)
    if input.resourceName != nil, input.resourceType != nil {
      throw RedshiftError.invalidParameterCombination("ResourceName and ResourceType cannot be specified together.")
    }
    if let name = input.resourceName { _ = try Taggable(name, scope) }
    let all = try await keys.read { reader in
      var all: [(arn: String, type: String, tags: [String: String])] = []
      for record in try reader.records(ClusterRecord.all(scope), as: ClusterRecord.self) {
        all.append((ClusterRecord.arn(scope, record.identifier).description, "cluster", record.tags))
      }
      for record in try reader.records(SnapshotRecord.all(scope), as: SnapshotRecord.self) {
        all.append((record.arn(scope).description, "snapshot", record.tags))
      }
      for record in try reader.records(SubnetGroupRecord.all(scope), as: SubnetGroupRecord.self) {
        all.append((SubnetGroupRecord.arn(scope, record.name).description, "subnetgroup", record.tags))
      }
      for record in try reader.records(ParameterGroupRecord.all(scope), as: ParameterGroupRecord.self) {
        all.append((ParameterGroupRecord.arn(scope, record.name).description, "parametergroup", record.tags))
      }
      for record in try reader.records(ClusterUsageLimitRecord.all(scope), as: ClusterUsageLimitRecord.self) {
        all.append((ClusterUsageLimitRecord.arn(scope, record.id).description, "usagelimit", record.tags))
      }
      return all
    }
    if let name = input.resourceName, !all.contains(where: { $0.arn == name }) {
      throw RedshiftError.resourceNotFoundFault("The resource \(name) was not found.")
    }
    let tags = all.filter { resource in
      (input.resourceName.map { $0 == resource.arn } ?? true)
        && (input.resourceType.map { $0.lowercased() == resource.type } ?? true)
    }.flatMap { resource in
      resource.tags.sorted { $0.key < $1.key }.compactMap { key, value -> TaggedResource? in
        if let keys = input.tagKeys, !keys.isEmpty, !keys.contains(key) { return nil }
        if let values = input.tagValues, !values.isEmpty, !values.contains(value) { return nil }
        return TaggedResource(tag: Tag(key: key, value: value), resourceName: resource.arn, resourceType: resource.type)
      }
    }
    let named = tags.map { (name: "\($0.resourceName ?? "")\n\($0.tag?.key ?? "")", tag: $0) }
    let page = Page(named.sorted { $0.name < $1.name }, after: input.marker, limit: limit) { $0.name }
    return DescribeTagsOutput(taggedResources: page.items.map(\.tag), marker: page.marker)
  }
}
