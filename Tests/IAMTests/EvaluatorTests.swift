import IAM
import Testing

/// AWS's evaluation logic, layer by layer.
struct EvaluatorTests {
  static let account = "000000000000"
  static let bob = "arn:aws:iam::000000000000:user/bob"
  static let role = "arn:aws:iam::000000000000:role/r"
  static let session = "arn:aws:sts::000000000000:assumed-role/r/s"

  static func policy(_ effect: String, _ action: String, _ resource: String = "*", _ rest: String = "") -> String {
    #"{"Version":"2012-10-17","Statement":{"Effect":"\#(effect)","Action":"\#(action)","Resource":"\#(resource)"\#(rest)}}"#
  }
  static func resource(_ effect: String, _ principal: String) -> String {
    #"{"Version":"2012-10-17","Statement":{"Effect":"\#(effect)","Principal":\#(principal),"Action":"s3:*","#
      + #""Resource":"*"}}"#
  }

  func ask(
    _ caller: Caller.Kind = .user(arn: bob), _ identity: [String] = [], boundary: String? = nil,
    session: [String]? = nil, resource: String? = nil, sameAccount: Bool = true, needsResource: Bool = false,
    granted: Bool = false, action: String = "s3:GetObject", on target: String = "arn:aws:s3:::b/k"
  ) throws -> Decision.Outcome {
    func source(_ text: String, _ kind: PolicyKind = .inline) throws -> PolicySource {
      PolicySource(id: "p", document: try PolicyDocument.parse(text, as: kind))
    }
    var question = Question(
      caller: Caller(caller, account: sameAccount ? Self.account : "111111111111"), action: action, resource: target
    ) { $0 == "aws:username" ? ["bob"] : nil }
    question.identity = try identity.map { try source($0) }
    question.boundary = try boundary.map { try source($0) }
    question.session = try session.map { try $0.map { try source($0) } }
    question.resourcePolicy = try resource.map { try source($0, .resource) }
    question.isSameAccount = sameAccount
    question.needsResourcePolicy = needsResource
    question.isGrantedByResource = granted
    return Evaluator.decide(question).outcome
  }

  struct Match: Sendable, CustomStringConvertible {
    var pattern: String
    var action = "s3:GetObject"
    var resource = "arn:aws:s3:::b/k"
    var actions = "s3:GetObject"
    var matches: Bool
    var description: String { "\(actions) on \(pattern): \(action) on \(resource)" }
  }

  static let matches: [Match] = [
    Match(pattern: "*", matches: true),
    Match(pattern: "arn:aws:s3:::b/*", matches: true),
    Match(pattern: "arn:aws:s3:::b", matches: false),
    Match(pattern: "arn:aws:s3:::*", matches: true),
    Match(pattern: "arn:aws:s3:::B/*", matches: false),
    Match(pattern: "arn:aws:s3:::b/?", matches: true),
    Match(pattern: "arn:aws:s3:::b/k?", matches: false),
    Match(pattern: "arn:aws:s3:::b/${aws:username}", matches: false),
    Match(pattern: "arn:aws:s3:::b/${aws:username}", resource: "arn:aws:s3:::b/bob", matches: true),
    Match(pattern: "arn:aws:s3:::b/${aws:userid}", matches: false),
    Match(pattern: "*", actions: "s3:get*", matches: true),
    Match(pattern: "*", actions: "S3:GETOBJECT", matches: true),
    Match(pattern: "*", actions: "s3:Get?bject", matches: true),
    Match(pattern: "*", actions: "s3:GetObjectVersion", matches: false),
    Match(pattern: "*", actions: "*", matches: true),
    Match(
      pattern: "arn:aws:kinesis:us-*-1:0:stream/x", action: "kinesis:PutRecord",
      resource: "arn:aws:kinesis:us-east-1:0:stream/x", actions: "kinesis:*", matches: true),
    Match(
      pattern: "arn:aws:kinesis:us-*t:0:stream/x", action: "kinesis:PutRecord",
      resource: "arn:aws:kinesis:us-east-1:0:stream/x", actions: "kinesis:*", matches: false),
    Match(
      pattern: "arn:aws:kinesis:*:stream/x", action: "kinesis:PutRecord",
      resource: "arn:aws:kinesis:us-east-1:0:stream/x", actions: "kinesis:*", matches: false),
    Match(
      pattern: "arn:aws:kinesis:*", action: "kinesis:PutRecord", resource: "arn:aws:kinesis:us-east-1:0:stream/x",
      actions: "kinesis:*", matches: true),
  ]

