import Kernel
import Logs
import LogsModel
import StorageTesting
import Testing

/// Events in, events out.
@Suite struct EventTests {
  @Test func `events come back in the order of time, those of one moment as they came`() async throws {
    let house = try await House()
    try await house.makeGroup()
    let now = house.now
    try await house.put([(now - 20, "b"), (now - 10, "c"), (now - 10, "d")])
    try await house.put([(now - 30, "a"), (now - 10, "e")])
    let page = try await house.get(head: true)
    #expect(page.events?.map(\.message) == ["a", "b", "c", "d", "e"])
    #expect(page.events?.first?.ingestionTime == now)
    #expect(try await house.get().events?.map(\.message) == ["a", "b", "c", "d", "e"])
    #expect(try await house.get(from: now - 20, to: now - 10).events?.map(\.message) == ["b"])
    #expect(try await house.filter(from: now - 20, to: now - 10).events?.map(\.message) == ["b", "c", "d", "e"])
  }

  @Test func `pages go both ways and end with equal tokens`() async throws {
    let house = try await House()
    try await house.makeGroup()
    let now = house.now
    for part in 0..<5 { try await house.put((0..<5).map { (now + Int64(part * 5 + $0), "\(part * 5 + $0)") }) }
    var forward: [String] = []
    var page = try await house.get(limit: 7, head: true)
    while page.events?.isEmpty == false {
      forward += page.events?.compactMap(\.message) ?? []
      page = try await house.get(token: page.nextForwardToken, limit: 7)
    }
    #expect(forward == (0..<25).map(String.init))
    let again = try await house.get(token: page.nextForwardToken, limit: 7)
    #expect(again.nextForwardToken == page.nextForwardToken)
    try await house.put([(now + 100, "late")])
    #expect(try await house.get(token: page.nextForwardToken).events?.map(\.message) == ["late"])

    var backward: [[String]] = []
    page = try await house.get(limit: 10)
    while page.events?.isEmpty == false {
      backward.append(page.events?.compactMap(\.message) ?? [])
      page = try await house.get(token: page.nextBackwardToken, limit: 10)
    }
    let all: [String] = (0..<25).map(String.init) + ["late"]
    #expect(Array(backward.reversed().joined()) == all)
    #expect(await failure { try await house.get(token: "f/1/s") }.code == "InvalidParameterException")
    #expect(await failure { try await house.filter(token: "x") }.code == "InvalidParameterException")
  }

  @Test func `an empty stream can be followed`() async throws {
    let house = try await House()
    try await house.makeGroup()
    let empty = try await house.get()
    #expect(empty.events?.isEmpty == true)
    try await house.put([(house.now, "first")])
    #expect(try await house.get(token: empty.nextForwardToken).events?.map(\.message) == ["first"])
  }

  @Test func `what is too old or too new is told and left out`() async throws {
    let house = try await House()
    try await house.makeGroup()
    let (now, day) = (house.now, Int64(86_400_000))
    let old = try await house.put([(now - 14 * day - 1, "x")])
    #expect(old.rejectedLogEventsInfo?.tooOldLogEventEndIndex == 1)
    let young = try await house.put([(now, "in"), (now + 7_200_000, "in too"), (now + 7_200_001, "out")])
    #expect(young.rejectedLogEventsInfo?.tooNewLogEventStartIndex == 2)
    _ = try await house.service.putRetentionPolicy(
      PutRetentionPolicyInput(logGroupName: "g", retentionInDays: 1), house.context)
    let expired = try await house.put([(now - day - 1, "expired"), (now - day, "just kept")])
    #expect(expired.rejectedLogEventsInfo?.expiredLogEventEndIndex == 1)
    #expect(expired.rejectedLogEventsInfo?.tooOldLogEventEndIndex == nil)
    #expect(try await house.search() == ["just kept", "in", "in too"])
    #expect(try await house.put([(now, "fine")]).rejectedLogEventsInfo == nil)
  }

  @Test func `batches at their limits, and one past them`() async throws {
    let house = try await House()
    try await house.makeGroup()
    let now = house.now
    func refused(_ events: [(Int64, String)]) async -> String {
      await failure { try await house.put(events) }.code
    }
    #expect(await refused([(now, "a"), (now - 1, "b")]) == "InvalidParameterException")
    #expect(await refused([(now - 86_400_001, "a"), (now, "b")]) == "InvalidParameterException")
    try await house.put([(now - 86_400_000, "a"), (now, "b")])
    let longest = String(repeating: "x", count: Limits.eventBytesMax - Limits.bytesBesideMessage)
    #expect(await refused([(now, longest + "x")]) == "InvalidParameterException")
    #expect(await refused([(now, longest), (now, "y")]) == "InvalidParameterException")
    try await house.put([(now + 1, longest)])
    let found = try await house.search()
    #expect(found.map(\.utf8.count) == [1, 1, longest.utf8.count])
    #expect(await failure { try await house.put([(now, "a")], to: "none") }.code == "ResourceNotFoundException")
    #expect(await failure { try await house.put([(now, "a")], of: "none") }.code == "ResourceNotFoundException")
  }

