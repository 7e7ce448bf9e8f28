import IAM
import Testing

/// Condition operators, each with a policy value, a request value and the outcome.
struct ConditionTests {
  struct Case: Sendable, CustomStringConvertible {
    var test: String
    /// JSON.
    var policy: String
    /// `nil`: the request lacks the key.
    var request: [String]?
    var holds: Bool
    init(_ test: String, _ policy: String, _ request: [String]?, _ holds: Bool) {
      self.test = test
      self.policy = policy
      self.request = request
      self.holds = holds
    }
    var description: String { "\(test) \(policy) against \(request ?? []): \(holds)" }
  }

  static let cases: [Case] = [
    Case("StringEquals", #""a""#, ["a"], true),
    Case("StringEquals", #""a""#, ["A"], false),
    Case("StringEquals", #"["a","b"]"#, ["b"], true),
    Case("StringEquals", #""a*""#, ["ab"], false),
    Case("StringEquals", #""a""#, nil, false),
    Case("StringEqualsIfExists", #""a""#, nil, true),
    Case("StringEqualsIfExists", #""a""#, ["b"], false),
    Case("StringNotEquals", #"["a","b"]"#, ["b"], false),
    Case("StringNotEquals", #"["a","b"]"#, ["c"], true),
    Case("StringNotEquals", #""a""#, nil, true),
    Case("StringEqualsIgnoreCase", #""aB""#, ["Ab"], true),
    Case("StringNotEqualsIgnoreCase", #""aB""#, ["Ab"], false),
    Case("StringLike", #""home/*""#, ["home/x/y"], true),
    Case("StringLike", #""h?me""#, ["hme"], false),
    Case("StringLike", #""h?me""#, ["h\u{E9}me"], true),
    Case("StringLike", #""${*}x""#, ["*x"], true),
    Case("StringLike", #""${*}x""#, ["ax"], false),
    Case("StringLike", #""${aws:username}/*""#, ["bob/1"], true),
    Case("StringLike", #""${aws:username}/*""#, ["eve/1"], false),
    Case("StringLike", #""${aws:PrincipalTag/team, 'none'}""#, ["none"], true),
    Case("StringEquals", #""${no:SuchKey}""#, ["${no:SuchKey}"], false),
    Case("StringNotLike", #""a*""#, ["ab"], false),
    Case("NumericEquals", #""10""#, ["10.0"], true),
    Case("NumericLessThan", "10", ["9"], true),
    Case("NumericLessThan", "10", ["10"], false),
    Case("NumericLessThanEquals", "10", ["10"], true),
    Case("NumericGreaterThan", "10", ["11"], true),
    Case("NumericGreaterThanEquals", "10", ["x"], false),
    Case("NumericNotEquals", "10", ["10"], false),
    Case("DateLessThan", #""2030-01-01T00:00:00Z""#, ["2029-12-31T23:59:59Z"], true),
    Case("DateGreaterThan", #""2030-01-01""#, ["1893456001"], true),
    Case("DateEquals", #""2030-01-01T01:00:00+01:00""#, ["2030-01-01T00:00:00Z"], true),
    Case("Bool", "true", ["true"], true),
    Case("Bool", #""false""#, ["true"], false),
    Case("Bool", "true", nil, false),
    Case("BoolIfExists", #""false""#, nil, true),
    Case("BinaryEquals", #""QmluYXJ5""#, ["QmluYXJ5"], true),
    Case("BinaryEquals", #""QmluYXJ5""#, ["eA=="], false),
    Case("IpAddress", #""203.0.113.0/24""#, ["203.0.113.77"], true),
    Case("IpAddress", #""203.0.113.0/24""#, ["203.0.114.1"], false),
    Case("IpAddress", #""2001:db8::/33""#, ["2001:db8:7fff::1"], true),
    Case("IpAddress", #""2001:db8::/33""#, ["2001:db8:8000::1"], false),
    Case("IpAddress", #""127.0.0.1""#, ["::ffff:127.0.0.1"], true),
    Case("IpAddress", #""0.0.0.0/0""#, ["nonsense"], false),
    Case("NotIpAddress", #""203.0.113.0/24""#, ["198.51.100.1"], true),
    Case("ArnEquals", #""arn:aws:sns:*:123456789012:t""#, ["arn:aws:sns:us-east-1:123456789012:t"], true),
    Case("ArnLike", #""arn:aws:s3:::b/*""#, ["arn:aws:s3:::b/x:y"], true),
    Case("ArnLike", #""arn:*:t""#, ["arn:aws:sns:us-east-1:123456789012:t"], false),
    Case("ArnNotLike", #""arn:aws:s3:::b""#, ["arn:aws:s3:::b"], false),
    Case("Null", #""true""#, nil, true),
    Case("Null", #""true""#, ["x"], false),
    Case("Null", "false", ["x"], true),
    Case("ForAllValues:StringEquals", #"["a","b"]"#, ["a", "b"], true),
    Case("ForAllValues:StringEquals", #"["a","b"]"#, ["a", "c"], false),
    Case("ForAllValues:StringEquals", #"["a"]"#, nil, true),
    Case("ForAnyValue:StringEquals", #"["a"]"#, ["c", "a"], true),
    Case("ForAnyValue:StringEquals", #"["a"]"#, ["c"], false),
    Case("ForAnyValue:StringEquals", #"["a"]"#, nil, false),
    Case("ForAnyValue:StringNotEquals", #"["a"]"#, ["a", "c"], true),
    Case("ForAllValues:StringNotEquals", #"["a"]"#, ["a", "c"], false),
    Case("ForAllValues:StringLike", #"["a*"]"#, ["ab", "ac"], true),
  ]

  @Test(arguments: cases) func `an operator holds as documented`(_ example: Case) throws {
    let text =
      #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","#
      + #""Condition":{"\#(example.test)":{"My:Key":\#(example.policy)}}}}"#
    let document = try PolicyDocument.parse(text, as: .managed)
    let request = example.request
    var question = Question(
      caller: Caller(.user(arn: "arn:aws:iam::000000000000:user/bob"), account: "000000000000"),
      action: "s3:GetObject", resource: "arn:aws:s3:::b/k"
    ) { key in
      switch key {
      case "my:key": request
      case "aws:username": ["bob"]
      default: nil
      }
    }
    question.identity = [PolicySource(id: "p", document: document)]
    #expect(Evaluator.decide(question).isAllowed == example.holds)
  }

  @Test func `the older version takes variables for text`() throws {
    let text =
      #"{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","#
      + #""Condition":{"StringEquals":{"k":"${aws:username}"}}}}"#
    let document = try PolicyDocument.parse(text, as: .inline)
    var question = Question(
      caller: Caller(.user(arn: "a"), account: "0"), action: "s3:GetObject", resource: "*"
    ) { $0 == "k" ? ["${aws:username}"] : ["bob"] }
    question.identity = [PolicySource(id: "p", document: document)]
    #expect(Evaluator.decide(question).isAllowed)
  }
}
