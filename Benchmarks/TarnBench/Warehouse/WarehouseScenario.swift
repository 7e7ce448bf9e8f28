import Foundation
import Kernel
import NIOCore

extension Scenarios {
  /// The warehouse through its endpoint: loads, TPC-H's queries, a long result, idle connections and a point query,
  /// beside DuckDB with a database file of its own.
  func warehouse(_ report: inout Report, tools: Tools, scale: Double, rounds: Int) async throws {
    let files = "\(folder)/warehouse-files"
    try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: files) }
    for format in ["parquet", "csv"] {
      try tools.run(tools.generator, [format, "-s", "\(scale)", "--output-dir=\(files)"])
    }
    try await onServer("warehouse") { server, requests in
      try await prepare(files, requests)
      let port = try await workgroup(server)
      func connect() throws -> PostgresClient {
        try PostgresClient(port: port, user: "bench", password: "Bench1234", database: "dev")
      }
      let client = try connect()
      let baseline = try DuckDBBaseline(tools: tools, threads: ProcessInfo.processInfo.activeProcessorCount)
      defer { baseline.stop() }
      try baseline.run("ATTACH '\(files)/alone.db' AS alone")
      try baseline.run("USE alone")
      let role = "IAM_ROLE 'arn:aws:iam::000000000000:role/bench'"
      for table in TPCHTables.all {
        let path = "\(files)/\(table.name)"
        let columns = table.columns.replacing(" string", with: " varchar(200)")
        try client.run("CREATE TABLE \(table.name) (\(columns))")
        let alone = try baseline.run("CREATE TABLE \(table.name) AS SELECT * FROM read_parquet('\(path).parquet')")
        let ours = try milliseconds {
          try client.run("COPY \(table.name) FROM 's3://bench/\(table.name)/' \(role) FORMAT AS PARQUET")
        }
        guard table.name == "lineitem" else { continue }
        load("COPY of Parquet, lineitem", ours, alone.milliseconds, &report)
        try client.run("CREATE TABLE lines (LIKE lineitem)")
        try baseline.run("CREATE TABLE lines AS FROM lineitem LIMIT 0")
        let text = try baseline.run("COPY lines FROM '\(path).csv' (FORMAT csv, HEADER true)")
        let oursText = try milliseconds {
          try client.run("COPY lines FROM 's3://bench/csv/lineitem.csv' \(role) CSV IGNOREHEADER 1")
        }
        load("COPY of CSV, lineitem", oursText, text.milliseconds, &report)
        try client.run("DROP TABLE lines")
        try baseline.run("DROP TABLE lines")
      }
      try queries(client, baseline, rounds, scale, &report)

      var rows = 0
      let streaming = try milliseconds {
        rows = try client.run("SELECT l_orderkey, l_quantity, l_shipdate, l_comment FROM lineitem LIMIT 5000000")
      }
      report.row(
        "\(rows) rows of 4 columns streamed", String(format: "%.0f rows/s", Double(rows) / streaming * 1000),
        "to reach: 300000 rows/s; resident \(server.residentBytes / 1_000_000) MB")
      try pointQueries(client, &report)
      let before = server.residentBytes
      let idle = try (0..<100).map { _ in try connect() }
      report.row(
        "100 idle connections", "\((server.residentBytes - before) / 1_000_000) MB", "to reach: 50 MB")
      withExtendedLifetime(idle) {}
    }
  }

  private func load(_ name: String, _ ours: Double, _ alone: Double, _ report: inout Report) {
    report.row(
      name, String(format: "%.0f ms", ours),
      String(format: "DuckDB %.0f ms: %.0f%% of its rate (to reach: 60%%)", alone, alone / ours * 100))
  }

  private func queries(
    _ client: PostgresClient, _ baseline: DuckDBBaseline, _ rounds: Int, _ scale: Double, _ report: inout Report
  ) throws {
    var (ours, theirs) = (0.0, 0.0)
    for (index, query) in TPCHQueries.all.enumerated() {
      var (best, alone) = (Double.infinity, Double.infinity)
      for _ in 0..<rounds {
        alone = min(alone, try baseline.run(query).milliseconds)
        best = min(best, try milliseconds { try client.run(query) })
      }
      ours += best
      theirs += alone
      report.row(
        "  query \(index + 1)", String(format: "%.0f ms", best),
        String(format: "DuckDB %.0f ms; %.2f ×", alone, best / alone))
    }
    report.row(
      "Redshift, 22 queries at SF\(scale)", String(format: "%.0f ms", ours),
      String(format: "DuckDB on its file %.0f ms: %.2f × (to reach: 1.2 ×)", theirs, ours / theirs))
  }

  private func pointQueries(_ client: PostgresClient, _ report: inout Report) throws {
    var latency = Histogram()
    for index in 0..<500 {
      let began = ContinuousClock.now
      try client.run("SELECT n_name FROM nation WHERE n_nationkey = \(index % 25)")
      if index >= 20 { latency.add(nanoseconds: UInt64((ContinuousClock.now - began).nanoseconds)) }
    }
    report.row(
      "point query through the endpoint", String(format: "p50 %.1f ms", latency.milliseconds(at: 0.5)),
      String(format: "p99 %.1f ms; to reach: p50 3 ms", latency.milliseconds(at: 0.99)))
  }

  private func milliseconds(_ work: () throws -> Void) rethrows -> Double {
    let began = ContinuousClock.now
    try work()
    return Double((ContinuousClock.now - began).nanoseconds) / 1e6
  }

  // MARK: What the warehouse needs

  private func prepare(_ files: String, _ requests: SignedRequests) async throws {
    try await requests.once(requests.request("s3", "PUT", "/bench"))
    for table in TPCHTables.all {
      try await put("\(files)/\(table.name).parquet", "/bench/\(table.name)/\(table.name).parquet", requests)
    }
    try await put("\(files)/lineitem.csv", "/bench/csv/lineitem.csv", requests)
    let trust =
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["redshift.amazonaws.com","#
      + #""redshift-serverless.amazonaws.com"]},"Action":"sts:AssumeRole"}]}"#
    try await role("bench", trust: trust, requests)
  }

  private func put(_ file: String, _ path: String, _ requests: SignedRequests) async throws {
    let bytes = ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe))
    try await requests.once(requests.request("s3", "PUT", path, body: bytes, unsignedPayload: true))
  }

  /// Makes a workgroup and gives its endpoint's port once it can be reached.
  private func workgroup(_ server: ServerProcess) async throws -> Int {
    let client = APIClient(endpoint: server.endpoint)
    func call(_ operation: String, _ input: [String: Any]) async throws -> [String: Any] {
      try await client.call("redshift-serverless", "RedshiftServerless.\(operation)", input)
    }
    _ = try await call(
      "CreateNamespace",
      [
        "namespaceName": "bench", "adminUsername": "bench", "adminUserPassword": "Bench1234", "dbName": "dev",
        "iamRoles": ["arn:aws:iam::000000000000:role/bench"],
      ])
    _ = try await call("CreateWorkgroup", ["workgroupName": "bench", "namespaceName": "bench", "port": 5440])
    defer { Task { await client.close() } }
    while true {
      let answer = try await call("GetWorkgroup", ["workgroupName": "bench"])["workgroup"] as? [String: Any]
      if answer?["status"] as? String == "AVAILABLE", let endpoint = answer?["endpoint"] as? [String: Any],
        let port = endpoint["port"] as? Int
      {
        return port
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
