/// Types as far as the tree and the tables' columns tell them. Where they are not known, the engine's own rules decide.
extension RedshiftPrinter {
  func type(of expression: Expression) -> RedshiftType? {
    switch expression.kind {
    case .boolean, .comparison, .logical, .not, .between, .inList, .inSubquery, .exists, .quantified, .like, .isNull,
      .isDistinct:
      return .boolean
    case .integer(let text): return Int32(text) != nil ? .integer : Int64(text) != nil ? .bigint : nil
    case .decimal(let text):
      let digits = text.drop { $0 == "-" }
      let scale = digits.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.count ?? 0
      return .decimal(precision: min(38, max(1, digits.count - 1)), scale: min(37, scale))
    case .double: return .double
    case .string, .concatenation, .trim: return .varcharMax
    case .identifier, .dereference: return column(Self.path(expression))
    case .subscriptOf(let base, _):
      if case .array = base.kind { return nil }
      return .super
    case .negative(let value), .positive(let value): return type(of: value)
    case .arithmetic(let operation, let left, let right): return arithmetic(operation, left, right)
    case .caseOf(_, let whens, let otherwise):
      var types = whens.map { type(of: $0.result) }
      if let otherwise { types.append(type(of: otherwise)) }
      return Self.common(zip(types, whens.map(\.result) + (otherwise.map { [$0] } ?? [])).map { ($0, $1) })
    case .extract: return .integer
    case .current(let value, _):
      switch value {
      case .date: return .date
      case .timestamp: return .timestamptz
      case .localTimestamp: return .timestamp
      case .time: return .timetz
      case .localTime: return .time
      default: return .varcharMax
      }
    case .call(let call): return type(of: call)
    case .subquery(let query): return resultTypes(query)?.first?.1
    case .redshift(.cast(_, let type, _)): return type
    case .redshift(.isTruth), .redshift(.match), .redshift(.overlaps), .redshift(.quantifiedArray): return .boolean
    case .redshift(.interval(_, let from, _)):
      return from == .year || from == .month ? .intervalYearToMonth : .daySeconds
    default: return nil
    }
  }

  private static func common(_ items: [(RedshiftType?, Expression)]) -> RedshiftType? {
    var result: RedshiftType?
    for (type, value) in items {
      if case .null = value.kind { continue }
      guard let type else { return nil }
      guard let known = result else {
        result = type
        continue
      }
      if known == type { continue }
      guard let wider = wider(known, type) else { return nil }
      result = wider
    }
    return result
  }

  private static func wider(_ left: RedshiftType, _ right: RedshiftType) -> RedshiftType? {
    if isText(left), isText(right) { return .varcharMax }
    if let first = rank(left), let second = rank(right) { return first >= second ? left : right }
    if left == .double || right == .double, isNumber(left), isNumber(right) { return .double }
    if let (p1, s1) = decimal(left), let (p2, s2) = decimal(right) {
      let scale = max(s1, s2)
      return .decimal(precision: min(38, max(p1 - s1, p2 - s2) + scale), scale: scale)
    }
    return nil
  }

  private static func rank(_ type: RedshiftType) -> Int? {
    switch type {
    case .smallint: 1
    case .integer: 2
    case .bigint: 3
    default: nil
    }
  }

  static func isInteger(_ type: RedshiftType?) -> Bool { type.flatMap { rank($0) } != nil }
  static func isNumber(_ type: RedshiftType) -> Bool {
    switch type {
    case .smallint, .integer, .bigint, .decimal, .real, .double: true
    default: false
    }
  }
  static func isText(_ type: RedshiftType) -> Bool {
    switch type {
    case .char, .varchar: true
    default: false
    }
  }
  static func isInterval(_ type: RedshiftType?) -> Bool {
    switch type {
    case .interval, .intervalDayToSecond, .intervalYearToMonth: true
    default: false
    }
  }
  static func isMoment(_ type: RedshiftType?) -> Bool {
    switch type {
    case .date, .timestamp, .timestamptz: true
    default: false
    }
  }

  /// Integers as the decimals that hold them.
  static func decimal(_ type: RedshiftType) -> (Int, Int)? {
    switch type {
    case .smallint: (5, 0)
    case .integer: (10, 0)
    case .bigint: (19, 0)
    case .decimal(let precision, let scale): (precision, scale)
    default: nil
    }
  }

