public import Kernel
public import RedshiftModel
import Storage

/// Temporary passwords for a cluster's endpoint.
extension RedshiftService {
  public func getClusterCredentials(_ input: GetClusterCredentialsInput, _ context: RequestContext) async throws
    -> GetClusterCredentialsOutput
  {
    let scope = context.scope
    let identifier = try Self.credentialCluster(input.clusterIdentifier, custom: input.customDomainName)
    let user = input.dbUser.lowercased()
    func arn(_ kind: String, _ name: String) -> String {
      context.arn("redshift", "\(kind):\(identifier)/\(name)").description
    }
    var resources = [arn("dbuser", user)]
    if let database = input.dbName { resources.append(arn("dbname", database)) }
    try await context.authorize("redshift:GetClusterCredentials", on: resources)
    let creates = input.autoCreate ?? false
    if creates { try await context.authorize("redshift:CreateClusterUser", on: [arn("dbuser", user)]) }
    let groups = (input.dbGroups ?? []).map { $0.lowercased() }
    if !groups.isEmpty {
      try await context.authorize("redshift:JoinGroup", on: groups.map { arn("dbgroup", $0) })
    }
    if user != "public", let fault = ClusterRules.fault(ofUser: user, "DbUser"), creates {
      throw RedshiftError.invalidParameterValue(fault)
    }
    let record = try await keys.read { try $0.cluster(scope, identifier) }
    let made = try await house.passwords.issue(
      TemporaryPasswords.Grant(
        name: (creates ? "IAMA:" : "IAM:") + user, user: user, database: input.dbName, groups: groups,
        createsUser: creates, durationSeconds: try Self.duration(input.durationSeconds)),
      namespace: record.namespace)
    return GetClusterCredentialsOutput(dbUser: made.user, dbPassword: made.password, expiration: made.expiration)
  }

  /// The database user is the caller himself: `IAM:alice` for a user, `IAMR:loader` for a role.
  public func getClusterCredentialsWithIAM(
    _ input: GetClusterCredentialsWithIAMInput, _ context: RequestContext
  ) async throws -> GetClusterCredentialsWithIAMOutput {
    let scope = context.scope
    let identifier = try Self.credentialCluster(input.clusterIdentifier, custom: input.customDomainName)
    try await context.authorize(
      "redshift:GetClusterCredentialsWithIAM",
      on: context.arn("redshift", "dbname:\(identifier)/\(input.dbName ?? "*")"))
    let record = try await keys.read { try $0.cluster(scope, identifier) }
    let name = Self.databaseUser(of: context.principal)
    let made = try await house.passwords.issue(
      TemporaryPasswords.Grant(
        name: name, user: name, database: input.dbName, createsUser: true,
        durationSeconds: try Self.duration(input.durationSeconds)),
      namespace: record.namespace)
    return GetClusterCredentialsWithIAMOutput(
      dbUser: made.user, dbPassword: made.password, expiration: made.expiration, nextRefreshTime: made.nextRefresh)
  }

  /// The database's user that stands for a caller.
  static func databaseUser(of principal: Principal) -> String {
    switch principal.kind {
    case .user(let name): "IAM:\(name)"
    case .assumedRole(let name, _): "IAMR:\(name)"
    case .root, .service, .anonymous: "IAM:RootIdentity"
    }
  }

  private static func credentialCluster(_ identifier: String?, custom: String?) throws -> String {
    if let custom { throw RedshiftError.clusterNotFoundFault("Custom domain name \(custom) not found.") }
    guard let identifier else {
      throw RedshiftError.invalidParameterCombination("ClusterIdentifier or CustomDomainName must be provided.")
    }
    return identifier.lowercased()
  }

  private static func duration(_ seconds: Int?) throws -> Int {
    let seconds = seconds ?? ClusterLimits.credentialSecondsDefault
    guard ClusterLimits.credentialSeconds.contains(seconds) else {
      throw RedshiftError.invalidParameterValue("Token duration must be between 900 and 3600 seconds.")
    }
    return seconds
  }
}
