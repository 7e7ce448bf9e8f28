import Engine
import GlueModel
import Kernel
import LakeFiles
import Logging
import NIOCore
import S3Model
import SQL

/// One delivery: a buffer's records become objects.
struct Delivery: Sendable {
  let record: DeliveryStreamRecord
  let scope: Scope
  let buffer: DeliveryBuffer
  let source: any RecordSource
  let with: Collaborators

  struct Outcome: Sendable {
    var objects = 0
    var bytes: Int64 = 0
    var converted = false
    var backedUp = false
    var failedRecords = 0
    var failedBytes: Int64 = 0
    /// What processors made of the records; `nil` where there are none.
    var processed: ProcessingOutcome?
  }

  /// Gives the bytes from an offset, some of them at least.
  typealias PartReader = @Sendable (Int64) async throws -> ByteBuffer

  var name: ObjectName { ObjectName(record, oldest: buffer.oldest, starts: buffer.starts) }

  func run() async throws -> Outcome {
    let destination = record.destination
    let context = try await with.acting(as: destination.role, in: scope, for: record.name)
    let prefixes = try prefixes(destination.prefix, destination.errorPrefix)
    var outcome = Outcome()
    if destination.backupEnabled, let backup = destination.backup {
      try await backUp(to: backup)
      outcome.backedUp = true
    }
    if let plan = ProcessingPlan(destination) {
      try await process(plan, prefixes, context, &outcome)
    } else if let conversion = destination.conversion, conversion.isEnabled {
      outcome.converted = true
      try await convert(conversion, prefixes, context, &outcome)
    } else {
      let spill = buffer.spill
      let key = name.data(prefixes, ending: ObjectEncoder.ending(destination.compression))
      outcome.bytes = try await put(
        key, in: destination.bucket, destination.compression, context,
        reading: { offset in
          try await spill.read(at: offset, count: Limits.partBytes)
        }, count: spill.count)
      outcome.objects = 1
    }
    return outcome
  }

  private func prefixes(_ prefix: String?, _ errors: String?) throws -> DestinationPrefixes {
    do {
      return try DestinationPrefixes(
        prefix: prefix, errorPrefix: errors, isPartitioned: record.destination.partitioning?.isEnabled ?? false)
    } catch {
      throw AWSError("InvalidArgumentException", error.reason)
    }
  }

  // MARK: Plain objects

  /// Puts an object of `count` bytes, read part by part. S3 wants an object's length before its first byte, so what is
  /// compressed waits in a file.
  /// - Returns: bytes of the object as stored.
  func put(
    _ key: String, in bucket: String, _ compression: S3Destination.Compression, _ context: RequestContext,
    reading: @escaping PartReader, count: Int64
  ) async throws -> Int64 {
    guard compression == .none else {
      let packed = try await compressed(compression, reading: reading, count: count)
      try await store(
        key, in: bucket, encoding: ObjectEncoder.contentEncoding(compression), context,
        reading: { try await packed.read(at: $0, count: Limits.partBytes) }, count: packed.count)
      return packed.count
    }
    try await store(key, in: bucket, encoding: nil, context, reading: reading, count: count)
    return count
  }

  private func compressed(
    _ compression: S3Destination.Compression, reading: PartReader, count: Int64
  ) async throws -> SpillFile {
    let time = ObjectName.local(buffer.oldest, zone: record.destination.timeZone)
    let encoder = try ObjectEncoder(compression, entryName: name.plainName, time: time)
    let packed = SpillFile(folder: with.scratchFolder, pool: with.files)
    var offset: Int64 = 0
    while offset < count {
      let part = try await reading(offset)
      guard part.readableBytes > 0 else { throw ObjectEncoder.Failure.compression }
      offset += Int64(part.readableBytes)
      try await packed.append(try encoder.write(part))
    }
    try await packed.append(try encoder.finish())
    return packed
  }

  private func store(
    _ key: String, in bucket: String, encoding: String?, _ context: RequestContext, reading: @escaping PartReader,
    count: Int64
  ) async throws {
    let body = ByteStream(length: count) {
      let read = Locked<Int64>(0)
      return {
        let offset = read.withLock { $0 }
        guard offset < count else { return nil }
        let part = try await reading(offset)
        guard part.readableBytes > 0 else { throw ObjectEncoder.Failure.compression }
        read.withLock { $0 += Int64(part.readableBytes) }
        return part
      }
    }
    _ = try await with.s3.putObject(
      PutObjectInput(
        body: body, bucket: bucket, contentEncoding: encoding, contentLength: count,
        contentType: "application/octet-stream", key: key),
      context)
  }

  /// Puts the source records as they came to the backup bucket.
  private func backUp(to backup: S3Destination.Backup) async throws {
    let context = try await with.acting(as: backup.role, in: scope, for: record.name)
    let spill = SpillFile(folder: with.scratchFolder, pool: with.files)
    try await eachRecord { record in try await spill.append(record.data) }
    let prefixes = try prefixes(backup.prefix, backup.errorPrefix)
    let bucket = backup.bucketARN.split(separator: ":").last.map(String.init) ?? ""
    _ = try await put(
      name.backup(prefixes, ending: ObjectEncoder.ending(backup.compression)), in: bucket, backup.compression, context,
      reading: { try await spill.read(at: $0, count: Limits.partBytes) }, count: spill.count)
  }

  /// Reads the buffer's records from the source again.
  func eachRecord(_ body: (SourceRecord) async throws -> Void) async throws {
    try await eachRecord { _, record in try await body(record) }
  }

