import SQL

/// The lists that SHOW gives of all databases: drivers find their way with them. What does not exist has no rows.
enum ShowLists {
  /// What a statement asks for, with its parameters in their places.
  private struct Wanted: Sendable {
    var database: String
    var schema: String?
    var object: String?
    var like: String?
    var arguments: [String]?
    var isGrantee: (@Sendable (CatalogGrantee?, Catalog) -> Bool)?

    func matches(_ name: String) -> Bool { like.map { ShowLists.like(name, $0) } ?? true }
    func lies(_ database: String, _ schema: String, _ object: String? = nil) -> Bool {
      self.database == database && (self.schema == nil || self.schema == schema)
        && (object == nil || self.object == nil || self.object == object)
    }
  }

  /// - Parameter levels: how many names lead to the object: 1 for a database, 2 for a schema, 3 for a table.
  private static func wanted(
    _ show: RedshiftShow, _ parameters: [String?], database: String, levels: Int
  ) -> Wanted {
    func text(_ word: RedshiftShow.Word) -> String {
      switch word {
      case .text(let text): text
      case .parameter(let index): index < parameters.count ? parameters[index] ?? "" : ""
      }
    }
    let path = show.path.map(text)
    var parts: [String?] = Array(repeating: nil, count: max(0, levels - path.count)) + path.suffix(levels)
    while parts.count < 3 { parts.append(nil) }
    var wanted = Wanted(database: parts[0] ?? database, schema: parts[1], object: parts[2])
    wanted.like = show.like.map(text)
    wanted.arguments = show.arguments.map { $0.map(text) }
    switch show.grantee {
    case .user(let name):
      let name = text(name)
      wanted.isGrantee = { grantee, catalog in
        grantee.map { !$0.isGroup && catalog.users[$0.id]?.name == name } ?? false
      }
    case .role(let name):
      let name = text(name)
      wanted.isGrantee = { grantee, catalog in
        grantee.map { $0.isGroup && catalog.groups[$0.id]?.name == name } ?? false
      }
    case .everyone: wanted.isGrantee = { grantee, _ in grantee == nil }
    case nil: break
    }
    return wanted
  }

  /// - Returns: `nil` for what is no list.
  static func view(_ show: RedshiftShow, parameters: [String?], database: String) throws(SQLFailure) -> SystemView? {
    func wanted(_ levels: Int) -> Wanted { Self.wanted(show, parameters, database: database, levels: levels) }
    switch show.kind {
    case .databases: return databases(wanted(0))
    case .schemas: return schemas(wanted(1))
    case .tables: return tables(wanted(2))
    case .columns: return columns(wanted(3))
    case .primaryKeys: return primaryKeys(wanted(3))
    case .foreignKeys: return foreignKeys(wanted(3), exported: false)
    case .exportedKeys: return foreignKeys(wanted(3), exported: true)
    case .procedures, .functions:
      let wanted = wanted(2)
      return ShowRoutines.list(isProcedure: show.kind == .procedures) { wanted.lies($0, $1) && wanted.matches($2) }
    case .procedureParameters, .functionParameters:
      let wanted = wanted(3)
      return ShowRoutines.parameters(
        isProcedure: show.kind == .procedureParameters, arguments: wanted.arguments
      ) { wanted.lies($0, $1, $2) } isNamed: { wanted.matches($0) }
    case .columnGrants: return columnGrants(wanted(3))
    case .grants:
      switch show.object {
      case "TABLE": return objectGrants(wanted(3), "TABLE")
      case "SCHEMA": return objectGrants(wanted(2), "SCHEMA")
      case "DATABASE": return objectGrants(wanted(1), "DATABASE")
      case "FUNCTION", "PROCEDURE": return objectGrants(wanted(3), "FUNCTION")
      default: return objectGrants(wanted(1), nil)
      }
    default: return nil
    }
  }

  private static func list(
    _ columns: String, _ rows: @escaping @Sendable (SystemSource) async throws -> [[String?]]
  ) -> SystemView {
    SystemView("pg_catalog", "", columns, rows: rows)
  }

  private static func databases(_ wanted: Wanted) -> SystemView {
    list(
      """
      database_name name, database_owner int, database_type text, database_acl text, parameters text,
      database_isolation_level text
      """
    ) { source in
      source.catalog.databases.values.sorted { $0.name < $1.name }.filter { wanted.matches($0.name) }.map {
        [$0.name, "\($0.owner)", "local", PostgresCatalog.acl($0.grants, source), nil, $0.isolation]
      }
    }
  }

