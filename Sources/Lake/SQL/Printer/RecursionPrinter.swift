/// `WITH` queries, and recursion written out as Trino does it: step upon step, to a fixed depth, whose last must be
/// empty. The rows and the refusal are Trino's, and a recursion without end costs no more than its steps.
extension DuckDBPrinter {
  func commonTable(_ common: CommonTable) -> [String] {
    let columns = columnList(common.query.columns.count)
    guard common.recursive, case .setOperation(_, let all, let terms) = common.query.body, terms.count == 2 else {
      return ["w\(common.number)(\(columns)) AS (\(query(common.query, names: nil)))"]
    }
    // Materialized, so that a step that names the query twice does not double the work of all before it.
    func step(_ depth: Int) -> String { "w\(common.number)_\(depth)" }
    var tables = ["\(step(0))(\(columns)) AS MATERIALIZED (\(query(terms[0], names: nil)))"]
    for depth in 1...SQLLimits.recursionDepthMax + 1 {
      var printer = self
      printer.recursion = (common.number, step(depth - 1))
      tables.append("\(step(depth))(\(columns)) AS MATERIALIZED (\(printer.query(terms[1], names: nil)))")
    }
    let rows = (0...SQLLimits.recursionDepthMax).map { "SELECT \(columns) FROM \(step($0))" }
    let refusal = DuckDBText.string(
      "Recursion depth limit exceeded (\(SQLLimits.recursionDepthMax)). Use 'max_recursion_depth' session property to "
        + "modify the limit.")
    let check =
      "SELECT \(columns) FROM (SELECT *, count(*) OVER () AS n FROM \(step(SQLLimits.recursionDepthMax + 1))) "
      + "WHERE CASE WHEN n >= 0 THEN trino_fail('NOT_SUPPORTED', \(refusal)) ELSE 1 END = 1"
    let union = (rows + [check]).joined(separator: all ? " UNION ALL " : " UNION ")
    tables.append("w\(common.number)(\(columns)) AS (\(union))")
    return tables
  }
}
