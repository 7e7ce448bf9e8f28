import AWSWire
public import Kernel
import Storage

/// Lets services take on the roles that they are handed.
///
/// The errors are few and plain, so that each service can say them in its own words:
/// - `NoSuchEntity`: there is no such role;
/// - `AccessDenied`: the role does not trust the service, or the caller may not pass it, a role of another account
///   least of all (message as AWS's).
public struct TrustedRoles: RoleBroker {
  let keys: any KeyStore
  let cache: PolicyCache
  let clock: any WallClock
  let random: any RandomSource
  let usage: LastUse

  public func assume(role: ARN, for service: String, session: String) async throws -> Principal {
    let (account, record) = try await trusting(role, service)
    usage.note(record.id, service: service, region: "", at: clock.now())
    return Principal(
      kind: .assumedRole(name: record.name, session: session), account: account,
      arn: ARN(
        service: "sts", region: "", account: account.digits, resource: "assumed-role/\(record.name)/\(session)"),
      userID: "\(record.id):\(session)", accessKeyID: "")
  }

  /// Takes on a role as AssumeRole does, for a caller who is within the process: role chaining.
  /// - Throws: `AWSError` (`AccessDenied`) when the role does not exist or does not let the caller in.
  public func assume(role: ARN, by principal: Principal, session: String) async throws -> Principal {
    let denied = AWSError(
      "AccessDenied", "User: \(principal.arn) is not authorized to perform: sts:AssumeRole on resource: \(role)",
      httpStatus: 403)
    guard let account = AccountID(role.account), role.service == "iam", role.resource.hasPrefix("role/"),
      let name = role.resource.split(separator: "/").last, let record = try await keys.read({ reader in
        try reader.role(account, String(name))
      }), Names.arn(account.digits, .role, record.path, record.name) == role.description
    else { throw denied }
    let decisions = try await PolicyAuthorizer(cache: cache, clock: clock).decide(
      AuthorizationRequest(
        principal: principal, action: "sts:AssumeRole", resources: [role.description],
        conditions: ["sts:rolesessionname": [session]], resourcePolicy: record.trust),
      needsResourcePolicy: true)
    guard decisions.allSatisfy({ $0.decision.isAllowed }) else { throw denied }
    usage.note(record.id, service: "sts", region: "", at: clock.now())
    return Principal(
      kind: .assumedRole(name: record.name, session: session), account: account,
      arn: ARN(
        service: "sts", region: "", account: account.digits, resource: "assumed-role/\(record.name)/\(session)"),
      userID: "\(record.id):\(session)", accessKeyID: "")
  }

  public func checkPass(role: ARN, to service: String, context: RequestContext) async throws {
    guard role.account == context.account.digits else {
      throw AWSError("AccessDenied", "Cross-account pass role is not allowed.", httpStatus: 403)
    }
    try await context.authorize("iam:PassRole", on: role, conditions: ["iam:passedtoservice": [service]])
    _ = try await trusting(role, service)
  }

  /// The role, if it exists and its trust policy lets `service` assume it.
  private func trusting(_ role: ARN, _ service: String) async throws -> (AccountID, RoleRecord) {
    let missing = IAMFault.noSuchEntity("The role with name \(role.resource) cannot be found.")
    guard let account = AccountID(role.account), role.service == "iam", role.resource.hasPrefix("role/"),
      let name = role.resource.split(separator: "/").last
    else { throw missing }
    let record = try await keys.read { try $0.role(account, String(name)) }
    guard let record, Names.arn(account.digits, .role, record.path, record.name) == role.description else {
      throw missing
    }
    let now = clock.now()
    var question = Question(
      caller: Caller(.service(service), account: account.digits), action: "sts:AssumeRole", resource: role.description
    ) { key in
      switch key {
      case "aws:sourceaccount": [account.digits]
      case "aws:currenttime": [TimestampText.iso8601(now)]
      case "aws:epochtime": [String(now.seconds)]
      case "aws:principalservicename": [service]
      case "aws:principalisawsservice": ["true"]
      default: nil
      }
    }
    question.needsResourcePolicy = true
    question.resourcePolicy = cache.document(record.trust, as: .trust).map {
      PolicySource(id: "TrustPolicy", document: $0)
    }
    guard Evaluator.decide(question).isAllowed else {
      throw AWSError(
        "AccessDenied", "\(service) is not authorized to perform: sts:AssumeRole on resource: \(role)",
        httpStatus: 403)
    }
    return (account, record)
  }
}
