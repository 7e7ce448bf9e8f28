import GlueModel
import Kernel

/// What AWS checks of a crawler before it is kept.
enum CrawlerRules {
  static func invalid(_ message: String) -> AWSError { CatalogError.invalidInput(message) }
  static func notImplemented(_ what: String) -> AWSError {
    AWSError.notImplemented(service: "Glue", operation: "Crawlers \(what)")
  }

  struct Targets: Sendable {
    var s3: [CrawlerRecord.S3]
    var jdbc: [CrawlerRecord.JDBC]
    var catalog: [CrawlerRecord.Catalog]
  }

  /// - Throws: `InvalidInputException`, or not-implemented for kinds of targets that cannot be crawled.
  static func targets(_ shape: CrawlerTargets) throws -> Targets {
    func none<Target>(_ targets: [Target]?, _ kind: String) throws {
      if let targets, !targets.isEmpty { throw notImplemented("of \(kind) targets") }
    }
    try none(shape.mongoDBTargets, "MongoDB")
    try none(shape.dynamoDBTargets, "DynamoDB")
    try none(shape.deltaTargets, "Delta Lake")
    try none(shape.icebergTargets, "Iceberg")
    try none(shape.hudiTargets, "Hudi")
    let s3 = try (shape.s3Targets ?? []).map(s3)
    let jdbc = try (shape.jdbcTargets ?? []).map(jdbc)
    let catalog = try (shape.catalogTargets ?? []).map { target in
      guard !target.tables.isEmpty else { throw invalid("A catalog target must name at least one table.") }
      // Terraform sends empty texts for what is not set.
      guard target.eventQueueArn?.isEmpty ?? true else { throw notImplemented("by events") }
      return CrawlerRecord.Catalog(
        database: GlueCatalog.fold(target.databaseName), tables: target.tables.map(GlueCatalog.fold))
    }
    guard !s3.isEmpty || !jdbc.isEmpty || !catalog.isEmpty else {
      throw invalid("Crawler targets cannot be empty: at least one target must be provided.")
    }
    guard s3.isEmpty && jdbc.isEmpty || catalog.isEmpty else {
      throw invalid("Catalog targets cannot be mixed with targets of other types.")
    }
    guard s3.count + jdbc.count + catalog.count <= CrawlLimits.targetsMax else {
      throw invalid("A crawler can have at most \(CrawlLimits.targetsMax) targets.")
    }
    return Targets(s3: s3, jdbc: jdbc, catalog: catalog)
  }

  private static func jdbc(_ target: JdbcTarget) throws -> CrawlerRecord.JDBC {
    guard let connection = target.connectionName, !connection.isEmpty else {
      throw invalid("A JDBC target must name a connection.")
    }
    guard let path = target.path, IncludePath(path) != nil else {
      throw invalid("The JDBC target path \(target.path ?? "") is not valid: it must be database/schema/table.")
    }
    guard target.enableAdditionalMetadata?.isEmpty ?? true else { throw notImplemented("with additional metadata") }
    return CrawlerRecord.JDBC(
      connection: connection, path: path, exclusions: target.exclusions.flatMap { $0.isEmpty ? nil : $0 })
  }

  private static func s3(_ target: S3Target) throws -> CrawlerRecord.S3 {
    guard let path = target.path, S3Place(path) != nil else {
      throw invalid("The S3 target path \(target.path ?? "") is not valid: it must be s3://bucket/prefix.")
    }
    if let size = target.sampleSize, !(1...CrawlLimits.sampleSizeMax).contains(size) {
      throw invalid("SampleSize must be between 1 and \(CrawlLimits.sampleSizeMax).")
    }
    if let connection = target.connectionName, !connection.isEmpty { throw notImplemented("through connections") }
    guard target.eventQueueArn?.isEmpty ?? true else { throw notImplemented("by events") }
    return CrawlerRecord.S3(
      path: path, exclusions: target.exclusions.flatMap { $0.isEmpty ? nil : $0 }, sampleSize: target.sampleSize)
  }

  /// - Throws: `InvalidInputException` for what is no cron expression of AWS's.
  static func schedule(_ text: String) throws {
    guard text.hasPrefix("cron("), (try? Kernel.Schedule(text)) != nil else {
      throw invalid("The schedule expression \(text) is not valid: it must be cron(Minutes Hours Day-of-month Month "
        + "Day-of-week Year).")
    }
  }

