public import Kernel
public import RedshiftModel
import Storage

/// A parameter group as it is kept: what differs from the defaults.
struct ParameterGroupRecord: Codable, Sendable {
  var name: String
  var family: String
  var description: String
  var values: [String: String] = [:]
  var tags: [String: String] = [:]

  /// The group of clusters that name none. It and its sister of the second family are every account's.
  static let standard = "default.redshift-1.0"

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("redshift-parameter-group", scope.account.digits, scope.region.code, name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-parameter-group", scope.account.digits, scope.region.code).subtree
  }
  static func arn(_ scope: Scope, _ name: String) -> ARN {
    ARN(service: "redshift", scope.region, scope.account, "parametergroup:\(name)")
  }

  static let builtIn = ClusterParameter.families.map {
    ParameterGroupRecord(name: "default.\($0)", family: $0, description: "Default parameter group for \($0)")
  }

  var isBuiltIn: Bool { name.hasPrefix("default.") }
  var all: [String: String] { ClusterParameter.defaults(family).merging(values) { $1 } }

  var shape: ClusterParameterGroup {
    ClusterParameterGroup(
      parameterGroupName: name, parameterGroupFamily: family, description: description,
      tags: tags.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) })
  }
}

extension KeyReader {
  /// - Throws: `ClusterParameterGroupNotFound`.
  func parameterGroup(_ scope: Scope, _ name: String) throws -> ParameterGroupRecord {
    let name = name.lowercased()
    if let record = try get(ParameterGroupRecord.key(scope, name), as: ParameterGroupRecord.self) { return record }
    if let record = ParameterGroupRecord.builtIn.first(where: { $0.name == name }) { return record }
    throw RedshiftError.clusterParameterGroupNotFoundFault("Parameter group \(name) not found.")
  }

  /// All values of a group, defaults included.
  func parameterValues(_ scope: Scope, _ name: String) throws -> [String: String] {
    try parameterGroup(scope, name).all
  }
}

extension RedshiftService {
  public func createClusterParameterGroup(
    _ input: CreateClusterParameterGroupInput, _ context: RequestContext
  ) async throws -> CreateClusterParameterGroupOutput {
    let scope = context.scope
    let name = try ClusterRules.identifier(
      input.parameterGroupName, "ParameterGroupName", max: ClusterLimits.groupNameCharactersMax)
    try await context.authorize("redshift:CreateClusterParameterGroup", on: ParameterGroupRecord.arn(scope, name))
    try Self.check(family: input.parameterGroupFamily)
    let record = ParameterGroupRecord(
      name: name, family: input.parameterGroupFamily, description: input.description,
      tags: try ClusterRules.tags(input.tags))
    try await keys.write { transaction in
      guard try transaction.get(ParameterGroupRecord.key(scope, name)) == nil else {
        throw RedshiftError.clusterParameterGroupAlreadyExistsFault("ParameterGroup \(name) already exists.")
      }
      guard try transaction.entries(ParameterGroupRecord.all(scope)).count < ClusterLimits.parameterGroupsMax else {
        throw RedshiftError.clusterParameterGroupQuotaExceededFault("The quota of parameter groups is exceeded.")
      }
      try transaction.set(ParameterGroupRecord.key(scope, name), record: record)
    }
    return CreateClusterParameterGroupOutput(clusterParameterGroup: record.shape)
  }

  private static func check(family: String) throws {
    guard ClusterParameter.families.contains(family) else {
      throw RedshiftError.invalidParameterValue("Invalid parameter group family: \(family)")
    }
  }

  public func describeClusterParameterGroups(
    _ input: DescribeClusterParameterGroupsInput, _ context: RequestContext
  ) async throws -> DescribeClusterParameterGroupsOutput {
    let scope = context.scope
    try await context.authorize("redshift:DescribeClusterParameterGroups", on: ["*"])
    let limit = try Self.pageSize(input.maxRecords)
    let all = try await keys.read { reader -> [ParameterGroupRecord] in
      if let name = input.parameterGroupName { return [try reader.parameterGroup(scope, name)] }
      return try reader.records(ParameterGroupRecord.all(scope), as: ParameterGroupRecord.self)
        + ParameterGroupRecord.builtIn
    }
    let chosen = all.filter { Self.tags($0.tags, match: input.tagKeys, input.tagValues) }.sorted { $0.name < $1.name }
    let page = Page(chosen, after: input.marker, limit: limit) { $0.name }
    return DescribeClusterParameterGroupsOutput(marker: page.marker, parameterGroups: page.items.map(\.shape))
  }

  public func describeClusterParameters(
    _ input: DescribeClusterParametersInput, _ context: RequestContext
  ) async throws -> DescribeClusterParametersOutput {
    let scope = context.scope
    try await context.authorize(
      "redshift:DescribeClusterParameters", on: ParameterGroupRecord.arn(scope, input.parameterGroupName.lowercased()))
    let limit = try Self.pageSize(input.maxRecords)
    let group = try await keys.read { try $0.parameterGroup(scope, input.parameterGroupName) }
    guard input.source == nil || input.source == "user" || input.source == "engine-default" else {
      throw RedshiftError.invalidParameterValue("Invalid source: \(input.source ?? "")")
    }
    let all = ClusterParameter.all.compactMap { parameter -> Parameter? in
      let source = group.values[parameter.name] == nil ? "engine-default" : "user"
      guard input.source == nil || input.source == source else { return nil }
      return parameter.shape(group.all[parameter.name] ?? parameter.standard, source: source)
    }
    let page = Page(all, after: input.marker, limit: limit) { $0.parameterName ?? "" }
    return DescribeClusterParametersOutput(parameters: page.items, marker: page.marker)
  }

