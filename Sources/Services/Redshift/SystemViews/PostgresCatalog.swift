import Kernel
import PostgresWire
import SQL

/// PostgreSQL 8's catalog, as drivers ask for it.
enum PostgresCatalog {
  private static func view(
    _ name: String, _ columns: String, _ rows: @escaping @Sendable (SystemSource) async throws -> [[String?]]
  ) -> SystemView {
    SystemView("pg_catalog", name, columns, rows: rows)
  }

  /// Fixed numbers of the catalog's own schemas.
  static let catalogSchema = 11
  static let informationSchema = 11_000

  /// The schemas of the session's database, with PostgreSQL's own.
  static func schemas(_ source: SystemSource) -> [(id: Int, name: String, owner: Int, grants: [CatalogGrant])] {
    var found: [(id: Int, name: String, owner: Int, grants: [CatalogGrant])] = [
      (catalogSchema, "pg_catalog", 1, []), (informationSchema, "information_schema", 1, []), (99, "pg_toast", 1, []),
      (12, "pg_internal", 1, []),
    ]
    for schema in source.catalog.schemas.values.sorted(by: { $0.id < $1.id })
    where schema.database == source.database.id {
      found.append((schema.id, schema.name, schema.owner, schema.grants))
    }
    return found
  }

  /// The relations of the session's database that have rows or columns of their own.
  static func relations(_ source: SystemSource) -> [(relation: CatalogRelation, schema: String)] {
    let local = source.catalog.relations.values.sorted { $0.id < $1.id }.compactMap { relation in
      source.catalog.schemas[relation.schema].flatMap { schema in
        schema.database == source.database.id ? (relation, schema.name) : nil
      }
    }
    return local
      + source.temporaries.relations.values.sorted { $0.id < $1.id }.map { ($0, "pg_temp_\(source.session.process)") }
  }

  /// A view's query; a materialized view's whole statement, as Redshift shows it: dbt tells the two apart by it.
  static func definition(_ relation: CatalogRelation, in schema: String) -> String? {
    guard relation.form == .materializedView, let query = relation.text else { return relation.text }
    return "create materialized view \(schema).\(relation.name) as (\(query));"
  }

  static func systemID(_ view: SystemView) -> Int {
    // A number that stays the same from one run to the next.
    var hash: UInt32 = 2_166_136_261
    for byte in "\(view.schema).\(view.name)".utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return 20_000 + Int(hash % 70_000)
  }

  static func kind(_ form: CatalogRelation.Form) -> String { form == .table ? "r" : "v" }

  static let types: [(oid: Int, name: String, length: Int, category: String)] = [
    (16, "bool", 1, "B"), (17, "bytea", -1, "U"), (18, "char", 1, "S"), (19, "name", 128, "S"), (20, "int8", 8, "N"),
    (21, "int2", 2, "N"), (22, "int2vector", -1, "A"), (23, "int4", 4, "N"), (24, "regproc", 4, "N"),
    (25, "text", -1, "S"), (26, "oid", 4, "N"), (28, "xid", 4, "U"), (29, "cid", 4, "U"), (30, "oidvector", -1, "A"),
    (700, "float4", 4, "N"), (701, "float8", 8, "N"), (705, "unknown", -2, "X"), (1_007, "_int4", -1, "A"),
    (1_009, "_text", -1, "A"), (1_033, "aclitem", 12, "U"), (1_034, "_aclitem", -1, "A"), (1_042, "bpchar", -1, "S"),
    (1_043, "varchar", -1, "S"), (1_082, "date", 4, "D"), (1_083, "time", 8, "D"), (1_114, "timestamp", 8, "D"),
    (1_184, "timestamptz", 8, "D"), (1_186, "interval", 16, "T"), (1_188, "intervaly2m", 4, "T"),
    (1_190, "intervald2s", 8, "T"), (1_266, "timetz", 12, "D"), (1_700, "numeric", -1, "N"),
    (1_790, "refcursor", -1, "U"),
    (2_205, "regclass", 4, "N"), (2_206, "regtype", 4, "N"), (2_249, "record", -1, "P"), (2_278, "void", 4, "P"),
    (2_935, "hllsketch", -1, "U"), (3_000, "geometry", -1, "U"), (3_001, "geography", -1, "U"),
    (4_000, "super", -1, "U"),
    (6_551, "varbyte", -1, "U"),
  ]