  @Test(arguments: matches) func `patterns match actions and resources`(_ example: Match) throws {
    let outcome = try ask(
      .user(arn: Self.bob), [Self.policy("Allow", example.actions, example.pattern)], action: example.action,
      on: example.resource)
    #expect((outcome == .allowed) == example.matches)
  }

  @Test func `nothing is allowed by silence, and a denial beats every permission`() throws {
    let allow = Self.policy("Allow", "s3:*")
    #expect(try ask() == .implicitDeny(.identity))
    #expect(try ask(.user(arn: Self.bob), [allow]) == .allowed)
    #expect(try ask(.user(arn: Self.bob), [allow, Self.policy("Deny", "s3:Get*")]) == .explicitDeny(.identity))
    #expect(try ask(.user(arn: Self.bob), [Self.policy("Allow", "ec2:*")]) == .implicitDeny(.identity))
  }

  @Test func `NotAction and NotResource speak of all the rest`() throws {
    let rest = #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}}"#
    #expect(try ask(.user(arn: Self.bob), [rest]) == .allowed)
    #expect(try ask(.user(arn: Self.bob), [rest], action: "iam:GetUser") == .implicitDeny(.identity))
    let spare = #"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/*"}}"#
    #expect(try ask(.user(arn: Self.bob), [rest, spare]) == .allowed)
    #expect(try ask(.user(arn: Self.bob), [rest, spare], on: "arn:aws:s3:::c/k") == .explicitDeny(.identity))
  }

