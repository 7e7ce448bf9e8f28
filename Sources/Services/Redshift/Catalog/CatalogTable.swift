import Engine
import Foundation

/// The table of the database file that keeps the catalog, one row an object.
enum CatalogTable {
  /// The file's name in the engine, the schema of our own things, and the one that holds everybody's rows.
  static let file = "warehouse"
  static let own = "\(file).\"$catalog\""
  static let data = "\(file).data"
  static let entries = "\(own).entries"
  /// A row for each statement that changed or removed rows of a table that materialized views read.
  static let changes = "\(own).changes"

  static let creation = [
    "CREATE SCHEMA IF NOT EXISTS \(own)", "CREATE SCHEMA IF NOT EXISTS \(data)",
    "CREATE TABLE IF NOT EXISTS \(entries) (kind VARCHAR NOT NULL, id BIGINT NOT NULL, value VARCHAR NOT NULL)",
    "CREATE TABLE IF NOT EXISTS \(changes) (relation BIGINT NOT NULL)",
  ]

  /// The engine's table of a relation.
  static func table(of relation: CatalogRelation) -> String {
    "\(relation.isTemporary ? "temp.main" : data).t\(relation.storage ?? relation.id)"
  }

  static func sequence(of relation: CatalogRelation, column: Int) -> String {
    relation.isTemporary ? "temp.main.q\(relation.id)_\(column)" : "\(data).q\(relation.id)_\(column)"
  }

  /// Writes a change in the session's transaction.
  static func write(_ change: CatalogChange, with session: EngineSession) async throws {
    let key = change.key
    try await session.execute(
      "DELETE FROM \(entries) WHERE kind = $1 AND id = $2", [.string(key.kind.rawValue), .int(Int64(key.id))],
      policy: .everything)
    guard case .put(let entry) = change else { return }
    let value = String(decoding: try JSONEncoder().encode(entry), as: UTF8.self)
    try await session.execute(
      "INSERT INTO \(entries) VALUES ($1, $2, $3)",
      [.string(key.kind.rawValue), .int(Int64(key.id)), .string(value)], policy: .everything)
  }

  static func load(with session: EngineSession) async throws -> Catalog {
    var catalog = Catalog()
    let result = try await session.run("SELECT kind, value FROM \(entries)", policy: .everything)
    let decoder = JSONDecoder()
    while let chunk = try await result.next() {
      for row in 0..<chunk.rows {
        guard let kind = CatalogKind(rawValue: chunk.columns[0].string(row)) else { continue }
        let value = Data(chunk.columns[1].bytes(row))
        let entry: any CatalogEntry =
          switch kind {
          case .database: try decoder.decode(CatalogDatabase.self, from: value)
          case .schema: try decoder.decode(CatalogSchema.self, from: value)
          case .relation: try decoder.decode(CatalogRelation.self, from: value)
          case .routine: try decoder.decode(CatalogRoutine.self, from: value)
          case .user: try decoder.decode(CatalogUser.self, from: value)
          case .group: try decoder.decode(CatalogGroup.self, from: value)
          case .policy: try decoder.decode(CatalogPolicy.self, from: value)
          }
        catalog.apply(.put(entry))
      }
    }
    return catalog
  }
}
