public import GlueModel
public import Kernel
import Storage

extension GlueService {
  public func createCrawler(
    _ input: CreateCrawlerInput, _ context: RequestContext
  ) async throws -> CreateCrawlerOutput {
    let house = try crawling("CreateCrawler")
    try await context.authorize("glue:CreateCrawler", on: CrawlerRecord.arn(input.name, context.scope))
    let (now, scope) = (house.clock.now(), context.scope)
    let targets = try CrawlerRules.targets(input.targets)
    var record = CrawlerRecord(name: input.name, role: input.role, created: now, updated: now)
    (record.s3, record.jdbc, record.catalog) = (targets.s3, targets.jdbc, targets.catalog)
    record.database = input.databaseName.map(GlueCatalog.fold)
    record.description = input.description
    record.classifiers = input.classifiers ?? []
    record.tablePrefix = input.tablePrefix
    record.updateBehavior = input.schemaChangePolicy?.updateBehavior?.rawValue ?? record.updateBehavior
    record.deleteBehavior =
      input.schemaChangePolicy?.deleteBehavior?.rawValue ?? (targets.catalog.isEmpty ? record.deleteBehavior : "LOG")
    record.recrawl = input.recrawlPolicy?.recrawlBehavior?.rawValue ?? record.recrawl
    record.lineage = input.lineageConfiguration?.crawlerLineageSettings?.rawValue
    record.usesLakeFormation = input.lakeFormationConfiguration?.useLakeFormationCredentials
    record.lakeFormationAccount = input.lakeFormationConfiguration?.accountId
    record.configuration = input.configuration
    record.securityConfiguration = input.crawlerSecurityConfiguration
    if let schedule = input.schedule, !schedule.isEmpty {
      try CrawlerRules.schedule(schedule)
      record.timetable = .init(expression: schedule, isOn: true, done: now)
    }
    try CrawlerRules.policies(record)
    _ = try CrawlerConfiguration(record.configuration)
    let tags = input.tags ?? [:]
    try CatalogTags.check(tags)
    record.role = try await house.checkedRole(input.role, context)
    let tagKey = context.catalogKeys.tags(CrawlerRecord.arn(input.name, scope).description)
    let new = record
    try await catalog.keys.write { transaction in
      guard try transaction.get(CrawlerRecord.key(scope, new.name)) == nil else {
        throw CatalogError.alreadyExists("Crawler with name \(new.name) already exists")
      }
      try transaction.checkClassifiers(new.classifiers, scope)
      try transaction.checkConnections(new.jdbc ?? [], scope)
      guard try transaction.entries(CrawlerRecord.all(scope)).count < CrawlLimits.crawlersMax else {
        throw CatalogError.limitExceeded("The number of crawlers exceeds the limit of \(CrawlLimits.crawlersMax).")
      }
      try transaction.set(CrawlerRecord.key(scope, new.name), record: new)
      if !tags.isEmpty { try transaction.set(tagKey, record: tags) }
    }
    return CreateCrawlerOutput()
  }

