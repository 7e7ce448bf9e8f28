import Engine
import LakeFiles
import SQL

/// UNLOAD: a query's rows as objects of the lake.
extension WarehouseSession {
  func unload(_ unload: RedshiftUnload) async throws -> SQLOutcome {
    let path = try lakePath(unload.location)
    let caller = try await context(for: unload.credentials)
    let (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.query(unload.query) }
    let description = try await engine.describe(sql)
    let plan = try UnloadPlan(unload, path, description.columns)
    let present = plan.mayOverwrite ? [] : try await objects(under: path, for: caller).map(\.path)
    guard plan.cleansPath || present.isEmpty else {
      throw SQLFailure(
        "XX000",
        "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, "
          + "manually removing the target files in S3, or using the ALLOWOVERWRITE option.")
    }
    engine.act(as: caller)
    engine.shape(plan.output)
    defer {
      engine.shape(LakeOutput())
      engine.act(as: warehouse.serviceContext)
    }
    let count: Int
    do {
      var files: [UnloadedFile] = []
      var rows = 0
      for statement in plan.statements(for: sql) where files.isEmpty {
        rows = try await changed(statement)
        files = plan.files(engine.finishedPaths.map { ($0, engine.bytes(of: $0) ?? 0) }, rows: rows)
      }
      count = rows
      if plan.isManifest {
        engine.shape(LakeOutput())
        try await engine.execute(plan.manifest(of: files, rows: rows), policy: .everything)
      }
      var publication = plan.publication
      publication.removed = plan.cleaned(present, files.map(\.path))
      try await engine.commitWrites(publication)
      let (written, total) = (files, rows)
      warehouse.history.note(queryID) { entry in
        entry.bytesWritten = written.reduce(0) { $0 + $1.bytes }
        entry.rows = total
        entry.unloadedTo = written.map {
          StatementHistory.Unloaded(
            path: $0.path.description, rows: $0.rows ?? total / max(1, written.count), bytes: $0.bytes)
        }
      }
    } catch {
      engine.abortWrites()
      throw error
    }
    notice("INFO", "00000", "UNLOAD completed, \(count) record(s) unloaded successfully.")
    return .done(tag: "UNLOAD")
  }
}

struct UnloadedFile: Sendable {
  var path: LakePath
  var bytes: Int64
  /// Where it is known.
  var rows: Int?
}

