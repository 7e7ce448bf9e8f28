import Kernel
import Lambda
import NIOCore
import Testing

/// A function's way through a batch, on a clock that never waits.
@Suite struct BatchWorkTests {
  /// Every sleep is over at once, and time moves on by it.
  final class RushingClock: WallClock {
    let time = Locked(Timestamp(seconds: 1_000_000))
    func now() -> Timestamp { time.withLock { $0 } }
    func sleep(until deadline: Timestamp) async throws { time.withLock { $0 = max($0, deadline) } }
  }

  final class Diary: Sendable {
    let calls = Locked<[[String]]>([])
    let givenUp = Locked<[String]>([])
    let reasons = Locked<[String]>([])
  }

  private func items(_ keys: [String]) -> [StreamItem] {
    keys.enumerated().map { index, key in
      StreamItem(
        offset: UInt64(index), time: Timestamp(seconds: 1_000_000), sequenceNumber: key, partitionKey: key,
        data: ByteBuffer(string: key))
    }
  }

  private func mapping(_ change: (inout MappingRecord) -> Void) throws -> MappingRecord {
    var mapping = MappingRecord(
      id: "m", scope: Scope(account: .standard, region: .usEast1),
      stream: try #require(ARN("arn:aws:kinesis:us-east-1:000000000000:stream/s")), function: "f", isEnabled: true,
      start: .latest, batchSize: 100, windowSeconds: 0, parallel: 1, bisects: false, recordAgeSeconds: -1, retries: -1,
      reportsItems: false, modified: Timestamp(seconds: 0))
    change(&mapping)
    return mapping
  }

  private func run(
    _ keys: [String], _ mapping: MappingRecord,
    _ answer: @escaping @Sendable ([String], Int) throws -> Execution
  ) async throws -> Diary {
    let diary = Diary()
    let work = BatchWork(
      mapping: mapping, clock: RushingClock(),
      call: { items in
        let keys = items.map(\.sequenceNumber)
        let count = diary.calls.withLock { calls in
          calls.append(keys)
          return calls.count
        }
        return try answer(keys, count)
      }, giveUp: { items, about in
        diary.givenUp.withLock { $0 += items.map(\.sequenceNumber) }
        diary.reasons.withLock { $0.append("\(about.reason) \(about.attempts)") }
      }, note: { _ in })
    try await work.run(items(keys))
    return diary
  }

  private static func said(_ text: String, isError: Bool = false) -> Execution {
    Execution(payload: ByteBuffer(string: text), isError: isError, tail: "")
  }

  @Test func `a failing batch comes again as it was, as often as the mapping says`() async throws {
    let diary = try await run(["a", "b"], mapping { $0.retries = 2 }) { _, _ in Self.said("{}", isError: true) }
    #expect(diary.calls.withLock { $0 } == [["a", "b"], ["a", "b"], ["a", "b"]])
    #expect(diary.givenUp.withLock { $0 } == ["a", "b"])
    #expect(diary.reasons.withLock { $0 } == ["RetryAttemptsExhausted 3"])
  }

  @Test func `halves find the bad record and lose no other`() async throws {
    let diary = try await run(
      ["a", "b", "c", "d", "e"],
      mapping {
        $0.retries = 1
        $0.bisects = true
      }
    ) { keys, _ in Self.said("{}", isError: keys.contains("d")) }
    #expect(diary.givenUp.withLock { $0 } == ["d"])
    let done = diary.calls.withLock { $0 }.filter { !$0.contains("d") }.flatMap { $0 }
    #expect(done == ["a", "b", "c", "e"])
    #expect(diary.calls.withLock { $0 }.count { $0 == ["d"] } == 2)
  }

  @Test func `what was reported comes again from the first failure on`() async throws {
    let diary = try await run(["a", "b", "c"], mapping { $0.reportsItems = true }) { keys, count in
      Self.said(count == 1 ? #"{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"b"}]}"# : "{}")
    }
    #expect(diary.calls.withLock { $0 } == [["a", "b", "c"], ["b", "c"]])
  }

  @Test func `a throttled call is no failure of the records`() async throws {
    let diary = try await run(["a"], mapping { $0.retries = 0 }) { _, count in
      if count < 5 { throw AWSError("TooManyRequestsException", "Rate Exceeded.") }
      return Self.said("null")
    }
    #expect(diary.calls.withLock { $0.count } == 5)
    #expect(diary.givenUp.withLock { $0 }.isEmpty)
  }

  @Test func `records that have become too old are given up`() async throws {
    let diary = try await run(["a"], mapping { $0.recordAgeSeconds = 60 }) { _, _ in Self.said("", isError: true) }
    #expect(diary.givenUp.withLock { $0 } == ["a"])
    #expect(diary.calls.withLock { $0.count } > 2)
  }

  @Test(arguments: [
    ("null", BatchAnswer.done), (#""""#, .done), ("{}", .done), (#"{"batchItemFailures":[]}"#, .done),
    (#"{"batchItemFailures":null}"#, .done), (#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#, .failedFrom(1)),
    (#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, .failedFrom(0)),
    (#"{"batchItemFailures":[{"itemIdentifier":"z"}]}"#, .failedFrom(0)), ("[1", .failedFrom(0)),
    (#"{"batchItemFailures":[{"wrong":"b"}]}"#, .failedFrom(0)), ("[]", .failedFrom(0)),
  ])
  func `answers are read as AWS reads them`(_ text: String, _ answer: BatchAnswer) {
    #expect(BatchAnswer.read(ByteBuffer(string: text), items(["a", "b"])) == answer)
  }
}
