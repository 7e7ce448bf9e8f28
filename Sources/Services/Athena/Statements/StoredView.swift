import Foundation
import GlueModel
import SQL

/// A view as Athena keeps it in Glue: JSON in base64 inside a comment, `/* Presto View: … */`.
struct StoredView: Sendable {
  var sql: String
  var catalog: String?
  var database: String?
  var columns: [Column]

  struct Column: Codable, Sendable {
    var name: String
    var type: String
  }

  private struct Content: Codable {
    var originalSql: String
    var catalog: String?
    var schema: String?
    var columns: [Column]
  }

  private static let opening = "/* Presto View: "
  private static let closing = " */"

  init(sql: String, catalog: String?, database: String?, columns: [Column]) {
    self.sql = sql
    self.catalog = catalog
    self.database = database
    self.columns = columns
  }

  /// - Returns: `nil` for a table.
  /// - Throws: `QueryFailure` for a view that somebody else's engine wrote.
  init?(_ table: Table) throws {
    guard table.tableType == "VIRTUAL_VIEW" else { return nil }
    guard let text = table.viewOriginalText, text.hasPrefix(Self.opening), text.hasSuffix(Self.closing),
      let data = Data(base64Encoded: String(text.dropFirst(Self.opening.count).dropLast(Self.closing.count))),
      let content = try? JSONDecoder().decode(Content.self, from: data)
    else { throw QueryFailure("INVALID_VIEW: Invalid view JSON: \(table.name)", type: 2) }
    self.init(
      sql: content.originalSql, catalog: content.catalog, database: content.schema, columns: content.columns)
  }

  var text: String {
    let content = Content(originalSql: sql, catalog: catalog, schema: database, columns: columns)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = (try? encoder.encode(content)) ?? Data()
    return Self.opening + json.base64EncodedString() + Self.closing
  }
}
