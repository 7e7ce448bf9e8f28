import ArgumentParser
import Foundation
import Kernel
import Logging
import NIOCore
import NIOPosix
import Server

/// `tarn serve`: starts the server and runs it until SIGTERM or SIGINT.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Starts the server.",
    discussion: "Each option has an environment variable, named in brackets; the option wins.")

  @Option(help: "The folder that holds all state. [TARN_DATA]")
  var data: String?

  @Flag(help: "Keeps nothing: a temporary data folder, deleted at the end. [TARN_EPHEMERAL=1]")
  var ephemeral = false

  @Option(help: "The address to listen on. [TARN_HOST] (default: 127.0.0.1)")
  var host: String?

  @Option(help: "The port to listen on; 0 takes a free one. [TARN_PORT] (default: 4566)")
  var port: Int?

  @Option(help: "The root access key. [TARN_ACCESS_KEY_ID] (default: test)")
  var accessKeyID: String?

  @Option(help: "The root secret key. [TARN_SECRET_ACCESS_KEY] (default: test)")
  var secretAccessKey: String?

  @Option(
    help: ArgumentHelp(
      "A further account with the credentials of its root; may be repeated. [TARN_ACCOUNTS, separated by commas]",
      valueName: "id:key:secret"))
  var account: [String] = []

  @Option(help: "The region of calls that name none. [TARN_REGION] (default: us-east-1)")
  var region: String?

  @Option(help: "trace, debug, info, notice, warning, error or critical. [TARN_LOG_LEVEL] (default: info)")
  var logLevel: String?

  @Option(help: "Memory in MiB for the SQL engine, before it spills to disk. [TARN_ENGINE_MEMORY] (default: 2048)")
  var engineMemory: Int?

  @Flag(help: "Lifts Kinesis' shard limits. [TARN_LIFT_SHARD_LIMITS=1]")
  var liftShardLimits = false

  @Flag(help: "Serves https with a certificate made at the first start. [TARN_TLS=1]")
  var tls = false

  @Option(help: "A PEM certificate chain to serve https with. [TARN_TLS_CERTIFICATE]")
  var tlsCertificate: String?

  @Option(help: "The certificate's PEM key. [TARN_TLS_KEY]")
  var tlsKey: String?

  func run() async throws {
    // Requests are worked on by the threads that read them from the network: no switch of threads between the two.
    // What blocks runs on pools of its own in any case. Each step of a task goes through the thread's queue this way:
    // requests that came together walk through one piece of code after another together, while it is in the cache
    // (16,600 GetObjects of 4 KB a second; a task executor that leaves the steps out: 11,100).
    _ = NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
    do {
      try await TarnServer(settings()).run()
    } catch let error as SettingsError {
      throw ValidationError(error.description)
    }
  }

  /// Options first, then the environment, then the default.
  func settings() throws -> ServerSettings {
    let environment = ProcessInfo.processInfo.environment
    func number(_ name: String, _ option: Int?) throws -> Int? {
      if let option { return option }
      guard let text = environment[name] else { return nil }
      guard let value = Int(text) else { throw ValidationError("\(name) takes a number, not '\(text)'") }
      return value
    }
    let keepsNothing = ephemeral || environment["TARN_EPHEMERAL"] == "1"
    let folder = data ?? environment["TARN_DATA"]
    guard folder != nil || keepsNothing else { throw ValidationError("where to? Give --data DIR, or --ephemeral.") }
    guard !(keepsNothing && data != nil) else { throw ValidationError("--data and --ephemeral exclude each other.") }

    var settings = ServerSettings(
      dataFolder: keepsNothing ? NSTemporaryDirectory() + "/tarn-\(SystemRandomSource().uuid())" : folder!)
    settings.ephemeral = keepsNothing
    if let host = host ?? environment["TARN_HOST"] { settings.host = host }
    if let port = try number("TARN_PORT", port) { settings.port = port }
    if let key = accessKeyID ?? environment["TARN_ACCESS_KEY_ID"] { settings.accessKeyID = key }
    if let secret = secretAccessKey ?? environment["TARN_SECRET_ACCESS_KEY"] { settings.secretAccessKey = secret }
    let accounts =
      account.isEmpty ? environment["TARN_ACCOUNTS"]?.split(separator: ",").map(String.init) ?? [] : account
    settings.accounts = try accounts.map { text in
      guard let account = ServerSettings.Account(text) else {
        throw ValidationError("an account is given as ID:ACCESS_KEY_ID:SECRET_ACCESS_KEY, its id in twelve digits.")
      }
      return account
    }
    if let region = region ?? environment["TARN_REGION"] { settings.region = Region(region) }
    if let name = logLevel ?? environment["TARN_LOG_LEVEL"] {
      guard let level = Logger.Level(rawValue: name) else { throw ValidationError("there is no log level '\(name)'.") }
      settings.logLevel = level
    }
    if let memory = try number("TARN_ENGINE_MEMORY", engineMemory) { settings.engineMemoryMiB = memory }
    settings.liftShardLimits = liftShardLimits || environment["TARN_LIFT_SHARD_LIMITS"] == "1"
    let certificate = tlsCertificate ?? environment["TARN_TLS_CERTIFICATE"]
    let key = tlsKey ?? environment["TARN_TLS_KEY"]
    switch (certificate, key) {
    case (let certificate?, let key?): settings.tls = .files(certificate: certificate, key: key)
    case (nil, nil): settings.tls = tls || environment["TARN_TLS"] == "1" ? .selfMade : .off
    default: throw ValidationError("--tls-certificate and --tls-key go together.")
    }
    return settings
  }
}