  public func updateCrawler(
    _ input: UpdateCrawlerInput, _ context: RequestContext
  ) async throws -> UpdateCrawlerOutput {
    let house = try crawling("UpdateCrawler")
    try await context.authorize("glue:UpdateCrawler", on: CrawlerRecord.arn(input.name, context.scope))
    let (now, scope) = (house.clock.now(), context.scope)
    let targets = try input.targets.map(CrawlerRules.targets)
    if let schedule = input.schedule, !schedule.isEmpty { try CrawlerRules.schedule(schedule) }
    _ = try CrawlerConfiguration(input.configuration)
    let role = try await input.role.asyncMap { try await house.checkedRole($0, context) }
    try await catalog.keys.write { transaction in
      var record = try transaction.crawler(input.name, scope)
      guard record.state == .ready else {
        throw GlueError.crawlerRunningException(
          "Cannot update Crawler while running. Please stop crawl or wait until it completes to update.")
      }
      if let targets {
        (record.s3, record.jdbc, record.catalog) = (targets.s3, targets.jdbc, targets.catalog)
      }
      record.role = role ?? record.role
      record.database = input.databaseName.map(GlueCatalog.fold) ?? record.database
      record.description = input.description ?? record.description
      record.classifiers = input.classifiers ?? record.classifiers
      record.tablePrefix = input.tablePrefix ?? record.tablePrefix
      record.updateBehavior = input.schemaChangePolicy?.updateBehavior?.rawValue ?? record.updateBehavior
      record.deleteBehavior = input.schemaChangePolicy?.deleteBehavior?.rawValue ?? record.deleteBehavior
      record.recrawl = input.recrawlPolicy?.recrawlBehavior?.rawValue ?? record.recrawl
      record.lineage = input.lineageConfiguration?.crawlerLineageSettings?.rawValue ?? record.lineage
      record.usesLakeFormation =
        input.lakeFormationConfiguration?.useLakeFormationCredentials ?? record.usesLakeFormation
      record.lakeFormationAccount = input.lakeFormationConfiguration?.accountId ?? record.lakeFormationAccount
      record.configuration = input.configuration ?? record.configuration
      record.securityConfiguration = input.crawlerSecurityConfiguration ?? record.securityConfiguration
      if let schedule = input.schedule {
        // An empty text takes the schedule away.
        record.timetable = schedule.isEmpty ? nil : .init(expression: schedule, isOn: true, done: now)
      }
      try CrawlerRules.policies(record)
      try transaction.checkClassifiers(record.classifiers, scope)
      try transaction.checkConnections(record.jdbc ?? [], scope)
      record.updated = now
      record.version += 1
      try transaction.set(CrawlerRecord.key(scope, record.name), record: record)
    }
    return UpdateCrawlerOutput()
  }

  public func deleteCrawler(
    _ input: DeleteCrawlerInput, _ context: RequestContext
  ) async throws -> DeleteCrawlerOutput {
    _ = try crawling("DeleteCrawler")
    let (scope, arn) = (context.scope, CrawlerRecord.arn(input.name, context.scope))
    try await context.authorize("glue:DeleteCrawler", on: arn)
    let tagKey = context.catalogKeys.tags(arn.description)
    try await catalog.keys.write { transaction in
      let record = try transaction.crawler(input.name, scope)
      guard record.state == .ready else {
        throw GlueError.crawlerRunningException("Cannot delete crawler \(record.name) while it's running")
      }
      try transaction.delete(CrawlerRecord.key(scope, record.name))
      try transaction.delete(CrawlRecord.all(scope, record.name))
      try transaction.delete(tagKey)
    }
    return DeleteCrawlerOutput()
  }

  // MARK: Reading

  public func getCrawler(_ input: GetCrawlerInput, _ context: RequestContext) async throws -> GetCrawlerOutput {
    let house = try crawling("GetCrawler")
    let scope = context.scope
    try await context.authorize("glue:GetCrawler", on: CrawlerRecord.arn(input.name, scope))
    let record = try await catalog.keys.read { reader in
      guard let record = try reader.get(CrawlerRecord.key(scope, input.name), as: CrawlerRecord.self) else {
        throw CatalogError.entityNotFound("Crawler entry with name \(input.name) does not exist")
      }
      return record
    }
    return GetCrawlerOutput(crawler: await house.shape(record, scope))
  }

  public func getCrawlers(_ input: GetCrawlersInput, _ context: RequestContext) async throws -> GetCrawlersOutput {
    let house = try crawling("GetCrawlers")
    try await context.authorize("glue:GetCrawlers", on: ["*"])
    let (page, next) = try await crawlers(input.maxResults, input.nextToken, "GetCrawlers", context.scope)
    var shapes: [Crawler] = []
    for record in page { shapes.append(await house.shape(record, context.scope)) }
    return GetCrawlersOutput(crawlers: shapes, nextToken: next)
  }

