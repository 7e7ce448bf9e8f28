import SQL

/// Measures what a ruleset needs: all aggregates in one scan of the data, one question for each set of grouped columns,
/// and what stands alone by itself.
struct MeasurePlan: Sendable {
  let engine: any QualityEngine
  let data: QualityDataset

  func measure(_ measures: [Measure]) async throws -> Measured {
    var measured = Measured()
    var scanned: [Measure] = []
    var groups: [GroupKey: [Measure]] = [:]
    var order: [GroupKey] = []
    var questions: [Measure] = []
    var seen: Set<Measure> = []
    for measure in measures where seen.insert(measure).inserted {
      switch measure {
      case .aggregate: scanned.append(measure)
      case .group(let columns, let filter, _):
        let key = GroupKey(columns: columns, filter: filter)
        if groups[key] == nil { order.append(key) }
        groups[key, default: []].append(measure)
      case .question, .statement: questions.append(measure)
      }
    }
    var begin = 0
    var failures = 0
    while begin < scanned.count {
      let end = min(scanned.count, begin + QualityLimits.aggregatesPerQueryMax)
      try await scan(Array(scanned[begin..<end]), into: &measured, &failures)
      begin = end
    }
    for key in order { try await group(key, groups[key] ?? [], into: &measured) }
    for question in questions {
      try Task.checkCancellation()
      measured.set(question, await ask(question))
    }
    return measured
  }

  // MARK: The shared scan

  /// Where one aggregate cannot be computed, the others still can: a scan that fails is done by halves. Data that
  /// cannot be read at all is not read for ever.
  private func scan(_ measures: [Measure], into measured: inout Measured, _ failures: inout Int) async throws {
    guard !measures.isEmpty else { return }
    try Task.checkCancellation()
    let items = measures.map { "CAST(\(Self.expression($0)) AS DOUBLE)" }
    do {
      let list = items.joined(separator: ", ")
      let rows = try await engine.rows("SELECT \(list) FROM \(data.relation) AS \"primary\"")
      for (index, measure) in measures.enumerated() {
        let value = rows.first.flatMap { index < $0.count ? $0[index].number : nil }
        measured.set(measure, .success(value))
      }
    } catch {
      try Self.passOnCancellation(error)
      failures += 1
      guard measures.count > 1, failures < QualityLimits.failedScansMax else {
        for measure in measures { measured.set(measure, .failure(.error(QualityMessage.text(error)))) }
        return
      }
      try await scan(Array(measures.prefix(measures.count / 2)), into: &measured, &failures)
      try await scan(Array(measures.dropFirst(measures.count / 2)), into: &measured, &failures)
    }
  }

  private static func expression(_ measure: Measure) -> String {
    guard case .aggregate(let text, let filter) = measure else { return "NULL" }
    return filter.map { "\(text) FILTER (WHERE \($0))" } ?? text
  }

  // MARK: Groups

  private struct GroupKey: Hashable {
    var columns: [String]
    var filter: String?
  }

  private func group(_ key: GroupKey, _ measures: [Measure], into measured: inout Measured) async throws {
    try Task.checkCancellation()
    let columns = key.columns.map(DuckDBText.identifier)
    let present = "(" + columns.map { "\($0) IS NOT NULL" }.joined(separator: " OR ") + ")"
    let filter = key.filter.map { "\(present) AND \($0)" } ?? present
    let wantsEntropy = measures.contains { if case .group(_, _, .entropy) = $0 { true } else { false } }
    let entropy = wantsEntropy ? "CASE WHEN sum(n) > 0 THEN ln(sum(n)) - sum(n * ln(n)) / sum(n) END" : "NULL"
    do {
      let rows = try await engine.rows(
        """
        SELECT CAST(coalesce(sum(n), 0) AS DOUBLE), CAST(count(*) AS DOUBLE), \
        CAST(count(*) FILTER (WHERE n = 1) AS DOUBLE), CAST(\(entropy) AS DOUBLE) \
        FROM (SELECT count(*) AS n FROM \(data.relation) AS "primary" WHERE \(filter) \
        GROUP BY \(columns.joined(separator: ", ")))
        """)
      for measure in measures {
        guard case .group(_, _, let wanted) = measure else { continue }
        let value = rows.first.flatMap { wanted.rawValue < $0.count ? $0[wanted.rawValue].number : nil }
        measured.set(measure, .success(value))
      }
    } catch {
      try Self.passOnCancellation(error)
      for measure in measures { measured.set(measure, .failure(.error(QualityMessage.text(error)))) }
    }
  }

  // MARK: Questions

  private func ask(_ measure: Measure) async -> Result<Double?, RuleFailure> {
    do {
      switch measure {
      case .question(let sql):
        return .success(try await engine.rows(sql).first?.first?.number)
      case .statement(let sql):
        let rows = try await engine.rows(sql)
        guard rows.count == 1 else { return .failure(.failed("Custom SQL did not return exactly 1 row")) }
        guard rows[0].count == 1 else { return .failure(.failed("Custom SQL did not return exactly 1 column")) }
        return .success(rows[0][0].number)
      case .aggregate, .group: return .failure(.error("Missing Analysis, can't run the constraint!"))
      }
    } catch {
      return .failure(.error(QualityMessage.text(error)))
    }
  }

  private static func passOnCancellation(_ error: any Error) throws {
    if error is CancellationError || Task.isCancelled { throw CancellationError() }
  }
}

/// Messages that are told about rules.
enum QualityMessage {
  static func text(_ error: any Error) -> String { cut("\(error)") }

  static func cut(_ text: String) -> String {
    text.count <= QualityLimits.messageCharactersMax
      ? text : text.prefix(QualityLimits.messageCharactersMax - 1) + "…"
  }

  static func unmet(_ value: String) -> String { "Value: \(value) does not meet the constraint requirement!" }
  static func unmet(_ value: Double) -> String { unmet(JavaNumber.text(value)) }
  /// For rules whose value is a whole number.
  static func unmet(whole value: Double) -> String { unmet(JavaNumber.whole(value)) }

  static func empty(_ analyzer: String) -> String {
    "Empty state for analyzer \(analyzer), all input values were NULL."
  }
}
