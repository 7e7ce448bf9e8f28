import Foundation
import Kernel
import NIOCore

extension Scenarios {
  /// The 22 queries at scale factor 1, over the same Parquet files in S3 through Athena and on disk through DuckDB, by
  /// turns, so that whatever else the machine does falls on both.
  func tpch(_ report: inout Report, tools: Tools, scale: Double, rounds: Int) async throws {
    let files = "\(folder)/tpch-files"
    try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: files) }
    try tools.run(tools.generator, ["parquet", "-s", "\(scale)", "--output-dir=\(files)"])
    try await onServer("tpch") { server, requests in
      try await requests.once(requests.request("s3", "PUT", "/bench"))
      let client = QueryClient(endpoint: server.endpoint, bucket: "bench")
      let baseline = try DuckDBBaseline(tools: tools, threads: ProcessInfo.processInfo.activeProcessorCount)
      defer { baseline.stop() }
      try await client.run("CREATE DATABASE tpch")
      for table in TPCHTables.all {
        let path = "\(files)/\(table.name).parquet"
        let bytes = ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe))
        try await requests.once(
          requests.request(
            "s3", "PUT", "/bench/\(table.name)/\(table.name).parquet", body: bytes, unsignedPayload: true))
        try await client.run(
          "CREATE EXTERNAL TABLE tpch.\(table.name) (\(table.columns)) STORED AS PARQUET "
            + "LOCATION 's3://bench/\(table.name)/'")
        try baseline.run("CREATE VIEW \(table.name) AS SELECT * FROM read_parquet('\(path)')")
      }
      var (ours, theirs) = (0.0, 0.0)
      for (index, query) in TPCHQueries.all.enumerated() {
        var (athena, duckdb) = (Double.infinity, Double.infinity)
        var expected: Duration?
        for _ in 0..<rounds {
          duckdb = min(duckdb, try baseline.run(query).milliseconds)
          let began = ContinuousClock.now
          let told = try await client.run(query, database: "tpch", expected: expected ?? .zero)
          expected = min(expected ?? told, told)
          athena = min(athena, Double((ContinuousClock.now - began).nanoseconds) / 1e6)
        }
        ours += athena
        theirs += duckdb
        report.row(
          "  query \(index + 1)", String(format: "%.0f ms", athena),
          String(format: "DuckDB %.0f ms; %.2f ×", duckdb, athena / duckdb))
      }
      await client.close()
      report.row(
        "Athena, 22 queries at SF\(scale)", String(format: "%.0f ms", ours),
        String(
          format: "DuckDB on the files %.0f ms: %.2f × (to reach: 1.25 ×); resident %d MB", theirs, ours / theirs,
          server.residentBytes / 1_000_000))
    }
  }
}

/// TPC-H's tables, in Hive's types.
struct TPCHTables {
  let name: String
  let columns: String

  static let all = [
    TPCHTables(
      name: "customer",
      columns: """
        c_custkey bigint, c_name string, c_address string, c_nationkey bigint, c_phone string,
        c_acctbal decimal(15,2), c_mktsegment string, c_comment string
        """),
    TPCHTables(
      name: "lineitem",
      columns: """
        l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber int, l_quantity decimal(15,2),
        l_extendedprice decimal(15,2), l_discount decimal(15,2), l_tax decimal(15,2), l_returnflag string,
        l_linestatus string, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct string,
        l_shipmode string, l_comment string
        """),
    TPCHTables(name: "nation", columns: "n_nationkey bigint, n_name string, n_regionkey bigint, n_comment string"),
    TPCHTables(
      name: "orders",
      columns: """
        o_orderkey bigint, o_custkey bigint, o_orderstatus string, o_totalprice decimal(15,2), o_orderdate date,
        o_orderpriority string, o_clerk string, o_shippriority int, o_comment string
        """),
    TPCHTables(
      name: "part",
      columns: """
        p_partkey bigint, p_name string, p_mfgr string, p_brand string, p_type string, p_size int,
        p_container string, p_retailprice decimal(15,2), p_comment string
        """),
    TPCHTables(
      name: "partsupp",
      columns: """
        ps_partkey bigint, ps_suppkey bigint, ps_availqty int, ps_supplycost decimal(15,2), ps_comment string
        """),
    TPCHTables(name: "region", columns: "r_regionkey bigint, r_name string, r_comment string"),
    TPCHTables(
      name: "supplier",
      columns: """
        s_suppkey bigint, s_name string, s_address string, s_nationkey bigint, s_phone string,
        s_acctbal decimal(15,2), s_comment string
        """),
  ]
}
