import AWSWire
import CloudWatchModel
import IAMModel
import Kernel
import NIOCore
import Testing

/// The way of requests through IAM's router, and of CloudWatch's three protocols.
@Suite struct QueryProtocolTests {
  struct Identity: IAMAPI {
    func createUser(_ input: CreateUserInput, _ context: RequestContext) async throws -> CreateUserOutput {
      let tags = input.tags?.map { "\($0.key)=\($0.value)" }.joined(separator: ",") ?? "none"
      return CreateUserOutput(
        user: User(
          path: input.path ?? "/", userName: "\(input.userName)[\(tags)]", userId: "AIDA", arn: "arn",
          createDate: Timestamp(seconds: 1_714_566_600)))
    }
    func deleteUser(_ input: DeleteUserInput, _ context: RequestContext) async throws -> DeleteUserOutput {
      throw IAMError.noSuchEntityException("The user with name x & y cannot be found.")
    }
    func tagUser(_ input: TagUserInput, _ context: RequestContext) async throws -> TagUserOutput { TagUserOutput() }
    func listUsers(_ input: ListUsersInput, _ context: RequestContext) async throws -> ListUsersOutput {
      ListUsersOutput(users: [])
    }
  }

  struct Metrics: CloudWatchAPI {
    func putMetricData(_ input: PutMetricDataInput, _ context: RequestContext) async throws -> PutMetricDataOutput {
      let datum = input.metricData?.first
      throw CloudWatchError.invalidParameterValueException(
        "\(input.namespace) \(datum?.metricName ?? "") \(datum?.value ?? 0) \(datum?.timestamp?.seconds ?? 0) "
          + "\(datum?.dimensions?.map { "\($0.name):\($0.value)" } ?? [])")
    }
    func listMetrics(_ input: ListMetricsInput, _ context: RequestContext) async throws -> ListMetricsOutput {
      ListMetricsOutput(metrics: [
        Metric(namespace: "n", metricName: "m", dimensions: [Dimension(name: "d", value: "v")])
      ])
    }
  }

  func iam(_ body: String) async throws -> (status: Int, text: String) {
    let response = await IAMRouter(Identity()).respond(to: Fixtures.form(body), context: Fixtures.context)
    return (response.status, try await response.text())
  }

  static let iamSpace = "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\""
  static let metadata = "<ResponseMetadata><RequestId>\(Fixtures.context.requestID)</RequestId></ResponseMetadata>"