  static func flag(_ value: Bool) -> String { value ? "t" : "f" }

  /// `{user=arwd/owner,…}` of the rights on an object.
  static func acl(_ grants: [CatalogGrant], _ source: SystemSource) -> String? {
    guard !grants.isEmpty else { return nil }
    let letters = [
      "SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d", "RULE": "R", "REFERENCES": "x", "TRIGGER": "t",
      "DROP": "D", "TRUNCATE": "P", "ALTER": "L", "USAGE": "U", "CREATE": "C", "TEMP": "T", "EXECUTE": "X",
    ]
    var items: [String] = []
    var byGrantee: [(CatalogGrantee?, Int, String)] = []
    for grant in grants where grant.column.isEmpty {
      let letter = (letters[grant.privilege] ?? "") + (grant.withOption ? "*" : "")
      if let index = byGrantee.firstIndex(where: { $0.0 == grant.grantee && $0.1 == grant.grantor }) {
        byGrantee[index].2 += letter
      } else {
        byGrantee.append((grant.grantee, grant.grantor, letter))
      }
    }
    for (grantee, grantor, letters) in byGrantee {
      let name =
        grantee.map { grantee in
          grantee.isGroup
            ? "group \(source.catalog.groups[grantee.id]?.name ?? "")" : source.catalog.users[grantee.id]?.name ?? ""
        } ?? ""
      items.append("\(name)=\(letters)/\(source.catalog.users[grantor]?.name ?? "")")
    }
    return "{\(items.joined(separator: ","))}"
  }

