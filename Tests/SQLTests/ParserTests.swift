import SQL
import Testing

@Suite struct ParserTests {
  @Test(arguments: [
    "SELECT 1", "SELECT * FROM t;", "select a, b c, \"d e\" from x.y where a = 1 and not b > 2 or c is null",
    "SELECT count(*) AS events, date_trunc('hour', ts) AS event_hour FROM db.t GROUP BY 2 ORDER BY 2",
    "WITH a AS (SELECT 1 x), b (y) AS (TABLE a) SELECT * FROM a CROSS JOIN b",
    "WITH RECURSIVE t(n) AS (VALUES 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT sum(n) FROM t",
    "SELECT a.*, (r).* AS (x, y) FROM a LEFT JOIN b ON a.i = b.i FULL OUTER JOIN c USING (i, j) NATURAL JOIN d",
    "SELECT * FROM (a JOIN b ON true) JOIN c ON false", "SELECT * FROM ((SELECT 1) UNION (SELECT 2))",
    "SELECT ((SELECT 1) + 1) IN ((SELECT 2))", "SELECT (((SELECT 1)))", "SELECT x -> x + 1, (x, y) -> x, () -> 1",
    "SELECT a[1].b.c[2], ARRAY[1, 2], ARRAY[], ROW(1, 'a'), (1, 2), MAP(ARRAY['a'], ARRAY[1])",
    "SELECT CASE a WHEN 1 THEN 'x' ELSE 'y' END, CASE WHEN a THEN b END, IF(a, b), COALESCE(a, b), NULLIF(a, 1)",
    "SELECT CAST(a AS array(row(x bigint, y map(varchar, decimal(10, 2))))), TRY_CAST(a AS timestamp(6) with time "
      + "zone)",
    "SELECT DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00', INTERVAL '3' DAY, INTERVAL -'1-2' YEAR TO MONTH, "
      + "X'0aFF'",
    "SELECT sum(a) FILTER (WHERE b > 1) OVER (PARTITION BY c ORDER BY d DESC NULLS FIRST ROWS BETWEEN 1 PRECEDING AND "
      + "CURRENT ROW)",
    "SELECT lag(a) IGNORE NULLS OVER w FROM t WINDOW w AS (PARTITION BY b)",
    "SELECT a FROM t GROUP BY ROLLUP (a, (b, c)), CUBE (d), GROUPING SETS ((), (a), b) HAVING grouping(a) = 1",
    "SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['a']) WITH ORDINALITY AS u (n, s, o), LATERAL (SELECT 1) l",
    "SELECT listagg(DISTINCT a, ',' ON OVERFLOW TRUNCATE '…' WITH COUNT) WITHIN GROUP (ORDER BY a DESC) FROM t",
    "SELECT a NOT BETWEEN 1 AND 2, b NOT LIKE 'x!%' ESCAPE '!', c IS NOT DISTINCT FROM d, e = ANY (SELECT 1)",
    "SELECT extract(year FROM d), position('a' IN b), substring(c FROM 2 FOR 3), trim(LEADING 'x' FROM y), trim(z)",
    "SELECT a AT TIME ZONE 'UTC', -a, - - b, +c, a || b || 'c', a % 2 / 3 FROM t OFFSET 5 ROWS FETCH FIRST 3 ROWS WITH "
      + "TIES",
    "SELECT * FROM t TABLESAMPLE BERNOULLI (10) LIMIT ALL", "VALUES (1, 'a'), (2, 'b') ORDER BY 1 LIMIT 1", "TABLE t",
    "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4",
    "EXPLAIN (TYPE DISTRIBUTED, FORMAT JSON) SELECT 1",
    "PREPARE p FROM SELECT * FROM t WHERE a = ? AND b = ?", "EXECUTE p USING 1, 'x'", "DEALLOCATE PREPARE p",
    "INSERT INTO t (a, b) SELECT 1, 2", "INSERT INTO t (SELECT 1)", "INSERT INTO t VALUES (1), (2)",
    "CREATE TABLE a.b WITH (format = 'PARQUET', partitioned_by = ARRAY['x']) AS SELECT 1 x WITH NO DATA",
    "CREATE OR REPLACE VIEW v AS SELECT 1 a", "DROP VIEW IF EXISTS v", "DELETE FROM t WHERE a = 1",
    "UPDATE t SET a = 1, b = c + 1 WHERE d", "VACUUM t", "OPTIMIZE t REWRITE DATA USING BIN_PACK WHERE a = 1",
    "MERGE INTO t a USING s ON a.i = s.i WHEN MATCHED AND s.x THEN DELETE WHEN MATCHED THEN UPDATE SET y = 1 WHEN NOT "
      + "MATCHED THEN INSERT (i) VALUES (s.i)",
    "UNLOAD (SELECT * FROM t) TO 's3://b/p/' WITH (format = 'JSON')",
    "SELECT year, month, day, date, timestamp, map, array, row, count FROM t", "SELECT 1 -- comment\n, /* x */ 2",
    "SELECT 'it''s', U&'\\00e9\\+01F600', \"a\"\"b\"", "SELECT limit, offset FROM fetch limit 1",
  ])
  func reads(text: String) throws {
    _ = try SQLParser.statement(text)
  }

