public import Kernel
public import PostgresWire

/// Opens the ports that PostgreSQL's clients connect to. `Server` implements it; who owns clusters and workgroups
/// starts and stops endpoints with it while the server runs.
public protocol EndpointListening: Sendable {
  /// Listens until `stop`. Clients may use TLS or not, unless `options` ask for it.
  /// - Parameters:
  ///   - host: the address to bind, as the server's own.
  ///   - port: 0 takes a free one.
  /// - Throws: `EndpointPortTaken` when somebody listens on the port already; what the system says otherwise.
  func listen(
    host: String, port: Int, directory: any EndpointDirectory, options: EndpointOptions
  ) async throws -> any RunningEndpoint

  /// When the certificate ends that endpoints show; `nil` where they have none.
  var certificateExpires: Timestamp? { get }
}

extension EndpointListening {
  public var certificateExpires: Timestamp? { nil }
}

/// An endpoint that accepts connections.
public protocol RunningEndpoint: Sendable {
  /// The port that was really taken.
  var port: Int { get }
  /// Clients that are logged in.
  var connections: Int { get }
  /// Takes no more clients, ends those that are connected (`57P01`), and frees the port.
  func stop() async
}

/// Another endpoint or process has the port.
public struct EndpointPortTaken: Error, Sendable {
  public let port: Int
  public init(port: Int) { self.port = port }
}

/// What an endpoint asks of its clients.
public struct EndpointOptions: Sendable {
  /// Further clients are refused (`53300`).
  public var connectionsMax = EndpointLimits.connectionsMax
  /// Refuses clients without TLS, as the parameter `require_ssl` does.
  public var requiresTLS = false
  /// Asks for SCRAM-SHA-256 where the user's password allows it; Redshift's own habit is md5.
  public var prefersSCRAM = false
  /// Ends clients that ask for nothing for so long; `nil` never does.
  public var idleSecondsMax: Int? = EndpointLimits.idleSecondsMax
  /// Ends statements that run longer, as the parameter `statement_timeout` does; `nil` never does.
  public var statementMillisecondsMax: Int?

  public init() {}
}

/// Knows the users and databases behind one endpoint.
public protocol EndpointDirectory: Sendable {
  /// Finds who wants to log in, before he has shown a password.
  /// - Parameter user: the name as the client gives it, with the prefix of IAM's users (`IAM:alice`, `IAMA:bob`).
  /// - Returns: `nil` for a user who may not log in; clients cannot tell that from a wrong password.
  /// - Throws: `SQLFailure` to refuse him in other words.
  func login(user: String, database: String) async throws(SQLFailure) -> EndpointLogin?

  /// Opens a session once the password was right.
  /// - Parameter settings: startup parameters (`application_name`, `search_path`, …), without those of the protocol.
  /// - Throws: `SQLFailure` (`3D000` for a database that does not exist).
  func session(
    for login: EndpointLogin, database: String, settings: [String: String]
  ) async throws(SQLFailure) -> any SQLSession
}

/// A user who may log in, if he knows the password.
public struct EndpointLogin: Sendable {
  /// The name as the client gave it.
  public var name: String
  /// The database user, without prefix.
  public var user: String
  public var password: PasswordVerifier
  /// A superuser is let in past the limit on connections.
  public var isSuperuser: Bool
  /// Groups to be a member of for this session, as `GetClusterCredentials` can ask for.
  public var groups: [String]
  /// Whether the user is to be made if he does not exist, as `GetClusterCredentials` can ask for.
  public var createsUser: Bool
  /// Where the client connects from, once that is known.
  public var clientAddress = ""
  /// What the client's driver tells of itself: `driver_version`, `os_version`, `client_protocol_version`, ….
  public var driver: [String: String] = [:]

  public init(
    name: String, user: String, password: PasswordVerifier, isSuperuser: Bool = false, groups: [String] = [],
    createsUser: Bool = false
  ) {
    self.name = name
    self.user = user
    self.password = password
    self.isSuperuser = isSuperuser
    self.groups = groups
    self.createsUser = createsUser
  }
}
