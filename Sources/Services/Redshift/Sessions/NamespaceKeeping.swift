public import Kernel
public import PostgresWire

/// Keeps the databases of namespaces: what clusters and workgroups ask of the warehouse.
///
/// A namespace is everything that a cluster (or a serverless namespace) holds: its databases, users and grants, in one
/// database file of the engine. Every call may come again after a crash and then finds what an earlier one had done.
public protocol NamespaceKeeping: Sendable {
  /// Makes the namespace with its first database and its admin user, on disk when it returns.
  /// Does nothing for one that exists.
  func create(_ settings: NamespaceSettings) async throws

  /// Opens a namespace that was made, and gives sessions on it. It stays open until `close`.
  func open(_ settings: NamespaceSettings) async throws -> any NamespaceWarehouse

  /// Ends all sessions, and closes the file once all that was committed is in it.
  func close(_ id: String) async

  /// Removes a closed namespace for good. Does nothing for one that does not exist.
  func drop(_ id: String) async throws

  /// Copies all that is committed at one moment; the namespace may be open and in use, or closed.
  /// - Parameter snapshot: the copy's name, a UUID.
  /// - Returns: bytes of the copy, on disk.
  func snapshot(_ settings: NamespaceSettings, as snapshot: String) async throws -> Int64

  /// Brings a closed namespace's file to the key of `settings`, or to none, in one step that a crash does not halve.
  /// - Parameter former: the key that it had. Does nothing where the file has the new one already.
  func encrypt(_ settings: NamespaceSettings, from former: [UInt8]?) async throws

  /// Makes a namespace from a copy, which stays. The admin user gets the name and password of `settings`; those of
  /// the copy stay where `settings` has none.
  /// - Parameter encryptionKey: the copy's, that of the namespace it was made of.
  func restore(_ snapshot: String, encryptionKey: [UInt8]?, as settings: NamespaceSettings) async throws

  /// Removes a copy. Does nothing for one that does not exist.
  func dropSnapshot(_ snapshot: String) async throws
}

/// The databases of one namespace, open.
public protocol NamespaceWarehouse: SQLWarehouse {
  /// A user of the database (`CREATE USER`), with what checks his password; the admin is one of them.
  /// - Returns: `nil` for one that does not exist. Users without a password have `PasswordVerifier.refusesAll`.
  func login(user: String) async throws(SQLFailure) -> EndpointLogin?

  /// Opens a session for whom the endpoint (or the Data API) has let in: makes the user first where
  /// `login.createsUser` says so, and lets the session be a member of `login.groups`.
  func session(
    for login: EndpointLogin, database: String, settings: [String: String]
  ) async throws(SQLFailure) -> any SQLSession

  /// Takes over settings that may change while the namespace is open: the admin's password, roles, parameters.
  func update(_ settings: NamespaceSettings) async throws

  /// Writes what happened since the last time into an audit's files.
  /// - Returns: where the next delivery begins.
  /// - Throws: `AuditRefusal`.
  func deliverAudit(from offset: UInt64?, to destination: AuditDestination) async throws -> UInt64

  /// When its data changed last; `nil` when that is not known.
  var lastChange: Timestamp? { get }

  /// What the namespace measures of itself.
  var load: NamespaceLoad { get async }
}

extension NamespaceWarehouse {
  public var lastChange: Timestamp? { nil }
  /// A namespace that keeps no history has nothing to deliver.
  public func deliverAudit(from offset: UInt64?, to destination: AuditDestination) async throws -> UInt64 {
    offset ?? 0
  }
}

/// What a namespace is made and opened with.
public struct NamespaceSettings: Sendable {
  /// A UUID; names the file.
  public var id: String
  /// The account and region that statements act in: of external schemas, COPY and UNLOAD.
  public var scope: Scope
  /// The first database.
  public var database: String
  public var adminUser: String
  public var adminPassword: PasswordVerifier?
  /// 32 bytes that the file is encrypted with; `nil` leaves it in clear.
  public var encryptionKey: [UInt8]?
  /// ARNs of the roles that statements may name, and the one that `IAM_ROLE default` means.
  public var roles: [String]
  public var defaultRole: String?
  /// The parameter group's (or workgroup's) values: `search_path`, `datestyle`, `statement_timeout`, `query_group`,
  /// `enable_case_sensitive_identifier`, `max_cursor_result_set_size`, ….
  public var parameters: [String: String]
  /// Whether external tables are refused, as a usage limit is reached.
  public var isSpectrumOff = false
  /// What the endpoint is called in the catalog's views: the cluster's or workgroup's name.
  public var name: String

  public init(
    id: String, scope: Scope, name: String, database: String, adminUser: String, adminPassword: PasswordVerifier?,
    encryptionKey: [UInt8]? = nil, roles: [String] = [], defaultRole: String? = nil, parameters: [String: String] = [:]
  ) {
    self.id = id
    self.scope = scope
    self.name = name
    self.database = database
    self.adminUser = adminUser
    self.adminPassword = adminPassword
    self.encryptionKey = encryptionKey
    self.roles = roles
    self.defaultRole = defaultRole
    self.parameters = parameters
  }
}

/// A namespace's load since it was last asked.
public struct NamespaceLoad: Sendable {
  /// Statements that ended, and the time that each took.
  public var queryDurations: [Duration]
  public var queriesRunning: Int
  /// Bytes of external tables that statements have read.
  public var bytesScanned: Int64
  /// Bytes of the database file.
  public var bytesUsed: Int64

  public init(queryDurations: [Duration] = [], queriesRunning: Int = 0, bytesUsed: Int64 = 0, bytesScanned: Int64 = 0) {
    self.queryDurations = queryDurations
    self.queriesRunning = queriesRunning
    self.bytesUsed = bytesUsed
    self.bytesScanned = bytesScanned
  }
}
