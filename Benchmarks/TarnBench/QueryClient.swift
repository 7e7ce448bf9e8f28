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

  /// - Parameter expected: about how long the service takes, where that is known: it is asked for the query's state
  ///   shortly before that and not sooner, as asking takes of the cores that the query runs on.
  /// - Returns: how long it took, as the service tells it.
  @discardableResult
  func run(_ sql: String, database: String = "default", expected: Duration = .zero) async throws -> Duration {
    let started = try await client.call(
      "athena", "AmazonAthena.StartQueryExecution",
      [
        "QueryString": sql, "QueryExecutionContext": ["Database": database],
        "ResultConfiguration": ["OutputLocation": "s3://\(bucket)/results/"],
      ])
    guard let id = started["QueryExecutionId"] as? String else { throw BenchFailure("no execution id") }
    let began = ContinuousClock.now
    if expected > .zero { try await Task.sleep(for: expected * 0.9) }
    while true {
      let answer = try await client.call("athena", "AmazonAthena.GetQueryExecution", ["QueryExecutionId": id])
      let execution = answer["QueryExecution"] as? [String: Any]
      let status = execution?["Status"] as? [String: Any]
      switch status?["State"] as? String {
      case "SUCCEEDED":
        let statistics = execution?["Statistics"] as? [String: Any]
        return .milliseconds(statistics?["TotalExecutionTimeInMillis"] as? Int ?? 0)
      case "FAILED", "CANCELLED": throw BenchFailure("\(sql): \(status?["StateChangeReason"] ?? "")")
      // The longer it runs, the less often, within four per cent of what is not known of it.
      default: try await Task.sleep(for: max(.milliseconds(1), (ContinuousClock.now - began - expected) / 25))
      }
    }
  }
}
