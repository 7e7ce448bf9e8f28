/// Functions over the catalog that need its views: printed as queries of them.
extension RedshiftPrinter {
  /// What stands for the first argument in a template; each is printed and then put in its place.
  private static let marks = ["770000001", "770000002"]
  /// What stands for the schemas of the search path.
  private static let pathMark = "'770000009'"

  private static let templates: [String: String] = [
    "pg_get_userbyid": """
    (select max(rs_u.usename) from (select 770000001 as rs_x) rs_a, pg_catalog.pg_user rs_u
     where rs_u.usesysid = rs_a.rs_x)
    """,
    "pg_get_viewdef": """
    (select max(rs_v.definition) from (select 770000001 as rs_x) rs_a, pg_catalog.pg_class rs_c,
     pg_catalog.pg_namespace rs_n, pg_catalog.pg_views rs_v
     where rs_c.oid = rs_a.rs_x and rs_n.oid = rs_c.relnamespace and rs_v.viewname = rs_c.relname
     and rs_v.schemaname = rs_n.nspname)
    """,
    "pg_table_is_visible": """
    (select count(*) > 0 from (select 770000001 as rs_x) rs_a, pg_catalog.pg_class rs_c, pg_catalog.pg_namespace rs_n
     where rs_c.oid = rs_a.rs_x and rs_n.oid = rs_c.relnamespace and rs_n.nspname in ('770000009'))
    """,
  ]

  /// The columns of views WITH NO SCHEMA BINDING, which the function of Redshift gives.
  static let lateBindingColumns =
    "select view_schema, view_name, col_name, col_type, col_num from pg_catalog.pg_late_binding_view_cols"

  /// - Returns: `nil` for what is no function of the catalog.
  mutating func catalogCall(_ name: String, _ call: FunctionCall) throws(SQLError) -> String? {
    let arguments = call.arguments
    if let template = Self.templates[name], (1...2).contains(arguments.count) {
      let tree = try RedshiftParser.expression(template)
      var printed = try text(tree)
      for (mark, argument) in zip(Self.marks, arguments) {
        printed = printed.replacing(mark, with: "(\(try text(argument)))")
      }
      return printed.replacing(Self.pathMark, with: "SELECT unnest(\(searchPath(withCatalog: true)))")
    }
    switch (name, arguments.count) {
    case ("current_schemas", 1):
      let all = try text(arguments[0])
      return "CASE WHEN \(all) THEN \(searchPath(withCatalog: true)) ELSE \(searchPath(withCatalog: false)) END"
    default: return nil
    }
  }

  private func searchPath(withCatalog: Bool) -> String {
    let path = names.sessionValue("current_schemas") ?? "['public']"
    return withCatalog ? "list_prepend('pg_catalog', \(path))" : path
  }
}