  /// The same, with the lane of each.
  func eachRecord(_ body: (Int, SourceRecord) async throws -> Void) async throws {
    for (lane, range) in buffer.ranges.sorted(by: { $0.key < $1.key }) {
      var offset = range.lowerBound
      while offset < range.upperBound {
        let batch = try await source.read(lane, from: offset, bytesMax: Limits.readBytesMax)
        guard batch.next > offset else { break }
        for record in batch.records where record.offset < range.upperBound { try await body(lane, record) }
        offset = batch.next
      }
    }
  }

  // MARK: Conversion

  private func convert(
    _ conversion: S3Destination.Conversion, _ prefixes: DestinationPrefixes, _ context: RequestContext,
    _ outcome: inout Outcome
  ) async throws {
    let converter = try await converter(conversion)
    let shape = converter.shape
    let key = name.data(prefixes, ending: conversion.ending)
    if let lines = buffer.lines, !lines.isSuspicious, !shape.needsTriage {
      do {
        outcome.bytes = try await write(buffer.spill, longest: lines.longest, shape, conversion, to: key, context)
        outcome.objects = 1
        return
      } catch let error as EngineError where Self.blamesTheData(error) {
        with.log.debug("a batch is gone through record by record", metadata: ["error": "\(error)"])
      }
    }
    try await triage(converter, conversion, prefixes, key: key, context, &outcome)
  }

  private static func blamesTheData(_ error: EngineError) -> Bool {
    [.conversion, .invalidInput, .outOfRange, .mismatchType].contains(error.kind)
  }

  /// Goes through the records one by one: those that fit become rows, the others go to the error prefix.
  private func triage(
    _ converter: RecordConverter, _ conversion: S3Destination.Conversion, _ prefixes: DestinationPrefixes, key: String,
    _ context: RequestContext, _ outcome: inout Outcome
  ) async throws {
    let good = SpillFile(folder: with.scratchFolder, pool: with.files)
    let bad = SpillFile(folder: with.scratchFolder, pool: with.files)
    let failed = FailedRecords(conversion: conversion, region: scope.region.code)
    let now = with.clock.now()
    var (failedRecords, failedBytes) = (0, Int64(0))
    var longest = 0
    try await eachRecord { record in
      do {
        let lines = try await converter.lines(of: record.data)
        longest = max(longest, lines.count)
        try await good.append(ByteBuffer(bytes: lines))
      } catch let failure as ConversionFailure {
        failedRecords += 1
        failedBytes += Int64(record.data.readableBytes)
        try await bad.append(failed.line(record, code: failure.code, message: failure.message, at: now))
      }
    }
    if failedRecords > 0 {
      let errorKey = name.errors(prefixes, type: "format-conversion-failed")
      _ = try await put(
        errorKey, in: record.destination.bucket, .none, context,
        reading: { try await bad.read(at: $0, count: Limits.partBytes) }, count: bad.count)
      outcome.objects += 1
      with.log.warning(
        "records could not be converted",
        metadata: ["delivery-stream": "\(record.name)", "records": "\(failedRecords)", "object": "\(errorKey)"])
    }
    (outcome.failedRecords, outcome.failedBytes) = (failedRecords, failedBytes)
    guard good.count > 0 else { return }
    outcome.bytes = try await write(good, longest: longest, converter.shape, conversion, to: key, context)
    outcome.objects += 1
  }

  /// Lets the engine write lines of objects as one Parquet or ORC object.
  func write(
    _ lines: SpillFile, longest: Int, _ shape: RowShape, _ conversion: S3Destination.Conversion, to key: String,
    _ context: RequestContext
  ) async throws -> Int64 {
    let session = with.engine.session(for: context)
    let path = session.attach(SpilledLakeFile(lines), as: "records.json")
    let target = DuckDBText.string("s3://\(record.destination.bucket)/\(key)")
    do {
      // The next conversion begins while the disk takes this one's object.
      _ = try await with.conversions.inTurn {
        try await session.execute(
          "COPY (\(shape.select(from: path, longestLine: longest))) TO \(target) "
            + "(\(OutputText.options(conversion)))"
        )
      }
      try await session.commitWrites()
    } catch {
      session.abortWrites()
      // The object store's refusal says more than the engine that passes it on.
      if let error = error as? EngineError, let cause = error.cause { throw cause }
      throw error
    }
    return session.counters.bytesWritten
  }
}

extension S3Destination.Conversion {
  /// What the names of converted objects end with.
  var ending: String { orc == nil ? ".parquet" : ".orc" }
}

/// The engine's words for how Parquet and ORC are to be written.
enum OutputText {
  static func options(_ conversion: S3Destination.Conversion) -> String {
    conversion.orc.map { options($0) } ?? options(conversion.parquet)
  }

  private static func options(_ orc: OrcOptions) -> String {
    let version = orc.formatVersion == "V0_11" ? "0.11" : "0.12"
    return "FORMAT orc, COMPRESSION \((orc.compression ?? "SNAPPY").lowercased()), VERSION '\(version)', "
      + "STRIPE_BYTES \(orc.stripeBytes ?? Limits.orcStripeBytesDefault), "
      + "BLOCK_BYTES \(Limits.orcCompressionBlockBytes)"
  }

  private static func options(_ parquet: ParquetOptions?) -> String {
    let compression =
      switch parquet?.compression {
      case "GZIP": "gzip"
      case "UNCOMPRESSED": "uncompressed"
      default: "snappy"
      }
    let version = parquet?.writerVersion == "V2" ? "V2" : "V1"
    return "FORMAT parquet, COMPRESSION \(compression), PARQUET_VERSION \(version)"
  }
}
