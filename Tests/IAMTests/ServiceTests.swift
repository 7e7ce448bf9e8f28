import AWSWire
import IAM
import IAMModel
import Kernel
import STSModel
import StorageTesting
import Testing

/// The whole service over an in-memory store.
struct ServiceTests {
  let store = MemoryKeyStore()
  let clock = ManualClock()
  let iam: IAMService

  static let trustAccount =
    #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}}"#
  static let trustFirehose =
    #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"firehose.amazonaws.com"},"Action":"sts:AssumeRole"}}"#

  init() {
    iam = IAMService(
      keys: store, clock: clock, random: SeededRandomSource(seed: 7),
      rootCredentials: [.init(accessKeyID: "test", secret: "test")])
  }

  func context(_ principal: Principal = .root(of: .standard)) -> RequestContext {
    RequestContext(
      requestID: "r", scope: Scope(account: .standard, region: .usEast1), principal: principal, time: clock.now(),
      sourceIP: "127.0.0.1", authorizer: iam.authorizer)
  }

  static func allow(_ action: String, _ resource: String = "*") -> String {
    #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"\#(action)","Resource":"\#(resource)"}}"#
  }

  /// A user with a key and an inline policy; gives the principal that the key stands for.
  func user(_ name: String, _ policy: String? = nil) async throws -> Principal {
    _ = try await iam.api.createUser(CreateUserInput(userName: name), context())
    if let policy {
      _ = try await iam.api.putUserPolicy(
        PutUserPolicyInput(userName: name, policyName: "p", policyDocument: policy), context())
    }
    let key = try await iam.api.createAccessKey(CreateAccessKeyInput(userName: name), context()).accessKey
    let found = try await iam.credentials.credential(
      accessKeyID: key.accessKeyId, sessionToken: nil, now: clock.now())
    let credential = try #require(found)
    #expect(credential.secret == key.secretAccessKey)
    #expect(key.accessKeyId.count == 20 && key.secretAccessKey.count == 40)
    return credential.principal
  }

  func role(_ name: String, _ trust: String, _ policy: String? = nil, seconds: Int? = nil) async throws -> String {
    let role = try await iam.api.createRole(
      CreateRoleInput(roleName: name, assumeRolePolicyDocument: trust, maxSessionDuration: seconds), context()
    ).role
    if let policy {
      _ = try await iam.api.putRolePolicy(
        PutRolePolicyInput(roleName: name, policyName: "p", policyDocument: policy), context())
    }
    return role.arn
  }

  func message(_ body: () async throws -> Void) async -> String {
    do {
      try await body()
      return "no error"
    } catch let error as AWSError {
      return "\(error.code): \(error.message)"
    } catch {
      return "\(error)"
    }
  }