  private static func schemas(_ wanted: Wanted) -> SystemView {
    list(
      """
      database_name name, schema_name name, schema_owner int, schema_type text, schema_acl text,
      source_database text, schema_option text
      """
    ) { source in
      guard let database = source.catalog.database(wanted.database) else { return [] }
      return source.catalog.schemas.values.sorted { $0.name < $1.name }.filter {
        $0.database == database.id && wanted.matches($0.name)
      }.map { schema in
        [
          database.name, schema.name, "\(schema.owner)", schema.external == nil ? "local" : "external",
          PostgresCatalog.acl(schema.grants, source), schema.external?.database,
          schema.external.map { "{\"IAM_ROLE\":\"\($0.role ?? "")\"}" },
        ]
      }
    }
  }

  /// The relations of the place that the user may see, by name.
  private static func relations(_ wanted: Wanted, _ source: SystemSource) -> [(String, String, CatalogRelation)] {
    RedshiftViews.allRelations(source).filter { database, schema, relation in
      wanted.lies(database, schema, relation.name) && sees(relation, source)
    }.sorted { ($0.1, $0.2.name) < ($1.1, $1.2.name) }
  }

  private static func sees(_ relation: CatalogRelation, _ source: SystemSource) -> Bool {
    if source.rights.owns(relation.owner) { return true }
    guard let schema = source.catalog.schemas[relation.schema], source.rights.may("USAGE", on: schema) else {
      return false
    }
    return !(source.rights.readableColumns(of: relation)?.isEmpty ?? false)
  }

  private static func subtype(_ relation: CatalogRelation) -> String {
    switch relation.form {
    case .table: "REGULAR TABLE"
    case .materializedView: "MATERIALIZED VIEW"
    case .view: relation.isLateBinding ? "LATE BINDING VIEW" : "REGULAR VIEW"
    }
  }

  private static func tables(_ wanted: Wanted) -> SystemView {
    list(
      """
      database_name name, schema_name name, table_name name, table_type text, table_acl text, remarks text,
      owner text, last_altered_time timestamp, last_modified_time timestamp, dist_style text, table_subtype text
      """
    ) { source in
      var rows: [[String?]] = relations(wanted, source).filter { wanted.matches($0.2.name) }.map {
        database, schema, relation in
        [
          database, schema, relation.name, RedshiftViews.tableType(relation),
          PostgresCatalog.acl(relation.grants, source), relation.comment,
          source.catalog.users[relation.owner]?.name, PostgresText.timestamp(Int64(relation.createdAt * 1e6)),
          PostgresText.timestamp(Int64((relation.refreshedAt ?? relation.createdAt) * 1e6)),
          relation.form == .view ? nil : RedshiftViews.distribution(relation), subtype(relation),
        ]
      }
      if wanted.database == source.database.name, isExternal(wanted.schema, source) {
        rows += try await source.session.externalTables().filter {
          wanted.lies(source.database.name, $0.schema) && wanted.matches($0.name)
        }.map {
          [
            source.database.name, $0.schema, $0.name, "EXTERNAL TABLE", nil, nil, nil, nil, nil, nil,
            "EXTERNAL TABLE",
          ]
        }
      }
      return rows
    }
  }

  /// Whether asking the lake's catalog can give anything.
  private static func isExternal(_ schema: String?, _ source: SystemSource) -> Bool {
    guard let schema else { return true }
    return source.catalog.schema(schema, in: source.database.id)?.external != nil
  }

  private static func columns(_ wanted: Wanted) -> SystemView {
    list(
      """
      database_name name, schema_name name, table_name name, column_name name, ordinal_position int,
      column_default text, is_nullable text, data_type text, character_maximum_length int, numeric_precision int,
      numeric_scale int, remarks text, sort_key_type text, sort_key int, dist_key int, encoding text, collation text
      """
    ) { source in
      var rows = relations(wanted, source).flatMap { database, schema, relation in
        let readable = source.rights.readableColumns(of: relation)
        return relation.columns.enumerated().compactMap { index, column -> [String?]? in
          guard wanted.matches(column.name), readable?.contains(column.name) ?? true else { return nil }
          let sizes = InformationSchema.sizes(column.type.type)
          let order = PostgresCatalog.sortOrder(column, relation)
          return [
            database, schema, relation.name, column.name, "\(index + 1)", PostgresCatalog.defaultText(column),
            column.notNull ? "NO" : "YES", InformationSchema.typeName(column.type.type), sizes.length, sizes.precision,
            sizes.scale, column.comment, order == "0" ? nil : relation.sortStyle ?? "COMPOUND", order,
            relation.distKey == column.name ? "1" : "0", column.encoding, isText(column) ? "default" : nil,
          ]
        }
      }
      if wanted.database == source.database.name, isExternal(wanted.schema, source) {
        rows += try await source.session.externalTables().filter {
          wanted.lies(source.database.name, $0.schema, $0.name)
        }.flatMap { table in
          table.columns.enumerated().filter { wanted.matches($0.element.name) }.map { index, column in
            [
              source.database.name, table.schema, table.name, column.name, "\(index + 1)", nil, "YES", column.type,
              nil, nil, nil, nil, nil, nil, nil, nil, nil,
            ]
          }
        }
      }
      return rows
    }
  }

