import GlueModel
import Kernel
import Lake
import SQL

/// A format that statements can write, with its compression.
struct OutputFormat: Sendable, Hashable {
  enum Kind: Sendable, Hashable { case parquet, json, text }

  var kind: Kind
  /// In the engine's spelling: `snappy`, `gzip`, `zstd` or `uncompressed`.
  var compression: String
  /// Between fields of text.
  var delimiter = "\u{1}"

  init(kind: Kind, compression: String) {
    self.kind = kind
    self.compression = compression
  }

  /// The format of an existing table.
  init(_ storage: StorageDescriptor) throws {
    let serde = storage.serdeInfo?.serializationLibrary ?? ""
    switch serde {
    case TableFormat.parquet.serde: self.init(kind: .parquet, compression: "snappy")
    case TableFormat.json.serde, "org.apache.hive.hcatalog.data.JsonSerDe":
      self.init(kind: .json, compression: "gzip")
    case TableFormat.text.serde:
      self.init(kind: .text, compression: "gzip")
      delimiter = storage.serdeInfo?.parameters?["field.delim"] ?? "\u{1}"
    default:
      throw QueryFailure("NOT_SUPPORTED: Writing to tables of \(serde) is not implemented by Tarn yet")
    }
  }

  var table: TableFormat {
    switch kind {
    case .parquet: .parquet
    case .json: .json
    case .text: .text
    }
  }
}

/// The properties of `WITH (…)` that tell where and how to write.
struct OutputProperties: Sendable {
  var format = OutputFormat(kind: .parquet, compression: "gzip")
  var location: String?
  var partitionedBy: [String] = []

  /// - Throws: Athena's refusal of properties that it does not know, and of values that do not fit.
  init(_ properties: [Property]) throws {
    var compression: String?
    for property in properties {
      let name = property.name.key
      switch (name, property.value.kind) {
      case ("format", .string(let value)):
        switch value.uppercased() {
        case "PARQUET": format.kind = .parquet
        case "JSON": format.kind = .json
        case "TEXTFILE": format.kind = .text
        default:
          throw QueryFailure("NOT_SUPPORTED: Writing format \(value) is not implemented by Tarn yet")
        }
      case ("external_location", .string(let value)): location = value
      case ("write_compression", .string(let value)), ("parquet_compression", .string(let value)),
        ("compression", .string(let value)), ("orc_compression", .string(let value)):
        compression = value
      case ("field_delimiter", .string(let value)): format.delimiter = value
      case ("partitioned_by", .array(let items)):
        partitionedBy = try items.map { item in
          guard case .string(let column) = item.kind else { throw Self.refused(name, property.name.position) }
          return column.lowercased()
        }
      case ("is_external", _), ("compression_level", _), ("vacuum_max_snapshot_age_seconds", _): continue
      case ("table_type", .string(let value)) where value.uppercased() == "HIVE": continue
      case ("table_type", _):
        throw QueryFailure("NOT_SUPPORTED: Iceberg tables are not implemented by Tarn yet")
      case ("bucketed_by", _), ("bucket_count", _):
        throw QueryFailure("NOT_SUPPORTED: Writing bucketed tables is not implemented by Tarn yet")
      default: throw Self.refused(name, property.name.position)
      }
    }
    format.compression = try Self.compression(compression, format.kind)
  }

  private static func refused(_ name: String, _ position: SourcePosition) -> SQLError {
    SQLError(
      .invalidTableProperty, "Catalog 'awsdatacatalog' table property '\(name)' does not exist or has an invalid value",
      at: position)
  }

  private static func compression(_ name: String?, _ kind: OutputFormat.Kind) throws -> String {
    switch (name?.uppercased(), kind) {
    case (nil, _), ("GZIP", _): "gzip"
    case ("NONE", _), ("UNCOMPRESSED", _): "uncompressed"
    case ("SNAPPY", .parquet): "snappy"
    case ("ZSTD", _): "zstd"
    case ("LZ4", .parquet): "lz4_raw"
    default: throw QueryFailure("NOT_SUPPORTED: Compression \(name ?? "") is not implemented for this format")
    }
  }
}

/// The files of a write: how the engine is told to make them, and how the catalog describes them.
struct OutputFiles: Sendable {
  struct Column: Sendable, Hashable {
    var name: String
    var type: SQLType
  }

  var place: ResultLocation
  var format: OutputFormat
  /// Data columns, then partition keys.
  var columns: [Column]
  var partitionKeys: [String]

  var dataColumns: [Column] { columns.dropLast(partitionKeys.count) }

