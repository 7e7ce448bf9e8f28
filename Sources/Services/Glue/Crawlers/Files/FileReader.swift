import Engine
import Kernel
import NIOCore
import S3Model
import SQL

/// A file that a crawl may look into.
struct CrawledFile: Sendable {
  var key: String
  var size: Int64
}

/// What a file says of itself.
struct FileFinding: Sendable {
  var schema: FileSchema
  var records: Int64
}

/// Looks into files with the rights of a crawl's role: what format a file has, what columns, how many rows.
struct FileReader: Sendable {
  let s3: any S3API
  let engine: LakeEngine
  let classifiers: [ClassifierRecord]
  let context: RequestContext
  /// What is known of Parquet files so far.
  let shapes = ParquetShapes()

  /// What files say, in their order; `nil` for one that no classifier knows. Parquet files are asked many at a time.
  /// - Throws: what S3 answers where the role may not read; `CancellationError` between two files.
  func look(into files: [CrawledFile], bucket: String) async throws -> [FileFinding?] {
    var findings = [FileFinding?](repeating: nil, count: files.count)
    var waiting: [Int] = []
    for (index, file) in files.enumerated() where file.size > 0 {
      try Task.checkCancellation()
      let head: [UInt8]
      do {
        head = try await bytes(bucket, file.key, count: min(CrawlLimits.headBytes, Int(clamping: file.size)))
      } catch let error as AWSError where ["NoSuchKey", "InvalidRange"].contains(error.code) {
        // Deleted or emptied since it was listed.
        continue
      }
      if head.starts(with: "PAR1".utf8) {
        waiting.append(index)
      } else {
        findings[index] = try await look(into: file, head, bucket)
      }
    }
    for start in stride(from: 0, to: waiting.count, by: CrawlLimits.parquetFilesPerQuestion) {
      try Task.checkCancellation()
      let batch = waiting[start..<min(start + CrawlLimits.parquetFilesPerQuestion, waiting.count)]
      let found = try await parquet(batch.map { files[$0].key }, bucket)
      for (index, finding) in zip(batch, found) { findings[index] = finding }
    }
    return findings
  }

  private func look(into file: CrawledFile, _ head: [UInt8], _ bucket: String) async throws -> FileFinding? {
    let (key, size) = (file.key, file.size)
    let magic = head.prefix(CrawlLimits.magicBytes)
    do {
      if magic.starts(with: "ORC".utf8) { return try await columnar(.orc, "orc", bucket, key) }
      if magic.starts(with: [UInt8(ascii: "O"), UInt8(ascii: "b"), UInt8(ascii: "j"), 1]) {
        return try await columnar(.avro, "avro", bucket, key)
      }
      let compression = Self.compression(magic)
      var sample = head
      if compression != "none" {
        sample = try await lines(bucket, key, compression)
      } else if Int64(head.count) < size {
        sample = try await bytes(bucket, key, count: CrawlLimits.sampleBytes)
      }
      let isWhole = compression == "none" ? Int64(sample.count) >= size : sample.count < CrawlLimits.sampleBytes
      guard let text = TextSample(sample, isWhole: isWhole),
        var found = TextClassification(classifiers: classifiers).schema(of: text)
      else { return nil }
      found.format.compression = compression
      let bytes = compression == "none" ? size : Int64(sample.count)
      return FileFinding(schema: found, records: text.records(size: bytes, isWhole: isWhole, found))
    } catch let error as EngineError where error.isAboutFile {
      // Damaged, or named for what it is not: no classifier knows it.
      return nil
    }
  }

  private static func compression(_ magic: [UInt8].SubSequence) -> String {
    if magic.starts(with: [0x1F, 0x8B]) { return "gzip" }
    if magic.starts(with: "BZh".utf8) { return "bzip2" }
    return "none"
  }

  private func bytes(_ bucket: String, _ key: String, count: Int) async throws -> [UInt8] {
    let answer = try await s3.getObject(
      GetObjectInput(bucket: bucket, key: key, range: "bytes=0-\(count - 1)"), context)
    guard let body = answer.body else { return [] }
    return Array(try await body.collect(upTo: count).readableBytesView)
  }

  // MARK: Formats that carry their schema

