import Kernel

// Tables of databases, compared with the catalog.

extension CrawlPlanner {
  /// - Parameters:
  ///   - taken: names of tables that the plan gives already.
  ///   - locations: places that were found.
  func plan(
    _ tables: [DatabaseTable], _ taken: inout Set<String>, _ locations: inout Set<String>, into plan: inout CrawlPlan
  ) async throws {
    let shape = TableShape(crawler: crawl.record.name, exclusions: [])
    // Include paths may overlap.
    for table in tables where locations.insert(table.location).inserted {
      let plain = "\(table.database)_\(table.schema)_\(table.name)"
      let (name, present) = try await name(
        plain, at: table.location, &taken, exists: plan.createsDatabase == nil)
      let fresh = shape.definition(of: table, name: name)
      plan.tables.append(try await compare(fresh, nil, crawl.record.database ?? "", present))
    }
  }

  /// Whether a table of the catalog stands for what a target names in a database.
  func isTargeted(_ table: TableDefinition, at location: String) -> Bool {
    let names = location.split(separator: ".", maxSplits: 2).map(String.init)
    guard names.count == 3, let connection = table.parameters?["connectionName"] else { return false }
    return (crawl.record.jdbc ?? []).contains { target in
      guard target.connection == connection, let path = IncludePath(target.path) else { return false }
      return path.database == names[0] && path.includes(schema: names[1], table: names[2])
    }
  }
}

extension TableShape {
  /// A table of a database as AWS's crawlers describe it: no format, and a place that no reader of files takes.
  func definition(of table: DatabaseTable, name: String) -> TableDefinition {
    let parameters = [
      "CrawlerSchemaDeserializerVersion": "1.0", "CrawlerSchemaSerializerVersion": "1.0",
      "UPDATED_BY_CRAWLER": crawler, "classification": "postgresql", "compressionType": "none",
      "connectionName": table.connection, "typeOfData": table.isView ? "view" : "table",
    ]
    return TableDefinition(
      name: name, owner: "owner", retention: 0,
      storage: StorageDescription(
        columns: table.columns.map { CatalogColumn(name: $0.name, type: $0.type) }, location: table.location,
        compressed: false, numberOfBuckets: -1, serDe: SerDe(parameters: [:]), bucketColumns: [],
        parameters: parameters),
      tableType: "EXTERNAL_TABLE", parameters: parameters)
  }
}
