public import Kernel
public import Storage

/// The data catalog without HTTP: databases, tables and partitions, for Glue's own handlers and, in process, for
/// Firehose, Athena and Lake Formation.
///
/// Each call is made with a `RequestContext` and authorised with its principal for the Glue action that it is
/// (`glue:GetTable` …) on the catalog, the database and the table, as AWS does. A service that was handed a role
/// calls with the role's session (`RoleBroker.assume`). Names are folded to lower case. Every change is on disk when
/// the call returns. Errors are Glue's (`EntityNotFoundException`, `AlreadyExistsException` …).
///
///     let table = try await glue.catalog.table("events", in: "lake", context: context)
///     let recent = { $0[0] >= "2026-01-01" }
///     try await glue.catalog.partitions(of: "events", in: "lake", where: recent, context: context) {
///       print($0.values, $0.storage?.location ?? "")
///       return true
///     }
public struct GlueCatalog: Sendable {
  let keys: any KeyStore
  let clock: any WallClock

  public init(keys: any KeyStore, clock: any WallClock) {
    self.keys = keys
    self.clock = clock
  }

  static func fold(_ name: String) -> String { name.lowercased() }
}

/// The ARNs that an action on the catalog is authorised on: the resource and all that it lies in.
struct CatalogResources {
  let context: RequestContext

  private func arn(_ resource: String) -> String { context.arn("glue", resource).description }
  var catalog: [String] { [arn("catalog")] }
  func database(_ name: String) -> [String] { catalog + [arn("database/\(name)")] }
  func table(_ name: String, in database: String) -> [String] {
    self.database(database) + [arn("table/\(database)/\(name)")]
  }
  func function(_ name: String, in database: String) -> [String] {
    self.database(database) + [arn("userDefinedFunction/\(database)/\(name)")]
  }
}

extension RequestContext {
  var catalogKeys: CatalogKeys { CatalogKeys(scope) }
  var catalogResources: CatalogResources { CatalogResources(context: self) }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func database(_ name: String, _ keys: CatalogKeys) throws -> CatalogDatabase {
    guard let database = try get(keys.database(name), as: CatalogDatabase.self) else {
      throw CatalogError.noDatabase(name)
    }
    return database
  }

  /// - Throws: `EntityNotFoundException` for the database or the table.
  func table(_ name: String, in database: String, _ keys: CatalogKeys) throws -> CatalogTable {
    if let table = try get(keys.table(name, in: database), as: CatalogTable.self) { return table }
    _ = try self.database(database, keys)
    throw CatalogError.noTable(name)
  }
}
