import DataQuality
import Kernel
import Lake
import LakeFiles
import S3Model
import SQL

/// Catalog tables as data for rules, read as Athena reads them: the same SerDes, partitions and projection, with the
/// rights of the run's role.
struct CatalogDataset: Sendable {
  let catalog: GlueCatalog
  let objects: QualityObjects
  let engine: LakeQualityEngine
  let now: Timestamp

  /// - Throws: `AWSError`, `TableScan.Unreadable`, or what is wrong with the table in words.
  func data(_ source: SourceRecord) async throws -> QualityDataset {
    if let id = source.catalogID, id != objects.context.account.digits {
      throw CatalogError.entityNotFound("Catalog \(id) not found.")
    }
    if source.connection?.isEmpty == false {
      throw CatalogError.invalidInput("Data quality over connections is not implemented.")
    }
    let table = try await catalog.table(source.table, in: source.database, context: objects.context)
    guard table.tableType != "VIRTUAL_VIEW", let storage = table.storage else {
      throw CatalogError.invalidInput("Table \(source.database).\(source.table) is a view and has no files.")
    }
    let columns = try Self.columns(storage.columns)
    let keys = try Self.columns(table.partitionKeys)
    let partitions = try await partitions(table, storage, keys)
    let scan = TableScan(
      columns: columns, partitionColumns: keys, serde: storage.serDe?.library ?? "",
      serdeParameters: storage.serDe?.parameters ?? [:], inputFormat: storage.inputFormat ?? "",
      tableParameters: table.parameters ?? [:])
    let names = (columns + keys).map(\.name)
    var data = QualityDataset(
      relation: try scan.relation(columns: names, partitions: partitions.map(\.partition)),
      columns: (columns + keys).map { .init($0.name, $0.type.duckDBName) }, files: partitions.flatMap(\.files))
    if let condition = Self.option(source, "pushDownPredicate") ?? Self.option(source, "catalogPartitionPredicate") {
      data.relation = "(SELECT * FROM \(data.relation) AS t WHERE (\(try SparkSQL.text(condition))))"
    }
    if let query = source.query, !query.isEmpty { data = try await through(query, data, source) }
    return data
  }

  private static func option(_ source: SourceRecord, _ name: String) -> String? {
    source.options?.first { $0.key.lowercased() == name.lowercased() && !$0.value.isEmpty }?.value
  }

  /// The data as a query of it gives it; the query names the table, or `primary`.
  private func through(
    _ query: String, _ data: QualityDataset, _ source: SourceRecord
  ) async throws -> QualityDataset {
    let text = try SparkSQL.text(query)
    let names = ["primary", source.table.lowercased()].map { name in
      "\(DuckDBText.identifier(name)) AS NOT MATERIALIZED (SELECT * FROM \(data.relation) AS t)"
    }
    let relation = "(WITH \(names.joined(separator: ", ")) SELECT * FROM (\(text)\n) AS \"$query\")"
    let described = try await engine.rows("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM \(relation))")
    return QualityDataset(
      relation: relation, columns: described.compactMap(QualityDataset.Column.init), files: data.files)
  }

  static func columns(_ columns: [CatalogColumn]) throws -> [TableScan.Column] {
    try columns.map { column in
      do {
        return TableScan.Column(column.name.lowercased(), try HiveType.parse(column.type ?? "string"))
      } catch {
        throw CatalogError.invalidInput("Column \(column.name) has the unknown type \(column.type ?? "").")
      }
    }
  }

  // MARK: Files

  private struct Found {
    var partition: TableScan.Partition
    var files: [QualityFile]
  }

  private func partitions(
    _ table: CatalogTable, _ storage: StorageDescription, _ keys: [TableScan.Column]
  ) async throws -> [Found] {
    let location = storage.location ?? ""
    guard !keys.isEmpty else { return [try await found(location, [])] }
    let projection = try PartitionProjection(
      keys: keys.map(\.name), properties: table.parameters ?? [:], table: "\(table.database).\(table.name)",
      location: location, now: now)
    var places: [(values: [String], location: String)] = []
    if let projection {
      places = try projection.partitions(wanted: { _ in nil }, mayMatch: { _ in true }).map { ($0.values, $0.location) }
    } else {
      let kept = Locked<[(values: [String], location: String)]>([])
      let base = location.hasSuffix("/") ? location : location + "/"
      try await catalog.partitions(of: table.name, in: table.database, context: objects.context) { partition in
        guard partition.values.count == keys.count else { return true }
        let folder = HivePath.directory(Array(zip(keys.map(\.name), partition.values.map(Optional.some))))
        return kept.withLock { kept in
          kept.append((partition.values, partition.storage?.location ?? base + folder + "/"))
          return kept.count <= DataQualityLimits.partitionsMax
        }
      }
      places = kept.withLock { $0 }
    }
    guard places.count <= DataQualityLimits.partitionsMax else {
      throw CatalogError.invalidInput("A run reads at most \(DataQualityLimits.partitionsMax) partitions of a table.")
    }
    var all: [Found] = []
    for place in places {
      all.append(
        try await found(place.location, place.values.map { $0 == HivePath.nullValue ? nil : $0 }))
    }
    return all
  }

  private func found(_ location: String, _ values: [String?]) async throws -> Found {
    guard var place = LakePath(location) else {
      throw CatalogError.invalidInput("The table's location is not an S3 path: \(location)")
    }
    if !place.key.isEmpty, !place.key.hasSuffix("/") { place.key += "/" }
    var found = Found(partition: .init(values: values, files: []), files: [])
    let (bucket, prefix) = (place.bucket, place.key)
    try await objects.visit(place) { object in
      guard let key = object.key, let bytes = object.size, bytes > 0, !HivePath.isHidden(key, below: prefix) else {
        return true
      }
      found.partition.files.append(
        .init(path: LakePath(bucket: bucket, key: key), bytes: bytes, tag: object.eTag ?? ""))
      found.files.append(QualityObjects.file(bucket, key, object))
      return true
    }
    return found
  }

  // MARK: Parquet of a job

  /// What lies below a prefix, as Parquet; the data of a job that looks at it.
  func parquet(_ path: String) async throws -> QualityDataset {
    let found = try await found(path, [])
    guard !found.partition.files.isEmpty else {
      throw CatalogError.invalidInput("There is no Parquet below \(path).")
    }
    let list = found.partition.files.map { DuckDBText.string($0.path.pattern) }.joined(separator: ", ")
    let relation = "read_parquet([\(list)], union_by_name = true, hive_partitioning = false)"
    let described = try await engine.rows("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM \(relation))")
    return QualityDataset(
      relation: relation, columns: described.compactMap(QualityDataset.Column.init), files: found.files)
  }
}

extension QualityDataset.Column {
  /// A row of DESCRIBE.
  fileprivate init?(_ row: [QualityValue]) {
    guard row.count == 2, case .text(let name) = row[0], case .text(let type) = row[1] else { return nil }
    self.init(name, type)
  }
}