  private static func isText(_ column: CatalogColumn) -> Bool {
    switch column.type.type {
    case .char, .varchar: true
    default: false
    }
  }

  private static func primaryKeys(_ wanted: Wanted) -> SystemView {
    list(
      """
      database_name name, schema_name name, table_name name, pk_name name, column_name name, key_seq int
      """
    ) { source in
      relations(wanted, source).flatMap { database, schema, relation in
        relation.constraints.filter { $0.form == .primaryKey }.flatMap { key in
          key.columns.enumerated().map { [database, schema, relation.name, key.name, $1, "\($0 + 1)"] }
        }
      }
    }
  }

  /// JDBC's numbers: no action, and not deferrable.
  private static let rule = "3"
  private static let deferrability = "7"

  /// - Parameter exported: whether the table is the one that others refer to.
  private static func foreignKeys(_ wanted: Wanted, exported: Bool) -> SystemView {
    list(
      """
      pk_database_name name, pk_schema_name name, pk_table_name name, pk_column_name name, fk_database_name name,
      fk_schema_name name, fk_table_name name, fk_column_name name, key_seq int, fk_name name, pk_name name,
      update_rule int, delete_rule int, deferrability int
      """
    ) { source in
      let all = RedshiftViews.allRelations(source)
      let places = Dictionary(all.map { ($0.2.id, ($0.0, $0.1)) }, uniquingKeysWith: { first, _ in first })
      var rows: [[String?]] = []
      for (database, schema, relation) in all.sorted(by: { ($0.1, $0.2.name) < ($1.1, $1.2.name) }) {
        for key in relation.constraints where key.form == .foreignKey {
          guard let target = key.references.flatMap({ source.catalog.relations[$0] }), let place = places[target.id]
          else { continue }
          let named =
            exported ? wanted.lies(place.0, place.1, target.name) : wanted.lies(database, schema, relation.name)
          guard named, sees(exported ? target : relation, source) else { continue }
          let primary = target.constraints.first { $0.form == .primaryKey }
          let others = key.referencedColumns.isEmpty ? primary?.columns ?? [] : key.referencedColumns
          for (index, column) in key.columns.enumerated() {
            rows.append([
              place.0, place.1, target.name, index < others.count ? others[index] : nil, database, schema,
              relation.name, column, "\(index + 1)", key.name, primary?.name, rule, rule, deferrability,
            ])
          }
        }
      }
      return rows
    }
  }

  // MARK: Grants

  /// Users first, then groups and roles, then everyone; each in the order in which they were made.
  private static func sorted(_ grants: [CatalogGrant]) -> [CatalogGrant] {
    func rank(_ grant: CatalogGrant) -> (Int, Int) {
      grant.grantee.map { ($0.isGroup ? 1 : 0, $0.id) } ?? (2, 0)
    }
    return grants.enumerated().sorted { a, b in
      let (first, second) = (rank(a.element), rank(b.element))
      return (first.0, first.1, a.offset) < (second.0, second.1, b.offset)
    }.map(\.element)
  }

  /// Whether the user may know of a grant: Redshift, "SHOW GRANTS".
  private static func isVisible(_ grant: CatalogGrant, _ wanted: Wanted, _ source: SystemSource) -> Bool {
    if let isGrantee = wanted.isGrantee, !isGrantee(grant.grantee, source.catalog) { return false }
    guard !source.rights.isSuperuser, let grantee = grant.grantee else { return true }
    return source.rights.memberships.contains(grantee)
      || (grantee.isGroup && source.catalog.groups[grantee.id]?.owner == source.user.id)
  }

