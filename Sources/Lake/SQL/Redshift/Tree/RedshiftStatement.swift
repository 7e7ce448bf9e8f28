/// One statement of Redshift's language.
public indirect enum RedshiftStatement: Hashable, Sendable {
  case query(Query)
  /// `SELECT … INTO [TEMP] [TABLE] name FROM …`.
  case selectInto(RedshiftSelectInto)

  case insert(RedshiftInsert)
  case update(RedshiftUpdate)
  case delete(RedshiftDelete)
  case merge(RedshiftMerge)
  case truncate(QualifiedName)
  case copy(RedshiftCopy)
  case unload(RedshiftUnload)

  case createTable(RedshiftCreateTable)
  case createTableAs(RedshiftCreateTableAs)
  case alterTable(QualifiedName, RedshiftAlterTable)
  case dropTable([QualifiedName], ifExists: Bool, cascade: Bool)
  case createView(RedshiftCreateView)
  case dropView([QualifiedName], ifExists: Bool, cascade: Bool)
  case createMaterializedView(RedshiftMaterializedView)
  case alterMaterializedView(QualifiedName, RedshiftAlterMaterializedView)
  case refreshMaterializedView(QualifiedName, RedshiftDropBehavior)
  case dropMaterializedView([QualifiedName], ifExists: Bool, cascade: Bool)

  case createSchema(RedshiftCreateSchema)
  case alterSchema(Identifier, RedshiftAlterSchema)
  case dropSchema([Identifier], ifExists: Bool, cascade: Bool, dropExternalDatabase: Bool)
  case createExternalSchema(RedshiftExternalSchema)
  case createExternalTable(RedshiftExternalTable)
  case alterExternalTable(QualifiedName, RedshiftAlterExternalTable)
  case createDatabase(RedshiftCreateDatabase)
  case alterDatabase(Identifier, RedshiftAlterDatabase)
  case dropDatabase(Identifier, ifExists: Bool, force: Bool)

  case createFunction(RedshiftRoutine)
  case createProcedure(RedshiftRoutine)
  case dropRoutine(RedshiftRoutineName, procedure: Bool, ifExists: Bool, cascade: Bool)
  case alterRoutine(RedshiftRoutineName, procedure: Bool, RedshiftAlterRoutine)
  case call(QualifiedName, [Expression])

  case createUser(RedshiftCreateUser)
  case alterUser(Identifier, RedshiftAlterUser)
  case dropUser([Identifier], ifExists: Bool)
  case createGroup(Identifier, users: [Identifier])
  case alterGroup(Identifier, RedshiftAlterGroup)
  case dropGroup(Identifier)
  case createRole(Identifier, externalID: String?, orReplace: Bool)
  case alterRole(Identifier, RedshiftAlterRole)
  case dropRole(Identifier, force: Bool)
  case grant(RedshiftGrant)
  case revoke(RedshiftGrant)
  case alterDefaultPrivileges(RedshiftDefaultPrivileges)

  case createRLSPolicy(RedshiftRLSPolicy)
  case alterRLSPolicy(Identifier, using: Expression)
  case dropRLSPolicy(Identifier, ifExists: Bool, cascade: Bool)
  case attachRLSPolicy(RedshiftPolicyTarget)
  case detachRLSPolicy(RedshiftPolicyTarget)
  case createMaskingPolicy(RedshiftMaskingPolicy)
  case alterMaskingPolicy(Identifier, using: [Expression])
  case dropMaskingPolicy(Identifier)
  case attachMaskingPolicy(RedshiftPolicyTarget)
  case detachMaskingPolicy(RedshiftPolicyTarget)

  case begin(RedshiftTransactionMode)
  case commit
  case rollback
  case lock([QualifiedName])
  case declareCursor(Identifier, Query)
  case fetch(RedshiftFetch)
  case closeCursor(Identifier?)
  case prepare(Identifier, types: [RedshiftType], RedshiftStatement)
  case execute(Identifier, [Expression])
  /// `nil` is ALL.
  case deallocate(Identifier?)

  case set(RedshiftSetting)
  case setSessionAuthorization(String?)
  /// `SHOW name`, `SHOW ALL` (`all`).
  case show(String)
  case showObjects(RedshiftShow)
  /// `nil` is ALL.
  case reset(String?)

  case vacuum(RedshiftVacuum)
  case analyze(RedshiftAnalyze)
  case analyzeCompression(QualifiedName?, columns: [Identifier], rows: Int?)
  case explain(RedshiftStatement, verbose: Bool)
  case comment(RedshiftComment)
  case cancel(processID: Int, message: String?)
  /// Statements that are understood but do nothing here that could be seen, e.g. `USE`; words as written.
  case use(Identifier)
  case empty
}

