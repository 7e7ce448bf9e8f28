import Engine
import Kernel
import LakeFiles
import Logging
import NIOCore
import S3Model

/// What processors made of a buffer's records.
struct ProcessingOutcome: Sendable {
  /// Source records that went through, and those that did not.
  var succeededRecords = 0
  var succeededBytes: Int64 = 0
  var failedRecords = 0
  var calls = 0
  var failedCalls = 0
  var callDuration = Duration.zero
  var queryDuration = Duration.zero
  var partitions = 0
  var exceeded = false
  /// Records that were laid out.
  var delivered = 0
}

extension Delivery {
  /// Takes the buffer's records through the processors and puts an object for each partition.
  func process(
    _ plan: ProcessingPlan, _ prefixes: DestinationPrefixes, _ context: RequestContext, _ outcome: inout Outcome
  ) async throws {
    var converter: RecordConverter?
    if let conversion = record.destination.conversion, conversion.isEnabled {
      converter = try await self.converter(conversion)
    }
    let house = PartitionHouse(delivery: self, plan: plan, prefixes: prefixes, converter: converter)
    let processor = RecordProcessor(delivery: self, plan: plan, context: context, house: house)
    try await eachRecord { lane, record in try await processor.take(record, lane: lane) }
    try await processor.finish()
    outcome.processed = processor.outcome
    outcome.processed?.partitions = house.partitions.count
    outcome.processed?.exceeded = house.hasExceeded
    outcome.processed?.delivered = house.records
    outcome.converted = converter != nil
    try await house.deliver(context, &outcome)
  }
}

/// Where processed records gather until their delivery, by partition; and those that failed, by the kind of failure.
///
/// Used by one delivery, one call at a time.
final class PartitionHouse {
  struct Partition {
    var keys: PartitionKeys
    var oldest: Timestamp
    var spill: SpillFile
    var records = 0
    var longestLine = 0
    /// Objects that the partition has filled before this one.
    var filled = 0
  }
  private let delivery: Delivery
  private let plan: ProcessingPlan
  private let prefixes: DestinationPrefixes
  private let converter: RecordConverter?
  private(set) var partitions: [PartitionKeys: Partition] = [:]
  /// What reached the size that one object of a partition has.
  private var full: [Partition] = []
  private var failed: [String: SpillFile] = [:]
  private var failedRecords = 0
  private var failedBytes: Int64 = 0
  private(set) var hasExceeded = false
  private var firstFailure: (code: String, message: String)?

  init(delivery: Delivery, plan: ProcessingPlan, prefixes: DestinationPrefixes, converter: RecordConverter?) {
    self.delivery = delivery
    self.plan = plan
    self.prefixes = prefixes
    self.converter = converter
  }

  /// Lays a record out in its partition.
  /// - Returns: why it has none.
  func add(_ record: ProcessedRecord) async throws -> ProcessingFailure? {
    let keys: PartitionKeys
    switch self.keys(of: record) {
    case .success(let found): keys = found
    case .failure(let failure): return failure
    }
    guard partitions[keys] != nil || partitions.count < Limits.activePartitionsMax else {
      hasExceeded = true
      return ProcessingFailure(
        record: record, attempts: 1, code: "DynamicPartitioning.ActivePartitionsLimitExceeded",
        message: "The number of active partitions exceeds the limit of \(Limits.activePartitionsMax).")
    }
    let line: ByteBuffer
    if let converter {
      do {
        line = ByteBuffer(bytes: try await converter.lines(of: record.data))
      } catch let failure as ConversionFailure {
        return try await unconverted(record, failure.code, failure.message)
      }
    } else {
      var bytes = record.data
      if let delimiter = plan.delimiter { bytes.writeString(delimiter) }
      line = bytes
    }
    var partition =
      partitions[keys] ?? Partition(keys: keys, oldest: record.source.time, spill: makeSpill())
    partition.oldest = partition.records == 0 ? record.source.time : min(partition.oldest, record.source.time)
    partition.records += 1
    partition.longestLine = max(partition.longestLine, line.readableBytes)
    try await partition.spill.append(line)
    if plan.isPartitioned, partition.spill.count >= Int64(delivery.record.destination.bufferMiB) << 20 {
      full.append(partition)
      partition = Partition(
        keys: keys, oldest: record.source.time, spill: makeSpill(), filled: partition.filled + 1)
    }
    partitions[keys] = partition
    return nil
  }

  /// Records that were laid out.
  var records: Int { (full + partitions.values).reduce(0) { $0 + $1.records } }

  /// The record as a query for partition keys reads it; `nil` when it is none, which is kept then.
  func text(of record: ProcessedRecord) async throws -> ByteBuffer? {
    guard let converter else { return record.data }
    do {
      return try await converter.text(of: record.data)
    } catch let failure as ConversionFailure {
      _ = try await unconverted(record, failure.code, failure.message)
      return nil
    }
  }

