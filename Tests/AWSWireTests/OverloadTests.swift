import AWSWire
import AthenaModel
import CloudWatchModel
import IAMModel
import Kernel
import KinesisModel
import S3Model
import Testing

/// What a full queue is called: each service has its own word for "try again later".
struct OverloadTests {
  struct Full: OverloadReporting { var isOverload: Bool }

  struct Bucket: S3API {
    var error: any Error = Full(isOverload: true)
    func listBuckets(_ input: ListBucketsInput, _ context: RequestContext) async throws -> ListBucketsOutput {
      throw error
    }
  }
  struct Stream: KinesisAPI {
    func listStreams(_ input: ListStreamsInput, _ context: RequestContext) async throws -> ListStreamsOutput {
      throw Full(isOverload: true)
    }
  }
  struct Workgroups: AthenaAPI {
    func listWorkGroups(_ input: ListWorkGroupsInput, _ context: RequestContext) async throws -> ListWorkGroupsOutput {
      throw Full(isOverload: true)
    }
  }
  struct Users: IAMAPI {
    func listUsers(_ input: ListUsersInput, _ context: RequestContext) async throws -> ListUsersOutput {
      throw Full(isOverload: true)
    }
  }

  @Test func `S3 says SlowDown`() async throws {
    let response = await S3Router(Bucket()).respond(to: Fixtures.request("GET"), context: Fixtures.context)
    #expect(response.status == 503)
    #expect(try await response.text().contains("<Code>SlowDown</Code>"))
    #expect(response.failure?.error.code == "SlowDown")
    #expect(response.failure?.cause == nil)
    #expect(response.operation == "ListBuckets")
  }

  @Test func `others say that they throttle`() async throws {
    let kinesis = await KinesisRouter(Stream()).respond(
      to: Fixtures.json("Kinesis_20131202.ListStreams", "{}"), context: Fixtures.context)
    #expect(kinesis.status == 400)
    #expect(try await kinesis.text().contains("ThrottlingException"))
    let athena = await AthenaRouter(Workgroups()).respond(
      to: Fixtures.json("AmazonAthena.ListWorkGroups", "{}"), context: Fixtures.context)
    #expect(try await athena.text().contains("TooManyRequestsException"))
    let iam = await IAMRouter(Users()).respond(
      to: Fixtures.form("Action=ListUsers&Version=2010-05-08"), context: Fixtures.context)
    #expect(try await iam.text().contains("<Code>Throttling</Code>"))
    #expect(iam.operation == "ListUsers")
  }

  @Test func `what else goes wrong is an internal error whose cause only the log gets`() async throws {
    let response = await S3Router(Bucket(error: Full(isOverload: false))).respond(
      to: Fixtures.request("GET"), context: Fixtures.context)
    #expect(response.status == 500)
    #expect(response.failure?.cause?.contains("Full") == true)
    #expect(try await !response.text().contains("Full"))
  }

  @Test func `a path that is no UTF-8 names nothing`() async throws {
    let response = await S3Router(Bucket()).respond(
      to: Fixtures.request("GET", "/bucket/%AE%8A-"), context: Fixtures.context)
    #expect(response.status == 400)
    #expect(try await response.text().contains("<Code>InvalidURI</Code>"))
  }
}
