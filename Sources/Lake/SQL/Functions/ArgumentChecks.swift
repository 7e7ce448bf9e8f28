/// What constant arguments are refused for before the statement runs.
enum ArgumentChecks {
  static func check(_ call: BoundCall, at position: SourcePosition) throws(SQLError) {
    switch call.name {
    case "date_trunc", "date_add", "date_diff":
      guard call.arguments.count >= 2, let unit = DuckDBBuilders.constantText(call.arguments[0]) else { return }
      let type = call.arguments[call.arguments.count - 1].type
      let days: Set<String> = ["day", "week", "month", "quarter", "year"]
      let times: Set<String> = ["millisecond", "second", "minute", "hour"]
      let (allowed, name): (Set<String>, String) =
        switch type {
        case .date: (days, "DATE")
        case .time: (times, "TIME")
        default: (days.union(times), "TIMESTAMP")
        }
      guard allowed.contains(unit.lowercased()) else {
        throw SQLError(.invalidFunctionArgument, "'\(unit.lowercased())' is not a valid \(name) field")
      }
    case "date_format", "date_parse":
      guard let pattern = DuckDBBuilders.constantText(call.arguments[1]), let refused = MySQLPattern.refused(pattern)
      else { return }
      throw SQLError(.invalidFunctionArgument, "%\(refused) not supported in date format string")
    case "split_part":
      if case .integer(let index) = call.arguments[2].kind, index <= 0 {
        throw SQLError(.invalidFunctionArgument, "Index must be greater than zero")
      }
    case "json_extract", "json_extract_scalar", "json_size":
      guard let path = DuckDBBuilders.constantText(call.arguments[1]) else { return }
      guard path.hasPrefix("$") || !path.isEmpty && !path.hasPrefix(" ") else {
        throw SQLError(.invalidFunctionArgument, "Invalid JSON path: '\(path)'")
      }
    default: break
    }
  }
}
