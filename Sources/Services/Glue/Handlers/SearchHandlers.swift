public import GlueModel
public import Kernel

extension GlueService {
  public func searchTables(_ input: SearchTablesInput, _ context: RequestContext) async throws -> SearchTablesOutput {
    try check(catalog: input.catalogId, context)
    if let kind = input.resourceShareType, kind != .all { return SearchTablesOutput(tableList: []) }
    let filters = try (input.filters ?? []).map { filter in
      guard let property = filter.key, let value = filter.value else {
        throw CatalogError.invalidInput("A filter needs both a key and a value.")
      }
      let comparison: TableSearch.Comparison =
        switch filter.comparator {
        case .greaterThan?: .greater
        case .lessThan?: .less
        case .greaterThanEquals?: .greaterOrEqual
        case .lessThanEquals?: .lessOrEqual
        default: .equal
        }
      return TableSearch.Filter(property: property, value: value, comparison: comparison)
    }
    let search = TableSearch(
      text: input.searchText, filters: filters, sortProperty: input.sortCriteria?.first?.fieldName,
      descending: input.sortCriteria?.first?.sort == .desc)
    let found = try await catalog.search(search, context: context)
    // Sorted results have no place that a key names, so the token is the number of tables given already.
    let start = try PageToken.read(input.nextToken, "SearchTables")?.first.flatMap { Int($0) } ?? 0
    let count = input.maxResults ?? Limits.entriesPerPage
    let rest = found.dropFirst(max(0, start))
    let more = rest.count > count
    return SearchTablesOutput(
      nextToken: more ? PageToken.make("SearchTables", [String(start.saturatingAdd(count))]) : nil,
      tableList: rest.prefix(count).map { $0.shape(context) })
  }
}
