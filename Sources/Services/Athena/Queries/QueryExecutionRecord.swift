import AthenaModel
import Kernel
import Storage

/// A query execution as it is kept: what was asked, and once it has ended, how it went.
struct QueryExecutionRecord: Codable, Sendable {
  var id: String
  var query: String
  var statementType: String
  var substatementType: String?
  var workGroup: String
  var database: String?
  var catalog: String?
  var outputLocation: String?
  var encryptionOption: String?
  var kmsKey: String?
  var expectedBucketOwner: String?
  var parameters: [String]?
  var state: String
  var reason: String?
  var failure: Failure?
  var submitted: Timestamp
  var completed: Timestamp?
  var times = Times()
  var scannedBytes: Int64 = 0
  var outputBytes: Int64 = 0
  var outputRows: Int64 = 0
  var updateCount: Int64?
  var columns: [ResultColumn]?
  var hasHeader = true
  var manifestLocation: String?
  var reusedPrevious = false
  /// How old a result may be that is given again; `nil` when the query is to run in any case.
  var reuseMaxAgeMinutes: Int?

  /// Milliseconds of each phase, measured.
  struct Times: Codable, Sendable {
    var queue: Int64 = 0
    var preProcessing: Int64 = 0
    var planning: Int64 = 0
    var engine: Int64 = 0
    var processing: Int64 = 0
    var total: Int64 = 0
  }

  /// Athena's error category (1 system, 2 user, 3 other) and type.
  struct Failure: Codable, Sendable {
    var category: Int
    var type: Int
    var retryable: Bool
    var message: String
  }

  static func key(_ scope: Scope, _ id: String) -> Key {
    Key("athena", scope.account.digits, scope.region.code, "execution", id)
  }
  /// Executions of a workgroup, newest first.
  static func index(_ scope: Scope, workGroup: String) -> KeyRange {
    Key("athena", scope.account.digits, scope.region.code, "execution-of", workGroup).subtree
  }
  static func index(_ scope: Scope, workGroup: String, submitted: Timestamp, _ id: String) -> Key {
    Key("athena", scope.account.digits, scope.region.code, "execution-of", workGroup, -submitted.nanoseconds, id)
  }
  /// Executions that have not ended: what a restart has to close.
  static let open = Key("athena-open").subtree
  static func open(_ scope: Scope, _ id: String) -> Key {
    Key("athena-open", scope.account.digits, scope.region.code, id)
  }

  var isOver: Bool { state != QueryExecutionState.queued.rawValue && state != QueryExecutionState.running.rawValue }

  var shape: QueryExecution {
    QueryExecution(
      queryExecutionId: id, query: query, statementType: StatementType(rawValue: statementType),
      resultConfiguration: outputLocation.map { location in
        ResultConfiguration(
          outputLocation: location,
          encryptionConfiguration: encryptionOption.map {
            EncryptionConfiguration(encryptionOption: EncryptionOption(rawValue: $0), kmsKey: kmsKey)
          }, expectedBucketOwner: expectedBucketOwner)
      },
      resultReuseConfiguration: ResultReuseConfiguration(
        resultReuseByAgeConfiguration: ResultReuseByAgeConfiguration(
          enabled: reuseMaxAgeMinutes != nil, maxAgeInMinutes: reuseMaxAgeMinutes)),
      queryExecutionContext: QueryExecutionContext(database: database, catalog: catalog),
      status: QueryExecutionStatus(
        state: QueryExecutionState(rawValue: state), stateChangeReason: reason, submissionDateTime: submitted,
        completionDateTime: completed,
        athenaError: failure.map {
          AthenaErrorDetail(
            errorCategory: $0.category, errorType: $0.type, retryable: $0.retryable, errorMessage: $0.message)
        }),
      statistics: QueryExecutionStatistics(
        engineExecutionTimeInMillis: times.engine, dataScannedInBytes: scannedBytes,
        dataManifestLocation: manifestLocation, totalExecutionTimeInMillis: times.total,
        queryQueueTimeInMillis: times.queue, servicePreProcessingTimeInMillis: times.preProcessing,
        queryPlanningTimeInMillis: times.planning, serviceProcessingTimeInMillis: times.processing,
        resultReuseInformation: ResultReuseInformation(reusedPreviousResult: reusedPrevious)),
      workGroup: workGroup,
      engineVersion: EngineVersion(
        selectedEngineVersion: WorkGroupRecord.automaticEngine,
        effectiveEngineVersion: WorkGroupRecord.effectiveEngine),
      executionParameters: parameters, substatementType: substatementType)
  }
}

/// A column of a result as Athena describes it.
public struct ResultColumn: Codable, Sendable, Hashable {
  public var name: String
  /// Athena's type name: `varchar`, `bigint`, `timestamp`, `decimal`, `array` …
  public var type: String
  public var precision: Int
  public var scale: Int

  public init(name: String, type: String, precision: Int, scale: Int) {
    self.name = name
    self.type = type
    self.precision = precision
    self.scale = scale
  }

  var shape: ColumnInfo {
    ColumnInfo(
      catalogName: "hive", schemaName: "", tableName: "", name: name, label: name, type: type, precision: precision,
      scale: scale, nullable: .unknown, caseSensitive: type == "varchar" || type == "char")
  }
}
