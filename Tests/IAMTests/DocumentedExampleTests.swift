import IAM
import Testing

/// Policies after the examples of AWS's documentation (IAM User Guide, "Example IAM identity-based policies" and "AWS
/// global condition context keys"; S3 User Guide, "Examples of Amazon S3 bucket policies"), each with calls that it
/// lets pass and calls that it stops.
struct DocumentedExampleTests {
  struct Call: Sendable, CustomStringConvertible {
    var action: String
    var resource: String
    var context: [String: [String]]
    var isAllowed: Bool
    init(_ action: String, _ resource: String, _ context: [String: [String]], _ isAllowed: Bool) {
      self.action = action
      self.resource = resource
      self.context = context
      self.isAllowed = isAllowed
    }
    init(_ action: String, _ resource: String, _ isAllowed: Bool) { self.init(action, resource, [:], isAllowed) }
    init(_ action: String, _ isAllowed: Bool) { self.init(action, "*", [:], isAllowed) }
    var description: String { "\(action) on \(resource) with \(context): \(isAllowed ? "allowed" : "denied")" }
  }

  static let bob = "arn:aws:iam::000000000000:user/bob"

  private func check(
    _ statements: String, asBucketPolicy: Bool = false, caller: Caller.Kind = .user(arn: bob),
    account: String = "000000000000", _ calls: [Call]
  ) throws {
    let text = #"{"Version":"2012-10-17","Statement":[\#(statements)]}"#
    let everything = #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#
    let policy = PolicySource(
      id: "p", document: try PolicyDocument.parse(text, as: asBucketPolicy ? .resource : .inline))
    let open = PolicySource(id: "open", document: try PolicyDocument.parse(everything, as: .inline))
    for call in calls {
      var question = Question(
        caller: Caller(caller, account: account), action: call.action, resource: call.resource
      ) { key in
        if let values = call.context[key] { return values }
        return ["aws:username": ["bob"], "aws:principaltag/project": ["blue"]][key]
      }
      // A bucket's policy stands beside rights that would allow all.
      if asBucketPolicy {
        question.resourcePolicy = policy
        question.identity = [open]
        question.isSameAccount = account == "000000000000"
      } else {
        question.identity = [policy]
      }
      #expect(Evaluator.decide(question).isAllowed == call.isAllowed, "\(call)")
    }
  }

  @Test func `a home folder of one's own in a bucket`() throws {
    try check(
      """
      {"Effect":"Allow","Action":["s3:ListAllMyBuckets","s3:GetBucketLocation"],"Resource":"*"},
      {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b",
       "Condition":{"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}}},
      {"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::b/home/${aws:username}",
       "arn:aws:s3:::b/home/${aws:username}/*"]}
      """,
      [
        Call("s3:ListAllMyBuckets", true),
        Call("s3:ListBucket", "arn:aws:s3:::b", ["s3:prefix": [""]], true),
        Call("s3:ListBucket", "arn:aws:s3:::b", ["s3:prefix": ["home/bob/x"]], true),
        Call("s3:ListBucket", "arn:aws:s3:::b", ["s3:prefix": ["home/eve/"]], false),
        Call("s3:ListBucket", "arn:aws:s3:::b", false),
        Call("s3:PutObject", "arn:aws:s3:::b/home/bob/a", true),
        Call("s3:PutObject", "arn:aws:s3:::b/home/eve/a", false),
        Call("s3:PutObject", "arn:aws:s3:::b/home/bobby", false),
      ])
  }

  @Test func `nothing from other addresses, but for what services do on one's behalf`() throws {
    try check(
      """
      {"Effect":"Allow","Action":"*","Resource":"*"},
      {"Effect":"Deny","Action":"*","Resource":"*","Condition":{
       "NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]},"Bool":{"aws:ViaAWSService":"false"}}}
      """,
      [
        Call("s3:GetObject", "*", ["aws:sourceip": ["192.0.2.9"], "aws:viaawsservice": ["false"]], true),
        Call("s3:GetObject", "*", ["aws:sourceip": ["198.51.100.9"], "aws:viaawsservice": ["false"]], false),
        Call("s3:GetObject", "*", ["aws:sourceip": ["198.51.100.9"], "aws:viaawsservice": ["true"]], true),
        Call("s3:GetObject", "*", ["aws:viaawsservice": ["false"]], false),
      ])
  }

  @Test func `between two dates`() throws {
    try check(
      """
      {"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{
       "DateGreaterThan":{"aws:CurrentTime":"2030-04-01T00:00:00Z"},
       "DateLessThan":{"aws:CurrentTime":"2030-06-30T23:59:59Z"}}}
      """,
      [
        Call("s3:GetObject", "*", ["aws:currenttime": ["2030-05-01T12:00:00Z"]], true),
        Call("s3:GetObject", "*", ["aws:currenttime": ["2030-03-31T23:59:59Z"]], false),
        Call("s3:GetObject", "*", ["aws:currenttime": ["2030-07-01T00:00:00Z"]], false),
        Call("s3:GetObject", false),
      ])
  }

  @Test func `only with a second factor, but for setting one up`() throws {
    try check(
      """
      {"Effect":"Allow","Action":"*","Resource":"*"},
      {"Effect":"Deny","NotAction":["iam:CreateVirtualMFADevice","iam:EnableMFADevice","sts:GetSessionToken"],
       "Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}
      """,
      [
        Call("s3:GetObject", "*", ["aws:multifactorauthpresent": ["true"]], true),
        Call("s3:GetObject", "*", ["aws:multifactorauthpresent": ["false"]], false),
        Call("s3:GetObject", false),
        Call("sts:GetSessionToken", true),
      ])
  }

