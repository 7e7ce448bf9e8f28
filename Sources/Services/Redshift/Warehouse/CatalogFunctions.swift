import Engine
import PostgresWire
import SQL

/// Functions that ask the catalog. They see what is committed.
enum CatalogFunctions {
  /// By name, the numbers of arguments with which each may be called.
  private static let arguments: [String: ClosedRange<Int>] = [
    "obj_description": 1...2, "col_description": 2...2, "pg_get_viewdef": 1...2, "pg_get_userbyid": 1...1,
    "format_type": 2...2, "has_table_privilege": 3...3, "has_schema_privilege": 3...3,
  ]

  /// The function's name in the engine.
  static func engineName(_ name: String, arguments count: Int) -> String? {
    arguments[name].flatMap { $0.contains(count) ? "tarn_\(name)" : nil }
  }

  /// A type's name by its number and modifier, as `\d` shows it.
  static func shown(_ oid: Int, _ modifier: Int) -> String {
    let size = modifier - 4
    switch oid {
    case 1_042: return size > 0 ? "character(\(size))" : "character"
    case 1_043: return size > 0 ? "character varying(\(size))" : "character varying"
    case 1_700: return size > 0 ? "numeric(\(size >> 16),\(size & 0xFFFF))" : "numeric"
    default: break
    }
    let plain: [RedshiftType] = [
      .smallint, .integer, .bigint, .real, .double, .boolean, .date, .time, .timetz, .timestamp, .timestamptz, .super,
      .intervalYearToMonth, .intervalDayToSecond, .interval,
    ]
    if let type = plain.first(where: { Int($0.postgres.oid) == oid }) { return type.description }
    return PostgresCatalog.types.first { $0.oid == oid }?.name ?? "???"
  }

  static func scalars(_ catalog: @escaping @Sendable () -> Catalog) -> [ScalarFunction] {
    @Sendable func text(_ value: String?) -> EngineValue { value.map { .string($0) } ?? .null }
    @Sendable func granted(_ arguments: [ColumnVector], _ row: Int, ofSchema: Bool) -> EngineValue {
      let catalog = catalog()
      guard let user = catalog.user(arguments[0].string(row).lowercased()) else { return .null }
      let rights = Rights(of: user, in: catalog)
      let parts = arguments[1].string(row).lowercased().split(separator: ".").map(String.init)
      let privilege = arguments[2].string(row).uppercased()
      let schemaName = ofSchema ? parts.last : parts.count > 1 ? parts[parts.count - 2] : "public"
      for schema in catalog.schemas.values where schema.name == schemaName {
        if ofSchema { return .bool(rights.may(privilege, on: schema)) }
        if let relation = catalog.relation(parts.last ?? "", in: schema.id) {
          return .bool(rights.may(privilege, on: relation))
        }
      }
      return .null
    }
    return [
      ScalarFunction("tarn_obj_description", ["BIGINT"], returns: "VARCHAR", isVolatile: true) { arguments, row in
        text(catalog().relations[Int(arguments[0].integer(row))]?.comment)
      },
      ScalarFunction("tarn_obj_description", ["BIGINT", "VARCHAR"], returns: "VARCHAR", isVolatile: true) {
        arguments, row in
        let id = Int(arguments[0].integer(row))
        return text(catalog().relations[id]?.comment ?? catalog().schemas[id]?.comment)
      },
      ScalarFunction("tarn_col_description", ["BIGINT", "BIGINT"], returns: "VARCHAR", isVolatile: true) {
        arguments, row in
        let number = Int(arguments[1].integer(row))
        let relation = catalog().relations[Int(arguments[0].integer(row))]
        return text(relation?.columns.first { $0.number == number }?.comment)
      },
      ScalarFunction("tarn_pg_get_viewdef", ["BIGINT"], returns: "VARCHAR", isVolatile: true) { arguments, row in
        text(catalog().relations[Int(arguments[0].integer(row))]?.text)
      },
      ScalarFunction("tarn_pg_get_viewdef", ["BIGINT", "BOOLEAN"], returns: "VARCHAR", isVolatile: true) {
        arguments, row in
        text(catalog().relations[Int(arguments[0].integer(row))]?.text)
      },
      ScalarFunction("tarn_pg_get_userbyid", ["BIGINT"], returns: "VARCHAR", isVolatile: true) { arguments, row in
        let id = Int(arguments[0].integer(row))
        return .string(id == 1 ? "rdsdb" : catalog().users[id]?.name ?? "unknown (OID=\(id))")
      },
      ScalarFunction("tarn_format_type", ["BIGINT", "BIGINT"], returns: "VARCHAR", takesNulls: true) { arguments, row in
        guard !arguments[0].isNull(row) else { return .null }
        let modifier = arguments[1].isNull(row) ? -1 : Int(arguments[1].integer(row))
        return .string(Self.shown(Int(arguments[0].integer(row)), modifier))
      },
      ScalarFunction(
        "tarn_has_table_privilege", ["VARCHAR", "VARCHAR", "VARCHAR"], returns: "BOOLEAN", isVolatile: true
      ) { arguments, row in granted(arguments, row, ofSchema: false) },
      ScalarFunction(
        "tarn_has_schema_privilege", ["VARCHAR", "VARCHAR", "VARCHAR"], returns: "BOOLEAN", isVolatile: true
      ) { arguments, row in granted(arguments, row, ofSchema: true) },
    ]
  }
}
