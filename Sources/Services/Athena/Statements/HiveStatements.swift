import GlueModel
import Kernel
import SQL

/// Athena's DDL: statements that read or change the Glue catalog and touch no data.
struct HiveStatements: Sendable {
  let glue: any GlueAPI
  let s3: LakeListing
  let job: QueryJob

  /// Runs one statement.
  /// - Throws: `QueryFailure` in Hive's words, or what Glue refused.
  func run(_ statement: HiveStatement) async throws -> TextResult {
    switch statement {
    case .createTable(let table): try await create(table)
    case .createDatabase(let database): try await create(database)
    case .dropDatabase(let name, let ifExists, let cascade):
      try await dropDatabase(name.key, ifExists: ifExists, cascade: cascade)
    case .setDatabaseProperties(let name, let properties): try await setProperties(ofDatabase: name.key, properties)
    case .dropTable(let name, let ifExists): try await dropTable(name, ifExists: ifExists)
    case .alterTable(let name, let change): try await alter(name, change)
    case .repairTable(let name): try await repair(name)
    case .showDatabases(let pattern): try await showDatabases(pattern)
    case .showTables(let database, let pattern): try await showTables(database?.key, pattern, views: false)
    case .showViews(let database, let pattern): try await showTables(database?.key, pattern, views: true)
    case .showPartitions(let name): try await showPartitions(name)
    case .showColumns(let name): try await showColumns(name)
    case .showCreateTable(let name): try await showCreateTable(name)
    case .showCreateView(let name): try await showCreateView(name)
    case .showTableProperties(let name, let property): try await showProperties(name, property)
    case .describe(let described): try await describe(described)
    }
  }

  // MARK: - Names

  /// Database and table of a name, both in lower case.
  func place(_ name: QualifiedName) -> (database: String, table: String) {
    let parts = name.parts.suffix(2).map(\.key)
    return parts.count == 2 ? (parts[0], parts[1]) : (job.database, parts.first ?? "")
  }

  /// The table that the catalog has under a name.
  /// - Returns: `nil` when there is none; everything else that Glue refuses, access above all, is thrown.
  func tableIfAny(_ name: QualifiedName) async throws -> Table? {
    let (database, table) = place(name)
    do {
      return try await glue.getTable(GetTableInput(databaseName: database, name: table), job.context).table
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      return nil
    }
  }

  func table(_ name: QualifiedName) async throws -> Table {
    if let found = try await tableIfAny(name) { return found }
    let (database, table) = place(name)
    throw QueryFailure(
      "FAILED: SemanticException [Error 10001]: Table not found \(database).\(table)", category: 2, type: 1200)
  }

  func databaseExists(_ name: String) async throws -> Bool {
    do {
      return try await glue.getDatabase(GetDatabaseInput(name: name), job.context).database != nil
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      return false
    }
  }

  static func pattern(_ pattern: String?) -> (String) -> Bool {
    guard let pattern else { return { _ in true } }
    // Hive's patterns: * for any run, | between choices; case does not matter.
    let choices = pattern.lowercased().split(separator: "|").map { Array($0) }
    return { name in choices.contains { Wildcard.matches(Array(name.lowercased()), $0) } }
  }
}

extension HiveStatement {
  /// Whether the statement shows something. All others only change the catalog.
  var hasOutput: Bool {
    switch self {
    case .repairTable, .showDatabases, .showTables, .showViews, .showPartitions, .showColumns, .showCreateTable,
      .showCreateView, .showTableProperties, .describe:
      true
    case .createTable, .createDatabase, .dropDatabase, .setDatabaseProperties, .dropTable, .alterTable: false
    }
  }
}

/// Text output of a statement: its columns, and a line a row.
struct TextResult: Sendable {
  var columns: [ResultColumn] = []
  var lines: [String] = []

  static let nothing = TextResult()

  static func strings(_ name: String, _ lines: [String]) -> TextResult {
    TextResult(columns: [column(name)], lines: lines)
  }
  static func column(_ name: String) -> ResultColumn {
    ResultColumn(name: name, type: "string", precision: 0, scale: 0)
  }
}

/// Matching with `*`, without backtracking past the last star.
enum Wildcard {
  static func matches(_ text: [Character], _ pattern: [Character]) -> Bool {
    var (position, place) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while position < text.count {
      if place < pattern.count, pattern[place] == "*" {
        star = (place, position)
        place += 1
      } else if place < pattern.count, pattern[place] == text[position] {
        place += 1
        position += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        place = last.pattern + 1
        position = last.text + 1
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == "*" }
  }
}
