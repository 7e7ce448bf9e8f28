public import Kernel
import Storage

// What AWS has no operation for: a look at what a crawl would change, and the way back to an earlier schema.

extension GlueService {
  /// What a crawl would change now, as JSON; nothing is changed. Asks for `glue:StartCrawler`, and the crawler's role
  /// for the rest.
  /// - Throws: `EntityNotFoundException`, and what the crawl would fail with.
  public func crawlPlan(_ name: String, _ context: RequestContext) async throws -> String {
    let house = try crawling("PlanCrawl")
    let scope = context.scope
    try await context.authorize("glue:StartCrawler", on: CrawlerRecord.arn(name, scope))
    let record = try await catalog.keys.read { try $0.crawler(name, scope) }
    do {
      return try await Crawl(house: house, record: record, scope: scope, id: "").plan(house.acting(record, scope)).json
    } catch let error as FolderTree.TooLarge {
      throw CatalogError.invalidInput(error.message)
    }
  }

  /// Gives a table the definition that it had at an earlier version, as its newest version. Partitions stay.
  /// - Throws: `EntityNotFoundException`; what `UpdateTable` throws.
  public func restoreTable(
    _ name: String, in database: String, version: String, _ context: RequestContext
  ) async throws {
    let earlier = try await catalog.table(name, in: database, version: version, context: context)
    try await catalog.updateTable(earlier.definition, in: database, context: context)
  }
}
