import Engine
import Glue
import GlueModel
import Kernel
import Lake
import LakeFiles
import SQL

/// Spectrum: schemas whose tables are Glue's and whose rows lie in the lake.
extension WarehouseSession {
  func glue() throws -> GlueService {
    guard let glue = warehouse.ground.glue else {
      throw SQLFailure("0A000", "there is no data catalog here")
    }
    return glue
  }

  // MARK: Schemas

  func createExternalSchema(_ create: RedshiftExternalSchema) async throws {
    guard create.source == .dataCatalog || create.source == .kinesis else {
      throw SQLFailure("0A000", "external schemas of this kind are not implemented by Tarn yet")
    }
    let name = create.name.key
    if catalog.schema(name, in: database.id) != nil || SystemViews.schemas.contains(name) {
      guard create.ifNotExists else { throw SQLFailure("42P06", "schema \"\(name)\" already exists") }
      notice("INFO", "42P06", "Schema \"\(name)\" already exists and will be skipped")
      return
    }
    guard
      rights.may("CREATE", on: catalog.databases[database.id] ?? database) || rights.has(permission: "CREATE SCHEMA")
    else {
      throw SQLFailure("42501", "permission denied for database \(database.name)")
    }
    if create.source == .kinesis {
      guard let role = create.role else { throw SQLFailure("42601", "IAM_ROLE is missing") }
      _ = try await context(forRole: role)
      return try await put(
        CatalogSchema(
          id: warehouse.newID(), database: database.id, name: name, owner: user.id,
          external: CatalogSchema.External(source: "kinesis", database: "", role: role, region: create.region)))
    }
    guard let target = create.database else { throw SQLFailure("42601", "the external database's name is missing") }
    guard let role = create.role else { throw SQLFailure("42601", "IAM_ROLE is missing") }
    let caller = try await context(forRole: role)
    let glue = try glue()
    do {
      _ = try await glue.getDatabase(GetDatabaseInput(name: target), caller)
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      // As in Redshift: the schema may point at a database that comes later.
      if create.createExternalDatabase {
        _ = try await glue.createDatabase(
          CreateDatabaseInput(databaseInput: DatabaseInput(name: target.lowercased())), caller)
        notice("INFO", "00000", "External database \"\(target)\" created")
      }
    }
    try await put(
      CatalogSchema(
        id: warehouse.newID(), database: database.id, name: name, owner: user.id,
        external: CatalogSchema.External(
          source: "data catalog", database: target.lowercased(), role: role, region: create.region,
          catalogID: create.catalogID)))
  }

  /// Whom a schema's tables are asked for as.
  func caller(of schema: CatalogSchema) async throws -> (
    external: CatalogSchema.External, caller: RequestContext
  ) {
    guard let external = schema.external, let role = external.role else {
      throw SQLFailure("XX000", "schema \"\(schema.name)\" is not external")
    }
    return (external, try await context(forRole: role))
  }

  // MARK: Reading

