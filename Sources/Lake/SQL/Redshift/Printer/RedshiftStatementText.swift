/// Statements that change rows, in DuckDB's tongue.
extension RedshiftPrinter {
  /// - Throws: as `query(_:)`.
  public func insert(_ insert: RedshiftInsert) throws(SQLError) -> String {
    var printer = self
    let target = try names.target(insert.table)
    let known = try names.columns(insert.table)
    let listed = insert.columns?.map { key($0) }
    guard case .query(let query) = insert.source else { return "INSERT INTO \(target) DEFAULT VALUES" }
    // Identity columns number themselves when no columns are named, unless there is a value for each.
    let given = Self.width(query) ?? printer.resultTypes(query)?.count
    let takesAll = known.map { known in
      given == known.count && known.contains { $0.isIdentity }
        && known.allSatisfy { !$0.isIdentity || $0.takesIdentity }
    }
    let columns = known.map { known in
      listed.map { names in names.map { name in known.first { $0.name == name } } }
        ?? known.filter { !$0.isIdentity || takesAll == true }.map { Optional($0) }
    }
    if let listed, let index = columns?.firstIndex(where: { $0?.isIdentity == true && $0?.takesIdentity == false }),
      !Self.givesDefault(query, at: index)
    {
      throw SQLError(
        .notSupported, "cannot set an identity column to a value: \"\(listed[index])\"", at: insert.table.position)
    }
    let names = listed ?? columns?.compactMap { $0?.name }
    if let columns, case .values(let place, let rows) = query.body, query.with == nil, query.orderBy.isEmpty {
      let filled = try printer.filled(rows, columns, place)
      return "INSERT INTO \(target)\(Self.list(names, filled.width)) VALUES \(filled.text)"
    }
    var source = try printer.text(query)
    var width = names?.count
    if let columns, let types = columns.map({ $0?.type }) as [RedshiftType?]?,
      types.contains(where: {
        $0.map { Self.needsFitting($0) } ?? false
      })
    {
      // Fewer values than columns leave the last ones out.
      width = printer.resultTypes(query)?.count ?? types.count
      let count = min(width ?? types.count, types.count)
      width = count
      let sources = printer.resultTypes(query)
      let values = types.prefix(count).enumerated().map { index, type in
        let source = sources.flatMap { index < $0.count ? $0[index].1 : nil }
        if case .varbyte? = type, Self.isParameter(query, at: index) {
          return fitted("CAST(\"c\(index + 1)\" AS VARCHAR)", type ?? .varbyte(64_000), from: .varcharMax)
        }
        return type.map { fitted("\"c\(index + 1)\"", $0, from: source) } ?? "\"c\(index + 1)\""
      }
      let aliases = (1...max(1, count)).map { "\"c\($0)\"" }.joined(separator: ", ")
      source = "SELECT \(values.joined(separator: ", ")) FROM (\(source)) AS \"rs_source\"(\(aliases))"
    }
    return "INSERT INTO \(target)\(Self.list(names, width)) \(source)"
  }

  /// How many values each row of VALUES has.
  private static func width(_ query: Query) -> Int? {
    guard case .values(_, let rows) = query.body, case .row(let items)? = rows.first?.kind else { return nil }
    return items.count
  }

  private static func givesDefault(_ query: Query, at index: Int) -> Bool {
    guard case .values(_, let rows) = query.body else { return false }
    return rows.allSatisfy { row in
      guard case .row(let items) = row.kind, index < items.count else { return false }
      return items[index].kind == .redshift(.defaultValue)
    }
  }

  /// Whether a SELECT gives a parameter as it is.
  private static func isParameter(_ query: Query, at index: Int) -> Bool {
    guard case .select(let select) = query.body, index < select.items.count,
      case .expression(let item, _) = select.items[index], case .parameter = item.kind
    else { return false }
    return true
  }

  private static func list(_ names: [String]?, _ width: Int?) -> String {
    guard let names else { return "" }
    let used = width.map { Array(names.prefix($0)) } ?? names
    return " (" + used.map { quoted($0) }.joined(separator: ", ") + ")"
  }

  private mutating func filled(
    _ rows: [Expression], _ columns: [RedshiftKnownColumn?], _ place: SourcePosition
  ) throws(SQLError) -> (text: String, width: Int) {
    var parts: [String] = []
    var width = 0
    for row in rows {
      guard case .row(let items) = row.kind else { continue }
      guard items.count <= columns.count else {
        throw SQLError(.syntax, "INSERT has more expressions than target columns", at: place)
      }
      guard width == 0 || width == items.count else {
        throw SQLError(.syntax, "VALUES lists must all be the same length", at: row.position)
      }
      width = items.count
      var values: [String] = []
      for (item, column) in zip(items, columns) {
        if case .redshift(.defaultValue) = item.kind {
          values.append("DEFAULT")
        } else {
          values.append(try assigned(item, column?.type))
        }
      }
      parts.append("(" + values.joined(separator: ", ") + ")")
    }
    return (parts.joined(separator: ", "), width)
  }

