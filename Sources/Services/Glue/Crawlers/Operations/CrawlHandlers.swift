public import GlueModel
public import Kernel
import Storage

extension GlueService {
  public func startCrawler(_ input: StartCrawlerInput, _ context: RequestContext) async throws -> StartCrawlerOutput {
    let house = try crawling("StartCrawler")
    try await context.authorize("glue:StartCrawler", on: CrawlerRecord.arn(input.name, context.scope))
    try await house.start(input.name, context.scope)
    return StartCrawlerOutput()
  }

  public func stopCrawler(_ input: StopCrawlerInput, _ context: RequestContext) async throws -> StopCrawlerOutput {
    let house = try crawling("StopCrawler")
    try await context.authorize("glue:StopCrawler", on: CrawlerRecord.arn(input.name, context.scope))
    try await house.stop(input.name, context.scope)
    return StopCrawlerOutput()
  }

  public func getCrawlerMetrics(
    _ input: GetCrawlerMetricsInput, _ context: RequestContext
  ) async throws -> GetCrawlerMetricsOutput {
    let house = try crawling("GetCrawlerMetrics")
    let scope = context.scope
    try await context.authorize("glue:GetCrawlerMetrics", on: ["*"])
    let page: [CrawlerRecord]
    var next: String?
    if let names = input.crawlerNameList, !names.isEmpty {
      page = try await catalog.keys.read { reader in try names.map { try reader.crawler($0, scope) } }
    } else {
      (page, next) = try await crawlers(input.maxResults, input.nextToken, "GetCrawlerMetrics", scope)
    }
    var list: [CrawlerMetrics] = []
    for record in page { list.append(try await house.metrics(record, scope)) }
    return GetCrawlerMetricsOutput(crawlerMetricsList: list, nextToken: next)
  }

  public func listCrawls(_ input: ListCrawlsInput, _ context: RequestContext) async throws -> ListCrawlsOutput {
    _ = try crawling("ListCrawls")
    let (scope, name) = (context.scope, input.crawlerName)
    try await context.authorize("glue:ListCrawls", on: CrawlerRecord.arn(name, scope))
    let count = input.maxResults ?? CrawlLimits.crawlsPerPage
    let before = try PageToken.read(input.nextToken, "ListCrawls")
    let filters = try (input.filters ?? []).map(CrawlFilter.init)
    let found = try await catalog.keys.read { reader in
      _ = try reader.crawler(name, scope)
      var range = CrawlRecord.all(scope, name)
      if let before, before.count == 2, let started = Int64(before[0]) {
        range.to = CrawlRecord.key(scope, name, Timestamp(nanoseconds: started), before[1])
      }
      var found: [CrawlRecord] = []
      try reader.scan(range, reversed: true) { _, bytes in
        let crawl = try KeyRecord.decode(CrawlRecord.self, bytes)
        if filters.allSatisfy({ $0.matches(crawl) }) { found.append(crawl) }
        return found.count <= count
      }
      return found
    }
    let (page, next) = PageToken.cut(found, to: count, "ListCrawls") { [String($0.started.nanoseconds), $0.id] }
    return ListCrawlsOutput(crawls: page.map(\.history), nextToken: next)
  }

  // MARK: Schedules

  public func startCrawlerSchedule(
    _ input: StartCrawlerScheduleInput, _ context: RequestContext
  ) async throws -> StartCrawlerScheduleOutput {
    try await changeSchedule(input.crawlerName, "StartCrawlerSchedule", context) { timetable, now in
      guard var timetable else {
        throw GlueError.noScheduleException("There is no schedule associated with crawler \(input.crawlerName)")
      }
      guard !timetable.isOn else {
        throw GlueError.schedulerRunningException("The schedule of crawler \(input.crawlerName) is already running")
      }
      (timetable.isOn, timetable.done) = (true, now)
      return timetable
    }
    return StartCrawlerScheduleOutput()
  }

  public func stopCrawlerSchedule(
    _ input: StopCrawlerScheduleInput, _ context: RequestContext
  ) async throws -> StopCrawlerScheduleOutput {
    try await changeSchedule(input.crawlerName, "StopCrawlerSchedule", context) { timetable, _ in
      guard var timetable, timetable.isOn else {
        throw GlueError.schedulerNotRunningException("The schedule of crawler \(input.crawlerName) is not running")
      }
      timetable.isOn = false
      return timetable
    }
    return StopCrawlerScheduleOutput()
  }

  public func updateCrawlerSchedule(
    _ input: UpdateCrawlerScheduleInput, _ context: RequestContext
  ) async throws -> UpdateCrawlerScheduleOutput {
    let schedule = input.schedule ?? ""
    if !schedule.isEmpty { try CrawlerRules.schedule(schedule) }
    try await changeSchedule(input.crawlerName, "UpdateCrawlerSchedule", context) { _, now in
      schedule.isEmpty ? nil : .init(expression: schedule, isOn: true, done: now)
    }
    return UpdateCrawlerScheduleOutput()
  }

  private func changeSchedule(
    _ name: String, _ operation: String, _ context: RequestContext,
    _ change: @escaping @Sendable (CrawlerRecord.Timetable?, Timestamp) throws -> CrawlerRecord.Timetable?
  ) async throws {
    let house = try crawling(operation)
    let (scope, now) = (context.scope, house.clock.now())
    try await context.authorize("glue:\(operation)", on: CrawlerRecord.arn(name, scope))
    try await catalog.keys.write { transaction in
      var record = try transaction.crawler(name, scope)
      record.timetable = try change(record.timetable, now)
      record.updated = now
      try transaction.set(CrawlerRecord.key(scope, name), record: record)
    }
  }
}

/// A condition of `ListCrawls`.
struct CrawlFilter: Sendable {
  private let field: String
  private let comparison: String
  private let value: String

  /// - Throws: `InvalidInputException`.
  init(_ shape: CrawlsFilter) throws {
    field = shape.fieldName?.rawValue ?? ""
    comparison = shape.filterOperator?.rawValue ?? "EQ"
    value = shape.fieldValue ?? ""
    guard ["CRAWL_ID", "STATE", "START_TIME", "END_TIME", "DPU_HOUR"].contains(field), !value.isEmpty else {
      throw CatalogError.invalidInput("A filter needs a FieldName and a FieldValue.")
    }
    if ["START_TIME", "END_TIME", "DPU_HOUR"].contains(field), Double(value) == nil {
      throw CatalogError.invalidInput("The FieldValue \(value) is not a number.")
    }
  }

  func matches(_ crawl: CrawlRecord) -> Bool {
    switch field {
    case "CRAWL_ID": return compare(crawl.id == value)
    case "STATE": return compare(crawl.state == value)
    // AWS takes milliseconds since 1970.
    case "START_TIME": return compare(Double(crawl.started.milliseconds))
    case "END_TIME": return crawl.ended.map { compare(Double($0.milliseconds)) } ?? false
    default: return compare(0)
    }
  }

  private func compare(_ isEqual: Bool) -> Bool { comparison == "NE" ? !isEqual : isEqual }

  private func compare(_ number: Double) -> Bool {
    let wanted = Double(value) ?? 0
    switch comparison {
    case "GT": return number > wanted
    case "GE": return number >= wanted
    case "LT": return number < wanted
    case "LE": return number <= wanted
    case "NE": return number != wanted
    default: return number == wanted
    }
  }
}
