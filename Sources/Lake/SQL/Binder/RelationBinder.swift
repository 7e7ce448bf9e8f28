/// `FROM`: tables, views, subqueries, joins, UNNEST.
extension Binder {
  func from(_ relations: [Relation], outer: Scope?) throws -> (BoundRelation?, Scope) {
    var bound: BoundRelation?
    let scope = Scope([], parent: outer)
    for relation in relations {
      let (next, fields) = try bind(relation, beside: scope, outer: outer)
      scope.fields += fields
      bound = bound.map { .join(.cross, $0, next, condition: nil) } ?? next
    }
    return (bound, scope)
  }

  /// - Parameter beside: what stands to the left, which UNNEST and LATERAL see.
  private func bind(
    _ relation: Relation, beside: Scope, outer: Scope?
  ) throws -> (BoundRelation, [Scope.Field]) {
    switch relation.kind {
    case .redshift: throw SQLError(.notSupported, "Not a relation of this language", at: relation.position)
    case .table(let name): return try table(name, outer: outer)
    case .subquery(let query): return derived(try bind(query, outer: outer), qualifier: [], lateral: false)
    case .lateral(let query): return derived(try bind(query, outer: beside), qualifier: [], lateral: true)
    case .unnest(let items, let ordinality): return try unnest(items, ordinality, beside: beside, at: relation.position)
    case .join(let join): return try self.join(join, beside: beside, outer: outer, at: relation.position)
    case .sampled(let inner, let method, let percentage):
      let (bound, fields) = try bind(inner, beside: beside, outer: outer)
      let value = try bindConstant(percentage)
      let number: Double
      switch value.kind {
      case .integer(let whole): number = Double(whole)
      case .decimal(let text): number = Double(text) ?? -1
      case .double(let double): number = double
      default: number = -1
      }
      guard (0...100).contains(number) else {
        throw SQLError(
          .typeMismatch, "Sample percentage must be greater than or equal to 0 and less than or equal to 100",
          at: percentage.position)
      }
      return (.sampled(bound, method, percentage: number), fields)
    case .aliased(let inner, let alias, let columns):
      var (bound, fields) = try bind(inner, beside: beside, outer: outer)
      if let columns {
        let visible = fields.filter { !$0.hidden }.count
        guard columns.count == visible else {
          throw SQLError(
            .mismatchedColumnAliases,
            "Column alias list has \(columns.count) entries but '\(alias.text)' has \(visible) columns available",
            at: relation.position)
        }
      }
      var index = 0
      for place in fields.indices {
        fields[place].qualifier = [alias.key]
        guard !fields[place].hidden else { continue }
        if let columns { fields[place].name = columns[index].key }
        index += 1
      }
      return (bound, fields)
    }
  }

  private func derived(_ query: BoundQuery, qualifier: [String], lateral: Bool) -> (BoundRelation, [Scope.Field]) {
    let number = nextNumber()
    let fields = query.columns.enumerated().map { index, column in
      Scope.Field(
        qualifier: qualifier, name: column.name,
        value: BoundExpression(column.type, .column(.init(relation: number, name: BoundRelation.column(index)))))
    }
    return (.derived(query, relation: number, lateral: lateral), fields)
  }

  // MARK: Tables and views

  private func table(_ name: QualifiedName, outer: Scope?) throws -> (BoundRelation, [Scope.Field]) {
    if name.parts.count == 1, let common = common(named: name.key) {
      let number = nextNumber()
      let fields = common.columns.enumerated().map { index, column in
        Scope.Field(
          qualifier: [name.key], name: column.name,
          value: BoundExpression(column.type, .column(.init(relation: number, name: BoundRelation.column(index)))))
      }
      return (.common(number: common.number, relation: number, columns: fields.count), fields)
    }
    guard let full = TableName(name, catalog: session.catalog.lowercased(), database: session.database.lowercased())
    else {
      throw SQLError(.syntax, "Too many dots in table name: \(name)", at: name.position)
    }
    guard let table = try catalog.table(catalog: full.catalog, database: full.database, name: full.name) else {
      switch try catalog.absence(catalog: full.catalog, database: full.database, name: full.name) {
      case .catalog:
        throw SQLError(.catalogNotFound, "Catalog '\(full.catalog ?? "")' not found", at: name.position)
      case .database:
        throw SQLError(.schemaNotFound, "Schema '\(full.database)' does not exist", at: name.position)
      case .table: throw SQLError(.tableNotFound, "Table '\(full)' does not exist", at: name.position)
      }
    }
    let qualifier = [full.catalog ?? session.catalog.lowercased(), full.database, full.name]
    switch table.content {
    case .view(let view): return try self.view(view, table, full, qualifier, at: name.position)
    case .table: return scan(table, qualifier)
    }
  }

