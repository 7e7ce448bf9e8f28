import Engine
import Kernel
import SQL

/// Columns of Parquet files by what their footers say, for one crawl: files of one writer agree to the letter.
final class ParquetShapes: Sendable {
  private let known = Locked<[String: [CrawledColumn]]>([:])

  subscript(shape: String) -> [CrawledColumn]? { known.withLock { $0[shape] } }

  func keep(_ columns: [CrawledColumn], for shape: String) {
    known.withLock { known in
      // Begun anew when full: what is still met is soon there again.
      if known.count >= CrawlLimits.parquetShapesKept { known = [:] }
      known[shape] = columns
    }
  }
}

extension FileReader {
  /// What Parquet files say, in their order: their footers are read in one question, and the columns worked out once
  /// for all files whose footers describe the same.
  func parquet(_ keys: [String], _ bucket: String) async throws -> [FileFinding?] {
    do {
      return try await parquetTogether(keys, bucket)
    } catch let error as EngineError where error.isAboutFile && keys.count > 1 {
      // One of them is damaged, or went away: each is asked by itself.
      var findings: [FileFinding?] = []
      for key in keys {
        try Task.checkCancellation()
        findings += try await parquet([key], bucket)
      }
      return findings
    } catch let error as EngineError where error.isAboutFile {
      // Named for what it is not: no classifier knows it.
      return [nil]
    }
  }

  private func parquetTogether(_ keys: [String], _ bucket: String) async throws -> [FileFinding?] {
    let list = keys.map { DuckDBText.string(LakePathText.pattern(bucket, $0)) }.joined(separator: ", ")
    let answer = try await engine.session(for: context).run(
      """
      SELECT file_name, shape, num_rows FROM (
        SELECT file_name, md5(CAST(list((name, type, type_length, repetition_type, num_children, converted_type, \
      scale, "precision", logical_type, duckdb_type) ORDER BY column_id) AS VARCHAR)) AS shape
        FROM parquet_schema([\(list)]) GROUP BY file_name)
      JOIN parquet_file_metadata([\(list)]) USING (file_name)
      """, policy: .everything)
    var found: [String: (shape: String, records: Int64)] = [:]
    while let chunk = try await answer.next() {
      for row in 0..<chunk.rows {
        found[chunk.columns[0].string(row)] = (chunk.columns[1].string(row), chunk.columns[2].integer(row))
      }
    }
    var findings: [FileFinding?] = []
    for key in keys {
      guard let (shape, records) = found["s3://\(bucket)/\(key)"] else {
        throw EngineError(kind: .invalidInput, message: "A file's footer was not told.")
      }
      let schema = FileSchema(
        format: FileFormat(classification: "parquet", rows: .parquet), columns: try await columns(key, bucket, shape))
      findings.append(FileFinding(schema: schema, records: records))
    }
    return findings
  }

  private func columns(_ key: String, _ bucket: String, _ shape: String) async throws -> [CrawledColumn] {
    if let known = shapes[shape] { return known }
    let path = DuckDBText.string(LakePathText.pattern(bucket, key))
    let columns = try await columns(of: "read_parquet(\(path), hive_partitioning = false)")
    shapes.keep(columns, for: shape)
    return columns
  }
}
