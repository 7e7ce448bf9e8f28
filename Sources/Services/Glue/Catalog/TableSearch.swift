public import Kernel
import Storage

/// What `SearchTables` looks for.
public struct TableSearch: Sendable {
  public enum Comparison: Sendable { case equal, greater, less, greaterOrEqual, lessOrEqual }
  public struct Filter: Sendable {
    public var property: String
    public var value: String
    public var comparison: Comparison
  }

  public var text: String?
  public var filters: [Filter]
  public var sortProperty: String?
  public var descending: Bool

  /// Words that a table is found by: names, descriptions, owner, columns, comments, parameters.
  private func words(_ table: CatalogTable) -> [String] {
    var words = [table.name, table.database]
    words += [table.description, table.owner, table.storage?.location].compactMap(\.self)
    for column in (table.storage?.columns ?? []) + table.partitionKeys {
      words.append(column.name)
      if let comment = column.comment { words.append(comment) }
    }
    for (name, value) in table.parameters ?? [:] { words += [name, value] }
    return words
  }

  func matches(_ table: CatalogTable) -> Bool {
    if let text, !text.isEmpty {
      // In quotation marks the whole word is meant, without them a part of it.
      let exact = text.count > 1 && text.hasPrefix("\"") && text.hasSuffix("\"")
      let sought = (exact ? String(text.dropFirst().dropLast()) : text).lowercased()
      let found = words(table).contains {
        exact ? $0.lowercased() == sought : $0.lowercased().contains(sought)
      }
      guard found else { return false }
    }
    return filters.allSatisfy { filter in
      guard let value = Self.property(filter.property, of: table) else { return false }
      let order = Self.order(value, filter.value)
      return switch filter.comparison {
      case .equal: order == 0
      case .greater: order > 0
      case .less: order < 0
      case .greaterOrEqual: order >= 0
      case .lessOrEqual: order <= 0
      }
    }
  }

  /// A property by the name that a filter uses: one of the table's own, or else a parameter.
  static func property(_ name: String, of table: CatalogTable) -> String? {
    switch name.lowercased() {
    case "name": table.name
    case "databasename": table.database
    case "description": table.description ?? ""
    case "owner": table.owner
    case "tabletype": table.tableType
    case "createdby": table.createdBy
    case "createtime": String(table.createTime.seconds)
    case "updatetime": String(table.updateTime.seconds)
    case "location": table.storage?.location
    default: table.parameters?[name]
    }
  }

  /// Numbers by value, all else as text without regard to case.
  static func order(_ left: String, _ right: String) -> Int {
    if let left = Double(left), let right = Double(right) { return left < right ? -1 : left == right ? 0 : 1 }
    let (left, right) = (left.lowercased(), right.lowercased())
    return left < right ? -1 : left == right ? 0 : 1
  }
}

extension GlueCatalog {
  /// Tables of all databases that fit, sorted as asked, else by database and name.
  public func search(_ search: TableSearch, context: RequestContext) async throws -> [CatalogTable] {
    try await authorize("glue:SearchTables", on: context.catalogResources.table("*", in: "*"), context)
    let keys = context.catalogKeys
    var found = try await self.keys.read { reader in
      var found: [CatalogTable] = []
      try reader.scan(keys.allTables) { _, bytes in
        let table = try reader.resolved(try KeyRecord.decode(CatalogTable.self, bytes), context)
        if search.matches(table) { found.append(table) }
        return true
      }
      return found
    }
    if let property = search.sortProperty {
      // Stable: what is equal stays in the order of database and name.
      let order = found.enumerated().sorted { left, right in
        let comparison = TableSearch.order(
          TableSearch.property(property, of: left.element) ?? "",
          TableSearch.property(property, of: right.element) ?? "")
        if comparison != 0 { return search.descending ? comparison > 0 : comparison < 0 }
        return left.offset < right.offset
      }
      found = order.map(\.element)
    }
    return found
  }
}