  private func columnar(
    _ rows: FileFormat.Rows, _ name: String, _ bucket: String, _ key: String
  ) async throws -> FileFinding {
    let relation = "tarn_records('\(name)', [\(DuckDBText.string(LakePathText.pattern(bucket, key)))])"
    let columns = try await columns(of: relation)
    var records: Int64 = 0
    let answer = try await engine.session(for: context).run("SELECT count(*) FROM \(relation)", policy: .everything)
    while let chunk = try await answer.next() {
      for row in 0..<chunk.rows { records = chunk.columns[0].integer(row) }
    }
    return FileFinding(
      schema: FileSchema(format: FileFormat(classification: name, rows: rows), columns: columns), records: records)
  }

  /// What columns a relation has.
  func columns(of relation: String) async throws -> [CrawledColumn] {
    let result = try await engine.session(for: context).run("SELECT * FROM \(relation) LIMIT 0", policy: .everything)
    let columns = result.columns.prefix(CrawlLimits.columnsMax).map {
      CrawledColumn($0.name.lowercased(), HiveType(engine: $0.type))
    }
    await result.close()
    return columns
  }

  /// The first lines of a compressed file.
  private func lines(_ bucket: String, _ key: String, _ compression: String) async throws -> [UInt8] {
    let plain = LakePathText.pattern(bucket, key)
    let path = compression == "gzip" ? plain : "decoded://bzip2/s3://\(bucket)/\(key)"
    let options = compression == "gzip" ? ", compression = 'gzip'" : ""
    let result = try await engine.session(for: context).run(
      "SELECT line FROM read_csv(\(DuckDBText.string(path)), auto_detect = false, header = false, "
        + "hive_partitioning = false, strict_mode = false, max_line_size = \(CrawlLimits.sampleBytes * 2), "
        + "delim = \(DuckDBText.string("\u{1F}\u{1E}\u{1D}\u{1}")), quote = '', escape = '', "
        + "columns = {'line': 'VARCHAR'}\(options))", policy: .everything)
    var bytes: [UInt8] = []
    reading: while let chunk = try await result.next() {
      for row in 0..<chunk.rows {
        bytes.append(contentsOf: chunk.columns[0].string(row).utf8)
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count >= CrawlLimits.sampleBytes { break reading }
      }
    }
    await result.close()
    return bytes
  }
}

/// A key as a pattern of the engine's that means it alone.
enum LakePathText {
  static func pattern(_ bucket: String, _ key: String) -> String {
    var text = "s3://\(bucket)/"
    for character in key.unicodeScalars {
      switch character {
      case "*", "?", "[": text += "[\(character)]"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }
}

extension EngineError {
  /// Whether a file is to blame, and not the engine's own state: a crawl that took a lack of memory for a damaged file
  /// would find the file's table gone.
  var isAboutFile: Bool {
    let others: [Kind] = [.interrupted, .outOfMemory, .overloaded, .fatal, .permission]
    return !others.contains(kind)
  }
}

extension HiveType {
  /// The catalog's type for what a file's own schema says.
  init(engine type: EngineType) {
    switch type {
    case .null: self = .unseen
    case .boolean: self = .boolean
    case .tinyInt: self = .tinyint
    case .smallInt, .unsignedTinyInt: self = .smallint
    case .integer, .unsignedSmallInt: self = .int
    case .bigInt, .unsignedInteger: self = .bigint
    case .unsignedBigInt: self = .decimal(precision: 20, scale: 0)
    case .hugeInt, .unsignedHugeInt: self = .decimal(precision: 38, scale: 0)
    case .decimal(let width, let scale): self = .decimal(precision: width, scale: scale)
    case .float: self = .float
    case .double: self = .double
    case .blob: self = .binary
    case .date: self = .date
    case .timestampSeconds, .timestampMilliseconds, .timestamp, .timestampNanoseconds, .timestampTZ: self = .timestamp
    case .list(let element), .array(let element, size: _): self = .array(HiveType(engine: element))
    case .map(let key, let value): self = .map(HiveType(engine: key), HiveType(engine: value))
    case .structure(let fields): self = .structure(fields.map { Field($0.name, HiveType(engine: $0.type)) })
    default: self = .string
    }
  }
}
