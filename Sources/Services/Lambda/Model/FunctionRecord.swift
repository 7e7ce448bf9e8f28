import Kernel
import LambdaModel
import Storage

/// One version of a function: what `$LATEST` is now, or what was published.
struct VersionRecord: Codable, Sendable, Hashable {
  var version: String
  var runtime: String
  var role: String
  var handler: String
  var description = ""
  var timeoutSeconds: Int
  var memoryMiB: Int
  var ephemeralMiB: Int
  var architecture: String
  var environment: [String: String]?
  var code: BlobRef
  var codeBytes: Int64
  var codeSHA256: String
  /// What the archive holds; not known of those that were kept before layers were.
  var codeUnpackedBytes: Int64?
  /// In their order: what a later one holds takes the place of an earlier one's.
  var layers: [LayerUse]?
  /// Settings that are kept and shown: tracing and logging.
  var tracingMode: String?
  var logging: LoggingRecord?
  var modified: Timestamp
  var revision: String
  /// Tells sandboxes of this code and configuration from those of others.
  var build: String

  struct LoggingRecord: Codable, Sendable, Hashable {
    var format: String
    var group: String?
    var applicationLevel: String?
    var systemLevel: String?
  }
}

/// A function: its unpublished version and what belongs to all versions.
struct FunctionRecord: Codable, Sendable {
  var name: String
  var latest: VersionRecord
  var created: Timestamp
  /// The number that the next published version gets; numbers are never given twice.
  var nextVersion = 1
  var tags: [String: String] = [:]
  var reservedConcurrency: Int?
  /// Statements of the resource's policy, by the qualifier that they are for; "" for the function itself.
  var policies: [String: PolicyRecord] = [:]
}

/// The resource policy of a function or of one of its qualifiers.
struct PolicyRecord: Codable, Sendable, Hashable {
  struct Statement: Codable, Sendable, Hashable {
    var id: String
    /// As JSON.
    var text: String
  }
  var statements: [Statement] = []
  var revision: String

  var document: String {
    #"{"Version":"2012-10-17","Id":"default","Statement":[\#(statements.map(\.text).joined(separator: ","))]}"#
  }
}

/// A name for a version, or for two with a share each.
struct AliasRecord: Codable, Sendable, Hashable {
  var name: String
  var version: String
  var description: String = ""
  /// The other version and its share, 0 to 1.
  var weights: [String: Double] = [:]
  var revision: String
}

/// Keys under which Lambda keeps what it knows.
enum LambdaKeys {
  static let all = Key("lambda").subtree

  private static func base(_ scope: Scope, _ table: String) -> Key {
    Key("lambda", scope.account.digits, scope.region.code, table)
  }
  static func functions(_ scope: Scope) -> KeyRange { base(scope, "function").subtree }
  static func function(_ scope: Scope, _ name: String) -> Key { base(scope, "function").appending(name) }
  static func versions(_ scope: Scope, _ name: String) -> KeyRange {
    base(scope, "version").appending(name).subtree
  }
  static func version(_ scope: Scope, _ name: String, _ number: Int) -> Key {
    base(scope, "version").appending(name, number)
  }
  static func aliases(_ scope: Scope, _ name: String) -> KeyRange { base(scope, "alias").appending(name).subtree }
  static func alias(_ scope: Scope, _ name: String, _ alias: String) -> Key {
    base(scope, "alias").appending(name, alias)
  }
  static func eventConfigs(_ scope: Scope, _ name: String) -> KeyRange {
    base(scope, "event-config").appending(name).subtree
  }
  static func eventConfig(_ scope: Scope, _ name: String, _ qualifier: String) -> Key {
    base(scope, "event-config").appending(name, qualifier)
  }
  static let events = Key("lambda-event").subtree
  static func event(_ id: String) -> Key { Key("lambda-event", id) }
  static let allMappings = Key("lambda-mapping").subtree
  static func mapping(_ scope: Scope, _ id: String) -> Key {
    Key("lambda-mapping", scope.account.digits, scope.region.code, id)
  }
  static func mappings(_ scope: Scope) -> KeyRange {
    Key("lambda-mapping", scope.account.digits, scope.region.code).subtree
  }
  static func checkpoint(_ id: String) -> Key { Key("lambda-checkpoint", id) }
}
