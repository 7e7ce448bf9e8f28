import Kernel
import Lake
import Testing

/// Partitions computed from a table's properties.
@Suite struct PartitionProjectionTests {
  private static let now = CivilTime(year: 2026, month: 3, day: 31, hour: 5).timestamp

  private func partitions(
    _ keys: [String], _ properties: [String: String], wanted: [String: Set<String>] = [:],
    mayMatch: ([String: String?]) -> Bool = { _ in true }
  ) throws -> [PartitionProjection.Partition] {
    var all = properties
    all["projection.enabled"] = "true"
    let projection = try PartitionProjection(
      keys: keys, properties: all, table: "lake.t", location: "s3://b/t", now: Self.now)
    return try #require(projection).partitions(wanted: { wanted[$0] }, mayMatch: mayMatch)
  }

  private func dates(_ properties: [String: String], wanted: Set<String>? = nil) throws -> [String] {
    var all = ["projection.d.type": "date"]
    for (name, value) in properties { all["projection.d.\(name)"] = value }
    return try partitions(["d"], all, wanted: wanted.map { ["d": $0] } ?? [:]).map { $0.values[0] }
  }

  @Test func tablesWithoutProjectionHaveNone() throws {
    let none = try PartitionProjection(keys: ["a"], properties: [:], table: "t", location: "", now: Self.now)
    #expect(none == nil)
  }

  @Test func choicesAndNumbersMultiply() throws {
    let found = try partitions(
      ["c", "n"],
      [
        "projection.c.type": "enum", "projection.c.values": "a, b", "projection.n.type": "integer",
        "projection.n.range": "5,15", "projection.n.interval": "5", "projection.n.digits": "3",
      ], mayMatch: { $0["n"] != "010" })
    #expect(found.map(\.values) == [["a", "005"], ["a", "015"], ["b", "005"], ["b", "015"]])
    #expect(found[0].location == "s3://b/t/c=a/n=005/")
  }

  @Test func numbersThatAreAskedForAreNotSearched() throws {
    let properties = ["projection.n.type": "integer", "projection.n.range": "0,9223372036854775807"]
    let found = try partitions(["n"], properties, wanted: ["n": ["7", "-1", "x"]])
    #expect(found.map(\.values) == [["7"]])
    #expect(throws: TableScan.Unreadable.self) { try partitions(["n"], properties) }
  }

  @Test func datesGoByDaysAndMonths() throws {
    #expect(
      try dates(["range": "2026-02-27,2026-03-01", "format": "yyyy-MM-dd"])
        == ["2026-02-27", "2026-02-28", "2026-03-01"])
    #expect(
      try dates(["range": "NOW-3MONTHS,NOW", "format": "yyyy-MM"]) == ["2025-12", "2026-01", "2026-02", "2026-03"])
    #expect(
      try dates(["range": "2024/01/01,NOW", "format": "yyyy/MM/dd", "interval": "1", "interval.unit": "YEARS"])
        == ["2024/01/01", "2025/01/01", "2026/01/01"])
    #expect(
      try dates(["range": "NOW-2HOURS, NOW", "format": "yyyy-MM-dd'T'HH", "interval.unit": "HOURS"])
        == ["2026-03-31T03", "2026-03-31T04", "2026-03-31T05"])
  }

  @Test func datesThatAreAskedForMustBeOnTheWay() throws {
    let properties = [
      "range": "2026-01-01,2026-12-31", "format": "yyyy-MM-dd", "interval": "7", "interval.unit": "DAYS",
    ]
    #expect(
      try dates(properties, wanted: ["2026-01-08", "2026-01-09", "2027-01-01", "2026-1-8", "x"]) == ["2026-01-08"])
    let months = ["range": "2026-01,2026-12", "format": "yyyy-MM", "interval": "2"]
    #expect(try dates(months, wanted: ["2026-02", "2026-03"]) == ["2026-03"])
  }

  @Test func injectedValuesMustBeNamed() throws {
    let properties = [
      "projection.id.type": "injected", "storage.location.template": "s3://other/${id}/x",
    ]
    let found = try partitions(["id"], properties, wanted: ["id": ["q"]])
    #expect(found.map(\.values) == [["q"]] && found.map(\.location) == ["s3://other/q/x/"])
    #expect {
      try partitions(["id"], properties)
    } throws: {
      "\($0)".hasPrefix("CONSTRAINT_VIOLATION: For the injected projected partition column id")
    }
  }

  @Test(arguments: [
    ["projection.a.type": "enum"],
    ["projection.a.type": "integer", "projection.a.range": "5,1"],
    ["projection.a.type": "integer", "projection.a.range": "1,5", "projection.a.digits": "99999999999"],
    ["projection.a.type": "date", "projection.a.range": "NOW,NOW-1DAYS", "projection.a.format": "yyyy-MM-dd"],
    [
      "projection.a.type": "date", "projection.a.range": "NOW-9999999999999999999YEARS,NOW",
      "projection.a.format": "yyyy",
    ],
    ["projection.a.type": "date", "projection.a.range": "2026,NOW", "projection.a.format": "QQQ"],
    ["projection.a.type": "date", "projection.a.range": "NOW-1DAYS,NOW", "projection.a.format": "yyyy-MM-dd-HH"],
    ["projection.a.type": "what"],
    ["projection.b.type": "injected"],
    ["projection.a.type": "enum", "projection.a.values": "x", "storage.location.template": "s3://b/"],
  ])
  func nonsenseIsRefused(properties: [String: String]) {
    #expect { try partitions(["a"], properties) } throws: { "\($0)".hasPrefix("INVALID_TABLE_PROPERTY") }
  }
}
