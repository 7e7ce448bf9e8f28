/// `ALTER TABLE`, `ALTER DATABASE` and the partitions they name.
extension Parser {
  mutating func hiveAlter() throws(SQLError) -> HiveStatement {
    advance()
    if taken("DATABASE") || taken("SCHEMA") {
      let name = try identifier()
      try expect("SET", "DBPROPERTIES")
      return .setDatabaseProperties(name, try properties())
    }
    try expect("TABLE")
    let name = try qualifiedName()
    return .alterTable(name, try change())
  }

  private mutating func properties() throws(SQLError) -> [HiveProperty] {
    try expect("(")
    var list: [HiveProperty] = []
    repeat {
      let name = try stringLiteral()
      try expect("=")
      list.append(HiveProperty(name, try stringLiteral()))
    } while taken(",")
    try expect(")")
    return list
  }

  private mutating func change() throws(SQLError) -> AlterTable {
    if taken("ADD") {
      if taken("COLUMNS") { return .addColumns(try hiveColumns(), partition: nil) }
      let ifNotExists = taken("IF", "NOT", "EXISTS")
      try expect("PARTITION")
      var partitions: [PartitionLocation] = []
      repeat {
        let specification = try partitionSpecification()
        let location = taken("LOCATION") ? try stringLiteral() : nil
        partitions.append(PartitionLocation(specification: specification, location: location))
        // Hive separates partitions by blanks; a comma is Athena's leniency in DROP only.
      } while taken("PARTITION")
      return .addPartitions(partitions, ifNotExists: ifNotExists)
    }
    if taken("DROP") {
      if taken("COLUMN") { return .dropColumn(try identifier()) }
      let ifExists = taken("IF", "EXISTS")
      try expect("PARTITION")
      var partitions = [try partitionSpecification()]
      while taken(",") {
        try expect("PARTITION")
        partitions.append(try partitionSpecification())
      }
      return .dropPartitions(partitions, ifExists: ifExists)
    }
    if taken("SET") { return try setting(partition: nil) }
    if taken("UNSET") {
      try expect("TBLPROPERTIES")
      let ifExists = taken("IF", "EXISTS")
      try expect("(")
      var names = [try stringLiteral()]
      while taken(",") { names.append(try stringLiteral()) }
      try expect(")")
      return .unsetProperties(names, ifExists: ifExists)
    }
    if taken("REPLACE") {
      try expect("COLUMNS")
      return .replaceColumns(try hiveColumns())
    }
    if taken("CHANGE") { return try changeColumn() }
    if taken("RENAME") {
      try expect("TO")
      return .rename(try qualifiedName())
    }
    try expect("PARTITION")
    let partition = try partitionSpecification()
    if taken("RENAME") {
      try expect("TO", "PARTITION")
      return .renamePartition(partition, to: try partitionSpecification())
    }
    if taken("ADD") {
      try expect("COLUMNS")
      return .addColumns(try hiveColumns(), partition: partition)
    }
    try expect("SET")
    return try setting(partition: partition)
  }

  private mutating func setting(partition: PartitionSpecification?) throws(SQLError) -> AlterTable {
    if taken("LOCATION") { return .setLocation(try stringLiteral(), partition: partition) }
    try expect("TBLPROPERTIES")
    return .setProperties(try properties())
  }

  private mutating func changeColumn() throws(SQLError) -> AlterTable {
    _ = taken("COLUMN")
    let old = try identifier()
    let new = try identifier()
    let type = try hiveType()
    let comment = taken("COMMENT") ? try stringLiteral() : nil
    var placement: ColumnPlacement?
    if taken("FIRST") {
      placement = .first
    } else if taken("AFTER") {
      placement = .after(try identifier())
    }
    return .changeColumn(old, HiveColumn(name: new, type: type, comment: comment), placement: placement)
  }

  /// `(year='2024', month=1)`; DROP also compares with `<`, `>=` and the like.
  mutating func partitionSpecification() throws(SQLError) -> PartitionSpecification {
    try expect("(")
    var values: [PartitionSpecification.Value] = []
    repeat {
      let column = try identifier()
      var comparison = ComparisonOperator.equal
      var value: String?
      for sign in ["=", "<>", "!=", "<=", ">=", "<", ">"] where taken(sign) {
        comparison = sign == "!=" ? .notEqual : ComparisonOperator(rawValue: sign) ?? .equal
        value = try partitionValue()
        break
      }
      values.append(.init(column: column, comparison: comparison, value: value))
    } while taken(",")
    try expect(")")
    return PartitionSpecification(values: values)
  }

  private mutating func partitionValue() throws(SQLError) -> String {
    let negative = taken("-")
    switch token.kind {
    case .string where !negative: return try stringLiteral()
    case .integer, .decimal, .double:
      let text = token.text
      advance()
      return negative ? "-" + text : text
    case .word where ["DATE", "TIMESTAMP"].contains(token.upper) && peek().kind == .string:
      advance()
      return try stringLiteral()
    case .word where ["TRUE", "FALSE"].contains(token.upper):
      let text = token.text.lowercased()
      advance()
      return text
    default: throw mismatch()
    }
  }
}