  @Test func `a denial names principal, action and resource as AWS does`() async throws {
    let bob = try await user("bob", Self.allow("kinesis:*"))
    #expect(
      await message { try await context(bob).authorize("s3:GetObject", on: ["arn:aws:s3:::b/k"]) }
        == "AccessDenied: User: arn:aws:iam::000000000000:user/bob is not authorized to perform: s3:GetObject on "
        + "resource: \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:GetObject action")
    try await context(bob).authorize("kinesis:PutRecord", on: ["arn:aws:kinesis:us-east-1:000000000000:stream/s"])
    _ = try await iam.api.putUserPolicy(
      PutUserPolicyInput(
        userName: "bob", policyName: "no",
        policyDocument: #"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kinesis:*","Resource":"*"}}"#),
      context())
    #expect(
      await message {
        try await context(bob).authorize("kinesis:PutRecord", on: ["arn:aws:kinesis:us-east-1:000000000000:stream/s"])
      } == "AccessDenied: User: arn:aws:iam::000000000000:user/bob is not authorized to perform: kinesis:PutRecord on "
        + "resource: arn:aws:kinesis:us-east-1:000000000000:stream/s with an explicit deny in an identity-based policy")
  }

  @Test func `rights follow groups, attachments and boundaries at once`() async throws {
    let bob = try await user("bob")
    let asked = { try await context(bob).authorize("s3:GetObject", on: ["arn:aws:s3:::b/k"]) }
    await #expect(throws: AWSError.self) { try await asked() }
    _ = try await iam.api.createGroup(CreateGroupInput(groupName: "readers"), context())
    _ = try await iam.api.attachGroupPolicy(
      AttachGroupPolicyInput(groupName: "readers", policyArn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
      context())
    _ = try await iam.api.addUserToGroup(AddUserToGroupInput(groupName: "readers", userName: "bob"), context())
    try await asked()
    _ = try await iam.api.putUserPermissionsBoundary(
      PutUserPermissionsBoundaryInput(
        userName: "bob", permissionsBoundary: "arn:aws:iam::aws:policy/AmazonKinesisFullAccess"), context())
    #expect(await message(asked).hasSuffix("because no permissions boundary allows the s3:GetObject action"))
    _ = try await iam.api.deleteUserPermissionsBoundary(
      DeleteUserPermissionsBoundaryInput(userName: "bob"), context())
    try await asked()
    _ = try await iam.api.removeUserFromGroup(
      RemoveUserFromGroupInput(groupName: "readers", userName: "bob"), context())
    await #expect(throws: AWSError.self) { try await asked() }
  }

  @Test func `an assumed role works until it ends, and over a restart`() async throws {
    let bob = try await user("bob", Self.allow("sts:AssumeRole"))
    let arn = try await role("r", Self.trustAccount, Self.allow("s3:*"))
    let output = try await iam.sts.assumeRole(
      AssumeRoleInput(roleArn: arn, roleSessionName: "s", policy: Self.allow("s3:Get*")), context(bob))
    let credentials = try #require(output.credentials)
    #expect(output.assumedRoleUser?.arn == "arn:aws:sts::000000000000:assumed-role/r/s")
    #expect(credentials.accessKeyId.hasPrefix("ASIA"))

    let again = IAMService(
      keys: store, clock: clock, random: SeededRandomSource(seed: 8), rootCredentials: [])
    let found = try await again.credentials.credential(
      accessKeyID: credentials.accessKeyId, sessionToken: credentials.sessionToken, now: clock.now())
    let session = try #require(found)
    #expect(session.secret == credentials.secretAccessKey)
    let caller = try await again.sts.getCallerIdentity(GetCallerIdentityInput(), context(session.principal))
    #expect(caller.arn == "arn:aws:sts::000000000000:assumed-role/r/s")
    #expect(caller.userId?.hasPrefix("AROA") == true && caller.userId?.hasSuffix(":s") == true)
    try await context(session.principal).authorize("s3:GetObject", on: ["arn:aws:s3:::b/k"])
    #expect(
      await message { try await context(session.principal).authorize("s3:PutObject", on: ["arn:aws:s3:::b/k"]) }
        .hasSuffix("because no session policy allows the s3:PutObject action"))

    await #expect(throws: AuthenticationFault.invalidToken) {
      _ = try await again.credentials.credential(
        accessKeyID: credentials.accessKeyId, sessionToken: "wrong", now: clock.now())
    }
    await #expect(throws: AuthenticationFault.invalidToken) {
      _ = try await again.credentials.credential(
        accessKeyID: credentials.accessKeyId, sessionToken: nil, now: clock.now())
    }
    clock.advance(by: .seconds(3600))
    #expect(
      await message {
        _ = try await again.credentials.credential(
          accessKeyID: credentials.accessKeyId, sessionToken: credentials.sessionToken, now: clock.now())
      } == "expiredToken")
  }

  @Test func `a role trusts whom it names`() async throws {
    let bob = try await user("bob")
    let account = try await role("account", Self.trustAccount)
    let denied =
      "AccessDenied: User: arn:aws:iam::000000000000:user/bob is not authorized to perform: sts:AssumeRole on "
    // The account is trusted, but bob's own policies do not let him.
    #expect(
      await message {
        _ = try await iam.sts.assumeRole(AssumeRoleInput(roleArn: account, roleSessionName: "s1"), context(bob))
      } == denied + "resource: \(account)")
    let named = try await role(
      "named",
      #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/bob"},"#
        + #""Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"42"}}}}"#)
    #expect(
      await message {
        _ = try await iam.sts.assumeRole(AssumeRoleInput(roleArn: named, roleSessionName: "s1"), context(bob))
      } == denied + "resource: \(named)")
    _ = try await iam.sts.assumeRole(
      AssumeRoleInput(roleArn: named, roleSessionName: "s1", externalId: "42"), context(bob))
    let service = try await role("service", Self.trustFirehose)
    #expect(
      await message {
        _ = try await iam.sts.assumeRole(AssumeRoleInput(roleArn: service, roleSessionName: "s1"), context())
      }.hasPrefix("AccessDenied"))
    #expect(
      await message {
        _ = try await iam.sts.assumeRole(
          AssumeRoleInput(roleArn: named, roleSessionName: "s1", durationSeconds: 7200, externalId: "42"),
          context(bob))
      } == "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
  }

  @Test func `a service acts with the rights of a role that trusts it`() async throws {
    let arn = try #require(ARN(try await role("delivery", Self.trustFirehose, Self.allow("s3:PutObject"))))
    let principal = try await iam.roles.assume(role: arn, for: "firehose.amazonaws.com", session: "delivery")
    try await context(principal).authorize("s3:PutObject", on: ["arn:aws:s3:::b/k"])
    await #expect(throws: AWSError.self) {
      try await context(principal).authorize("s3:GetObject", on: ["arn:aws:s3:::b/k"])
    }
    #expect(
      await message { _ = try await iam.roles.assume(role: arn, for: "glue.amazonaws.com", session: "x") }
        .hasPrefix("AccessDenied"))
    let missing = ARN(service: "iam", region: "", account: "000000000000", resource: "role/none")
    #expect(
      await message { _ = try await iam.roles.assume(role: missing, for: "glue.amazonaws.com", session: "x") }
        .hasPrefix("NoSuchEntity"))

    let bob = try await user("bob", Self.allow("iam:PassRole", arn.description))
    try await iam.roles.checkPass(role: arn, to: "firehose.amazonaws.com", context: context(bob))
    let eve = try await user("eve", Self.allow("firehose:*"))
    #expect(
      await message {
        try await iam.roles.checkPass(role: arn, to: "firehose.amazonaws.com", context: context(eve))
      }.contains("iam:PassRole on resource: \(arn)"))
    let foreign = ARN(service: "iam", region: "", account: "111111111111", resource: "role/delivery")
    #expect(
      await message { try await iam.roles.checkPass(role: foreign, to: "firehose.amazonaws.com", context: context()) }
        .contains("Cross-account pass role is not allowed."))

    // The role of the same name that comes after is another: old sessions have no part in it.
    _ = try await iam.api.deleteRolePolicy(DeleteRolePolicyInput(roleName: "delivery", policyName: "p"), context())
    _ = try await iam.api.deleteRole(DeleteRoleInput(roleName: "delivery"), context())
    _ = try await role("delivery", Self.trustFirehose, Self.allow("s3:*"))
    await #expect(throws: AWSError.self) {
      try await context(principal).authorize("s3:PutObject", on: ["arn:aws:s3:::b/k"])
    }
  }

  @Test func `only known keys are accepted`() async throws {
    let root = try await iam.credentials.credential(accessKeyID: "test", sessionToken: nil, now: clock.now())
    #expect(root?.secret == "test" && root?.principal.kind == .root)
    #expect(try await iam.credentials.credential(accessKeyID: "other", sessionToken: nil, now: clock.now()) == nil)
    let bob = try await user("bob")
    _ = try await iam.api.updateAccessKey(
      UpdateAccessKeyInput(userName: "bob", accessKeyId: bob.accessKeyID, status: .inactive), context())
    #expect(
      await message {
        _ = try await iam.credentials.credential(accessKeyID: bob.accessKeyID, sessionToken: nil, now: clock.now())
      }.hasPrefix("inactiveKey"))
    _ = try await iam.api.deleteAccessKey(
      DeleteAccessKeyInput(userName: "bob", accessKeyId: bob.accessKeyID), context())
    #expect(
      try await iam.credentials.credential(accessKeyID: bob.accessKeyID, sessionToken: nil, now: clock.now()) == nil)
    _ = try await iam.api.createAccessKey(CreateAccessKeyInput(userName: "bob"), context())
    _ = try await iam.api.createAccessKey(CreateAccessKeyInput(userName: "bob"), context())
    #expect(
      await message { _ = try await iam.api.createAccessKey(CreateAccessKeyInput(userName: "bob"), context()) }
        == "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2")
  }

  @Test func `what is in use is not deleted`() async throws {
    let policy = try await iam.api.createPolicy(
      CreatePolicyInput(policyName: "mine", policyDocument: Self.allow("s3:*")), context()
    ).policy
    let arn = try #require(policy?.arn)
    _ = try await role("r", Self.trustFirehose, Self.allow("s3:*"))
    _ = try await iam.api.attachRolePolicy(AttachRolePolicyInput(roleName: "r", policyArn: arn), context())
    let remove = { _ = try await iam.api.deleteRole(DeleteRoleInput(roleName: "r"), context()) }
    #expect(await message(remove) == "DeleteConflict: Cannot delete entity, must detach all policies first.")
    #expect(
      await message { _ = try await iam.api.deletePolicy(DeletePolicyInput(policyArn: arn), context()) }
        == "DeleteConflict: Cannot delete a policy attached to entities.")
    let entities = try await iam.api.listEntitiesForPolicy(ListEntitiesForPolicyInput(policyArn: arn), context())
    #expect(entities.policyRoles?.map(\.roleName) == ["r"])
    _ = try await iam.api.detachRolePolicy(DetachRolePolicyInput(roleName: "r", policyArn: arn), context())
    #expect(await message(remove) == "DeleteConflict: Cannot delete entity, must delete policies first.")
    _ = try await iam.api.deleteRolePolicy(DeleteRolePolicyInput(roleName: "r", policyName: "p"), context())
    #expect(await message(remove) == "no error")
    #expect(await message(remove) == "NoSuchEntity: The role with name r cannot be found.")
    _ = try await iam.api.deletePolicy(DeletePolicyInput(policyArn: arn), context())
  }

  @Test func `a managed policy has five versions`() async throws {
    let policy = try await iam.api.createPolicy(
      CreatePolicyInput(policyName: "mine", policyDocument: Self.allow("s3:*")), context()
    ).policy
    let arn = try #require(policy?.arn)
    for _ in 2...5 {
      _ = try await iam.api.createPolicyVersion(
        CreatePolicyVersionInput(policyArn: arn, policyDocument: Self.allow("s3:Get*"), setAsDefault: true), context())
    }
    #expect(
      await message {
        _ = try await iam.api.createPolicyVersion(
          CreatePolicyVersionInput(policyArn: arn, policyDocument: Self.allow("s3:Get*")), context())
      }.hasPrefix("LimitExceeded: A managed policy can have up to 5 versions."))
    #expect(
      await message {
        _ = try await iam.api.deletePolicyVersion(DeletePolicyVersionInput(policyArn: arn, versionId: "v5"), context())
      } == "DeleteConflict: Cannot delete the default version of a policy.")
    let versions = try await iam.api.listPolicyVersions(
      ListPolicyVersionsInput(policyArn: arn, maxItems: 2), context())
    #expect(versions.versions?.map(\.versionId) == ["v5", "v4"] && versions.isTruncated == true)
    let rest = try await iam.api.listPolicyVersions(
      ListPolicyVersionsInput(policyArn: arn, marker: versions.marker), context())
    #expect(rest.versions?.map(\.versionId) == ["v3", "v2", "v1"] && rest.isTruncated == false)
  }

  @Test func `lists come in pages`() async throws {
    for index in 0..<5 {
      _ = try await iam.api.createUser(
        CreateUserInput(path: index < 3 ? "/a/" : "/", userName: "user\(index)"), context())
    }
    let first = try await iam.api.listUsers(ListUsersInput(pathPrefix: "/a/", maxItems: 2), context())
    #expect(first.users.map(\.userName) == ["user0", "user1"] && first.isTruncated == true)
    let second = try await iam.api.listUsers(
      ListUsersInput(pathPrefix: "/a/", marker: first.marker, maxItems: 2), context())
    #expect(second.users.map(\.userName) == ["user2"] && second.isTruncated == false && second.marker == nil)
    #expect(
      await message { _ = try await iam.api.listUsers(ListUsersInput(marker: "zz"), context()) }
        == "ValidationError: Invalid Marker.")
    #expect(
      await message { _ = try await iam.api.createUser(CreateUserInput(userName: "USER1"), context()) }
        == "EntityAlreadyExists: User with name USER1 already exists.")
  }

  @Test func `the simulator answers as the authorizer would`() async throws {
    _ = try await user("bob", Self.allow("s3:Get*", "arn:aws:s3:::b/${aws:username}/*"))
    let output = try await iam.api.simulatePrincipalPolicy(
      SimulatePrincipalPolicyInput(
        policySourceArn: "arn:aws:iam::000000000000:user/bob",
        policyInputList: [
          #"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*","#
            + #""Condition":{"Bool":{"aws:SecureTransport":"false"}}}}"#
        ],
        actionNames: ["s3:GetObject", "s3:PutObject"],
        resourceArns: ["arn:aws:s3:::b/bob/1", "arn:aws:s3:::b/eve/1"]), context())
    let results = try #require(output.evaluationResults)
    #expect(results.map(\.evalDecision) == [.allowed, .implicitDeny, .implicitDeny, .implicitDeny])
    #expect(results.first?.matchedStatements?.first?.sourcePolicyId == "user_bob_p")
    #expect(results.first?.missingContextValues == ["aws:SecureTransport"])
    let denied = try await iam.api.simulateCustomPolicy(
      SimulateCustomPolicyInput(
        policyInputList: [
          Self.allow("s3:*"),
          #"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}}"#,
        ],
        permissionsBoundaryPolicyInputList: [Self.allow("ec2:*")], actionNames: ["s3:PutObject", "s3:GetObject"]),
      context())
    #expect(denied.evaluationResults?.map(\.evalDecision) == [.explicitDeny, .implicitDeny])
    #expect(
      denied.evaluationResults?.first?.permissionsBoundaryDecisionDetail?.allowedByPermissionsBoundary == false)
  }

  @Test func `bad input changes nothing`() async throws {
    #expect(
      await message {
        _ = try await iam.api.createRole(
          CreateRoleInput(roleName: "r", assumeRolePolicyDocument: "{"), context())
      } == "MalformedPolicyDocument: This policy contains invalid Json")
    #expect(
      await message {
        _ = try await iam.api.createRole(
          CreateRoleInput(
            roleName: "r",
            assumeRolePolicyDocument: #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"#
              + #"{"AWS":"arn:aws:iam::000000000000:user/nobody"},"Action":"sts:AssumeRole"}}"#), context())
      } == #"MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:user/nobody""#)
    #expect(try await iam.api.listRoles(ListRolesInput(), context()).roles.isEmpty)
  }

  @Test func principalsOfResourcePoliciesAreLookedUp() async throws {
    _ = try await user("ann")
    _ = try await role("delivery", Self.trustFirehose)
    for (arn, isKnown) in [
      ("arn:aws:iam::000000000000:user/ann", true), ("arn:aws:iam::000000000000:user/eve", false),
      ("arn:aws:iam::000000000000:user/path/ann", false), ("arn:aws:iam::000000000000:role/delivery", true),
      ("arn:aws:iam::000000000000:role/ann", false), ("arn:aws:iam::000000000000:root", true),
      ("arn:aws:sts::000000000000:assumed-role/nobody/session", true),
    ] {
      #expect(try await iam.authorizer.knows(#require(ARN(arn))) == isKnown, "\(arn)")
    }
  }
}
