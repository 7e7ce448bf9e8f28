import Engine
import Firehose
import FirehoseModel
import Foundation
import GlueModel
import Kernel
import Kinesis
import KinesisModel
import LakeFiles
import LakeTesting
import NIOCore
import S3Model
import Storage
import StorageTesting
import Testing

/// A bucket that keeps what it is given, or refuses it.
final class Bucket: S3API {
  struct Object: Sendable {
    var bytes: ByteBuffer
    var encoding: String?
    var principal: String
  }
  let objects = Locked<[String: Object]>([:])
  let refusal = Locked<AWSError?>(nil)

  func putObject(_ input: PutObjectInput, _ context: RequestContext) async throws -> PutObjectOutput {
    let bytes = try await input.body?.collect(upTo: 1 << 30) ?? ByteBuffer()
    if let refused = refusal.withLock({ $0 }) { throw refused }
    // As S3 does.
    guard input.contentLength == Int64(bytes.readableBytes) else { throw AWSError("MissingContentLength", "no length") }
    objects.withLock {
      $0["\(input.bucket)/\(input.key)"] = Object(
        bytes: bytes, encoding: input.contentEncoding, principal: context.principal.arn.description)
    }
    return PutObjectOutput()
  }

  var keys: [String] { objects.withLock { $0.keys.sorted() } }
  func text(_ key: String) -> String { objects.withLock { String(buffer: $0[key]?.bytes ?? ByteBuffer()) } }
}

/// One table.
final class Catalog: GlueAPI {
  let columns: [(String, String)]
  let denied = Locked(false)
  /// Versions of schemas by id.
  let schemas = Locked<[String: (definition: String, format: DataFormat)]>([:])
  init(_ columns: [(String, String)]) { self.columns = columns }

  func getTable(_ input: GetTableInput, _ context: RequestContext) async throws -> GetTableOutput {
    if denied.withLock({ $0 }) { throw AWSError("AccessDeniedException", "no") }
    return GetTableOutput(
      table: Table(
        name: input.name, storageDescriptor: StorageDescriptor(columns: columns.map { Column(name: $0.0, type: $0.1) }))
    )
  }

  func getSchemaVersion(
    _ input: GetSchemaVersionInput, _ context: RequestContext
  ) async throws -> GetSchemaVersionOutput {
    guard context.principal.arn.description.contains("firehose"),
      let found = schemas.withLock({ $0[input.schemaVersionId ?? ""] })
    else { throw AWSError("EntityNotFoundException", "Schema version is not found.") }
    return GetSchemaVersionOutput(schemaDefinition: found.definition, dataFormat: found.format)
  }
}

struct Roles: RoleBroker {
  func assume(role: ARN, for service: String, session: String) async throws -> Principal {
    guard role.resource != "role/missing" else { throw AWSError("NoSuchEntity", "no such role") }
    return Principal(
      kind: .assumedRole(name: role.resource, session: session), account: .standard,
      arn: ARN(service: "sts", region: "", account: role.account, resource: "assumed-\(role.resource)/\(session)"),
      userID: "x", accessKeyID: "")
  }
  func checkPass(role: ARN, to service: String, context: RequestContext) async throws {}
}

final class TapeTap: MetricTap {
  private let tape = Locked<[MetricSample]>([])
  func record(_ samples: [MetricSample]) { tape.withLock { $0 += samples } }
  func sum(_ name: String) -> Double {
    tape.withLock { $0.filter { $0.name == name }.reduce(0) { $0 + $1.value } }
  }
  func last(_ name: String) -> Double? { tape.withLock { $0.last { $0.name == name }?.value } }
}

/// A function that answers as a test says.
final class ScriptedFunctions: RecordFunctions {
  struct Call: Sendable {
    var function: String
    var payload: ByteBuffer
    var principal: String
  }
  let calls = Locked<[Call]>([])
  let script = Locked<(@Sendable (ByteBuffer) throws -> RecordAnswer)?>(nil)

  func invoke(_ function: String, _ payload: ByteBuffer, _ context: RequestContext) async throws -> RecordAnswer {
    calls.withLock {
      $0.append(Call(function: function, payload: payload, principal: context.principal.arn.description))
    }
    guard let script = script.withLock({ $0 }) else { throw AWSError("ResourceNotFoundException", "no function") }
    return try script(payload)
  }
}

final class TapeLines: LogEventTap {
  let batches = Locked<[LogEventBatch]>([])
  func record(_ batch: LogEventBatch) { batches.withLock { $0.append(batch) } }
}