public enum RedshiftDropBehavior: String, Hashable, Sendable {
  case none = ""
  case cascade = "CASCADE"
  case restrict = "RESTRICT"
}

public struct RedshiftSelectInto: Hashable, Sendable {
  public var name: QualifiedName
  public var temporary: Bool
  public var query: Query
}

public struct RedshiftInsert: Hashable, Sendable {
  public enum Source: Hashable, Sendable {
    case query(Query)
    case defaultValues
  }
  public var table: QualifiedName
  public var columns: [Identifier]?
  public var source: Source
}

public struct RedshiftUpdate: Hashable, Sendable {
  public var with: WithClause?
  public var table: QualifiedName
  public var alias: Identifier?
  public var assignments: [Assignment]
  public var from: [Relation]
  public var filter: Expression?
}

public struct RedshiftDelete: Hashable, Sendable {
  public var with: WithClause?
  public var table: QualifiedName
  public var alias: Identifier?
  public var using: [Relation]
  public var filter: Expression?
}

public struct RedshiftMerge: Hashable, Sendable {
  public enum Action: Hashable, Sendable {
    case update([Assignment])
    case delete
    case insert(columns: [Identifier]?, values: [Expression])
  }
  public struct Case: Hashable, Sendable {
    public var matched: Bool
    public var action: Action
  }
  public var target: QualifiedName
  public var alias: Identifier?
  public var source: Relation
  public var condition: Expression
  /// Empty with `removeDuplicates`.
  public var cases: [Case]
  public var removeDuplicates: Bool
}

public struct RedshiftTransactionMode: Hashable, Sendable {
  /// `SERIALIZABLE`, `READ COMMITTED`, …, as written, in upper case.
  public var isolation: String?
  public var readOnly: Bool?
}

public struct RedshiftFetch: Hashable, Sendable {
  public enum Amount: Hashable, Sendable {
    case next
    case all
    case forward(Int)
    case forwardAll
  }
  public var amount: Amount
  public var cursor: Identifier
}

public struct RedshiftSetting: Hashable, Sendable {
  /// In lower case; `timezone` for TIME ZONE, `seed` for SEED, `query_group`, `session_characteristics`.
  public var name: String
  /// Values as text; empty for DEFAULT.
  public var values: [String]
  public var isDefault: Bool
  /// SET LOCAL.
  public var local: Bool
}

public struct RedshiftVacuum: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case full = "FULL"
    case sortOnly = "SORT ONLY"
    case deleteOnly = "DELETE ONLY"
    case reindex = "REINDEX"
    case recluster = "RECLUSTER"
  }
  public var kind: Kind
  public var table: QualifiedName?
  public var thresholdPercent: Int?
  public var boost: Bool
}

public struct RedshiftAnalyze: Hashable, Sendable {
  public var verbose: Bool
  public var table: QualifiedName?
  public var columns: [Identifier]
  public var predicateColumnsOnly: Bool
}

public struct RedshiftComment: Hashable, Sendable {
  /// `TABLE`, `COLUMN`, `VIEW`, `SCHEMA`, `DATABASE`, `FUNCTION`, `CONSTRAINT`, …, in upper case.
  public var kind: String
  public var name: QualifiedName
  /// The table of a constraint.
  public var on: QualifiedName?
  public var text: String?
}
