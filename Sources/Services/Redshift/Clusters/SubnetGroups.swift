public import Kernel
public import RedshiftModel
import Storage

/// A subnet group as it is kept. Networks are names here: there is no EC2 that could be asked.
struct SubnetGroupRecord: Codable, Sendable {
  var name: String
  var description: String
  var subnets: [String]
  var tags: [String: String]

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("redshift-subnet-group", scope.account.digits, scope.region.code, name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-subnet-group", scope.account.digits, scope.region.code).subtree
  }
  static func arn(_ scope: Scope, _ name: String) -> ARN {
    ARN(service: "redshift", scope.region, scope.account, "subnetgroup:\(name)")
  }

  func shape(_ scope: Scope) -> ClusterSubnetGroup {
    ClusterSubnetGroup(
      clusterSubnetGroupName: name, description: description, subnetGroupStatus: "Complete",
      subnets: subnets.map {
        Subnet(
          subnetIdentifier: $0, subnetAvailabilityZone: AvailabilityZone(name: "\(scope.region.code)a"),
          subnetStatus: "Active")
      },
      tags: tags.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) },
      supportedClusterIpAddressTypes: ["ipv4"])
  }
}

extension KeyReader {
  func subnetGroup(_ scope: Scope, _ name: String) throws -> SubnetGroupRecord {
    guard let record = try get(SubnetGroupRecord.key(scope, name.lowercased()), as: SubnetGroupRecord.self) else {
      throw RedshiftError.clusterSubnetGroupNotFoundFault("Subnet group \(name) not found.")
    }
    return record
  }
}

extension RedshiftService {
  public func createClusterSubnetGroup(_ input: CreateClusterSubnetGroupInput, _ context: RequestContext) async throws
    -> CreateClusterSubnetGroupOutput
  {
    let (scope, name) = (context.scope, input.clusterSubnetGroupName.lowercased())
    try await context.authorize("redshift:CreateClusterSubnetGroup", on: SubnetGroupRecord.arn(scope, name))
    let isLegal = name.utf8.allSatisfy {
      ClusterRules.isLower($0) || ClusterRules.isDigit($0) || " -_.".utf8.contains($0)
    }
    guard (1...ClusterLimits.groupNameCharactersMax).contains(name.utf8.count), isLegal, name != "default" else {
      throw RedshiftError.invalidParameterValue("The parameter ClusterSubnetGroupName is not a valid identifier.")
    }
    let record = SubnetGroupRecord(
      name: name, description: input.description, subnets: try Self.subnets(input.subnetIds),
      tags: try ClusterRules.tags(input.tags))
    try await keys.write { transaction in
      guard try transaction.get(SubnetGroupRecord.key(scope, name)) == nil else {
        throw RedshiftError.clusterSubnetGroupAlreadyExistsFault("The subnet group '\(name)' already exists.")
      }
      guard try transaction.entries(SubnetGroupRecord.all(scope)).count < ClusterLimits.subnetGroupsMax else {
        throw RedshiftError.clusterSubnetGroupQuotaExceededFault("The quota of subnet groups is exceeded.")
      }
      try transaction.set(SubnetGroupRecord.key(scope, name), record: record)
    }
    return CreateClusterSubnetGroupOutput(clusterSubnetGroup: record.shape(scope))
  }

  private static func subnets(_ given: [String]) throws -> [String] {
    guard !given.isEmpty else { throw RedshiftError.invalidParameterValue("At least one subnet must be specified.") }
    guard given.count <= ClusterLimits.subnetsPerGroupMax else {
      throw RedshiftError.clusterSubnetQuotaExceededFault(
        "A subnet group can have at most \(ClusterLimits.subnetsPerGroupMax) subnets.")
    }
    for subnet in given where !subnet.hasPrefix("subnet-") {
      throw RedshiftError.invalidSubnet("Subnet \(subnet) not found.")
    }
    return given
  }

  public func describeClusterSubnetGroups(
    _ input: DescribeClusterSubnetGroupsInput, _ context: RequestContext
  ) async throws -> DescribeClusterSubnetGroupsOutput {
    let scope = context.scope
    try await context.authorize("redshift:DescribeClusterSubnetGroups", on: ["*"])
    let limit = try Self.pageSize(input.maxRecords)
    let all = try await keys.read { reader -> [SubnetGroupRecord] in
      if let name = input.clusterSubnetGroupName { return [try reader.subnetGroup(scope, name)] }
      return try reader.records(SubnetGroupRecord.all(scope), as: SubnetGroupRecord.self)
    }
    let chosen = all.filter { Self.tags($0.tags, match: input.tagKeys, input.tagValues) }
    let page = Page(chosen, after: input.marker, limit: limit) { $0.name }
    return DescribeClusterSubnetGroupsOutput(
      marker: page.marker, clusterSubnetGroups: page.items.map { $0.shape(scope) })
  }

  public func modifyClusterSubnetGroup(_ input: ModifyClusterSubnetGroupInput, _ context: RequestContext) async throws
    -> ModifyClusterSubnetGroupOutput
  {
    let (scope, name) = (context.scope, input.clusterSubnetGroupName.lowercased())
    try await context.authorize("redshift:ModifyClusterSubnetGroup", on: SubnetGroupRecord.arn(scope, name))
    let subnets = try Self.subnets(input.subnetIds)
    let changed = try await keys.write { transaction in
      var record = try transaction.subnetGroup(scope, name)
      record.subnets = subnets
      record.description = input.description ?? record.description
      try transaction.set(SubnetGroupRecord.key(scope, name), record: record)
      return record
    }
    return ModifyClusterSubnetGroupOutput(clusterSubnetGroup: changed.shape(scope))
  }

  public func deleteClusterSubnetGroup(_ input: DeleteClusterSubnetGroupInput, _ context: RequestContext) async throws
    -> DeleteClusterSubnetGroupOutput
  {
    let (scope, name) = (context.scope, input.clusterSubnetGroupName.lowercased())
    try await context.authorize("redshift:DeleteClusterSubnetGroup", on: SubnetGroupRecord.arn(scope, name))
    try await keys.write { transaction in
      _ = try transaction.subnetGroup(scope, name)
      let clusters = try transaction.records(ClusterRecord.all(scope), as: ClusterRecord.self)
      guard !clusters.contains(where: { $0.subnetGroup == name }) else {
        throw RedshiftError.invalidClusterSubnetGroupStateFault(
          "The subnet group \(name) is in use by a cluster and cannot be deleted.")
      }
      try transaction.delete(SubnetGroupRecord.key(scope, name))
    }
    return DeleteClusterSubnetGroupOutput()
  }
}
