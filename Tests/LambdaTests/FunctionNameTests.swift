import Kernel
import Lambda
import Testing

@Suite struct FunctionNameTests {
  private let context = RequestContext(
    requestID: "r", scope: Scope(account: .standard, region: .usEast1), principal: .root(of: .standard),
    time: Timestamp(seconds: 0), authorizer: OpenAuthorizer())

  @Test(arguments: [
    ("f", nil), ("f:live", "live"), ("f:$LATEST", "$LATEST"), ("function:f", nil), ("function:f:3", "3"),
    ("000000000000:function:f", nil), ("000000000000:function:f:live", "live"),
    ("arn:aws:lambda:us-east-1:000000000000:function:f", nil),
    ("arn:aws:lambda:us-east-1:000000000000:function:f:live", "live"),
  ])
  func `all of AWS's ways to name a function`(_ text: String, _ qualifier: String?) throws {
    let name = try FunctionName(text, context)
    #expect((name.name, name.qualifier) == ("f", qualifier))
  }

  @Test(arguments: ["", "a b", "f:", "f:a:b:c", "arn:aws:lambda:us-east-1:1:function:f", "arn:aws:s3:::x", ":", "f:ä"])
  func `other texts are refused`(_ text: String) {
    #expect(throws: AWSError.self) { try FunctionName(text, context) }
  }

  @Test func `a qualifier beside the name must be the name's own`() throws {
    #expect(try FunctionName("f", qualifier: "live", context).qualifier == "live")
    #expect(throws: AWSError.self) { try FunctionName("f:a", qualifier: "b", context) }
  }

  @Test func `another account's function is named only where that is asked for`() throws {
    let text = "arn:aws:lambda:us-east-1:111111111111:function:f"
    #expect(throws: AWSError.self) { try FunctionName(text, context) }
    #expect(try FunctionName(text, context, ofAnyAccount: true).scope.account.digits == "111111111111")
    #expect(throws: AWSError.self) {
      try FunctionName("arn:aws:lambda:eu-west-1:000000000000:function:f", context, ofAnyAccount: true)
    }
  }
}
