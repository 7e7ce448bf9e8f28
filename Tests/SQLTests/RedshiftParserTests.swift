import SQL
import Testing

@Suite struct RedshiftParserTests {
  @Test(arguments: [
    "SELECT TOP 10 DISTINCT a::varchar(20), b.c[0].d FROM t, t.items AS i AT n WHERE a ILIKE 'x%' AND b ~ '^a'",
    "SELECT a FROM x MINUS SELECT b FROM y ORDER BY 1 DESC NULLS LAST LIMIT 5 OFFSET 2",
    "SELECT * FROM (SELECT 1) PIVOT (sum(a) AS s FOR b IN ('x' AS y, 'z')) p, t UNPIVOT INCLUDE NULLS (v FOR n IN (a))",
    "SELECT listagg(DISTINCT a, ',') WITHIN GROUP (ORDER BY a) OVER (PARTITION BY b), approximate count(distinct c)",
    "SELECT a.x FROM a, b WHERE a.x = b.x(+) QUALIFY row_number() OVER (ORDER BY a.x) = 1",
    "SELECT DATE '2020-01-01', INTERVAL '1-2' YEAR TO MONTH, INTERVAL '3 days', x AT TIME ZONE 'UTC', E'\\n'",
    "SELECT ((SELECT 1) + 1), (((SELECT 2))), CASE a WHEN 1 THEN 2 END, CAST(a AS timestamp with time zone)",
    "CREATE TABLE IF NOT EXISTS s.t (a int IDENTITY(0,1) DISTKEY, b varchar(max) ENCODE zstd NOT NULL DEFAULT 'x', "
      + "PRIMARY KEY (a), FOREIGN KEY (b) REFERENCES u (c)) DISTSTYLE KEY COMPOUND SORTKEY (a, b) BACKUP NO",
    "CREATE TEMP TABLE #x (LIKE public.t INCLUDING DEFAULTS)",
    "CREATE TABLE t DISTKEY(a) SORTKEY AUTO AS SELECT 1 AS a",
    "ALTER TABLE t ALTER COLUMN a TYPE varchar(300)", "ALTER TABLE t APPEND FROM u FILLTARGET",
    "ALTER TABLE t ALTER COMPOUND SORTKEY (a)", "ALTER TABLE t ALTER DISTSTYLE KEY DISTKEY a",
    "ALTER TABLE t ADD PARTITION (d='1') LOCATION 's3://b/p' PARTITION (d='2') LOCATION 's3://b/q'",
    "CREATE VIEW v AS SELECT 1 WITH NO SCHEMA BINDING",
    "CREATE MATERIALIZED VIEW m BACKUP NO DISTSTYLE EVEN AUTO REFRESH YES AS SELECT 1 a",
    "COPY t (a, b) FROM 's3://b/p' IAM_ROLE 'arn:aws:iam::0:role/r' FORMAT AS JSON 'auto' TIMEFORMAT 'auto' GZIP",
    "COPY t FROM 's3://b/p' CREDENTIALS 'aws_iam_role=arn' CSV QUOTE AS '\"' IGNOREHEADER 1 MAXERROR AS 5 COMPUPDATE "
      + "OFF",
    "UNLOAD ('select * from t where a = ''x''') TO 's3://b/p' IAM_ROLE default PARQUET PARTITION BY (d) INCLUDE "
      + "ALLOWOVERWRITE MANIFEST VERBOSE MAXFILESIZE 10 MB",
    "CREATE EXTERNAL SCHEMA e FROM DATA CATALOG DATABASE 'd' IAM_ROLE 'r' REGION 'us-east-1' CREATE EXTERNAL DATABASE "
      + "IF NOT EXISTS",
    "CREATE EXTERNAL TABLE e.t (a int, b varchar(20), c struct<x:int,y:array<string>>) PARTITIONED BY (d date) "
      + "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' STORED AS TEXTFILE LOCATION 's3://b/' "
      + "TABLE PROPERTIES ('skip.header.line.count'='1')",
    "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b WHEN NOT MATCHED THEN INSERT VALUES (1)",
    "MERGE INTO t USING s ON t.a = s.a REMOVE DUPLICATES",
    "UPDATE t SET a = 1 FROM s WHERE t.a = s.a", "DELETE FROM t USING s WHERE t.a = s.a",
    "GRANT SELECT (a, b), UPDATE ON TABLE t TO u, GROUP g, ROLE r, PUBLIC WITH GRANT OPTION",
    "GRANT USAGE ON SCHEMA s TO ROLE r", "REVOKE ALL PRIVILEGES ON ALL TABLES IN SCHEMA public FROM u CASCADE",
    "ALTER DEFAULT PRIVILEGES FOR USER a IN SCHEMA s GRANT SELECT ON TABLES TO GROUP g",
    "CREATE USER u PASSWORD 'Abc12345' CREATEDB IN GROUP g, h VALID UNTIL '2030-01-01' CONNECTION LIMIT 5",
    "CREATE RLS POLICY p WITH (a int) AS x USING (x.a = 1)", "ATTACH RLS POLICY p ON t TO ROLE r",
    "CREATE MASKING POLICY m WITH (a varchar(20)) USING ('x'::varchar)",
    "ATTACH MASKING POLICY m ON t (a) USING (a) TO PUBLIC PRIORITY 10",
    "CREATE OR REPLACE PROCEDURE p(INOUT a int, b IN varchar) AS $$ BEGIN a := 1; END; $$ LANGUAGE plpgsql "
      + "SECURITY DEFINER",
    "CREATE FUNCTION f(int, float) RETURNS float STABLE AS $$ SELECT $1 + $2 $$ LANGUAGE sql",
    "DECLARE c CURSOR FOR SELECT 1", "FETCH FORWARD 10 FROM c", "CLOSE c", "PREPARE p (int) AS SELECT $1",
    "SET search_path TO a, \"$user\", public", "SET TIME ZONE 'UTC'", "SHOW search_path", "RESET ALL",
    "BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY", "LOCK TABLE a, b",
    "VACUUM SORT ONLY t TO 95 PERCENT BOOST",
    "ANALYZE COMPRESSION t (a) COMPROWS 1000", "EXPLAIN VERBOSE SELECT 1", "COMMENT ON COLUMN t.a IS 'x'",
    "SHOW TABLES FROM SCHEMA dev.public LIKE 'a%' LIMIT 5", "CANCEL 5 'stop'", "CALL s.p(1, 'x')", "",
  ])
  func reads(_ text: String) throws {
    _ = try RedshiftParser.statement(text)
  }

