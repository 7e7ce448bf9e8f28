import AWSWire
public import IAMModel
public import Kernel
import Storage

/// The policy simulator: the same evaluator that guards every call, asked without a call.
extension IAMControlPlane {
  public func simulateCustomPolicy(
    _ input: SimulateCustomPolicyInput, _ context: RequestContext
  ) async throws -> SimulateCustomPolicyOutput {
    try await context.authorize("iam:SimulateCustomPolicy", on: ["*"])
    var simulation = Simulation(account: context.account, now: clock.now())
    simulation.identity = try Self.sources(input.policyInputList, "PolicyInputList")
    try simulation.read(
      boundaries: input.permissionsBoundaryPolicyInputList, resourcePolicy: input.resourcePolicy,
      caller: input.callerArn, owner: input.resourceOwner, entries: input.contextEntries)
    let page = try simulation.page(input.actionNames, input.resourceArns, input.marker, input.maxItems)
    return SimulateCustomPolicyOutput(
      evaluationResults: page.items.map(\.result), isTruncated: page.isTruncated, marker: page.marker)
  }

  public func simulatePrincipalPolicy(
    _ input: SimulatePrincipalPolicyInput, _ context: RequestContext
  ) async throws -> SimulatePrincipalPolicyOutput {
    try await context.authorize("iam:SimulatePrincipalPolicy", on: [input.policySourceArn])
    var simulation = Simulation(account: context.account, now: clock.now())
    let rights = try await rights(of: input.policySourceArn, context.account)
    simulation.identity = rights.identity + (try Self.sources(input.policyInputList ?? [], "PolicyInputList"))
    simulation.boundary = rights.boundary
    simulation.principalContext = rights.context
    try simulation.read(
      boundaries: input.permissionsBoundaryPolicyInputList, resourcePolicy: input.resourcePolicy,
      caller: input.callerArn ?? input.policySourceArn, owner: input.resourceOwner, entries: input.contextEntries)
    let page = try simulation.page(input.actionNames, input.resourceArns, input.marker, input.maxItems)
    return SimulatePrincipalPolicyOutput(
      evaluationResults: page.items.map(\.result), isTruncated: page.isTruncated, marker: page.marker)
  }

  public func getContextKeysForCustomPolicy(
    _ input: GetContextKeysForCustomPolicyInput, _ context: RequestContext
  ) async throws -> GetContextKeysForCustomPolicyOutput {
    try await context.authorize("iam:GetContextKeysForCustomPolicy", on: ["*"])
    let sources = try Self.sources(input.policyInputList, "PolicyInputList")
    return GetContextKeysForCustomPolicyOutput(contextKeyNames: Self.keys(of: sources))
  }

  public func getContextKeysForPrincipalPolicy(
    _ input: GetContextKeysForPrincipalPolicyInput, _ context: RequestContext
  ) async throws -> GetContextKeysForPrincipalPolicyOutput {
    try await context.authorize("iam:GetContextKeysForPrincipalPolicy", on: [input.policySourceArn])
    let rights = try await rights(of: input.policySourceArn, context.account)
    let sources = rights.identity + (try Self.sources(input.policyInputList ?? [], "PolicyInputList"))
    return GetContextKeysForPrincipalPolicyOutput(contextKeyNames: Self.keys(of: sources))
  }

  private static func keys(of sources: [PolicySource]) -> [String] {
    var seen: Set<String> = []
    return sources.flatMap { $0.document.contextKeys() }.filter { seen.insert($0.lowercased()).inserted }
  }

  /// The policies of a user with its groups', of a group, or of a role.
  private func rights(of arn: String, _ account: AccountID) async throws -> PrincipalRights {
    guard let parsed = ARN(arn), parsed.service == "iam", parsed.account == account.digits,
      let name = parsed.resource.split(separator: "/").last.map(String.init)
    else { throw IAMFault.invalid("Invalid Entity Arn: \(arn) does not clearly define entity type and name.") }
    if parsed.resource.hasPrefix("user/") {
      _ = try await keys.read { try $0.requireUser(account, name).id }
      if let rights = try await cache.rights(of: .init(account: account, kind: .user, name: name)) { return rights }
    } else if parsed.resource.hasPrefix("role/") {
      _ = try await keys.read { try $0.requireRole(account, name).id }
      if let rights = try await cache.rights(of: .init(account: account, kind: .role, name: name)) { return rights }
    } else if parsed.resource.hasPrefix("group/") {
      return try await keys.read { reader in
        let group = try reader.requireGroup(account, name)
        return PrincipalRights(
          id: group.id, arn: arn, identity: try PolicyCache.sources(of: group, account, reader), context: [:])
      }
    }
    throw IAMFault.invalid("Invalid Entity Arn: \(arn) does not clearly define entity type and name.")
  }

  fileprivate static func sources(_ texts: [String], _ list: String) throws -> [PolicySource] {
    var sources: [PolicySource] = []
    for (index, text) in texts.enumerated() {
      do {
        sources.append(PolicySource(id: "\(list).\(index + 1)", document: try PolicyDocument.parse(text, as: .inline)))
      } catch {
        throw IAMFault.invalid(error.message)
      }
    }
    return sources
  }
}