  private func arithmetic(
    _ operation: ArithmeticOperator, _ left: Expression, _ right: Expression
  ) -> RedshiftType? {
    let (first, second) = (type(of: left), type(of: right))
    if first == .super || second == .super { return .super }
    guard let first, let second else { return nil }
    if Self.isMoment(first) || Self.isMoment(second) {
      if first == .date, second == .date { return operation == .subtract ? .bigint : nil }
      if first == .date, Self.isInteger(second) { return .date }
      if second == .date, Self.isInteger(first) { return .date }
      if Self.isMoment(first), Self.isMoment(second) { return .daySeconds }
      return first == .date ? .timestamp : first
    }
    if Self.isInterval(first), operation == .multiply || operation == .divide { return first }
    guard Self.isNumber(first), Self.isNumber(second) else { return nil }
    if let one = Self.rank(first), let other = Self.rank(second) { return one >= other ? first : second }
    guard let (p1, s1) = Self.decimal(first), let (p2, s2) = Self.decimal(second) else { return .double }
    switch operation {
    case .add, .subtract:
      let scale = max(s1, s2)
      return .decimal(precision: min(38, max(p1 - s1, p2 - s2) + scale + 1), scale: scale)
    case .multiply: return .decimal(precision: min(38, p1 + p2 + 1), scale: min(37, s1 + s2))
    case .divide: return Self.quotient(p1, s1, p2, s2)
    case .modulus:
      let scale = max(s1, s2)
      return .decimal(precision: min(38, max(p1, p2)), scale: scale)
    }
  }

  /// Source: Redshift's "Computations with numeric values".
  static func quotient(_ p1: Int, _ s1: Int, _ p2: Int, _ s2: Int) -> RedshiftType {
    var scale = max(4, s1 + p2 - s2 + 1)
    var precision = p1 - s1 + s2 + scale
    if precision > 38 {
      scale = max(4, scale - (precision - 38))
      precision = 38
    }
    return .decimal(precision: precision, scale: min(37, scale))
  }

  private func type(of call: FunctionCall) -> RedshiftType? {
    func argument(_ index: Int = 0) -> RedshiftType? {
      index < call.arguments.count ? type(of: call.arguments[index]) : nil
    }
    switch call.name.key {
    case "substring" where argument()?.isVarbyte == true, "substr" where argument()?.isVarbyte == true,
      "concat" where argument()?.isVarbyte == true:
      return argument()
    case "getdate", "sysdate", "to_timestamp", "convert_timezone", "date_trunc", "dateadd", "date_add", "add_months":
      if call.name.key == "to_timestamp" { return .timestamptz }
      if let last = call.arguments.last, type(of: last) == .timestamptz { return .timestamptz }
      return .timestamp
    case "to_date", "last_day", "next_day": return .date
    case "trunc", "truncate": return Self.isMoment(argument()) ? .date : argument()
    case "hll_create_sketch", "hll_combine", "hll_combine_sketches": return .hllsketch
    case "hll_cardinality", "fnv_hash", "datediff", "date_diff", "count", "row_number", "rank", "dense_rank",
      "strtol":
      return .bigint
    case "ntile": return .bigint
    case "len", "length", "char_length", "character_length", "octet_length", "charindex", "strpos", "position",
      "regexp_count", "regexp_instr", "json_array_length", "ascii", "getbit", "octetindex", "difference":
      return .integer
    case "sum":
      guard let type = argument() else { return nil }
      if let (precision, scale) = Self.decimal(type) {
        if case .decimal = type { return .decimal(precision: 38, scale: scale) }
        return precision == 19 ? .decimal(precision: 38, scale: 0) : .bigint
      }
      return Self.isNumber(type) ? .double : nil
    case "avg":
      guard let type = argument() else { return nil }
      if case .decimal(_, let scale) = type { return .decimal(precision: 38, scale: scale) }
      if type == .bigint { return .decimal(precision: 38, scale: 0) }
      return Self.isInteger(type) ? .bigint : .double
    case "min", "max", "any_value", "abs", "lag", "lead", "first_value", "last_value", "nth_value", "nullif":
      return argument()
    case "round", "ceil", "ceiling", "floor":
      return argument()
    case "coalesce", "nvl", "greatest", "least":
      return Self.common(call.arguments.map { (type(of: $0), $0) })
    case "nvl2":
      return call.arguments.count == 3 ? Self.common(call.arguments.dropFirst().map { (type(of: $0), $0) }) : nil
    case "upper", "lower", "substring", "substr", "left", "right", "replace", "trim", "btrim", "ltrim", "rtrim",
      "lpad", "rpad", "concat", "initcap", "split_part", "to_char", "listagg", "regexp_replace", "regexp_substr",
      "json_extract_path_text", "json_extract_array_element_text", "json_serialize", "md5", "sha1", "sha2", "crc32",
      "translate",
      "reverse", "repeat", "replicate", "chr", "quote_ident", "quote_literal":
      return .varcharMax
    case "sqrt", "ln", "exp", "sin", "cos", "tan", "power", "pow", "random", "pi", "percentile_cont", "median",
      "date_part", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "ratio_to_report",
      "percent_rank", "cume_dist":
      return .double
    case "array_contains": return .boolean
    case "array_position": return .bigint
    case "murmur3_32_hash": return .integer
    case "to_varbyte", "from_hex": return .varbyte(64_000)
    case "json_parse", "array", "object", "get_array", "subarray", "array_concat", "array_flatten", "split_to_array",
      "array_positions", "array_distinct", "array_except", "array_intersection", "array_sort":
      return .super
    default: return nil
    }
  }

