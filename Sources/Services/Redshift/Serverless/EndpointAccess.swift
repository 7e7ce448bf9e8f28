import AWSWire
public import Kernel
public import RedshiftServerlessModel
import Storage

/// A further way into a workgroup, as it is kept. On AWS it stands in another network; here it leads to the workgroup's
/// own port, as there is one network.
struct EndpointAccessRecord: Codable, Sendable {
  var name: String
  var id: String
  /// The workgroup's name.
  var workgroup: String
  var created: Timestamp
  var subnets: [String]
  var securityGroups: [String]

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("redshift-endpoint-access", scope.account.digits, scope.region.code, name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-endpoint-access", scope.account.digits, scope.region.code).subtree
  }

  func arn(_ scope: Scope) -> ARN {
    ARN(service: "redshift-serverless", scope.region, scope.account, "managedvpcendpoint/\(id)")
  }

  /// - Parameters:
  ///   - address: the name under which the caller reaches this server.
  ///   - workgroup: where the access leads to; `nil` for one that is gone.
  func shape(_ scope: Scope, address: String, workgroup: WorkgroupRecord?) -> EndpointAccess {
    let identity = id.filter { $0 != "-" }.prefix(17)
    let interface = NetworkInterface(
      networkInterfaceId: "eni-\(identity)", privateIpAddress: address, subnetId: subnets.first)
    var shape = EndpointAccess(
      address: address, endpointArn: arn(scope).description, endpointCreateTime: created, endpointName: name,
      endpointStatus: workgroup?.boundPort == nil ? "CREATING" : "ACTIVE")
    shape.port = workgroup?.boundPort ?? workgroup?.port
    shape.subnetIds = subnets
    shape.vpcEndpoint = VpcEndpoint(networkInterfaces: [interface], vpcEndpointId: "vpce-\(identity)")
    shape.vpcSecurityGroups = securityGroups.map {
      VpcSecurityGroupMembership(status: "active", vpcSecurityGroupId: $0)
    }
    shape.workgroupName = self.workgroup
    return shape
  }
}

extension KeyReader {
  fileprivate func endpointAccess(_ scope: Scope, _ name: String) throws -> EndpointAccessRecord {
    guard let record = try get(EndpointAccessRecord.key(scope, name), as: EndpointAccessRecord.self) else {
      throw RedshiftServerlessError.resourceNotFoundException("Endpoint \(name) doesn't exist.")
    }
    return record
  }
}

extension ServerlessService {
  public func createEndpointAccess(_ input: CreateEndpointAccessInput, _ context: RequestContext) async throws
    -> CreateEndpointAccessOutput
  {
    let scope = context.scope
    let name = input.endpointName
    guard (1...ServerlessLimits.endpointNameCharactersMax).contains(name.utf8.count),
      name.utf8.first.map(ClusterRules.isLower) ?? false,
      name.utf8.allSatisfy({ ClusterRules.isLower($0) || ClusterRules.isDigit($0) || $0 == 0x2D }),
      !name.hasSuffix("-"), !name.contains("--")
    else {
      throw RedshiftServerlessError.validationException(
        "endpointName must have 1 to 30 lowercase letters, numbers and single hyphens, and begin with a letter.")
    }
    guard !input.subnetIds.isEmpty else {
      throw RedshiftServerlessError.validationException("subnetIds must name at least one subnet.")
    }
    if let owner = input.ownerAccount, owner != scope.account.digits {
      throw RedshiftServerlessError.resourceNotFoundException(
        "Workgroup \(input.workgroupName) of account \(owner) doesn't exist.")
    }
    _ = try await workgroup(input.workgroupName, "CreateEndpointAccess", context)
    let record = EndpointAccessRecord(
      name: name, id: house.random.uuid(), workgroup: input.workgroupName, created: context.time,
      subnets: input.subnetIds, securityGroups: input.vpcSecurityGroupIds ?? [])
    let workgroup = try await keys.write { transaction in
      guard try transaction.get(EndpointAccessRecord.key(scope, name)) == nil else {
        throw RedshiftServerlessError.conflictException("Endpoint \(name) already exists.")
      }
      let workgroup = try transaction.workgroup(scope, record.workgroup)
      guard workgroup.status == .available else {
        throw RedshiftServerlessError.conflictException("The workgroup \(workgroup.name) is not available.")
      }
      guard try transaction.entries(EndpointAccessRecord.all(scope)).count < ServerlessLimits.endpointsMax else {
        throw RedshiftServerlessError.serviceQuotaExceededException("The quota of endpoints is exceeded.")
      }
      try transaction.set(EndpointAccessRecord.key(scope, name), record: record)
      return workgroup
    }
    return CreateEndpointAccessOutput(
      endpoint: record.shape(scope, address: house.address(for: context), workgroup: workgroup))
  }

