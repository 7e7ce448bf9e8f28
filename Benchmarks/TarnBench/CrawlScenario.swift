import Foundation
import Kernel
import NIOCore

extension Scenarios {
  private static let crawledFiles = 10_000
  private static let filesPerFolder = 100
  /// Objects of one folder, where there are very many.
  private static let manyPerFolder = 1_000

  /// Crawls of 10,000 Parquet files in a hundred folders, and DuckDB reading the footers of as many files on disk in a
  /// plain loop, by turns.
  func crawl(_ report: inout Report, rounds: Int) async throws {
    let local = "\(folder)/footers"
    try FileManager.default.createDirectory(atPath: local, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: local) }
    let columns = (0..<10).map { "i AS c\($0)" }.joined(separator: ", ")
    _ = try DuckDBAlone.run(["COPY (SELECT \(columns) FROM range(10) AS t(i)) TO '\(local)/0' (FORMAT parquet)"])
    let file = try Data(contentsOf: URL(fileURLWithPath: "\(local)/0"))
    for number in 1..<Self.crawledFiles { try file.write(to: URL(fileURLWithPath: "\(local)/\(number)")) }
    let footers = (0..<Self.crawledFiles).map { "SELECT * FROM parquet_file_metadata('\(local)/\($0)')" }
    let body = ByteBuffer(bytes: file)
    try await onServer("crawl") { server, requests in
      try await requests.once(requests.request("s3", "PUT", "/bench"))
      try await put(Self.crawledFiles, server) { number in
        let folder = number / Self.filesPerFolder
        return requests.request("s3", "PUT", "/bench/lake/day=\(folder)/f\(number)", body: body)
      }
      try await crawlerRole(requests)
      let client = APIClient(endpoint: server.endpoint)
      var (ours, theirs) = (Double.infinity, Double.infinity)
      for round in 0..<rounds {
        theirs = min(theirs, try DuckDBAlone.run(footers, countsAll: true).seconds)
        ours = min(ours, try await Self.crawl("round\(round)", client))
      }
      await client.close()
      report.row(
        "crawl of 10,000 Parquet files", String(format: "%.0f ms", ours * 1_000),
        String(
          format: "DuckDB reads their footers in %.0f ms: %.2f × (to reach: 3 ×); resident %d MB", theirs * 1_000,
          ours / theirs, server.residentBytes / 1_000_000))
    }
  }

  /// A crawl of very many objects, and another one after one folder more: what they do to the server's memory.
  func crawlOfMany(_ report: inout Report, objects: Int) async throws {
    try await onServer("crawl-many") { server, requests in
      try await requests.once(requests.request("s3", "PUT", "/bench"))
      let body = ByteBuffer(string: #"{"id": 1, "country": "SE", "amount": 2.5}"#)
      try await put(objects, server) { number in
        let folder = number / Self.manyPerFolder
        return requests.request("s3", "PUT", "/bench/lake/day=\(folder)/f\(number)", body: body)
      }
      try await crawlerRole(requests)
      let client = APIClient(endpoint: server.endpoint)
      let before = server.peakResidentBytes
      let seconds = try await Self.crawl("many", client)
      let peak = server.peakResidentBytes
      report.row(
        "crawl of \(objects) objects", String(format: "%.1f s", seconds),
        String(
          format: "%.0f objects/s; peak memory %d MB, %d MB over what it was before", Double(objects) / seconds,
          peak / 1_000_000, (peak - before) / 1_000_000))
      let again = try await Self.crawl("news", client, onlyNew: true)
      let folder = objects / Self.manyPerFolder + 1
      try await requests.once(requests.request("s3", "PUT", "/bench/lake/day=\(folder)/f", body: body))
      let news = try await Self.runCrawler("news", client)
      await client.close()
      report.row(
        "  once more, new folders alone", String(format: "%.1f s", news),
        String(format: "%.2f of the whole (%.1f s)", news / again, again))
    }
  }

  /// Puts objects with requests that are signed as they are sent.
  private func put(
    _ count: Int, _ server: ServerProcess, _ request: @escaping @Sendable (Int) -> ByteBuffer
  ) async throws {
    let (lanes, connections) = (count / connections + 1, connections)
    let outcome = try await HTTPLoad(host: "127.0.0.1", port: server.port, connections: connections)
      .run(seconds: 3_600) { connection, index in
        let number = connection * lanes + index
        return index < lanes && number < count ? request(number) : nil
      }
    guard outcome.failures == 0 else { throw BenchFailure(outcome.firstFailure ?? "a call failed") }
  }

  private func crawlerRole(_ requests: SignedRequests) async throws {
    let trust =
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"#
      + #""Action":"sts:AssumeRole"}]}"#
    try await role("crawler", trust: trust, requests)
  }

  /// Makes a crawler with a database of its own and runs it; gives the seconds that the service tells.
  private static func crawl(_ name: String, _ client: APIClient, onlyNew: Bool = false) async throws -> Double {
    var input: [String: Any] = [
      "Name": name, "Role": "arn:aws:iam::000000000000:role/crawler", "DatabaseName": name,
      "Targets": ["S3Targets": [["Path": "s3://bench/lake/"]]],
    ]
    if onlyNew {
      input["RecrawlPolicy"] = ["RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"]
      input["SchemaChangePolicy"] = ["UpdateBehavior": "LOG", "DeleteBehavior": "LOG"]
    }
    _ = try await client.call("glue", "AWSGlue.CreateCrawler", input)
    return try await runCrawler(name, client)
  }

  private static func runCrawler(_ name: String, _ client: APIClient) async throws -> Double {
    _ = try await client.call("glue", "AWSGlue.StartCrawler", ["Name": name])
    while true {
      let shown = try await client.call("glue", "AWSGlue.GetCrawler", ["Name": name])
      let crawler = shown["Crawler"] as? [String: Any]
      if crawler?["State"] as? String == "READY" {
        let last = crawler?["LastCrawl"] as? [String: Any]
        guard last?["Status"] as? String == "SUCCEEDED" else { throw BenchFailure("the crawl failed: \(last ?? [:])") }
        break
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    let told = try await client.call("glue", "AWSGlue.GetCrawlerMetrics", ["CrawlerNameList": [name]])
    let metrics = (told["CrawlerMetricsList"] as? [[String: Any]])?.first
    guard let seconds = metrics?["LastRuntimeSeconds"] as? NSNumber else {
      throw BenchFailure("no metrics of \(name)")
    }
    return seconds.doubleValue
  }
}
