import GlueModel
import Kernel
import S3Model
import Storage

/// One crawl: lists the targets, looks into their files, and brings the catalog in line, or only says what it would
/// change.
struct Crawl: Sendable {
  let house: CrawlHouse
  let record: CrawlerRecord
  let scope: Scope
  let id: String

  struct Outcome: Sendable {
    var created = 0
    var changed = 0
    var deleted = 0
    var partitionsAdded = 0
    var partitionsChanged = 0
    var partitionsDeleted = 0

    /// In the words in which AWS keeps a crawl's summary.
    var summary: String? {
      func part(_ added: Int, _ updated: Int, _ deleted: Int) -> String? {
        let counts = [("ADD", added), ("UPDATE", updated), ("DELETE", deleted)].filter { $0.1 > 0 }
        guard !counts.isEmpty else { return nil }
        return "{" + counts.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
      }
      let parts = [
        part(created, changed, deleted).map { "\"TABLE\":" + $0 },
        part(partitionsAdded, partitionsChanged, partitionsDeleted).map { "\"PARTITION\":" + $0 },
      ].compactMap { $0 }
      return parts.isEmpty ? nil : "{" + parts.joined(separator: ",") + "}"
    }
  }

  /// Crawls and writes what was found.
  func run() async throws -> Outcome {
    let context = try await house.acting(record, scope)
    let plan = try await plan(context)
    try Task.checkCancellation()
    tell("BENCHMARK", "Classification complete, writing results to database \(databases)")
    let outcome = try await CrawlWriter(crawl: self, context: context).apply(plan)
    tell("INFO", "Crawl summary: \(outcome.summary ?? "nothing changed")")
    tell("BENCHMARK", "Finished writing to Catalog")
    return outcome
  }

  private var databases: String {
    record.database ?? Set(record.catalog.map(\.database)).sorted().joined(separator: ", ")
  }

  /// Writes a line to the crawler's stream, with the rights of its role, as AWS's crawlers do.
  func tell(_ level: String, _ text: String) {
    let ground = house.ground
    ground.lines.record(
      LogEventBatch(
        scope: scope, group: CrawlRecord.logGroup, stream: record.name,
        events: [.init(time: house.clock.now(), message: "[\(id)] \(level) : \(text)")],
        writer: GlueRoles.arns(record.role, scope).first.map {
          .init(role: $0, service: GlueRoles.service, session: "AWS-Crawler")
        }))
  }

  /// Crawls and says what would be written. Changes nothing.
  func plan(_ context: RequestContext) async throws -> CrawlPlan {
    var configuration = try CrawlerConfiguration(record.configuration)
    let classifiers = try await classifiers()
    let planner = CrawlPlanner(crawl: self, configuration: configuration, context: context)
    if record.recrawl == "CRAWL_NEW_FOLDERS_ONLY" { configuration.grouping.knownRoots = try await planner.roots() }
    var plan = CrawlPlan()
    let reader = FileReader(
      s3: house.ground.s3, engine: house.ground.engine, classifiers: classifiers, context: context)
    var found: [FoundTable] = []
    for target in record.s3 {
      guard let place = S3Place(target.path) else { continue }
      let known = record.recrawl == "CRAWL_NEW_FOLDERS_ONLY" ? try await planner.folders(below: place) : []
      let listing = TargetListing(
        reader: reader, place: place, exclusions: (target.exclusions ?? []).map(Exclusion.init),
        sampleSize: target.sampleSize, rules: configuration.grouping, known: known)
      found += try await listing.tables()
    }
    var databases: [DatabaseTable] = []
    for target in record.jdbc ?? [] { databases += try await house.tables(of: target, context) }
    let count = found.count + databases.count
    if let threshold = configuration.tableThreshold, count > threshold {
      throw CatalogError.invalidInput(
        "The number of tables detected by the crawler (\(count)) is greater than the table threshold value "
          + "(\(threshold)).")
    }
    try await planner.plan(found, databases, into: &plan)
    for target in record.catalog {
      for name in target.tables {
        try await planner.planCatalog(name, in: target.database, reader: reader, into: &plan)
      }
    }
    return plan
  }

  private func classifiers() async throws -> [ClassifierRecord] {
    let names = record.classifiers
    let scope = scope
    return try await house.catalog.keys.read { reader in
      try names.compactMap { try reader.get(ClassifierRecord.key(scope, $0), as: ClassifierRecord.self) }
    }
  }
}

/// Goes through a target's objects, page by page, and makes tables of them.
struct TargetListing {
  let reader: FileReader
  let place: S3Place
  let exclusions: [Exclusion]
  let sampleSize: Int?
  let rules: GroupingRules
  /// Folders that are passed over, with their slash at the end.
  let known: Set<String>

  func tables() async throws -> [FoundTable] {
    var tree = FolderTree(bucket: place.bucket, root: place.prefix, rules: rules)
    var token: String?
    repeat {
      try Task.checkCancellation()
      let page = try await reader.s3.listObjectsV2(
        ListObjectsV2Input(bucket: place.bucket, prefix: place.prefix, continuationToken: token), reader.context)
      try await add((page.contents ?? []).compactMap(wanted), to: &tree)
      token = page.nextContinuationToken
    } while token != nil
    return try tree.finish()
  }

  /// A file that readers of tables see, that is not excluded and not in a folder that is known.
  private func wanted(_ object: ObjectSummary) -> CrawledFile? {
    guard let key = object.key, let size = object.size, size > 0, !key.hasSuffix("/") else { return nil }
    let below = key.dropFirst(place.prefix.count)
    // Hive's rule for hidden files, which no reader of tables sees.
    guard !below.split(separator: "/").contains(where: { $0.hasPrefix("_") || $0.hasPrefix(".") }) else { return nil }
    guard !exclusions.contains(where: { $0.matches(String(below)) }) else { return nil }
    if !known.isEmpty, let slash = key.lastIndex(of: "/"), known.contains(String(key[...slash])) { return nil }
    return CrawledFile(key: key, size: size)
  }

  private func add(_ files: [CrawledFile], to tree: inout FolderTree) async throws {
    guard let sampleSize else {
      let findings = try await reader.look(into: files, bucket: place.bucket)
      for (file, finding) in zip(files, findings) {
        _ = try tree.enter(file.key)
        try add(file, finding, to: &tree)
      }
      return
    }
    // Which file is looked into next depends on what the ones before it were.
    for file in files {
      if try tree.enter(file.key) >= sampleSize {
        try tree.add(file.key, nil, FileCounts(objects: 1, bytes: file.size, records: 0))
      } else {
        try add(file, try await reader.look(into: [file], bucket: place.bucket)[0], to: &tree)
      }
    }
  }

  private func add(_ file: CrawledFile, _ finding: FileFinding?, to tree: inout FolderTree) throws {
    guard let finding else { return }
    try tree.add(file.key, finding.schema, FileCounts(objects: 1, bytes: file.size, records: finding.records))
  }
}