  /// A table's files as a relation of the engine; they are read with the schema's role.
  /// - Parameter asked: what the statement asks of the table in each place: partitions that nobody asks for are left
  ///   out before their files are looked for.
  func externalTable(
    _ place: SessionNames.Place, asked: [RedshiftTableCondition]
  ) async throws -> (relation: String, columns: [RedshiftKnownColumn]) {
    guard !warehouse.settings.isSpectrumOff else {
      throw SQLFailure("XX000", "Spectrum usage limit reached: external tables cannot be read until it is raised")
    }
    guard let schema = catalog.schema(place.schema, in: database.id) else {
      throw SQLFailure("3F000", "schema \"\(place.schema)\" does not exist")
    }
    let (external, caller) = try await caller(of: schema)
    lakeRole = external.role
    let table = try await glueTable(place.name, external, caller)
    guard let storage = table.storageDescriptor, let location = storage.location else {
      throw SQLFailure("XX000", "external table \"\(place.name)\" has no location")
    }
    let keys = table.partitionKeys ?? []
    let columns = try Self.hiveColumns(storage.columns ?? [])
    let partitionColumns = try Self.hiveColumns(keys)
    var partitions: [TableScan.Partition] = []
    if keys.isEmpty {
      partitions = [TableScan.Partition(values: [], files: try await scanned(location, caller))]
    } else {
      for partition in try await gluePartitions(table, external, caller) {
        guard let values = partition.values, values.count == keys.count,
          let location = partition.storageDescriptor?.location
        else { continue }
        let found = values.map { $0 == HivePath.nullValue ? nil : $0 }
        let known = zip(partitionColumns, found).map { (name: $0.name, type: $0.type, value: $1) }
        guard asked.contains(where: { $0.mayMatch(known) }) else { continue }
        partitions.append(TableScan.Partition(values: found, files: try await scanned(location, caller)))
      }
    }
    engine.act(as: caller, reading: partitions.flatMap { $0.files.map(\.path) })
    var serdeParameters = storage.serdeInfo?.parameters ?? [:]
    // Spectrum finds ORC's columns by name unless the table says otherwise; Athena has another property, and habit.
    let resolution = table.parameters?["orc.schema.resolution"]?.lowercased() ?? "name"
    serdeParameters["orc.column.index.access"] = resolution == "position" ? "true" : "false"
    let scan = TableScan(
      columns: columns.map { TableScan.Column($0.name, $0.type) },
      partitionColumns: partitionColumns.map { TableScan.Column($0.name, $0.type) },
      serde: storage.serdeInfo?.serializationLibrary ?? "", serdeParameters: serdeParameters,
      inputFormat: storage.inputFormat ?? "", tableParameters: table.parameters ?? [:])
    let relation: String
    do {
      relation = try scan.relation(
        columns: (columns + partitionColumns).map(\.name) + ["$path", "$size"], partitions: partitions)
    } catch {
      throw SQLFailure("XX000", "Spectrum Scan Error: \(error.description)")
    }
    let name = "\(place.schema).\(place.name)"
    warehouse.history.note(queryID) { $0.externalTables.append(name) }
    return (
      relation,
      (columns + partitionColumns).map { RedshiftKnownColumn(name: $0.name, type: Self.redshift($0.type)) }
    )
  }

  func glueTable(
    _ name: String, _ external: CatalogSchema.External, _ caller: RequestContext
  ) async throws -> Table {
    do {
      guard
        let table = try await glue().getTable(GetTableInput(databaseName: external.database, name: name), caller).table
      else { throw SQLFailure("42P01", "relation \"\(name)\" does not exist") }
      return table
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      throw SQLFailure("42P01", "relation \"\(name)\" does not exist in the external database \"\(external.database)\"")
    }
  }

  private func gluePartitions(
    _ table: Table, _ external: CatalogSchema.External, _ caller: RequestContext
  ) async throws -> [Partition] {
    var found: [Partition] = []
    var token: String?
    repeat {
      let page = try await glue().getPartitions(
        GetPartitionsInput(databaseName: external.database, tableName: table.name, nextToken: token), caller)
      found += page.partitions ?? []
      token = page.nextToken
    } while token != nil
    return found
  }

  /// The data files below a location, as Hive sees them.
  private func scanned(_ location: String, _ caller: RequestContext) async throws -> [TableScan.File] {
    var path = try lakePath(location)
    if !path.key.isEmpty, !path.key.hasSuffix("/") { path.key += "/" }
    return try await objects(under: path, for: caller).filter { object in
      object.bytes > 0 && !HivePath.isHidden(object.path.key, below: path.key)
    }.map { TableScan.File(path: $0.path, bytes: $0.bytes) }
  }

  static func hiveColumns(_ columns: [Column]) throws -> [(name: String, type: HiveType)] {
    try columns.map { column in
      do {
        return (column.name.lowercased(), try HiveType.parse(column.type ?? "string"))
      } catch {
        throw SQLFailure("XX000", "external column \"\(column.name)\" has the unknown type \(column.type ?? "")")
      }
    }
  }