  public func getEndpointAccess(_ input: GetEndpointAccessInput, _ context: RequestContext) async throws
    -> GetEndpointAccessOutput
  {
    GetEndpointAccessOutput(endpoint: try await shape(of: input.endpointName, "GetEndpointAccess", context))
  }

  public func updateEndpointAccess(_ input: UpdateEndpointAccessInput, _ context: RequestContext) async throws
    -> UpdateEndpointAccessOutput
  {
    let scope = context.scope
    _ = try await shape(of: input.endpointName, "UpdateEndpointAccess", context)
    try await keys.write { transaction in
      var record = try transaction.endpointAccess(scope, input.endpointName)
      record.securityGroups = input.vpcSecurityGroupIds ?? record.securityGroups
      try transaction.set(EndpointAccessRecord.key(scope, record.name), record: record)
    }
    return UpdateEndpointAccessOutput(
      endpoint: try await shape(of: input.endpointName, "UpdateEndpointAccess", context))
  }

  public func deleteEndpointAccess(_ input: DeleteEndpointAccessInput, _ context: RequestContext) async throws
    -> DeleteEndpointAccessOutput
  {
    var going = try await shape(of: input.endpointName, "DeleteEndpointAccess", context)
    let scope = context.scope
    try await keys.write { transaction in
      _ = try transaction.endpointAccess(scope, input.endpointName)
      try transaction.delete(EndpointAccessRecord.key(scope, input.endpointName))
    }
    going.endpointStatus = "DELETING"
    return DeleteEndpointAccessOutput(endpoint: going)
  }

  public func listEndpointAccess(_ input: ListEndpointAccessInput, _ context: RequestContext) async throws
    -> ListEndpointAccessOutput
  {
    let (scope, address) = (context.scope, house.address(for: context))
    try await context.authorize("redshift-serverless:ListEndpointAccess", on: ["*"])
    if let name = input.workgroupName { _ = try await keys.read { try $0.workgroup(scope, name) } }
    let (all, workgroups) = try await keys.read { reader in
      (
        try reader.records(EndpointAccessRecord.all(scope), as: EndpointAccessRecord.self),
        try reader.records(WorkgroupRecord.all(scope), as: WorkgroupRecord.self)
      )
    }
    // There are no networks by which a list could be narrowed, and no other accounts' workgroups.
    let chosen = all.filter { record in
      (input.workgroupName.map { $0 == record.workgroup } ?? true) && input.vpcId == nil
        && (input.ownerAccount.map { $0 == scope.account.digits } ?? true)
    }
    let page = Self.page(chosen, after: input.nextToken, limit: input.maxResults) { $0.name }
    return ListEndpointAccessOutput(
      endpoints: page.items.map { record in
        record.shape(scope, address: address, workgroup: workgroups.first { $0.name == record.workgroup })
      }, nextToken: page.marker)
  }

  private func shape(of name: String, _ action: String, _ context: RequestContext) async throws -> EndpointAccess {
    let scope = context.scope
    let found = try await keys.read { reader -> (EndpointAccessRecord, WorkgroupRecord?)? in
      guard let record = try reader.get(EndpointAccessRecord.key(scope, name), as: EndpointAccessRecord.self) else {
        return nil
      }
      return (record, try reader.get(WorkgroupRecord.key(scope, record.workgroup), as: WorkgroupRecord.self))
    }
    try await context.authorize(
      "redshift-serverless:\(action)",
      on: found?.0.arn(scope) ?? context.arn("redshift-serverless", "managedvpcendpoint/*"))
    guard let (record, workgroup) = found else {
      throw RedshiftServerlessError.resourceNotFoundException("Endpoint \(name) doesn't exist.")
    }
    return record.shape(scope, address: house.address(for: context), workgroup: workgroup)
  }
}
