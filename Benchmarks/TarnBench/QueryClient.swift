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

  /// - Parameter expected: about how long the query takes, where that is known: it is asked for its state shortly before
  ///   that and not sooner, as asking takes of the cores that the query runs on.
  func run(_ sql: String, database: String = "default", expected: Duration = .zero) async throws {
    let started = try await client.call(
      "athena", "AmazonAthena.StartQueryExecution",
      [
        "QueryString": sql, "QueryExecutionContext": ["Database": database],
        "ResultConfiguration": ["OutputLocation": "s3://\(bucket)/results/"],
      ])
    guard let id = started["QueryExecutionId"] as? String else { throw BenchFailure("no execution id") }
    let began = ContinuousClock.now
    if expected > .zero { try await Task.sleep(for: expected * 0.95) }
    while true {
      let answer = try await client.call("athena", "AmazonAthena.GetQueryExecution", ["QueryExecutionId": id])
      let status = (answer["QueryExecution"] as? [String: Any])?["Status"] as? [String: Any]
      switch status?["State"] as? String {
      case "SUCCEEDED": return
      case "FAILED", "CANCELLED": throw BenchFailure("\(sql): \(status?["StateChangeReason"] ?? "")")
      // The longer it runs, the less often, within four per cent of what is not known of it.
      default: try await Task.sleep(for: max(.milliseconds(1), (ContinuousClock.now - began - expected) / 25))
      }
    }
  }
}
