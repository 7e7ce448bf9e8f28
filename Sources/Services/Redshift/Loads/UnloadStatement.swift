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
    if !plan.mayOverwrite {
      guard try await objects(under: path, for: caller).isEmpty else {
        throw SQLFailure(
          "XX000",
          "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, "
            + "manually removing the target files in S3, or using the ALLOWOVERWRITE option.")
      }
    }
    engine.act(as: caller)
    defer { engine.act(as: warehouse.serviceContext) }
    let before = engine.counters.bytesWritten
    let count: Int
    do {
      count = try await changed(plan.statement(for: sql))
      var written = engine.finishedPaths
      if plan.isManifest {
        let bytes = engine.counters.bytesWritten - before
        try await engine.execute(plan.manifest(of: written, rows: count, bytes: bytes), policy: .everything)
      }
      try await engine.commitWrites()
      if written.isEmpty { written = [path] }
      let (total, paths) = (engine.counters.bytesWritten - before, written)
      warehouse.history.note(queryID) { entry in
        entry.bytesWritten = total
        entry.rows = count
        entry.unloadedTo = paths.map {
          ($0.description, count / max(1, paths.count), Int64(total) / Int64(max(1, paths.count)))
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

/// How UNLOAD writes.
struct UnloadPlan {
  let mayOverwrite: Bool
  let isManifest: Bool
  private let isVerbose: Bool
  private let path: LakePath
  private let columns: [QueryResult.Column]
  private let format: String
  private let delimiter: String
  private let nullText: String
  private let hasHeader: Bool
  private let quotes: Bool
  private let compression: String?
  private let partition: [String]
  private let keepsPartitionColumns: Bool
  private let isParallel: Bool
  private let maxFileBytes: Int?
  private let suffix: String

  init(_ unload: RedshiftUnload, _ path: LakePath, _ columns: [QueryResult.Column]) throws {
    self.path = path
    self.columns = columns
    for name in ["ENCRYPTED", "KMS_KEY_ID", "MASTER_SYMMETRIC_KEY", "FIXEDWIDTH", "BZIP2", "CLEANPATH", "ESCAPE"]
    where unload.option(name) != nil {
      // Encryption at rest by the store's own key is how every object is written.
      if name == "ENCRYPTED", unload.option(name)?.values.first?.uppercased() == "AUTO" { continue }
      throw SQLFailure("0A000", "UNLOAD with \(name) is not implemented by Tarn yet")
    }
    var format = unload.option("FORMAT")?.values.last?.uppercased() ?? "TEXT"
    for name in ["CSV", "PARQUET", "JSON"] where unload.option(name) != nil { format = name }
    self.format = format
    delimiter =
      unload.option("DELIMITER")?.values.first.map(CopyOptions.unescaped) ?? (format == "CSV" ? "," : "|")
    nullText = unload.option("NULL")?.values.first ?? (format == "CSV" ? "" : "\\N")
    hasHeader = unload.option("HEADER") != nil
    quotes = unload.option("ADDQUOTES") != nil
    mayOverwrite = unload.option("ALLOWOVERWRITE") != nil
    isManifest = unload.option("MANIFEST") != nil
    isVerbose = unload.option("MANIFEST")?.values.contains { $0.uppercased() == "VERBOSE" } ?? false
    compression = unload.option("GZIP") != nil ? "gzip" : unload.option("ZSTD") != nil ? "zstd" : nil
    var partition = unload.option("PARTITION")?.values ?? []
    keepsPartitionColumns = partition.first?.uppercased() == "INCLUDE" || partition.last?.uppercased() == "INCLUDE"
    partition.removeAll { $0.uppercased() == "INCLUDE" }
    self.partition = partition.map { $0.lowercased() }
    isParallel = !["OFF", "FALSE"].contains(unload.option("PARALLEL")?.values.first?.uppercased() ?? "ON")
    let size = unload.option("MAXFILESIZE")?.values ?? []
    if let number = size.first.flatMap({ Double($0) }), number.isFinite {
      maxFileBytes = Int(
        min(6.2e9 * 1.1, max(1, number * (size.last?.uppercased() == "GB" ? 1_073_741_824 : 1_048_576))))
    } else {
      maxFileBytes = nil
    }
    let ending = compression == "gzip" ? ".gz" : compression == "zstd" ? ".zst" : ""
    if let given = unload.option("EXTENSION")?.values.first {
      suffix = "." + given
    } else {
      suffix = format == "PARQUET" ? ".parquet" : ending
    }
    if format == "PARQUET", compression != nil {
      throw SQLFailure(
        "0A000", "UNLOAD to PARQUET is compressed by itself: \(compression?.uppercased() ?? "") is not supported")
    }
    for name in self.partition where !columns.contains(where: { $0.name.lowercased() == name }) {
      throw SQLFailure("42703", "column \"\(name)\" of PARTITION BY is not in the query")
    }
  }

  /// A single object's name, as Redshift numbers slices and parts.
  private var object: String { path.key + (isParallel ? "0000_part_00" : "000") + suffix }

  func statement(for sql: String) -> String {
    var options: [String] = []
    var query = sql
    switch format {
    case "PARQUET": options = ["FORMAT parquet", "COMPRESSION snappy"]
    case "JSON":
      options = ["FORMAT json"]
      if let compression { options.append("COMPRESSION \(compression)") }
    default:
      query = lines(sql)
      // Lines are whole already: no character of them means anything to the writer.
      options = [
        "FORMAT csv", "HEADER false", "DELIMITER \(DuckDBText.string("\u{1}"))", "QUOTE ''", "ESCAPE ''",
      ]
      if let compression { options.append("COMPRESSION \(compression)") }
    }
    var target = "s3://\(path.bucket)/\(object)"
    if !partition.isEmpty {
      let keys = partition.map { DuckDBText.identifier($0) }.joined(separator: ", ")
      options += ["PARTITION_BY (\(keys))", "FILENAME_PATTERN '0000_part_{i}'", "OVERWRITE_OR_IGNORE true"]
      if keepsPartitionColumns { options.append("WRITE_PARTITION_COLUMNS true") }
      if !suffix.isEmpty, compression == nil {
        options.append("FILE_EXTENSION \(DuckDBText.string(String(suffix.dropFirst())))")
      }
      let folder = path.key.hasSuffix("/") ? String(path.key.dropLast()) : path.key
      target = "s3://\(path.bucket)/\(folder)"
    } else if let maxFileBytes {
      options += ["FILE_SIZE_BYTES \(maxFileBytes)", "FILENAME_PATTERN '0000_part_{i}'", "OVERWRITE_OR_IGNORE true"]
      target = "s3://\(path.bucket)/\(path.key.hasSuffix("/") ? String(path.key.dropLast()) : path.key)"
    }
    return "COPY (\(query)) TO \(DuckDBText.string(target)) (\(options.joined(separator: ", ")))"
  }

  /// Each row as one line of text.
  private func lines(_ sql: String) -> String {
    let names = columns.indices.map { "c\($0)" }
    let separator = DuckDBText.string(delimiter)
    let fields = columns.enumerated().filter { keepsPartitionColumns || !partition.contains($1.name.lowercased()) }
    let values = fields.map { index, column -> String in
      let text = Self.text("c\(index)", column.type)
      let missing = DuckDBText.string(nullText)
      let quoted = "'\"' || replace(\(text), '\"', '\"\"') || '\"'"
      if quotes { return "coalesce(\(quoted), \(missing))" }
      guard format == "CSV" else { return "coalesce(\(text), \(missing))" }
      guard column.type.holdsText else { return "coalesce(\(text), \(missing))" }
      return
        "coalesce(CASE WHEN contains(\(text), \(separator)) OR contains(\(text), '\"') OR contains(\(text), chr(10)) "
        + "OR contains(\(text), chr(13)) OR \(text) = '' THEN \(quoted) ELSE \(text) END, \(missing))"
    }
    let keys = partition.compactMap { name in columns.firstIndex { $0.name.lowercased() == name } }
    let line = values.isEmpty ? "''" : values.joined(separator: " || \(separator) || ")
    let partitioned = keys.map { ", c\($0) AS \(DuckDBText.identifier(columns[$0].name.lowercased()))" }.joined()
    var query = "SELECT \(line) AS line\(partitioned) FROM (\(sql)) AS v(\(names.joined(separator: ", ")))"
    if hasHeader {
      let header = fields.map(\.element.name).joined(separator: delimiter)
      let empty = keys.map { ", CAST(NULL AS VARCHAR) AS \(DuckDBText.identifier(columns[$0].name))" }.joined()
      if keys.isEmpty { query = "SELECT \(DuckDBText.string(header)) AS line\(empty) UNION ALL (\(query))" }
    }
    return query
  }

  private static func text(_ value: String, _ type: EngineType) -> String {
    switch type {
    case .boolean: "CASE WHEN \(value) THEN 't' WHEN NOT \(value) THEN 'f' END"
    case .blob: "lower(hex(\(value)))"
    default: "CAST(\(value) AS VARCHAR)"
    }
  }

  /// The statement that writes the manifest.
  func manifest(of paths: [LakePath], rows: Int, bytes: Int64) -> String {
    var text = "{\"entries\":["
    text += paths.map { path -> String in
      let url = PostgresText.quoted("s3://\(path.bucket)/\(path.key)")
      guard isVerbose else { return "{\"url\":\(url)}" }
      let meta =
        "\"content_length\":\(bytes / Int64(max(1, paths.count))),\"record_count\":\(rows / max(1, paths.count))"
      return "{\"url\":\(url),\"meta\":{\(meta)}}"
    }.joined(separator: ",")
    text += "]"
    if isVerbose {
      let elements = columns.map { column -> String in
        let base = PostgresText.quoted(column.type.redshift.description)
        return "{\"name\":\(PostgresText.quoted(column.name)),\"type\":{\"base\":\(base)}}"
      }
      text += ",\"schema\":{\"elements\":[\(elements.joined(separator: ","))]}"
      text += ",\"meta\":{\"content_length\":\(bytes),\"record_count\":\(rows)}"
      text += ",\"author\":{\"name\":\"Amazon Redshift\",\"version\":\"1.0.0\"}"
    }
    text += "}"
    return "COPY (SELECT \(DuckDBText.string(text)) AS line) TO "
      + "\(DuckDBText.string("s3://\(path.bucket)/\(path.key)manifest")) "
      + "(FORMAT csv, HEADER false, DELIMITER \(DuckDBText.string("\u{1}")), QUOTE '', ESCAPE '')"
  }
}

extension EngineType {
  fileprivate var holdsText: Bool {
    switch self {
    case .varchar, .json, .list, .structure, .map, .enumeration: true
    default: false
    }
  }
}