  static func redshift(_ type: HiveType) -> RedshiftType {
    switch type.duckDBName {
    case "BOOLEAN": .boolean
    case "TINYINT", "SMALLINT": .smallint
    case "INTEGER": .integer
    case "BIGINT": .bigint
    case "FLOAT": .real
    case "DOUBLE": .double
    case "DATE": .date
    case "BLOB": .varbyte(64_000)
    case let name where name.hasPrefix("TIMESTAMP"): .timestamp
    case let name where name.hasPrefix("DECIMAL"):
      RedshiftType(shown: name.replacing("DECIMAL", with: "numeric")) ?? .double
    case let name where name.hasPrefix("STRUCT") || name.hasPrefix("MAP") || name.hasSuffix("]"): .super
    default: .varcharMax
    }
  }

  // MARK: Writing Glue

  func externalSchema(_ name: QualifiedName) throws -> (CatalogSchema, String) {
    guard name.parts.count >= 2, let last = name.parts.last else {
      throw SQLFailure("42601", "the name of an external table must have a schema")
    }
    let schema = name.parts[name.parts.count - 2].key
    guard let found = catalog.schema(schema, in: database.id) else {
      throw SQLFailure("3F000", "schema \"\(schema)\" does not exist")
    }
    guard found.external != nil else { throw SQLFailure("42809", "schema \"\(schema)\" is not an external schema") }
    guard rights.may("CREATE", on: found) else { throw SQLFailure("42501", "permission denied for schema \(schema)") }
    return (found, last.key)
  }

  func createExternalTable(_ create: RedshiftExternalTable) async throws -> SQLOutcome {
    guard !isInBlock else {
      throw SQLFailure("25001", "CREATE EXTERNAL TABLE cannot run inside a transaction block")
    }
    let (schema, name) = try externalSchema(create.name)
    let (external, caller) = try await caller(of: schema)
    if let query = create.query {
      return try await createExternalTableAs(create, query, external, caller, name: name)
    }
    guard let location = create.location else { throw SQLFailure("42601", "LOCATION is missing") }
    _ = try lakePath(location)
    var parameters = Dictionary(create.properties.map { ($0.name, $0.value) }) { $1 }
    parameters["EXTERNAL"] = "TRUE"
    var storage = try ExternalStorage.descriptor(create.rowFormat, create.storage, location: location)
    storage.columns = create.columns.map { Column(name: $0.name.key, type: $0.type.description, comment: $0.comment) }
    let input = TableInput(
      name: name, owner: user.name, retention: 0, storageDescriptor: storage,
      partitionKeys: create.partitionColumns.map { Column(name: $0.name.key, type: $0.type.description) },
      tableType: "EXTERNAL_TABLE", parameters: parameters)
    do {
      _ = try await glue().createTable(CreateTableInput(databaseName: external.database, tableInput: input), caller)
    } catch let error as AWSError where error.code == "AlreadyExistsException" {
      throw Self.alreadyExists(name)
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      throw SQLFailure("3D000", "external database \"\(external.database)\" does not exist")
    }
    return .done(tag: "CREATE EXTERNAL TABLE")
  }

  func dropExternalTable(_ schema: CatalogSchema, _ table: String, ifExists: Bool) async throws {
    guard rights.owns(schema.owner) else { throw SQLFailure("42501", "permission denied for schema \(schema.name)") }
    let (external, caller) = try await caller(of: schema)
    do {
      _ = try await glue().deleteTable(DeleteTableInput(databaseName: external.database, name: table), caller)
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      guard ifExists else { throw SQLFailure("42P01", "Table \"\(schema.name).\(table)\" does not exist") }
    }
  }

