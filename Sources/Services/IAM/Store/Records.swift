import Kernel

/// What IAM keeps, as JSON under `Key("iam", account, kind, name)`.
///
/// Names are unique without regard to case, so the key holds the name in lower case and the record the name
/// as it was given.
struct TagRecord: Codable, Hashable, Sendable {
  var key: String
  var value: String
}

/// An inline policy, in the order in which policies were put.
struct InlinePolicy: Codable, Hashable, Sendable {
  var name: String
  var document: String
}

/// What users, groups and roles share: a path, an id and policies.
protocol EntityRecord: Codable, Sendable {
  static var kind: EntityKind { get }
  var name: String { get set }
  var path: String { get set }
  /// `AIDA…`, `AGPA…` or `AROA…`.
  var id: String { get set }
  var created: Timestamp { get }
  var inline: [InlinePolicy] { get set }
  /// ARNs of attached managed policies, in the order of attachment.
  var attached: [String] { get set }
}

enum EntityKind: String, Sendable {
  case user, group, role
  case policy
  case instanceProfile = "instance-profile"

  /// As quotas are named: `PoliciesPerRole`.
  var title: String {
    switch self {
    case .user: "User"
    case .group: "Group"
    case .role: "Role"
    case .policy: "Policy"
    case .instanceProfile: "InstanceProfile"
    }
  }
}

struct UserRecord: EntityRecord {
  static let kind = EntityKind.user
  var name: String
  var path: String
  var id: String
  var created: Timestamp
  var boundary: String?
  var tags: [TagRecord] = []
  var inline: [InlinePolicy] = []
  var attached: [String] = []
  /// Names of groups, in the order of joining.
  var groups: [String] = []
  /// Access key ids, oldest first.
  var accessKeys: [String] = []
}

struct GroupRecord: EntityRecord {
  static let kind = EntityKind.group
  var name: String
  var path: String
  var id: String
  var created: Timestamp
  var inline: [InlinePolicy] = []
  var attached: [String] = []
}

struct RoleRecord: EntityRecord {
  static let kind = EntityKind.role
  var name: String
  var path: String
  var id: String
  var created: Timestamp
  var description: String?
  var maxSessionSeconds = Limits.sessionSecondsDefault
  /// The trust policy, as it was given.
  var trust: String
  var boundary: String?
  var tags: [TagRecord] = []
  var inline: [InlinePolicy] = []
  var attached: [String] = []
  /// Names of instance profiles that hold the role.
  var instanceProfiles: [String] = []

  var isServiceLinked: Bool { path.hasPrefix("/aws-service-role/") }
}

struct PolicyRecord: Codable, Sendable {
  struct Version: Codable, Sendable {
    var number: Int
    var document: String
    var created: Timestamp
  }
  var name: String
  var path: String
  /// `ANPA…`.
  var id: String
  var description: String?
  var created: Timestamp
  var updated: Timestamp
  /// Oldest first.
  var versions: [Version]
  var defaultVersion: Int
  /// Version numbers are not used again.
  var latestVersion: Int
  var tags: [TagRecord] = []

  var document: String { versions.first { $0.number == defaultVersion }?.document ?? "" }
}

/// Who uses a managed policy, AWS's own included: `user/name`, `group/name` or `role/name`.
struct PolicyUseRecord: Codable, Sendable {
  var attached: [String] = []
  var boundary: [String] = []
}

struct InstanceProfileRecord: Codable, Sendable {
  var name: String
  var path: String
  /// `AIPA…`.
  var id: String
  var created: Timestamp
  var role: String?
  var tags: [TagRecord] = []
}

/// Under `Key("iam-key", accessKeyID)`: found without knowing the account.
struct AccessKeyRecord: Codable, Sendable {
  var id: String
  var secret: String
  var account: String
  var user: String
  var userID: String
  var isActive: Bool
  var created: Timestamp
}

/// Under `Key("iam-used", id)`: written now and then, apart from the record, so that use does not rewrite it.
struct LastUsedRecord: Codable, Sendable {
  var time: Timestamp
  var service: String
  var region: String
}

/// Temporary credentials, under `Key("iam-session", accessKeyID)` and, for the sweep,
/// `Key("iam-session-expiry", seconds, accessKeyID)`.
struct SessionRecord: Codable, Sendable {
  var id: String
  var secret: String
  var token: String
  var account: String
  var expires: Timestamp
  /// The role's name; `nil` for GetSessionToken's sessions.
  var role: String?
  var roleID: String?
  var sessionName: String?
  /// The user's name; `nil` with `role` for the root's.
  var user: String?
  var userID: String?
  /// Session policies as documents.
  var policies: [String] = []
}

/// IAM's ids and ARNs.
enum Names {
  private static let idAlphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
  private static let secretAlphabet: StaticString =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  /// A unique id of 21 characters, such as `AIDAQRSTUVWXYZ2345ABC`.
  static func id(_ prefix: String, _ random: any RandomSource) -> String { prefix + random.text(17, of: idAlphabet) }
  /// A key id of 20 characters: `AKIA…` for good, `ASIA…` for a session.
  static func keyID(_ prefix: String, _ random: any RandomSource) -> String { prefix + random.text(16, of: idAlphabet) }
  static func secret(_ random: any RandomSource) -> String { random.text(40, of: secretAlphabet) }
  static func token(_ random: any RandomSource) -> String { "FwoGZXIvYXdzE" + random.text(299, of: secretAlphabet) }

  static func arn(_ account: String, _ kind: EntityKind, _ path: String, _ name: String) -> String {
    "arn:aws:iam::\(account):\(kind.rawValue)\(path)\(name)"
  }
  static func sessionARN(_ account: String, role: String, session: String) -> String {
    "arn:aws:sts::\(account):assumed-role/\(role)/\(session)"
  }
}