  private static func columnGrants(_ wanted: Wanted) -> SystemView {
    list(
      """
      database_name name, schema_name name, table_name name, column_name name, object_type text, privilege_type text,
      identity_id int, identity_name text, identity_type text, admin_option bool, privilege_scope text,
      grantor_name text
      """
    ) { source in
      RedshiftViews.allRelations(source).filter { wanted.lies($0.0, $0.1, $0.2.name) }.flatMap {
        database, schema, relation in
        sorted(relation.grants).filter {
          !$0.column.isEmpty && wanted.matches($0.column) && isVisible($0, wanted, source)
        }.map { grant in
          [
            database, schema, relation.name, grant.column, "COLUMN", grant.privilege,
            "\(grant.grantee?.id ?? 0)", RedshiftViews.name(of: grant.grantee, source),
            RedshiftViews.type(of: grant.grantee, source), PostgresCatalog.flag(grant.withOption), "COLUMN",
            source.catalog.users[grant.grantor]?.name,
          ]
        }
      }
    }
  }

  /// - Parameter kind: of the objects; `nil` for all that somebody was granted.
  private static func objectGrants(_ wanted: Wanted, _ kind: String?) -> SystemView {
    list(
      """
      database_name name, schema_name name, object_name name, object_type text, privilege_type text, identity_id int,
      identity_name text, identity_type text, admin_option bool, privilege_scope text, grantor_name text
      """
    ) { source in
      var rows: [[String?]] = []
      func add(_ place: [String?], _ type: String, _ grants: [CatalogGrant]) {
        for grant in sorted(grants) where grant.column.isEmpty && isVisible(grant, wanted, source) {
          rows.append(
            place + [
              type, grant.privilege, "\(grant.grantee?.id ?? 0)", RedshiftViews.name(of: grant.grantee, source),
              RedshiftViews.type(of: grant.grantee, source), PostgresCatalog.flag(grant.withOption), type,
              source.catalog.users[grant.grantor]?.name,
            ])
        }
      }
      if kind == nil || kind == "DATABASE", let database = source.catalog.database(wanted.database) {
        add([database.name, nil, nil], "DATABASE", database.grants)
      }
      for schema in source.catalog.schemas.values.sorted(by: { $0.name < $1.name })
      where kind == nil || kind == "SCHEMA" {
        guard let database = source.catalog.databases[schema.database], wanted.lies(database.name, schema.name) else {
          continue
        }
        add([database.name, schema.name, nil], "SCHEMA", schema.grants)
      }
      for (database, schema, relation) in RedshiftViews.allRelations(source) where kind == nil || kind == "TABLE" {
        guard wanted.lies(database, schema, relation.name) else { continue }
        add([database, schema, relation.name], relation.form == .table ? "TABLE" : "VIEW", relation.grants)
      }
      for routine in source.catalog.routines.values.sorted(by: { $0.id < $1.id })
      where kind == nil || kind == "FUNCTION" {
        guard let schema = source.catalog.schemas[routine.schema],
          let database = source.catalog.databases[schema.database],
          wanted.lies(database.name, schema.name, routine.name)
        else { continue }
        let shown = "\(routine.name)(\(ShowRoutines.types(routine, "IN").joined(separator: ", ")))"
        add([database.name, schema.name, shown], routine.isProcedure ? "PROCEDURE" : "FUNCTION", routine.grants)
      }
      return rows
    }
  }

  // MARK: Patterns

  /// LIKE as SHOW has it: case counts, and `\` takes `%` and `_` by their letter.
  static func like(_ text: String, _ pattern: String) -> Bool {
    let text = Array(text.unicodeScalars)
    var parts: [(scalar: Unicode.Scalar, isSign: Bool)] = []
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      if !isEscaped, scalar == "\\" {
        isEscaped = true
      } else {
        parts.append((scalar, !isEscaped && (scalar == "%" || scalar == "_")))
        isEscaped = false
      }
    }
    // The last `%` and where its text ended: only that is ever tried again.
    var (at, part, star, mark) = (0, 0, -1, 0)
    while at < text.count {
      if part < parts.count, parts[part].isSign, parts[part].scalar == "%" {
        (star, mark) = (part, at)
        part += 1
      } else if part < parts.count, parts[part].isSign || parts[part].scalar == text[at] {
        (at, part) = (at + 1, part + 1)
      } else if star >= 0 {
        mark += 1
        (at, part) = (mark, star + 1)
      } else {
        return false
      }
    }
    return parts[part...].allSatisfy { $0.isSign && $0.scalar == "%" }
  }
}