  private func makeSpill() -> SpillFile {
    SpillFile(
      folder: delivery.with.scratchFolder, pool: delivery.with.files,
      inMemoryBytesMax: Limits.partitionInMemoryBytesMax)
  }

  private enum Found {
    case success(PartitionKeys)
    case failure(ProcessingFailure)
  }

  /// The keys that the prefix names, all of which the record must have.
  private func keys(of record: ProcessedRecord) -> Found {
    var keys = PartitionKeys()
    guard plan.isPartitioned else { return .success(keys) }
    func missing(_ name: String) -> Found {
      .failure(
        ProcessingFailure(
          record: record, attempts: 1, code: "DynamicPartitioning.MetadataExtractionFailed",
          message: "partitionKeys values must not be null or empty: \(name)"))
    }
    for name in prefixes.data.queryKeys {
      guard let value = record.queryKeys[name], !value.isEmpty else { return missing(name) }
      keys.fromQuery[name] = value
    }
    for name in prefixes.data.functionKeys {
      guard let value = record.functionKeys[name], !value.isEmpty else { return missing(name) }
      keys.fromFunction[name] = value
    }
    let length = (keys.fromQuery.values.map(\.utf8.count) + keys.fromFunction.values.map(\.utf8.count)).reduce(0, +)
    guard length <= Limits.evaluatedPrefixBytesMax else {
      return .failure(
        ProcessingFailure(
          record: record, attempts: 1, code: "DynamicPartitioning.MetadataExtractionFailed",
          message: "The evaluated prefix is longer than \(Limits.evaluatedPrefixBytesMax) bytes."))
    }
    return .success(keys)
  }

  /// A record that does not fit the schema goes where such records go, in that form.
  private func unconverted(
    _ record: ProcessedRecord, _ code: String, _ message: String
  ) async throws -> ProcessingFailure? {
    guard let conversion = delivery.record.destination.conversion else { return nil }
    let now = delivery.with.clock.now()
    var source = record.source
    source.data = record.data
    failedRecords += 1
    failedBytes += Int64(record.data.readableBytes)
    try await keep(
      FailedRecords(conversion: conversion, region: delivery.scope.region.code)
        .line(source, code: code, message: message, at: now), as: "format-conversion-failed")
    return nil
  }

  /// Keeps a record that failed.
  func add(_ failure: ProcessingFailure) async throws {
    if firstFailure == nil { firstFailure = (failure.code, failure.message) }
    try await keep(failure.line(at: delivery.with.clock.now()), as: "processing-failed")
  }

  private func keep(_ line: ByteBuffer, as type: String) async throws {
    let spill = failed[type] ?? makeSpill()
    failed[type] = spill
    try await spill.append(line)
  }

  // MARK: Delivering

  /// Puts an object for each partition and one for each kind of failure.
  func deliver(_ context: RequestContext, _ outcome: inout Delivery.Outcome) async throws {
    for partition in (full + partitions.values).sorted(by: { $0.oldest < $1.oldest }) where partition.records > 0 {
      try await put(partition, context, &outcome)
    }
    for (type, spill) in failed.sorted(by: { $0.key < $1.key }) {
      _ = try await delivery.put(
        delivery.name.errors(prefixes, type: type), in: delivery.record.destination.bucket, .none, context,
        reading: { try await spill.read(at: $0, count: Limits.partBytes) }, count: spill.count)
      outcome.objects += 1
    }
    (outcome.failedRecords, outcome.failedBytes) = (failedRecords, failedBytes)
    if let firstFailure {
      delivery.tell(firstFailure.code, firstFailure.message)
    }
  }

  private func put(_ partition: Partition, _ context: RequestContext, _ outcome: inout Delivery.Outcome) async throws {
    let destination = delivery.record.destination
    let name = ObjectName(delivery.record, oldest: partition.oldest, starts: delivery.buffer.starts)
    let keys = plan.isPartitioned ? partition.keys : nil
    let spill = partition.spill
    if let shape = converter?.shape, let conversion = destination.conversion {
      // An object without a row is none.
      guard spill.count > 0 else { return }
      outcome.bytes += try await delivery.write(
        spill, longest: partition.longestLine, shape, conversion,
        to: name.data(prefixes, ending: conversion.ending, partition: keys, filled: partition.filled), context)
    } else {
      let key = name.data(
        prefixes, ending: ObjectEncoder.ending(destination.compression), partition: keys, filled: partition.filled)
      outcome.bytes += try await delivery.put(
        key, in: destination.bucket, destination.compression, context,
        reading: { try await spill.read(at: $0, count: Limits.partBytes) }, count: spill.count)
    }
    outcome.objects += 1
  }
}
