import SQL

/// Redshift's SVV_ views and what goes with them: what there is.
enum RedshiftViews {
  private static func view(
    _ name: String, _ columns: String, _ rows: @escaping @Sendable (SystemSource) async throws -> [[String?]]
  ) -> SystemView {
    SystemView("pg_catalog", name, columns, rows: rows)
  }

  /// Rows of the engine's tables by their numbers.
  static func counts(_ source: SystemSource) async throws -> [Int: Int] {
    try await source.session.tableSizes()
  }

  static func name(of grantee: CatalogGrantee?, _ source: SystemSource) -> String {
    guard let grantee else { return "public" }
    return (grantee.isGroup ? source.catalog.groups[grantee.id]?.name : source.catalog.users[grantee.id]?.name) ?? ""
  }

  static func type(of grantee: CatalogGrantee?, _ source: SystemSource) -> String {
    guard let grantee else { return "public" }
    guard grantee.isGroup else { return "user" }
    return source.catalog.groups[grantee.id]?.isRole == true ? "role" : "group"
  }

  private static func owner(_ id: Int, _ source: SystemSource) -> String? { source.catalog.users[id]?.name }

  static func tableType(_ relation: CatalogRelation) -> String {
    relation.form == .table ? "TABLE" : "VIEW"
  }

  static func distribution(_ relation: CatalogRelation) -> String {
    switch relation.distribution {
    case "KEY": "KEY(\(relation.distKey ?? ""))"
    case "AUTO": "AUTO(ALL)"
    default: relation.distribution
    }
  }