  @Test(arguments: [
    ("selct 1", "syntax error at or near \"selct\""), ("SELECT * FROM", "syntax error at end of input"),
    ("SELECT 1 2", "syntax error at or near \"2\""), ("SELECT 'a", "unterminated quoted string at or near \"'a\""),
    ("SELECT /* a", "unterminated /* comment at or near \"/* a\""),
    ("CREATE TABLE t (a foo)", "type \"foo\" does not exist"),
    ("CREATE TABLE t (a int, A int)", "column \"a\" specified more than once"),
    ("SELECT (1", "syntax error at end of input"), ("SELECT )", "syntax error at or near \")\""),
  ])
  func refuses(_ text: String, _ message: String) {
    #expect {
      try RedshiftParser.statement(text)
    } throws: {
      ($0 as? SQLError)?.message == message
    }
  }

  @Test func splitsScripts() throws {
    let parts = try RedshiftParser.split(
      "SELECT ';'; -- a;\n/* ; /* ; */ */ CREATE PROCEDURE p() AS $$ BEGIN x; END $$ LANGUAGE plpgsql;;\nSELECT 2 ")
    #expect(parts.count == 3)
    #expect(parts.first == "SELECT ';'")
    #expect(parts.last == "SELECT 2")
    let quoted = #"SELECT 'it''s; \'; x', "a;""b", $t$;$t$, E'\n;' <> 'é;', x'00'"#
    #expect(try RedshiftParser.split(";;\(quoted) ; SELECT $1;") == [quoted, "SELECT $1"])
    #expect(throws: SQLError.self) { try RedshiftParser.split("SELECT 1; SELECT 'a") }
  }

  @Test(arguments: [
    String(repeating: "(", count: 5_000), "SELECT " + String(repeating: "(", count: 3_000) + "1",
    "SELECT " + String(repeating: "((select ", count: 60) + "1" + String(repeating: ")+1)", count: 60),
    "SELECT 1" + String(repeating: " + 1", count: 20_000), "SELECT " + String(repeating: "- ", count: 10_000) + "1",
    "SELECT * FROM " + String(repeating: "(", count: 4_000) + "t", "SELECT a" + String(repeating: "[0]", count: 5_000),
    "SELECT a" + String(repeating: "::int", count: 5_000),
    "SELECT 1" + String(repeating: " UNION SELECT 1 EXCEPT SELECT 2", count: 2_000),
    String(repeating: "EXPLAIN ", count: 1_000), "SELECT * FROM a" + String(repeating: " JOIN b ON true", count: 3_000),
    "CREATE TABLE t (a int" + String(repeating: "[]", count: 500) + ")", "SELECT \\", "$", "$1",
    "SELECT $99999999999999999999",
    "SELECT 'a\\", "\u{0}", "SELECT CASE", "COPY t FROM", "SELECT 1e999", "GRANT", "SELECT a FROM t AT", "ALTER USER",
  ])
  func bearsNonsense(_ text: String) {
    do {
      _ = try RedshiftParser.statement(text)
    } catch {
      #expect(!error.message.isEmpty)
    }
  }

  @Test func numbersNamedParameters() throws {
    let (text, names) = try RedshiftParser.numberingNamedParameters("SELECT :a, ':b', a::int, :b2 WHERE x = :a")
    #expect(text == "SELECT $1, ':b', a::int, $2 WHERE x = $1")
    #expect(names == ["a", "b2"])
  }

  @Test func listsReferences() throws {
    let statement = try RedshiftParser.statement(
      "WITH q AS (SELECT x FROM s.a) SELECT b.y, upper(z) FROM q, b, b.items i WHERE EXISTS (SELECT 1 FROM c)")
    let references = RedshiftReferences(statement)
    #expect(references.tables.map(\.description) == ["s.a", "b", "c"])
    #expect(references.columns.contains(["b", "y"]))
    #expect(references.functions.map(\.key) == ["upper"])
  }
}
