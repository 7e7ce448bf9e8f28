import Engine
import PostgresWire
import SQL

/// Functions that ask the catalog. They see what is committed.
enum CatalogFunctions {
  /// By name, the numbers of arguments with which each may be called.
  private static let arguments: [String: ClosedRange<Int>] = [
    "obj_description": 1...2, "col_description": 2...2, "pg_get_viewdef": 1...2, "pg_get_userbyid": 1...1,
    "format_type": 2...2, "has_table_privilege": 3...3, "has_schema_privilege": 3...3,
    "has_database_privilege": 3...3, "pg_get_constraintdef": 1...2,
    "pg_get_function_result": 1...1, "pg_get_function_arguments": 1...1,
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
      .intervalYearToMonth, .daySeconds, .interval,
    ]
    if let type = plain.first(where: { Int($0.postgres.oid) == oid }) { return type.description }
    return PostgresCatalog.types.first { $0.oid == oid }?.name ?? "???"
  }

  /// Ends a query with an error of PostgreSQL's.
  private struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ code: String, _ message: String) { description = "\(RedshiftMacros.failureMarker)\(code)!\(message)" }
  }

  /// `SELECT, INSERT WITH GRANT OPTION`: any of them is asked for.
  private static func privileges(_ text: String) throws(Refusal) -> [String] {
    let known = Set(WarehouseSession.tablePrivileges + ["USAGE", "CREATE", "TEMP", "TEMPORARY", "EXECUTE"])
    var found: [String] = []
    for part in text.uppercased().split(separator: ",") {
      let words = part.split { $0.isWhitespace }
      let name = words.first.map(String.init) ?? ""
      guard known.contains(name) else {
        throw Refusal("22023", "unrecognized privilege type: \"\(text)\"")
      }
      found.append(name == "TEMPORARY" ? "TEMP" : name)
    }
    return found
  }

  /// `PRIMARY KEY (a, b)`, `FOREIGN KEY (a) REFERENCES other(b)`.
  private static func definition(_ constraint: CatalogConstraint, in catalog: Catalog) -> String {
    func list(_ columns: [String]) -> String {
      "(" + columns.map { Identifier($0).sql }.joined(separator: ", ") + ")"
    }
    switch constraint.form {
    case .primaryKey: return "PRIMARY KEY \(list(constraint.columns))"
    case .unique: return "UNIQUE \(list(constraint.columns))"
    case .foreignKey:
      let target = constraint.references.flatMap { catalog.relations[$0] }
      let schema = target.flatMap { catalog.schemas[$0.schema]?.name }
      // PostgreSQL leaves out a schema that the search path has.
      let place = schema == nil || schema == "public" ? "" : Identifier(schema ?? "").sql + "."
      return "FOREIGN KEY \(list(constraint.columns)) REFERENCES \(place)"
        + Identifier(target?.name ?? "").sql + list(constraint.referencedColumns)
    }
  }

  static func scalars(_ catalog: @escaping @Sendable () -> Catalog) -> [ScalarFunction] {
    @Sendable func text(_ value: String?) -> EngineValue { value.map { .string($0) } ?? .null }
    @Sendable func constraint(_ arguments: [ColumnVector], _ row: Int) -> EngineValue {
      let (id, catalog) = (Int(arguments[0].integer(row)), catalog())
      for relation in catalog.relations.values {
        if let found = relation.constraints.first(where: { $0.id == id }) {
          return .string(Self.definition(found, in: catalog))
        }
      }
      return .null
    }
    @Sendable func databaseGranted(_ arguments: [ColumnVector], _ row: Int) throws -> EngineValue {
      let catalog = catalog()
      let (user, name) = (arguments[0].string(row), arguments[1].string(row))
      guard let user = catalog.user(user) ?? catalog.user(user.lowercased()) else {
        throw Refusal("42704", "user \"\(user)\" does not exist")
      }
      guard let database = catalog.database(name) ?? catalog.database(name.lowercased()) else {
        throw Refusal("3D000", "database \"\(name)\" does not exist")
      }
      let rights = Rights(of: user, in: catalog)
      return .bool(try Self.privileges(arguments[2].string(row)).contains { rights.may($0, on: database) })
    }
    @Sendable func granted(_ arguments: [ColumnVector], _ row: Int, ofSchema: Bool) throws -> EngineValue {
      let catalog = catalog()
      guard let user = catalog.user(arguments[0].string(row).lowercased()) else { return .null }
      let rights = Rights(of: user, in: catalog)
      let parts = arguments[1].string(row).lowercased().split(separator: ".").map(String.init)
      let privileges = try Self.privileges(arguments[2].string(row))
      if !ofSchema, parts.count == 1, let id = Int(parts[0]) {
        guard let relation = catalog.relations[id] else { return .bool(true) }
        return .bool(privileges.contains { rights.may($0, on: relation) })
      }
      let schemaName = ofSchema ? parts.last : parts.count > 1 ? parts[parts.count - 2] : "public"
      for schema in catalog.schemas.values where schema.name == schemaName {
        if ofSchema { return .bool(privileges.contains { rights.may($0, on: schema) }) }
        if let relation = catalog.relation(parts.last ?? "", in: schema.id) {
          return .bool(privileges.contains { rights.may($0, on: relation) })
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
      ) { arguments, row in try granted(arguments, row, ofSchema: false) },
      ScalarFunction(
        "tarn_has_schema_privilege", ["VARCHAR", "VARCHAR", "VARCHAR"], returns: "BOOLEAN", isVolatile: true
      ) { arguments, row in try granted(arguments, row, ofSchema: true) },
      ScalarFunction(
        "tarn_has_database_privilege", ["VARCHAR", "VARCHAR", "VARCHAR"], returns: "BOOLEAN", isVolatile: true
      ) { arguments, row in try databaseGranted(arguments, row) },
      ScalarFunction("tarn_pg_get_function_result", ["BIGINT"], returns: "VARCHAR", isVolatile: true) {
        arguments, row in
        text(catalog().routines[Int(arguments[0].integer(row))]?.returns?.type.description)
      },
      ScalarFunction("tarn_pg_get_function_arguments", ["BIGINT"], returns: "VARCHAR", isVolatile: true) {
        arguments, row in
        guard let routine = catalog().routines[Int(arguments[0].integer(row))] else { return .null }
        let items = routine.argumentTypes.enumerated().map { index, type in
          let mode = index < routine.argumentModes.count ? routine.argumentModes[index] : "IN"
          let name = index < routine.argumentNames.count ? routine.argumentNames[index] : ""
          return ([mode == "IN" ? "" : mode, name, type.type.description].filter { !$0.isEmpty })
            .joined(separator: " ")
        }
        return .string(items.joined(separator: ", "))
      },
      ScalarFunction("tarn_pg_get_constraintdef", ["BIGINT"], returns: "VARCHAR", isVolatile: true) {
        arguments, row in constraint(arguments, row)
      },
      ScalarFunction("tarn_pg_get_constraintdef", ["BIGINT", "BOOLEAN"], returns: "VARCHAR", isVolatile: true) {
        arguments, row in constraint(arguments, row)
      },
    ]
  }
}
