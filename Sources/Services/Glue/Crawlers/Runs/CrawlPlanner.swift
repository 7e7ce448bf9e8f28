import Crypto
import Kernel

/// Compares what a crawl found with the catalog.
struct CrawlPlanner: Sendable {
  let crawl: Crawl
  let configuration: CrawlerConfiguration
  let context: RequestContext
  private var record: CrawlerRecord { crawl.record }
  private var catalog: GlueCatalog { crawl.house.catalog }
  private var database: String { record.database ?? "" }

  init(crawl: Crawl, configuration: CrawlerConfiguration, context: RequestContext) {
    self.crawl = crawl
    self.configuration = configuration
    self.context = context
  }

  // MARK: What is there

  /// The crawler's own tables.
  func owned() async throws -> [CatalogTable] {
    do {
      return try await catalog.tables(in: database, context: context).filter {
        $0.definition.parameters?["UPDATED_BY_CRAWLER"] == record.name
      }
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      return []
    }
  }

  /// The folders that are tables already, as prefixes of keys.
  func roots() async throws -> Set<String> {
    Set(try await owned().compactMap { $0.definition.storage?.location.flatMap(S3Place.init)?.prefix })
  }

  /// The folders of partitions, and of tables without, that are in the catalog.
  func folders(below place: S3Place) async throws -> Set<String> {
    let known = Locked<Set<String>>([])
    @Sendable func take(_ location: String?) {
      guard let found = location.flatMap(S3Place.init), found.bucket == place.bucket,
        found.prefix.hasPrefix(place.prefix)
      else { return }
      known.withLock { _ = $0.insert(found.prefix) }
    }
    for table in try await owned() {
      if table.partitionKeys.isEmpty { take(table.definition.storage?.location) }
      try await catalog.partitions(of: table.definition.name, in: database, context: context) { partition in
        take(partition.storage?.location)
        return true
      }
    }
    return known.withLock { $0 }
  }

  private func existing(_ name: String, _ database: String) async throws -> CatalogTable? {
    do {
      return try await catalog.table(name, in: database, context: context)
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      return nil
    }
  }

  // MARK: S3 and JDBC targets

  func plan(_ found: [FoundTable], _ databases: [DatabaseTable], into plan: inout CrawlPlan) async throws {
    guard record.catalog.isEmpty else { return }
    do {
      _ = try await catalog.database(database, context: context)
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      if !found.isEmpty || !databases.isEmpty { plan.createsDatabase = database }
    }
    var taken: Set<String> = []
    var locations: Set<String> = []
    for table in found {
      let (name, present) = try await name(
        table.folder, at: table.location, &taken, exists: plan.createsDatabase == nil)
      locations.insert(table.location)
      plan.tables.append(try await compare(table, name, database, present))
    }
    try await self.plan(databases, &taken, &locations, into: &plan)
    guard record.recrawl == "CRAWL_EVERYTHING" else { return }
    for table in try await owned() where !locations.contains(table.definition.storage?.location ?? "") {
      guard let location = table.definition.storage?.location, !taken.contains(table.definition.name),
        S3Place(location).map(isTargeted) ?? isTargeted(table.definition, at: location)
      else { continue }
      plan.tables.append(gone(table))
    }
  }

  private func isTargeted(_ place: S3Place) -> Bool {
    record.s3.contains { target in
      guard let wanted = S3Place(target.path) else { return false }
      return wanted.bucket == place.bucket && place.prefix.hasPrefix(wanted.prefix)
    }
  }

  private func gone(_ table: CatalogTable) -> CrawlPlan.Table {
    var change = CrawlPlan.Table(database: database, name: table.definition.name, action: .log)
    switch record.deleteBehavior {
    case "DELETE_FROM_DATABASE": change.action = .delete
    case "DEPRECATE_IN_DATABASE":
      var definition = table.definition
      // One that is deprecated already stays as it is.
      guard definition.parameters?["DEPRECATED_BY_CRAWLER"] == nil else {
        change.action = .none
        break
      }
      definition.parameters?["DEPRECATED_BY_CRAWLER"] = String(crawl.house.clock.now().milliseconds)
      (change.action, change.definition) = (.deprecate, definition)
    default: break
    }
    return change
  }

