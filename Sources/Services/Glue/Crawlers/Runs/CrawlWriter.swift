import Kernel

/// Writes a plan to the catalog with the role's rights, a table at a time.
struct CrawlWriter: Sendable {
  let crawl: Crawl
  let context: RequestContext
  private var catalog: GlueCatalog { crawl.house.catalog }

  init(crawl: Crawl, context: RequestContext) {
    self.crawl = crawl
    self.context = context
  }

  func apply(_ plan: CrawlPlan) async throws -> Crawl.Outcome {
    var outcome = Crawl.Outcome()
    if let name = plan.createsDatabase {
      do {
        try await catalog.createDatabase(DatabaseDefinition(name: name), context: context)
      } catch let error as AWSError where error.code == "AlreadyExistsException" {
        // Somebody else was faster, and that is as good.
      }
    }
    for table in plan.tables {
      // Between tables a crawl can be stopped; a table is written whole.
      try Task.checkCancellation()
      try await apply(table, &outcome)
    }
    return outcome
  }

  private func apply(_ table: CrawlPlan.Table, _ outcome: inout Crawl.Outcome) async throws {
    switch table.action {
    case .create:
      guard let definition = table.definition else { return }
      try await catalog.createTable(definition, in: table.database, context: context)
      outcome.created += 1
      crawl.tell("INFO", "Created table \(table.name) in database \(table.database)")
    case .update, .deprecate:
      guard let definition = table.definition else { return }
      try await catalog.updateTable(definition, in: table.database, context: context)
      outcome.changed += 1
      crawl.tell("INFO", "Updated table \(table.name) in database \(table.database)")
    case .refresh:
      guard let definition = table.definition else { return }
      try await catalog.updateTable(definition, in: table.database, archive: false, context: context)
    case .delete:
      try await catalog.deleteTable(table.name, in: table.database, context: context)
      outcome.deleted += 1
      crawl.tell("INFO", "Deleted table \(table.name) in database \(table.database)")
    case .none, .log: break
    }
    try await applyPartitions(table, &outcome)
  }

  private func applyPartitions(_ table: CrawlPlan.Table, _ outcome: inout Crawl.Outcome) async throws {
    for batch in Self.batches(table.newPartitions) {
      let failures = try await catalog.addPartitions(
        batch.compactMap { table.partitions?[$0] }, to: table.name, in: table.database, ifAbsent: true,
        context: context)
      if let failure = failures.first { throw failure.error }
      outcome.partitionsAdded += batch.count
    }
    for batch in Self.batches(table.changedPartitions) {
      let failures = try await catalog.updatePartitions(
        batch.compactMap { values in table.partitions?[values].map { (values, $0) } }, of: table.name,
        in: table.database, context: context)
      outcome.partitionsChanged += batch.count - failures.count
    }
    guard table.goneAction == .delete else { return }
    for batch in Self.batches(table.gonePartitions) {
      let failures = try await catalog.deletePartitions(batch, of: table.name, in: table.database, context: context)
      outcome.partitionsDeleted += batch.count - failures.count
    }
  }

  private static func batches<Element>(_ elements: [Element]) -> [[Element]] {
    stride(from: 0, to: elements.count, by: CrawlLimits.partitionsPerWrite).map {
      Array(elements[$0..<min($0 + CrawlLimits.partitionsPerWrite, elements.count)])
    }
  }
}