  static let views: [SystemView] = [
    view(
      "svv_tables",
      """
      table_catalog name, table_schema name, table_name name, table_type text, remarks text
      """
    ) { source in
      PostgresCatalog.relations(source).map { relation, schema in
        [
          source.database.name, schema, relation.name, relation.form == .table ? "BASE TABLE" : "VIEW",
          relation.comment,
        ]
      }
        + (try await source.session.externalTables()).map {
          [source.database.name, $0.schema, $0.name, "EXTERNAL TABLE", nil]
        }
    },
    view(
      "svv_columns",
      """
      table_catalog name, table_schema name, table_name name, column_name name, ordinal_position int,
      column_default text, is_nullable text, data_type text, character_maximum_length int, numeric_precision int,
      numeric_precision_radix int, numeric_scale int, datetime_precision int, interval_type text,
      interval_precision text, character_set_catalog name, character_set_schema name, character_set_name name,
      collation_catalog name, collation_schema name, collation_name name, domain_name name, remarks text
      """
    ) { source in
      PostgresCatalog.relations(source).flatMap { relation, schema in
        relation.columns.enumerated().map { index, column in
          let sizes = InformationSchema.sizes(column.type.type)
          return [
            source.database.name, schema, relation.name, column.name, "\(index + 1)",
            PostgresCatalog.defaultText(column),
            column.notNull ? "NO" : "YES", InformationSchema.typeName(column.type.type), sizes.length, sizes.precision,
            nil,
            sizes.scale, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, column.comment,
          ]
        }
      }
    },
    view(
      "svv_table_info",
      """
      database text, schema text, table_id oid, table text, encoded text, diststyle text, sortkey1 text,
      max_varchar int, sortkey1_enc char, sortkey_num int, size bigint, pct_used numeric, empty bigint, unsorted
      numeric, stats_off numeric, tbl_rows whole, skew_sortkey1 numeric, skew_rows numeric,
      estimated_visible_rows whole, risk_event text, vacuum_sort_benefit numeric, create_time timestamp
      """
    ) { source in
      let counts = try await counts(source)
      return PostgresCatalog.relations(source).filter { $0.relation.form != .view }.compactMap { relation, schema in
        let rows = counts[relation.storage ?? relation.id] ?? 0
        // As in Redshift: empty tables are not listed.
        guard rows > 0 else { return nil }
        let longest =
          relation.columns.map { column -> Int in
            if case .varchar(let length) = column.type.type { length } else { 0 }
          }.max() ?? 0
        let first = relation.sortKeys.first
        return [
          source.database.name, schema, "\(relation.id)", relation.name,
          relation.columns.contains { $0.encoding != "none" && $0.encoding != "raw" } ? "Y, AUTO(ENCODE)" : "N",
          distribution(relation), relation.sortStyle == "INTERLEAVED" ? "INTERLEAVED" : first ?? "AUTO(SORTKEY)",
          "\(longest)", first.flatMap { relation.column($0)?.encoding.prefix(1) }.map(String.init),
          "\(relation.sortKeys.count)",
          "\(max(1, rows * relation.columns.count * 4 >> 20))", "0.0001", "0", first == nil ? nil : "0.00", "0.00",
          "\(rows)", first == nil ? nil : "1.00",
          "1.00", "\(rows)", nil, "0.00", PostgresText.timestamp(Int64(relation.createdAt * 1e6)),
        ]
      }
    },
    view(
      "svv_all_schemas",
      """
      database_name text, schema_name text, schema_owner int, schema_type text, schema_acl text, source_database
      text, schema_option text
      """
    ) { source in
      source.catalog.schemas.values.sorted { $0.id < $1.id }.map { schema in
        [
          source.catalog.databases[schema.database]?.name, schema.name, "\(schema.owner)",
          schema.external == nil ? "local" : "external", PostgresCatalog.acl(schema.grants, source),
          schema.external?.database,
          schema.external.map { "{\"IAM_ROLE\":\"\($0.role ?? "")\"}" },
        ]
      }
    },
    view(
      "svv_redshift_schemas",
      """
      database_name text, schema_name text, schema_owner int, schema_type text, schema_acl text, schema_option
      text
      """
    ) { source in
      source.catalog.schemas.values.sorted { $0.id < $1.id }.filter { $0.external == nil }.map { schema in
        [
          source.catalog.databases[schema.database]?.name, schema.name, "\(schema.owner)", "local",
          PostgresCatalog.acl(schema.grants, source), nil,
        ]
      }
    },
    view(
      "svv_all_tables",
      """
      database_name text, schema_name text, table_name text, table_type text, table_acl text, remarks text
      """
    ) { source in
      allRelations(source).map { database, schema, relation in
        [
          database, schema, relation.name, tableType(relation), PostgresCatalog.acl(relation.grants, source),
          relation.comment,
        ]
      }
        + (try await source.session.externalTables()).map {
          [source.database.name, $0.schema, $0.name, "EXTERNAL TABLE", nil, nil]
        }
    },
    view(
      "svv_redshift_tables",
      """
      database_name text, schema_name text, table_name text, table_type text, table_acl text, remarks text,
      table_owner text
      """
    ) { source in
      allRelations(source).map { database, schema, relation in
        [
          database, schema, relation.name, tableType(relation), PostgresCatalog.acl(relation.grants, source),
          relation.comment, owner(relation.owner, source),
        ]
      }
    },
    view(
      "svv_all_columns",
      """
      database_name text, schema_name text, table_name text, column_name text, ordinal_position int,
      column_default text, is_nullable text, data_type text, character_maximum_length int, numeric_precision int,
      numeric_scale int, remarks text
      """
    ) { source in
      allColumns(source).map { Array($0.prefix(12)) }
    },
    view(
      "svv_redshift_columns",
      """
      database_name text, schema_name text, table_name text, column_name text, ordinal_position int,
      column_default text, is_nullable text, data_type text, character_maximum_length int, numeric_precision int,
      numeric_scale int, remarks text, encoding text, distkey bool, sortkey int, column_acl text
      """
    ) { source in
      allColumns(source)
    },
    view(
      "svv_redshift_databases",
      """
      database_name text, database_owner int, database_type text, database_acl text, database_options text,
      database_isolation_level text
      """
    ) { source in
      source.catalog.databases.values.sorted { $0.id < $1.id }.map {
        [$0.name, "\($0.owner)", "local", PostgresCatalog.acl($0.grants, source), nil, $0.isolation]
      }
    },
    view(
      "svv_redshift_functions",
      """
      database_name text, schema_name text, function_name text, function_type text, argument_type text,
      result_type text
      """
    ) { source in
      source.catalog.routines.values.sorted { $0.id < $1.id }.map { routine in
        [
          source.catalog.schemas[routine.schema].flatMap { source.catalog.databases[$0.database]?.name },
          source.catalog.schemas[routine.schema]?.name, routine.name,
          routine.isProcedure ? "STORED PROCEDURE" : "REGULAR FUNCTION",
          routine.argumentTypes.map(\.type.description).joined(separator: ", "), routine.returns?.type.description,
        ]
      }
    },
    view(
      "svv_external_schemas",
      """
      esoid oid, eskind smallint, schemaname name, esowner int, databasename text, esoptions text
      """
    ) { source in
      source.catalog.schemas.values.filter { $0.database == source.database.id }.sorted { $0.id < $1.id }.compactMap {
        schema in
        schema.external.map {
          ["\(schema.id)", "1", schema.name, "\(schema.owner)", $0.database, "{\"IAM_ROLE\":\"\($0.role ?? "")\"}"]
        }
      }
    },
    view("svv_external_databases", "eskind int, databasename text, esoptions text") { source in
      source.catalog.schemas.values.compactMap { schema in
        schema.external.map { ["1", $0.database, "{\"IAM_ROLE\":\"\($0.role ?? "")\"}"] }
      }
    },
    view(
      "svv_external_tables",
      """
      redshift_database_name text, schemaname text, tablename text, tabletype text, location text, input_format
      text, output_format text, serialization_lib text, serde_parameters text, compressed int, parameters text
      """
    ) { source in
      try await source.session.externalTables().map { table in
        [
          source.database.name, table.schema, table.name, "TABLE", table.location, table.inputFormat,
          table.outputFormat, table.serde, table.serdeParameters, "0", table.parameters,
        ]
      }
    },
    view(
      "svv_external_columns",
      """
      redshift_database_name text, schemaname text, tablename text, columnname text, external_type text, columnnum
      int, part_key int, is_nullable text
      """
    ) { source in
      try await source.session.externalTables().flatMap { table in
        table.columns.enumerated().map { index, column in
          [
            source.database.name, table.schema, table.name, column.name, column.type, "\(index + 1)",
            "\(column.partitionKey)", "true",
          ]
        }
      }
    },
    view(
      "svv_external_partitions",
      """
      schemaname text, tablename text, values text, location text, input_format text, output_format text,
      serialization_lib text, serde_parameters text, compressed int, parameters text
      """
    ) { source in
      try await source.session.externalPartitions()
    },
    view(
      "svv_relation_privileges",
      """
      namespace_name text, relation_name text, privilege_type text, identity_id int, identity_name text,
      identity_type text, admin_option bool, privilege_scope text
      """
    ) { source in
      PostgresCatalog.relations(source).flatMap { relation, schema in
        relation.grants.filter { $0.column.isEmpty }.map { grant in
          [
            schema, relation.name, grant.privilege, "\(grant.grantee?.id ?? 0)", name(of: grant.grantee, source),
            type(of: grant.grantee, source), PostgresCatalog.flag(grant.withOption), "TABLE",
          ]
        }
      }
    },
    view(
      "svv_column_privileges",
      """
      namespace_name text, relation_name text, column_name text, privilege_type text, identity_id int,
      identity_name text, identity_type text
      """
    ) { source in
      PostgresCatalog.relations(source).flatMap { relation, schema in
        relation.grants.filter { !$0.column.isEmpty }.map { grant in
          [
            schema, relation.name, grant.column, grant.privilege, "\(grant.grantee?.id ?? 0)",
            name(of: grant.grantee, source), type(of: grant.grantee, source),
          ]
        }
      }
    },
    view(
      "svv_schema_privileges",
      """
      namespace_name text, privilege_type text, identity_id int, identity_name text, identity_type text,
      admin_option bool, privilege_scope text
      """
    ) { source in
      source.catalog.schemas.values.filter { $0.database == source.database.id }.flatMap { schema in
        schema.grants.map { grant in
          [
            schema.name, grant.privilege, "\(grant.grantee?.id ?? 0)", name(of: grant.grantee, source),
            type(of: grant.grantee, source), PostgresCatalog.flag(grant.withOption), "SCHEMA",
          ]
        }
      }
    },
    view(
      "svv_database_privileges",
      """
      database_name text, privilege_type text, identity_id int, identity_name text, identity_type text,
      admin_option bool, privilege_scope text
      """
    ) { source in
      source.catalog.databases.values.flatMap { database in
        database.grants.map { grant in
          [
            database.name, grant.privilege, "\(grant.grantee?.id ?? 0)", name(of: grant.grantee, source),
            type(of: grant.grantee, source), PostgresCatalog.flag(grant.withOption), "DATABASE",
          ]
        }
      }
    },
    view(
      "svv_user_info",
      """
      user_name text, user_id int, createdb bool, superuser bool, catalog_update bool, connection_limit text,
      syslog_access text, last_ddl_timestamp timestamp, session_timeout int, external_user_id text
      """
    ) { source in
      source.catalog.users.values.sorted { $0.id < $1.id }.map { user in
        [
          user.name, "\(user.id)", PostgresCatalog.flag(user.createsDatabases), PostgresCatalog.flag(user.isSuperuser),
          PostgresCatalog.flag(user.isSuperuser),
          user.connectionLimit.map(String.init) ?? "UNLIMITED",
          user.isSyslogUnrestricted ? "UNRESTRICTED" : "RESTRICTED", nil, "\(user.sessionTimeoutSeconds ?? 0)",
          user.externalID,
        ]
      }
    },
    view("svv_roles", "role_id int, role_name text, role_owner text, external_id text") { source in
      source.catalog.groups.values.filter(\.isRole).sorted { $0.id < $1.id }.map {
        ["\($0.id)", $0.name, owner($0.owner, source), $0.externalID]
      }
    },
    view(
      "svv_user_grants",
      """
      user_id int, user_name text, role_id int, role_name text, admin_option bool
      """
    ) { source in
      source.catalog.groups.values.filter(\.isRole).flatMap { role in
        role.members.filter { !$0.grantee.isGroup }.map {
          ["\($0.grantee.id)", name(of: $0.grantee, source), "\(role.id)", role.name, PostgresCatalog.flag($0.admin)]
        }
      }
    },
    view("svv_role_grants", "role_id int, role_name text, granted_role_id int, granted_role_name text") { source in
      source.catalog.groups.values.filter(\.isRole).flatMap { role in
        role.members.filter(\.grantee.isGroup).map {
          ["\($0.grantee.id)", name(of: $0.grantee, source), "\(role.id)", role.name]
        }
      }
    },
    view(
      "stv_tbl_perm",
      """
      slice int, id int, name text, rows bigint, sorted_rows bigint, temp int, db_id int, insert_pristine int,
      delete_pristine int, backup int
      """
    ) { source in
      let counts = try await counts(source)
      return PostgresCatalog.relations(source).filter { $0.relation.form != .view }.map { relation, _ in
        let rows = counts[relation.storage ?? relation.id] ?? 0
        return [
          "0", "\(relation.id)", relation.name, "\(rows)", "\(rows)", relation.isTemporary ? "1" : "0",
          "\(source.database.id)", "1", "1", relation.backup ? "1" : "0",
        ]
      }
    },
  ]