  /// A value as a column takes it; literals are looked at here, so that rows of them cost nothing later.
  private mutating func assigned(_ value: Expression, _ type: RedshiftType?) throws(SQLError) -> String {
    guard let type else { return try text(value) }
    switch (value.kind, type) {
    case (.null, _): return "NULL"
    case (.integer, .smallint), (.integer, .integer), (.integer, .bigint), (.integer, .decimal), (.decimal, .decimal),
      (.integer, .double), (.decimal, .double), (.double, .double), (.integer, .real), (.decimal, .real):
      return try text(value)
    case (.string(let text), .varchar(let length)):
      if text.utf8.count <= length { return Self.literal(text) }
    case (.string(let text), .char(let length)):
      var trimmed = text[...]
      while trimmed.hasSuffix(" ") { trimmed = trimmed.dropLast() }
      if trimmed.utf8.count <= length { return Self.literal(String(trimmed)) }
    case (.string(let text), .date), (.string(let text), .timestamp), (.string(let text), .timestamptz):
      if let iso = DateText.iso(text, withZone: type == .timestamptz) { return Self.literal(iso) }
    case (.string(let text), .time):
      if let clock = DateText.clock(text) { return Self.literal(clock) }
    case (.string, .boolean): return try cast(value, .boolean, safe: false)
    case (.string, .intervalYearToMonth), (.string, .intervalDayToSecond), (.string, .timetz):
      return try cast(value, type, safe: false)
    // A parameter comes as text.
    case (.parameter, .varbyte): return fitted("CAST(\(try text(value)) AS VARCHAR)", type, from: .varcharMax)
    default: break
    }
    return fitted(
      isSuper(value) && type != .super ? try plainText(value) : try text(value), type, from: self.type(of: value))
  }

  public func update(_ update: RedshiftUpdate) throws(SQLError) -> String {
    var printer = self
    let with = try update.with.map { with throws(SQLError) in try printer.text(with) } ?? ""
    let target = try names.target(update.table)
    let alias = update.alias ?? update.table.parts.last ?? Identifier("")
    printer.define(update.table, alias: key(alias), columns: nil)
    let known = try names.columns(update.table) ?? []
    var sources: [String] = []
    for relation in update.from { sources.append(try printer.text(relation)) }
    var sets: [String] = []
    for assignment in update.assignments {
      let type = known.first { $0.name == key(assignment.column) }?.type
      if type == nil, !known.isEmpty {
        throw SQLError(
          .columnNotFound,
          "column \"\(key(assignment.column))\" of relation \"\(update.table.key)\" does not exist",
          at: assignment.column.position)
      }
      let value: String
      if case .redshift(.defaultValue) = assignment.value.kind {
        value = "DEFAULT"
      } else {
        value = try printer.assigned(assignment.value, type)
      }
      sets.append("\(quoted(assignment.column)) = \(value)")
    }
    let from = sources.isEmpty ? "" : " FROM " + sources.joined(separator: ", ")
    let filter = try update.filter.map { value throws(SQLError) in " WHERE " + (try printer.text(value)) } ?? ""
    return "\(with)UPDATE \(target) AS \(quoted(alias)) SET \(sets.joined(separator: ", "))\(from)\(filter)"
  }

  public func delete(_ delete: RedshiftDelete) throws(SQLError) -> String {
    var printer = self
    let with = try delete.with.map { with throws(SQLError) in try printer.text(with) } ?? ""
    let target = try names.target(delete.table)
    let alias = delete.alias ?? delete.table.parts.last ?? Identifier("")
    printer.define(delete.table, alias: key(alias), columns: nil)
    var sources: [String] = []
    for relation in delete.using { sources.append(try printer.text(relation)) }
    let using = sources.isEmpty ? "" : " USING " + sources.joined(separator: ", ")
    let filter = try delete.filter.map { value throws(SQLError) in " WHERE " + (try printer.text(value)) } ?? ""
    return "\(with)DELETE FROM \(target) AS \(quoted(alias))\(using)\(filter)"
  }