  /// New folders alone leave nothing to compare: AWS takes LOG for both behaviours.
  static func policies(_ record: CrawlerRecord) throws {
    if record.recrawl == "CRAWL_EVENT_MODE" { throw notImplemented("by events") }
    if record.recrawl == "CRAWL_NEW_FOLDERS_ONLY",
      record.updateBehavior != "LOG" || record.deleteBehavior != "LOG"
    {
      throw invalid(
        "The SchemaChangePolicy for \"Crawl new folders only\" Amazon S3 target can have only LOG DeleteBehavior value "
          + "and LOG UpdateBehavior value.")
    }
    if record.recrawl == "CRAWL_NEW_FOLDERS_ONLY", record.s3.isEmpty {
      throw invalid("Only Amazon S3 targets can be crawled for new folders only.")
    }
    if !record.catalog.isEmpty, record.deleteBehavior != "LOG" {
      throw invalid("The SchemaChangePolicy for catalog targets can have only LOG DeleteBehavior value.")
    }
    if record.catalog.isEmpty, record.database?.isEmpty ?? true {
      throw invalid("A database name must be provided for targets that are not tables of the catalog.")
    }
    if record.securityConfiguration.map({ !$0.isEmpty }) ?? false {
      throw notImplemented("with security configurations")
    }
    if record.usesLakeFormation ?? false { throw notImplemented("with Lake Formation credentials") }
  }
}

/// A bucket and a folder in it.
struct S3Place: Hashable, Sendable {
  var bucket: String
  /// Empty, or with a slash at the end.
  var prefix: String

  /// - Returns: `nil` for anything but `s3://bucket/…`.
  init?(_ text: String) {
    guard text.hasPrefix("s3://") else { return nil }
    let rest = text.dropFirst(5)
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    bucket = String(rest[..<end])
    guard (3...63).contains(bucket.count), bucket.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    prefix = end == rest.endIndex ? "" : String(rest[rest.index(after: end)...])
    if !prefix.isEmpty, !prefix.hasSuffix("/") { prefix += "/" }
  }
}

/// The JSON of a crawler's `Configuration`.
///
/// Source: AWS Glue, "Setting crawler configuration options".
struct CrawlerConfiguration: Sendable {
  var grouping = GroupingRules()
  /// New columns are added; those that are there stay as they are.
  var mergesNewColumns = false
  /// Partitions take their columns and format from the table.
  var inheritsFromTable = false
  var tableThreshold: Int?

  /// - Throws: `InvalidInputException`.
  init(_ text: String?) throws {
    guard let text, !text.isEmpty else { return }
    guard let root = (try? JSONValue.parse(text)), root.object != nil else {
      throw CrawlerRules.invalid("The crawler configuration is not a valid JSON document.")
    }
    guard root["Version"]?.number?.value == 1 else {
      throw CrawlerRules.invalid("The crawler configuration must have the Version 1.0.")
    }
    if let policy = root["Grouping"]?["TableGroupingPolicy"] {
      guard policy.string == "CombineCompatibleSchemas" else {
        throw CrawlerRules.invalid("TableGroupingPolicy must be CombineCompatibleSchemas.")
      }
      grouping.combinesCompatible = true
    }
    if let level = root["Grouping"]?["TableLevelConfiguration"] {
      guard let count = level.count, count > 0 else {
        throw CrawlerRules.invalid("TableLevelConfiguration must be a positive integer.")
      }
      grouping.tableLevel = count
    }
    if let threshold = root["CrawlerOutput"]?["Tables"]?["TableThreshold"] {
      guard let count = threshold.count, count > 0 else {
        throw CrawlerRules.invalid("TableThreshold must be a positive integer.")
      }
      tableThreshold = count
    }
    if let behavior = root["CrawlerOutput"]?["Tables"]?["AddOrUpdateBehavior"] {
      guard behavior.string == "MergeNewColumns" else {
        throw CrawlerRules.invalid("AddOrUpdateBehavior of Tables must be MergeNewColumns.")
      }
      mergesNewColumns = true
    }
    if let behavior = root["CrawlerOutput"]?["Partitions"]?["AddOrUpdateBehavior"] {
      guard behavior.string == "InheritFromTable" else {
        throw CrawlerRules.invalid("AddOrUpdateBehavior of Partitions must be InheritFromTable.")
      }
      inheritsFromTable = true
    }
  }
}
