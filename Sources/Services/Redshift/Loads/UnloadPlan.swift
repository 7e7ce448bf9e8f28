import Engine
import LakeFiles
import SQL

/// How UNLOAD writes: the statements, the objects' names, and what is said of them.
struct UnloadPlan {
  let mayOverwrite: Bool
  let cleansPath: Bool
  let isManifest: Bool
  private let isVerbose: Bool
  private let path: LakePath
  private let columns: [QueryResult.Column]
  private let format: String
  private let lines: UnloadLines
  private let hasHeader: Bool
  private let compression: String?
  private let partition: [String]
  private let keepsPartitionColumns: Bool
  private let isParallel: Bool
  private let maxFileBytes: Int?
  /// Whether names of the query's columns are others in the engine.
  private let hasCapitals: Bool
  private let suffix: String
  /// How the store is asked to encrypt the objects.
  private(set) var publication = LakePublication()

  init(_ unload: RedshiftUnload, _ path: LakePath, _ columns: [QueryResult.Column]) throws {
    self.path = path
    hasCapitals = columns.contains { EngineName.unmarked($0.name) != $0.name }
    let columns = columns.map { column in
      var column = column
      column.name = EngineName.unmarked(column.name)
      return column
    }
    self.columns = columns
    func isOn(_ name: String) -> Bool {
      unload.option(name).map { $0.values.first?.uppercased() != "OFF" } ?? false
    }
    var format = unload.option("FORMAT")?.values.last?.uppercased() ?? "TEXT"
    for name in ["CSV", "PARQUET", "JSON"] where unload.option(name) != nil { format = name }
    self.format = format
    mayOverwrite = isOn("ALLOWOVERWRITE")
    cleansPath = isOn("CLEANPATH")
    isManifest = unload.option("MANIFEST") != nil
    isVerbose = unload.option("MANIFEST")?.values.contains { $0.uppercased() == "VERBOSE" } ?? false
    hasHeader = unload.option("HEADER") != nil
    let compressions = ["GZIP", "BZIP2", "ZSTD"].filter { unload.option($0) != nil }
    compression = compressions.first?.lowercased()
    var partition = unload.option("PARTITION")?.values ?? []
    keepsPartitionColumns = partition.first?.uppercased() == "INCLUDE" || partition.last?.uppercased() == "INCLUDE"
    partition.removeAll { $0.uppercased() == "INCLUDE" }
    self.partition = partition.map { $0.lowercased() }
    isParallel = !["OFF", "FALSE"].contains(unload.option("PARALLEL")?.values.first?.uppercased() ?? "ON")
    maxFileBytes = try Self.fileBytes(unload)
    let endings = ["gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst"]
    if let given = unload.option("EXTENSION")?.values.first {
      suffix = "." + given
    } else {
      suffix = format == "PARQUET" ? ".parquet" : compression.flatMap { endings[$0] } ?? ""
    }
    lines = try UnloadLines(unload, format: format, columns: columns)
    publication = try Self.encryption(unload)
    try check(unload, compressions)
  }

  /// What the documentation of each option rules out.
  private func check(_ unload: RedshiftUnload, _ compressions: [String]) throws {
    func refuse(_ message: String) -> SQLFailure { SQLFailure("42601", message) }
    if mayOverwrite, cleansPath { throw refuse("UNLOAD options CLEANPATH and ALLOWOVERWRITE cannot be used together") }
    if compressions.count > 1 { throw refuse("only one of GZIP, BZIP2 and ZSTD can be given") }
    if format == "PARQUET", let compression {
      throw SQLFailure(
        "0A000", "UNLOAD to PARQUET is compressed by itself: \(compression.uppercased()) is not supported")
    }
    if format == "PARQUET" || format == "JSON" {
      let textOnly = ["DELIMITER", "FIXEDWIDTH", "ADDQUOTES", "ESCAPE", "NULL", "HEADER"]
      for name in textOnly where unload.option(name) != nil {
        throw refuse("\(name) is not supported for UNLOAD to \(format)")
      }
    }
    if format == "CSV" {
      for name in ["FIXEDWIDTH", "ADDQUOTES", "ESCAPE"] where unload.option(name) != nil {
        throw refuse("CSV is not compatible with \(name)")
      }
    }
    if unload.option("FIXEDWIDTH") != nil {
      for name in ["DELIMITER", "ADDQUOTES", "HEADER"] where unload.option(name) != nil {
        throw refuse("FIXEDWIDTH is not compatible with \(name)")
      }
    }
    if let size = unload.option("ROWGROUPSIZE") {
      let number = Double(size.values.first ?? "") ?? 0
      let megabytes = size.values.last?.uppercased() == "GB" ? number * 1_024 : number
      guard format == "PARQUET" else { throw refuse("ROWGROUPSIZE is supported for UNLOAD to PARQUET only") }
      guard (32...128).contains(megabytes) else { throw refuse("ROWGROUPSIZE must be between 32 MB and 128 MB") }
    }
    if numbersFiles, keepsPartitionColumns, !isLines {
      throw SQLFailure("0A000", "MAXFILESIZE with PARTITION BY … INCLUDE is not implemented by Tarn for \(format) yet")
    }
    for name in partition where !columns.contains(where: { $0.name.lowercased() == name }) {
      throw SQLFailure("42703", "column \"\(name)\" of PARTITION BY is not in the query")
    }
    if !keepsPartitionColumns, !partition.isEmpty, columns.allSatisfy({ partition.contains($0.name.lowercased()) }) {
      throw refuse("PARTITION BY must leave a column to be written")
    }
  }