/// The questions of one simulator call.
private struct Simulation {
  struct Answer {
    var place: String
    var result: EvaluationResult
  }

  let account: AccountID
  let now: Timestamp
  var identity: [PolicySource] = []
  var boundary: PolicySource?
  var resourcePolicy: PolicySource?
  var caller: Caller
  var owner: String?
  var principalContext: [String: [String]] = [:]
  var entries: [String: [String]] = [:]

  init(account: AccountID, now: Timestamp) {
    self.account = account
    self.now = now
    caller = Caller(.user(arn: "arn:aws:iam::\(account.digits):user/simulated"), account: account.digits)
  }

  mutating func read(
    boundaries: [String]?, resourcePolicy: String?, caller: String?, owner: String?, entries: [ContextEntry]?
  ) throws {
    if let first = try IAMControlPlane.sources(boundaries ?? [], "PermissionsBoundaryPolicyInputList").first {
      boundary = first
    }
    if let resourcePolicy {
      do {
        self.resourcePolicy = PolicySource(
          id: "ResourcePolicy", document: try PolicyDocument.parse(resourcePolicy, as: .resource))
      } catch {
        throw IAMFault.invalid(error.message)
      }
      guard caller != nil else { throw IAMFault.invalid("CallerArn is required when ResourcePolicy is specified.") }
    }
    if let caller {
      guard let arn = ARN(caller), AccountID(arn.account) != nil else {
        throw IAMFault.invalid("Invalid value for CallerArn: \(caller)")
      }
      let kind: Caller.Kind
      if arn.resource.hasPrefix("role/") {
        kind = .session(role: caller, session: caller)
      } else if arn.resource.hasPrefix("assumed-role/") {
        kind = .session(role: "", session: caller)
      } else {
        kind = arn.resource == "root" ? .root : .user(arn: caller)
      }
      // The root is not simulated as almighty: its answer would say nothing about the policies.
      self.caller = Caller(kind == .root ? .user(arn: caller) : kind, account: arn.account)
    }
    self.owner = owner.flatMap { ARN($0)?.account ?? AccountID($0)?.digits }
    for entry in entries ?? [] {
      guard let name = entry.contextKeyName else { continue }
      self.entries[name.lowercased()] = entry.contextKeyValues ?? []
    }
  }

  func page(
    _ actions: [String], _ resources: [String]?, _ marker: String?, _ maxItems: Int?
  ) throws -> Page<Answer> {
    var answers: [Answer] = []
    for action in actions {
      guard action.split(separator: ":", omittingEmptySubsequences: false).count == 2 else {
        throw IAMFault.invalid("Invalid Action Name: \(action)")
      }
      for resource in resources?.isEmpty == false ? resources ?? [] : ["*"] {
        // Places sort as numbers do.
        let place = String(String(1_000_000 + answers.count).dropFirst())
        answers.append(Answer(place: place, result: answer(action, resource)))
      }
    }
    return try Page(answers, marker: marker, maxItems: maxItems) { $0.place }
  }

  private func answer(_ action: String, _ resource: String) -> EvaluationResult {
    let clockContext = [
      "aws:currenttime": [TimestampText.iso8601(now)], "aws:epochtime": [String(now.seconds)],
    ]
    let known = principalContext.merging(clockContext) { $1 }.merging(entries) { $1 }
    var question = Question(caller: caller, action: action, resource: resource) { known[$0] }
    question.identity = identity
    question.boundary = boundary
    question.resourcePolicy = resourcePolicy
    let resourceAccount = owner ?? ARN(resource).flatMap { AccountID($0.account)?.digits }
    question.isSameAccount = resourceAccount == nil || resourceAccount == caller.account
    let decision = Evaluator.decide(question)
    var result = EvaluationResult(
      evalActionName: action, evalResourceName: resource, evalDecision: Self.name(decision.outcome),
      matchedStatements: decision.matches.map(Self.statement), missingContextValues: missing(question, known))
    if let isAllowed = decision.isAllowedByBoundary {
      result.permissionsBoundaryDecisionDetail = PermissionsBoundaryDecisionDetail(
        allowedByPermissionsBoundary: isAllowed)
    }
    return result
  }

  private func missing(_ question: Question, _ known: [String: [String]]) -> [String] {
    let sources = identity + [boundary, resourcePolicy].compactMap { $0 }
    var seen: Set<String> = []
    return sources.flatMap { $0.document.contextKeys(for: question.action) }
      .filter { known[$0.lowercased()] == nil && seen.insert($0.lowercased()).inserted }
  }

  private static func name(_ outcome: Decision.Outcome) -> PolicyEvaluationDecisionType {
    switch outcome {
    case .allowed: .allowed
    case .explicitDeny: .explicitDeny
    case .implicitDeny: .implicitDeny
    }
  }

  private static func statement(_ match: Decision.Match) -> Statement {
    let type: PolicySourceType =
      switch match.layer {
      case .resource: "Resource Policy"
      case .boundary: "Permissions Boundary Policy"
      case .identity, .session: "IAM Policy"
      }
    return Statement(
      sourcePolicyId: match.source, sourcePolicyType: type,
      startPosition: Position(line: match.position.startLine, column: match.position.startColumn),
      endPosition: Position(line: match.position.endLine, column: match.position.endColumn))
  }
}
