import Foundation
public import GlueModel
public import Kernel
public import Storage

/// AWS Glue: the data catalog, the Schema Registry and crawlers. Jobs and triggers are not there yet; their operations
/// answer so.
///
/// The handlers turn Glue's shapes into calls of `catalog` and `registry`, which other services call in process.
public struct GlueService: GlueAPI {
  /// Databases, tables, partitions.
  public let catalog: GlueCatalog
  /// Registries, schemas and their versions.
  public let registry: SchemaRegistry
  private let crawls: CrawlHouse?

  /// - Parameter crawls: what crawls need; without it, crawlers answer that they are not implemented.
  public init(keys: any KeyStore, clock: any WallClock, random: any RandomSource, crawls: CrawlGround? = nil) {
    let catalog = GlueCatalog(keys: keys, clock: clock)
    self.catalog = catalog
    registry = SchemaRegistry(keys: keys, clock: clock, random: random)
    self.crawls = crawls.map { CrawlHouse(ground: $0, catalog: catalog, clock: clock, random: random) }
  }

  /// Ends what the end of the process interrupted. Called before the first request.
  public func recover() async throws { try await crawls?.recover() }

  /// Starts the crawlers whose time has come, until the task is cancelled.
  public func run() async { await crawls?.runSchedules() }

  /// Ends the crawls that are under way.
  public func stop() async { await crawls?.close() }

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
