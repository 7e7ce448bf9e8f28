import GlueModel
import SQL

/// Hive's classes behind `STORED AS` and a CTAS's `format`.
struct TableFormat: Sendable, Hashable {
  let inputFormat: String
  let outputFormat: String
  let serde: String
  /// What crawlers and Athena write as the table's `classification`; `nil` where they write none.
  let classification: String?

  private static let textInput = "org.apache.hadoop.mapred.TextInputFormat"
  private static let textOutput = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

  static let parquet = TableFormat(
    inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    serde: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe", classification: "parquet")
  static let json = TableFormat(
    inputFormat: textInput, outputFormat: textOutput, serde: "org.openx.data.jsonserde.JsonSerDe",
    classification: "json")
  static let text = TableFormat(
    inputFormat: textInput, outputFormat: textOutput,
    serde: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", classification: "csv")
  static let orc = TableFormat(
    inputFormat: "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
    outputFormat: "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
    serde: "org.apache.hadoop.hive.ql.io.orc.OrcSerde", classification: "orc")
  static let avro = TableFormat(
    inputFormat: "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
    outputFormat: "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
    serde: "org.apache.hadoop.hive.serde2.avro.AvroSerDe", classification: "avro")

  /// The format that `STORED AS name` means; `nil` for a name Hive does not know.
  static func named(_ name: String) -> TableFormat? {
    switch name.uppercased() {
    case "PARQUET", "PARQUETFILE": parquet
    case "TEXTFILE": text
    case "JSONFILE", "JSON": json
    case "ORC", "ORCFILE": orc
    case "AVRO": avro
    default: nil
    }
  }

  /// The storage that a `CREATE EXTERNAL TABLE` asks for.
  static func storage(of table: SQL.CreateTable, location: String) throws -> StorageDescriptor {
    var format: TableFormat
    var (input, output): (String?, String?) = (nil, nil)
    switch table.storage {
    case .named(let name):
      guard let known = named(name) else {
        throw QueryFailure("FAILED: SemanticException Unrecognized file format in STORED AS clause: '\(name)'")
      }
      format = known
    case .classes(let inputClass, let outputClass):
      format = text
      (input, output) = (inputClass, outputClass)
    case nil: format = text
    }
    var serde = format.serde
    var parameters: [String: String] = [:]
    switch table.rowFormat {
    case .serde(let library, let properties):
      serde = library
      parameters = Dictionary(properties.map { ($0.name, $0.value) }) { $1 }
    case .delimited(let delimiters):
      parameters["field.delim"] = delimiters.fields
      parameters["serialization.format"] = delimiters.fields ?? "1"
      parameters["escape.delim"] = delimiters.escape
      parameters["colelction.delim"] = delimiters.collectionItems  // Hive's own spelling
      parameters["mapkey.delim"] = delimiters.mapKeys
      parameters["line.delim"] = delimiters.lines
      parameters["serialization.null.format"] = delimiters.null
    case nil: break
    }
    if parameters["serialization.format"] == nil { parameters["serialization.format"] = "1" }
    return StorageDescriptor(
      columns: table.columns.map { Column(name: $0.name.key, type: $0.type.description, comment: $0.comment) },
      location: location, inputFormat: input ?? format.inputFormat, outputFormat: output ?? format.outputFormat,
      compressed: false, numberOfBuckets: table.buckets.map(\.count) ?? -1,
      serdeInfo: SerDeInfo(serializationLibrary: serde, parameters: parameters),
      bucketColumns: table.buckets?.columns.map(\.key) ?? [], sortColumns: [], parameters: [:],
      storedAsSubDirectories: false)
  }
}
