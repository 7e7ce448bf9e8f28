import AWSWire
public import IAMModel
public import Kernel
import Storage

/// Roles that a service owns: made under a protected path, trusted by that service alone.
extension IAMControlPlane {
  /// The names that do not follow from the service's host name.
  private static let names = [
    "redshift": "AWSServiceRoleForRedshift", "lakeformation": "AWSServiceRoleForLakeFormationDataAccess",
    "lakeformation.data-access": "AWSServiceRoleForLakeFormationDataAccess",
    "autoscaling": "AWSServiceRoleForAutoScaling", "elasticloadbalancing": "AWSServiceRoleForElasticLoadBalancing",
    "ecs": "AWSServiceRoleForECS", "eks": "AWSServiceRoleForAmazonEKS", "rds": "AWSServiceRoleForRDS",
    "es": "AWSServiceRoleForAmazonElasticsearchService", "kafka": "AWSServiceRoleForKafka",
    "opensearchservice": "AWSServiceRoleForAmazonOpenSearchService",
    "events": "AWSServiceRoleForCloudWatchEvents", "lex": "AWSServiceRoleForLexBots",
  ]

  public func createServiceLinkedRole(
    _ input: CreateServiceLinkedRoleInput, _ context: RequestContext
  ) async throws -> CreateServiceLinkedRoleOutput {
    let service = input.awsServiceName
    guard service.hasSuffix(".amazonaws.com"), service != ".amazonaws.com" else {
      throw IAMFault.invalid("Service name \(service) is not valid or is not permitted to have service linked roles.")
    }
    let short = String(service.dropLast(".amazonaws.com".count))
    let base = Self.names[short] ?? "AWSServiceRoleFor\(short.prefix(1).uppercased())\(short.dropFirst())"
    let name = input.customSuffix.map { "\(base)_\($0)" } ?? base
    let path = "/aws-service-role/\(service)/"
    let account = context.account
    try await context.authorize(
      "iam:CreateServiceLinkedRole", on: [Names.arn(account.digits, .role, path, name)],
      conditions: ["iam:awsservicename": [service]])
    let trust =
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"\#(service)"},"#
      + #""Action":"sts:AssumeRole"}]}"#
    let record = RoleRecord(
      name: name, path: path, id: Names.id("AROA", random), created: clock.now(), description: input.description,
      trust: trust)
    // A service's name comes from the caller: the trust policy made of it must still be one.
    _ = try Self.trust(trust)
    try await change { transaction in
      guard try transaction.role(account, name) == nil else {
        throw IAMFault.invalid(
          "Service role name \(name) has been taken in this account, please try a different suffix.")
      }
      try transaction.put(record, account)
    }
    return CreateServiceLinkedRoleOutput(role: record.shape(account))
  }

  public func deleteServiceLinkedRole(
    _ input: DeleteServiceLinkedRoleInput, _ context: RequestContext
  ) async throws -> DeleteServiceLinkedRoleOutput {
    try await authorize("iam:DeleteServiceLinkedRole", .role, input.roleName, context)
    let account = context.account
    let suffix = random.uuid()
    return try await change { transaction in
      let role = try transaction.requireRole(account, input.roleName)
      guard role.isServiceLinked else {
        throw IAMFault.invalid("The role with name \(role.name) is not a service-linked role.")
      }
      let task = "task\(role.path)\(role.name)/\(suffix)"
      try transaction.delete(IAMKeys.lastUsed(role.id))
      try transaction.delete(IAMKeys.entity(account, .role, role.name))
      try transaction.set(Key("iam", account.digits, "deletion", task), [])
      return DeleteServiceLinkedRoleOutput(deletionTaskId: task)
    }
  }

  public func getServiceLinkedRoleDeletionStatus(
    _ input: GetServiceLinkedRoleDeletionStatusInput, _ context: RequestContext
  ) async throws -> GetServiceLinkedRoleDeletionStatusOutput {
    try await context.authorize("iam:GetServiceLinkedRoleDeletionStatus", on: ["*"])
    let key = Key("iam", context.account.digits, "deletion", input.deletionTaskId)
    guard try await keys.read({ try $0.get(key) }) != nil else {
      throw IAMFault.noSuchEntity("Deletion task \(input.deletionTaskId) cannot be found.")
    }
    return GetServiceLinkedRoleDeletionStatusOutput(status: .succeeded)
  }
}
