/// Who calls: the outcome of authentication.
public struct Principal: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// The account itself (the default credentials): may do all.
    case root
    case user(name: String)
    /// A session of a role, by its name and session name.
    case assumedRole(name: String, session: String)
    /// Another AWS service acting for itself, by its host name (`firehose.amazonaws.com`).
    case service(String)
    /// An unsigned request.
    case anonymous
  }

  public var kind: Kind
  public var account: AccountID
  /// The principal's ARN as `GetCallerIdentity` shows it.
  public var arn: ARN
  /// The unique id (`AIDA…`, `AROA…:session`, or the account's number for the root).
  public var userID: String
  /// The access key the request was signed with, empty for a service's own calls.
  public var accessKeyID: String
  /// Inline and managed policies handed to `AssumeRole`, as JSON documents; they narrow the role's rights.
  public var sessionPolicies: [String]

  public init(
    kind: Kind, account: AccountID, arn: ARN, userID: String, accessKeyID: String, sessionPolicies: [String] = []
  ) {
    self.kind = kind
    self.account = account
    self.arn = arn
    self.userID = userID
    self.accessKeyID = accessKeyID
    self.sessionPolicies = sessionPolicies
  }

  /// The root of an account.
  public static func root(of account: AccountID, accessKeyID: String = "") -> Principal {
    Principal(
      kind: .root, account: account,
      arn: ARN(service: "iam", region: "", account: account.digits, resource: "root"), userID: account.digits,
      accessKeyID: accessKeyID)
  }
}

/// One question to the policy evaluator: may this principal do this action on these resources?
public struct AuthorizationRequest: Sendable {
  public var principal: Principal
  /// `service:Operation`, such as `kinesis:PutRecords`.
  public var action: String
  /// The ARNs acted on, or `*` for an action without resources. All must be allowed.
  public var resources: [String]
  /// Condition keys of this call, in lower case (`s3:prefix`, `aws:sourceip`), each with its values.
  public var conditions: [String: [String]]
  /// A resource's own policy (a bucket policy, a trust policy) as JSON, where it has one.
  public var resourcePolicy: String?
  /// The account that owns the resources, where their ARNs do not say it (S3). A principal of another account
  /// needs the resource's policy to allow it as well as its own account's policies.
  public var resourceAccount: AccountID?
  /// Whether the resource lets the caller in by other means than a policy (S3's access control lists). It counts like
  /// a statement of its policy that names the caller: an explicit deny still wins.
  public var isGrantedByResource = false

  public init(
    principal: Principal, action: String, resources: [String], conditions: [String: [String]] = [:],
    resourcePolicy: String? = nil, resourceAccount: AccountID? = nil
  ) {
    self.principal = principal
    self.action = action
    self.resources = resources
    self.conditions = conditions
    self.resourcePolicy = resourcePolicy
    self.resourceAccount = resourceAccount
  }
}

/// Decides what a principal may do. `IAM` implements it; `Server` hands it to the services.
public protocol Authorizer: Sendable {
  /// - Throws: `AWSError` `AccessDenied` (`AccessDeniedException` in JSON protocols: the wire layer picks the
  ///   service's spelling) with AWS's message that names principal, action and resource.
  func authorize(_ request: AuthorizationRequest) async throws

  /// Checks that a resource's policy can be understood, before the resource keeps it: one that cannot would neither
  /// allow nor deny.
  /// - Throws: `AWSError` with what is wrong.
  func check(resourcePolicy: String) throws
}

extension Authorizer {
  public func check(resourcePolicy: String) throws {}
}

/// Gives a service the rights of a role that was handed to it.
public protocol RoleBroker: Sendable {
  /// Takes on `role` for `service` (`firehose.amazonaws.com`).
  /// - Returns: the session's principal; calls made as it are authorised with the role's rights.
  /// - Throws: `AWSError` when the role does not exist or does not trust the service.
  func assume(role: ARN, for service: String, session: String) async throws -> Principal

  /// Checks `iam:PassRole` for a caller who hands `role` to `service`, and that the role exists and trusts it.
  func checkPass(role: ARN, to service: String, context: RequestContext) async throws
}

/// What a handler knows of the call beside its input. Also made by services that call one another in process.
public struct RequestContext: Sendable {
  public var requestID: String
  public var scope: Scope
  public var principal: Principal
  /// When the request arrived.
  public var time: Timestamp
  /// Empty for calls from within the process.
  public var sourceIP: String
  public var userAgent: String
  /// Scheme and authority under which the client reached the server, such as `http://localhost:4566`.
  public var endpoint: String
  /// The resource for which a service calls another one, such as a log group; empty otherwise. Policies compare it with
  /// `aws:SourceArn`, and its account with `aws:SourceAccount`.
  public var sourceARN = ""
  public var authorizer: any Authorizer

  public var account: AccountID { scope.account }
  public var region: Region { scope.region }

  public init(
    requestID: String, scope: Scope, principal: Principal, time: Timestamp, sourceIP: String = "",
    userAgent: String = "", endpoint: String = "", authorizer: any Authorizer
  ) {
    self.requestID = requestID
    self.scope = scope
    self.principal = principal
    self.time = time
    self.sourceIP = sourceIP
    self.userAgent = userAgent
    self.endpoint = endpoint
    self.authorizer = authorizer
  }

  /// The first line of every handler: may the caller do this?
  /// - Parameters:
  ///   - action: `service:Operation`.
  ///   - resources: ARNs as text, or `["*"]`.
  ///   - resourceAccount: the owner of resources whose ARNs name no account (S3's buckets).
  ///   - isGrantedByResource: whether the resource lets the caller in by other means than a policy.
  /// - Throws: the authorizer's access-denied error.
  public func authorize(
    _ action: String, on resources: [String], conditions: [String: [String]] = [:], resourcePolicy: String? = nil,
    resourceAccount: AccountID? = nil, isGrantedByResource: Bool = false
  ) async throws {
    // The account's root may do all within its own account; the shortest path for the commonest caller.
    if case .root = principal.kind, principal.account == (resourceAccount ?? scope.account), resourcePolicy == nil {
      return
    }
    var all = conditions
    all["aws:sourceip", default: []].append(sourceIP)
    all["aws:useragent", default: []].append(userAgent)
    all["aws:requestedregion", default: []].append(region.code)
    all["aws:securetransport", default: []].append(endpoint.hasPrefix("https:") ? "true" : "false")
    if !sourceARN.isEmpty {
      all["aws:sourcearn", default: []].append(sourceARN)
      all["aws:sourceaccount", default: []].append(account.digits)
    }
    var request = AuthorizationRequest(
      principal: principal, action: action, resources: resources, conditions: all, resourcePolicy: resourcePolicy,
      resourceAccount: resourceAccount)
    request.isGrantedByResource = isGrantedByResource
    try await authorizer.authorize(request)
  }

  public func authorize(_ action: String, on resource: ARN, conditions: [String: [String]] = [:]) async throws {
    try await authorize(action, on: [resource.description], conditions: conditions)
  }

  /// The ARN of a regional resource in the caller's account.
  public func arn(_ service: String, _ resource: String) -> ARN {
    ARN(service: service, region, account, resource)
  }
}
