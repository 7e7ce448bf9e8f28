import AWSWire
import CTarnSystem
import Kernel
import KinesisModel
import NIOCore
import Testing

@Suite struct EventMessageTests {
  /// Says one thing and then fails, or ends.
  struct Speaker: KinesisAPI {
    var failure: AWSError?

    func subscribeToShard(_ input: SubscribeToShardInput, _ context: RequestContext) async throws
      -> SubscribeToShardOutput
    {
      let said = Locked(false)
      return SubscribeToShardOutput(
        eventStream: EventStream {
          {
            let first = said.withLock { said in
              defer { said = true }
              return !said
            }
            if first {
              return EventStream.Event(
                "SubscribeToShardEvent", SubscribeToShardEvent(records: [], millisBehindLatest: 7))
            }
            if let failure { throw failure }
            return nil
          }
        })
    }
  }

  struct Message: Equatable {
    var headers: [String: String]
    var payload: String
  }

  /// Takes messages apart and checks their lengths and checksums.
  private func messages(_ bytes: ByteBuffer) throws -> [Message] {
    var bytes = bytes
    var found: [Message] = []
    while bytes.readableBytes > 0 {
      let whole = bytes
      guard let total = bytes.readInteger(as: UInt32.self), let headerBytes = bytes.readInteger(as: UInt32.self),
        let prelude = bytes.readInteger(as: UInt32.self), var headers = bytes.readSlice(length: Int(headerBytes)),
        let payload = bytes.readString(length: Int(total) - Int(headerBytes) - 16),
        let sum = bytes.readInteger(as: UInt32.self)
      else { throw CutShort() }
      #expect(prelude == checksum(whole, 8) && sum == checksum(whole, Int(total) - 4))
      var message = Message(headers: [:], payload: payload)
      while let length = headers.readInteger(as: UInt8.self) {
        guard let name = headers.readString(length: Int(length)), headers.readInteger(as: UInt8.self) == 7,
          let valueLength = headers.readInteger(as: UInt16.self),
          let value = headers.readString(length: Int(valueLength))
        else { throw CutShort() }
        message.headers[name] = value
      }
      found.append(message)
    }
    return found
  }
  private struct CutShort: Error {}

  private func checksum(_ bytes: ByteBuffer, _ count: Int) -> UInt32 {
    bytes.withUnsafeReadableBytes { tarn_crc32(0, $0.baseAddress, min(count, $0.count)) }
  }

  private func answer(_ api: Speaker) async throws -> (response: WireResponse, messages: [Message]) {
    let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1"
    let body =
      #"{"ConsumerARN":"\#(arn)","ShardId":"shardId-000000000000","StartingPosition":{"Type":"LATEST"}}"#
    let response = await KinesisRouter(api).respond(
      to: Fixtures.json("Kinesis_20131202.SubscribeToShard", body), context: Fixtures.context)
    return (response, try messages(try await response.body.collect(upTo: 1 << 20)))
  }

  private func headers(_ kind: String, _ name: String, message: String) -> [String: String] {
    [kind: name, ":content-type": "application/x-amz-json-1.1", ":message-type": message]
  }

  @Test func anAnswerIsAnInitialMessageThenEvents() async throws {
    let (response, messages) = try await answer(Speaker())
    #expect(response.status == 200)
    #expect(response.headers["content-type"] == "application/vnd.amazon.eventstream")
    #expect(
      messages == [
        Message(headers: headers(":event-type", "initial-response", message: "event"), payload: "{}"),
        Message(
          headers: headers(":event-type", "SubscribeToShardEvent", message: "event"),
          payload: #"{"Records":[],"MillisBehindLatest":7}"#),
      ])
  }

  @Test func anErrorUnderWayIsTheLastMessage() async throws {
    let (response, messages) = try await answer(
      Speaker(failure: KinesisError.resourceInUseException("taken \"over\"")))
    #expect(response.status == 200 && messages.count == 3)
    #expect(
      messages.last
        == Message(
          headers: headers(":exception-type", "ResourceInUseException", message: "exception"),
          payload: #"{"message":"taken \"over\""}"#))
  }
}
