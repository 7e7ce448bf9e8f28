/// Functions that search arrays within SUPER and compare them. Elements are alike when their JSON is.
extension RedshiftPrinter {
  mutating func array(_ name: String, _ arguments: [Expression]) throws(SQLError) -> String? {
    switch (name, arguments.count) {
    case ("array_contains", 2...3), ("array_position", 2...3), ("array_positions", 2...3):
      let matchesNull =
        arguments.count == 3
        ? try text(arguments[2])
        : names.sessionValue("setting:default_array_search_null_handling").map { "rs_boolean(\($0))" } ?? "TRUE"
      return "rs_\(name)(\(try elements(arguments[0])), rs_element(\(try text(arguments[1]))), \(matchesNull))"
    case ("array_distinct", 1): return "rs_array_distinct(\(try elements(arguments[0])))"
    case ("array_except", 2...3), ("array_intersection", 2...3):
      let isDistinct = arguments.count == 3 ? try text(arguments[2]) : "FALSE"
      return "rs_\(name)(\(try elements(arguments[0])), \(try elements(arguments[1])), \(isDistinct))"
    case ("array_sort", 1...3):
      let ascends = arguments.count > 1 ? try text(arguments[1]) : "TRUE"
      let nullsFirst = arguments.count > 2 ? try text(arguments[2]) : "NOT (\(ascends))"
      return "rs_array_sort(\(try elements(arguments[0])), \(ascends), \(nullsFirst))"
    default: return nil
    }
  }

  /// The array's elements as texts in JSON; NULL stays NULL.
  private mutating func elements(_ value: Expression) throws(SQLError) -> String {
    "rs_elements(to_json(\(try text(value))))"
  }
}
