public struct RedshiftUserOptions: Hashable, Sendable {
  public enum Password: Hashable, Sendable {
    case text(String)
    case disabled
  }
  public var password: Password?
  public var createDatabase: Bool?
  public var createUser: Bool?
  /// `RESTRICTED` or `UNRESTRICTED`.
  public var syslogUnrestricted: Bool?
  public var groups: [Identifier] = []
  public var validUntil: String?
  /// -1 is UNLIMITED.
  public var connectionLimit: Int?
  /// Seconds; 0 for RESET.
  public var sessionTimeoutSeconds: Int?
  public var externalID: String?
}

public struct RedshiftCreateUser: Hashable, Sendable {
  public var name: Identifier
  public var options: RedshiftUserOptions
}

public enum RedshiftAlterUser: Hashable, Sendable {
  case options(RedshiftUserOptions)
  case rename(Identifier)
  case set(RedshiftSetting)
  case reset(String)
}

public enum RedshiftAlterGroup: Hashable, Sendable {
  case add([Identifier])
  case drop([Identifier])
  case rename(Identifier)
}

public enum RedshiftAlterRole: Hashable, Sendable {
  case rename(Identifier)
  case owner(Identifier)
  case externalID(String)
}

/// A user, group, role, or everyone.
public enum RedshiftGrantee: Hashable, Sendable {
  case user(Identifier)
  case group(Identifier)
  case role(Identifier)
  case everyone
}

public struct RedshiftPrivilege: Hashable, Sendable {
  /// `SELECT`, `INSERT`, `USAGE`, `ALL`, …, or a system permission such as `CREATE USER`; upper case.
  public var name: String
  /// Column rights.
  public var columns: [Identifier]
}

/// GRANT, and REVOKE, which adds `grantOptionOnly` and `cascade`.
public struct RedshiftGrant: Hashable, Sendable {
  public enum Target: Hashable, Sendable {
    case tables([QualifiedName])
    case allTablesInSchema([Identifier])
    case databases([Identifier])
    case schemas([Identifier])
    case functions([RedshiftRoutineName], procedures: Bool)
    case allFunctionsInSchema([Identifier], procedures: Bool)
    case languages([Identifier])
    /// `FOR TABLES IN SCHEMA …`, `FOR SCHEMAS IN DATABASE …`: kind in upper case.
    case scoped(kind: String, schema: Identifier?, database: Identifier?)
    /// ASSUMEROLE ON 'arn', … FOR COPY, …
    case assumeRole(arns: [String], uses: [String])
    /// Roles that are granted.
    case roles([Identifier])
    /// System permissions, which concern no object.
    case system
    case datashares([Identifier])
    case models([QualifiedName])
    case rlsPolicy(tables: [QualifiedName])
  }
  public var privileges: [RedshiftPrivilege]
  public var target: Target
  public var grantees: [RedshiftGrantee]
  /// WITH GRANT OPTION, WITH ADMIN OPTION; for REVOKE: GRANT OPTION FOR, ADMIN OPTION FOR.
  public var withOption: Bool
  public var cascade: Bool
}

public struct RedshiftDefaultPrivileges: Hashable, Sendable {
  /// FOR USER; empty: the one who asks.
  public var users: [Identifier]
  public var schemas: [Identifier]
  public var revokes: Bool
  public var privileges: [RedshiftPrivilege]
  /// `TABLES`, `FUNCTIONS`, `PROCEDURES`.
  public var kind: String
  public var grantees: [RedshiftGrantee]
  public var withOption: Bool
}

public struct RedshiftRLSPolicy: Hashable, Sendable {
  public var name: Identifier
  public var ifNotExists: Bool
  public var columns: [RedshiftPolicyColumn]
  public var alias: Identifier?
  public var using: Expression
  /// The condition as written.
  public var text: String
}

public struct RedshiftPolicyColumn: Hashable, Sendable {
  public var name: Identifier
  public var type: RedshiftType
}

public struct RedshiftMaskingPolicy: Hashable, Sendable {
  public var name: Identifier
  public var ifNotExists: Bool
  public var columns: [RedshiftPolicyColumn]
  public var using: [Expression]
  /// The expressions as written, parted by commas.
  public var text: String
}

/// ATTACH and DETACH of policies.
public struct RedshiftPolicyTarget: Hashable, Sendable {
  public var policy: Identifier
  public var tables: [QualifiedName]
  /// Masking: the columns that are masked, and those that the policy reads.
  public var columns: [Identifier]
  public var using: [Identifier]
  public var grantees: [RedshiftGrantee]
  public var priority: Int?
}

/// A function's or procedure's name with its arguments' types, where given.
public struct RedshiftRoutineName: Hashable, Sendable {
  public var name: QualifiedName
  public var arguments: [RedshiftType]?
}

public struct RedshiftArgument: Hashable, Sendable {
  public enum Mode: String, Hashable, Sendable {
    case input = "IN"
    case output = "OUT"
    case both = "INOUT"
  }
  public var name: Identifier?
  public var mode: Mode
  public var type: RedshiftType
}

public struct RedshiftRoutine: Hashable, Sendable {
  public var name: QualifiedName
  public var orReplace: Bool
  public var arguments: [RedshiftArgument]
  public var returns: RedshiftType?
  /// `VOLATILE`, `STABLE`, `IMMUTABLE`.
  public var volatility: String?
  /// In lower case: `sql`, `plpythonu`, `plpgsql`.
  public var language: String
  public var body: String
  /// SECURITY DEFINER.
  public var securityDefiner: Bool
  public var nonatomic: Bool
  public var settings: [RedshiftSetting]
  /// The whole statement as written.
  public var text: String
}

public enum RedshiftAlterRoutine: Hashable, Sendable {
  case rename(Identifier)
  case owner(Identifier)
}
