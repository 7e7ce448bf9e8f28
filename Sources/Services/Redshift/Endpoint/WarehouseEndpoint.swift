public import Kernel
import PostgresWire

/// What one port of the warehouse does with its clients, whatever brings their bytes.
public final class WarehouseEndpoint: Sendable {
  let directory: any EndpointDirectory
  let options: EndpointOptions
  let offersTLS: Bool
  let clock: any WallClock
  let random: any RandomSource
  let clients = EndpointClients()
  private let isStopped = Locked(false)

  public init(
    directory: any EndpointDirectory, options: EndpointOptions, offersTLS: Bool, clock: any WallClock,
    random: any RandomSource
  ) {
    self.directory = directory
    self.options = options
    self.offersTLS = offersTLS
    self.clock = clock
    self.random = random
  }

  /// Clients that are logged in.
  public var connections: Int { clients.loggedIn }

  /// Speaks with one client until it has gone.
  public func serve(_ transport: any EndpointTransport) async {
    let room = options.connectionsMax + EndpointLimits.connectionsReserved
    let secret = Int32(truncatingIfNeeded: random.next())
    guard !isStopped.withLock({ $0 }),
      let client = clients.add(transport, connectionsMax: room, secret: secret, now: clock.now())
    else {
      transport.close()
      return
    }
    let connection = EndpointConnection(self, client, transport)
    await connection.run()
    clients.remove(client)
    transport.close()
  }

  /// Ends clients that wait too long, until the task is cancelled.
  public func watch() async {
    while (try? await clock.sleep(for: .seconds(EndpointLimits.sweepSeconds))) != nil {
      let now = clock.now()
      for client in clients.all {
        if let error = client.overdue(now, idleSecondsMax: options.idleSecondsMax) { client.end(error) }
      }
    }
  }

  /// Ends all clients and takes no more.
  public func stop() {
    isStopped.withLock { $0 = true }
    for client in clients.all {
      client.end(.fatal("57P01", "terminating connection due to administrator command"))
    }
  }
}
