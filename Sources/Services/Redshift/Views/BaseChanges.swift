import Engine
import SQL

/// What materialized views remember of the tables that they read.
///
/// Rows that are only added are told from the older ones by their places in the engine's table. Everything else
/// (UPDATE, DELETE, MERGE, TRUNCATE) leaves a row in a table of its own, in its transaction; rows are only added to
/// that one, so that nobody waits for it.
extension WarehouseSession {
  /// Notes that rows of a relation were changed or removed, where a materialized view reads it.
  func noteChange(of relation: Int) async throws {
    let isRead = [warehouse.catalog, catalog].contains { catalog in
      catalog.relations.values.contains { view in
        view.materialization?.bases.contains { $0.relation == relation } ?? false
      }
    }
    guard isRead else { return }
    try await engine.execute(
      "INSERT INTO \(CatalogTable.changes) VALUES ($1)", [.int(Int64(relation))], policy: .everything)
  }

  /// Where a table stands now.
  func base(_ relation: CatalogRelation) async throws -> CatalogRelation.Base {
    let values = try await numbers(
      "SELECT count(*), coalesce(max(rowid), -1), (SELECT count(*) FROM \(CatalogTable.changes) "
        + "WHERE relation = \(relation.id)) FROM \(CatalogTable.table(of: relation))")
    return CatalogRelation.Base(
      relation: relation.id, storage: relation.storage ?? relation.id, rows: values[0], highest: values[1],
      changes: values[2])
  }

  /// Whether a table's rows of a former moment are all still there as they were.
  func hasOnlyGrown(_ relation: CatalogRelation, _ before: CatalogRelation.Base, _ now: CatalogRelation.Base)
    async throws -> Bool
  {
    guard before.storage == now.storage, before.changes == now.changes, now.rows >= before.rows else { return false }
    // The engine may number rows anew where some were removed: then other rows are below the mark.
    let kept = try await numbers(
      "SELECT count(*) FROM \(CatalogTable.table(of: relation)) WHERE rowid <= \(before.highest)")
    return kept[0] == before.rows
  }

  private func numbers(_ sql: String) async throws -> [Int64] {
    let result = try await engine.run(sql, policy: .everything)
    var values: [Int64] = []
    while let chunk = try await result.next() {
      if chunk.rows > 0, values.isEmpty { values = chunk.columns.map { $0.isNull(0) ? 0 : $0.integer(0) } }
    }
    guard !values.isEmpty else { throw SQLFailure("XX000", "the engine gave no number") }
    return values
  }
}