  @Test func `a search goes through all streams, by name, by prefix, by pattern`() async throws {
    let house = try await House()
    try await house.makeGroup(streams: ["a1", "a2", "b1"])
    let now = house.now
    try await house.put([(now + 1, "ERROR 1"), (now + 4, "INFO 4")], to: "a1")
    try await house.put([(now + 2, "ERROR 2"), (now + 3, "INFO 3")], to: "a2")
    try await house.put([(now, "ERROR 0"), (now + 5, "ERROR 5")], to: "b1")
    #expect(try await house.search("ERROR") == ["ERROR 0", "ERROR 1", "ERROR 2", "ERROR 5"])
    #expect(try await house.search("ERROR", limit: 1) == ["ERROR 0", "ERROR 1", "ERROR 2", "ERROR 5"])
    #expect(try await house.filter(prefix: "a").events?.count == 4)
    #expect(try await house.filter(streams: ["b1"]).events?.map(\.logStreamName) == ["b1", "b1"])
    #expect(await failure { try await house.filter(streams: ["b2"]) }.code == "ResourceNotFoundException")
    #expect(await failure { try await house.filter(streams: ["b1"], prefix: "a") }.code == "InvalidParameterException")
    #expect(await failure { try await house.filter("a:b") }.code == "InvalidParameterException")
    let ids = try await house.filter().events?.compactMap(\.eventId) ?? []
    #expect(Set(ids).count == 6 && ids == ids.sorted() && ids.allSatisfy { $0.utf8.count == 56 })
  }

  /// Against a plain sorted array: times early and late, several streams, pages of all sizes, starts anew.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func `as a sorted array would answer`(seed: UInt64) async throws {
    let random = SeededRandomSource(seed: seed)
    var house = try await House()
    let streams = ["s", "t", "u"]
    try await house.makeGroup(streams: streams)
    var model: [(time: Int64, stream: String, message: String)] = []
    for round in 0..<60 {
      let stream = streams[random.next(below: 3)]
      let spread = [1_000, 100_000, 80_000_000][random.next(below: 3)]
      let base = house.now - Int64(random.next(below: spread)) + Int64(random.next(below: 5_000))
      var time = base
      let events = (0..<1 + random.next(below: 20)).map { index in
        time += Int64(random.next(below: 50))
        return (time, "\(stream)-\(round)-\(index)")
      }
      try await house.put(events, to: stream)
      model += events.map { ($0.0, stream, $0.1) }
      house.clock.advance(by: .milliseconds(Int64(random.next(below: 60_000))))
      if random.next(below: 15) == 0 { house = try await House(after: house) }
    }
    func wanted(_ stream: String?, _ from: Int64, _ to: Int64) -> [String] {
      // Of one moment the order between streams is free, so only times are compared below.
      model.enumerated().filter {
        (stream == nil || $0.element.stream == stream) && $0.element.time >= from && $0.element.time < to
      }.sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element.message)
    }
    let times = Dictionary(uniqueKeysWithValues: model.map { ($0.message, $0.time) })
    for _ in 0..<10 {
      let from = house.now - Int64(random.next(below: 90_000_000))
      let to = from + Int64(random.next(below: 90_000_000))
      let limit = 1 + random.next(below: 40)
      let stream = streams[random.next(below: 3)]
      var found: [String] = []
      var page = try await house.get(from: from, to: to, limit: limit, head: true, stream: stream)
      while page.events?.isEmpty == false {
        found += page.events?.compactMap(\.message) ?? []
        page = try await house.get(
          from: from, to: to, token: page.nextForwardToken, limit: limit, stream: stream)
      }
      #expect(found == wanted(stream, from, to), "seed \(seed)")
      found = []
      page = try await house.get(from: from, to: to, limit: limit, stream: stream)
      while page.events?.isEmpty == false {
        found = (page.events?.compactMap(\.message) ?? []) + found
        page = try await house.get(from: from, to: to, token: page.nextBackwardToken, limit: limit, stream: stream)
      }
      #expect(found == wanted(stream, from, to), "seed \(seed), backwards")
      found = []
      var token: String?
      repeat {
        let page = try await house.filter(from: from, to: to - 1, limit: limit, token: token)
        found += page.events?.compactMap(\.message) ?? []
        token = page.nextToken
      } while token != nil
      #expect(Set(found) == Set(wanted(nil, from, to)) && found.count == Set(found).count, "seed \(seed), all streams")
      #expect(found.compactMap { times[$0] } == found.compactMap { times[$0] }.sorted(), "seed \(seed), in order")
    }
  }

  @Test func `what was taken is there after a start anew, with its counts`() async throws {
    let house = try await House()
    try await house.makeGroup()
    let now = house.now
    try await house.put([(now - 5_000_000, "old"), (now, "new")])
    let again = try await House(after: house)
    #expect(try await again.search() == ["old", "new"])
    let streams = try await again.service.describeLogStreams(
      DescribeLogStreamsInput(logGroupName: "g"), again.context
    ).logStreams
    #expect(streams?.first?.firstEventTimestamp == now - 5_000_000)
    #expect(streams?.first?.lastEventTimestamp == now && streams?.first?.lastIngestionTime == now)
    let groups = try await again.service.describeLogGroups(DescribeLogGroupsInput(), again.context).logGroups
    #expect(groups?.first?.storedBytes == Int64(6 + 2 * 26))
  }

  @Test func `retention hides at once and trims in time`() async throws {
    let house = try await House()
    try await house.makeGroup()
    try await house.put([(house.now, "old")])
    _ = try await house.service.putRetentionPolicy(
      PutRetentionPolicyInput(logGroupName: "g", retentionInDays: 1), house.context)
    house.clock.advance(by: .seconds(86_401))
    try await house.put([(house.now, "new")])
    #expect(try await house.search() == ["new"])
    house.clock.advance(by: .seconds(60))
    await house.service.trim()
    _ = try await house.service.deleteRetentionPolicy(DeleteRetentionPolicyInput(logGroupName: "g"), house.context)
    #expect(try await house.search() == ["new"])
  }
}
