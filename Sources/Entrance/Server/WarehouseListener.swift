import Kernel
import NIOCore
import NIOPosix
import NIOSSL
import Redshift

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Opens the warehouse's ports with SwiftNIO.
struct WarehouseListener: EndpointListening {
  /// Connections that wait to be accepted.
  static let backlogMax = 256

  let group: any EventLoopGroup
  /// Gives the server's certificate, or one that was made for it; asked when a port is opened.
  let tls: @Sendable () throws -> NIOSSLContext
  private let expires: @Sendable () -> Timestamp?
  let clock: any WallClock
  let random: any RandomSource

  /// - Parameter settings: without a certificate of their own, one is made and kept in the data folder: clients ask
  ///   for TLS by habit.
  init(_ settings: ServerSettings, group: any EventLoopGroup, clock: any WallClock, random: any RandomSource) {
    self.group = group
    self.clock = clock
    self.random = random
    let mode = settings.tls == .off ? .selfMade : settings.tls
    let folder = settings.dataFolder
    tls = {
      guard let configuration = try TLSMaterial.configuration(mode, dataFolder: folder, clock: clock) else {
        throw SettingsError("no certificate")
      }
      return try NIOSSLContext(configuration: configuration)
    }
    expires = { TLSMaterial.expires(mode, dataFolder: folder) }
  }

  var certificateExpires: Timestamp? { expires() }

  func listen(
    host: String, port: Int, directory: any EndpointDirectory, options: EndpointOptions
  ) async throws -> any RunningEndpoint {
    let endpoint = WarehouseEndpoint(
      directory: directory, options: options, offersTLS: true, clock: clock, random: random)
    let tls = try tls()
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Int32(Self.backlogMax))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(
        .writeBufferWaterMark,
        value: .init(low: EndpointLimits.unsentBytesMax / 4, high: EndpointLimits.unsentBytesMax)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let socket = WarehouseSocket(channel)
          try channel.pipeline.syncOperations.addHandler(socket)
          let transport = WarehouseTransport(channel: channel, socket: socket, tls: tls)
          Task { await endpoint.serve(transport) }
        }
      }
    let channel: any Channel
    do {
      channel = try await bootstrap.bind(host: host, port: port).get()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw EndpointPortTaken(port: port)
    }
    let watch = Task { await endpoint.watch() }
    return WarehousePort(endpoint: endpoint, channel: channel, watch: watch, asked: port)
  }
}

/// A port that is open.
private struct WarehousePort: RunningEndpoint {
  let endpoint: WarehouseEndpoint
  let channel: any Channel
  let watch: Task<Void, Never>
  let asked: Int

  var port: Int { channel.localAddress?.port ?? asked }
  var connections: Int { endpoint.connections }

  func stop() async {
    watch.cancel()
    try? await channel.close()
    endpoint.stop()
  }
}
