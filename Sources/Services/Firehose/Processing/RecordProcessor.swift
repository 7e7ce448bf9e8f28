import Kernel
import Logging
import NIOCore

/// Takes records through deaggregation, the function and the query, some at a time.
///
/// Used by one delivery, one call at a time.
final class RecordProcessor {
  private let delivery: Delivery
  private let plan: ProcessingPlan
  private let context: RequestContext
  private let house: PartitionHouse
  private var waiting: [ProcessedRecord] = []
  private var waitingBytes = 0
  private(set) var outcome = ProcessingOutcome()

  init(delivery: Delivery, plan: ProcessingPlan, context: RequestContext, house: PartitionHouse) {
    self.delivery = delivery
    self.plan = plan
    self.context = context
    self.house = house
  }

  private var batchBytes: Int { plan.function?.batchBytes ?? Limits.processedTogetherBytes }

  func take(_ record: SourceRecord, lane: Int) async throws {
    let whole = ProcessedRecord(source: record, part: 0, lane: lane, data: record.data)
    guard let splitting = plan.splitting else { return try await add(whole) }
    let parts: [ByteBuffer]
    do {
      parts = try RecordSplitter.parts(record.data, splitting)
    } catch {
      return try await fail(whole, "Deaggregation.ParseError", error.reason)
    }
    for (place, part) in parts.enumerated() {
      try await add(ProcessedRecord(source: record, part: place, lane: lane, data: part))
    }
  }

  private func add(_ record: ProcessedRecord) async throws {
    let bytes = record.data.readableBytes
    if !waiting.isEmpty, waitingBytes + bytes > batchBytes || waiting.count >= Limits.processedTogetherRecords {
      try await finish()
    }
    waiting.append(record)
    waitingBytes += bytes
  }

  /// Works on what waits.
  func finish() async throws {
    guard !waiting.isEmpty else { return }
    var records = waiting
    waiting = []
    waitingBytes = 0
    if let function = plan.function { records = try await transform(records, function) }
    if let query = plan.query { records = try await findKeys(of: records, query) }
    for record in records {
      if let failure = try await house.add(record) {
        outcome.failedRecords += 1
        try await house.add(failure)
      } else {
        outcome.succeededRecords += 1
        outcome.succeededBytes += Int64(record.data.readableBytes)
      }
    }
  }

  private func fail(
    _ record: ProcessedRecord, _ code: String, _ message: String, attempts: Int = 1, function: String? = nil
  ) async throws {
    outcome.failedRecords += 1
    try await house.add(
      ProcessingFailure(record: record, attempts: attempts, code: code, message: message, function: function))
  }

  // MARK: Partition keys

  private func findKeys(of records: [ProcessedRecord], _ query: String) async throws -> [ProcessedRecord] {
    var readable: [ProcessedRecord] = []
    var texts: [ByteBuffer] = []
    for record in records {
      guard let text = try await house.text(of: record) else { continue }
      readable.append(record)
      texts.append(text)
    }
    let began = delivery.with.clock.now()
    let keys = try await delivery.with.query(query).keys(of: texts)
    outcome.queryDuration += delivery.with.clock.now() - began
    var found: [ProcessedRecord] = []
    for (record, keys) in zip(readable, keys) {
      switch keys {
      case .keys(let keys):
        var record = record
        record.queryKeys = keys
        found.append(record)
      case .failed(let reason): try await fail(record, "DynamicPartitioning.MetadataExtractionFailed", reason)
      }
    }
    return found
  }

  // MARK: The function

  /// Calls the function until it answers as it must, or its tries are used up: then all records of the call have
  /// failed.
  private func transform(
    _ records: [ProcessedRecord], _ function: ProcessingPlan.Function
  ) async throws -> [ProcessedRecord] {
    let stream = FirehoseService.StreamID(scope: delivery.scope, name: delivery.record.name).arn
    let call = FunctionCall(
      stream: stream, sourceStream: delivery.record.kinesis?.stream, region: delivery.scope.region.code,
      records: records)
    var attempts = 0
    while true {
      attempts += 1
      let problem: FunctionCall.Malformed
      do {
        return try await sorted(try await invoke(call, function), attempts, function)
      } catch let malformed as FunctionCall.Malformed {
        problem = malformed
      }
      outcome.failedCalls += 1
      let isFinal = ["Lambda.InvokeAccessDenied", "Lambda.ResourceNotFound"].contains(problem.code)
      guard attempts <= function.retries, !isFinal else {
        delivery.with.log.warning(
          "records were not transformed",
          metadata: ["delivery-stream": "\(stream)", "code": "\(problem.code)", "reason": "\(problem.message)"])
        for record in records {
          try await fail(record, problem.code, problem.message, attempts: attempts, function: function.arn)
        }
        return []
      }
      if problem.code == "Lambda.InvokeLimitExceeded" { try await delivery.with.clock.sleep(for: Limits.functionPause) }
    }
  }

  private func sorted(
    _ results: [FunctionCall.Result], _ attempts: Int, _ function: ProcessingPlan.Function
  ) async throws -> [ProcessedRecord] {
    var transformed: [ProcessedRecord] = []
    for result in results {
      switch result {
      case .transformed(let record): transformed.append(record)
      case .dropped: break
      case .failed(let record):
        try await fail(
          record, "Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record", attempts: attempts,
          function: function.arn)
      }
    }
    return transformed
  }

  private func invoke(_ call: FunctionCall, _ function: ProcessingPlan.Function) async throws -> [FunctionCall.Result] {
    outcome.calls += 1
    let with = delivery.with
    let began = with.clock.now()
    defer { outcome.callDuration += with.clock.now() - began }
    let answer: RecordAnswer
    do {
      var context = context
      if let role = function.role {
        context = try await with.acting(as: role, in: delivery.scope, for: delivery.record.name)
      }
      context.requestID = with.random.uuid()
      answer = try await with.functions.invoke(
        function.arn, call.payload(invocation: context.requestID), context)
    } catch let error as AWSError {
      throw FunctionCall.Malformed(code: Self.code(of: error), message: error.message)
    }
    guard !answer.isError else { throw FunctionCall.failure(answer.payload) }
    return try call.results(answer.payload)
  }

  private static func code(of error: AWSError) -> String {
    switch error.code {
    case "AccessDenied", "AccessDeniedException": "Lambda.InvokeAccessDenied"
    case "ResourceNotFoundException": "Lambda.ResourceNotFound"
    case "TooManyRequestsException", "ThrottlingException": "Lambda.InvokeLimitExceeded"
    default: "Lambda.ServiceException"
    }
  }
}