  public func describeDefaultClusterParameters(
    _ input: DescribeDefaultClusterParametersInput, _ context: RequestContext
  ) async throws -> DescribeDefaultClusterParametersOutput {
    try await context.authorize("redshift:DescribeDefaultClusterParameters", on: ["*"])
    try Self.check(family: input.parameterGroupFamily)
    let values = ClusterParameter.defaults(input.parameterGroupFamily)
    let all = ClusterParameter.all.map { $0.shape(values[$0.name] ?? $0.standard, source: "engine-default") }
    let page = Page(all, after: input.marker, limit: try Self.pageSize(input.maxRecords)) { $0.parameterName ?? "" }
    return DescribeDefaultClusterParametersOutput(
      defaultClusterParameters: DefaultClusterParameters(
        parameterGroupFamily: input.parameterGroupFamily, marker: page.marker, parameters: page.items))
  }

  public func modifyClusterParameterGroup(
    _ input: ModifyClusterParameterGroupInput, _ context: RequestContext
  ) async throws -> ModifyClusterParameterGroupOutput {
    var values: [String: String] = [:]
    for given in input.parameters {
      let parameter = try Self.parameter(given)
      guard let value = given.parameterValue else {
        throw RedshiftError.invalidParameterValue("The parameter \(parameter.name) needs a value.")
      }
      if let fault = parameter.fault(value) { throw RedshiftError.invalidParameterValue(fault) }
      values[parameter.name] = value
    }
    let changes = values
    try await changeGroup(input.parameterGroupName, "ModifyClusterParameterGroup", context) { group in
      group.values.merge(changes) { $1 }
    }
    return ModifyClusterParameterGroupOutput(
      parameterGroupName: input.parameterGroupName.lowercased(),
      parameterGroupStatus: "Your parameter group has been updated. If you changed only dynamic parameters, "
        + "associated clusters are being modified now. If you changed static parameters, all updates, including "
        + "dynamic parameters, will be applied when you reboot the associated clusters.")
  }

  public func resetClusterParameterGroup(
    _ input: ResetClusterParameterGroupInput, _ context: RequestContext
  ) async throws -> ResetClusterParameterGroupOutput {
    let all = input.resetAllParameters ?? (input.parameters == nil)
    guard all || !(input.parameters ?? []).isEmpty else {
      throw RedshiftError.invalidParameterCombination(
        "Either ResetAllParameters or a list of parameters must be specified.")
    }
    let names = try (input.parameters ?? []).map { try Self.parameter($0).name }
    try await changeGroup(input.parameterGroupName, "ResetClusterParameterGroup", context) { group in
      if all { group.values = [:] } else { for name in names { group.values[name] = nil } }
    }
    return ResetClusterParameterGroupOutput(
      parameterGroupName: input.parameterGroupName.lowercased(),
      parameterGroupStatus: "Your parameter group has been updated but changes won't get applied until you reboot the "
        + "associated Clusters.")
  }

  private static func parameter(_ given: Parameter) throws -> ClusterParameter {
    guard let parameter = ClusterParameter.all.first(where: { $0.name == given.parameterName }) else {
      throw RedshiftError.invalidParameterValue("Could not find parameter with name: \(given.parameterName ?? "")")
    }
    return parameter
  }

  /// Changes a group. Clusters take dynamic parameters over at once, unless static ones wait for a reboot.
  private func changeGroup(
    _ name: String, _ action: String, _ context: RequestContext,
    _ change: @escaping @Sendable (inout ParameterGroupRecord) -> Void
  ) async throws {
    let (scope, name) = (context.scope, name.lowercased())
    try await context.authorize("redshift:\(action)", on: ParameterGroupRecord.arn(scope, name))
    let updated = try await keys.write { transaction in
      var group = try transaction.parameterGroup(scope, name)
      guard !group.isBuiltIn else {
        throw RedshiftError.invalidParameterValue("Default parameter groups cannot be modified: \(name)")
      }
      change(&group)
      try transaction.set(ParameterGroupRecord.key(scope, name), record: group)
      let dynamic = Set(ClusterParameter.all.filter(\.isDynamic).map(\.name))
      var updated: [ClusterRecord] = []
      for var cluster in try transaction.records(ClusterRecord.all(scope), as: ClusterRecord.self)
      where cluster.parameterGroup == name && cluster.appliedParameters != group.all {
        let differing = group.all.filter { cluster.appliedParameters[$0.key] != $0.value }
        guard differing.keys.allSatisfy(dynamic.contains) else { continue }
        cluster.appliedParameters = group.all
        try transaction.set(ClusterRecord.key(scope, cluster.identifier), record: cluster)
        updated.append(cluster)
      }
      return updated
    }
    for cluster in updated { try await house.open.update(cluster.settings(scope)) }
  }

  public func deleteClusterParameterGroup(
    _ input: DeleteClusterParameterGroupInput, _ context: RequestContext
  ) async throws -> DeleteClusterParameterGroupOutput {
    let (scope, name) = (context.scope, input.parameterGroupName.lowercased())
    try await context.authorize("redshift:DeleteClusterParameterGroup", on: ParameterGroupRecord.arn(scope, name))
    try await keys.write { transaction in
      guard try !transaction.parameterGroup(scope, name).isBuiltIn else {
        throw RedshiftError.invalidParameterValue("Default parameter groups cannot be deleted: \(name)")
      }
      let clusters = try transaction.records(ClusterRecord.all(scope), as: ClusterRecord.self)
      guard !clusters.contains(where: { $0.parameterGroup == name }) else {
        throw RedshiftError.invalidClusterParameterGroupStateFault(
          "The parameter group \(name) is in use by a cluster and cannot be deleted.")
      }
      try transaction.delete(ParameterGroupRecord.key(scope, name))
    }
    return DeleteClusterParameterGroupOutput()
  }
}
