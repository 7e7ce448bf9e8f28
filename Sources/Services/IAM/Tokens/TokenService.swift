public import Kernel
public import STSModel
import Storage

/// STS: who am I, and temporary credentials.
public struct TokenService: STSAPI {
  let keys: any KeyStore
  let clock: any WallClock
  let random: any RandomSource
  let cache: PolicyCache
  let authorizer: PolicyAuthorizer
  let credentials: CredentialDirectory
  let usage: LastUse

  /// Needs no permission: AWS answers it even to a principal that is denied it.
  public func getCallerIdentity(
    _ input: GetCallerIdentityInput, _ context: RequestContext
  ) async throws -> GetCallerIdentityOutput {
    guard context.principal.kind != .anonymous else {
      throw AWSError("MissingAuthenticationToken", "Request is missing Authentication Token", httpStatus: 403)
    }
    return GetCallerIdentityOutput(
      userId: context.principal.userID, account: context.principal.account.digits,
      arn: context.principal.arn.description)
  }

  public func getAccessKeyInfo(
    _ input: GetAccessKeyInfoInput, _ context: RequestContext
  ) async throws -> GetAccessKeyInfoOutput {
    try await context.authorize("sts:GetAccessKeyInfo", on: ["*"])
    let id = input.accessKeyId
    if let account = credentials.rootAccount(of: id) { return GetAccessKeyInfoOutput(account: account.digits) }
    let account = try await keys.read { reader in
      try reader.get(IAMKeys.accessKey(id), as: AccessKeyRecord.self)?.account
        ?? reader.get(IAMKeys.session(id), as: SessionRecord.self)?.account
    }
    guard let account else { throw IAMFault.validation("Invalid access key id: \(id)") }
    return GetAccessKeyInfoOutput(account: account)
  }

  public func getSessionToken(
    _ input: GetSessionTokenInput, _ context: RequestContext
  ) async throws -> GetSessionTokenOutput {
    let principal = context.principal
    var user: String?
    switch principal.kind {
    case .root: break
    case .user(let name): user = name
    default:
      throw AWSError("AccessDenied", "Cannot call GetSessionToken with session credentials", httpStatus: 403)
    }
    guard !principal.accessKeyID.hasPrefix("ASIA") else {
      throw AWSError("AccessDenied", "Cannot call GetSessionToken with session credentials", httpStatus: 403)
    }
    guard input.serialNumber == nil, input.tokenCode == nil else { throw Self.noMFA }
    // AWS asks for no permission here; an explicit denial still counts.
    let denied = try await authorizer.decide(
      AuthorizationRequest(principal: principal, action: "sts:GetSessionToken", resources: ["*"]))
    if let first = denied.first, case .explicitDeny = first.decision.outcome {
      try await context.authorize("sts:GetSessionToken", on: ["*"])
    }
    var seconds = input.durationSeconds ?? Limits.userTokenSecondsDefault
    if user == nil {
      // The root gets an hour, whatever it asks for.
      seconds = min(seconds, Limits.rootTokenSecondsMax)
    }
    let record = newSession(context.account, seconds) { record in
      record.user = user
      record.userID = user == nil ? nil : principal.userID
    }
    try await store(record)
    return GetSessionTokenOutput(credentials: record.shape)
  }

  static let noMFA = AWSError(
    "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ", httpStatus: 403)

  // MARK: Sessions

  func newSession(
    _ account: AccountID, _ seconds: Int, _ fill: (inout SessionRecord) -> Void
  ) -> SessionRecord {
    // AWS gives ends on whole seconds.
    let end = Timestamp(seconds: clock.now().seconds.saturatingAdd(Int64(seconds)))
    var record = SessionRecord(
      id: Names.keyID("ASIA", random), secret: Names.secret(random), token: Names.token(random),
      account: account.digits, expires: end)
    fill(&record)
    return record
  }

  /// Keeps the session, durable before its credentials are given out, and clears some that have ended.
  func store(_ record: SessionRecord) async throws {
    let now = clock.now()
    try await keys.write { transaction in
      let ended = KeyRange(from: Key("iam-session-expiry"), to: Key("iam-session-expiry", now.seconds))
      for entry in try transaction.entries(ended, limit: Limits.expiredSessionsPerSweep) {
        guard let id = entry.key.elements?.last?.string else { continue }
        try transaction.delete(IAMKeys.session(id))
        try transaction.delete(entry.key)
      }
      try transaction.set(IAMKeys.session(record.id), record: record)
      try transaction.set(IAMKeys.sessionExpiry(record), [])
    }
  }
}

extension SessionRecord {
  var shape: Credentials {
    Credentials(accessKeyId: id, secretAccessKey: secret, sessionToken: token, expiration: expires)
  }
}