  static let views: [SystemView] = [
    view(
      "pg_database",
      """
      oid oid, datname name, datdba int, encoding int, datistemplate bool, datallowconn bool, datlastsysoid oid,
      datvacuumxid bigint, datfrozenxid bigint, dattablespace oid, datconfig text, datacl text,
      datcollate name, datctype name
      """
    ) { source in
      source.catalog.databases.values.sorted { $0.id < $1.id }.map { database in
        [
          "\(database.id)", database.name, "\(database.owner)", "6", "f", "t", "100000", "0", "0", "1663", nil,
          acl(database.grants, source), "C", "C",
        ]
      }
    },
    view("pg_database_info", "datname name, datid oid, datconnlimit text, datdba int") { source in
      source.catalog.databases.values.sorted { $0.id < $1.id }.map {
        [$0.name, "\($0.id)", $0.connectionLimit.map(String.init) ?? "UNLIMITED", "\($0.owner)"]
      }
    },
    view("pg_namespace", "oid oid, nspname name, nspowner int, nspacl text") { source in
      schemas(source).map { ["\($0.id)", $0.name, "\($0.owner)", acl($0.grants, source)] }
    },
    view("pg_external_schema", "esoid oid, eskind int, esdbname text, esoptions text") { source in
      source.catalog.schemas.values.filter { $0.database == source.database.id }.sorted { $0.id < $1.id }.compactMap {
        schema in
        schema.external.map { external in
          ["\(schema.id)", "1", external.database, "{\"IAM_ROLE\":\"\(external.role ?? "")\"}"]
        }
      }
    },
    view(
      "pg_class",
      """
      oid oid, relname name, relnamespace oid, reltype oid, relowner int, relam oid, relfilenode oid,
      reltablespace oid, relpages int, reltuples real, reltoastrelid oid, reltoastidxid oid, relhasindex bool,
      relisshared bool, relkind char, relnatts smallint, relexternid oid, relisreplicated bool, relispinned bool,
      reldiststyle smallint, relprojbaseid oid, relchecks smallint, reltriggers smallint, relukeys smallint,
      relfkeys smallint, relrefs smallint, relhasoids bool, relhaspkey bool, relhasrules bool, relhassubclass
      bool, relacl text, relhastriggers bool, reloftype oid, relpersistence char, reloptions texts
      """
    ) { source in
      let counts = try await RedshiftViews.counts(source)
      var rows: [[String?]] = relations(source).map { relation, _ in
        [
          "\(relation.id)", relation.name,
          relation.isTemporary ? "\(source.session.process)" : "\(relation.schema)", "0", "\(relation.owner)", "0",
          "\(relation.id)", "0", "0", "\(counts[relation.storage ?? relation.id] ?? 0)", "0", "0", "f", "f",
          kind(relation.form), "\(relation.columns.count)", "0", "f", "f",
          relation.form == .view ? "0" : distribution(relation), "0", "0", "0",
          "\(relation.constraints.count { $0.form == .unique })",
          "\(relation.constraints.count { $0.form == .foreignKey })",
          "0", "f", flag(relation.constraints.contains { $0.form == .primaryKey }),
          flag(relation.form != .table), "f", acl(relation.grants, source), "f", "0",
          relation.isTemporary ? "t" : "p", nil,
        ]
      }
      for view in SystemViews.all {
        let schema = view.schema == "information_schema" ? informationSchema : catalogSchema
        rows.append([
          "\(systemID(view))", view.name, "\(schema)", "0", "1", "0", "0", "0", "0", "0", "0", "0", "f", "f", "v",
          "\(view.columns.count)", "0", "f", "f", "0", "0", "0", "0", "0", "0", "0", "f", "f", "t", "f", "{=r/rdsdb}",
          "f", "0", "p", nil,
        ])
      }
      return rows
    },
    view(
      "pg_class_info",
      """
      reloid oid, relname name, relnamespace oid, relkind char, relowner int, releffectivediststyle int,
      reldiststyle smallint, relcreationtime timestamp, relacl text
      """
    ) { source in
      relations(source).map { relation, _ in
        [
          "\(relation.id)", relation.name, "\(relation.schema)", kind(relation.form), "\(relation.owner)",
          effectiveDistribution(relation), distribution(relation),
          PostgresText.timestamp(Int64(relation.createdAt * 1e6)), acl(relation.grants, source),
        ]
      }
    },
    view(
      "pg_attribute",
      """
      attrelid oid, attname name, atttypid oid, attstattarget int, attlen smallint, attnum smallint, attndims int,
      attcacheoff int, atttypmod int, attbyval bool, attstorage char, attalign char, attnotnull bool, atthasdef
      bool, attisdropped bool, attislocal bool, attinhcount int, attencodingtype smallint, attisdistkey bool,
      attispreloaded bool, attsortkeyord int, attidentity char, attacl text, attcollation oid
      """
    ) { source in
      var rows: [[String?]] = []
      for (relation, _) in relations(source) {
        for column in relation.columns {
          let type = column.type.type.postgres
          rows.append([
            "\(relation.id)", column.name, "\(type.oid)", "-1", "\(type.size)", "\(column.number)", "0", "-1",
            "\(type.modifier)", "f", "p", "i", flag(column.notNull),
            flag(column.defaultText != nil || column.identity != nil), "f", "t", "0",
            ColumnEncodings.number(of: column.encoding), flag(relation.distKey == column.name), "f",
            sortOrder(column, relation),
            column.identity == nil ? "" : column.identity?.byDefault == true ? "d" : "a",
            acl(relation.grants.filter { $0.column == column.name }.map(\.ofWhole), source), "0",
          ])
        }
      }
      for view in SystemViews.all {
        for (index, column) in view.columns.enumerated() {
          let type = column.type.postgres
          rows.append([
            "\(systemID(view))", column.name, "\(type.oid)", "-1", "\(type.size)", "\(index + 1)", "0", "-1",
            "\(type.modifier)", "f", "p", "i", "f", "f", "f", "t", "0", "0", "f", "f", "0", "",
            nil, "0",
          ])
        }
      }
      return rows
    },
    view(
      "pg_attribute_info",
      """
      attrelid oid, attname name, atttypid oid, attnum smallint, atttypmod int, attnotnull bool, atthasdef bool,
      attisdropped bool, attisdistkey bool, attsortkeyord int, attencodingtype smallint, attacl text
      """
    ) { source in
      var rows: [[String?]] = []
      for (relation, _) in relations(source) {
        for column in relation.columns {
          let type = column.type.type.postgres
          rows.append([
            "\(relation.id)", column.name, "\(type.oid)", "\(column.number)", "\(type.modifier)", flag(column.notNull),
            flag(column.defaultText != nil || column.identity != nil), "f", flag(relation.distKey == column.name),
            sortOrder(column, relation), ColumnEncodings.number(of: column.encoding), nil,
          ])
        }
      }
      return rows
    },
    view("pg_attrdef", "oid oid, adrelid oid, adnum smallint, adbin text, adsrc text") { source in
      relations(source).flatMap { relation, _ in
        relation.columns.compactMap { column -> [String?]? in
          guard let text = defaultText(column) else { return nil }
          return ["\(relation.id * 10_000 + column.number)", "\(relation.id)", "\(column.number)", text, text]
        }
      }
    },
    view(
      "pg_type",
      """
      oid oid, typname name, typnamespace oid, typowner int, typlen smallint, typbyval bool, typtype char,
      typisdefined bool, typdelim char, typrelid oid, typelem oid, typinput oid, typoutput oid, typreceive oid,
      typsend oid, typanalyze oid, typalign char, typstorage char, typnotnull bool, typbasetype oid, typtypmod
      int, typndims int, typdefaultbin text, typdefault text, typcategory char, typarray oid,
      typcollation oid
      """
    ) { _ in
      types.map { type in
        let element = type.oid == 1_007 ? "23" : type.oid == 1_009 ? "25" : type.oid == 1_034 ? "1033" : "0"
        return [
          "\(type.oid)", type.name, "11", "1", "\(type.length)", flag(type.length > 0 && type.length <= 8),
          type.category == "P" ? "p" : "b", "t", ",", "0", element, "0", "0", "0", "0", "0", "i", "p", "f", "0", "-1",
          "0", nil, nil, type.category, "0", "0",
        ]
      }
    },
    view(
      "pg_constraint",
      """
      oid oid, conname name, connamespace oid, contype char, condeferrable bool, condeferred bool, conrelid oid,
      contypid oid, confrelid oid, confupdtype char, confdeltype char, confmatchtype char, conkey
      smallints, confkey smallints, conbin text, consrc text
      """
    ) { source in
      relations(source).flatMap { relation, _ in
        relation.constraints.map { constraint -> [String?] in
          let keys = constraint.columns.compactMap { relation.column($0)?.number }.map(String.init)
          let target = constraint.references.flatMap { source.catalog.relations[$0] }
          let others = constraint.referencedColumns.compactMap { target?.column($0)?.number }.map(String.init)
          return [
            "\(constraint.id)", constraint.name, "\(relation.schema)", constraint.form.rawValue, "f", "f",
            "\(relation.id)", "0", "\(constraint.references ?? 0)", "a", "a", "u", "[\(keys.joined(separator: ","))]",
            others.isEmpty ? nil : "[\(others.joined(separator: ","))]", nil, nil,
          ]
        }
      }
    },
    view(
      "pg_index",
      """
      indexrelid oid, indrelid oid, indnatts smallint, indisunique bool, indisprimary bool, indisclustered bool,
      indkey text, indclass text, indexprs text, indpred text
      """
    ) { _ in [] },
    view(
      "pg_indexes",
      """
      schemaname name, tablename name, indexname name, tablespace name, indexdef text
      """
    ) { _ in [] },
    view("pg_inherits", "inhrelid oid, inhparent oid, inhseqno int") { _ in [] },
    view(
      "pg_trigger",
      """
      oid oid, tgrelid oid, tgname name, tgfoid oid, tgtype smallint, tgenabled bool, tgisconstraint bool,
      tgconstrname name
      """
    ) { _ in [] },
    view("pg_tablespace", "oid oid, spcname name, spcowner int, spclocation text, spcacl text") { _ in
      [["1663", "pg_default", "1", "", nil], ["1664", "pg_global", "1", "", nil]]
    },
    view("pg_description", "objoid oid, classoid oid, objsubid int, description text") { source in
      relations(source).flatMap { relation, _ -> [[String?]] in
        (relation.comment.map { [["\(relation.id)", "1259", "0", $0]] } ?? [])
          + relation.columns.compactMap { column in
            column.comment.map { ["\(relation.id)", "1259", "\(column.number)", $0] }
          }
      }
        + source.catalog.schemas.values.compactMap { schema in schema.comment.map { ["\(schema.id)", "2615", "0", $0] }
        }
    },
    view("pg_auth_members", "roleid oid, member oid, grantor oid, admin_option bool") { source in
      source.catalog.groups.values.sorted { $0.id < $1.id }.flatMap { group in
        group.members.map { ["\(group.id)", "\($0.grantee.id)", "\(group.owner)", flag($0.admin)] }
      }
    },
    view("pg_shdescription", "objoid oid, classoid oid, description text") { _ in [] },
    view(
      "pg_depend",
      """
      classid oid, objid oid, objsubid int, refclassid oid, refobjid oid, refobjsubid int, deptype char
      """
    ) { source in
      relations(source).flatMap { relation, _ in
        relation.uses.map { ["1259", "\(relation.id)", "0", "1259", "\($0)", "0", "n"] }
      }
    },
    view(
      "pg_rewrite",
      """
      oid oid, rulename name, ev_class oid, ev_attr smallint, ev_type char, is_instead bool
      """
    ) { source in
      relations(source).filter { $0.relation.form != .table }.map {
        ["\($0.relation.id)", "_RETURN", "\($0.relation.id)", "-1", "1", "t"]
      }
    },
    view(
      "pg_settings",
      """
      name text, setting text, unit text, category text, short_desc text, extra_desc text, context text, vartype
      text, source text, min_val text, max_val text
      """
    ) { source in
      source.settings.sorted { $0.key < $1.key }.map {
        [$0.key, $0.value, nil, "", "", nil, "user", "string", "default", nil, nil]
      }
    },
    view(
      "pg_user",
      """
      usename name, usesysid int, usecreatedb bool, usesuper bool, usecatupd bool, passwd text, valuntil
      timestamptz, useconfig text
      """
    ) { source in
      users(source).map { user in
        [
          user.name, "\(user.id)", flag(user.createsDatabases), flag(user.isSuperuser), flag(user.isSuperuser),
          "********", until(user),
          user.settings.isEmpty
            ? nil
            : "{\(user.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))}",
        ]
      }
    },
    view(
      "pg_user_info",
      """
      usename name, usesysid int, usecreatedb bool, usesuper bool, usecatupd bool, passwd text, valuntil
      timestamptz, useconfig text, useconnlimit text, syslogaccess text, sessiontimeout int, last_ddl_ts timestamp
      """
    ) { source in
      users(source).map { user in
        [
          user.name, "\(user.id)", flag(user.createsDatabases), flag(user.isSuperuser), flag(user.isSuperuser),
          "********", until(user), nil,
          user.connectionLimit.map(String.init) ?? "UNLIMITED",
          user.isSyslogUnrestricted ? "UNRESTRICTED" : "RESTRICTED",
          "\(user.sessionTimeoutSeconds ?? 0)", nil,
        ]
      }
    },
    view(
      "pg_shadow",
      """
      usename name, usesysid int, usecreatedb bool, usesuper bool, usecatupd bool, passwd text, valuntil
      timestamptz, useconfig text
      """
    ) { source in
      guard source.rights.isSuperuser else { throw SQLFailure("42501", "permission denied for relation pg_shadow") }
      return users(source).map { user in
        [
          user.name, "\(user.id)", flag(user.createsDatabases), flag(user.isSuperuser), flag(user.isSuperuser),
          "********", until(user), nil,
        ]
      }
    },
    view("pg_group", "groname name, grosysid int, grolist text") { source in
      source.catalog.groups.values.filter { !$0.isRole }.sorted { $0.id < $1.id }.map { group in
        [group.name, "\(group.id)", "{\(group.members.map { "\($0.grantee.id)" }.joined(separator: ","))}"]
      }
    },
    view(
      "pg_roles",
      """
      rolname name, rolsuper bool, rolinherit bool, rolcreaterole bool, rolcreatedb bool, rolcatupdate bool,
      rolcanlogin bool, rolconnlimit int, rolpassword text, rolvaliduntil timestamptz, rolconfig text, oid oid,
      rolreplication bool
      """
    ) { source in
      users(source).map { user in
        [
          user.name, flag(user.isSuperuser), "t", flag(user.isSuperuser), flag(user.createsDatabases),
          flag(user.isSuperuser), "t", "-1", "********", until(user), nil, "\(user.id)",
          "f",
        ]
      }
    },
    view(
      "pg_tables",
      """
      schemaname name, tablename name, tableowner name, tablespace name, hasindexes bool, hasrules bool,
      hastriggers bool
      """
    ) { source in
      relations(source).filter { $0.relation.form == .table }.map { relation, schema in
        [schema, relation.name, source.catalog.users[relation.owner]?.name, nil, "f", "f", "f"]
      }
    },
    // What PG_GET_LATE_BINDING_VIEW_COLS() reads.
    view(
      "pg_late_binding_view_cols", "view_schema name, view_name name, col_name name, col_type text, col_num int"
    ) { source in
      var rows: [[String?]] = []
      for (relation, schema) in relations(source) where relation.isLateBinding {
        for (index, column) in await source.session.boundColumns(of: relation).enumerated() {
          rows.append([schema, relation.name, column.name, column.type.description, "\(index + 1)"])
        }
      }
      return rows
    },
    view("pg_views", "schemaname name, viewname name, viewowner name, definition text") { source in
      relations(source).filter { $0.relation.form != .table }.map { relation, schema in
        [schema, relation.name, source.catalog.users[relation.owner]?.name, definition(relation, in: schema)]
      } + SystemViews.all.map { [$0.schema, $0.name, "rdsdb", ""] }
    },
    view(
      "pg_proc",
      """
      oid oid, proname name, pronamespace oid, proowner int, prolang oid, proisagg bool, prosecdef bool,
      proisstrict bool, proretset bool, provolatile char, pronargs smallint, prorettype oid, proargtypes text,
      proargnames text, prosrc text, probin text, proacl text,
      proiswindow bool
      """
    ) { source in
      source.catalog.routines.values.sorted { $0.id < $1.id }.filter {
        source.catalog.schemas[$0.schema]?.database == source.database.id
      }.map { routine in
        [
          "\(routine.id)", routine.name, "\(routine.schema)", "\(routine.owner)",
          routine.language == "sql" ? "14" : "100125",
          "f", flag(routine.securityDefiner), "f", "f", routine.volatility.prefix(1).lowercased(),
          "\(routine.argumentTypes.count)", "\(routine.returns?.type.postgres.oid ?? 2278)",
          routine.argumentTypes.map { "\($0.type.postgres.oid)" }.joined(separator: " "),
          "{\(routine.argumentNames.joined(separator: ","))}", routine.body, nil, acl(routine.grants, source),
          "f",
        ]
      }
    },
    view(
      "pg_proc_info",
      """
      prooid oid, proname name, pronamespace oid, prolang oid, prokind char, proowner int, prosrc text,
      proargtypes text
      """
    ) { source in
      source.catalog.routines.values.sorted { $0.id < $1.id }.map { routine in
        [
          "\(routine.id)", routine.name, "\(routine.schema)", routine.language == "sql" ? "14" : "100125",
          routine.isProcedure ? "p" : "f",
          "\(routine.owner)", routine.body,
          routine.argumentTypes.map { "\($0.type.postgres.oid)" }.joined(separator: " "),
        ]
      }
    },
    view(
      "pg_language",
      """
      oid oid, lanname name, lanispl bool, lanpltrusted bool, lanplcallfoid oid, lanvalidator oid, lanacl text
      """
    ) { _ in
      [
        ["12", "internal", "f", "f", "0", "0", nil], ["14", "sql", "f", "t", "0", "0", nil],
        ["100125", "plpgsql", "t", "t", "0", "0", nil],
      ]
    },
    view("pg_am", "oid oid, amname name") { _ in [] },
    // PostgreSQL's own that Redshift keeps: nothing here is made of what they hold.
    view("pg_aggregate", "aggfnoid oid, aggtransfn oid, aggfinalfn oid, aggtranstype oid, agginitval text") { _ in [] },
    view("pg_amop", "amopclaid oid, amopsubtype oid, amopstrategy smallint, amopreqcheck bool, amopopr oid") { _ in []
    },
    view("pg_amproc", "amopclaid oid, amprocsubtype oid, amprocnum smallint, amproc oid") { _ in [] },
    view("pg_cast", "castsource oid, casttarget oid, castfunc oid, castcontext char") { _ in [] },
    view(
      "pg_conversion",
      """
      conname name, connamespace oid, conowner int, conforencoding int, contoencoding int, conproc oid,
      condefault bool
      """
    ) { _ in [] },
    view("pg_default_acl", "defacluser oid, defaclnamespace oid, defaclobjtype char, defaclacl text") { source in
      (source.database.defaults ?? []).map { rule in
        let type = rule.kind == "TABLES" ? "r" : rule.kind == "PROCEDURES" ? "p" : "f"
        return ["\(rule.owner)", "\(rule.schema ?? 0)", type, acl(rule.grants, source)]
      }
    },
    view("pg_largeobject", "loid oid, pageno int, data text") { _ in [] },
    view(
      "pg_opclass",
      """
      opcamid oid, opcname name, opcnamespace oid, opcowner int, opcintype oid, opcdefault bool, opckeytype oid
      """
    ) { _ in [] },
    view(
      "pg_operator",
      """
      oid oid, oprname name, oprnamespace oid, oprowner int, oprkind char, oprcanhash bool, oprleft oid, oprright oid,
      oprresult oid, oprcom oid, oprnegate oid, oprcode oid
      """
    ) { _ in [] },
    view("pg_rules", "schemaname name, tablename name, rulename name, definition text") { _ in [] },
    view("pg_shdepend", "dbid oid, classid oid, objid oid, refclassid oid, refobjid oid, deptype char") { _ in [] },
    view(
      "pg_statistic",
      """
      starelid oid, staattnum smallint, stanullfrac real, stawidth int, stadistinct real
      """
    ) { _ in [] },
    view(
      "pg_stats",
      """
      schemaname name, tablename name, attname name, null_frac real, avg_width int, n_distinct real,
      most_common_vals text, most_common_freqs text, histogram_bounds text, correlation real
      """
    ) { _ in [] },
    view("pg_enum", "oid oid, enumtypid oid, enumlabel name") { _ in [] },
    view("pg_collation", "oid oid, collname name, collnamespace oid") { _ in [] },
    view("pg_extension", "oid oid, extname name, extversion text") { _ in [] },
    view("pg_range", "rngtypid oid, rngsubtype oid") { _ in [] },
    view(
      "pg_stat_activity",
      """
      datid oid, datname name, procpid int, usesysid int, usename name, current_query text, query_start
      timestamptz
      """
    ) { source in
      let running = source.warehouse.history.running
      return source.warehouse.sessions.map { session in
        let query = running.first { $0.process == session.process }
        return [
          "\(session.database.id)", session.database.name, "\(session.process)", query.map { "\($0.user)" },
          query?.userName, query?.text ?? "<IDLE>",
          query.map { PostgresText.timestamp($0.started.nanoseconds / 1_000) + "+00" },
        ]
      }
    },
    view("pg_locks", "locktype text, database oid, relation oid, pid int, mode text, granted bool") { source in
      await source.warehouse.locks.held.map {
        ["relation", "\(source.database.id)", "\($0.table)", "\($0.session)", "ExclusiveLock", "t"]
      }
    },
    view(
      "pg_table_def",
      """
      schemaname name, tablename name, column name, type text, encoding text, distkey bool, sortkey int, notnull
      bool
      """
    ) { source in
      // Only schemas of the search path, as Redshift says of it.
      let path = Set(
        SessionSettings.names(source.settings["search_path"] ?? "").map { $0 == "$user" ? source.user.name : $0 })
      return relations(source).filter { path.contains($0.schema) || $0.relation.isTemporary }.flatMap {
        relation, schema in
        relation.columns.map { column in
          [
            schema, relation.name, column.name, column.type.type.description, column.encoding,
            flag(relation.distKey == column.name), sortOrder(column, relation), flag(column.notNull),
          ]
        }
      }
    },
  ]