  func alterExternalTable(_ name: QualifiedName, _ change: RedshiftAlterExternalTable) async throws -> SQLOutcome {
    let (schema, tableName) = try externalSchema(name)
    let (external, caller) = try await caller(of: schema)
    let glue = try glue()
    let table = try await glueTable(tableName, external, caller)
    func update(_ body: (inout TableInput) throws -> Void) async throws {
      var input = TableInput(
        name: table.name, description: table.description, owner: table.owner, retention: table.retention,
        storageDescriptor: table.storageDescriptor, partitionKeys: table.partitionKeys, tableType: table.tableType,
        parameters: table.parameters)
      try body(&input)
      _ = try await glue.updateTable(UpdateTableInput(databaseName: external.database, tableInput: input), caller)
    }
    func values(_ given: [RedshiftPartitionValue]) throws -> [String] {
      try (table.partitionKeys ?? []).map { key in
        guard let value = given.first(where: { $0.column.key == key.name.lowercased() }) else {
          throw SQLFailure("42601", "a value for the partition column \"\(key.name)\" is missing")
        }
        return value.value
      }
    }
    switch change {
    case .addPartitions(let partitions, let ifNotExists):
      let inputs = try partitions.map { partition in
        let values = try values(partition.values)
        var storage = table.storageDescriptor
        let base = table.storageDescriptor?.location ?? ""
        let path = zip(table.partitionKeys ?? [], values).map { "\($0.name)=\($1)" }.joined(separator: "/")
        storage?.location = partition.location ?? "\(base.hasSuffix("/") ? base : base + "/")\(path)/"
        return PartitionInput(values: values, storageDescriptor: storage, parameters: [:])
      }
      let answer = try await glue.batchCreatePartition(
        BatchCreatePartitionInput(
          databaseName: external.database, tableName: table.name, partitionInputList: inputs), caller)
      for error in answer.errors ?? [] {
        let exists = error.errorDetail?.errorCode == "AlreadyExistsException"
        if exists, ifNotExists { continue }
        throw SQLFailure(
          exists ? "42710" : "XX000",
          exists ? "Partition already exists." : error.errorDetail?.errorMessage ?? "the partition cannot be added")
      }
    case .dropPartition(let given):
      do {
        _ = try await glue.deletePartition(
          DeletePartitionInput(
            databaseName: external.database, tableName: table.name, partitionValues: try values(given)), caller)
      } catch let error as AWSError where error.code == "EntityNotFoundException" {
        throw SQLFailure("42704", "Partition does not exist.")
      }
    case .setLocation(let location, let partition):
      guard partition.isEmpty else {
        throw SQLFailure("0A000", "SET LOCATION of a partition is not implemented by Tarn yet")
      }
      _ = try lakePath(location)
      try await update { $0.storageDescriptor?.location = location }
    case .setFileFormat(let format):
      try await update { input in
        let fresh = try ExternalStorage.descriptor(nil, format, location: input.storageDescriptor?.location ?? "")
        input.storageDescriptor?.inputFormat = fresh.inputFormat
        input.storageDescriptor?.outputFormat = fresh.outputFormat
        input.storageDescriptor?.serdeInfo = fresh.serdeInfo
      }
    case .setProperties(let properties):
      try await update { input in
        for property in properties {
          input.parameters = (input.parameters ?? [:]).merging([property.name: property.value]) { $1 }
        }
      }
    case .addColumn(let column):
      try await update { input in
        let columns = input.storageDescriptor?.columns ?? []
        input.storageDescriptor?.columns = columns + [Column(name: column.name.key, type: column.type.description)]
      }
    case .dropColumn(let column):
      try await update { $0.storageDescriptor?.columns?.removeAll { $0.name.lowercased() == column.key } }
    }
    return .done(tag: "ALTER TABLE")
  }

  // MARK: What there is

  private func externalGlueTables() async throws -> [(CatalogSchema, CatalogSchema.External, RequestContext, Table)] {
    var found: [(CatalogSchema, CatalogSchema.External, RequestContext, Table)] = []
    for schema in catalog.schemas.values.sorted(by: { $0.id < $1.id })
    where schema.database == database.id && schema.external != nil && rights.may("USAGE", on: schema) {
      // A role or database that is gone must not make the whole catalog unreadable.
      guard let (external, caller) = try? await caller(of: schema) else { continue }
      var token: String?
      repeat {
        guard
          let page = try? await glue().getTables(
            GetTablesInput(databaseName: external.database, nextToken: token), caller)
        else { break }
        for table in page.tableList ?? [] { found.append((schema, external, caller, table)) }
        token = page.nextToken
      } while token != nil
    }
    return found
  }

