import ArgumentParser

@main
struct Tarn: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tarn",
    abstract: "AWS's data platform in one process: S3, Kinesis, Firehose, Glue, Athena, IAM, CloudWatch.",
    discussion: """
      The ./tarn script also takes: test (runs the tests), bench (runs the benchmarks), setup (installs what is
      missing and stops).
      """,
    version: "0.1.0",
    subcommands: [Serve.self, Demo.self, GlueCommand.self])
}
