public import Glue
public import Kernel
public import Kinesis
public import LakeFiles
public import Storage

/// What the warehouse stands on.
public struct WarehouseGround: Sendable {
  /// The folder of all namespaces' files; made when it is missing.
  public var folder: String
  /// Where queries put what does not fit in memory.
  public var spillFolder: String
  /// Memory for all open namespaces' statements together; each has an equal share.
  public var memoryBytes: Int
  public var threads: Int
  public var files: any LakeFileSystem
  public var glue: GlueService?
  /// The streams that views ingest.
  public var kinesis: KinesisService?
  public var roles: any RoleBroker
  /// Access keys and chained roles; `nil` where there is nobody to ask.
  public var identities: (any LoadIdentities)?
  public var authorizer: any Authorizer
  public var clock: any WallClock
  public var random: any RandomSource
  /// Where the history of statements is kept; without one it ends when a namespace is closed.
  public var logs: (any LogStore)?

  public init(
    folder: String, spillFolder: String, memoryBytes: Int, threads: Int, files: any LakeFileSystem,
    glue: GlueService?, kinesis: KinesisService? = nil, roles: any RoleBroker,
    identities: (any LoadIdentities)? = nil, authorizer: any Authorizer, clock: any WallClock,
    random: any RandomSource, logs: (any LogStore)? = nil
  ) {
    self.folder = folder
    self.spillFolder = spillFolder
    self.memoryBytes = memoryBytes
    self.threads = threads
    self.files = files
    self.glue = glue
    self.kinesis = kinesis
    self.roles = roles
    self.identities = identities
    self.authorizer = authorizer
    self.clock = clock
    self.random = random
    self.logs = logs
  }
}