  // MARK: Columns

  /// A visible column's type.
  private func column(_ path: [Identifier]) -> RedshiftType? {
    guard let last = path.last else { return nil }
    if path.count == 1 {
      for relation in relations.reversed() {
        if let type = relation.columns[key(last)] { return type }
        // A relation whose columns are not known may have it.
        if relation.columns.isEmpty { return nil }
      }
      return nil
    }
    // `alias.column[.field]`, or `column.field`.
    if let relation = relations.last(where: { $0.alias == key(path[0]) }) {
      // What an array was unnested into has its value's name.
      let isItem = relation.table.isEmpty && relation.columns[relation.alias] == .super
      guard let type = relation.columns[key(path[1])] else { return path.count > 2 || isItem ? .super : nil }
      return path.count == 2 ? type : type == .super ? .super : nil
    }
    if path.count >= 3, let alias = visible(path.dropLast().map { key($0) }) {
      return relations.last { $0.alias == alias }?.columns[key(last)]
    }
    return column([path[0]]) == .super ? .super : nil
  }

  /// A query's columns with the types that are known; `nil` where a star hides them.
  public func resultTypes(_ query: Query) -> [(String, RedshiftType?)]? {
    var inner = self
    if let with = query.with { inner.define(with) }
    switch query.body {
    case .select(let select):
      for relation in select.from { inner.define(relation) }
      var columns: [(String, RedshiftType?)] = []
      for item in select.items {
        switch item {
        case .expression(let value, let alias):
          columns.append((alias.map { key($0) } ?? ResultNames.name(of: value) ?? "?column?", inner.type(of: value)))
        case .all(let target, _, _):
          let wanted = target.map { Self.path($0).last.map { key($0) } ?? "" }
          for relation in inner.relations.dropFirst(relations.count) where wanted == nil || wanted == relation.alias {
            guard !relation.columns.isEmpty else { return nil }
            columns += relation.order.map { ($0, relation.columns[$0]) }
          }
        }
      }
      return columns
    case .subquery(let query): return inner.resultTypes(query)
    case .setOperation(let operation):
      guard let first = operation.terms.first else { return nil }
      return inner.resultTypes(Query(position: query.position, with: nil, body: first, orderBy: []))
    case .table, .values: return nil
    }
  }

  mutating func define(_ with: WithClause) {
    for named in with.queries {
      queryNames.append(named.name.key)
      var types = with.recursive ? nil : resultTypes(named.query)
      if let columns = named.columns, var known = types, known.count == columns.count {
        for (index, column) in columns.enumerated() { known[index].0 = key(column) }
        types = known
      } else if named.columns != nil {
        types = nil
      }
      queryColumns[named.name.key] = types
    }
  }

  /// What a relation makes visible, without its text.
  mutating func define(_ relation: Relation) {
    switch relation.kind {
    case .table(let name): define(name, alias: name.parts.last.map { key($0) } ?? "", columns: nil)
    case .aliased(let inner, let alias, let columns):
      if case .table(let name) = inner.kind {
        define(name, alias: key(alias), columns: columns)
      } else if case .subquery(let query) = inner.kind {
        define(alias: key(alias), columns == nil ? resultTypes(query) : nil)
      } else {
        define(alias: key(alias), nil)
      }
    case .join(let join):
      define(join.left)
      define(join.right)
    case .subquery(let query): define(alias: "", resultTypes(query))
    default: define(alias: "", nil)
    }
  }

  mutating func define(_ name: QualifiedName, alias: String, columns: [Identifier]?) {
    var visible = VisibleRelation(alias: alias, table: name.parts.map { key($0) })
    if columns == nil {
      if name.parts.count == 1, let part = name.parts.first, queryNames.contains(part.key) {
        for (column, type) in (queryColumns[part.key] ?? nil) ?? [] { visible.add(column, type) }
      } else if let known = try? names.columns(name) {
        for column in known { visible.add(column.name, column.type) }
      }
    }
    relations.append(visible)
  }

  mutating func define(alias: String, _ columns: [(String, RedshiftType?)]?) {
    var visible = VisibleRelation(alias: alias, table: [])
    for (column, type) in columns ?? [] { visible.add(column, type) }
    relations.append(visible)
  }
}
