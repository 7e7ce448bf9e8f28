import Foundation
public import GlueModel
public import Kernel
public import Storage

/// AWS Glue: the data catalog, the Schema Registry, crawlers, jobs, triggers, workflows and data quality.
///
/// The handlers turn Glue's shapes into calls of `catalog` and `registry`, which other services call in process.
public struct GlueService: GlueAPI {
  /// Databases, tables, partitions.
  public let catalog: GlueCatalog
  /// Registries, schemas and their versions.
  public let registry: SchemaRegistry
  private let crawls: CrawlHouse?
  private let runs: JobHouse?
  private let orchestrator: Orchestrator?
  private let qualityRuns: QualityHouse?

  /// - Parameters:
  ///   - crawls: what crawls need; without it, crawlers answer that they are not implemented.
  ///   - jobs: the same for runs of jobs.
  ///   - quality: the same for runs of data quality.
  public init(
    keys: any KeyStore, clock: any WallClock, random: any RandomSource, crawls: CrawlGround? = nil,
    jobs: JobGround? = nil, quality: QualityGround? = nil
  ) {
    let catalog = GlueCatalog(keys: keys, clock: clock)
    self.catalog = catalog
    registry = SchemaRegistry(keys: keys, clock: clock, random: random)
    self.crawls = crawls.map { CrawlHouse(ground: $0, catalog: catalog, clock: clock, random: random) }
    let crawls = self.crawls
    let runs = jobs.map { JobHouse(ground: $0, catalog: catalog, clock: clock, random: random) }
    self.runs = runs
    orchestrator = runs.map { runs in
      Orchestrator(
        catalog: catalog, jobs: runs, crawls: crawls, clock: clock, random: random, logger: runs.ground.logger)
    }
    qualityRuns = quality.map { QualityHouse(ground: $0, catalog: catalog, clock: clock, random: random) }
  }

  /// Ends what the end of the process interrupted. Called before the first request.
  public func recover() async throws {
    try await crawls?.recover()
    try await runs?.recover()
    try await qualityRuns?.recover()
  }

  /// Where processes of jobs find this server.
  public func found(at address: String) {
    guard let runs else { return }
    Task { await runs.address.announce(address) }
  }

  /// What the processes of runs ask for; `nil` without jobs.
  public var jobControl: JobControl? { runs.map { JobControl(house: $0, quality: qualityRuns) } }

  /// Starts the crawlers and fires the triggers whose time has come, until the task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [crawls] in await crawls?.runSchedules() }
      group.addTask { [orchestrator] in await orchestrator?.run() }
    }
  }

  /// Ends the runs that are under way, so that nobody waits for what they ask for.
  public func endRuns() async { await runs?.close() }

  /// Ends the crawls and the runs of data quality that are under way.
  public func stop() async {
    await crawls?.close()
    await qualityRuns?.close()
  }

  func quality(_ operation: String) throws -> QualityHouse {
    guard let qualityRuns else { throw AWSError.notImplemented(service: "Glue", operation: operation) }
    return qualityRuns
  }

  func orchestrating(_ operation: String) throws -> Orchestrator {
    guard let orchestrator else { throw AWSError.notImplemented(service: "Glue", operation: operation) }
    return orchestrator
  }

  func jobs(_ operation: String) throws -> JobHouse {
    guard let runs else { throw AWSError.notImplemented(service: "Glue", operation: operation) }
    return runs
  }

  func crawling(_ operation: String) throws -> CrawlHouse {
    guard let crawls else { throw AWSError.notImplemented(service: "Glue", operation: operation) }
    return crawls
  }

  /// The catalog of an account is the one we keep; another's is not found.
  func check(catalog id: String?, _ context: RequestContext) throws {
    guard let id, id != context.account.digits else { return }
    throw CatalogError.entityNotFound("Catalog \(id) not found.")
  }
}

/// A place in a listing, given to the client and taken back: the names that the next page starts behind.
enum PageToken {
  static func make(_ operation: String, _ names: [String]) -> String {
    Data(names.reduce(Key(operation)) { $0.appending($1) }.bytes).base64EncodedString()
  }

  /// - Returns: `nil` for the first page.
  /// - Throws: `InvalidInputException` for a text that `make` did not give for the operation.
  static func read(_ token: String?, _ operation: String) throws -> [String]? {
    guard let token, !token.isEmpty else { return nil }
    guard let bytes = Data(base64Encoded: token),
      let elements = Key(encoded: [UInt8](bytes)).elements, elements.first?.string == operation
    else { throw CatalogError.invalidInput("Invalid next token.") }
    return elements.dropFirst().compactMap(\.string)
  }

  /// Cuts a list that was read one longer than the page.
  static func cut<Element>(
    _ entries: [Element], to count: Int, _ operation: String, name: (Element) -> [String]
  ) -> (page: [Element], next: String?) {
    guard entries.count > count, count > 0 else { return (entries, nil) }
    let page = Array(entries.prefix(count))
    return (page, make(operation, name(page[count - 1])))
  }
}