  /// The folder's name; with a hash of the place where another table has it.
  func name(
    _ folder: String, at location: String, _ taken: inout Set<String>, exists: Bool
  ) async throws -> (String, CatalogTable?) {
    let folder = folder.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    let plain = String(((record.tablePrefix ?? "").lowercased() + String(folder)).prefix(200))
    let hash = Insecure.MD5.hash(data: Array(location.utf8)).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    for name in [plain, "\(plain)_\(hash)"] where taken.insert(name).inserted {
      guard exists, let present = try await existing(name, database) else { return (name, nil) }
      let there = present.definition.storage?.location
      if there == location || there.flatMap(S3Place.init).map({ $0 == S3Place(location) }) ?? false {
        return (name, present)
      }
      taken.remove(name)
    }
    throw CatalogError.alreadyExists("A table of the name \(plain) exists for another location than \(location).")
  }

  // MARK: Catalog targets

  /// A table that was made by hand: its schema and its partitions are brought in line with its files.
  func planCatalog(
    _ name: String, in database: String, reader: FileReader, into plan: inout CrawlPlan
  ) async throws {
    let table = try await catalog.table(name, in: database, context: context)
    guard let place = table.definition.storage?.location.flatMap(S3Place.init) else {
      throw CatalogError.invalidInput("The table \(database).\(name) has no location in S3.")
    }
    var rules = configuration.grouping
    rules.knownRoots = [place.prefix]
    let listing = TargetListing(
      reader: reader, place: place, exclusions: [], sampleSize: nil, rules: rules, known: [])
    let found = try await listing.tables()
    guard let first = found.first(where: { $0.key == place.prefix }) else { return }
    var change = try await compare(first, name, database, table)
    change.definition?.name = table.definition.name
    plan.tables.append(change)
  }

  // MARK: Comparing

  private func compare(
    _ found: FoundTable, _ name: String, _ database: String, _ present: CatalogTable?
  ) async throws -> CrawlPlan.Table {
    let names = found.partitionNames
    let shape = TableShape(crawler: record.name, exclusions: exclusions)
    let fresh = shape.definition(of: found, name: name, partitions: names)
    let partitions = FoundPartitions(
      of: found, named: names, table: fresh, shape: shape, inherits: configuration.inheritsFromTable)
    return try await compare(fresh, partitions, database, present)
  }

  func compare(
    _ fresh: TableDefinition, _ partitions: FoundPartitions?, _ database: String, _ present: CatalogTable?
  ) async throws -> CrawlPlan.Table {
    var change = CrawlPlan.Table(database: database, name: fresh.name, action: .create, definition: fresh)
    change.partitions = partitions
    guard let present else {
      change.columns = fresh.storage?.columns.map { .init(name: $0.name, from: nil, to: $0.type) } ?? []
      change.newPartitions = partitions?.sorted ?? []
      return change
    }
    let merged = merge(fresh, onto: present.definition, isCatalogTarget: !record.catalog.isEmpty)
    let before = present.definition.storage?.columns ?? []
    change.columns = Self.changes(before, merged.storage?.columns ?? [])
    let isSame =
      change.columns.isEmpty && merged.storage?.serDe == present.definition.storage?.serDe
      && merged.storage?.inputFormat == present.definition.storage?.inputFormat
      && merged.partitionKeys.map(\.name) == present.definition.partitionKeys.map(\.name)
      && present.definition.parameters?["DEPRECATED_BY_CRAWLER"] == nil
    change.definition = merged
    if isSame {
      change.action = merged.parameters == present.definition.parameters ? .none : .refresh
    } else {
      change.action = record.updateBehavior == "LOG" ? .log : .update
    }
    try await comparePartitions(of: present, database, &change)
    return change
  }

