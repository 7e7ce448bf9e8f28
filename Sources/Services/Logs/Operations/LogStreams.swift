public import Kernel
public import LogsModel
import Storage

extension LogsService {
  public func createLogStream(
    _ input: CreateLogStreamInput, _ context: RequestContext
  ) async throws -> CreateLogStreamOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:CreateLogStream", on: [id.arn(ofStream: input.logStreamName)])
    _ = try await makeStream(input.logStreamName, in: id)
    return CreateLogStreamOutput()
  }

  /// Makes a stream; durable when it returns.
  func makeStream(_ name: String, in id: GroupID) async throws -> StreamRecord {
    let group = try existing(id)
    let taken = LogsError.resourceAlreadyExistsException("The specified log stream already exists")
    guard directory.find(id, stream: name)?.stream == nil else { throw taken }
    // Below 10^15, the digits that an event's id has for it.
    let record = StreamRecord(name: name, number: random.next() >> 15, createdAt: clock.now())
    let log = LogsKeys.log(id, group.uid, record.number)
    try await logs.create(log)
    do {
      try await keys.write { transaction in
        guard try transaction.get(LogsKeys.group(id), as: GroupRecord.self)?.uid == group.uid else {
          throw Self.noGroup
        }
        let key = LogsKeys.stream(id, group.uid, name)
        guard try transaction.get(key) == nil else { throw taken }
        try transaction.set(key, record: record)
      }
    } catch {
      try? await logs.delete(log)
      throw error
    }
    guard directory.add(record, to: id, uid: group.uid) else {
      try await logs.delete(log)
      throw Self.noGroup
    }
    return record
  }

  public func deleteLogStream(
    _ input: DeleteLogStreamInput, _ context: RequestContext
  ) async throws -> DeleteLogStreamOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:DeleteLogStream", on: [id.arn(ofStream: input.logStreamName)])
    let group = try existing(id)
    let number = try await keys.write { transaction -> UInt64 in
      let key = LogsKeys.stream(id, group.uid, input.logStreamName)
      guard let record = try transaction.get(key, as: StreamRecord.self) else { throw Self.noStream }
      try transaction.delete(key)
      for subscription in group.subscriptions {
        let cursors = LogsKeys.cursors(id, group.uid, subscription: subscription.uid)
        try transaction.delete(cursors.appending(Int64(clamping: record.number)))
      }
      return record.number
    }
    directory.removeStream(input.logStreamName, number: number, of: id)
    try await logs.delete(LogsKeys.log(id, group.uid, number))
    return DeleteLogStreamOutput()
  }

  public func describeLogStreams(
    _ input: DescribeLogStreamsInput, _ context: RequestContext
  ) async throws -> DescribeLogStreamsOutput {
    let id = try groupID(name: input.logGroupName, identifier: input.logGroupIdentifier, context)
    try await context.authorize("logs:DescribeLogStreams", on: [id.resource])
    let byTime = input.orderBy == .lastEventTime
    if byTime, input.logStreamNamePrefix != nil {
      throw LogsError.invalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
    }
    guard let group = directory.group(id) else { throw Self.noGroup }
    let prefix = input.logStreamNamePrefix ?? ""
    let descending = input.descending ?? false
    var order = group.streams.values.filter { $0.name.hasPrefix(prefix) }.map { StreamPlace($0, byTime: byTime) }
    order.sort { descending ? $1 < $0 : $0 < $1 }
    if let token = input.nextToken {
      guard let last = StreamPlace(token: token) else { throw Self.wrongToken }
      order.removeAll { descending ? !($0 < last) : !(last < $0) }
    }
    let limit = input.limit ?? Limits.describeDefault
    let page = order.prefix(limit)
    return DescribeLogStreamsOutput(
      logStreams: page.compactMap { group.streams[$0.name] }.map { Self.wire($0, id) },
      nextToken: order.count > limit ? page.last?.token : nil)
  }

  static let wrongToken = LogsError.invalidParameterException("The specified nextToken is invalid.")

  private static func wire(_ stream: StreamRecord, _ id: GroupID) -> LogStream {
    LogStream(
      logStreamName: stream.name, creationTime: stream.createdAt.milliseconds,
      firstEventTimestamp: stream.note.firstEvent, lastEventTimestamp: stream.note.lastEvent,
      lastIngestionTime: stream.note.lastIngestion, uploadSequenceToken: sequenceToken(stream),
      arn: id.arn(ofStream: stream.name),
      // Of streams AWS tells 0 since 2019; groups have the sum.
      storedBytes: 0)
  }

  /// Nobody needs sequence tokens any more; AWS gives them all the same.
  static func sequenceToken(_ stream: StreamRecord) -> String {
    let digits = String(stream.note.next) + String(stream.number)
    return "49" + String(repeating: "0", count: max(0, 54 - digits.utf8.count)) + digits
  }

  /// Where a stream stands in a listing.
  private struct StreamPlace: Comparable {
    var time: Int64
    var name: String

    init(_ stream: StreamRecord, byTime: Bool) {
      // A stream without events counts by the time of its making.
      time = byTime ? stream.note.lastEvent ?? stream.createdAt.milliseconds : 0
      name = stream.name
    }

    init?(token: String) {
      let parts = token.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let time = Int64(parts[0]) else { return nil }
      self.time = time
      name = String(parts[1])
    }

    var token: String { "\(time):\(name)" }

    static func < (left: Self, right: Self) -> Bool { (left.time, left.name) < (right.time, right.name) }
  }
}
