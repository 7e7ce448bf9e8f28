import SQL

/// The standard's views of the session's database.
enum InformationSchema {
  private static func view(
    _ name: String, _ columns: String, _ rows: @escaping @Sendable (SystemSource) async throws -> [[String?]]
  ) -> SystemView {
    SystemView("information_schema", name, columns, rows: rows)
  }

  private static func visible(_ source: SystemSource) -> [(relation: CatalogRelation, schema: String)] {
    PostgresCatalog.relations(source).filter { relation, _ in
      relation.isTemporary || source.rights.owns(relation.owner)
        || !(source.rights.readableColumns(of: relation)?.isEmpty ?? false)
        || ["INSERT", "UPDATE", "DELETE"].contains { source.rights.may($0, on: relation) }
    }
  }

  /// Length, precision and scale as the standard's columns show them.
  static func sizes(_ type: RedshiftType) -> (length: String?, precision: String?, scale: String?) {
    switch type {
    case .char(let length), .varchar(let length): ("\(length)", nil, nil)
    case .smallint: (nil, "16", "0")
    case .integer: (nil, "32", "0")
    case .bigint: (nil, "64", "0")
    case .real: (nil, "24", nil)
    case .double: (nil, "53", nil)
    case .decimal(let precision, let scale): (nil, "\(precision)", "\(scale)")
    default: (nil, nil, nil)
    }
  }

  static func typeName(_ type: RedshiftType) -> String {
    switch type {
    case .char: "character"
    case .varchar: "character varying"
    case .decimal: "numeric"
    case .varbyte: "binary varying"
    default: type.description
    }
  }

