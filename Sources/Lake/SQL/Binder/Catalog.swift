public import Kernel

/// What the binder asks for tables and views. It is asked synchronously: an executor whose catalogue answers later
/// fetches first, with `CatalogSnapshot`.
public protocol SQLCatalog {
  /// - Parameters:
  ///   - catalog: in lower case; `nil` when the statement names none.
  ///   - database: in lower case.
  ///   - name: in lower case.
  /// - Returns: `nil` when there is no such table.
  func table(catalog: String?, database: String, name: String) throws -> BoundTable?

  /// What is missing where `table` found none.
  func absence(catalog: String?, database: String, name: String) throws -> TableAbsence
}

extension SQLCatalog {
  public func absence(catalog: String?, database: String, name: String) -> TableAbsence { .table }
}

/// Why there is no table of a name.
public enum TableAbsence: Hashable, Sendable {
  case catalog, database, table
}

/// A table or a view as the catalogue describes it.
public struct BoundTable: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    /// Data columns, then partition columns.
    case table(columns: [BoundColumn], partitionColumns: [BoundColumn])
    case view(ViewDefinition)
  }
  public var catalog: String
  public var database: String
  public var name: String
  public var content: Content

  public init(catalog: String = "awsdatacatalog", database: String, name: String, content: Content) {
    self.catalog = catalog
    self.database = database
    self.name = name
    self.content = content
  }

  /// All columns in the order of `SELECT *`.
  public var columns: [BoundColumn] {
    switch content {
    case .table(let columns, let partitionColumns): columns + partitionColumns
    case .view(let view): view.columns
    }
  }
}

public struct BoundColumn: Hashable, Sendable {
  public var name: String
  public var type: SQLType

  public init(_ name: String, _ type: SQLType) {
    self.name = name
    self.type = type
  }
  public init(_ name: String, _ type: HiveType) {
    self.init(name, type.sqlType)
  }
}

/// A view: its query, and where its unqualified names are looked up.
public struct ViewDefinition: Hashable, Sendable {
  public var sql: String
  public var catalog: String?
  public var database: String?
  /// What the view was created with; the query's columns are converted to these.
  public var columns: [BoundColumn]

  public init(sql: String, catalog: String? = nil, database: String? = nil, columns: [BoundColumn]) {
    self.sql = sql
    self.catalog = catalog
    self.database = database
    self.columns = columns
  }
}

/// What a statement sees beside its text.
public struct SQLSession: Hashable, Sendable {
  /// `awsdatacatalog` for Glue's.
  public var catalog: String
  /// The database of names that give none.
  public var database: String
  /// The start of the query, which `now()` and `current_date` answer.
  public var now: Timestamp
  public var user: String

  public init(catalog: String = "awsdatacatalog", database: String = "default", now: Timestamp, user: String = "") {
    self.catalog = catalog
    self.database = database
    self.now = now
    self.user = user
  }
}

/// A table's full name, in lower case.
public struct TableName: Hashable, Sendable, CustomStringConvertible {
  /// `nil` when the statement names none: the session's.
  public var catalog: String?
  public var database: String
  public var name: String

  public init(catalog: String? = nil, database: String, name: String) {
    self.catalog = catalog
    self.database = database
    self.name = name
  }
  public var description: String { (catalog.map { $0 + "." } ?? "") + database + "." + name }

  /// Completes a name as written. Of four parts and more there are none.
  init?(_ name: QualifiedName, catalog: String?, database: String) {
    let parts = name.parts.map(\.key)
    switch parts.count {
    case 1: self.init(catalog: catalog, database: database, name: parts[0])
    case 2: self.init(catalog: catalog, database: parts[0], name: parts[1])
    case 3: self.init(catalog: parts[0], database: parts[1], name: parts[2])
    default: return nil
    }
  }
}

/// The tables that one statement needs, fetched beforehand.
public struct CatalogSnapshot: SQLCatalog, Sendable {
  public private(set) var tables: [TableName: BoundTable] = [:]
  private var absences: [TableName: TableAbsence] = [:]

  public init() {}

  public func absence(catalog: String?, database: String, name: String) -> TableAbsence {
    absences[TableName(catalog: catalog, database: database, name: name)] ?? .table
  }

  public func table(catalog: String?, database: String, name: String) -> BoundTable? {
    tables[TableName(catalog: catalog, database: database, name: name)]
  }

  /// Asks `fetch` once for every table that `statement` names, and for those that the views found name in turn.
  /// Names of `WITH` queries are not asked for unless they are qualified.
  /// - Parameter absence: asked about a table that `fetch` did not find.
  public static func load(
    for statement: Statement, session: SQLSession, fetch: (TableName) async throws -> BoundTable?,
    absence: (TableName) async throws -> TableAbsence = { _ in .table }
  ) async throws -> CatalogSnapshot {
    var snapshot = CatalogSnapshot()
    var asked: Set<TableName> = []
    var queue = TableNames.of(statement).compactMap {
      TableName($0, catalog: session.catalog, database: session.database.lowercased())
    }
    var index = 0
    while index < queue.count {
      let name = queue[index]
      index += 1
      guard asked.insert(name).inserted else { continue }
      guard let table = try await fetch(name) else {
        snapshot.absences[name] = try await absence(name)
        continue
      }
      snapshot.tables[name] = table
      if case .view(let view) = table.content, let query = try? SQLParser.query(view.sql) {
        queue += TableNames.of(.query(query)).compactMap {
          TableName(
            $0, catalog: view.catalog?.lowercased() ?? table.catalog,
            database: (view.database ?? table.database).lowercased())
        }
      }
    }
    return snapshot
  }
}
