/// The names that PostgreSQL gives to columns of a result without an alias.
enum ResultNames {
  static func name(of expression: Expression) -> String? {
    switch expression.kind {
    case .identifier(let name), .dereference(_, let name): return name.key
    case .subscriptOf(let base, _): return name(of: base)
    case .call(let call): return functionNames[call.name.key] ?? call.name.key
    case .redshift(.cast(let value, let type, _)): return name(of: value) ?? typeName(type)
    case .redshift(.interval): return "interval"
    case .redshift(.collate(let value, _)), .redshift(.outerMark(let value)): return name(of: value)
    case .caseOf(_, _, let otherwise): return otherwise.flatMap { name(of: $0) } ?? "case"
    case .extract: return "date_part"
    case .trim(let side, _, _):
      switch side {
      case .both: return "btrim"
      case .leading: return "ltrim"
      case .trailing: return "rtrim"
      }
    case .exists: return "exists"
    case .array: return "array"
    case .row: return "row"
    case .grouping: return "grouping"
    case .boolean: return "bool"
    case .atTimeZone: return "timezone"
    case .current(let value, _):
      switch value {
      case .date: return "date"
      case .timestamp: return "timestamptz"
      case .localTimestamp: return "timestamp"
      case .time: return "timetz"
      case .localTime: return "time"
      default: return value.rawValue
      }
    case .subquery(let query):
      guard case .select(let select) = query.body, case .expression(let value, let alias)? = select.items.first else {
        return nil
      }
      return alias?.key ?? name(of: value)
    default: return nil
    }
  }

  /// Functions that Redshift knows by another name than the one they are called by.
  private static let functionNames = [
    "dateadd": "date_add", "datediff": "date_diff", "date_part": "pgdate_part", "nvl": "coalesce", "decode": "case",
    "log": "dlog10", "sysdate": "timestamp",
  ]

  private static func typeName(_ type: RedshiftType) -> String {
    switch type {
    case .smallint: "int2"
    case .integer: "int4"
    case .bigint: "int8"
    case .real: "float4"
    case .double: "float8"
    case .boolean: "bool"
    case .decimal: "numeric"
    case .char: "bpchar"
    case .varchar: "varchar"
    case .varbyte: "varbyte"
    case .intervalYearToMonth: "intervaly2m"
    case .intervalDayToSecond: "intervald2s"
    case .time: "time"
    case .timestamp: "timestamp"
    case .timetz: "timetz"
    case .timestamptz: "timestamptz"
    default: type.description
    }
  }
}
