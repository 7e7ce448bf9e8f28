import Engine
import Kernel
import Lake

/// What Parquet files' footers say of their columns, read while a query is planned and remembered for the next.
///
/// A query that reads the files as they are has the footers' statistics, and is faster for it; that it may is only
/// known from the footers. They are read, and counted, by the query in any case.
final class ParquetFooters: Sendable {
  private struct Key: Hashable {
    var file: TableScan.File
    var question: String
  }
  private typealias Types = [(name: String, type: String)]
  private let known = Locked<[Key: Types]>([:])

  /// Looks into the files that a query is about to read.
  /// - Throws: `EngineError` for a file that is no Parquet, or may not be read.
  func look(
    _ scan: TableScan, _ wanted: [String], _ files: [TableScan.File], _ engine: EngineSession
  ) async throws -> ParquetFiles {
    let sample = Array(files.prefix(AthenaLimits.parquetFilesLookedIntoMax))
    guard !sample.isEmpty else { return .unknown }
    if sample.count == files.count {
      var asDeclared = true
      for file in sample where asDeclared {
        guard let question = scan.parquetTypesQuestion(columns: wanted, file: file) else { return .unknown }
        asDeclared = scan.isAsDeclared(columns: wanted, types: try await types(file, question, engine))
      }
      if asDeclared { return .asDeclared }
    } else if scan.parquetTypesQuestion(columns: wanted, file: sample[0]) == nil {
      return .unknown
    }
    var rows: Int64 = 0
    let answer = try await engine.run(TableScan.parquetRowsQuestion(sample), policy: .everything)
    while let chunk = try await answer.next() {
      for row in 0..<chunk.rows { rows = chunk.columns[0].integer(row) }
    }
    // The rest has as many rows a byte as those that were looked into.
    let looked = sample.reduce(0) { $0 + Double($1.bytes) }
    let all = files.reduce(0) { $0 + Double($1.bytes) }
    return .rows(Int64(min(Double(rows) * all / max(1, looked), 1e18)))
  }

  private func types(_ file: TableScan.File, _ question: String, _ engine: EngineSession) async throws -> Types {
    let key = Key(file: file, question: question)
    // Without a tag, nothing tells a new version of the object from the one that was looked into.
    if !file.tag.isEmpty, let types = known.withLock({ $0[key] }) { return types }
    var types: Types = []
    let answer = try await engine.run(question, policy: .everything)
    while let chunk = try await answer.next() {
      for row in 0..<chunk.rows { types.append((chunk.columns[0].string(row), chunk.columns[1].string(row))) }
    }
    let found = types
    known.withLock { known in
      // Begun anew when full: what is still asked for is soon there again.
      if known.count >= AthenaLimits.parquetFootersKept { known = [:] }
      known[key] = found
    }
    return found
  }
}