  @Test func `a boundary limits and grants nothing`() throws {
    let allow = Self.policy("Allow", "s3:*")
    #expect(try ask(.user(arn: Self.bob), [allow], boundary: allow) == .allowed)
    #expect(try ask(.user(arn: Self.bob), [], boundary: allow) == .implicitDeny(.identity))
    #expect(
      try ask(.user(arn: Self.bob), [allow], boundary: Self.policy("Allow", "ec2:*")) == .implicitDeny(.boundary))
    #expect(
      try ask(.user(arn: Self.bob), [allow], boundary: Self.policy("Deny", "s3:*")) == .explicitDeny(.boundary))
  }

  @Test func `session policies narrow a role`() throws {
    let allow = Self.policy("Allow", "s3:*")
    let caller = Caller.Kind.session(role: Self.role, session: Self.session)
    #expect(try ask(caller, [allow], session: [Self.policy("Allow", "s3:Get*")]) == .allowed)
    #expect(try ask(caller, [allow], session: [Self.policy("Allow", "s3:Put*")]) == .implicitDeny(.session))
    #expect(try ask(caller, [allow], session: []) == .implicitDeny(.session))
    #expect(try ask(caller, [], session: [allow]) == .implicitDeny(.identity))
  }

  @Test func `within an account either policy suffices, where it names the caller`() throws {
    let user = Caller.Kind.user(arn: Self.bob)
    #expect(try ask(user, resource: Self.resource("Allow", #"{"AWS":"\#(Self.bob)"}"#)) == .allowed)
    #expect(try ask(user, resource: Self.resource("Allow", #""*""#)) == .allowed)
    // Naming the account leaves it to the account's own policies.
    #expect(
      try ask(user, resource: Self.resource("Allow", #"{"AWS":"\#(Self.account)"}"#)) == .implicitDeny(.identity))
    #expect(
      try ask(user, [Self.policy("Allow", "s3:*")], resource: Self.resource("Deny", #"{"AWS":"\#(Self.bob)"}"#))
        == .explicitDeny(.resource))
    #expect(try ask(.root, resource: Self.resource("Deny", #""*""#)) == .explicitDeny(.resource))
  }

  @Test func `a resource that names the role is limited by boundary and session, one that names the session is not`()
    throws
  {
    let caller = Caller.Kind.session(role: Self.role, session: Self.session)
    let toRole = Self.resource("Allow", #"{"AWS":"\#(Self.role)"}"#)
    let toSession = Self.resource("Allow", #"{"AWS":"\#(Self.session)"}"#)
    let narrow = Self.policy("Allow", "ec2:*")
    #expect(try ask(caller, resource: toRole) == .allowed)
    #expect(try ask(caller, boundary: narrow, resource: toRole) == .implicitDeny(.boundary))
    #expect(try ask(caller, session: [narrow], resource: toRole) == .implicitDeny(.session))
    #expect(try ask(caller, boundary: narrow, session: [narrow], resource: toSession) == .allowed)
  }

  @Test func `across accounts both must allow`() throws {
    let allow = Self.policy("Allow", "s3:*")
    let user = Caller.Kind.user(arn: "arn:aws:iam::111111111111:user/eve")
    let open = Self.resource("Allow", #"{"AWS":"111111111111"}"#)
    #expect(try ask(user, [allow], sameAccount: false) == .implicitDeny(.resource))
    #expect(try ask(user, resource: open, sameAccount: false) == .implicitDeny(.identity))
    #expect(try ask(user, [allow], resource: open, sameAccount: false) == .allowed)
    #expect(try ask(.root, resource: open, sameAccount: false) == .allowed)
    #expect(try ask(.root, sameAccount: false) == .implicitDeny(.resource))
  }

  @Test func `NotPrincipal denies all but those it names`() throws {
    let guarded =
      #"{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["\#(Self.bob)","#
      + #""arn:aws:iam::000000000000:root"]},"Action":"s3:*","Resource":"*"}}"#
    let allow = Self.policy("Allow", "s3:*")
    #expect(try ask(.user(arn: Self.bob), [allow], resource: guarded) == .allowed)
    #expect(try ask(.root, resource: guarded) == .allowed)
    let eve = Caller.Kind.user(arn: "arn:aws:iam::000000000000:user/eve")
    #expect(try ask(eve, [allow], resource: guarded) == .explicitDeny(.resource))
  }

  @Test func `the nameless and services need to be let in`() throws {
    #expect(try ask(.anonymous) == .implicitDeny(.resource))
    #expect(try ask(.anonymous, resource: Self.resource("Allow", #""*""#)) == .allowed)
    #expect(
      try ask(.service("firehose.amazonaws.com"), resource: Self.resource("Allow", #""*""#))
        == .implicitDeny(.resource))
    #expect(
      try ask(
        .service("firehose.amazonaws.com"),
        resource: Self.resource("Allow", #"{"Service":"firehose.amazonaws.com"}"#)) == .allowed)
  }

  @Test func `what a resource grants without a policy counts like one, and a denial beats it`() throws {
    let deny = Self.resource("Deny", #""*""#)
    #expect(try ask(.anonymous, granted: true) == .allowed)
    #expect(try ask(.anonymous, resource: deny, granted: true) == .explicitDeny(.resource))
    let eve = Caller.Kind.user(arn: "arn:aws:iam::111111111111:user/eve")
    #expect(try ask(eve, sameAccount: false, granted: true) == .implicitDeny(.identity))
    #expect(try ask(eve, [Self.policy("Allow", "s3:*")], sameAccount: false, granted: true) == .allowed)
  }

  @Test func `a matched statement is named by line and column`() throws {
    let text =
      "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\":\"Allow\",\"Action\":\"*\","
      + "\"Resource\":\"*\"}\n  ]\n}"
    let document = try PolicyDocument.parse(text, as: .managed)
    var question = Question(caller: Caller(.user(arn: "a"), account: "0"), action: "a:b", resource: "*")
    question.identity = [PolicySource(id: "PolicyInputList.1", document: document)]
    let match = try #require(Evaluator.decide(question).matches.first)
    #expect(match.source == "PolicyInputList.1")
    #expect(match.position.startLine == 4 && match.position.startColumn == 5)
    #expect(match.position.endLine == 4)
  }
}
