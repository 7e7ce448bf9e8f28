import AWSWire
import Foundation
import HummingbirdCore
import HummingbirdTLS
import Kernel
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Storage
import UnixSignals

/// The whole server: opens the data folder, builds the services, listens, and closes all of it in order.
public struct TarnServer: Sendable {
  private let settings: ServerSettings
  private let onReady: @Sendable (ReadyServer) -> Void

  /// - Parameter onReady: called once requests are answered; by default prints the ready line to stdout.
  public init(_ settings: ServerSettings, onReady: @escaping @Sendable (ReadyServer) -> Void = Self.announce) {
    self.settings = settings
    self.onReady = onReady
  }

  /// Runs until the task is cancelled or the process gets SIGTERM or SIGINT.
  /// - Throws: `SettingsError` for a folder, port or certificate that cannot be used.
  public func run() async throws {
    try settings.check()
    let clock = SystemClock()
    let started = clock.now()
    var logger = Logger(label: "tarn") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = settings.logLevel

    let storage = try await openStorage(clock)
    let house = try await House.build(settings, storage: storage, clock: clock, logger: logger)
    let tls = try TLSMaterial.configuration(settings.tls, dataFolder: settings.dataFolder, clock: clock)
    let scheme = tls == nil ? "http" : "https"
    let gateway = Gateway(
      services: house.services, credentials: house.credentials, authorizer: house.authorizer, audit: house.audit,
      clock: clock, random: SystemRandomSource(), defaultRegion: settings.region, logger: logger,
      health: Health(scheme: scheme, services: Array(house.services.keys), started: started), trail: house.audit,
      tools: house.tools)
    // The HTTP library calls every connection that a stop closes an error; requests are logged by the gateway.
    var quiet = logger
    quiet.logLevel = .critical
    let listener = try listener(HTTPEntrance(gateway: gateway), tls, quiet) { channel in
      let port = channel.localAddress?.port ?? settings.port
      let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
      house.found("\(scheme)://\(host == "0.0.0.0" ? "127.0.0.1" : host == "[::]" ? "[::1]" : host):\(port)")
      onReady(
        ReadyServer(
          endpoint: "\(scheme)://\(host):\(port)", dataFolder: settings.dataFolder,
          milliseconds: (clock.now() - started).milliseconds))
    }
    let group = ServiceGroup(
      configuration: .init(
        // They are stopped in the opposite order.
        services: [house.background, listener, Farewell(leave: house.leave)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
    do {
      try await group.run()
    } catch {
      await close(house, storage)
      throw Self.explained(error, settings)
    }
    await close(house, storage)
  }

  /// Accepts connections for `entrance`, through TLS where there is a certificate.
  private func listener(
    _ entrance: HTTPEntrance, _ tls: TLSConfiguration?, _ logger: Logger,
    onRunning: @escaping @Sendable (any Channel) -> Void
  ) throws -> any Service {
    let configuration = ServerConfiguration(
      address: .hostname(settings.host, port: settings.port), backlog: Self.backlogMax,
      availableConnectionsDelegate: .maximum(Self.connectionsMax, logger: logger))
    let group = MultiThreadedEventLoopGroup.singleton
    guard let tls else {
      return entrance.server(
        configuration: configuration, onServerRunning: onRunning, eventLoopGroup: group, logger: logger)
    }
    return try TLSChannel(entrance, tlsConfiguration: tls).server(
      configuration: configuration, onServerRunning: onRunning, eventLoopGroup: group, logger: logger)
  }

  private func close(_ house: House, _ storage: EmbeddedStorage) async {
    await house.stop()
    await storage.close()
    if settings.ephemeral { try? FileManager.default.removeItem(atPath: settings.dataFolder) }
  }

  private func openStorage(_ clock: any WallClock) async throws -> EmbeddedStorage {
    do {
      return try await EmbeddedStorage.open(folder: settings.dataFolder, clock: clock)
    } catch StorageError.locked(let path) {
      throw SettingsError("the data folder \(path) is in use by another process")
    } catch StorageError.newerFormat(let found, let supported) {
      throw SettingsError(
        "the data folder \(settings.dataFolder) was written by a newer Tarn (format \(found); this one reads "
          + "\(supported))"
      )
    } catch StorageError.io(let operation, let path, let code) {
      throw SettingsError("\(operation) \(path): \(String(cString: strerror(code)))")
    }
  }

  private static func explained(_ error: any Error, _ settings: ServerSettings) -> any Error {
    if let error = error as? IOError, error.errnoCode == EADDRINUSE {
      return SettingsError("port \(settings.port) is in use: choose another with --port, or 0 for a free one")
    }
    return error
  }

  /// Prints the ready line: one line of JSON behind the word `ready`, for people and scripts alike.
  public static let announce: @Sendable (ReadyServer) -> Void = { server in
    let line =
      #"ready {"endpoint":"\#(server.endpoint)","data":"\#(server.dataFolder)","milliseconds":\#(server.milliseconds)}"#
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  /// Connections that wait to be accepted.
  static let backlogMax = 1024
  /// Connections held at once; more wait to be accepted. Each may hold a named few buffers.
  static let connectionsMax = 8192
}

/// What a caller needs to know of a server that answers.
public struct ReadyServer: Sendable {
  /// Scheme, host and the port that was really taken.
  public let endpoint: String
  public let dataFolder: String
  /// From the start of the process's work to the first request it can answer.
  public let milliseconds: Int64
}
