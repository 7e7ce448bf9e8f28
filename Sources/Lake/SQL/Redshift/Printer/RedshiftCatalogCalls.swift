/// Functions that psql and drivers ask the catalog with.
extension RedshiftPrinter {
  mutating func catalog(_ name: String, _ arguments: [Expression]) throws(SQLError) -> String? {
    switch (name, arguments.count) {
    // Drivers only sort out tables of other schemas with these; what they list is readable by its full name.
    case ("pg_table_is_visible", 1), ("pg_type_is_visible", 1), ("pg_function_is_visible", 1): return "TRUE"
    case ("pg_get_expr", 2...3): return "CAST(\(try text(arguments[0])) AS VARCHAR)"
    // Nothing is kept that these could show.
    case ("shobj_description", 2), ("pg_get_indexdef", 1...3), ("pg_get_ruledef", 1...2),
      ("pg_get_triggerdef", 1...2):
      return "CAST(NULL AS VARCHAR)"
    case ("pg_encoding_to_char", 1), ("getdatabaseencoding", 0), ("pg_client_encoding", 0): return "'UTF8'"
    case ("format_type", 2): return "rs_format_type(\(try list(arguments)))"
    case ("pg_get_userbyid", 1):
      let users = try names.source(Self.catalogName("pg_user"))
      return "(SELECT u.usename FROM \(users) AS u WHERE u.usesysid = \(try text(arguments[0])))"
    // Without a user's name they ask of the present one.
    case ("has_table_privilege", 2), ("has_schema_privilege", 2), ("has_database_privilege", 2):
      guard let user = names.sessionValue("current_user"),
        let known = names.function(QualifiedName([Identifier(name)]), arguments: 3)
      else { return nil }
      return "\(known)(\(user), \(try list(arguments)))"
    case ("current_setting", 1...2):
      guard case .string(let setting) = arguments[0].kind else {
        throw SQLError(
          .invalidArguments, "current_setting takes a literal in this version of Tarn", at: arguments[0].position)
      }
      guard let value = names.sessionValue("setting:\(setting.lowercased())") else {
        throw SQLError(
          .invalidArguments, "unrecognized configuration parameter \"\(setting)\"", at: arguments[0].position)
      }
      return value
    case ("set_config", 2...3):
      guard case .string(let setting) = arguments[0].kind, case .string(let value) = arguments[1].kind else {
        throw SQLError(
          .invalidArguments, "set_config takes literals in this version of Tarn", at: arguments[0].position)
      }
      let isLocal = arguments.count == 3 && arguments[2].kind == .boolean(true)
      names.configure(setting, to: value, isLocal: isLocal)
      return "CAST(\(Self.literal(value)) AS VARCHAR)"
    case ("array_to_string", 2):
      // Rights and the like are texts of arrays.
      let items = try text(arguments[0])
      if case .array = type(of: arguments[0]) { return "array_to_string(\(items), \(try text(arguments[1])))" }
      return "array_to_string(rs_array(\(items)), \(try text(arguments[1])))"
    case ("string_to_array", 2): return "string_split(\(try list(arguments)))"
    default: return nil
    }
  }

  private static func catalogName(_ name: String) -> QualifiedName {
    QualifiedName([Identifier("pg_catalog"), Identifier(name)])
  }

  /// `'schema.table'::regclass`: the table's number.
  func relationNumber(_ name: String) throws(SQLError) -> String {
    let parts = name.split(separator: ".").map { part in
      part.hasPrefix("\"") && part.hasSuffix("\"") && part.count > 1
        ? String(part.dropFirst().dropLast()) : part.lowercased()
    }
    let classes = try names.source(Self.catalogName("pg_class"))
    let spaces = try names.source(Self.catalogName("pg_namespace"))
    let schema = parts.count > 1 ? " AND n.nspname = \(Self.literal(parts[parts.count - 2]))" : ""
    return "(SELECT min(c.oid) FROM \(classes) AS c JOIN \(spaces) AS n ON n.oid = c.relnamespace "
      + "WHERE c.relname = \(Self.literal(parts.last ?? ""))\(schema))"
  }
}