  @Test(arguments: [
    (
      "SELECT * FORM t",
      "line 1:10: mismatched input 'FORM'. Expecting: ',', 'EXCEPT', 'FETCH', 'FROM', 'GROUP', 'HAVING', 'INTERSECT', "
        + "'LIMIT', 'OFFSET', 'ORDER', 'UNION', 'WHERE', 'WINDOW', <EOF>"
    ),
    ("SELECT `a` FROM t", "line 1:8: backquoted identifiers are not supported; use double quotes to quote identifiers"),
    (
      "SELECT * FROM 1t",
      "line 1:15: identifiers must not start with a digit; surround the identifier with double quotes"
    ),
    ("SELECT 1; SELECT 2", "Only one sql statement is allowed. Got: SELECT 1; SELECT 2"),
    ("SELECT\n  (1,", "line 2:6: mismatched input '<EOF>'. Expecting: <expression>"),
  ])
  func refusesInTrinosWords(text: String, message: String) {
    #expect { try SQLParser.statement(text) } throws: { ($0 as? SQLError)?.description == message }
  }

  @Test(arguments: [
    String(repeating: "(", count: 250_000), "SELECT " + String(repeating: "(", count: 100_000) + "1",
    "SELECT " + String(repeating: "[", count: 100_000), "SELECT " + String(repeating: "-", count: 200_000),
    "SELECT " + String(repeating: "- ", count: 100_000) + "1",
    "SELECT " + String(repeating: "NOT ", count: 60_000) + "a",
    "SELECT 1" + String(repeating: " + 1", count: 50_000), "SELECT a" + String(repeating: "[1]", count: 50_000),
    "SELECT a" + String(repeating: ".b", count: 100_000), "SELECT " + String(repeating: "CASE WHEN ", count: 20_000),
    "SELECT " + String(repeating: "x -> ", count: 50_000) + "1", "SELECT " + String(repeating: "f(", count: 100_000),
    "SELECT * FROM " + String(repeating: "(SELECT * FROM ", count: 15_000) + "t",
    "SELECT " + String(repeating: "ARRAY[", count: 40_000),
    "SELECT " + String(repeating: "((SELECT 1)+", count: 20_000),
    "SELECT CAST(1 AS " + String(repeating: "array(", count: 40_000),
    "CREATE EXTERNAL TABLE t (a "
      + String(repeating: "array<", count: 40_000),
    String(repeating: "x", count: 300_000), "SELECT * FROM t" + String(repeating: " JOIN t ON true", count: 10_000),
    "SELECT 'abc", "SELECT \"abc", "SELECT /* abc", "SELECT X'abc'", "SELECT X'zz'", "SELECT U&'\\12'", "", ";",
    "\u{0}", "é",
  ])
  func refusesWithoutFailing(text: String) {
    #expect(throws: SQLError.self) { try SQLParser.statement(text) }
  }

  @Test func longFlatTextsAreFine() throws {
    let list = (0..<10_000).map(String.init).joined(separator: ", ")
    _ = try SQLParser.statement("SELECT * FROM t WHERE a IN (\(list))")
    _ = try SQLParser.statement("SELECT * FROM t WHERE " + (0..<8_000).map { "a = \($0)" }.joined(separator: " OR "))
    _ = try SQLParser.statement((0..<5_000).map { "SELECT \($0)" }.joined(separator: " UNION ALL "))
    _ = try SQLParser.statement("SELECT " + (0..<499).map(String.init).joined(separator: " + "))
  }
}