  /// A table's columns, and those that Athena adds to every row of a file.
  private func scan(_ table: BoundTable, _ qualifier: [String]) -> (BoundRelation, [Scope.Field]) {
    let number = nextNumber()
    let reference = TableReference(relation: number, table: table)
    references.append(reference)
    uses[number] = []
    func field(_ column: BoundColumn, hidden: Bool) -> Scope.Field {
      let key = column.name.lowercased()
      return Scope.Field(
        qualifier: qualifier, name: key,
        value: BoundExpression(column.type, .column(.init(relation: number, name: key))), hidden: hidden)
    }
    let fields =
      table.columns.map { field($0, hidden: false) } + HiddenColumns.all.map { field($0, hidden: true) }
    return (.table(reference), fields)
  }

  private func view(
    _ view: ViewDefinition, _ table: BoundTable, _ name: TableName, _ qualifier: [String], at position: SourcePosition
  ) throws -> (BoundRelation, [Scope.Field]) {
    guard !openViews.contains(name) else {
      throw SQLError(.viewIsRecursive, "View is recursive: \(name)", at: position)
    }
    guard openViews.count < SQLLimits.viewNestingMax else {
      throw SQLError(.statementTooLarge, "statement is too large (views nested too deeply)", at: position)
    }
    openViews.append(name)
    let (around, hidden) = (session, commonTables)
    session.catalog = view.catalog ?? table.catalog
    session.database = view.database ?? table.database
    commonTables = []
    defer {
      openViews.removeLast()
      (session, commonTables) = (around, hidden)
    }
    let query: BoundQuery
    do {
      query = try bind(SQLParser.query(view.sql), outer: nil)
    } catch let error as SQLError {
      throw SQLError(
        .invalidView,
        "Failed analyzing stored view '\(name)': "
          + "\(error.position.map { "line \($0.line):\($0.column): " } ?? "")\(error.message)",
        at: position)
    }
    guard view.columns.isEmpty || query.columns.count == view.columns.count else {
      throw SQLError(
        .viewIsStale,
        "View '\(name)' is stale or in invalid state: a column of the query was added or removed; it must be "
          + "re-created",
        at: position)
    }
    for (column, declared) in zip(query.columns, view.columns)
    where !TypeCoercion.canCoerce(column.type, to: declared.type) {
      throw SQLError(
        .viewIsStale,
        "View '\(name)' is stale or in invalid state: column [\(declared.name)] of type \(column.type) cannot be "
          + "coerced to column [\(declared.name)] of type \(declared.type) stored in view definition",
        at: position)
    }
    let converted = view.columns.isEmpty ? query : convert(query, to: view.columns.map(\.type))
    var (bound, fields) = derived(converted, qualifier: qualifier, lateral: false)
    for (index, column) in view.columns.enumerated() { fields[index].name = column.name.lowercased() }
    return (bound, fields)
  }

  // MARK: UNNEST

  private func unnest(
    _ items: [Expression], _ ordinality: Bool, beside: Scope, at position: SourcePosition
  ) throws -> (BoundRelation, [Scope.Field]) {
    let context = ExpressionContext(scope: beside, aggregatesRefused: "UNNEST", windowsRefused: "UNNEST")
    let number = nextNumber()
    var values: [BoundExpression] = []
    var columns: [(String?, SQLType)] = []
    for item in items {
      let value = try bind(item, context)
      values.append(value)
      switch value.type {
      case .array(.row(let fields)): columns += fields.map { ($0.name?.lowercased(), $0.type) }
      case .array(let element): columns.append((nil, element))
      case .map(let key, let element): columns += [(nil, key), (nil, element)]
      default:
        throw SQLError(.typeMismatch, "Cannot unnest type: \(value.type)", at: item.position)
      }
    }
    if ordinality { columns.append((nil, .bigint)) }
    let fields = columns.enumerated().map { index, column in
      Scope.Field(
        qualifier: [], name: column.0,
        value: BoundExpression(column.1, .column(.init(relation: number, name: BoundRelation.column(index)))))
    }
    return (.unnest(BoundUnnest(relation: number, items: values, ordinality: ordinality)), fields)
  }