  var exclusions: [String] {
    record.s3.flatMap { target in (target.exclusions ?? []).map { target.path + $0 } }
  }

  private func comparePartitions(
    of table: CatalogTable, _ database: String, _ change: inout CrawlPlan.Table
  ) async throws {
    // Of a table whose keys differ in number the catalog takes no partitions.
    guard table.partitionKeys.count == change.definition?.partitionKeys.count else {
      change.action = .log
      return
    }
    guard !table.partitionKeys.isEmpty else { return }
    struct Seen: Sendable {
      var known: Set<[String]> = []
      var changed: [[String]] = []
      var gone: [[String]] = []
    }
    let (seen, partitions) = (Locked(Seen()), change.partitions)
    try await catalog.partitions(of: table.definition.name, in: database, context: context) { present in
      seen.withLock { seen in
        guard let next = partitions?[present.values] else {
          seen.gone.append(present.values)
          return
        }
        seen.known.insert(present.values)
        let isSame =
          next.storage?.columns == present.storage?.columns && next.storage?.serDe == present.storage?.serDe
          && next.storage?.location == present.storage?.location
        if !isSame { seen.changed.append(present.values) }
      }
      return true
    }
    let over = seen.withLock { $0 }
    change.newPartitions = (partitions?.sorted ?? []).filter { !over.known.contains($0) }
    change.changedPartitions = record.updateBehavior == "LOG" ? [] : over.changed
    guard record.recrawl == "CRAWL_EVERYTHING", record.catalog.isEmpty else { return }
    change.gonePartitions = over.gone
    change.goneAction = over.gone.isEmpty ? .none : record.deleteBehavior == "DELETE_FROM_DATABASE" ? .delete : .log
  }

  /// The new definition with what people added to the table: comments, descriptions, further parameters.
  private func merge(
    _ fresh: TableDefinition, onto present: TableDefinition, isCatalogTarget: Bool
  ) -> TableDefinition {
    var merged = present
    merged.parameters = (present.parameters ?? [:]).merging(fresh.parameters ?? [:]) { _, new in new }
    merged.parameters?["DEPRECATED_BY_CRAWLER"] = nil
    if !isCatalogTarget { merged.partitionKeys = fresh.partitionKeys }
    for index in merged.partitionKeys.indices {
      let before = present.partitionKeys.first { $0.name == merged.partitionKeys[index].name }
      merged.partitionKeys[index].comment = before?.comment
      merged.partitionKeys[index].type = before?.type ?? merged.partitionKeys[index].type
    }
    let before = present.storage?.columns ?? []
    let known = Dictionary(before.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var columns = fresh.storage?.columns ?? []
    if configuration.mergesNewColumns || record.recrawl == "CRAWL_NEW_FOLDERS_ONLY" {
      columns = before + columns.filter { known[$0.name] == nil }
    } else {
      for index in columns.indices {
        columns[index].comment = known[columns[index].name]?.comment
        columns[index].parameters = known[columns[index].name]?.parameters
      }
    }
    let keys = Set(merged.partitionKeys.map(\.name))
    columns.removeAll { keys.contains($0.name) }
    var storage = fresh.storage
    storage?.columns = columns
    storage?.location = present.storage?.location
    if configuration.mergesNewColumns {
      storage?.serDe = present.storage?.serDe
      storage?.inputFormat = present.storage?.inputFormat
      storage?.outputFormat = present.storage?.outputFormat
    }
    merged.storage = storage
    return merged
  }

  static func changes(_ before: [CatalogColumn], _ after: [CatalogColumn]) -> [CrawlPlan.ColumnChange] {
    let old = Dictionary(before.map { ($0.name, $0.type ?? "string") }, uniquingKeysWith: { first, _ in first })
    let new = Set(after.map(\.name))
    return after.compactMap { column in
      let type = column.type ?? "string"
      return old[column.name] == type ? nil : .init(name: column.name, from: old[column.name], to: type)
    } + before.filter { !new.contains($0.name) }.map { .init(name: $0.name, from: $0.type ?? "string", to: nil) }
  }
}