  func externalTables() async throws -> [ExternalTableInfo] {
    try await externalGlueTables().map { schema, _, _, table in
      let storage = table.storageDescriptor
      let columns =
        (storage?.columns ?? []).map { ExternalTableInfo.Column(name: $0.name, type: $0.type ?? "", partitionKey: 0) }
        + (table.partitionKeys ?? []).enumerated().map {
          ExternalTableInfo.Column(name: $1.name, type: $1.type ?? "", partitionKey: $0 + 1)
        }
      return ExternalTableInfo(
        schema: schema.name, name: table.name, location: storage?.location, inputFormat: storage?.inputFormat,
        outputFormat: storage?.outputFormat, serde: storage?.serdeInfo?.serializationLibrary,
        serdeParameters: Self.json(storage?.serdeInfo?.parameters), parameters: Self.json(table.parameters),
        columns: columns)
    }
  }

  /// Rows of `svv_external_partitions`.
  func externalPartitions() async throws -> [[String?]] {
    var rows: [[String?]] = []
    for (schema, external, caller, table) in try await externalGlueTables() where !(table.partitionKeys ?? []).isEmpty {
      for partition in try await gluePartitions(table, external, caller) {
        let values = "[" + (partition.values ?? []).map(PostgresText.quoted).joined(separator: ",") + "]"
        let storage = partition.storageDescriptor
        rows.append([
          schema.name, table.name, values, storage?.location, storage?.inputFormat, storage?.outputFormat,
          storage?.serdeInfo?.serializationLibrary, Self.json(storage?.serdeInfo?.parameters), "0",
          Self.json(partition.parameters),
        ])
      }
    }
    return rows
  }

  private static func json(_ members: [String: String]?) -> String {
    "{"
      + (members ?? [:]).sorted { $0.key < $1.key }.map {
        PostgresText.quoted($0.key) + ":" + PostgresText.quoted($0.value)
      }.joined(separator: ",") + "}"
  }
}

/// An external table as the catalog's views show it.
struct ExternalTableInfo: Sendable {
  struct Column: Sendable {
    var name: String
    var type: String
    /// Which of the partition keys it is, from 1; 0 for a column of the files.
    var partitionKey: Int
  }
  var schema: String
  var name: String
  var location: String?
  var inputFormat: String?
  var outputFormat: String?
  var serde: String?
  var serdeParameters: String?
  var parameters: String?
  var columns: [Column]
}

/// Hive's classes behind ROW FORMAT and STORED AS.
enum ExternalStorage {
  static func descriptor(
    _ rowFormat: RowFormat?, _ storage: StorageFormat?, location: String
  ) throws -> StorageDescriptor {
    let text = "org.apache.hadoop.mapred.TextInputFormat"
    let textOutput = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
    var (input, output) = (text, textOutput)
    var serde = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
    switch storage {
    case .named("PARQUET"):
      input = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
      output = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
      serde = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    case .named("ORC"):
      input = "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat"
      output = "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat"
      serde = "org.apache.hadoop.hive.ql.io.orc.OrcSerde"
    case .named("AVRO"):
      input = "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat"
      output = "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat"
      serde = "org.apache.hadoop.hive.serde2.avro.AvroSerDe"
    case .named("TEXTFILE"), nil: break
    case .named(let name):
      throw SQLFailure("0A000", "external tables stored as \(name) are not implemented by Tarn yet")
    case .classes(let inputClass, let outputClass): (input, output) = (inputClass, outputClass)
    }
    var parameters: [String: String] = ["serialization.format": "1"]
    switch rowFormat {
    case .serde(let library, let properties):
      serde = library
      for property in properties { parameters[property.name] = property.value }
    case .delimited(let delimiters):
      parameters["field.delim"] = delimiters.fields
      if let fields = delimiters.fields { parameters["serialization.format"] = fields }
      parameters["escape.delim"] = delimiters.escape
      parameters["line.delim"] = delimiters.lines
      parameters["serialization.null.format"] = delimiters.null
    case nil: break
    }
    return StorageDescriptor(
      location: location, inputFormat: input, outputFormat: output, compressed: false, numberOfBuckets: -1,
      serdeInfo: SerDeInfo(serializationLibrary: serde, parameters: parameters))
  }
}
