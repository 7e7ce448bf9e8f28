import Engine
import Kernel
import Kinesis
import LakeFiles
import NIOCore
import SQL

/// What one refresh read of a stream.
struct StreamRead: Sendable {
  struct Place: Hashable, Sendable {
    var shard: Int
    var offset: UInt64
  }
  var scans: [RefreshHistory.Scan] = []
  var skipped: [RefreshHistory.Skipped] = []
  var records = 0
  /// It ended before it reached the shards' tips.
  var mayHaveMore = false

  /// What the status of the refresh says beside that it succeeded. Source: SVL_MV_REFRESH_STATUS.
  var qualifier: String {
    var words: [String] = []
    if records == 0, skipped.isEmpty {
      words.append("Stream returned no new data")
    } else if records == 0 {
      words.append("All records received from the stream were skipped")
    } else if !skipped.isEmpty {
      words.append("Some stream records were skipped")
    }
    if mayHaveMore { words.append("The stream may contain more data") }
    return words.isEmpty ? "" : " (" + words.joined(separator: ", ") + ")"
  }
}

/// Records that a view's query cannot take: the attempt is given up, and the next one leaves them out.
struct BadRecords: Error {
  var places: [StreamRead.Place: String]
  var cause: any Error
}

/// A stream's records as a relation.
enum StreamRows {
  /// Source: "Streaming ingestion to a materialized view".
  static let columns = [
    RedshiftKnownColumn(name: "approximate_arrival_timestamp", type: .timestamp),
    RedshiftKnownColumn(name: "partition_key", type: .varchar(1024)),
    RedshiftKnownColumn(name: "shard_id", type: .char(20)),
    RedshiftKnownColumn(name: "sequence_number", type: .varchar(128)),
    RedshiftKnownColumn(name: "refresh_time", type: .timestamp),
    RedshiftKnownColumn(name: "kinesis_data", type: .varbyte(WarehouseLimits.streamRecordBytesMax)),
  ]

  static var none: String {
    let items = columns.map { "CAST(NULL AS \($0.type.engineName)) AS \($0.name)" }
    return "(SELECT \(items.joined(separator: ", ")) WHERE false)"
  }

  struct Record: Sendable {
    var place: StreamRead.Place
    var shard: String
    var record: ConsumedRecord
  }

  /// Lines of CSV for the engine's reader, and the relation that reads them.
  static func lines(_ records: some Sequence<Record>) -> [UInt8] {
    var bytes: [UInt8] = []
    for item in records {
      bytes += Array("\(item.record.time.nanoseconds / 1000),\"".utf8)
      for byte in item.record.partitionKey.utf8 {
        if byte == 0x22 { bytes.append(0x22) }
        bytes.append(byte)
      }
      bytes += Array("\",\(item.shard),\(item.record.sequenceNumber),\"".utf8)
      bytes += Base64Text.bytes(item.record.data.readableBytesView)
      bytes += [0x22, 0x0a]
    }
    return bytes
  }

  static func relation(at path: String, refreshed micros: Int64) -> String {
    "(SELECT make_timestamp(a) AS approximate_arrival_timestamp, k AS partition_key, s AS shard_id, "
      + "q AS sequence_number, make_timestamp(CAST(\(micros) AS BIGINT)) AS refresh_time, "
      + "from_base64(d) AS kinesis_data FROM read_csv(\(DuckDBText.string(path)), auto_detect = false, "
      + "header = false, delim = ',', quote = '\"', escape = '\"', nullstr = '\\N', allow_quoted_nulls = false, "
      + "parallel = false, columns = {'a': 'BIGINT', 'k': 'VARCHAR', 's': 'VARCHAR', 'q': 'VARCHAR', 'd': 'VARCHAR'}))"
  }
}

enum Base64Text {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func bytes(_ data: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity((data.count + 2) / 3 * 4)
    var (bits, count) = (UInt32(0), 0)
    for byte in data {
      bits = bits << 8 | UInt32(byte)
      count += 1
      if count == 3 {
        for shift in [18, 12, 6, 0] { result.append(digits[Int(bits >> UInt32(shift) & 63)]) }
        (bits, count) = (0, 0)
      }
    }
    if count > 0 {
      bits <<= UInt32(8 * (3 - count))
      for index in 0..<4 {
        result.append(index <= count ? digits[Int(bits >> UInt32(18 - 6 * index) & 63)] : 0x3d)
      }
    }
    return result
  }
}