  public func batchGetCrawlers(
    _ input: BatchGetCrawlersInput, _ context: RequestContext
  ) async throws -> BatchGetCrawlersOutput {
    let house = try crawling("BatchGetCrawlers")
    let scope = context.scope
    try await context.authorize(
      "glue:BatchGetCrawlers", on: input.crawlerNames.map { CrawlerRecord.arn($0, scope).description })
    let found = try await catalog.keys.read { reader in
      try input.crawlerNames.map { try reader.get(CrawlerRecord.key(scope, $0), as: CrawlerRecord.self) }
    }
    var shapes: [Crawler] = []
    for record in found.compactMap({ $0 }) { shapes.append(await house.shape(record, scope)) }
    let missing = zip(input.crawlerNames, found).filter { $0.1 == nil }.map(\.0)
    return BatchGetCrawlersOutput(crawlers: shapes, crawlersNotFound: missing)
  }

  public func listCrawlers(_ input: ListCrawlersInput, _ context: RequestContext) async throws -> ListCrawlersOutput {
    _ = try crawling("ListCrawlers")
    try await context.authorize("glue:ListCrawlers", on: ["*"])
    let wanted = input.tags ?? [:]
    let scope = context.scope
    let after = try PageToken.read(input.nextToken, "ListCrawlers")?.first
    let count = input.maxResults ?? CrawlLimits.entriesPerPage
    let keys = context.catalogKeys
    let found = try await catalog.keys.read { reader in
      var names: [String] = []
      var range = CrawlerRecord.all(scope)
      if let after { range.from = CrawlerRecord.key(scope, after).subtree.to }
      try reader.scan(range) { key, _ in
        guard let name = key.elements?.last?.string else { return true }
        if !wanted.isEmpty {
          let arn = CrawlerRecord.arn(name, scope).description
          let tags = try reader.get(keys.tags(arn), as: [String: String].self) ?? [:]
          guard wanted.allSatisfy({ tags[$0.key] == $0.value }) else { return true }
        }
        names.append(name)
        return names.count <= count
      }
      return names
    }
    let (page, next) = PageToken.cut(found, to: count, "ListCrawlers") { [$0] }
    return ListCrawlersOutput(crawlerNames: page, nextToken: next)
  }

  /// A page of the crawlers in the order of their names.
  func crawlers(
    _ limit: Int?, _ token: String?, _ operation: String, _ scope: Scope
  ) async throws -> (page: [CrawlerRecord], next: String?) {
    let after = try PageToken.read(token, operation)?.first
    let count = limit ?? CrawlLimits.entriesPerPage
    let found = try await catalog.keys.read { reader in
      var range = CrawlerRecord.all(scope)
      if let after { range.from = CrawlerRecord.key(scope, after).subtree.to }
      return try reader.records(range, as: CrawlerRecord.self, limit: count.saturatingAdd(1))
    }
    return PageToken.cut(found, to: count, operation) { [$0.name] }
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func crawler(_ name: String, _ scope: Scope) throws -> CrawlerRecord {
    guard let record = try get(CrawlerRecord.key(scope, name), as: CrawlerRecord.self) else {
      throw CatalogError.entityNotFound("Crawler with name \(name) does not exist")
    }
    return record
  }

  /// - Throws: `EntityNotFoundException` for a connection that is not there.
  func checkConnections(_ targets: [CrawlerRecord.JDBC], _ scope: Scope) throws {
    for target in targets { _ = try connection(target.connection, scope) }
  }

  /// - Throws: `EntityNotFoundException` for a classifier that is not there.
  func checkClassifiers(_ names: [String], _ scope: Scope) throws {
    for name in names where try get(ClassifierRecord.key(scope, name)) == nil {
      throw CatalogError.entityNotFound("Classifier with name \(name) does not exist")
    }
  }
}

extension Optional {
  func asyncMap<Value>(_ transform: (Wrapped) async throws -> Value) async rethrows -> Value? {
    guard let self else { return nil }
    return try await transform(self)
  }
}
