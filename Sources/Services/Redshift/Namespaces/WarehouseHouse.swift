public import Kernel
public import Logging
public import Storage

/// What clusters, serverless workgroups and the Data API share: storage, open namespaces and the work behind them.
public final class WarehouseHouse: Sendable {
  let keys: any KeyStore
  let clock: any WallClock
  let random: any RandomSource
  let metrics: any MetricTap
  let logger: Logger
  let passwords: TemporaryPasswords
  let open: OpenNamespaces
  private let roles: (any RoleBroker)?
  private let authorizer: (any Authorizer)?
  let jobs = Jobs()
  let host: String

  /// - Parameters:
  ///   - host: the address that endpoints bind, as the server's own.
  public init(
    keys: any KeyStore, keeping: any NamespaceKeeping, listener: any EndpointListening, host: String,
    clock: any WallClock, random: any RandomSource, metrics: any MetricTap = SilentTap(),
    logger: Logger = Logger(label: "tarn.redshift"), roles: (any RoleBroker)? = nil,
    authorizer: (any Authorizer)? = nil
  ) {
    self.roles = roles
    self.authorizer = authorizer
    self.keys = keys
    self.clock = clock
    self.random = random
    self.metrics = metrics
    self.logger = logger
    self.host = host
    passwords = TemporaryPasswords(keys: keys, clock: clock, random: random)
    open = OpenNamespaces(keeping: keeping, listener: listener, passwords: passwords, host: host)
  }

  var keeping: any NamespaceKeeping { open.keeping }
  /// When the certificate ends that endpoints show; `nil` where they have none.
  var certificateExpires: Timestamp? { open.listener.certificateExpires }

  /// Waits until no cluster, workgroup or snapshot is under way.
  package func settle() async { await jobs.settle() }

  /// Lets what is under way end, ends the clients' connections and closes the databases.
  public func stop() async {
    await jobs.stop()
    await open.closeAll()
  }

  /// The name under which a caller reaches this server, for endpoints to be described by.
  func address(for context: RequestContext) -> String {
    var authority = Substring(context.endpoint)
    if let slashes = authority.range(of: "://") { authority = authority[slashes.upperBound...] }
    if authority.hasPrefix("[") { return authority.dropFirst().prefix { $0 != "]" }.description }
    let name = authority.prefix { $0 != ":" }
    return name.isEmpty ? host : String(name)
  }

  /// Redshift's scheduler as a role; `nil` where roles cannot be taken on.
  /// - Throws: `AWSError` for a role that does not let it.
  func caller(role: String, _ scope: Scope) async throws -> RequestContext? {
    guard let roles, let authorizer, let arn = ARN(role) else { return nil }
    let principal = try await roles.assume(
      role: arn, for: "scheduler.redshift.amazonaws.com", session: "RedshiftScheduler")
    return RequestContext(
      requestID: random.uuid(), scope: scope, principal: principal, time: clock.now(), authorizer: authorizer)
  }

  /// Removes the bytes of snapshots that were given up.
  func dropCopies() async throws {
    let copies = try await keys.read { reader in
      try reader.entries(RedshiftService.dropped.subtree).compactMap { $0.key.elements?.last?.string }
    }
    for copy in copies {
      try await keeping.dropSnapshot(copy)
      try await keys.write { try $0.delete(RedshiftService.dropped.appending(copy)) }
    }
  }

  /// Runs the work behind a call and writes down that it failed, where it does.
  func job(
    _ subject: String, failed: @escaping @Sendable (any Error) async -> Void,
    _ body: @escaping @Sendable () async throws -> Void
  ) async {
    await jobs.start(subject) { [logger] in
      do {
        try await body()
      } catch {
        logger.error("work on a warehouse failed", metadata: ["subject": "\(subject)", "error": "\(error)"])
        await failed(error)
      }
    }
  }
}

extension Substring {
  fileprivate func range(of marker: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(marker) { return start..<index(start, offsetBy: marker.count) }
      start = index(after: start)
    }
    return nil
  }
}
