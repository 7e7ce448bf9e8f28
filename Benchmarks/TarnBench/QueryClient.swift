import Foundation
import Kernel

/// Runs queries through Athena's API.
struct QueryClient: Sendable {
  let bucket: String
  private let client: APIClient

  init(endpoint: String, bucket: String) {
    client = APIClient(endpoint: endpoint)
    self.bucket = bucket
  }

  func close() async { await client.close() }

  func run(_ sql: String, database: String = "default") async throws {
    let started = try await client.call(
      "athena", "AmazonAthena.StartQueryExecution",
      [
        "QueryString": sql, "QueryExecutionContext": ["Database": database],
        "ResultConfiguration": ["OutputLocation": "s3://\(bucket)/results/"],
      ])
    guard let id = started["QueryExecutionId"] as? String else { throw BenchFailure("no execution id") }
    let began = ContinuousClock.now
    while true {
      let answer = try await client.call("athena", "AmazonAthena.GetQueryExecution", ["QueryExecutionId": id])
      let status = (answer["QueryExecution"] as? [String: Any])?["Status"] as? [String: Any]
      switch status?["State"] as? String {
      case "SUCCEEDED": return
      case "FAILED", "CANCELLED": throw BenchFailure("\(sql): \(status?["StateChangeReason"] ?? "")")
      // Asking takes of the cores that the query runs on: the longer it runs, the less often, within four per cent.
      default: try await Task.sleep(for: max(.milliseconds(1), (ContinuousClock.now - began) / 25))
      }
    }
  }
}
