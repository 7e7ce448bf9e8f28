extension DuckDBBuilders {
  static let numbers: [String: Builder] = [
    "whole_decimal": { printer, call in
      let name =
        ["ceil": "ceil", "ceiling": "ceil", "floor": "floor", "truncate": "trunc", "round": "round"][call.name]
        ?? "round"
      return
        "CAST(\(name)(\(printer.expression(call.arguments[0]))) AS DECIMAL(\(wholeDigits(call.arguments[0].type)),0))"
    },
    "round_decimal": { printer, call in
      guard case .decimal(let precision, let scale) = call.arguments[0].type else { return "NULL" }
      let value = printer.expression(call.arguments[0])
      let type = "DECIMAL(\(min(38, precision + 1)),\(scale))"
      if case .integer(let digits) = call.arguments[1].kind, digits >= 0 {
        return digits >= Int64(scale) ? "CAST(\(value) AS \(type))" : "CAST(round(\(value), \(digits)) AS \(type))"
      }
      return "CAST(trino_round(CAST(\(value) AS DOUBLE), \(printer.expression(call.arguments[1]))) AS \(type))"
    },
    "truncate_decimal": { printer, call in
      let digits = printer.expression(call.arguments[1])
      return
        "CAST(trino_truncate(CAST(\(printer.expression(call.arguments[0])) AS DOUBLE), \(digits)) AS "
        + "\(call.arguments[0].type.duckDBName))"
    },
    "round_integer": { printer, call in
      let value = printer.expression(call.arguments[0])
      if case .integer(let digits) = call.arguments[1].kind, digits >= 0 { return value }
      return
        "CAST(trino_round(CAST(\(value) AS DOUBLE), \(printer.expression(call.arguments[1]))) AS "
        + "\(call.arguments[0].type.duckDBName))"
    },
    "sign": { printer, call in
      let type = call.arguments[0].type.isDecimal ? "DECIMAL(1,0)" : call.arguments[0].type.duckDBName
      return "CAST(sign(\(printer.expression(call.arguments[0]))) AS \(type))"
    },
    "left_shift": { printer, call in shift("trino_shift_left", printer, call) },
    "right_shift": { printer, call in shift("trino_shift_right", printer, call) },
    "right_shift_arithmetic": { printer, call in shift("trino_shift_right_arithmetic", printer, call) },
    "greatest": { printer, call in extreme("greatest", printer, call) },
    "least": { printer, call in extreme("least", printer, call) },
  ]

  private static func wholeDigits(_ type: SQLType) -> Int {
    guard case .decimal(let precision, let scale) = type else { return 38 }
    return min(38, precision - scale + min(scale, 1))
  }

  private static func shift(_ macro: String, _ printer: DuckDBPrinter, _ call: BoundCall) -> String {
    let bits =
      switch call.arguments[0].type {
      case .tinyint: 8
      case .smallint: 16
      case .integer: 32
      default: 64
      }
    let arguments = call.arguments.map(printer.expression)
    return "CAST(\(macro)(\(arguments[0]), \(arguments[1]), \(bits)) AS \(call.arguments[0].type.duckDBName))"
  }

  /// Null when any argument is; DuckDB would leave the nulls out.
  private static func extreme(_ name: String, _ printer: DuckDBPrinter, _ call: BoundCall) -> String {
    let arguments = call.arguments.map(printer.expression)
    let nullable = zip(call.arguments, arguments).filter { !DuckDBPrinter.isConstant($0.0) || $0.0.kind == .null }
    let whole = "\(name)(\(arguments.joined(separator: ", ")))"
    guard !nullable.isEmpty else { return whole }
    let test = nullable.map { "\($0.1) IS NULL" }.joined(separator: " OR ")
    return "(CASE WHEN \(test) THEN NULL ELSE \(whole) END)"
  }
}
