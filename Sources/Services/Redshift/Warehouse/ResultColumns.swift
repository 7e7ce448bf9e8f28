import PostgresWire
import SQL

/// The tables' columns that a query's own columns stand for, as far as the text tells: clients are told the lengths
/// with which columns were declared, and CREATE TABLE AS keeps them.
enum ResultColumns {
  /// One for each column of the result, `nil` where it is computed; empty when that cannot be told.
  static func declared(_ query: Query, _ names: SessionNames) -> [SQLColumn?] {
    types(query, names).map { known in
      known.map { column, relation in
        SQLColumn(
          name: column.name, type: column.type.type.postgres, table: relation.name,
          schema: names.catalog.schemas[relation.schema]?.name, isNullable: !column.notNull)
      }
    }
  }

  /// As `declared`, with the types of intervals that are computed: the engine has one for all.
  static func described(_ query: Query, _ names: SessionNames) -> [SQLColumn?] {
    let declared = declared(query, names)
    guard let inferred = RedshiftPrinter(names: names).resultTypes(query),
      declared.isEmpty || declared.count == inferred.count
    else { return declared }
    return inferred.enumerated().map { index, column in
      if index < declared.count, let known = declared[index] { return known }
      switch column.1 {
      case .intervalYearToMonth?, .intervalDayToSecond?:
        return column.1.map { SQLColumn(name: column.0, type: $0.postgres) }
      default: return nil
      }
    }
  }

  static func types(_ query: Query, _ names: SessionNames) -> [(CatalogColumn, CatalogRelation)?] {
    guard query.with == nil, case .select(let select) = query.body, select.excluded.isEmpty else { return [] }
    var sources: [(alias: String, relation: CatalogRelation?)] = []
    for relation in select.from { collect(relation, nil, names, &sources) }
    var found: [(CatalogColumn, CatalogRelation)?] = []
    for item in select.items {
      switch item {
      case .expression(let expression, _): found.append(column(expression, sources))
      case .all(let qualifier, let aliases, _):
        guard aliases.isEmpty else { return [] }
        var wanted = sources
        if let qualifier {
          guard case .identifier(let name) = qualifier.kind else { return [] }
          wanted = sources.filter { $0.alias == name.key }
        } else if select.from.contains(where: { hasUsing($0) }) {
          return []
        }
        for source in wanted {
          guard let relation = source.relation else { return [] }
          found += relation.columns.map { ($0, relation) }
        }
      }
    }
    return found
  }

  private static func hasUsing(_ relation: Relation) -> Bool {
    switch relation.kind {
    case .join(let join):
      switch join.criteria {
      case .using, .natural: return true
      default: return hasUsing(join.left) || hasUsing(join.right)
      }
    default: return false
    }
  }

  private static func collect(
    _ relation: Relation, _ alias: String?, _ names: SessionNames,
    _ sources: inout [(alias: String, relation: CatalogRelation?)]
  ) {
    switch relation.kind {
    case .table(let name):
      if case .relation(let found)? = names.find(name), !found.isLateBinding {
        sources.append((alias ?? name.key, found))
      } else {
        sources.append((alias ?? name.key, nil))
      }
    case .aliased(let inner, let name, let columns):
      if columns != nil { sources.append((name.key, nil)) } else { collect(inner, name.key, names, &sources) }
    case .join(let join):
      collect(join.left, nil, names, &sources)
      collect(join.right, nil, names, &sources)
    default: sources.append((alias ?? "", nil))
    }
  }

  private static func column(
    _ expression: Expression, _ sources: [(alias: String, relation: CatalogRelation?)]
  ) -> (CatalogColumn, CatalogRelation)? {
    switch expression.kind {
    case .identifier(let name):
      // With an unknown source the name may be another's.
      guard sources.allSatisfy({ $0.relation != nil }) else { return nil }
      let found = sources.compactMap { source in
        source.relation.flatMap { relation in relation.column(name.key).map { ($0, relation) } }
      }
      return found.count == 1 ? found.first : nil
    case .dereference(let base, let name):
      guard case .identifier(let table) = base.kind,
        let relation = sources.first(where: { $0.alias == table.key })?.relation,
        let column = relation.column(name.key)
      else { return nil }
      return (column, relation)
    default: return nil
    }
  }
}
