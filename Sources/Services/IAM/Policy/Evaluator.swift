/// A policy with the name under which results speak of it.
package struct PolicySource: Sendable {
  /// The simulator's `SourcePolicyId`.
  package var id: String
  package var document: PolicyDocument

  package init(id: String, document: PolicyDocument) {
    self.id = id
    self.document = document
  }
}

/// Who asks, in the forms in which a resource's policy may name them.
package struct Caller: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case root
    case user(arn: String)
    /// A session: the role's ARN and the session's own.
    case session(role: String, session: String)
    case service(String)
    case anonymous
  }
  package var kind: Kind
  package var account: String

  package init(_ kind: Kind, account: String) {
    self.kind = kind
    self.account = account
  }
}

/// Everything that bears on one question. `Evaluator.decide` is a pure function of it.
package struct Question: Sendable {
  package var caller: Caller
  /// In lower case.
  package var action: String
  package var resource: String
  package var identity: [PolicySource] = []
  package var boundary: PolicySource?
  /// `nil` for a session without session policies.
  package var session: [PolicySource]?
  package var resourcePolicy: PolicySource?
  package var isSameAccount = true
  /// A role's trust policy and the like: nothing is allowed that the resource's own policy does not allow,
  /// even to a principal of the same account.
  package var needsResourcePolicy = false
  /// The resource lets the caller in by other means than its policy.
  package var isGrantedByResource = false
  /// The request's values for a condition key in lower case.
  package var lookup: @Sendable (String) -> [String]?

  package init(
    caller: Caller, action: String, resource: String, lookup: @escaping @Sendable (String) -> [String]? = { _ in nil }
  ) {
    self.caller = caller
    self.action = action.lowercased()
    self.resource = resource
    self.lookup = lookup
  }
}

/// The evaluator's answer, with what led to it.
package struct Decision: Sendable {
  /// The kinds of policy, in the words of AWS's denial messages.
  package enum Layer: String, Sendable {
    case identity = "identity-based policy"
    case boundary = "permissions boundary"
    case session = "session policy"
    case resource = "resource-based policy"

    var withArticle: String { self == .identity ? "an \(rawValue)" : "a \(rawValue)" }
  }
  package enum Outcome: Sendable, Hashable {
    case allowed
    case explicitDeny(Layer)
    case implicitDeny(Layer)
  }
  package struct Match: Sendable {
    package var source: String
    package var layer: Layer
    package var effect: PolicyDocument.Effect
    package var position: PolicyDocument.Position
  }

  package var outcome: Outcome
  package var matches: [Match]
  /// What the boundary alone says; `nil` without one.
  package var isAllowedByBoundary: Bool?

  package var isAllowed: Bool { outcome == .allowed }
}