  static func allRelations(_ source: SystemSource) -> [(String, String, CatalogRelation)] {
    lastingRelations(source)
      + source.temporaries.relations.values.sorted { $0.id < $1.id }.map {
        (source.database.name, "pg_temp_\(source.session.process)", $0)
      }
  }

  private static func lastingRelations(_ source: SystemSource) -> [(String, String, CatalogRelation)] {
    source.catalog.relations.values.sorted { $0.id < $1.id }.compactMap { relation in
      guard let schema = source.catalog.schemas[relation.schema],
        let database = source.catalog.databases[schema.database]
      else { return nil }
      return (database.name, schema.name, relation)
    }
  }

  private static func allColumns(_ source: SystemSource) -> [[String?]] {
    allRelations(source).flatMap { database, schema, relation in
      relation.columns.enumerated().map { index, column in
        let sizes = InformationSchema.sizes(column.type.type)
        return [
          database, schema, relation.name, column.name, "\(index + 1)", PostgresCatalog.defaultText(column),
          column.notNull ? "NO" : "YES",
          InformationSchema.typeName(column.type.type), sizes.length, sizes.precision, sizes.scale, column.comment,
          column.encoding,
          PostgresCatalog.flag(relation.distKey == column.name), PostgresCatalog.sortOrder(column, relation), nil,
        ]
      }
    }
  }
}
