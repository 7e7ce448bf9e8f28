public import FirehoseModel
public import Kernel
import Logging
import NIOCore
import Storage

extension FirehoseService {
  public func putRecord(_ input: PutRecordInput, _ context: RequestContext) async throws -> PutRecordOutput {
    let began = with.clock.now()
    let (id, record) = try await findForPut(input.deliveryStreamName, "PutRecord", context)
    let ids = try await put([input.record.data], to: id, record, operation: "PutRecord", began: began)
    return PutRecordOutput(recordId: ids[0], encrypted: record.encryption?.isEnabled ?? false)
  }

  public func putRecordBatch(
    _ input: PutRecordBatchInput, _ context: RequestContext
  ) async throws -> PutRecordBatchOutput {
    let began = with.clock.now()
    let (id, record) = try await findForPut(input.deliveryStreamName, "PutRecordBatch", context)
    let total = input.records.reduce(0) { $0 + $1.data.readableBytes }
    guard total <= Limits.bytesPerBatchMax else {
      throw FirehoseError.invalidArgumentException("Records size exceeds 4 MB limit")
    }
    let ids = try await put(input.records.map(\.data), to: id, record, operation: "PutRecordBatch", began: began)
    return PutRecordBatchOutput(
      failedPutCount: 0, encrypted: record.encryption?.isEnabled ?? false,
      requestResponses: ids.map { PutRecordBatchResponseEntry(recordId: $0) })
  }

  private func findForPut(
    _ name: String, _ action: String, _ context: RequestContext
  ) async throws -> (StreamID, DeliveryStreamRecord) {
    let (id, record) = try await find(name, for: action, context)
    guard record.kinesis == nil else {
      throw FirehoseError.invalidArgumentException(
        "This operation is not permitted on KinesisStreamAsSource delivery stream type.")
    }
    guard record.status == .active else {
      throw FirehoseError.resourceNotFoundException("Firehose \(name) under account \(context.account) not found.")
    }
    return (id, record)
  }

  /// Stores records and gives their ids. They are durable when it returns.
  private func put(
    _ records: [ByteBuffer], to id: StreamID, _ record: DeliveryStreamRecord, operation: String, began: Timestamp
  ) async throws -> [String] {
    let log = DirectSource.log(of: record, in: id.scope)
    let position: LogPosition
    do {
      guard let stored = try await with.logs.append([LogBatch(log: log, payloads: records)]).first else {
        throw StorageError.closed
      }
      position = stored
    } catch StorageError.noSuchLog {
      throw FirehoseError.resourceNotFoundException(
        "Firehose \(id.name) under account \(id.scope.account) not found.")
    } catch {
      with.log.error("records were not stored", metadata: ["delivery-stream": "\(id.arn)", "error": "\(error)"])
      throw FirehoseError.serviceUnavailableException("Slow down.")
    }
    let bytes = records.reduce(0) { $0 + $1.readableBytes }
    let now = with.clock.now()
    func sample(_ name: String, _ value: Double, _ unit: String) -> MetricSample {
      MetricSample(
        "AWS/Firehose", name, dimensions: [(name: "DeliveryStreamName", value: id.name)], value: value, unit: unit,
        time: now, scope: id.scope)
    }
    var samples = [
      sample("IncomingBytes", Double(bytes), "Bytes"), sample("IncomingRecords", Double(records.count), "Count"),
      sample("IncomingPutRequests", 1, "Count"), sample("ThrottledRecords", 0, "Count"),
      sample("\(operation).Bytes", Double(bytes), "Bytes"),
      sample("\(operation).Requests", 1, "Count"),
      sample("\(operation).Latency", Double((now - began).milliseconds), "Milliseconds"),
    ]
    if operation == "PutRecordBatch" {
      samples.append(sample("PutRecordBatch.Records", Double(records.count), "Count"))
    }
    with.metrics.record(samples)
    return (0..<records.count).map { index in
      Self.recordID(uid: record.uid, offset: position.firstOffset &+ UInt64(index))
    }
  }

  /// Unique in the delivery stream, and opaque.
  private static func recordID(uid: String, offset: UInt64) -> String {
    let number = String(offset, radix: 16)
    return uid + String(repeating: "0", count: max(0, 16 - number.utf8.count)) + number
  }
}
