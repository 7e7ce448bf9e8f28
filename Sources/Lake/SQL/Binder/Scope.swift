/// The columns that names may mean at one place of a statement.
final class Scope {
  struct Field {
    /// `["alias"]`, or `["awsdatacatalog", "db", "table"]`: any tail of it may stand before the name.
    var qualifier: [String]
    /// In lower case; `nil` for a column without a name.
    var name: String?
    /// What the name stands for.
    var value: BoundExpression
    /// `$path` and the like, which `*` leaves out.
    var hidden = false

    func isOf(_ qualifier: ArraySlice<String>) -> Bool {
      qualifier.isEmpty
        || self.qualifier.suffix(qualifier.count).elementsEqual(qualifier)
          && qualifier.count <= self.qualifier.count
    }
  }

  var fields: [Field]
  /// The scope of the query around, for correlated subqueries.
  let parent: Scope?
  /// The columns a lateral item may see beside its own.
  init(_ fields: [Field], parent: Scope?) {
    self.fields = fields
    self.parent = parent
  }

  func matches(_ qualifier: ArraySlice<String>, _ name: String) -> [Field] {
    fields.filter { $0.name == name && $0.isOf(qualifier) }
  }

  /// Whether any relation here is called so.
  func hasRelation(_ qualifier: ArraySlice<String>) -> Bool {
    !qualifier.isEmpty && fields.contains { $0.isOf(qualifier) }
  }
}

/// What an expression may hold at its place.
struct ExpressionContext {
  var scope: Scope
  /// Why aggregates are refused here, or `nil` where they may stand.
  var aggregatesRefused: String?
  var windowsRefused: String?
  var lambdaVariables: [(name: String, variable: Int, type: SQLType)] = []
  var windows: [String: WindowSpecification] = [:]
  /// Output columns by name, which `ORDER BY` prefers.
  var outputs: [(name: String, value: BoundExpression)] = []
}
