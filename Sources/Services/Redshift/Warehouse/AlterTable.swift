import Engine
import SQL

/// ALTER TABLE in Redshift's forms.
extension WarehouseSession {
  func alterTable(_ name: QualifiedName, _ change: RedshiftAlterTable) async throws -> SQLOutcome {
    if case .append(let source, let ignoreExtra, let fillTarget) = change {
      return try await append(to: name, from: source, ignoreExtra: ignoreExtra, fillTarget: fillTarget)
    }
    return try await done("ALTER TABLE") { try await self.alter(try self.owned(name), change) }
  }

  func alter(_ relation: CatalogRelation, _ change: RedshiftAlterTable) async throws {
    var relation = relation
    let table = CatalogTable.table(of: relation)
    func index(_ name: Identifier) throws -> Int {
      guard let index = relation.columns.firstIndex(where: { $0.name == name.key }) else {
        throw SQLFailure("42703", "column \"\(name.key)\" of relation \"\(relation.name)\" does not exist")
      }
      return index
    }
    switch change {
    case .addColumn(let column):
      guard relation.form == .table else { throw SQLFailure("42809", "\"\(relation.name)\" is not a table") }
      guard column.identity == nil else {
        throw SQLFailure("0A000", "ALTER TABLE ADD COLUMN with IDENTITY is not supported")
      }
      if relation.column(column.name.key) != nil {
        throw SQLFailure("42701", "column \"\(column.name.key)\" of relation \"\(relation.name)\" already exists")
      }
      let made = try await make(column, in: &relation)
      if made.notNull, made.engineDefault == nil {
        throw SQLFailure("42601", "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
      }
      relation.columns.append(made)
      try check(relation)
      try await engine.execute(
        "ALTER TABLE \(table) ADD COLUMN \(RedshiftPrinter.quoted(made.name)) \(made.engineType)"
          + (try await constant(made.engineDefault).map { " DEFAULT \($0)" } ?? ""), policy: .everything)
      if let value = made.engineDefault {
        try await engine.execute(
          "ALTER TABLE \(table) ALTER COLUMN \(RedshiftPrinter.quoted(made.name)) SET DEFAULT (\(value))",
          policy: .everything)
      }
      if made.notNull {
        try await engine.execute(
          "ALTER TABLE \(table) ALTER COLUMN \(RedshiftPrinter.quoted(made.name)) SET NOT NULL", policy: .everything)
      }
    case .dropColumn(let column, let cascade):
      let index = try index(column)
      if relation.distKey == column.key {
        throw SQLFailure("0A000", "cannot drop distkey column \"\(column.key)\"")
      }
      if relation.sortKeys.contains(column.key) {
        throw SQLFailure("0A000", "cannot drop sortkey column \"\(column.key)\"")
      }
      let users = catalog.relations.values.filter { $0.uses.contains(relation.id) && !$0.isLateBinding }
      if !users.isEmpty {
        guard cascade else {
          throw SQLFailure(
            "2BP01", "cannot drop table \(relation.name) column \(column.key) because other objects depend on it",
            hint: "Use DROP ... CASCADE to drop the dependent objects too.")
        }
        for user in users { try await drop(user, cascade: true) }
      }
      guard relation.columns.count > 1 else {
        throw SQLFailure("0A000", "cannot drop the only column of table \"\(relation.name)\"")
      }
      relation.columns.remove(at: index)
      relation.constraints.removeAll { $0.columns.contains(column.key) }
      try await engine.execute(
        "ALTER TABLE \(table) DROP COLUMN \(RedshiftPrinter.quoted(column.key))", policy: .everything)
    case .rename(let name):
      if exists(name.key, in: relation.schema) { throw Self.alreadyExists(name.key) }
      relation.name = name.key
    case .renameColumn(let column, let name):
      let index = try index(column)
      if relation.column(name.key) != nil {
        throw SQLFailure("42701", "column \"\(name.key)\" of relation \"\(relation.name)\" already exists")
      }
      relation.columns[index].name = name.key
      relation.sortKeys = relation.sortKeys.map { $0 == column.key ? name.key : $0 }
      if relation.distKey == column.key { relation.distKey = name.key }
      for index in relation.constraints.indices {
        relation.constraints[index].columns = relation.constraints[index].columns.map {
          $0 == column.key ? name.key : $0
        }
      }
      if relation.form != .view {
        try await engine.execute(
          "ALTER TABLE \(table) RENAME COLUMN \(RedshiftPrinter.quoted(column.key)) "
            + "TO \(RedshiftPrinter.quoted(name.key))", policy: .everything)
      }
    case .owner(let name):
      guard let owner = catalog.user(name.key) else {
        throw SQLFailure("42704", "user \"\(name.key)\" does not exist")
      }
      relation.owner = owner.id
    case .addConstraint(let constraint): try add(constraint, to: &relation)
    case .dropConstraint(let name, _):
      guard relation.constraints.contains(where: { $0.name == name.key }) else {
        throw SQLFailure("42704", "constraint \"\(name.key)\" does not exist")
      }
      relation.constraints.removeAll { $0.name == name.key }
    case .columnType(let column, let type):
      let index = try index(column)
      guard case .varchar(let before) = relation.columns[index].type.type, case .varchar(let after) = type else {
        throw SQLFailure(
          "0A000",
          "cannot alter column \"\(column.key)\" of relation \"\(relation.name)\", target column type should be varchar"
        )
      }
      if after < before {
        let longest = try await number(
          "SELECT max(strlen(\(RedshiftPrinter.quoted(column.key)))) FROM \(table)")
        guard longest <= after else {
          throw SQLFailure(
            "22001",
            "cannot alter column \"\(column.key)\" of relation \"\(relation.name)\", "
              + "target column size should be larger or equal to current maximum column size"
          )
        }
      }
      relation.columns[index].type = CatalogType(type)
    case .columnEncoding(let encodings):
      for item in encodings { relation.columns[try index(item.column)].encoding = item.encoding }
    case .encodeAuto: break
    case .distribution(let style, let key):
      if let key { _ = try index(key) }
      relation.distribution = style.rawValue
      relation.distKey = key?.key
    case .sortKey(let sort):
      for column in sort.columns { _ = try index(column) }
      relation.sortStyle = sort.style.rawValue
      relation.sortKeys = sort.columns.map(\.key)
      try await put(relation)
      return try await sortRows(of: relation)
    case .sortKeyNone:
      relation.sortStyle = nil
      relation.sortKeys = []
    case .setSchema(let name):
      guard let schema = catalog.schema(name.key, in: database.id), schema.external == nil else {
        throw SQLFailure("3F000", "schema \"\(name.key)\" does not exist")
      }
      guard rights.may("CREATE", on: schema) else {
        throw SQLFailure("42501", "permission denied for schema \(schema.name)")
      }
      if exists(relation.name, in: schema.id) { throw Self.alreadyExists(relation.name) }
      relation.schema = schema.id
    case .rowLevelSecurity(let on, let conjunction):
      relation.rowLevelSecurity = on
      if on { relation.rowLevelConjunction = conjunction?.uppercased() }
    case .append: break
    }
    try await put(relation)
  }

  /// The value of a default as a literal: what the rows that are there get.
  private func constant(_ expression: String?) async throws -> String? {
    guard let expression else { return nil }
    let result = try await engine.run("SELECT CAST((\(expression)) AS VARCHAR)", policy: .everything)
    var text: String?
    while let chunk = try await result.next() {
      if chunk.rows > 0, let column = chunk.columns.first { text = PostgresText.text(column, 0) }
    }
    return text.map(DuckDBText.string)
  }

  /// Moves all rows of a table to the end of another. It commits by itself, and cannot stand in a block.
  private func append(
    to name: QualifiedName, from source: QualifiedName, ignoreExtra: Bool, fillTarget: Bool
  ) async throws -> SQLOutcome {
    guard !isInBlock else {
      throw SQLFailure("25001", "ALTER TABLE APPEND cannot run inside a transaction block")
    }
    try await atomically {
      let (target, source) = (try owned(name), try owned(source))
      let missing = target.columns.filter { source.column($0.name) == nil && $0.identity == nil }
      let extra = source.columns.filter { target.column($0.name) == nil }
      if !missing.isEmpty, !fillTarget {
        throw SQLFailure(
          "42703", "column \"\(missing[0].name)\" of the target table does not exist in the source table")
      }
      if !extra.isEmpty, !ignoreExtra {
        throw SQLFailure("42703", "column \"\(extra[0].name)\" of the source table does not exist in the target table")
      }
      let shared = target.columns.filter { column in
        guard let other = source.column(column.name) else { return false }
        return other.type.type.engineName == column.type.type.engineName
      }
      for column in target.columns {
        if let other = source.column(column.name), other.type != column.type {
          throw SQLFailure("42804", "column \"\(column.name)\" has different types in the two tables")
        }
      }
      try await lock(target)
      try await lock(source)
      writes.formUnion([target.id, source.id])
      reads.insert(source.id)
      if try await exchange(target, source) { return }
      let list = shared.map { RedshiftPrinter.quoted($0.name) }.joined(separator: ", ")
      _ = try await changed(
        "INSERT INTO \(CatalogTable.table(of: target)) (\(list)) SELECT \(list) FROM \(CatalogTable.table(of: source))")
      _ = try await changed("DELETE FROM \(CatalogTable.table(of: source))")
      try await noteChange(of: source.id)
    }
    return .done(tag: "ALTER TABLE APPEND")
  }

  /// Where the target is empty and the tables are made alike, their rows change places and nothing is copied.
  private func exchange(_ target: CatalogRelation, _ source: CatalogRelation) async throws -> Bool {
    func shape(_ relation: CatalogRelation) -> [String] {
      relation.columns.map { column in
        "\(column.name) \(column.type) \(column.notNull) \(column.engineDefault ?? "")"
      }
    }
    guard !target.isTemporary, !source.isTemporary, shape(target) == shape(source),
      !(target.columns + source.columns).contains(where: { $0.identity != nil }),
      try await number("SELECT count(*) FROM \(CatalogTable.table(of: target))") == 0
    else { return false }
    var (filled, emptied) = (target, source)
    filled.storage = source.storage ?? source.id
    emptied.storage = target.storage ?? target.id
    try await put(filled)
    try await put(emptied)
    return true
  }
}
