import Kernel
import SQL
import Testing

/// A table partitioned by text, number and date, and a view over it.
private struct LakeCatalog: SQLCatalog {
  func table(catalog: String?, database: String, name: String) -> BoundTable? {
    switch (database, name) {
    case ("lake", "events"):
      BoundTable(
        database: "lake", name: "events",
        content: .table(
          columns: [BoundColumn("id", HiveType.bigint), BoundColumn("name", HiveType.string)],
          partitionColumns: [
            BoundColumn("year", HiveType.string), BoundColumn("month", HiveType.int), BoundColumn("day", HiveType.date),
          ]))
    case ("lake", "recent"):
      BoundTable(
        database: "lake", name: "recent",
        content: .view(
          ViewDefinition(
            sql: "SELECT id, year AS y, month FROM events WHERE month > 1",
            columns: [
              BoundColumn("id", HiveType.bigint), BoundColumn("y", HiveType.string), BoundColumn("month", HiveType.int),
            ])))
    default: nil
    }
  }
}

private func bind(_ text: String, parameters: [Expression] = []) throws -> BoundStatement {
  // 2026-01-01 00:00:00 UTC.
  let session = SQLSession(database: "lake", now: Timestamp(milliseconds: 1_767_225_600_000))
  return try Binder(catalog: LakeCatalog(), session: session, parameters: parameters).bind(SQLParser.query(text))
}

@Suite struct BinderTests {
  @Test(arguments: [
    ("SELECT * FROM events WHERE year = '2026'", true), ("SELECT * FROM events WHERE year = '2025'", false),
    ("SELECT * FROM events WHERE month IN (1, 2) AND name = 'x'", false),
    ("SELECT * FROM events WHERE month = 9 OR name = 'x'", true),
    ("SELECT * FROM events WHERE day >= DATE '2026-09-01'", true),
    ("SELECT * FROM events WHERE day BETWEEN DATE '2026-01-01' AND DATE '2026-02-01'", false),
    ("SELECT * FROM events WHERE day = CAST('2026-09-05' AS date)", true),
    ("SELECT * FROM events WHERE year = date_format(current_date, '%Y')", true),
    ("SELECT * FROM events WHERE day < current_date - interval '1' day", false),
    ("SELECT * FROM events WHERE CAST(month AS varchar) = '9'", true),
    ("SELECT * FROM events WHERE year || lpad(CAST(month AS varchar), 2, '0') = '202609'", true),
    ("SELECT * FROM events WHERE year LIKE '19%'", false), ("SELECT * FROM events WHERE year IS NULL", false),
    ("SELECT * FROM recent WHERE y = '2025'", false), ("SELECT * FROM recent WHERE y = '2026'", true),
    ("SELECT * FROM (SELECT id, month m FROM events) WHERE m = 3", false),
    ("SELECT * FROM (SELECT id, month m FROM events LIMIT 5) WHERE m = 3", true),
    ("SELECT * FROM (SELECT month m, count(*) FROM events GROUP BY month) WHERE m = 3", false),
    ("SELECT * FROM (SELECT max(month) m FROM events) WHERE m = 3", true),
    ("WITH e AS (SELECT * FROM events) SELECT * FROM e WHERE month = 3", false),
    ("WITH e AS (SELECT * FROM events) SELECT * FROM e a, e b WHERE a.month = 3", true),
    ("SELECT * FROM events UNION ALL SELECT * FROM events WHERE month = 3", true),
    ("SELECT * FROM (VALUES 1) v(x) LEFT JOIN events e ON e.month = 3", false),
    ("SELECT * FROM (VALUES 1) v(x) LEFT JOIN events e ON true WHERE e.month IS NULL", true),
    ("SELECT * FROM (VALUES 1) v(x) LEFT JOIN events e ON true WHERE e.month = 3", false),
  ])
  func prunes(text: String, wanted: Bool) throws {
    let partition: [String: String?] = ["year": "2026", "month": "9", "day": "2026-09-05"]
    #expect(try bind(text).tables.contains { $0.partitions.mayMatch(partition) } == wanted)
  }

  @Test func namesTheColumnsThatAreRead() throws {
    let use = try bind("SELECT count(name) FROM events WHERE month = 1").tables[0]
    #expect(use.columns == ["name", "month"])
    #expect(use.partitions.keys == ["month"])
    #expect(use.partitions.values(of: "month") == ["1"])
  }

  @Test func namesAndTypesTheResult() throws {
    let columns = try bind("SELECT id, count(*), 'abc' AS x, avg(id) FROM events GROUP BY id").query.columns
    #expect(columns.map(\.name) == ["id", nil, "x", nil])
    #expect(columns.map(\.type.description) == ["bigint", "bigint", "varchar(3)", "double"])
  }

  @Test(arguments: [
    ("SELECT foo FROM events", "COLUMN_NOT_FOUND: line 1:8: Column 'foo' cannot be resolved"),
    ("SELECT * FROM nope", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.lake.nope' does not exist"),
    ("SELECT * FROM events WHERE name = 1", "TYPE_MISMATCH: line 1:33: Cannot apply operator: varchar = integer"),
    ("SELECT glob('*')", "FUNCTION_NOT_FOUND: line 1:8: Function 'glob' not registered"),
    ("SELECT * FROM events WHERE id = ?", "INVALID_PARAMETER_USAGE"),
  ])
  func refusesInAthenasWords(text: String, message: String) {
    #expect { try bind(text) } throws: { ($0 as? SQLError)?.description.hasPrefix(message) == true }
  }

  @Test func printsForTheEngine() throws {
    let bound = try bind("SELECT id / 2 AS half FROM events WHERE month = 1 ORDER BY name")
    let sql = try DuckDBPrinter { "\"\($0.table.name)\"" }.print(bound.query)
    #expect(
      sql == "SELECT (r1.\"id\" // CAST(2 AS BIGINT)) AS \"half\" FROM \"events\" AS r1 WHERE (r1.\"month\" = 1) "
        + "ORDER BY r1.\"name\" ASC NULLS LAST")
  }

  @Test func parametersStandForTheirValues() throws {
    let value = try SQLParser.expression("3")
    let use = try bind("SELECT * FROM events WHERE month = ?", parameters: [value]).tables[0]
    #expect(use.partitions.values(of: "month") == ["3"])
  }

  @Test func deepAndLongStatementsAreBound() throws {
    let list = (0..<10_000).map(String.init).joined(separator: ",")
    _ = try bind("SELECT * FROM events WHERE id IN (\(list))")
    let sum = (0..<498).map { " + \($0)" }.joined()
    let bound = try bind("SELECT id\(sum) FROM events")
    _ = try DuckDBPrinter { _ in "t" }.print(bound.query)
    let nested = String(repeating: "(1 + abs(", count: 40) + "id" + String(repeating: "))", count: 40)
    _ = try DuckDBPrinter { _ in "t" }.print(try bind("SELECT \(nested) FROM events").query)
  }

  @Test func theFunctionTablesCanBeRead() throws {
    #expect(!TrinoMacros.statements.isEmpty)
    #expect(throws: SQLError.self) { try bind("SELECT no_such(1)") }
  }
}
