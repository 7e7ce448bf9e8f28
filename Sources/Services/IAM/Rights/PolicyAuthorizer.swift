import AWSWire
public import Kernel

/// Answers every service's "may the caller do this?" from IAM's policies.
public final class PolicyAuthorizer: Authorizer {
  private let cache: PolicyCache
  private let clock: any WallClock

  init(cache: PolicyCache, clock: any WallClock) {
    self.cache = cache
    self.clock = clock
  }

  public func authorize(_ request: AuthorizationRequest) async throws {
    let decisions = try await decide(request)
    for (resource, decision) in decisions where !decision.isAllowed {
      throw Self.denial(request, resource, decision)
    }
  }

  /// Whether a user or role exists that a resource's policy names. Principals of other kinds are taken as they are.
  public func knows(_ principal: ARN) async throws -> Bool {
    guard principal.service == "iam", let account = AccountID(principal.account) else { return true }
    let path = principal.resource.split(separator: "/")
    guard path.count > 1, let kind = ["user": EntityKind.user, "role": .role][path[0]] else { return true }
    let rights = try await cache.rights(of: .init(account: account, kind: kind, name: String(path[path.count - 1])))
    return rights?.arn == principal.description
  }

  public func check(resourcePolicy: String) throws {
    do {
      _ = try PolicyDocument.parse(resourcePolicy, as: .resource)
    } catch {
      throw AWSError("MalformedPolicyDocument", error.message)
    }
  }

  /// One decision a resource, in order; stops at the first that is refused.
  /// - Parameter needsResourcePolicy: for trust policies, without which nothing is allowed.
  func decide(
    _ request: AuthorizationRequest, needsResourcePolicy: Bool = false
  ) async throws -> [(resource: String, decision: Decision)] {
    var question = try await question(for: request)
    question.needsResourcePolicy = needsResourcePolicy
    var answers: [(resource: String, decision: Decision)] = []
    for resource in request.resources {
      question.resource = resource
      let owner = request.resourceAccount?.digits ?? Self.owner(of: resource)
      question.isSameAccount = owner == nil || owner == request.principal.account.digits
      let decision = Evaluator.decide(question)
      answers.append((resource, decision))
      if !decision.isAllowed { break }
    }
    return answers
  }

  /// The account in a resource's ARN; `nil` where it names none, or is AWS's own (`aws`).
  private static func owner(of resource: String) -> String? {
    guard let arn = ARN(resource), AccountID(arn.account) != nil else { return nil }
    return arn.account
  }

  private func question(for request: AuthorizationRequest) async throws -> Question {
    let principal = request.principal
    var rights: PrincipalRights?
    let caller: Caller.Kind
    switch principal.kind {
    case .root: caller = .root
    case .anonymous: caller = .anonymous
    case .service(let name): caller = .service(name)
    case .user(let name):
      rights = try await cache.rights(of: .init(account: principal.account, kind: .user, name: name))
      caller = .user(arn: principal.arn.description)
    case .assumedRole(let name, _):
      rights = try await cache.rights(of: .init(account: principal.account, kind: .role, name: name))
      caller = .session(role: rights?.arn ?? "", session: principal.arn.description)
    }
    // Credentials of an entity that was deleted, and perhaps made again, carry no rights.
    if let held = rights, !principal.userID.isEmpty, held.id != principal.userID.prefix(while: { $0 != ":" }) {
      rights = nil
    }
    let context = Self.context(of: principal, rights, at: clock.now())
    let conditions = request.conditions
    var question = Question(
      caller: Caller(caller, account: principal.account.digits), action: request.action, resource: ""
    ) { key in
      if let values = conditions[key] {
        // An empty address or agent means a call within the process: the key is absent.
        return values == [""] && (key == "aws:sourceip" || key == "aws:useragent") ? nil : values
      }
      return context[key]
    }
    question.isGrantedByResource = request.isGrantedByResource
    question.identity = rights?.identity ?? []
    question.boundary = rights?.boundary
    if !principal.sessionPolicies.isEmpty {
      question.session = principal.sessionPolicies.compactMap { text in
        cache.document(text, as: .session).map { PolicySource(id: "session", document: $0) }
      }
    }
    if let text = request.resourcePolicy {
      let kind: PolicyKind = request.action.lowercased().hasPrefix("sts:assumerole") ? .trust : .resource
      question.resourcePolicy = cache.document(text, as: kind).map { PolicySource(id: "ResourcePolicy", document: $0) }
    }
    return question
  }

  /// The global condition keys that the caller and the clock give.
  static func context(
    of principal: Principal, _ rights: PrincipalRights?, at now: Timestamp
  ) -> [String: [String]] {
    var context = rights?.context ?? [:]
    context["aws:userid"] = [principal.userID]
    context["aws:currenttime"] = [TimestampText.iso8601(now)]
    context["aws:epochtime"] = [String(now.seconds)]
    context["aws:viaawsservice"] = ["false"]
    switch principal.kind {
    case .root:
      context["aws:principalarn"] = [principal.arn.description]
      context["aws:principalaccount"] = [principal.account.digits]
      context["aws:principaltype"] = ["Account"]
    case .service(let name):
      context["aws:principalisawsservice"] = ["true"]
      context["aws:principalservicename"] = [name]
    case .anonymous: context["aws:principaltype"] = ["Anonymous"]
    default: context["aws:principalisawsservice"] = ["false"]
    }
    return context
  }

  /// AWS's denial text. Source: IAM User Guide, "Troubleshoot access denied error messages".
  static func denial(_ request: AuthorizationRequest, _ resource: String, _ decision: Decision) -> AWSError {
    if request.principal.kind == .anonymous { return AWSError("AccessDenied", "Access Denied", httpStatus: 403) }
    // S3 puts the resource in quotation marks, the other services do not.
    let shown = request.action.hasPrefix("s3:") ? "\"\(resource)\"" : resource
    var message =
      "User: \(request.principal.arn) is not authorized to perform: \(request.action) on resource: \(shown)"
    switch decision.outcome {
    case .allowed: break
    case .explicitDeny(let layer): message += " with an explicit deny in \(layer.withArticle)"
    case .implicitDeny(let layer): message += " because no \(layer.rawValue) allows the \(request.action) action"
    }
    return AWSError("AccessDenied", message, httpStatus: 403)
  }
}