  static let views: [SystemView] = [
    view(
      "schemata",
      """
      catalog_name name, schema_name name, schema_owner name, default_character_set_catalog name,
      default_character_set_schema name, default_character_set_name name, sql_path text
      """
    ) { source in
      PostgresCatalog.schemas(source).map { schema in
        [source.database.name, schema.name, source.catalog.users[schema.owner]?.name ?? "rdsdb", nil, nil, nil, nil]
      }
    },
    view(
      "tables",
      """
      table_catalog name, table_schema name, table_name name, table_type text, self_referencing_column_name name,
      reference_generation text, user_defined_type_catalog name, user_defined_type_schema name, user_defined_name
      name
      """
    ) { source in
      visible(source).map { relation, schema in
        [
          source.database.name, schema, relation.name,
          relation.isTemporary ? "LOCAL TEMPORARY" : relation.form == .table ? "BASE TABLE" : "VIEW", nil, nil, nil,
          nil, nil,
        ]
      } + SystemViews.all.map { [source.database.name, $0.schema, $0.name, "VIEW", nil, nil, nil, nil, nil] }
    },
    view(
      "views",
      """
      table_catalog name, table_schema name, table_name name, view_definition text, check_option text,
      is_updatable text, is_insertable_into text
      """
    ) { source in
      visible(source).filter { $0.relation.form != .table }.map { relation, schema in
        [
          source.database.name, schema, relation.name, PostgresCatalog.definition(relation, in: schema), "NONE", "NO",
          "NO",
        ]
      }
    },
    view(
      "columns",
      """
      table_catalog name, table_schema name, table_name name, column_name name, ordinal_position int,
      column_default text, is_nullable text, data_type text, character_maximum_length int, character_octet_length
      int, numeric_precision int, numeric_precision_radix int, numeric_scale int, datetime_precision int,
      interval_type text, interval_precision text, character_set_catalog name, character_set_schema name,
      character_set_name name, collation_catalog name, collation_schema name, collation_name name, domain_catalog
      name, domain_schema name, domain_name name, udt_catalog name, udt_schema name, udt_name name, scope_catalog
      name, scope_schema name, scope_name name, maximum_cardinality int, dtd_identifier text, is_self_referencing
      text
      """
    ) { source in
      var rows: [[String?]] = []
      func add(
        _ schema: String, _ table: String, _ name: String, _ position: Int, _ type: RedshiftType, _ value: String?,
        _ notNull: Bool
      ) {
        let sizes = sizes(type)
        var row: [String?] = [
          source.database.name, schema, table, name, "\(position)", value, notNull ? "NO" : "YES", typeName(type),
          sizes.length, sizes.length.map { _ in nil } ?? nil, sizes.precision,
          sizes.precision == nil ? nil : type.isBinary ? "2" : "10",
          sizes.scale,
        ]
        row += Array(repeating: nil, count: 12)
        row += [source.database.name, "pg_catalog", type.udtName, nil, nil, nil, nil, "\(position)", "NO"]
        rows.append(row)
      }
      for (relation, schema) in visible(source) {
        for (index, column) in relation.columns.enumerated() {
          add(
            schema, relation.name, column.name, index + 1, column.type.type, PostgresCatalog.defaultText(column),
            column.notNull)
        }
      }
      for view in SystemViews.all {
        for (index, column) in view.columns.enumerated() {
          add(view.schema, view.name, column.name, index + 1, column.type, nil, false)
        }
      }
      return rows
    },
    view(
      "table_constraints",
      """
      constraint_catalog name, constraint_schema name, constraint_name name, table_catalog name, table_schema
      name, table_name name, constraint_type text, is_deferrable text, initially_deferred text
      """
    ) { source in
      visible(source).flatMap { relation, schema in
        relation.constraints.map { constraint in
          [
            source.database.name, schema, constraint.name, source.database.name, schema, relation.name,
            constraint.form == .primaryKey ? "PRIMARY KEY" : constraint.form == .unique ? "UNIQUE" : "FOREIGN KEY",
            "NO", "NO",
          ]
        }
      }
    },
    view(
      "key_column_usage",
      """
      constraint_catalog name, constraint_schema name, constraint_name name, table_catalog name, table_schema
      name, table_name name, column_name name, ordinal_position int
      """
    ) { source in
      visible(source).flatMap { relation, schema in
        relation.constraints.flatMap { constraint in
          constraint.columns.enumerated().map { index, column in
            [
              source.database.name, schema, constraint.name, source.database.name, schema, relation.name, column,
              "\(index + 1)",
            ]
          }
        }
      }
    },
    view(
      "constraint_column_usage",
      """
      table_catalog name, table_schema name, table_name name, column_name name, constraint_catalog name,
      constraint_schema name, constraint_name name
      """
    ) { source in
      visible(source).flatMap { relation, schema in
        relation.constraints.flatMap { constraint in
          constraint.columns.map {
            [source.database.name, schema, relation.name, $0, source.database.name, schema, constraint.name]
          }
        }
      }
    },
    view(
      "referential_constraints",
      """
      constraint_catalog name, constraint_schema name, constraint_name name, unique_constraint_catalog name,
      unique_constraint_schema name, unique_constraint_name name, match_option text, update_rule text, delete_rule
      text
      """
    ) { source in
      visible(source).flatMap { relation, schema in
        relation.constraints.filter { $0.form == .foreignKey }.map {
          [source.database.name, schema, $0.name, source.database.name, nil, nil, "NONE", "NO ACTION", "NO ACTION"]
        }
      }
    },
    view(
      "table_privileges",
      """
      grantor name, grantee name, table_catalog name, table_schema name, table_name name, privilege_type text,
      is_grantable text, with_hierarchy text
      """
    ) { source in
      visible(source).flatMap { relation, schema in
        relation.grants.filter { $0.column.isEmpty }.map { grant in
          [
            source.catalog.users[grant.grantor]?.name, RedshiftViews.name(of: grant.grantee, source),
            source.database.name, schema,
            relation.name, grant.privilege, grant.withOption ? "YES" : "NO", "NO",
          ]
        }
      }
    },
    view(
      "routines",
      """
      specific_catalog name, specific_schema name, specific_name name, routine_catalog name, routine_schema name,
      routine_name name, routine_type text, data_type text, routine_definition text, external_language text
      """
    ) { source in
      source.catalog.routines.values.sorted { $0.id < $1.id }.compactMap { routine in
        guard let schema = source.catalog.schemas[routine.schema], schema.database == source.database.id else {
          return nil
        }
        return [
          source.database.name, schema.name, "\(routine.name)_\(routine.id)", source.database.name, schema.name,
          routine.name,
          routine.isProcedure ? "PROCEDURE" : "FUNCTION", routine.returns?.type.description, routine.body,
          routine.language.uppercased(),
        ]
      }
    },
    view("enabled_roles", "role_name name") { source in [[source.user.name]] },
    view("information_schema_catalog_name", "catalog_name name") { source in [[source.database.name]] },
    view("sequences", "sequence_catalog name, sequence_schema name, sequence_name name") { _ in [] },
  ]
}

extension RedshiftType {
  fileprivate var isBinary: Bool {
    switch self {
    case .decimal: false
    default: true
    }
  }
}
