public import Kernel
public import STSModel
import Storage

extension TokenService {
  public func assumeRole(_ input: AssumeRoleInput, _ context: RequestContext) async throws -> AssumeRoleOutput {
    guard let arn = ARN(input.roleArn), arn.service == "iam", let account = AccountID(arn.account),
      arn.resource.hasPrefix("role/"), let name = arn.resource.split(separator: "/").last.map(String.init)
    else { throw IAMFault.validation("\(input.roleArn) is invalid") }
    guard input.tags?.isEmpty ?? true, input.transitiveTagKeys?.isEmpty ?? true, input.sourceIdentity == nil,
      input.providedContexts?.isEmpty ?? true
    else {
      throw AWSError.notImplemented(service: "STS", operation: "AssumeRole with session tags or source identity")
    }
    guard input.serialNumber == nil, input.tokenCode == nil else { throw Self.noMFA }

    let role = try await keys.read { try $0.role(account, name) }
    let denied = AWSError(
      "AccessDenied",
      "User: \(context.principal.arn) is not authorized to perform: sts:AssumeRole on resource: \(input.roleArn)",
      httpStatus: 403)
    guard let role, Names.arn(account.digits, .role, role.path, role.name) == input.roleArn,
      try await isTrusted(role, input, context)
    else { throw denied }

    let seconds = try Self.seconds(input.durationSeconds, role, context.principal)
    let (policies, size) = try await sessionPolicies(input, account)
    let session = newSession(account, seconds) { record in
      record.role = role.name
      record.roleID = role.id
      record.sessionName = input.roleSessionName
      record.policies = policies
    }
    try await store(session)
    usage.note(role.id, service: "sts", region: context.region.code, at: clock.now())
    return AssumeRoleOutput(
      credentials: session.shape,
      assumedRoleUser: AssumedRoleUser(
        assumedRoleId: "\(role.id):\(input.roleSessionName)",
        arn: Names.sessionARN(account.digits, role: role.name, session: input.roleSessionName)),
      packedPolicySize: policies.isEmpty ? nil : size)
  }

  /// The role's trust policy must name the caller, or its account; then the caller's own policies count too.
  private func isTrusted(
    _ role: RoleRecord, _ input: AssumeRoleInput, _ context: RequestContext
  ) async throws -> Bool {
    var conditions = [
      "sts:rolesessionname": [input.roleSessionName], "aws:requestedregion": [context.region.code],
      "aws:securetransport": [context.endpoint.hasPrefix("https:") ? "true" : "false"],
    ]
    if let id = input.externalId { conditions["sts:externalid"] = [id] }
    if !context.sourceIP.isEmpty { conditions["aws:sourceip"] = [context.sourceIP] }
    if !context.userAgent.isEmpty { conditions["aws:useragent"] = [context.userAgent] }
    for tag in role.tags {
      conditions["aws:resourcetag/\(tag.key.lowercased())"] = [tag.value]
      conditions["iam:resourcetag/\(tag.key.lowercased())"] = [tag.value]
    }
    let decisions = try await authorizer.decide(
      AuthorizationRequest(
        principal: context.principal, action: "sts:AssumeRole", resources: [input.roleArn], conditions: conditions,
        resourcePolicy: role.trust),
      needsResourcePolicy: true)
    return decisions.allSatisfy { $0.decision.isAllowed }
  }

  private static func seconds(_ wanted: Int?, _ role: RoleRecord, _ caller: Principal) throws -> Int {
    let seconds = wanted ?? Limits.sessionSecondsDefault
    guard seconds >= Limits.sessionSecondsMin else {
      throw IAMFault.validation(
        "1 validation error detected: Value '\(seconds)' at 'durationSeconds' failed to satisfy constraint: "
          + "Member must have value greater than or equal to \(Limits.sessionSecondsMin)")
    }
    if case .assumedRole = caller.kind, seconds > Limits.chainedSessionSecondsMax {
      throw IAMFault.validation(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
    }
    guard seconds <= role.maxSessionSeconds else {
      throw IAMFault.validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    }
    return seconds
  }

  /// The documents that narrow the session, and how much of the allotted space they take, in percent.
  private func sessionPolicies(_ input: AssumeRoleInput, _ account: AccountID) async throws -> ([String], Int) {
    var documents: [String] = []
    if let policy = input.policy {
      do {
        _ = try PolicyDocument.parse(policy, as: .session)
      } catch {
        throw IAMFault.malformed(error.message)
      }
      documents.append(policy)
    }
    let arns = (input.policyArns ?? []).compactMap(\.arn)
    guard arns.count <= Limits.sessionPolicyARNsMax else {
      throw IAMFault.validation("The number of session policy ARNs exceeds \(Limits.sessionPolicyARNsMax)")
    }
    let size = (input.policy?.utf8.count ?? 0) + arns.reduce(0) { $0 + $1.utf8.count }
    let percent = (size * 100 + Limits.sessionPolicySizeMax - 1) / Limits.sessionPolicySizeMax
    guard percent <= 100 else {
      throw AWSError(
        "PackedPolicyTooLarge",
        "Packed policy consumes \(percent)% of allotted space, please use smaller policy.")
    }
    documents += try await keys.read { reader in
      try arns.map { arn in
        guard let managed = try reader.managedPolicy(account, arn: arn) else {
          throw IAMFault.malformed("Policy \(arn) does not exist or is not attachable.")
        }
        return managed.document
      }
    }
    return (documents, percent)
  }
}
