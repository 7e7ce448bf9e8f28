import ArgumentParser
import Foundation
import Kernel
import Logging
import Server

/// `tarn demo`: the main job, shown on a server of its own and through the same doors that any client uses.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Takes 50,000 events through Kinesis, Firehose, Parquet, Glue and Athena, and shows the results.")

  @Flag(help: "Keeps the server running, with all that the demo made.")
  var keep = false

  @Option(help: "The port of the demo's server; 0 takes a free one.")
  var port = 0

  @Option(help: "Events to send.")
  var events = 50_000

  func validate() throws {
    guard (1...10_000_000).contains(events) else { throw ValidationError("--events takes 1 to 10,000,000") }
  }

  func run() async throws {
    let folder = NSTemporaryDirectory() + "/tarn-demo-\(SystemRandomSource().uuid())"
    var settings = ServerSettings(dataFolder: folder)
    settings.port = port
    settings.logLevel = .error
    settings.ephemeral = !keep

    let (ready, announce) = AsyncStream<ReadyServer>.makeStream()
    let server = TarnServer(settings, onReady: { announce.yield($0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { announce.finish() }
        try await server.run()
      }
      for await running in ready.prefix(1) {
        let client = APIClient(
          endpoint: running.endpoint, accessKeyID: settings.accessKeyID, secretAccessKey: settings.secretAccessKey,
          region: settings.region.code)
        do {
          try await DemoPipeline(client: client, clock: SystemClock(), events: events).run()
        } catch {
          await client.close()
          throw error
        }
        await client.close()
        sayGoodbye(running, folder)
      }
      if !keep { group.cancelAll() }
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }

  private func sayGoodbye(_ server: ReadyServer, _ folder: String) {
    if keep {
      print(
        """

        The server keeps running (Ctrl-C ends it); its data is in \(folder). Go on with:
          export AWS_ENDPOINT_URL=\(server.endpoint) AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
        AWS_REGION=us-east-1
          aws s3 ls s3://\(DemoPipeline.bucket) --recursive --human-readable
          aws athena start-query-execution --work-group \(DemoPipeline.workGroup) \\
            --query-string "SELECT tenant_id, sum(amount) \
        FROM \(DemoPipeline.database).\(DemoPipeline.table) GROUP BY 1"
        """)
    } else {
      print(
        """

        Nothing is left behind. To look around in what the demo makes: ./tarn demo --keep
        To start a server of your own:
          ./tarn serve --data ./tarn-data
          AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws s3 ls
        """)
    }
  }
}