  private static func users(_ source: SystemSource) -> [CatalogUser] {
    [CatalogUser(id: 1, name: "rdsdb", isSuperuser: true, createsDatabases: true)]
      + source.catalog.users.values.sorted { $0.id < $1.id }
  }

  private static func until(_ user: CatalogUser) -> String? { user.validUntil }

  static func sortOrder(_ column: CatalogColumn, _ relation: CatalogRelation) -> String {
    guard let index = relation.sortKeys.firstIndex(of: column.name) else { return "0" }
    // Interleaved keys have signs in turns.
    return relation.sortStyle == "INTERLEAVED" && index % 2 == 1 ? "-\(index + 1)" : "\(index + 1)"
  }

  /// `reldiststyle`: 0 EVEN, 1 KEY, 8 ALL, 9 AUTO.
  static func distribution(_ relation: CatalogRelation) -> String {
    switch relation.distribution {
    case "EVEN": "0"
    case "KEY": "1"
    case "ALL": "8"
    default: "9"
    }
  }
  /// `releffectivediststyle`: AUTO(ALL) is 10, as small tables begin.
  static func effectiveDistribution(_ relation: CatalogRelation) -> String {
    relation.distribution == "AUTO" ? "10" : distribution(relation)
  }

  static func defaultText(_ column: CatalogColumn) -> String? {
    if let identity = column.identity {
      return "\"identity\"(\(column.number), 0, '\(identity.seed),\(identity.step)'::text)"
    }
    return column.defaultText
  }
}

extension CatalogGrant {
  /// A column's right as one of a whole object.
  fileprivate var ofWhole: CatalogGrant {
    var grant = self
    grant.column = ""
    return grant
  }
}