  // MARK: Joins

  private func join(
    _ join: Join, beside: Scope, outer: Scope?, at position: SourcePosition
  ) throws -> (BoundRelation, [Scope.Field]) {
    let (left, leftFields) = try bind(join.left, beside: beside, outer: outer)
    let within = Scope(beside.fields + leftFields, parent: outer)
    let (right, rightFields) = try bind(join.right, beside: within, outer: outer)
    let context = ExpressionContext(
      scope: Scope(leftFields + rightFields, parent: outer), aggregatesRefused: "JOIN clause",
      windowsRefused: "JOIN clause")
    switch join.criteria {
    case .none: return (.join(join.kind, left, right, condition: nil), leftFields + rightFields)
    case .on(let expression):
      let test = try condition(
        try bind(expression, context), "JOIN ON clause must evaluate to a boolean", at: expression.position)
      return (.join(join.kind, left, right, condition: test), leftFields + rightFields)
    case .using(let names):
      return try merged(join.kind, left, leftFields, right, rightFields, names, at: position)
    case .natural:
      let shared = leftFields.filter { field in
        !field.hidden && field.name != nil && rightFields.contains { !$0.hidden && $0.name == field.name }
      }
      let names = shared.compactMap { $0.name.map { Identifier($0, at: position) } }
      guard !names.isEmpty else {
        return (
          .join(
            join.kind == .inner ? .cross : join.kind, left, right,
            condition: join.kind == .inner ? nil : BoundExpression(.boolean, .boolean(true))), leftFields + rightFields
        )
      }
      return try merged(join.kind, left, leftFields, right, rightFields, names, at: position)
    }
  }

  /// `USING`: the shared columns come first, once, without a qualifier.
  private func merged(
    _ kind: Join.Kind, _ left: BoundRelation, _ leftFields: [Scope.Field], _ right: BoundRelation,
    _ rightFields: [Scope.Field], _ names: [Identifier], at position: SourcePosition
  ) throws -> (BoundRelation, [Scope.Field]) {
    var tests: [BoundExpression] = []
    var shared: [Scope.Field] = []
    for name in names {
      func only(_ fields: [Scope.Field], _ side: String) throws(SQLError) -> BoundExpression {
        let matches = fields.filter { $0.name == name.key }
        guard let first = matches.first else {
          throw SQLError(
            .columnNotFound, "Column '\(name.key)' is missing from \(side) side of join", at: name.position)
        }
        guard matches.count == 1 else {
          throw SQLError(.ambiguousName, "Column '\(name.key)' is ambiguous", at: name.position)
        }
        return use(first.value)
      }
      let (first, second) = (try only(leftFields, "left"), try only(rightFields, "right"))
      guard let type = TypeCoercion.common(first.type, second.type), type.isComparable else {
        throw SQLError(
          .typeMismatch,
          "Column types of left and right side of the join condition do not match: \(first.type) vs \(second.type)",
          at: name.position)
      }
      let (one, other) = (coerce(first, to: type), coerce(second, to: type))
      tests.append(BoundExpression(.boolean, .comparison(.equal, one, other)))
      let value: BoundExpression
      switch kind {
      case .full: value = BoundExpression(type, .coalesce([one, other]))
      case .right: value = other
      default: value = one
      }
      shared.append(Scope.Field(qualifier: [], name: name.key, value: value))
    }
    let keys = Set(names.map(\.key))
    func others(_ fields: [Scope.Field]) -> [Scope.Field] {
      fields.filter { $0.name.map { !keys.contains($0) } ?? true }
    }
    let condition = tests.count == 1 ? tests[0] : BoundExpression(.boolean, .logical(.and, tests))
    return (.join(kind, left, right, condition: condition), shared + others(leftFields) + others(rightFields))
  }
}

/// The columns that Athena adds to every row of a file; `SELECT *` leaves them out.
public enum HiddenColumns {
  public static let all = [
    BoundColumn("$path", SQLType.varcharUnbounded),
    BoundColumn("$bucket", SQLType.integer),
    BoundColumn("$file_size", SQLType.bigint),
    BoundColumn("$file_modified_time", SQLType.timestampTZ(3)),
    BoundColumn("$partition", SQLType.varcharUnbounded),
  ]
}
