import Foundation
import Kernel
import NIOCore

extension Scenarios {
  private static let qualityRows = 10_000_000

  /// Twenty rules over ten million rows of Parquet through Glue, and DuckDB's one query of the same aggregates over the
  /// same file on disk, by turns.
  func quality(_ report: inout Report, tools: Tools, rounds: Int) async throws {
    let file = "\(folder)/quality.parquet"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let baseline = try DuckDBBaseline(tools: tools, threads: ProcessInfo.processInfo.activeProcessorCount)
    defer { baseline.stop() }
    try baseline.run(
      """
      COPY (SELECT i AS id, i % 1000 AS customer, CASE WHEN i % 50 = 0 THEN NULL ELSE (i * 7919 % 100000) / 100.0 END \
      AS amount, (i * 31 % 1000) / 10.0 AS score, 'S' || i % 50 AS state, 'order-' || i AS code, \
      TIMESTAMP '2026-01-01' + INTERVAL 1 SECOND * (i % 1000000) AS moment \
      FROM range(\(Self.qualityRows)) AS t(i)) TO '\(file)' (FORMAT parquet)
      """)
    let bytes = ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe))
    try await onServer("quality") { server, requests in
      try await requests.once(requests.request("s3", "PUT", "/bench"))
      try await requests.once(
        requests.request("s3", "PUT", "/bench/rows/rows.parquet", body: bytes, unsignedPayload: true))
      let trust =
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"#
        + #""Action":"sts:AssumeRole"}]}"#
      try await role("quality", trust: trust, requests)
      let client = APIClient(endpoint: server.endpoint)
      try await Self.declareQualityTable(client)
      var (ours, theirs) = (Double.infinity, Double.infinity)
      for _ in 0..<rounds {
        theirs = min(theirs, try baseline.run(Self.qualityQuery(file)).milliseconds)
        ours = min(ours, try await Self.qualityRun(client))
      }
      await client.close()
      report.row(
        "Data quality, 20 rules over 10 M rows", String(format: "%.0f ms", ours),
        String(
          format: "DuckDB's one query %.0f ms: %.2f × (to reach: 2 ×); resident %d MB", theirs, ours / theirs,
          server.residentBytes / 1_000_000))
    }
  }

  private static func glue(_ client: APIClient, _ operation: String, _ input: [String: Any]) async throws -> [String:
    Any]
  {
    try await client.call("glue", "AWSGlue.\(operation)", input)
  }

  private static func declareQualityTable(_ client: APIClient) async throws {
    _ = try await glue(client, "CreateDatabase", ["DatabaseInput": ["Name": "bench"]])
    let columns = [
      ("id", "bigint"), ("customer", "bigint"), ("amount", "double"), ("score", "double"), ("state", "string"),
      ("code", "string"), ("moment", "timestamp"),
    ]
    let parquet = "org.apache.hadoop.hive.ql.io.parquet"
    let storage: [String: Any] = [
      "Columns": columns.map { ["Name": $0.0, "Type": $0.1] }, "Location": "s3://bench/rows/",
      "InputFormat": "\(parquet).MapredParquetInputFormat", "OutputFormat": "\(parquet).MapredParquetOutputFormat",
      "SerdeInfo": ["SerializationLibrary": "\(parquet).serde.ParquetHiveSerDe"],
    ]
    _ = try await glue(
      client, "CreateTable",
      ["DatabaseName": "bench", "TableInput": ["Name": "rows", "StorageDescriptor": storage] as [String: Any]])
    _ = try await glue(
      client, "CreateDataQualityRuleset",
      ["Name": "bench", "Ruleset": "Rules = [\(qualityRules.joined(separator: ",\n"))]"])
  }

  /// Runs the ruleset; gives the milliseconds that the service tells.
  private static func qualityRun(_ client: APIClient) async throws -> Double {
    let started = try await glue(
      client, "StartDataQualityRulesetEvaluationRun",
      [
        "DataSource": ["GlueTable": ["DatabaseName": "bench", "TableName": "rows"]],
        "Role": "arn:aws:iam::000000000000:role/quality", "RulesetNames": ["bench"],
      ])
    guard let id = started["RunId"] as? String else { throw BenchFailure("no run") }
    while true {
      let run = try await glue(client, "GetDataQualityRulesetEvaluationRun", ["RunId": id])
      switch run["Status"] as? String {
      case "SUCCEEDED":
        guard let begun = run["StartedOn"] as? Double, let ended = run["CompletedOn"] as? Double else {
          throw BenchFailure("no times")
        }
        return (ended - begun) * 1_000
      case "FAILED", "STOPPED", "TIMEOUT": throw BenchFailure("the run failed: \(run["ErrorString"] ?? "")")
      default: try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  private static let qualityRules = [
    "RowCount = \(qualityRows)", "IsComplete \"id\"", "Completeness \"amount\" > 0.9", "IsComplete \"state\"",
    "IsUnique \"id\"", "DistinctValuesCount \"customer\" = 1000", "Mean \"amount\" > 100", "Sum \"score\" > 1",
    "StandardDeviation \"amount\" > 1", "ColumnCorrelation \"amount\" \"score\" between -1 and 1",
    "ColumnValues \"score\" >= 0", "ColumnValues \"amount\" < 1001 with threshold > 0.9",
    "ColumnValues \"state\" in [\"S1\",\"S2\",\"S3\"] with threshold > 0.01",
    "ColumnValues \"code\" matches \"order-[0-9]+\"", "ColumnLength \"code\" between 6 and 20",
    "ColumnLength \"state\" <= 3", "ColumnValues \"moment\" >= \"2026-01-01\"",
    "Mean \"score\" > 1 where \"customer < 500\"", "Completeness \"amount\" > 0.9 where \"state = 'S7'\"",
    "ColumnDataType \"state\" = \"Integer\" with threshold < 0.1",
  ]

  /// What the rules measure, as one would write it by hand.
  private static func qualityQuery(_ file: String) -> String {
    """
    SELECT count(*), count(id), count(amount), count(state), count(DISTINCT customer), avg(amount), sum(score), \
    stddev_pop(amount), corr(amount, score), min(score), max(score), min(amount), max(amount), \
    count(*) FILTER (WHERE score >= 0), count(*) FILTER (WHERE amount < 1001), \
    count(*) FILTER (WHERE state IN ('S1', 'S2', 'S3')), \
    count(*) FILTER (WHERE regexp_full_match(code, 'order-[0-9]+')), \
    min(length(code)), max(length(code)), min(length(state)), max(length(state)), \
    count(*) FILTER (WHERE CAST(moment AS DATE) >= DATE '2026-01-01'), avg(score) FILTER (WHERE customer < 500), \
    count(*) FILTER (WHERE state = 'S7'), count(amount) FILTER (WHERE state = 'S7'), \
    count(TRY_CAST(state AS INTEGER)), \
    (SELECT count(*) FILTER (WHERE n = 1) FROM (SELECT count(*) AS n FROM '\(file)' GROUP BY id)) FROM '\(file)'
    """
  }
}
