import Engine
import Foundation
import SQL

extension Warehouse {
  /// Runs a query as the admin, and tells how many rows of tables the engine looked at: blocks whose values lie
  /// elsewhere are skipped, which is what sort keys are for.
  package func rowsScanned(_ text: String, database name: String) async throws -> Int {
    guard let user = catalog.user(settings.adminUser), let database = catalog.database(name),
      case .query(let query) = try RedshiftParser.statement(text), let session = ownSession(user, database)
    else { throw SQLFailure("42601", "a query is expected") }
    do {
      try await session.begin()
      let rows = try await session.rowsScanned(query)
      await session.close()
      return rows
    } catch {
      await session.close()
      throw error
    }
  }
}

extension WarehouseSession {
  fileprivate func rowsScanned(_ query: Query) async throws -> Int {
    let (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    let result = try await engine.run("EXPLAIN (ANALYZE, FORMAT json) \(sql)", policy: .everything)
    var text = ""
    while let chunk = try await result.next() {
      if chunk.rows > 0, let column = chunk.columns.last { text = column.string(0) }
    }
    return try JSONDecoder().decode(ProfiledOperator.self, from: Data(text.utf8)).rowsScanned
  }
}

/// An operator of the engine's profile.
private struct ProfiledOperator: Decodable {
  var operator_rows_scanned: Int?
  var children: [ProfiledOperator]?

  var rowsScanned: Int { (operator_rows_scanned ?? 0) + (children ?? []).reduce(0) { $0 + $1.rowsScanned } }
}