  /// A query that has a row where more than one row of the source would change the same row of the target, for UPDATE
  /// … FROM; `nil` where that cannot be.
  public func ambiguity(of update: RedshiftUpdate) throws(SQLError) -> String? {
    guard !update.from.isEmpty else { return nil }
    var printer = self
    let with = try update.with.map { with throws(SQLError) in try printer.text(with) } ?? ""
    let target = try names.target(update.table)
    let alias = update.alias ?? update.table.parts.last ?? Identifier("")
    printer.define(update.table, alias: key(alias), columns: nil)
    var sources: [String] = []
    for relation in update.from { sources.append(try printer.text(relation)) }
    let filter = try update.filter.map { value throws(SQLError) in " WHERE " + (try printer.text(value)) } ?? ""
    return "\(with)SELECT 1 FROM \(target) AS \(quoted(alias)), \(sources.joined(separator: ", "))\(filter)"
      + Self.repeated(quoted(alias))
  }

  /// As for UPDATE; a MERGE that only adds rows, or removes duplicates, has no such rows.
  public func ambiguity(of merge: RedshiftMerge) throws(SQLError) -> String? {
    guard !merge.removeDuplicates, merge.cases.contains(where: \.matched) else { return nil }
    var printer = self
    let target = try names.target(merge.target)
    let alias = merge.alias ?? merge.target.parts.last ?? Identifier("")
    printer.define(merge.target, alias: key(alias), columns: nil)
    let source = try printer.text(merge.source)
    let condition = try printer.text(merge.condition)
    return "SELECT 1 FROM \(target) AS \(quoted(alias)) JOIN \(source) ON \(condition)" + Self.repeated(quoted(alias))
  }

  private static func repeated(_ alias: String) -> String {
    " GROUP BY \(alias).rowid HAVING count(*) > 1 LIMIT 1"
  }

  /// One statement, or two with REMOVE DUPLICATES, which must run in one transaction.
  public func merge(_ merge: RedshiftMerge) throws(SQLError) -> [String] {
    var printer = self
    let target = try names.target(merge.target)
    let alias = merge.alias ?? merge.target.parts.last ?? Identifier("")
    printer.define(merge.target, alias: key(alias), columns: nil)
    let source = try printer.text(merge.source)
    let condition = try printer.text(merge.condition)
    if merge.removeDuplicates {
      return [
        "DELETE FROM \(target) AS \(quoted(alias)) USING \(source) WHERE \(condition)",
        "INSERT INTO \(target) SELECT DISTINCT * FROM \(source)",
      ]
    }
    let known = try names.columns(merge.target) ?? []
    func type(_ name: Identifier) -> RedshiftType? { known.first { $0.name == key(name) }?.type }
    var cases = ""
    for item in merge.cases {
      cases += item.matched ? " WHEN MATCHED THEN " : " WHEN NOT MATCHED THEN "
      switch item.action {
      case .delete: cases += "DELETE"
      case .update(let assignments):
        var sets: [String] = []
        for assignment in assignments {
          let value = try printer.assigned(assignment.value, type(assignment.column))
          sets.append("\(quoted(assignment.column)) = \(value)")
        }
        cases += "UPDATE SET " + sets.joined(separator: ", ")
      case .insert(let columns, let values):
        let names =
          columns ?? known.filter { !$0.isIdentity }.map { Identifier($0.name, quoted: true, folding: .nothing) }
        var texts: [String] = []
        for (index, value) in values.enumerated() {
          let type = index < names.count ? type(names[index]) : nil
          texts.append(try printer.assigned(value, type))
        }
        let list =
          columns == nil && known.isEmpty
          ? ""
          : " ("
            + names.prefix(values.count).map { quoted($0) }
            .joined(separator: ", ") + ")"
        cases += "INSERT\(list) VALUES (\(texts.joined(separator: ", ")))"
      }
    }
    return ["MERGE INTO \(target) AS \(quoted(alias)) USING \(source) ON \(condition)\(cases)"]
  }

  /// A column of CREATE TABLE and ALTER TABLE … ADD COLUMN.
  /// - Parameter identity: what gives an IDENTITY column its numbers, such as `nextval('…')`.
  public func column(_ column: RedshiftColumn, identity: String? = nil) throws(SQLError) -> String {
    var printer = self
    var text = "\(quoted(column.name)) \(column.type.engineName)"
    if let identity {
      text += " DEFAULT \(identity)"
    } else if let value = column.defaultValue {
      text += " DEFAULT " + (try printer.assigned(value, column.type))
    }
    if column.notNull { text += " NOT NULL" }
    return text
  }

  /// `CREATE TABLE … AS`'s query, with its columns' names and with text cut off nowhere.
  public func selected(_ query: Query, columns: [Identifier]?) throws(SQLError) -> String {
    var printer = self
    let text = try printer.text(query)
    guard let columns else { return text }
    return "SELECT * FROM (\(text)) AS \"rs_source\"(\(columns.map { quoted($0) }.joined(separator: ", ")))"
  }
}