  @Test func `no region but some, global services apart`() throws {
    try check(
      """
      {"Effect":"Allow","Action":"*","Resource":"*"},
      {"Effect":"Deny","NotAction":["cloudfront:*","iam:*","route53:*","support:*"],"Resource":"*",
       "Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]}}}
      """,
      [
        Call("kinesis:PutRecord", "*", ["aws:requestedregion": ["eu-west-1"]], true),
        Call("kinesis:PutRecord", "*", ["aws:requestedregion": ["us-east-1"]], false),
        Call("iam:GetUser", "*", ["aws:requestedregion": ["us-east-1"]], true),
      ])
  }

  @Test func `tags of the resource must be those of the caller`() throws {
    try check(
      """
      {"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{
       "StringEquals":{"aws:ResourceTag/project":"${aws:PrincipalTag/project}"}}},
      {"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{
       "ForAllValues:StringEquals":{"aws:TagKeys":["project","cost-center"]},"Null":{"aws:TagKeys":"false"}}}
      """,
      [
        Call("ec2:StartInstances", "*", ["aws:resourcetag/project": ["blue"]], true),
        Call("ec2:StartInstances", "*", ["aws:resourcetag/project": ["red"]], false),
        Call("ec2:StartInstances", false),
        Call("ec2:CreateTags", "*", ["aws:tagkeys": ["project", "cost-center"]], true),
        Call("ec2:CreateTags", "*", ["aws:tagkeys": ["project", "owner"]], false),
        Call("ec2:CreateTags", false),
      ])
  }

  @Test func `numbers, and any of several values`() throws {
    try check(
      """
      {"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{
       "NumericLessThanEquals":{"s3:max-keys":"10"}}},
      {"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"},
      {"Effect":"Deny","Action":"dynamodb:GetItem","Resource":"*","Condition":{
       "ForAnyValue:StringEquals":{"dynamodb:Attributes":["secret"]}}}
      """,
      [
        Call("s3:ListBucket", "*", ["s3:max-keys": ["10"]], true),
        Call("s3:ListBucket", "*", ["s3:max-keys": ["11"]], false),
        Call("s3:ListBucket", false),
        Call("dynamodb:GetItem", "*", ["dynamodb:attributes": ["id", "name"]], true),
        Call("dynamodb:GetItem", "*", ["dynamodb:attributes": ["id", "secret"]], false),
        Call("dynamodb:GetItem", true),
      ])
  }

  @Test func `all of a bucket but one folder`() throws {
    try check(
      """
      {"Effect":"Allow","Action":"s3:*","Resource":"*"},
      {"Effect":"Deny","Action":"s3:*","NotResource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]},
      {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/closed/*"}
      """,
      [
        Call("s3:GetObject", "arn:aws:s3:::b/open/1", true),
        Call("s3:GetObject", "arn:aws:s3:::b/closed/1", false),
        Call("s3:GetObject", "arn:aws:s3:::other/1", false),
      ])
  }

  @Test func `a bucket takes encrypted uploads and safe connections only`() throws {
    try check(
      """
      {"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{
       "StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}},
      {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],
       "Condition":{"Bool":{"aws:SecureTransport":"false"}}}
      """, asBucketPolicy: true,
      [
        Call("s3:PutObject", "arn:aws:s3:::b/k", ["s3:x-amz-server-side-encryption": ["aws:kms"]], true),
        Call("s3:PutObject", "arn:aws:s3:::b/k", ["s3:x-amz-server-side-encryption": ["AES256"]], false),
        Call("s3:PutObject", "arn:aws:s3:::b/k", false),
        Call("s3:GetObject", "arn:aws:s3:::b/k", ["aws:securetransport": ["true"]], true),
        Call("s3:GetObject", "arn:aws:s3:::b/k", ["aws:securetransport": ["false"]], false),
      ])
  }

  @Test func `another account may write what its owner then owns too`() throws {
    try check(
      """
      {"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*",
       "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}
      """, asBucketPolicy: true, caller: .user(arn: "arn:aws:iam::111111111111:user/eve"), account: "111111111111",
      [
        Call("s3:PutObject", "arn:aws:s3:::b/k", ["s3:x-amz-acl": ["bucket-owner-full-control"]], true),
        Call("s3:PutObject", "arn:aws:s3:::b/k", false),
        Call("s3:GetObject", "arn:aws:s3:::b/k", false),
      ])
  }

  @Test func `a service writes for one source only`() throws {
    try check(
      """
      {"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject",
       "Resource":"arn:aws:s3:::b/logs/*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::source*"},
       "StringEquals":{"aws:SourceAccount":"000000000000"}}}
      """, asBucketPolicy: true, caller: .service("logging.s3.amazonaws.com"),
      [
        Call(
          "s3:PutObject", "arn:aws:s3:::b/logs/1",
          ["aws:sourcearn": ["arn:aws:s3:::source-1"], "aws:sourceaccount": ["000000000000"]], true),
        Call(
          "s3:PutObject", "arn:aws:s3:::b/logs/1",
          ["aws:sourcearn": ["arn:aws:s3:::other"], "aws:sourceaccount": ["000000000000"]], false),
        Call("s3:PutObject", "arn:aws:s3:::b/logs/1", false),
      ])
  }
}
