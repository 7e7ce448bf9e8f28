import SQL
import Testing

@Suite struct PartitionFilterTests {
  let columns: [PartitionFilter.Column] = [
    .init("year", .string), .init("month", .int), .init("day", .date), .init("price", .decimal(precision: 8, scale: 2)),
  ]
  let partition = ["2026", "9", "2026-09-05", "10.50"]

  @Test(arguments: [
    ("year = '2026'", true), ("year = 2026", true), ("YEAR <> '2026'", false), ("month >= 9 AND month < 10", true),
    ("month = '09'", true), ("month > 10", false), ("day = '2026-09-05'", true), ("day = DATE '2026-09-05'", true),
    ("day BETWEEN '2026-09-01' AND '2026-09-04'", false), ("month IN (1, 9)", true), ("month NOT IN (1, 9)", false),
    ("year LIKE '20%'", true), ("year LIKE '20_'", false), ("NOT (year = '2026' OR month = 1)", false),
    ("price = 10.5", true), ("price > 10.49", true), ("(year='2026') and (month=9 or month=10)", true),
    ("`year` = '2026'", true), ("year = \"2026\"", true), ("year IS NOT NULL", true), ("9 = month", true),
  ])
  func decides(text: String, passes: Bool) throws {
    #expect(try PartitionFilter.parse(text, columns: columns).matches(partition) == passes)
  }

  @Test func aNullKeyPassesNoComparison() throws {
    let values = ["__HIVE_DEFAULT_PARTITION__", "1", "2026-01-01", "0"]
    #expect(try !PartitionFilter.parse("year = '2026'", columns: columns).matches(values))
    #expect(try !PartitionFilter.parse("year <> '2026'", columns: columns).matches(values))
    #expect(try PartitionFilter.parse("year IS NULL", columns: columns).matches(values))
  }

  @Test(arguments: [
    "", "year", "year =", "foo = 1", "month = 'abc'", "year = '1' AND", "month + 1 = 2", "count(*) > 1",
    "year = (SELECT 1)", String(repeating: "(", count: 200_000), "day = '2026-13-01'",
  ])
  func refuses(text: String) {
    #expect(throws: PartitionFilter.Malformed.self) { try PartitionFilter.parse(text, columns: columns) }
  }

  @Test func longListsAreFine() throws {
    let list = (0..<10_000).map { "'\($0)'" }.joined(separator: ",")
    #expect(try PartitionFilter.parse("year IN (\(list))", columns: columns).matches(partition))
    let chain = (0..<10_000).map { "month=\($0)" }.joined(separator: " OR ")
    #expect(try PartitionFilter.parse(chain, columns: columns).matches(partition))
  }
}
