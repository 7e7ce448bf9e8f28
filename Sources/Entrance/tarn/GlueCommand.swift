import ArgumentParser
import Foundation
import NIOCore

/// `tarn glue`: what AWS's command line has no words for, asked of a server that runs.
struct GlueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glue",
    abstract: "Shows what a crawl would change, and gives tables an earlier schema back.",
    subcommands: [Plan.self, Restore.self])

  /// The server that is asked, and as whom: the variables of AWS's own command line.
  struct Caller: ParsableArguments {
    @Option(help: "The server. [AWS_ENDPOINT_URL] (default: http://127.0.0.1:4566)")
    var endpoint: String?

    @Option(help: "[AWS_REGION, AWS_DEFAULT_REGION] (default: us-east-1)")
    var region: String?

    /// Calls one of Glue's tools and gives what it answered.
    func call(_ tool: String, _ parameters: [(String, String)]) async throws -> Data {
      let environment = ProcessInfo.processInfo.environment
      var address = endpoint ?? environment["AWS_ENDPOINT_URL"] ?? "http://127.0.0.1:4566"
      while address.hasSuffix("/") { address.removeLast() }
      guard let url = URL(string: address), url.host != nil, url.path.isEmpty,
        ["http", "https"].contains(url.scheme ?? "")
      else { throw ValidationError("the endpoint '\(address)' is no http://host:port.") }
      let client = APIClient(
        endpoint: address, accessKeyID: environment["AWS_ACCESS_KEY_ID"] ?? "test",
        secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "test",
        sessionToken: environment["AWS_SESSION_TOKEN"],
        region: region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "us-east-1")
      do {
        let answer = try await client.tool("glue", "/_tarn/glue/\(tool)", parameters)
        await client.close()
        return Data(answer.readableBytesView)
      } catch {
        await client.close()
        throw error
      }
    }
  }

  /// `tarn glue plan CRAWLER`
  struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows what a crawl would change in the catalog now. Changes nothing.",
      discussion: "Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.")

    @OptionGroup var caller: Caller
    @Flag(help: "Writes the plan as JSON.")
    var json = false
    @Argument(help: "The crawler's name.")
    var crawler: String

    func run() async throws {
      let answer = try await caller.call("crawl-plan", [("crawler", crawler)])
      if json {
        print(String(decoding: answer, as: UTF8.self))
      } else {
        // Names come from files of others, and a terminal obeys control characters.
        for line in try JSONDecoder().decode(CrawlPlanText.self, from: answer).lines {
          let plain = line.unicodeScalars.filter { $0.properties.generalCategory != .control }
          print(String(String.UnicodeScalarView(plain)))
        }
      }
    }
  }

  /// `tarn glue restore DATABASE TABLE VERSION`
  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes an earlier version of a table its newest: undoes what a crawl changed. Partitions stay.",
      discussion: "Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.")

    @OptionGroup var caller: Caller
    @Argument(help: "The database's name.")
    var database: String
    @Argument(help: "The table's name.")
    var table: String
    @Argument(help: "The version's id, as 'aws glue get-table-versions' shows it.")
    var version: String

    func run() async throws {
      _ = try await caller.call(
        "restore-table", [("database", database), ("table", table), ("version", version)])
      print("\(database).\(table) has the definition of version \(version) again.")
    }
  }
}

/// A crawl's plan as the server tells it, put into lines.
private struct CrawlPlanText: Decodable {
  struct Column: Decodable {
    var name: String
    var type: String
  }
  struct Change: Decodable {
    var name: String
    var from: String
    var to: String
  }
  struct Columns: Decodable {
    var added: [Column]
    var changed: [Change]
    var removed: [String]
  }
  struct Values: Decodable {
    var count: Int
    var values: [[String]]
  }
  struct Partitions: Decodable {
    var added: Values
    var changed: Values
    var removed: Values
    var removedAction: String
  }
  struct Table: Decodable {
    var database: String
    var table: String
    var action: String
    var location: String
    var columns: Columns
    var partitions: Partitions
  }
  var createsDatabase: String?
  var tables: [Table]

  var lines: [String] {
    let database = createsDatabase.map { ["CREATE    database \($0)"] } ?? []
    let changes = tables.flatMap(Self.lines)
    return database + (changes.isEmpty ? ["The crawl found no tables."] : changes)
  }

  private static func lines(_ table: Table) -> [String] {
    let action = table.action.padding(toLength: 9, withPad: " ", startingAt: 0)
    let place = table.location.isEmpty ? "" : "  \(table.location)"
    return ["\(action) table \(table.database).\(table.table)\(place)"]
      + table.columns.added.map { "          + \($0.name) \($0.type)" }
      + table.columns.changed.map { "          ~ \($0.name) \($0.from) -> \($0.to)" }
      + table.columns.removed.map { "          - \($0)" }
      + lines(table.partitions.added, "+", "") + lines(table.partitions.changed, "~", "")
      + lines(table.partitions.removed, "-", table.partitions.removedAction == "DELETE" ? "" : " (stay in the catalog)")
  }

  private static func lines(_ partitions: Values, _ sign: String, _ note: String) -> [String] {
    guard partitions.count > 0 else { return [] }
    let shown = partitions.values.prefix(3).map { $0.joined(separator: "/") }.joined(separator: ", ")
    let rest = partitions.count > 3 ? ", …" : ""
    return ["          \(sign) \(partitions.count) partitions: \(shown)\(rest)\(note)"]
  }
}