  @Test func `parameters become members, and members become elements`() async throws {
    let (status, text) = try await iam(
      "Action=CreateUser&Version=2010-05-08&UserName=a&Tags.member.2.Key=k2&Tags.member.2.Value=v%202"
        + "&Tags.member.1.Value=&Tags.member.1.Key=k+1&Path=%2Fp%2F")
    #expect(status == 200)
    #expect(
      text
        == "<CreateUserResponse \(Self.iamSpace)><CreateUserResult><User><Path>/p/</Path>"
        + "<UserName>a[k 1=,k2=v 2]</UserName><UserId>AIDA</UserId><Arn>arn</Arn>"
        + "<CreateDate>2024-05-01T12:30:00Z</CreateDate></User></CreateUserResult>\(Self.metadata)</CreateUserResponse>"
    )
  }

  @Test func `lists beyond ten keep their order`() async throws {
    let tags = (1...12).map { "&Tags.member.\($0).Key=k\($0)&Tags.member.\($0).Value=v" }.joined()
    let (_, text) = try await iam("Action=CreateUser&Version=2010-05-08&UserName=a\(tags)")
    #expect(text.contains("[k1=v,k2=v,k3=v,k4=v,k5=v,k6=v,k7=v,k8=v,k9=v,k10=v,k11=v,k12=v]"))
  }

  @Test func `errors in Query's form`() async throws {
    let (status, text) = try await iam("Action=DeleteUser&Version=2010-05-08&UserName=x")
    #expect(status == 404)
    #expect(
      text
        == "<ErrorResponse \(Self.iamSpace)><Error><Type>Sender</Type><Code>NoSuchEntity</Code>"
        + "<Message>The user with name x &amp; y cannot be found.</Message></Error>"
        + "<RequestId>\(Fixtures.context.requestID)</RequestId></ErrorResponse>")
  }

  @Test func `outputs without members and empty lists`() async throws {
    #expect(
      try await iam("Action=TagUser&Version=2010-05-08&UserName=x&Tags.member.1.Key=k&Tags.member.1.Value=v").text
        == "<TagUserResponse \(Self.iamSpace)>\(Self.metadata)</TagUserResponse>")
    #expect(try await iam("Action=ListUsers").text.contains("<ListUsersResult><Users></Users></ListUsersResult>"))
  }

  @Test func `actions that are missing or unknown`() async throws {
    #expect(try await iam("Action=MakeCoffee&Version=2010-05-08").text.contains("<Code>InvalidAction</Code>"))
    #expect(
      try await iam("Action=MakeCoffee&Version=2010-05-08").text.contains(
        "Could not find operation MakeCoffee for version 2010-05-08"))
    #expect(try await iam("Version=2010-05-08").text.contains("<Code>MissingAction</Code>"))
    #expect(try await iam("Action=CreateSAMLProvider").status == 501)
    #expect(try await iam("Action=DeleteGroup&GroupName=g").text.contains("IAM DeleteGroup"))
  }

  @Test(arguments: [
    "Action=CreateUser&UserName.a=b", "Action=CreateUser&Tags.member.x.Key=a&UserName=", "Action=ListUsers&MaxItems=x",
    "Action=ListUsers&MaxItems=", "Action=ListUsers&MaxItems=99999999999999999999", "Action=CreateUser&UserName=%ff",
    "Action=CreateUser", "Action=CreateUser&Tags.member.1=a&UserName=b",
    "Action=CreateUser&UserName=" + String(repeating: "a.", count: 300),
    "Action=CreateUser&" + String(repeating: "a.", count: 300) + "=1", "Action", "Action=", "&&&", "=",
  ]) func `broken forms are refused and do no harm`(body: String) async throws {
    #expect(try await iam(body).status == 400)
  }

  @Test func `a form with too many parameters is refused`() async throws {
    let body = "Action=ListUsers" + String(repeating: "&a", count: WireLimits.queryPairsMax)
    #expect(try await iam(body).status == 400)
  }

  // MARK: CloudWatch

  func cloudWatch(_ request: WireRequest) async throws -> WireResponse {
    await CloudWatchRouter(Metrics()).respond(to: request, context: Fixtures.context)
  }

  @Test func `CloudWatch understands Query`() async throws {
    let response = try await cloudWatch(
      Fixtures.form(
        "Action=PutMetricData&Version=2010-08-01&Namespace=N&MetricData.member.1.MetricName=M&MetricData.member.1.Value=1.5"
          + "&MetricData.member.1.Timestamp=2024-05-01T12:30:00Z&MetricData.member.1.Dimensions.member.1.Name=a"
          + "&MetricData.member.1.Dimensions.member.1.Value=b"))
    #expect(response.status == 400)
    let text = try await response.text()
    #expect(text.contains("<Code>InvalidParameterValue</Code>"))
    #expect(text.contains("N M 1.5 1714566600 [&quot;a:b&quot;]"))
  }

  @Test func `CloudWatch understands JSON 1.0`() async throws {
    let request = Fixtures.request(
      headers: [
        ("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData"), ("Content-Type", "application/x-amz-json-1.0"),
      ], body: #"{"Namespace":"N","MetricData":[{"MetricName":"M","Value":1.5,"Timestamp":1714566600}]}"#)
    let response = try await cloudWatch(request)
    #expect(response.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender")
    #expect(response.headers["content-type"] == "application/x-amz-json-1.0")
    #expect(
      try await response.text() == #"{"__type":"InvalidParameterValueException","message":"N M 1.5 1714566600 []"}"#)
  }

  @Test func `CloudWatch understands CBOR`() async throws {
    // {"Namespace": "N", "MetricData": [_ {"MetricName": "M", "Value": 1.5, "Timestamp": 1(1714566600)}]}
    var body = ByteBuffer()
    body.writeBytes([0xA2, 0x69])
    body.writeString("Namespace")
    body.writeBytes([0x61, 0x4E, 0x6A])
    body.writeString("MetricData")
    body.writeBytes([0x9F, 0xBF, 0x6A])
    body.writeString("MetricName")
    body.writeBytes([0x7F, 0x61, 0x4D, 0x60, 0xFF, 0x65])
    body.writeString("Value")
    body.writeBytes([0xF9, 0x3E, 0x00, 0x69])
    body.writeString("Timestamp")
    body.writeBytes([0xC1, 0x1A, 0x66, 0x32, 0x35, 0xC8, 0xFF, 0xFF])
    var request = Fixtures.request(
      "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
      headers: [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")])
    request.body = ByteStream(body)
    let response = try await cloudWatch(request)
    #expect(response.status == 400)
    #expect(response.headers["smithy-protocol"] == "rpc-v2-cbor")
    #expect(response.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender")
    #expect(try await response.text().contains("N M 1.5 1714566600 []"))

    for length in 1..<body.readableBytes {
      request.body = ByteStream(body.getSlice(at: 0, length: length) ?? body)
      #expect(try await cloudWatch(request).status == 400)
    }
  }

  @Test(
    arguments: [
      [0x81], [0x9F], [0xBF], [0xFF], [0x5F], [0x7F], [0xC1], [0xF9], [0x1C], [0xDF, 0x00], [0xA1, 0x61, 0x61],
      [0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x9B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
      [0xA1, 0x7B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
      [0xA1, 0x61, 0x78, 0x9B, 0x40, 0, 0, 0, 0, 0, 0, 0],
      [0xA1, 0x61, 0x78, 0xBB, 0xC0, 0, 0, 0, 0, 0, 0, 0], [0xA1, 0x01, 0x01],
      [0xA1, 0x61, 0x78, 0x7F, 0x41, 0x61, 0xFF],
    ] as [[UInt8]]) func `broken CBOR is refused and does no harm`(bytes: [UInt8]) async throws
  {
    var request = Fixtures.request("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics")
    request.body = ByteStream(ByteBuffer(bytes: bytes))
    #expect(try await cloudWatch(request).status == 400)
  }

  @Test func `ten megabytes of nested CBOR are refused`() async throws {
    for byte in [0x81, 0x9F, 0xBF, 0xC1, 0xA1, 0x5F] as [UInt8] {
      var body = ByteBuffer(bytes: [0xA1, 0x61, 0x78])
      body.writeRepeatingByte(byte, count: 10 << 20)
      var request = Fixtures.request("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics")
      request.body = ByteStream(body)
      #expect(try await cloudWatch(request).status == 400)
    }
  }

  @Test func `a compressed body is unpacked, to a limit`() async throws {
    // `{"Namespace":"N"}`, packed by gzip.
    let packed = try #require(Base64.decode("H4sIAAAAAAACA6tW8kvMTS0uSExOVbJS8lOqBQD2sY1CEQAAAA=="))
    var request = Fixtures.request(headers: [
      ("X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics"), ("Content-Encoding", "gzip"),
    ])
    request.body = ByteStream(packed)
    #expect(try await cloudWatch(request).status == 200)
    request.body = ByteStream(ByteBuffer(string: "{}"))
    #expect(try await cloudWatch(request).status == 400)
  }
}
