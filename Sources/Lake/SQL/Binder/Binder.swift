/// Settles the names, functions and types of a statement.
///
/// ```swift
/// let binder = Binder(catalog: snapshot, session: SQLSession(database: "lake", now: clock.now()))
/// let bound = try binder.bind(query)
/// bound.query.columns      // names and types of the result
/// bound.tables             // what is read, with columns and conditions on partition keys
/// ```
///
/// A binder serves one statement. Its errors are `SQLError`s in Athena's words, or what the catalogue threw.
public final class Binder {
  let catalog: any SQLCatalog
  var session: SQLSession
  /// The values of `?`, in order.
  let parameters: [Expression]

  private var lastNumber = 0
  var uses: [Int: Set<String>] = [:]
  var references: [TableReference] = []
  var commonTables: [[CommonBinding]] = []
  /// The views being opened, to find a view that contains itself.
  var openViews: [TableName] = []

  private var boundExpressions = 0

  /// A recursive `WITH` query is being bound. Each is written out many times, so none may hold another.
  var withinRecursion = false

  /// A `WITH` query that may be named.
  struct CommonBinding {
    var name: String
    var number: Int
    var columns: [OutputColumn]
  }

  public init(catalog: any SQLCatalog, session: SQLSession, parameters: [Expression] = []) {
    self.catalog = catalog
    self.session = session
    self.parameters = parameters
  }

  public func bind(_ query: Query) throws -> BoundStatement {
    let bound = try bind(query, outer: nil)
    let predicates = PartitionPruning.predicates(of: bound, tables: references)
    let tables = references.map { reference in
      let used = uses[reference.relation] ?? []
      let known = reference.table.columns.map { $0.name.lowercased() }
      let columns = known.filter(used.contains) + used.subtracting(known).sorted()
      return TableUse(
        reference: reference, columns: columns,
        partitions: predicates[reference.relation]
          ?? PartitionPredicate(table: reference.table, condition: .constant(.boolean(true))))
    }
    return BoundStatement(query: bound, tables: tables)
  }

  /// Settles an expression that names no columns, such as a table property.
  public func bindConstant(_ expression: Expression) throws -> BoundExpression {
    try bind(
      expression,
      ExpressionContext(
        scope: Scope([], parent: nil), aggregatesRefused: "Constant expression", windowsRefused: "Constant expression"))
  }

  func nextNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  /// Counts one more expression.
  func spend(at position: SourcePosition) throws(SQLError) {
    boundExpressions += 1
    guard boundExpressions <= SQLLimits.boundExpressionsMax else {
      throw SQLError(.statementTooLarge, "statement is too large", at: position)
    }
  }

  // MARK: Conversions

  /// `value` as a value of `type`, which it becomes without being asked.
  func coerce(_ value: BoundExpression, to type: SQLType) -> BoundExpression {
    if value.type == type { return value }
    if value.kind == .null { return BoundExpression(type, .null) }
    // A longer text may hold the literal as it is; everything else keeps its own type beneath the conversion.
    if case .varchar = value.type, case .varchar = type, case .string = value.kind {
      return BoundExpression(type, value.kind)
    }
    if value.type.isInteger, type.isInteger, case .integer = value.kind { return BoundExpression(type, value.kind) }
    return BoundExpression(type, .cast(value, safe: false))
  }

  /// All values as one type.
  func unify(
    _ values: [BoundExpression], at position: SourcePosition, _ message: (SQLType, SQLType) -> String
  ) throws(SQLError) -> (type: SQLType, values: [BoundExpression]) {
    guard var type = values.first?.type else { return (.unknown, []) }
    for value in values.dropFirst() {
      guard let common = TypeCoercion.common(type, value.type) else {
        throw SQLError(.typeMismatch, message(type, value.type), at: position)
      }
      type = common
    }
    return (type, values.map { coerce($0, to: type) })
  }

  /// Demands a boolean.
  func condition(_ value: BoundExpression, _ what: String, at position: SourcePosition) throws(SQLError)
    -> BoundExpression
  {
    guard value.type == .boolean || value.type == .unknown else {
      throw SQLError(.typeMismatch, "\(what): actual type \(value.type)", at: position)
    }
    return coerce(value, to: .boolean)
  }
}
