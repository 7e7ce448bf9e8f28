import Engine
import Glue
import GlueModel
import Kernel
import Lake
import LakeFiles
import SQL

/// CREATE EXTERNAL TABLE AS and INSERT INTO an external table: rows as new files of the lake, and their partitions.
extension WarehouseSession {
  func createExternalTableAs(
    _ create: RedshiftExternalTable, _ query: Query, _ external: CatalogSchema.External, _ caller: RequestContext,
    name: String
  ) async throws -> SQLOutcome {
    guard let text = create.location else { throw SQLFailure("42601", "LOCATION is missing") }
    var location = try lakePath(text)
    if !location.key.isEmpty, !location.key.hasSuffix("/") { location.key += "/" }
    guard create.columns.isEmpty, create.partitionColumns.isEmpty else {
      throw SQLFailure("42601", "CREATE EXTERNAL TABLE AS takes its columns from its query")
    }
    guard [nil, .named("PARQUET"), .named("TEXTFILE")].contains(create.storage) else {
      throw SQLFailure("42601", "CREATE EXTERNAL TABLE AS supports PARQUET and TEXTFILE only")
    }
    guard try await objects(under: location, for: caller).isEmpty else {
      throw SQLFailure(
        "XX000",
        "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, "
          + "manually removing the target files in S3, or using the ALLOWOVERWRITE option.")
    }
    let glue = try glue()
    guard try await isMissing(name, external, caller) else { throw Self.alreadyExists(name) }
    let (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    let described = try await engine.describe(sql).columns
    let all = try described.map { column in
      ExternalColumn(name: EngineName.unmarked(column.name).lowercased(), type: try Self.hive(column))
    }
    guard Set(all.map(\.name)).count == all.count else {
      throw SQLFailure("42701", "the query of CREATE EXTERNAL TABLE AS has two columns of one name")
    }
    let keys = try create.partitionNames.map { name in
      guard let column = all.first(where: { $0.name == name.key }) else {
        throw SQLFailure("42703", "column \"\(name.key)\" of PARTITIONED BY is not in the query")
      }
      return column
    }
    let columns = all.filter { column in !keys.contains { $0.name == column.name } }
    guard !columns.isEmpty else { throw SQLFailure("42601", "PARTITIONED BY must leave a column to be written") }
    var storage = try ExternalStorage.descriptor(create.rowFormat, create.storage, location: location.description)
    storage.columns = columns.map { Column(name: $0.name, type: $0.type.description) }
    let writer = try ExternalWriter(
      location: location, columns: columns, keys: keys, storage: storage, stem: fileStem())
    let order = (columns + keys).compactMap { column in all.firstIndex { $0.name == column.name } }
    var parameters = Dictionary(create.properties.map { ($0.name, $0.value) }) { $1 }
    parameters["EXTERNAL"] = "TRUE"
    let table = TableInput(
      name: name, owner: user.name, retention: 0, storageDescriptor: storage,
      partitionKeys: keys.map { Column(name: $0.name, type: $0.type.description) }, tableType: "EXTERNAL_TABLE",
      parameters: parameters)
    let count = try await write(
      "SELECT \(order.map { "c\($0)" }.joined(separator: ", ")) FROM (\(sql)) AS q"
        + "(\(all.indices.map { "c\($0)" }.joined(separator: ", ")))", writer, caller
    ) { partitions in
      let making = try await glue.catalog.creation(
        of: table, partitions: Self.inputs(partitions, storage), in: external.database, context: caller)
      return { transaction in
        do {
          try making(transaction)
        } catch let error as AWSError where error.code == "AlreadyExistsException" {
          throw Self.alreadyExists(name)
        } catch let error as AWSError where error.code == "EntityNotFoundException" {
          throw SQLFailure("3D000", "external database \"\(external.database)\" does not exist")
        }
      }
    }
    warehouse.history.note(rows: count, of: queryID)
    return .done(tag: "CREATE EXTERNAL TABLE")
  }

  /// - Returns: the rows that were written.
  func insertExternal(_ query: Query, columns given: [Identifier]?, into name: QualifiedName) async throws -> Int {
    guard !isInBlock else {
      throw SQLFailure("25001", "INSERT into an external table cannot run inside a transaction block")
    }
    guard given == nil else {
      throw SQLFailure("0A000", "INSERT into an external table with a column list is not supported")
    }
    let (schema, tableName) = try externalSchema(name)
    let (external, caller) = try await caller(of: schema)
    let table = try await glueTable(tableName, external, caller)
    guard let storage = table.storageDescriptor, let location = storage.location else {
      throw SQLFailure("XX000", "external table \"\(table.name)\" has no location")
    }
    var path = try lakePath(location)
    if !path.key.isEmpty, !path.key.hasSuffix("/") { path.key += "/" }
    let columns = try Self.externalColumns(storage.columns ?? [])
    let keys = try Self.externalColumns(table.partitionKeys ?? [])
    let writer = try ExternalWriter(location: path, columns: columns, keys: keys, storage: storage, stem: fileStem())
    let (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    let described = try await engine.describe(sql).columns.count
    guard described == columns.count + keys.count else {
      throw SQLFailure(
        "42601",
        "INSERT has \(described < columns.count + keys.count ? "fewer" : "more") expressions than the external table "
          + "\"\(schema.name).\(table.name)\" has columns")
    }
    let glue = try glue()
    return try await write(sql, writer, caller) { partitions in
      try await glue.catalog.addition(
        of: Self.inputs(partitions, storage), to: table.name, in: external.database, context: caller)
    }
  }

  /// Writes the rows of `sql`, and makes the files visible in the step in which the catalog hears of them.
  /// - Parameter registering: what the catalog is to keep, once it is known in which partitions the files lie.
  private func write(
    _ sql: String, _ writer: ExternalWriter, _ caller: RequestContext,
    registering: ([ExternalWriter.Partition]) async throws -> CatalogStep
  ) async throws -> Int {
    engine.act(as: caller)
    engine.shape(writer.output)
    defer {
      engine.shape(LakeOutput())
      engine.act(as: warehouse.serviceContext)
    }
    do {
      let count = try await changed(writer.statement(for: sql))
      let paths = engine.finishedPaths
      let bytes = paths.reduce(0) { $0 + (engine.bytes(of: $1) ?? 0) }
      let step = try await registering(writer.partitions(of: paths))
      try await engine.commitWrites(LakePublication(alongside: step))
      warehouse.history.note(queryID) { $0.bytesWritten = bytes }
      return count
    } catch {
      engine.abortWrites()
      throw error
    }
  }

  private static func inputs(_ partitions: [ExternalWriter.Partition], _ storage: StorageDescriptor) -> [PartitionInput]
  {
    partitions.map { partition in
      var own = storage
      own.location = partition.location
      return PartitionInput(values: partition.values, storageDescriptor: own, parameters: [:])
    }
  }

  private func isMissing(
    _ name: String, _ external: CatalogSchema.External, _ caller: RequestContext
  ) async throws -> Bool {
    do {
      _ = try await glue().getTable(GetTableInput(databaseName: external.database, name: name), caller)
      return false
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      return true
    }
  }

  /// `20200303_004509_810669_1007`: Redshift's names begin with the time and the query.
  private func fileStem() -> String {
    let time = CivilTime(warehouse.ground.clock.now())
    func padded(_ value: Int, _ digits: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    return "\(padded(time.year, 4))\(padded(time.month, 2))\(padded(time.day, 2))_"
      + "\(padded(time.hour, 2))\(padded(time.minute, 2))\(padded(time.second, 2))_"
      + "\(padded(time.nanosecond / 1_000, 6))_\(queryID)"
  }

  static func externalColumns(_ columns: [Column]) throws -> [ExternalColumn] {
    try hiveColumns(columns).map { ExternalColumn(name: $0.name, type: $0.type) }
  }

  private static func hive(_ column: QueryResult.Column) throws -> HiveType {
    switch column.type.redshift {
    case .smallint: return .smallint
    case .integer: return .int
    case .bigint: return .bigint
    case .decimal(let precision, let scale): return .decimal(precision: precision, scale: scale)
    case .real: return .float
    case .double: return .double
    case .boolean: return .boolean
    case .char(let length): return .char(length: length)
    case .varchar(let length): return .varchar(length: length)
    case .date: return .date
    case .timestamp: return .timestamp
    case .varbyte: return .binary
    case let type:
      throw SQLFailure("0A000", "column \"\(column.name)\" has the type \(type), which external tables do not have")
    }
  }
}

struct ExternalColumn: Hashable, Sendable {
  var name: String
  var type: HiveType
}

/// How rows become files of an external table.
struct ExternalWriter {
  struct Partition: Hashable, Sendable {
    var values: [String]
    var location: String
  }

  private let location: LakePath
  private let columns: [ExternalColumn]
  private let keys: [ExternalColumn]
  private let stem: String
  /// The field's delimiter and what escapes it, of text; `nil` for Parquet.
  private let text: (delimiter: String, escape: String?, null: String)?
  /// Where the engine writes; `output` gives the objects their names.
  private static let folder = "external"

  init(
    location: LakePath, columns: [ExternalColumn], keys: [ExternalColumn], storage: StorageDescriptor, stem: String
  ) throws {
    self.location = location
    self.columns = columns
    self.keys = keys
    self.stem = stem
    let serde = storage.serdeInfo
    switch serde?.serializationLibrary {
    case "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": text = nil
    case "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe":
      let parameters = serde?.parameters ?? [:]
      let delimiter = parameters["field.delim"].map(CopyOptions.unescaped) ?? "\u{1}"
      text = (delimiter, parameters["escape.delim"], parameters["serialization.null.format"] ?? "\\N")
    case let other:
      throw SQLFailure("0A000", "external tables of \(other ?? "no SerDe") cannot be written; PARQUET and TEXTFILE can")
    }
  }

  /// - Parameter sql: gives the columns and then the keys.
  func statement(for sql: String) -> String {
    let all = columns + keys
    let names = all.indices.map { "v\($0)" }.joined(separator: ", ")
    let values = all.enumerated().map { index, column in "CAST(v\(index) AS \(column.type.duckDBName))" }
    let partitioned = keys.enumerated().map { index, key in
      "\(values[columns.count + index]) AS \(DuckDBText.identifier(key.name))"
    }
    var items: [String]
    var options: [String]
    if let text {
      let fields = columns.indices.map { index -> String in
        var field = "CAST(\(values[index]) AS VARCHAR)"
        if columns[index].type == .boolean { field = "lower(\(field))" }
        if let escape = text.escape {
          for mark in [escape, text.delimiter] {
            field = "replace(\(field), \(DuckDBText.string(mark)), \(DuckDBText.string(escape + mark)))"
          }
        }
        return "coalesce(\(field), \(DuckDBText.string(text.null)))"
      }
      items = ["\(fields.joined(separator: " || \(DuckDBText.string(text.delimiter)) || ")) AS line"]
      // Lines are whole already: the delimiter is one that nothing has.
      options = ["FORMAT csv", "HEADER false", "DELIMITER \(DuckDBText.string("\u{2}"))", "QUOTE ''", "ESCAPE ''"]
    } else {
      items = columns.enumerated().map { "\(values[$0]) AS \(DuckDBText.identifier($1.name))" }
      options = ["FORMAT parquet", "COMPRESSION snappy"]
    }
    items += partitioned
    var target = "s3://\(location.bucket)/\(Self.folder)/part_0"
    if !keys.isEmpty {
      let list = keys.map { DuckDBText.identifier($0.name) }.joined(separator: ", ")
      options += ["PARTITION_BY (\(list))", "FILENAME_PATTERN 'part_{i}'", "OVERWRITE_OR_IGNORE true"]
      target = "s3://\(location.bucket)/\(Self.folder)"
    }
    return "COPY (SELECT \(items.joined(separator: ", ")) FROM (\(sql)) AS v(\(names))) TO "
      + "\(DuckDBText.string(target)) (\(options.joined(separator: ", ")))"
  }

  var output: LakeOutput {
    let (location, stem, folder) = (location, stem, Self.folder + "/")
    let ending = text == nil ? ".parquet" : ""
    return LakeOutput { path in
      guard path.key.hasPrefix(folder) else { return path }
      var levels = path.key.dropFirst(folder.count).split(separator: "/", omittingEmptySubsequences: false)
      let last = levels.popLast() ?? ""
      let part = String(last.drop { !$0.isNumber }.prefix { $0.isNumber })
      let number = part.count < 2 ? "0" + part : part
      let between = levels.isEmpty ? "" : levels.joined(separator: "/") + "/"
      return LakePath(
        bucket: location.bucket, key: "\(location.key)\(between)\(stem)_0000_part_\(number)\(ending)")
    }
  }

  /// The partitions that files lie in.
  func partitions(of paths: [LakePath]) -> [Partition] {
    guard !keys.isEmpty else { return [] }
    var found: Set<Partition> = []
    for path in paths {
      let folders = path.key.dropFirst(location.key.count).split(separator: "/").dropLast()
      guard let values = HivePath.values(Array(folders), keys: keys.map(\.name)) else { continue }
      let place = "s3://\(location.bucket)/\(location.key)\(folders.joined(separator: "/"))/"
      found.insert(Partition(values: values, location: place))
    }
    return found.sorted { $0.location < $1.location }
  }
}
