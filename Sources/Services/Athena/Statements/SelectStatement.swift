import Engine
import Kernel
import NIOCore
import SQL

extension LakeExecutor {
  /// How often a running query is asked what it has read, for the statistics and the workgroup's limit.
  static let watchMilliseconds: Int64 = 25

  func plan(_ statement: Statement, _ query: Query, _ job: QueryJob, _ parameters: [Expression]) async throws
    -> QueryPlan
  {
    let session = engine.session(for: job.context)
    job.monitor.onCancel { session.cancel() }
    defer { job.monitor.onCancel(nil) }
    return try await QueryPlanner(
      glue: glue, s3: LakeListing(s3: s3), job: job, clock: clock, engine: session, footers: footers
    ).plan(statement, query, parameters)
  }

  func select(_ statement: Statement, _ query: Query, _ job: QueryJob, _ parameters: [Expression]) async throws
    -> QueryOutcome
  {
    let plan = try await plan(statement, query, job, parameters)
    job.monitor.planningEnded(clock.now())
    let columns = plan.columns.enumerated().map { ResultColumn($1, at: $0) }
    return try await watched(job, in: plan.session) { session in
      try await self.writeRows(plan, columns, job, session)
    }
  }

  /// Runs the engine's part of a query under the eyes of its monitor: what it reads is counted while it runs, and
  /// a cancel or the workgroup's limit stops it.
  func watched<T: Sendable>(
    _ job: QueryJob, in session: EngineSession, _ body: @escaping @Sendable (EngineSession) async throws -> T
  ) async throws -> T {
    job.monitor.onCancel { session.cancel() }
    defer { job.monitor.onCancel(nil) }
    let watch = Task { [clock] in
      while !Task.isCancelled {
        try await clock.sleep(for: .milliseconds(Self.watchMilliseconds))
        job.monitor.scanned(session.counters.bytesRead, cutoff: job.scanCutoffBytes)
      }
    }
    defer { watch.cancel() }
    let result: T
    do {
      result = try await body(session)
    } catch {
      job.monitor.scanned(session.counters.bytesRead, cutoff: nil)
      throw error
    }
    // A query that ended between two looks may have read too much all the same.
    guard job.monitor.scanned(session.counters.bytesRead, cutoff: job.scanCutoffBytes) else {
      throw CancellationError()
    }
    return result
  }

  private func writeRows(_ plan: QueryPlan, _ columns: [ResultColumn], _ job: QueryJob, _ session: EngineSession)
    async throws -> QueryOutcome
  {
    let result = try await session.run(plan.sql)
    var upload = ResultUpload(
      s3, bucket: job.outputBucket, key: "\(job.outputPrefix)\(job.id).csv", contentType: "application/octet-stream",
      job.context)
    var outcome = QueryOutcome()
    outcome.columns = columns
    do {
      var buffer = ByteBuffer()
      ResultCSV.append(columns.map(\.name), to: &buffer)
      while let chunk = try await result.next() {
        for row in 0..<chunk.rows {
          for (index, column) in chunk.columns.enumerated() {
            if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
            if let text = AthenaText.text(column, row, plan.columns[index].type) {
              ResultCSV.appendQuoted(text, to: &buffer)
            }
          }
          buffer.writeInteger(UInt8(ascii: "\n"))
        }
        outcome.outputRows += Int64(chunk.rows)
        if buffer.readableBytes >= AthenaLimits.resultBufferBytes {
          try await upload.write(&buffer)
          buffer.clear()
        }
      }
      job.monitor.engineFinished(clock.now())
      guard !job.monitor.isCancelled else { throw CancellationError() }
      try await upload.write(&buffer)
      try await upload.finish()
    } catch {
      await upload.abort()
      throw error
    }
    try await writeMetadata(columns, job, suffix: ".csv.metadata")
    outcome.outputBytes = upload.bytes
    return outcome
  }

  /// The engine's own plan of the statement, as text.
  func explain(_ explain: Explain, _ job: QueryJob, _ parameters: [Expression]) async throws -> QueryOutcome {
    guard case .query(let query) = explain.statement else {
      throw QueryFailure("NOT_SUPPORTED: EXPLAIN of this statement is not implemented by Tarn yet")
    }
    let plan = try await plan(explain.statement, query, job, parameters)
    if explain.type == "VALIDATE" {
      let valid = ResultColumn(name: "Valid", type: "boolean", precision: 0, scale: 0)
      return try await text(TextResult(columns: [valid], lines: ["true"]), job)
    }
    let lines = try await watched(job, in: plan.session) { session -> [String] in
      let result = try await session.run((explain.analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ") + plan.sql)
      var lines: [String] = []
      while let chunk = try await result.next() {
        for row in 0..<chunk.rows {
          if let column = chunk.columns.last { lines += column.string(row).split(separator: "\n").map(String.init) }
        }
      }
      return lines
    }
    return try await text(.strings("Query Plan", lines), job)
  }
}
