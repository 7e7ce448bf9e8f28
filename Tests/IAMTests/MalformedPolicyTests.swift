import IAM
import Testing

/// Each document with the words in which IAM refuses it.
struct MalformedPolicyTests {
  struct Case: Sendable, CustomStringConvertible {
    var document: String
    var message: String
    var description: String { "\(message) <- \(document)" }
  }

  static func statement(_ members: String) -> String { #"{"Version":"2012-10-17","Statement":{\#(members)}}"# }
  static let list = #""Effect":"Allow","Action":"s3:ListBucket""#
  static let bucket = #""Resource":"arn:aws:s3:::b""#

  static let managed: [Case] = [
    Case(document: "This is not a json document", message: "Syntax errors in policy."),
    Case(document: "", message: "Syntax errors in policy."),
    Case(document: #"{"Version":"2012-10-17"}"#, message: "Syntax errors in policy."),
    Case(document: #"{"Version":"2012-10-17","Statement":[]}"#, message: "Syntax errors in policy."),
    Case(document: #"{"Version":"2012-10-17","Statement":["a"]}"#, message: "Syntax errors in policy."),
    Case(document: #"{"Version":"2013-10-17","Statement":{\#(list),\#(bucket)}}"#, message: "Syntax errors in policy."),
    Case(
      document: #"{"Statement":{\#(list),\#(bucket)}}"#,
      message: "Policy document must be version 2012-10-17 or greater."),
    Case(
      document: #"{"Version":"2008-10-17","Statement":{\#(list),\#(bucket)}}"#,
      message: "Policy document must be version 2012-10-17 or greater."),
    Case(
      document: #"{"Version":"2012-10-17","Statement":{\#(list),\#(bucket)},"Extra":"x"}"#,
      message: "Syntax errors in policy."),
    Case(
      document: #"{"Version":"2012-10-17","Version":"2012-10-17","Statement":{\#(list),\#(bucket)}}"#,
      message: "Syntax errors in policy."),
    Case(document: statement(#"\#(list),\#(bucket),"Extra":"x""#), message: "Syntax errors in policy."),
    Case(document: statement(#""Action":"s3:ListBucket",\#(bucket)"#), message: "Syntax errors in policy."),
    Case(
      document: statement(#""Effect":"maybe","Action":"s3:ListBucket",\#(bucket)"#), message: "Syntax errors in policy."
    ),
    Case(
      document: statement(#""Effect":"denY","Action":"s3:ListBucket",\#(bucket)"#),
      message: "The policy failed legacy parsing"),
    Case(
      document: statement(#""Effect":"Allow","Action":"invalid",\#(bucket)"#),
      message: "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    Case(
      document: statement(#""Effect":"Allow","Action":"s3:List:Bucket",\#(bucket)"#),
      message: "Actions/Condition can contain only one colon."),
    Case(
      document: statement(#""Effect":"Allow","Action":"a a:ListBucket",\#(bucket)"#),
      message: "Vendor a a is not valid"),
    Case(document: statement(#""Effect":"Allow",\#(bucket)"#), message: "Policy statement must contain actions."),
    Case(
      document: statement(#""Effect":"Allow","Action":[],\#(bucket)"#),
      message: "Policy statement must contain actions."),
    Case(document: statement(list), message: "Policy statement must contain resources."),
    Case(document: statement(#"\#(list),"Resource":[]"#), message: "Policy statement must contain resources."),
    Case(
      document: statement(#"\#(list),"Resource":"invalid resource""#),
      message: #"Resource invalid resource must be in ARN format or "*"."#),
    Case(document: statement(#"\#(list),"Resource":"""#), message: #"Resource  must be in ARN format or "*"."#),
    Case(
      document: statement(#"\#(list),"Resource":"arn:error:s3:::b""#),
      message: #"Partition "error" is not valid for resource "arn:error:s3:::b"."#),
    Case(
      document: statement(#"\#(list),"Resource":"aws:s3:::b""#),
      message: #"Partition "s3" is not valid for resource "arn:s3:::b:*"."#),
    Case(
      document: statement(#"\#(list),"Resource":"arn:aws""#),
      message: "Resource vendor must be fully qualified and cannot contain regexes."),
    Case(document: statement(#"\#(list),"Resource":"arn:aws:s3::b""#), message: "The policy failed legacy parsing"),
    Case(
      document: statement(#"\#(list),"Resource":"arn:aws:s3:us-east-1::b""#),
      message: "Resource arn:aws:s3:us-east-1::b can not contain region information."),
    Case(
      document: statement(#"\#(list),"Resource":"arn:aws:iam:us-east-1::user/b""#),
      message: "IAM resource arn:aws:iam:us-east-1::user/b cannot contain region information."),
    Case(
      document: statement(#"\#(list),"Resource":"arn:aws:iam:::b""#),
      message: "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, "
        + "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, "
        + "access-report/."),
    Case(
      document: statement(#"\#(list),\#(bucket),"Principal":"*""#),
      message: "Policy document should not specify a principal."),
    Case(document: statement(#"\#(list),\#(bucket),"NotResource":"*""#), message: "Syntax errors in policy."),
    Case(document: statement(#"\#(list),\#(bucket),"Condition":[]"#), message: "Syntax errors in policy."),
    Case(
      document: statement(#"\#(list),\#(bucket),"Condition":{"x":{"a":"1"}}"#), message: "Syntax errors in policy."),
    Case(
      document: statement(#"\#(list),\#(bucket),"Condition":{"ForAnyValue::StringEquals":{"a":"1"}}"#),
      message: "Syntax errors in policy."),
    Case(
      document: statement(#"\#(list),\#(bucket),"Condition":{"DateGreaterThan":{"a":"yesterday"}}"#),
      message: "The policy failed legacy parsing"),
    Case(
      document: statement(#"\#(list),\#(bucket),"Condition":{"DateLessThan":{"a":"9223372036854775808"}}"#),
      message: "The policy failed legacy parsing"),
    Case(
      document: #"{"Version":"2012-10-17","Statement":[{"Sid":"a",\#(list),\#(bucket)},{"Sid":"a",\#(list)}]}"#,
      message: "Statement IDs (SID) in a single policy must be unique."),
    Case(
      document: String(repeating: "[", count: 100_000), message: "Syntax errors in policy."),
  ]

  @Test(arguments: managed) func `a managed policy is refused in IAM's words`(_ example: Case) {
    #expect(throws: MalformedPolicy.self) { try PolicyDocument.parse(example.document, as: .managed) }
    do {
      _ = try PolicyDocument.parse(example.document, as: .managed)
    } catch {
      #expect(error.message == example.message)
    }
  }

  static let valid: [String] = [
    statement(#"\#(list),\#(bucket)"#),
    statement(#""Effect":"Allow","Action":"*","Resource":"*""#),
    statement(#""Effect":"Allow","Action":"iam: asdf safdsf af ",\#(bucket)"#),
    statement(#""Effect":"Allow","NotAction":"s3:ListBucket","NotResource":"*""#),
    statement(#"\#(list),"Resource":"arn:aws:s33:::b""#),
    statement(#"\#(list),"Resource":"arn:aws:fdsasf""#),
    statement(#"\#(list),"Resource":"arn:aws:ec2:us-east-1:account-id:instance/*""#),
    statement(#"\#(list),"Resource":"arn:aws:iam::*:user/${aws:username}""#),
    statement(#"\#(list),\#(bucket),"Condition":{}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"x":{},"y":{}}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"DateGreaterThan":{"a":[]}}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"DateGreaterThan":{"a":"01T"}}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"DateLessThan":{"a":"-292275054"}}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"DateLessThan":{"a":"2016-12-13T21:20:37.593194+00:00"}}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"DateLessThan":{"a":"2016-12-13t2:00:00.593194+23"}}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"ForAnyValue:StringEqualsIfExists":{"a":"b"}}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"NumericLessThan":{"s3:max-keys":10}}"#),
    statement(#"\#(list),\#(bucket),"Condition":{"Bool":{"aws:SecureTransport":true}}"#),
  ]

  @Test(arguments: valid) func `a sound policy is taken`(_ document: String) throws {
    _ = try PolicyDocument.parse(document, as: .managed)
  }

  @Test func `an inline policy may leave its version out`() throws {
    _ = try PolicyDocument.parse(#"{"Statement":{\#(Self.list),\#(Self.bucket)}}"#, as: .inline)
  }

  static let trust: [Case] = [
    Case(document: "{", message: "This policy contains invalid Json"),
    Case(
      document: #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}"#,
      message: "Missing required field Principal"),
    Case(
      document: #"{"Version":"2012-10-17","Statement":{"Principal":"*","Action":"sts:AssumeRole"}}"#,
      message: "Missing required field Effect"),
    Case(
      document: #"{"Version":"2012-10-17","Statement":{"Principal":"*","Effect":"Allow"}}"#,
      message: "Missing required field Action"),
    Case(
      document: statement(#""Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*""#),
      message: "Has prohibited field Resource"),
    Case(
      document: statement(#""Effect":"Allow","Principal":"*","Action":"s3:GetObject""#),
      message: "AssumeRole policy may only specify STS AssumeRole actions."),
    Case(
      document: statement(#""Effect":"Allow","Principal":{"AWS":"bob"},"Action":"sts:AssumeRole""#),
      message: #"Invalid principal in policy: "AWS":"bob""#),
    Case(
      document: statement(#""Effect":"Allow","Principal":{"Service":"firehose"},"Action":"sts:AssumeRole""#),
      message: #"Invalid principal in policy: "SERVICE":"firehose""#),
  ]

  @Test(arguments: trust) func `a trust policy is refused in IAM's words`(_ example: Case) {
    do {
      _ = try PolicyDocument.parse(example.document, as: .trust)
      Issue.record("taken: \(example.document)")
    } catch {
      #expect(error.message == example.message)
    }
  }

  @Test func `every built-in managed policy parses`() {
    #expect(BuiltinPolicyCheck.malformed == [])
  }
}