/// AWS's evaluation logic: IAM User Guide, "Policy evaluation logic" and "How enforcement code logic evaluates
/// requests to allow or deny access".
package enum Evaluator {
  /// How closely a resource's policy names the caller: the closer, the less else must agree.
  enum Grant: Int, Comparable {
    case none
    /// The caller's account: the account's own policies must allow too.
    case account
    /// The role of the caller's session: boundary and session policies still limit it.
    case role
    /// The caller itself, or everyone.
    case caller

    static func < (left: Grant, right: Grant) -> Bool { left.rawValue < right.rawValue }
  }

  package static func decide(_ question: Question) -> Decision {
    var matches: [Decision.Match] = []
    let identity = verdict(question.identity, .identity, question, &matches)
    let boundary = question.boundary.map { verdict([$0], .boundary, question, &matches) }
    let session = question.session.map { verdict($0, .session, question, &matches) }
    var resource = resourceVerdict(question, &matches)
    if question.isGrantedByResource { resource.grant = .caller }
    func answer(_ outcome: Decision.Outcome) -> Decision {
      Decision(outcome: outcome, matches: matches, isAllowedByBoundary: boundary.map { $0 == .allow })
    }

    if identity == .deny { return answer(.explicitDeny(.identity)) }
    if resource.isDenied { return answer(.explicitDeny(.resource)) }
    if boundary == .deny { return answer(.explicitDeny(.boundary)) }
    if session == .deny { return answer(.explicitDeny(.session)) }

    let mustHaveGrant = question.needsResourcePolicy || !question.isSameAccount
    if mustHaveGrant, resource.grant == .none { return answer(.implicitDeny(.resource)) }
    switch question.caller.kind {
    case .anonymous, .service: return answer(resource.grant > .none ? .allowed : .implicitDeny(.resource))
    case .root: return answer(.allowed)
    case .user, .session: break
    }
    if question.isSameAccount, resource.grant == .caller { return answer(.allowed) }
    let isIdentityMet = question.isSameAccount && resource.grant == .role || identity == .allow
    if !isIdentityMet { return answer(.implicitDeny(.identity)) }
    if let boundary, boundary != .allow { return answer(.implicitDeny(.boundary)) }
    if let session, session != .allow { return answer(.implicitDeny(.session)) }
    return answer(.allowed)
  }

  private enum Verdict { case allow, deny, silent }

  private static func verdict(
    _ policies: [PolicySource], _ layer: Decision.Layer, _ question: Question, _ matches: inout [Decision.Match]
  ) -> Verdict {
    var verdict = Verdict.silent
    for policy in policies {
      for statement in policy.document.statements where applies(statement, question) {
        matches.append(
          Decision.Match(source: policy.id, layer: layer, effect: statement.effect, position: statement.span))
        switch statement.effect {
        case .deny: verdict = .deny
        case .allow: if verdict == .silent { verdict = .allow }
        }
      }
    }
    return verdict
  }

  private static func resourceVerdict(
    _ question: Question, _ matches: inout [Decision.Match]
  ) -> (isDenied: Bool, grant: Grant) {
    guard let policy = question.resourcePolicy else { return (false, .none) }
    var isDenied = false
    var grant = Grant.none
    for statement in policy.document.statements {
      guard let principals = statement.principals else { continue }
      let named = principals.grant(to: question.caller)
      guard named > .none, applies(statement, question) else { continue }
      matches.append(
        Decision.Match(source: policy.id, layer: .resource, effect: statement.effect, position: statement.span))
      switch statement.effect {
      case .deny: isDenied = true
      case .allow: grant = max(grant, named)
      }
    }
    return (isDenied, grant)
  }

  private static func applies(_ statement: PolicyDocument.Statement, _ question: Question) -> Bool {
    guard statement.actions.match(question.action, question.lookup) else { return false }
    if let resources = statement.resources, !resources.match(question.resource, question.lookup) { return false }
    return statement.conditions.allSatisfy {
      $0.test.holds(question.lookup($0.key), $0.operands, question.lookup)
    }
  }
}

extension PolicyDocument.Principals {
  /// How closely this element names the caller.
  func grant(to caller: Caller) -> Evaluator.Grant {
    if inverted {
      // An account's number excludes only the account itself, not everyone in it.
      let isNamed = members.contains { member in
        let grant = Self.grant(member, caller)
        return grant > .account || grant == .account && caller.kind == .root
      }
      return isNamed ? .none : .caller
    }
    return members.reduce(.none) { max($0, Self.grant($1, caller)) }
  }

  private static func grant(_ member: Member, _ caller: Caller) -> Evaluator.Grant {
    switch (member, caller.kind) {
    case (.everyone, .service): return .none
    case (.everyone, _): return .caller
    case (.account, .anonymous), (.account, .service): return .none
    case (.account(let account), _): return account == caller.account ? .account : .none
    case (.arn(let arn), .user(let own)): return arn == own ? .caller : .none
    case (.arn(let arn), .session(let role, let session)):
      if arn == session { return .caller }
      return arn == role ? .role : .none
    case (.service(let name), .service(let own)): return name == own || name == "*" ? .caller : .none
    default: return .none
    }
  }
}

extension PolicyDocument {
  /// Context keys, as they are written, that conditions and variables look at.
  /// - Parameter action: in lower case; leaves out statements that are not about it.
  package func contextKeys(for action: String? = nil) -> [String] {
    var keys: [String] = []
    var seen: Set<String> = []
    for statement in statements {
      if let action, !statement.actions.match(action, { _ in nil }) { continue }
      let names =
        statement.conditions.flatMap { [$0.name] + $0.operands.variableNames }
        + (statement.resources?.patterns.flatMap(\.variableNames) ?? [])
      for name in names where seen.insert(name.lowercased()).inserted { keys.append(name) }
    }
    return keys
  }
}
