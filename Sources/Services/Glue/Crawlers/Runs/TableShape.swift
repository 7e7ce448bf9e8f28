/// A found table in the words in which AWS's crawlers describe one, so that Athena reads it.
///
/// Source: AWS Glue, "Crawler output" and "Parameters set on Data Catalog tables by crawler".
struct TableShape: Sendable {
  let crawler: String
  let exclusions: [String]

  func definition(of found: FoundTable, name: String, partitions names: [String]) -> TableDefinition {
    let keys = Set(names)
    // A partition's key wins over a column of the same name: the catalog has each name once.
    let columns = found.schema.columns.filter { !keys.contains($0.name) }
    var parameters = parameters(found.schema.format, found.counts)
    parameters["UPDATED_BY_CRAWLER"] = crawler
    if !exclusions.isEmpty {
      parameters["exclusions"] = "[" + exclusions.map(JSONValue.quote).joined(separator: ",") + "]"
    }
    return TableDefinition(
      name: name, owner: "owner", retention: 0,
      storage: storage(found.schema.format, columns, found.location, parameters),
      partitionKeys: names.map { CatalogColumn(name: $0, type: "string") }, tableType: "EXTERNAL_TABLE",
      parameters: parameters)
  }

  func partition(
    _ partition: FoundTable.Partition, of found: FoundTable, values: [String], table: TableDefinition, inherits: Bool
  ) -> CatalogPartition {
    let names = Set(table.partitionKeys.map(\.name))
    let parameters = parameters(partition.schema.format, partition.counts)
    // Most partitions are described as their table is: they share its memory.
    if var shared = table.storage, partition.schema == found.schema {
      shared.location = found.location(of: partition)
      shared.parameters = parameters
      return CatalogPartition(values: values, storage: shared, parameters: parameters)
    }
    var described = storage(
      partition.schema.format, partition.schema.columns.filter { !names.contains($0.name) },
      found.location(of: partition), parameters)
    if inherits, let storage = table.storage {
      described.columns = storage.columns
      described.serDe = storage.serDe
      described.inputFormat = storage.inputFormat
      described.outputFormat = storage.outputFormat
    }
    return CatalogPartition(values: values, storage: described, parameters: parameters)
  }

  private func parameters(_ format: FileFormat, _ counts: FileCounts) -> [String: String] {
    var parameters = [
      "CrawlerSchemaDeserializerVersion": "1.0", "CrawlerSchemaSerializerVersion": "1.0",
      "classification": format.classification, "compressionType": format.compression, "typeOfData": "file",
      "objectCount": String(counts.objects), "sizeKey": String(counts.bytes), "recordCount": String(counts.records),
      "averageRecordSize": String(counts.records > 0 ? counts.bytes / counts.records : 0),
    ]
    switch format.rows {
    case .delimited(let delimiter), .quoted(let delimiter, _):
      parameters["delimiter"] = delimiter
      parameters["columnsOrdered"] = "true"
      if case .quoted = format.rows { parameters["areColumnsQuoted"] = "true" } else {
        parameters["areColumnsQuoted"] = "false"
      }
      if format.hasHeader { parameters["skip.header.line.count"] = "1" }
    case .grok(let pattern, let custom):
      parameters["grokPattern"] = pattern
      if let custom { parameters["grokCustomPatterns"] = custom }
    default: break
    }
    return parameters
  }

  private func storage(
    _ format: FileFormat, _ columns: [CrawledColumn], _ location: String, _ parameters: [String: String]
  ) -> StorageDescription {
    let text = "org.apache.hadoop.mapred.TextInputFormat"
    let textOut = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
    let input: String
    let output: String
    let serde: SerDe
    switch format.rows {
    case .parquet:
      input = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
      output = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
      serde = SerDe(
        library: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        parameters: ["serialization.format": "1"])
    case .orc:
      input = "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat"
      output = "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat"
      // Files of a table that was merged have their columns at different places: names count.
      serde = SerDe(
        library: "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
        parameters: ["serialization.format": "1", "orc.column.index.access": "false"])
    case .avro:
      input = "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat"
      output = "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat"
      serde = SerDe(
        library: "org.apache.hadoop.hive.serde2.avro.AvroSerDe", parameters: ["serialization.format": "1"])
    case .json:
      (input, output) = (text, textOut)
      serde = SerDe(
        library: "org.openx.data.jsonserde.JsonSerDe",
        parameters: ["paths": columns.map(\.name).sorted().joined(separator: ",")])
    case .delimited(let delimiter):
      (input, output) = (text, textOut)
      serde = SerDe(
        library: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", parameters: ["field.delim": delimiter])
    case .quoted(let delimiter, let quote):
      (input, output) = (text, textOut)
      serde = SerDe(
        library: "org.apache.hadoop.hive.serde2.OpenCSVSerde",
        parameters: ["separatorChar": delimiter, "quoteChar": quote])
    case .grok(let pattern, let custom):
      (input, output) = (text, textOut)
      var parameters = ["input.format": pattern]
      if let custom { parameters["input.grokCustomPatterns"] = custom }
      serde = SerDe(library: "com.amazonaws.glue.serde.GrokSerDe", parameters: parameters)
    }
    return StorageDescription(
      columns: columns.map { CatalogColumn(name: $0.name, type: $0.type) }, location: location, inputFormat: input,
      outputFormat: output, compressed: format.compression != "none", numberOfBuckets: -1, serDe: serde,
      bucketColumns: [], parameters: parameters)
  }
}