/// Views over Kinesis streams.
extension WarehouseSession {
  /// The one stream that a view's query reads; `nil` when it reads none.
  /// - Throws: for queries that a view over a stream cannot have, and for streams that the role may not read.
  func stream(of query: Query) async throws -> (place: SessionNames.Place, schema: Int)? {
    let names = names()
    var streams: [(CatalogSchema, String)] = []
    let references = RedshiftReferences(query)
    for name in references.tables {
      if case .external(let schema, let stream)? = names.find(name), schema.external?.isStream == true {
        streams.append((schema, stream))
      }
    }
    guard let (schema, stream) = streams.first else { return nil }
    guard rights.may("USAGE", on: schema) else {
      throw SQLFailure("42501", "permission denied for schema \(schema.name)")
    }
    let plan = RedshiftViewPlan(query)
    guard references.tables.count == 1, plan.tables.count == 1, plan.step != .recompute else {
      throw SQLFailure(
        "0A000", "a materialized view over a stream takes a query of that stream alone, with filters and SUM, COUNT, "
          + "MIN and MAX of groups")
    }
    _ = try await consumer(schema, stream)
    return (SessionNames.Place(schema: schema.name, name: stream), schema.id)
  }

  private func consumer(_ schema: CatalogSchema, _ stream: String) async throws -> StreamConsumer {
    guard let kinesis = warehouse.ground.kinesis else { throw SQLFailure("0A000", "there are no streams here") }
    guard let external = schema.external, let role = external.role else {
      throw SQLFailure("XX000", "schema \"\(schema.name)\" is not external")
    }
    let caller = try await context(forRole: role)
    let scope = warehouse.settings.scope
    let arn = ARN(
      service: "kinesis", region: external.region ?? scope.region.code, account: scope.account.digits,
      resource: "stream/\(stream)")
    return try await kinesis.consumer(of: arn, caller)
  }

  private func source(
    of view: CatalogRelation
  ) async throws -> (CatalogSchema, CatalogRelation.Stream, StreamConsumer) {
    guard let stream = view.materialization?.stream, let schema = catalog.schemas[stream.schema] else {
      throw SQLFailure("42P01", "the stream's schema of the view \"\(view.name)\" does not exist any more")
    }
    return (schema, stream, try await consumer(schema, stream.name))
  }

  /// Whether a shard holds what the view has not.
  func hasNews(_ view: CatalogRelation) async throws -> Bool {
    let (_, stream, consumer) = try await source(of: view)
    let isSame = stream.uid == consumer.streamUID
    for shard in try await consumer.shards() {
      let position = isSame ? stream.positions[shard.id] : nil
      let tip = try await consumer.offset(of: shard.index, at: .latest)
      if let position {
        if position < tip { return true }
      } else if try await consumer.offset(of: shard.index, at: .trimHorizon) < tip {
        return true
      }
    }
    return false
  }

  /// Reads on in the stream, and keeps rows and positions in one transaction: nothing is lost, nothing comes twice.
  func ingest(_ id: Int, leavingOut: [StreamRead.Place: String]) async throws -> StreamRead {
    guard var view = catalog.relations[id], let query = try query(of: view) else {
      throw SQLFailure("XX000", "the materialized view has no query")
    }
    var (schema, stream, consumer) = try await source(of: view)
    // Positions of a former stream of the name are worth nothing.
    if stream.uid != consumer.streamUID { stream.positions = [:] }
    stream.uid = consumer.streamUID
    let path = settings
    try settings.set("search_path", to: view.searchPath.joined(separator: ", "), local: false, inBlock: false)
    defer {
      settings = path
      standIns = [:]
    }
    let place = SessionNames.Place(schema: schema.name, name: stream.name)
    let step = RedshiftViewPlan(query).step
    var read = StreamRead()
    var bytes = 0
    for shard in try await consumer.shards() {
      var position: UInt64
      if let known = stream.positions[shard.id] {
        position = known
      } else {
        position = try await consumer.offset(of: shard.index, at: .trimHorizon)
      }
      while true {
        guard bytes < WarehouseLimits.streamBytesPerRefreshMax else {
          read.mayHaveMore = true
          break
        }
        let batch = try await consumer.read(
          shard.index, from: position, recordsMax: WarehouseLimits.streamRecordsPerBatchMax,
          bytesMax: WarehouseLimits.streamBytesPerBatchMax)
        position = max(position, batch.nextOffset)
        if batch.records.isEmpty { break }
        bytes += batch.bytes
        try await keep(batch, of: shard, leavingOut, view, query, step, place, &read)
      }
      stream.positions[shard.id] = position
    }
    view.materialization?.stream = stream
    view.refreshedAt = now
    try await put(view)
    return read
  }