  /// MAXFILESIZE in bytes, between 5 MB and 6.2 GB.
  private static func fileBytes(_ unload: RedshiftUnload) throws -> Int? {
    guard let option = unload.option("MAXFILESIZE") else { return nil }
    let unit: Double = option.values.last?.uppercased() == "GB" ? 1_073_741_824 : 1_048_576
    guard let number = option.values.first.flatMap({ Double($0) }), number.isFinite,
      (5 * 1_048_576...6.2 * 1_073_741_824).contains(number * unit)
    else { throw SQLFailure("42601", "MAXFILESIZE must be between 5 MB and 6.2 GB") }
    return Int(number * unit)
  }

  private static func encryption(_ unload: RedshiftUnload) throws -> LakePublication {
    let key = unload.option("KMS_KEY_ID")?.values.first
    guard unload.option("MASTER_SYMMETRIC_KEY") == nil else {
      throw SQLFailure("0A000", "UNLOAD with MASTER_SYMMETRIC_KEY is not implemented by Tarn yet")
    }
    guard let option = unload.option("ENCRYPTED") else {
      guard key == nil else { throw SQLFailure("42601", "KMS_KEY_ID requires ENCRYPTED") }
      // Without a word, objects are encrypted with keys of S3's own (SSE-S3).
      return LakePublication(encryption: "AES256")
    }
    // AUTO takes what the bucket says.
    if option.values.first?.uppercased() == "AUTO" { return LakePublication() }
    // The word alone, as awswrangler writes it, is what happens without it.
    guard let key else { return LakePublication(encryption: "AES256") }
    return LakePublication(encryption: "aws:kms", kmsKeyID: key)
  }

  // MARK: Writing

  /// Whether the rows are dealt out to the slices.
  private var isSliced: Bool { isParallel && partition.isEmpty && maxFileBytes == nil }

  /// Whether the rows of each partition are dealt out to files of limited size.
  private var numbersFiles: Bool { !partition.isEmpty && maxFileBytes != nil }
  private static let file = "unload_file"

  /// The rows with the number of the file that each goes to. They are measured as text, before any compression; a file
  /// may take as much as the limit less the longest row, so that no row makes it too long.
  private func numbered(_ rows: String, bytesMax: Int) -> String {
    let keys = partition.map { DuckDBText.identifier($0) }.joined(separator: ", ")
    let partition = "OVER (PARTITION BY \(keys)"
    return "SELECT * EXCLUDE (unload_size), CAST((sum(unload_size) \(partition) ROWS UNBOUNDED PRECEDING) - 1) "
      + "// greatest(1, \(bytesMax) - max(unload_size) \(partition))) AS BIGINT) AS \(Self.file) "
      + "FROM (SELECT *, strlen(CAST(to_json(q) AS VARCHAR)) AS unload_size FROM (\(rows)) AS q) AS s"
  }

  /// Where the engine writes; `output` gives the objects their names.
  private static let folder = "unload"
  private static let slice = "unload_slice"

  /// The statements to try, one after another, until files were written: rows that are none make no files by
  /// themselves, and Redshift writes one that is empty.
  func statements(for sql: String) -> [String] {
    var one = self.options
    // bzip2 is done behind the engine.
    if let compression, compression != "bzip2" { one.append("COMPRESSION \(compression)") }
    let single =
      "COPY (\(query(sql))) TO \(DuckDBText.string("s3://\(path.bucket)/\(Self.folder)/part_0")) "
      + "(\(one.joined(separator: ", ")))"
    var many = one + ["FILENAME_PATTERN 'part_{i}'", "OVERWRITE_OR_IGNORE true"]
    var rows = query(sql)
    if !partition.isEmpty {
      var keys = partition.map { DuckDBText.identifier($0) }
      if let maxFileBytes {
        rows = numbered(rows, bytesMax: maxFileBytes)
        keys.append(Self.file)
      }
      many.append("PARTITION_BY (\(keys.joined(separator: ", ")))")
      if keepsPartitionColumns, !isLines { many.append("WRITE_PARTITION_COLUMNS true") }
    } else if let maxFileBytes {
      many.append("FILE_SIZE_BYTES \(maxFileBytes)")
    } else if isSliced {
      many.append("PARTITION_BY (\(Self.slice))")
      rows = "SELECT *, (row_number() OVER () - 1) % \(WarehouseLimits.slices) AS \(Self.slice) FROM (\(rows))"
    } else {
      return [single]
    }
    let target = DuckDBText.string("s3://\(path.bucket)/\(Self.folder)")
    return ["COPY (\(rows)) TO \(target) (\(many.joined(separator: ", ")))", single]
  }

