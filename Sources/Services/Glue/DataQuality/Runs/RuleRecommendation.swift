import DataQuality
import Kernel
import SQL

/// Rules that data fulfils as it is now, with some room for what is to come: what AWS recommends for a table.
struct RuleRecommendation: Sendable {
  let data: QualityDataset
  let engine: any QualityEngine

  private struct Facts {
    var present: Double
    var different: Double
    var least: Double?
    var most: Double?
    var deviation: Double?
    var shortest: Double?
    var longest: Double?
  }

  /// - Throws: `RunFailure` for data that cannot be read; `CancellationError`.
  func ruleset() async throws -> String {
    let columns = data.columns.filter(Self.isPlain).prefix(DataQualityLimits.recommendedColumnsMax)
    let (rows, facts) = try await facts(Array(columns))
    var rules = ["RowCount between \(Self.whole(rows / 2, .down)) and \(Self.whole(rows * 2, .up))"]
    if rows == 0 { rules = ["RowCount >= 0"] }
    rules.append("ColumnCount = \(data.columns.count)")
    for (column, facts) in zip(columns, facts) where rows > 0 {
      rules += try await self.rules(column, facts, rows)
    }
    return "Rules = [\n" + rules.map { "    \($0)" }.joined(separator: ",\n") + "\n]"
  }

  private static func isPlain(_ column: QualityDataset.Column) -> Bool {
    !column.type.hasSuffix("]") && !column.type.hasPrefix("STRUCT") && !column.type.hasPrefix("MAP")
      // DQDL has no way to write a backslash in a column's name.
      && !column.name.contains("\\")
  }

  private static func isNumeric(_ column: QualityDataset.Column) -> Bool {
    ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE"].contains(column.type)
      || column.type.hasPrefix("DECIMAL")
  }

  /// One scan of the data.
  private func facts(_ columns: [QualityDataset.Column]) async throws -> (Double, [Facts]) {
    var items = ["count(*)"]
    for column in columns {
      let name = DuckDBText.identifier(column.name)
      let number = Self.isNumeric(column) ? "CAST(\(name) AS DOUBLE)" : "NULL"
      let length = column.type == "VARCHAR" ? "length(\(name))" : "NULL"
      items += [
        "count(\(name))", "approx_count_distinct(\(name))", "min(\(number))", "max(\(number))", "stddev_pop(\(number))",
        "min(\(length))", "max(\(length))",
      ]
    }
    let casts = items.map { "CAST(\($0) AS DOUBLE)" }.joined(separator: ", ")
    let row: [QualityValue]
    do {
      row = try await engine.rows("SELECT \(casts) FROM \(data.relation) AS t").first ?? []
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw RunFailure(message: "\(error)")
    }
    func value(_ index: Int) -> Double? {
      if index < row.count, case .number(let value) = row[index], value.isFinite { value } else { nil }
    }
    let facts = columns.indices.map { index -> Facts in
      let first = 1 + index * 7
      return Facts(
        present: value(first) ?? 0, different: value(first + 1) ?? 0, least: value(first + 2),
        most: value(first + 3), deviation: value(first + 4), shortest: value(first + 5), longest: value(first + 6))
    }
    return (value(0) ?? 0, facts)
  }

  private func rules(
    _ column: QualityDataset.Column, _ facts: Facts, _ rows: Double
  ) async throws -> [String] {
    let name = "\"\(column.name.replacing("\"", with: "\\\""))\""
    var rules: [String] = []
    let complete = facts.present / rows
    if complete == 1 {
      rules.append("IsComplete \(name)")
    } else if complete > 0 {
      rules.append("Completeness \(name) >= \(Self.fraction(max(0, complete - 0.05)))")
    }
    // Counts of different values are estimates; only where all seem different is the exact question asked.
    if facts.present > 1, facts.different >= facts.present * 0.9, try await isUnique(column) {
      rules.append("Uniqueness \(name) > 0.95")
    } else if facts.different > 0, facts.different <= Double(DataQualityLimits.recommendedValuesMax),
      column.type == "VARCHAR" || ["TINYINT", "SMALLINT", "INTEGER", "BIGINT"].contains(column.type),
      let values = try await values(column)
    {
      let null = complete < 1 ? [",NULL"] : []
      rules.append("ColumnValues \(name) in [\(values.joined(separator: ","))\(null.joined())]")
    }
    if let deviation = facts.deviation, deviation > 0, deviation < Self.writtenMax {
      let (low, high) = (Self.fraction(deviation * 0.95), Self.fraction(deviation * 1.05))
      if low != high { rules.append("StandardDeviation \(name) between \(low) and \(high)") }
    }
    if let least = facts.least, let most = facts.most, complete == 1, max(abs(least), abs(most)) < Self.writtenMax {
      rules.append("ColumnValues \(name) between \(Self.fraction(least - 1)) and \(Self.fraction(most + 1))")
    }
    if let shortest = facts.shortest, let longest = facts.longest, complete == 1 {
      rules.append(
        "ColumnLength \(name) between \(Self.whole(shortest - 1, .down)) and \(Self.whole(longest + 1, .up))")
    }
    return rules
  }

  private func isUnique(_ column: QualityDataset.Column) async throws -> Bool {
    let name = DuckDBText.identifier(column.name)
    let row = try await engine.rows(
      "SELECT CAST(count(*) = count(DISTINCT \(name)) AS BOOLEAN) FROM \(data.relation) AS t WHERE \(name) IS NOT NULL")
    return row.first?.first == .bool(true)
  }

  /// A column's values as a rule writes them; `nil` where there are too many, or one cannot be written.
  private func values(_ column: QualityDataset.Column) async throws -> [String]? {
    let name = DuckDBText.identifier(column.name)
    let rows = try await engine.rows(
      "SELECT CAST(\(name) AS VARCHAR) AS v FROM \(data.relation) AS t WHERE \(name) IS NOT NULL GROUP BY 1 "
        + "ORDER BY count(*) DESC, v LIMIT \(DataQualityLimits.recommendedValuesMax + 1)")
    guard rows.count <= DataQualityLimits.recommendedValuesMax else { return nil }
    var values: [String] = []
    for row in rows {
      guard case .text(let text)? = row.first else { return nil }
      guard column.type == "VARCHAR" else {
        values.append(text)
        continue
      }
      // What looks like a day or a time would be one to DQDL.
      guard !text.contains("\\"), !text.contains("\""), !text.contains("-"), !text.contains(":") else { return nil }
      values.append("\"\(text)\"")
    }
    return values
  }

  // MARK: Numbers as DQDL writes them

  /// DQDL has no exponents; rules about numbers beyond this are not recommended.
  private static let writtenMax = 1e15

  private static func whole(_ value: Double, _ rule: FloatingPointRoundingRule) -> String {
    Int64(exactly: value.rounded(rule)).map(String.init) ?? fraction(value)
  }

  /// Digits and two behind the point, without an exponent.
  private static func fraction(_ value: Double) -> String {
    let hundredths = Int64(clamping: Int128(exactly: (value * 100).rounded()) ?? 0)
    let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let digits = rest == 0 ? "" : rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)"
    return "\(hundredths < 0 ? "-" : "")\(whole)\(digits)"
  }
}
