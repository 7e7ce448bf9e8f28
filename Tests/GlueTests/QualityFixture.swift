import Engine
import Foundation
import Glue
import GlueModel
import Kernel
import LakeFiles
import LakeTesting
import Logging
import NIOCore
import S3Model
import Storage
import StorageTesting
import Testing

/// A service with data quality over a lake in memory: a table `orders` of CSV, partitioned by a day.
struct QualityFixture {
  let clock = ManualClock()
  let lake = MemoryLake()
  let metrics = HeardMetrics()
  let service: GlueService
  let context = GlueFixture.context(.root(of: .standard))
  let keys: any KeyStore
  let broker: Broker
  private let engine: LakeEngine

  static let role = "arn:aws:iam::000000000000:role/quality"

  init(keys: any KeyStore = MemoryKeyStore(), broker: Broker = Broker()) {
    self.keys = keys
    self.broker = broker
    engine = LakeEngine(
      options: .init(
        memoryBytes: 256 << 20, threads: 2, temporaryFolder: NSTemporaryDirectory() + "glue-\(UUID().uuidString)"),
      files: lake, functions: EngineFunctions(), clock: SystemClock())
    service = GlueService(
      keys: keys, clock: clock, random: SeededRandomSource(seed: 3),
      quality: QualityGround(
        s3: MemoryS3(lake: lake), engine: engine, roles: broker, authorizer: OpenAuthorizer(), metrics: metrics,
        logger: Logger(label: "test")))
  }

  static func make(broker: Broker = Broker()) async throws -> QualityFixture {
    let fixture = QualityFixture(broker: broker)
    fixture.put("orders/day=2026-01-01/a.csv", "1,CA,10.5\n2,TX,20\n")
    fixture.put("orders/day=2026-01-02/b.csv", "3,CA,\n4,,7\n")
    fixture.put("orders/day=2026-01-02/_SUCCESS", "not a row")
    try await fixture.declare()
    return fixture
  }

  /// Writes what a SELECT gives as Parquet.
  func write(_ sql: String, to path: String) async throws {
    let session = engine.session(for: context)
    try await session.execute("COPY (\(sql)) TO '\(path)' (FORMAT parquet)")
    try await session.commitWrites()
  }

  func put(_ key: String, _ text: String) { lake["s3://lake/" + key] = Array(text.utf8) }

  private func declare() async throws {
    _ = try await service.createDatabase(CreateDatabaseInput(databaseInput: DatabaseInput(name: "lake")), context)
    let storage = StorageDescriptor(
      columns: [
        Column(name: "id", type: "bigint"), Column(name: "state", type: "string"),
        Column(name: "amount", type: "double"),
      ], location: "s3://lake/orders/", inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
      serdeInfo: SerDeInfo(
        serializationLibrary: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        parameters: ["field.delim": ",", "serialization.null.format": ""]))
    _ = try await service.createTable(
      CreateTableInput(
        databaseName: "lake",
        tableInput: TableInput(
          name: "orders", storageDescriptor: storage, partitionKeys: [Column(name: "day", type: "date")],
          tableType: "EXTERNAL_TABLE")), context)
    for day in ["2026-01-01", "2026-01-02"] {
      var place = storage
      place.location = "s3://lake/orders/day=\(day)/"
      _ = try await service.createPartition(
        CreatePartitionInput(
          databaseName: "lake", tableName: "orders",
          partitionInput: PartitionInput(values: [day], storageDescriptor: place)), context)
    }
  }

  static let orders = DataSource(glueTable: GlueTable(databaseName: "lake", tableName: "orders"))

  func create(_ name: String, _ text: String, tags: [String: String]? = nil) async throws {
    _ = try await service.createDataQualityRuleset(
      CreateDataQualityRulesetInput(name: name, ruleset: text, tags: tags), context)
  }

  func start(
    _ rulesets: [String], source: DataSource = orders, options: DataQualityEvaluationRunAdditionalRunOptions? = nil,
    timeout: Int? = nil, token: String? = nil
  ) async throws -> String {
    let output = try await service.startDataQualityRulesetEvaluationRun(
      StartDataQualityRulesetEvaluationRunInput(
        dataSource: source, role: Self.role, timeout: timeout, clientToken: token, additionalRunOptions: options,
        rulesetNames: rulesets), context)
    return try #require(output.runId)
  }

  func run(_ id: String) async throws -> GetDataQualityRulesetEvaluationRunOutput {
    try await service.getDataQualityRulesetEvaluationRun(
      GetDataQualityRulesetEvaluationRunInput(runId: id), context)
  }

  /// The run once it is over.
  func ended(_ id: String) async throws -> GetDataQualityRulesetEvaluationRunOutput {
    while true {
      let run = try await run(id)
      if run.completedOn != nil { return run }
      await Task.yield()
    }
  }

  func result(_ id: String) async throws -> GetDataQualityResultOutput {
    try await service.getDataQualityResult(GetDataQualityResultInput(resultId: id), context)
  }

  /// Runs rulesets and gives the results.
  func results(_ rulesets: [String]) async throws -> [GetDataQualityResultOutput] {
    let run = try await ended(try await start(rulesets))
    #expect(run.status == .succeeded, "\(run.errorString ?? "")")
    var results: [GetDataQualityResultOutput] = []
    for id in run.resultIds ?? [] { results.append(try await result(id)) }
    return results
  }
}

/// Roles: one is there unless it is said otherwise. A gate may hold runs before they begin.
final class Broker: RoleBroker {
  private let trusts: Bool
  private let gate: Gate?

  init(trusts: Bool = true, gate: Gate? = nil) {
    self.trusts = trusts
    self.gate = gate
  }

  func assume(role: ARN, for service: String, session: String) async throws -> Principal {
    await gate?.pass()
    guard trusts else { throw AWSError("AccessDenied", "no", httpStatus: 403) }
    return .root(of: .standard)
  }

  func checkPass(role: ARN, to service: String, context: RequestContext) async throws {
    guard role.resource == "role/quality" else { throw AWSError("NoSuchEntity", "no such role", httpStatus: 404) }
  }
}

/// Holds whoever passes until it is opened.
actor Gate {
  private var isOpen = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private(set) var reached = 0

  func pass() async {
    reached += 1
    guard !isOpen else { return }
    await withCheckedContinuation { waiting.append($0) }
  }

  func open() {
    isOpen = true
    for waiter in waiting { waiter.resume() }
    waiting = []
  }
}

final class HeardMetrics: MetricTap {
  private let heard = Locked<[MetricSample]>([])
  func record(_ samples: [MetricSample]) { heard.withLock { $0 += samples } }
  var samples: [MetricSample] { heard.withLock { $0 } }
}

/// As much of S3 as data quality asks for.
struct MemoryS3: S3API {
  let lake: MemoryLake

  func listObjectsV2(_ input: ListObjectsV2Input, _ context: RequestContext) async throws -> ListObjectsV2Output {
    var contents: [ObjectSummary] = []
    try lake.list(bucket: input.bucket, prefix: input.prefix ?? "", for: context) { key, info in
      contents.append(
        ObjectSummary(key: key, lastModified: info.modified, eTag: "\"\(info.tag)\"", size: info.size))
      return true
    }
    return ListObjectsV2Output(contents: contents)
  }

  func putObject(_ input: PutObjectInput, _ context: RequestContext) async throws -> PutObjectOutput {
    let body = try await input.body?.collect(upTo: 1 << 20)
    lake["s3://\(input.bucket)/\(input.key)"] = body.map { Array($0.readableBytesView) } ?? []
    return PutObjectOutput()
  }
}
