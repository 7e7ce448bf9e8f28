import GlueModel
import Kernel
import Storage

/// A crawler as it is stored.
struct CrawlerRecord: Codable, Sendable {
  struct S3: Codable, Sendable, Hashable {
    var path: String
    var exclusions: [String]?
    var sampleSize: Int?
    var connection: String?
  }
  struct JDBC: Codable, Sendable, Hashable {
    var connection: String
    var path: String
    var exclusions: [String]?
  }
  struct Catalog: Codable, Sendable, Hashable {
    var database: String
    var tables: [String]
  }
  enum State: String, Codable, Sendable {
    case ready = "READY"
    case running = "RUNNING"
    case stopping = "STOPPING"
  }
  struct Timetable: Codable, Sendable, Hashable {
    var expression: String
    var isOn: Bool
    /// Up to when it was looked at.
    var done: Timestamp
  }

  var name: String
  /// As it was given, without the front of an ARN of this account: AWS shows a role's path and name.
  var role: String
  var s3: [S3] = []
  /// Absent from records of before there were such targets.
  var jdbc: [JDBC]?
  var catalog: [Catalog] = []
  var database: String?
  var description: String?
  var classifiers: [String] = []
  var tablePrefix: String?
  var updateBehavior = "UPDATE_IN_DATABASE"
  var deleteBehavior = "DEPRECATE_IN_DATABASE"
  var recrawl = "CRAWL_EVERYTHING"
  var lineage: String?
  var usesLakeFormation: Bool?
  var lakeFormationAccount: String?
  var configuration: String?
  var securityConfiguration: String?
  var timetable: Timetable?
  var state = State.ready
  /// The crawl that is under way.
  var crawl: String?
  var crawlStarted: Timestamp?
  var lastCrawl: CrawlRecord?
  var created: Timestamp
  var updated: Timestamp
  var version: Int64 = 1

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "crawler", name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "crawler").subtree
  }

  /// The scope that a crawler's key names; `nil` for another record's key.
  static func scope(_ key: Key) -> Scope? {
    guard let elements = key.elements, elements.count == 5, elements[3].string == "crawler",
      let account = elements[1].string.flatMap({ AccountID($0) }), let region = elements[2].string
    else { return nil }
    return Scope(account: account, region: Region(region))
  }

  static func arn(_ name: String, _ scope: Scope) -> ARN {
    ARN(service: "glue", scope.region, scope.account, "crawler/\(name)")
  }
}

/// One crawl, under way or over.
struct CrawlRecord: Codable, Sendable {
  var id: String
  var crawler: String
  /// `RUNNING`, `COMPLETED`, `FAILED` or `STOPPED`.
  var state: String
  var started: Timestamp
  var ended: Timestamp?
  var error: String?
  var summary: String?
  var created: Int?
  var changed: Int?
  var deleted: Int?
  var origin: Origin?

  /// The trigger that started it, and the workflow's run that it is part of.
  struct Origin: Codable, Sendable, Hashable {
    var trigger: String
    var workflow: String?
    var workflowRun: String?
  }

  /// Newest last.
  static func key(_ scope: Scope, _ crawler: String, _ started: Timestamp, _ id: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "crawl", crawler, started.nanoseconds, id)
  }
  static func all(_ scope: Scope, _ crawler: String) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "crawl", crawler).subtree
  }

  var seconds: Double { ended.map { Double(($0 - started).milliseconds) / 1000 } ?? 0 }
  static let logGroup = "/aws-glue/crawlers"

  var lastInfo: LastCrawlInfo {
    let status = state == "COMPLETED" ? "SUCCEEDED" : state == "STOPPED" ? "CANCELLED" : "FAILED"
    return LastCrawlInfo(
      status: LastCrawlStatus(rawValue: status),
      errorMessage: error, logGroup: Self.logGroup, logStream: crawler, messagePrefix: id, startTime: started)
  }

  var history: CrawlerHistory {
    CrawlerHistory(
      crawlId: id, state: CrawlerHistoryState(rawValue: state), startTime: started, endTime: ended, summary: summary,
      errorMessage: error, logGroup: Self.logGroup, logStream: crawler, messagePrefix: id, dpuHour: 0)
  }
}

extension CrawlerRecord {
  func shape(_ now: Timestamp, crawlStarted: Timestamp?) -> Crawler {
    Crawler(
      name: name, role: role,
      targets: CrawlerTargets(
        s3Targets: s3.map {
          S3Target(
            path: $0.path, exclusions: $0.exclusions ?? [], connectionName: $0.connection, sampleSize: $0.sampleSize)
        },
        jdbcTargets: (jdbc ?? []).map {
          JdbcTarget(connectionName: $0.connection, path: $0.path, exclusions: $0.exclusions ?? [])
        },
        mongoDBTargets: [], dynamoDBTargets: [],
        catalogTargets: catalog.map { CatalogTarget(databaseName: $0.database, tables: $0.tables) }, deltaTargets: [],
        icebergTargets: [], hudiTargets: []),
      databaseName: database, description: description, classifiers: classifiers,
      recrawlPolicy: RecrawlPolicy(recrawlBehavior: RecrawlBehavior(rawValue: recrawl)),
      schemaChangePolicy: SchemaChangePolicy(
        updateBehavior: UpdateBehavior(rawValue: updateBehavior),
        deleteBehavior: DeleteBehavior(rawValue: deleteBehavior)),
      lineageConfiguration: LineageConfiguration(
        crawlerLineageSettings: CrawlerLineageSettings(rawValue: lineage ?? "DISABLE")),
      state: CrawlerState(rawValue: state.rawValue), tablePrefix: tablePrefix,
      schedule: timetable.map {
        GlueModel.Schedule(scheduleExpression: $0.expression, state: $0.isOn ? .scheduled : .notScheduled)
      },
      crawlElapsedTime: crawlStarted.map { max(0, (now - $0).milliseconds) } ?? 0, creationTime: created,
      lastUpdated: updated, lastCrawl: lastCrawl?.lastInfo, version: version, configuration: configuration,
      crawlerSecurityConfiguration: securityConfiguration,
      lakeFormationConfiguration: LakeFormationConfiguration(
        useLakeFormationCredentials: usesLakeFormation ?? false, accountId: lakeFormationAccount ?? ""))
  }
}