  private func keep(
    _ batch: ShardBatch, of shard: ConsumerShard, _ leavingOut: [StreamRead.Place: String], _ view: CatalogRelation,
    _ query: Query, _ step: RedshiftViewPlan.Step, _ place: SessionNames.Place, _ read: inout StreamRead
  ) async throws {
    var records: [StreamRows.Record] = []
    var skipped = 0
    for record in batch.records {
      let item = StreamRows.Record(
        place: StreamRead.Place(shard: shard.index, offset: record.offset), shard: shard.id, record: record)
      let reason =
        record.data.readableBytes > WarehouseLimits.streamRecordBytesMax
        ? "the record is larger than \(WarehouseLimits.streamRecordBytesMax) bytes" : leavingOut[item.place]
      guard let reason else {
        records.append(item)
        continue
      }
      skipped += 1
      read.skipped.append(
        RefreshHistory.Skipped(
          schema: place.schema, stream: place.name, view: view.name, shard: shard.id, position: record.sequenceNumber,
          time: warehouse.ground.clock.now(), reason: reason))
    }
    read.records += records.count
    if let first = batch.records.first, let last = batch.records.last {
      read.scans.append(
        RefreshHistory.Scan(
          schema: place.schema, stream: place.name, shard: shard.id, position: last.sequenceNumber,
          rows: records.count, skipped: skipped, bytes: batch.bytes, earliest: first.time, latest: last.time))
    }
    guard !records.isEmpty else { return }
    do {
      try await add(try await staged(records[...], query, place), to: view, step)
    } catch {
      let failure = SQLFailure(error, catalog: catalog)
      // What lies in the data, and not in the query or the machine.
      guard failure.sqlState.hasPrefix("22"), !isInBlock else { throw error }
      throw BadRecords(places: try await culprits(records, query, place, view), cause: error)
    }
  }

  /// The view's query over some records.
  private func staged(
    _ records: ArraySlice<StreamRows.Record>, _ query: Query, _ place: SessionNames.Place
  ) async throws -> String {
    let file = engine.attach(MemoryLakeFile(StreamRows.lines(records)), as: "stream-\(nextFile())/records.csv")
    standIns[place] = StreamRows.relation(at: file, refreshed: warehouse.ground.clock.now().nanoseconds / 1000)
    return try await printed { printer, _ throws(SQLError) in try printer.query(query) }.sql
  }

  /// Halves the records until those are found that fail by themselves. The transaction is lost already.
  private func culprits(
    _ records: [StreamRows.Record], _ query: Query, _ place: SessionNames.Place, _ view: CatalogRelation
  ) async throws -> [StreamRead.Place: String] {
    engine.renew()
    await rollBackWork()
    var found: [StreamRead.Place: String] = [:]
    var parts = [records[...]]
    while let part = parts.popLast(), found.count < WarehouseLimits.skippedRecordsMax {
      do {
        let sql = try await staged(part, query, place)
        let items = view.columns.indices.map { "c\($0)" }
        let fitted = zip(items, view.columns).map { Fitting.fitted($0, to: $1.type.type) }
        try await engine.execute(
          "SELECT \(fitted.joined(separator: ", ")) FROM (\(sql)) AS q(\(items.joined(separator: ", ")))",
          policy: .everything)
      } catch {
        engine.renew()
        let failure = SQLFailure(error, catalog: catalog)
        guard failure.sqlState.hasPrefix("22") else { throw error }
        if part.count == 1, let record = part.first {
          found[record.place] = failure.message
        } else {
          let middle = part.startIndex + part.count / 2
          parts += [part[part.startIndex..<middle], part[middle..<part.endIndex]]
        }
      }
    }
    guard !found.isEmpty else { throw SQLFailure("XX000", "the records that failed do not fail by themselves") }
    return found
  }
}