/// A Firehose between stores in memory and a clock moved by hand.
final class House: Sendable {
  static let scope = Scope(account: .standard, region: .usEast1)
  static let role = "arn:aws:iam::000000000000:role/firehose"
  static let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/dojo"
  let clock: ManualClock
  let keys: MemoryKeyStore
  let logs: MemoryLogStore
  let bucket: Bucket
  let catalog: Catalog
  let lake: MemoryLake
  let engine: LakeEngine
  let kinesis: KinesisService
  let firehose: FirehoseService
  let taps = TapeTap()
  let functions = ScriptedFunctions()
  let lines = TapeLines()

  init(
    columns: [(String, String)] = [("id", "string")], after old: House? = nil, spillFolder: String? = nil
  ) async throws {
    clock = old?.clock ?? ManualClock(Timestamp(seconds: 1_779_192_000))  // 2026-05-19T12:00:00Z
    keys = old?.keys ?? MemoryKeyStore()
    logs = old?.logs ?? MemoryLogStore(clock: clock)
    bucket = old?.bucket ?? Bucket()
    catalog = Catalog(columns)
    lake = old?.lake ?? MemoryLake()
    let scratch = NSTemporaryDirectory() + "firehose-tests-\(ProcessInfo.processInfo.processIdentifier)"
    engine = LakeEngine(
      options: LakeEngine.Options(memoryBytes: 512 << 20, threads: 2, temporaryFolder: scratch), files: lake,
      clock: SystemClock())
    kinesis = try await KinesisService.open(
      keys: keys, logs: logs, clock: clock, random: SeededRandomSource(seed: 5),
      options: KinesisOptions(liftShardLimits: true))
    firehose = try await FirehoseService.open(
      keys: keys, logs: logs, s3: bucket, glue: catalog, kinesis: kinesis, engine: engine, roles: Roles(),
      authorizer: OpenAuthorizer(), clock: clock, random: SeededRandomSource(seed: 6), metrics: taps,
      functions: functions, lines: lines, scratchFolder: spillFolder ?? scratch)
  }

  var context: RequestContext {
    RequestContext(
      requestID: "r", scope: Self.scope, principal: .root(of: .standard), time: clock.now(),
      authorizer: OpenAuthorizer())
  }

  func destination(
    prefix: String? = "in/", errors: String? = nil, size: Int = 1, seconds: Int = 60,
    compression: CompressionFormat? = nil, role: String = role
  ) -> ExtendedS3DestinationConfiguration {
    ExtendedS3DestinationConfiguration(
      roleARN: role, bucketARN: "arn:aws:s3:::lake", prefix: prefix, errorOutputPrefix: errors,
      bufferingHints: BufferingHints(sizeInMBs: size, intervalInSeconds: seconds), compressionFormat: compression)
  }

  func create(
    _ name: String = "d", kinesis: Bool = false, _ destination: ExtendedS3DestinationConfiguration? = nil
  ) async throws {
    _ = try await firehose.createDeliveryStream(
      CreateDeliveryStreamInput(
        deliveryStreamName: name, deliveryStreamType: kinesis ? .kinesisStreamAsSource : .directPut,
        kinesisStreamSourceConfiguration: kinesis
          ? KinesisStreamSourceConfiguration(kinesisStreamARN: Self.stream, roleARN: Self.role) : nil,
        extendedS3DestinationConfiguration: destination ?? self.destination()), context)
  }

  func makeStream(shards: Int) async throws {
    _ = try await kinesis.createStream(CreateStreamInput(streamName: "dojo", shardCount: shards), context)
  }

  func produce(_ texts: [String]) async throws {
    for start in stride(from: 0, to: texts.count, by: 500) {
      _ = try await kinesis.putRecords(
        PutRecordsInput(
          records: texts[start..<min(start + 500, texts.count)].map {
            PutRecordsRequestEntry(data: ByteBuffer(string: $0), partitionKey: $0)
          }, streamName: "dojo"), context)
    }
  }

  func put(_ texts: [String], to name: String = "d") async throws {
    try await put(bytes: texts.map { Array($0.utf8) }, to: name)
  }

  func put(bytes: [[UInt8]], to name: String = "d") async throws {
    _ = try await firehose.putRecordBatch(
      PutRecordBatchInput(
        deliveryStreamName: name, records: bytes.map { FirehoseModel.Record(data: ByteBuffer(bytes: $0)) }), context)
  }

  func describe(_ name: String = "d") async throws -> DeliveryStreamDescription {
    try await firehose.describeDeliveryStream(
      DescribeDeliveryStreamInput(deliveryStreamName: name), context
    ).deliveryStreamDescription
  }
}

func failure(_ body: () async throws -> some Any, at location: SourceLocation = #_sourceLocation) async -> AWSError {
  do {
    let result = try await body()
    Issue.record("no error, but \(result)", sourceLocation: location)
  } catch let error as AWSError {
    return error
  } catch {
    Issue.record("not an AWS error: \(error)", sourceLocation: location)
  }
  return AWSError("none", "")
}