  private var isLines: Bool { format != "PARQUET" && format != "JSON" }

  private var options: [String] {
    switch format {
    case "PARQUET": ["FORMAT parquet", "COMPRESSION snappy"]
    case "JSON": ["FORMAT json"]
    // Lines are whole already: no character of them means anything to the writer. The column's name is the header.
    default:
      [
        "FORMAT csv", "HEADER \(hasHeader)", "DELIMITER \(DuckDBText.string("\u{1}"))", "QUOTE ''", "ESCAPE ''",
      ]
    }
  }

  private func query(_ sql: String) -> String {
    guard isLines else {
      guard hasCapitals else { return sql }
      let names = columns.map { DuckDBText.identifier($0.name) }.joined(separator: ", ")
      return "SELECT * FROM (\(sql)) AS v(\(names))"
    }
    let kept = columns.indices.filter {
      keepsPartitionColumns || !partition.contains(columns[$0].name.lowercased())
    }
    let keys = partition.compactMap { name in columns.firstIndex { $0.name.lowercased() == name } }
    let partitioned = keys.map { ", c\($0) AS \(DuckDBText.identifier(columns[$0].name.lowercased()))" }.joined()
    let names = columns.indices.map { "c\($0)" }.joined(separator: ", ")
    let header = hasHeader ? kept.map { columns[$0].name }.joined(separator: lines.delimiter) : "line"
    return "SELECT \(lines.line(kept)) AS \(DuckDBText.identifier(header))\(partitioned) FROM (\(sql)) AS v(\(names))"
  }

  /// The objects' names: Redshift numbers slices and the parts of each, and without slices the files.
  var output: LakeOutput {
    let (prefix, suffix, isSliced, isParallel, folder) = (path.key, suffix, isSliced, isParallel, Self.folder + "/")
    let hasPartitions = !partition.isEmpty
    let file = numbersFiles ? Self.file + "=" : nil
    return LakeOutput(compression: compression == "bzip2" ? .bzip2 : nil) { path in
      guard path.key.hasPrefix(folder) else { return path }
      var levels = path.key.dropFirst(folder.count).split(separator: "/", omittingEmptySubsequences: false)
      let last = levels.popLast() ?? ""
      var part = Int(last.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
      func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
      }
      var key = prefix
      var slice = 0
      if let file, let level = levels.last, level.hasPrefix(file) {
        levels.removeLast()
        (slice, part) = (part, Int(level.dropFirst(file.count)) ?? 0)
      }
      if isSliced, let given = levels.first?.split(separator: "=").last.flatMap({ Int($0) }) {
        slice = given
      } else if hasPartitions, !levels.isEmpty {
        key += (key.isEmpty || key.hasSuffix("/") ? "" : "/") + levels.joined(separator: "/") + "/"
      }
      key += isParallel || hasPartitions ? "\(padded(slice, 4))_part_\(padded(part, 2))" : padded(part, 3)
      return LakePath(bucket: path.bucket, key: key + suffix)
    }
  }

  // MARK: What was written

  func files(_ written: [(path: LakePath, bytes: Int64)], rows: Int) -> [UnloadedFile] {
    let files = written.sorted { $0.path.key < $1.path.key }
    return files.enumerated().map { index, file in
      var own: Int?
      if files.count == 1 {
        own = rows
      } else if isSliced, files.count <= WarehouseLimits.slices {
        own = (rows - index + WarehouseLimits.slices - 1) / WarehouseLimits.slices
      }
      return UnloadedFile(path: file.path, bytes: file.bytes, rows: own)
    }
  }

  /// What CLEANPATH removes: everything that was there, or, with partitions, what lay in those that are written.
  func cleaned(_ present: [LakePath], _ written: [LakePath]) -> [LakePath] {
    guard cleansPath else { return [] }
    guard !partition.isEmpty else { return present }
    let folders = Set(written.map { $0.key.prefix(upTo: $0.key.lastIndex(of: "/") ?? $0.key.startIndex) })
    return present.filter { folders.contains($0.key.prefix(upTo: $0.key.lastIndex(of: "/") ?? $0.key.startIndex)) }
  }

  /// The statement that writes the manifest.
  func manifest(of files: [UnloadedFile], rows: Int) -> String {
    var text = "{\"entries\":["
    text += files.map { file -> String in
      let url = PostgresText.quoted("s3://\(file.path.bucket)/\(file.path.key)")
      let count = isVerbose ? file.rows.map { ",\"record_count\":\($0)" } ?? "" : ""
      // Readers of columnar files need their lengths.
      guard isVerbose || format == "PARQUET" else { return "{\"url\":\(url)}" }
      return "{\"url\":\(url),\"meta\":{\"content_length\":\(file.bytes)\(count)}}"
    }.joined(separator: ",")
    text += "]"
    if isVerbose {
      let elements = columns.map { column -> String in
        let base = PostgresText.quoted(column.type.redshift.description)
        return "{\"name\":\(PostgresText.quoted(column.name)),\"type\":{\"base\":\(base)}}"
      }
      let bytes = files.reduce(0) { $0 + $1.bytes }
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
