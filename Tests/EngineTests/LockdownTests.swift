import Engine
import Foundation
import LakeFiles
import Testing

/// No SQL text reaches the machine's files, other code, other databases or the settings.
@Suite struct LockdownTests {
  @Test(arguments: [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv('file:///etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_text('~/.bashrc')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM read_blob('/proc/self/*')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd.csv'",
    "SELECT * FROM read_csv('s3://../../etc/passwd')",
    "SELECT * FROM read_csv('s3://lake/../../../etc/passwd')",
    "SELECT * FROM read_parquet('/tmp/x.parquet')",
    "SELECT * FROM read_json('/tmp/x.json')",
    "SELECT * FROM parquet_metadata('/tmp/x.parquet')",
    "SELECT * FROM read_duckdb('/tmp/x.duckdb')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM enable_logging('FileSystem', storage_path = '/tmp/tarn-logs', storage = 'file')",
    "CALL enable_logging(level = 'debug', storage = 'stdout')",
    "SELECT * FROM enable_profiling()",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM seq_scan()",
    "SELECT write_log('x')",
    "SELECT sleep_ms(1)",
    "SELECT * FROM http_get('http://localhost:1/')",
    "SELECT * FROM read_text('http://localhost:1/')",
    "COPY (SELECT 1) TO '/tmp/tarn-should-not-be.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "COPY (SELECT 1 AS a, 2 AS b) TO '/tmp/tarn-should-not-be' (FORMAT parquet, PARTITION_BY (a))",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/tarn-should-not-be.csv'",
    "COPY (SELECT 1) TO 'relative.csv'",
    "CREATE TEMP TABLE t AS SELECT * FROM read_text('/etc/passwd')",
    "CREATE TEMP MACRO m() AS TABLE SELECT * FROM read_text('/etc/passwd'); SELECT * FROM m()",
  ])
  func filesAreOutOfReach(_ sql: String) async throws {
    let fixture = Fixture()
    for policy in [EngineSession.Policy.queries, .everything] {
      await #expect(throws: EngineError.self, "\(sql)") {
        let session = fixture.session()
        try await session.execute(sql, policy: policy)
      }
    }
    for name in ["tarn-should-not-be.csv", "tarn-should-not-be", "tarn-logs"] {
      #expect(!FileManager.default.fileExists(atPath: "/tmp/\(name)"))
    }
    #expect(!FileManager.default.fileExists(atPath: "relative.csv"))
  }

  @Test(arguments: [
    "ATTACH '/tmp/tarn-should-not-be.db' AS other",
    "ATTACH 's3://lake/x.db' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '/tmp/x.duckdb_extension'",
    "INSTALL '/tmp/x.duckdb_extension'",
    "SET threads = 1",
    "SET GLOBAL memory_limit = '1GB'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET TimeZone = 'Europe/Berlin'",
    "SET allowed_directories = ['/']",
    "SET profiling_output = '/tmp/tarn-should-not-be'",
    "RESET threads",
    "PRAGMA enable_profiling",
    "PRAGMA threads = 1",
    "EXPORT DATABASE '/tmp/tarn-should-not-be'",
    "IMPORT DATABASE '/tmp'",
    "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE PERSISTENT SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE TABLE t AS SELECT * FROM read_text('/etc/passwd')",
  ])
  func theEngineIsNotReconfigured(_ sql: String) async throws {
    let fixture = Fixture()
    for policy in [EngineSession.Policy.queries, .everything] {
      await #expect(throws: EngineError.self, "\(sql)") { try await fixture.session().execute(sql, policy: policy) }
    }
    #expect(!FileManager.default.fileExists(atPath: "/tmp/tarn-should-not-be"))
    #expect(!FileManager.default.fileExists(atPath: "/tmp/tarn-should-not-be.db"))
  }

  @Test(arguments: [
    "CREATE TABLE t (x INTEGER)", "CREATE VIEW v AS SELECT 1", "DROP VIEW v", "CREATE MACRO m() AS 1", "CHECKPOINT",
    "CREATE SCHEMA s", "CALL pragma_version()", "BEGIN", "PREPARE p AS SELECT 1", "VACUUM", "DETACH memory",
    "USE memory", "INSERT INTO t VALUES (1)", "COPY t FROM 's3://lake/x.csv'", "SELECT 1; DROP TABLE t",
  ])
  func onlyQueriesRun(_ sql: String) async throws {
    await #expect(throws: EngineError.self) { try await Fixture().session().execute(sql) }
  }

  @Test func spilledDataIsNobodysFile() async throws {
    let fixture = Fixture()
    try FileManager.default.createDirectory(atPath: fixture.folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: fixture.folder) }
    try Data("secret".utf8).write(to: URL(fileURLWithPath: fixture.folder + "/spill.tmp"))
    await #expect(throws: EngineError.self) {
      try await fixture.rows("SELECT * FROM read_text('\(fixture.folder)/spill.tmp')")
    }
  }

  @Test func oddPathsEndInErrors() async throws {
    let fixture = Fixture()
    for path in ["s3://", "s3:///", "s3://b", "s3a://b/k", "s3n://b/[", "s3://b/**/[", "session://", "session://x"] {
      await #expect(throws: EngineError.self, "\(path)") {
        try await fixture.rows("SELECT * FROM read_csv('\(path)')")
      }
    }
  }
}