  /// The engine's statement that writes the rows of `sql`, whose columns are this write's, in order.
  /// - Parameter name: what the files' names begin with.
  func copyStatement(_ sql: String, name: String) throws -> String {
    let aliases = columns.indices.map { "c\($0)" }.joined(separator: ", ")
    var items = try columns.enumerated().map { index, column -> String in
      let text =
        partitionKeys.contains(column.name) && index >= dataColumns.count
        ? Self.partitionText("c\(index)", column.type) : try stored("c\(index)", column.type)
      return "\(text) AS \(DuckDBText.identifier(column.name))"
    }
    // The engine writes no JSON into partitions: the documents are made here, and written as text of one column.
    let writesDocuments = format.kind == .json && !partitionKeys.isEmpty
    if writesDocuments {
      let members = try dataColumns.enumerated().map { index, column in
        "\(DuckDBText.string(column.name)): \(try stored("c\(index)", column.type))"
      }
      items.replaceSubrange(
        ..<dataColumns.count, with: ["CAST(to_json({\(members.joined(separator: ", "))}) AS VARCHAR) AS \"$document\""])
    }
    var options = ["FILENAME_PATTERN '\(name)_{i}'", "OVERWRITE_OR_IGNORE true"]
    switch format.kind {
    case .parquet:
      options += ["FORMAT parquet", "COMPRESSION \(format.compression)", "FILE_EXTENSION 'parquet'"]
    case .json where writesDocuments:
      // No document holds this delimiter bare, so none is ever quoted.
      options += [
        "FORMAT csv", "HEADER false", "COMPRESSION \(format.compression)", "FILE_EXTENSION '\(suffix("json"))'",
        "DELIMITER '\u{1}'", "QUOTE ''", "ESCAPE ''",
      ]
    case .json:
      options += ["FORMAT json", "COMPRESSION \(format.compression)", "FILE_EXTENSION '\(suffix("json"))'"]
    case .text:
      options += [
        "FORMAT csv", "HEADER false", "COMPRESSION \(format.compression)", "FILE_EXTENSION '\(suffix("txt"))'",
        "DELIMITER \(DuckDBText.string(format.delimiter))", "QUOTE ''", "ESCAPE ''", "NULLSTR '\\N'",
      ]
    }
    if partitionKeys.isEmpty {
      options.append("PER_THREAD_OUTPUT true")
    } else {
      options.append("PARTITION_BY (\(partitionKeys.map(DuckDBText.identifier).joined(separator: ", ")))")
    }
    return "COPY (SELECT \(items.joined(separator: ", ")) FROM (\(sql)) AS q(\(aliases))) TO "
      + "\(DuckDBText.string(place.folder)) (\(options.joined(separator: ", ")))"
  }

  private func suffix(_ plain: String) -> String {
    switch format.compression {
    case "gzip": plain + ".gz"
    case "zstd": plain + ".zst"
    default: plain
    }
  }

  /// A column as the format holds it.
  private func stored(_ name: String, _ type: SQLType) throws -> String {
    _ = try HiveType(type)
    switch (format.kind, type) {
    case (.text, .boolean): return "CAST(\(name) AS VARCHAR)"
    case (.text, .timestamp), (.json, .timestamp): return "strftime(\(name), '%Y-%m-%d %H:%M:%S.%g')"
    case (.json, .date): return "strftime(\(name), '%Y-%m-%d')"
    default: return type == .unknown ? "CAST(\(name) AS VARCHAR)" : name
    }
  }

  /// A partition key's value as its folder is named.
  private static func partitionText(_ name: String, _ type: SQLType) -> String {
    let text: String
    switch type {
    // Hive writes timestamps with at least one digit behind the point.
    case .timestamp: text = "regexp_replace(strftime(\(name), '%Y-%m-%d %H:%M:%S.%g'), '0{1,2}$', '')"
    default: text = "CAST(\(name) AS VARCHAR)"
    }
    return "coalesce(\(text), '\(HivePath.nullValue)')"
  }

  var tableParameters: [String: String] {
    var parameters = ["EXTERNAL": "TRUE", "has_encrypted_data": "false"]
    parameters["classification"] = format.table.classification
    if format.kind == .parquet { parameters["parquet.compression"] = format.compression.uppercased() }
    return parameters
  }

  func storage(location: String) throws -> StorageDescriptor {
    var parameters = ["serialization.format": "1"]
    if format.kind == .text {
      parameters["field.delim"] = format.delimiter
      parameters["serialization.format"] = format.delimiter
    }
    return StorageDescriptor(
      columns: try dataColumns.map(LakeExecutor.column), location: location,
      inputFormat: format.table.inputFormat, outputFormat: format.table.outputFormat, compressed: false,
      numberOfBuckets: 0,
      serdeInfo: SerDeInfo(serializationLibrary: format.table.serde, parameters: parameters), bucketColumns: [],
      sortColumns: [], parameters: [:], storedAsSubDirectories: false)
  }
}
