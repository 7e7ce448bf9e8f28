import Kernel
import Logs
import LogsModel
import StorageTesting
import Testing

/// Lines that services hand over.
@Suite struct LineTests {
  private func batch(
    _ house: House, _ texts: [String], role: String? = nil, group: String = "/aws/lambda/f", stream: String = "x[1]",
    makes: Bool = true
  ) -> LogEventBatch {
    LogEventBatch(
      scope: House.scope, group: group, stream: stream,
      events: texts.map { .init(time: house.clock.now(), message: $0) },
      writer: role.flatMap { ARN("arn:aws:iam::000000000000:role/\($0)") }.map {
        .init(role: $0, service: "lambda.amazonaws.com", session: "f")
      }, makesGroup: makes)
  }

  @Test func `group and stream are made, and lines keep their order`() async throws {
    let house = try await House()
    house.service.record(batch(house, ["START", "a"], role: "rich"))
    house.service.record(batch(house, ["END"], role: "rich"))
    house.service.record(batch(house, ["other"], stream: "y"))
    await house.service.writeLines()
    #expect(try await house.search(group: "/aws/lambda/f").sorted() == ["END", "START", "a", "other"])
    let streams = try await house.filter(streams: ["x[1]"], group: "/aws/lambda/f").events?.map(\.message)
    #expect(streams == ["START", "a", "END"])
  }

  @Test func `a role without rights writes nothing, and makes nothing`() async throws {
    let house = try await House()
    house.service.record(batch(house, ["a"], role: "poor"))
    house.service.record(batch(house, ["a"], role: "missing"))
    house.service.record(batch(house, ["kept"], role: "rich", group: "/other"))
    await house.service.writeLines()
    #expect(await failure { try await house.search(group: "/aws/lambda/f") }.code == "ResourceNotFoundException")
    #expect(try await house.search(group: "/other") == ["kept"])
  }

  @Test func `who makes no group drops what has none`() async throws {
    let house = try await House()
    house.service.record(batch(house, ["a"], group: "g", makes: false))
    await house.service.writeLines()
    #expect(await failure { try await house.search() }.code == "ResourceNotFoundException")
    try await house.makeGroup()
    house.service.record(batch(house, ["b"], group: "g", stream: "s", makes: false))
    house.service.record(batch(house, ["c"], group: "g", stream: "none", makes: false))
    await house.service.writeLines()
    #expect(try await house.search() == ["b"])
  }

  @Test func `lines of any length and number are cut into batches`() async throws {
    let house = try await House()
    let long = String(repeating: "ü", count: 700_000)
    house.service.record(batch(house, [long, ""] + (0..<12_000).map(String.init), group: "g"))
    await house.service.writeLines()
    let found = try await house.search(group: "g")
    #expect(found.count == 12_002 && found[1] == " " && found.last == "11999")
    #expect(found[0].utf8.count == Limits.eventBytesMax - Limits.bytesBesideMessage)
  }

  @Test func `what waits is bounded, and what is dropped is counted`() async throws {
    let house = try await House()
    let text = Array(repeating: "x", count: Limits.lineEventsWaitingMax)
    house.service.record(batch(house, text, group: "g"))
    house.service.record(batch(house, ["too many"], group: "g"))
    #expect(house.service.droppedLines == 1)
    await house.service.writeLines()
    house.service.record(batch(house, ["again"], group: "g"))
    await house.service.writeLines()
    #expect(try await house.filter("again", group: "g").events?.count == 1)
  }
}
