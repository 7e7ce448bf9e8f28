import GlueModel
import Kernel
import Lake
import S3Model
import SQL

extension HiveStatements {
  /// Partitions that Glue takes in one call. Source: `BatchCreatePartition`.
  static let partitionsPerCall = 100
  /// Partitions that one call deletes. Source: `BatchDeletePartition`.
  static let deletedPerCall = 25

  func add(_ partitions: [PartitionLocation], to table: Table, ifNotExists: Bool) async throws -> TextResult {
    let inputs = try partitions.map { partition in
      let values = try values(of: partition.specification, table)
      return Self.input(values, at: partition.location ?? Self.location(values, table), table)
    }
    try await create(inputs, in: table, ifNotExists: ifNotExists)
    return .nothing
  }

  /// A partition that Glue did not take.
  struct PartitionRefused: Error {
    var code: String
    var message: String
    var values: [String]
  }

  private func create(_ inputs: [PartitionInput], in table: Table, ifNotExists: Bool) async throws {
    do {
      try await createPartitions(inputs, table.databaseName ?? job.database, table.name, ifNotExists: ifNotExists)
    } catch let refused as PartitionRefused {
      throw QueryFailure(
        "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
          + "\(refused.code)(message:\(refused.message) \(refused.values))")
    }
  }

  /// Adds partitions, all of them or, when Glue refuses one, none.
  /// - Parameter ifNotExists: those that exist already are left as they are.
  /// - Throws: `PartitionRefused`, or what Glue throws.
  func createPartitions(_ inputs: [PartitionInput], _ database: String, _ table: String, ifNotExists: Bool)
    async throws
  {
    var made: [[String]] = []
    do {
      for start in stride(from: 0, to: inputs.count, by: Self.partitionsPerCall) {
        let batch = Array(inputs[start..<min(start + Self.partitionsPerCall, inputs.count)])
        let answer = try await glue.batchCreatePartition(
          BatchCreatePartitionInput(databaseName: database, tableName: table, partitionInputList: batch), job.context)
        let failed = answer.errors ?? []
        let refused = Set(failed.compactMap(\.partitionValues))
        made += batch.compactMap(\.values).filter { !refused.contains($0) }
        let reason = failed.first { !ifNotExists || $0.errorDetail?.errorCode != "AlreadyExistsException" }
        if let reason {
          throw PartitionRefused(
            code: reason.errorDetail?.errorCode ?? "", message: reason.errorDetail?.errorMessage ?? "",
            values: reason.partitionValues ?? [])
        }
      }
    } catch {
      // What stands in the way of taking them back too is not told: the first failure is.
      try? await deletePartitions(made, database, table)
      throw error
    }
  }

  private func deletePartitions(_ doomed: [[String]], _ database: String, _ table: String) async throws {
    for start in stride(from: 0, to: doomed.count, by: Self.deletedPerCall) {
      let batch = doomed[start..<min(start + Self.deletedPerCall, doomed.count)]
      _ = try await glue.batchDeletePartition(
        BatchDeletePartitionInput(
          databaseName: database, tableName: table, partitionsToDelete: batch.map { PartitionValueList(values: $0) }),
        job.context)
    }
  }

  func drop(_ specifications: [PartitionSpecification], from table: Table, ifExists: Bool) async throws -> TextResult {
    let keys = (table.partitionKeys ?? []).map { $0.name.lowercased() }
    var doomed: [[String]] = []
    for specification in specifications {
      for value in specification.values where !keys.contains(value.column.key) {
        throw QueryFailure(
          "FAILED: SemanticException [Error 10006]: Partition column \(value.column.key) is not a key of the table")
      }
      var found = false
      try await visitPartitions(of: table) { values in
        guard Self.matches(values, specification, keys) else { return }
        found = true
        doomed.append(values)
      }
      guard found || ifExists else {
        throw QueryFailure("FAILED: SemanticException [Error 10006]: Partition not found \(specification.text)")
      }
    }
    try await deletePartitions(doomed, table.databaseName ?? job.database, table.name)
    return .nothing
  }

  func rename(_ old: PartitionSpecification, to new: PartitionSpecification, of table: Table) async throws -> TextResult
  {
    let (before, after) = (try values(of: old, table), try values(of: new, table))
    let partition = try await partition(before, table)
    var input = Self.input(after, at: partition.storageDescriptor?.location ?? Self.location(before, table), table)
    input.parameters = partition.parameters
    _ = try await glue.updatePartition(
      UpdatePartitionInput(
        databaseName: table.databaseName ?? job.database, tableName: table.name, partitionValueList: before,
        partitionInput: input), job.context)
    return .nothing
  }

  func setLocation(_ location: String, of specification: PartitionSpecification, in table: Table) async throws
    -> TextResult
  {
    let values = try values(of: specification, table)
    let partition = try await partition(values, table)
    var input = Self.input(values, at: location, table)
    input.parameters = partition.parameters
    _ = try await glue.updatePartition(
      UpdatePartitionInput(
        databaseName: table.databaseName ?? job.database, tableName: table.name, partitionValueList: values,
        partitionInput: input), job.context)
    return .nothing
  }

  func showPartitions(_ name: QualifiedName) async throws -> TextResult {
    let table = try await table(name)
    let keys = (table.partitionKeys ?? []).map(\.name)
    guard !keys.isEmpty else {
      throw QueryFailure("FAILED: SemanticException \(place(name).database).\(table.name) is not a partitioned table")
    }
    var lines: [String] = []
    try await visitPartitions(of: table) { values in
      lines.append(HivePath.directory(Array(zip(keys, values.map(Optional.some)))))
    }
    return .strings("partition", lines.sorted())
  }

  /// Adds a partition for each Hive-style folder below the table's location that has none.
  func repair(_ name: QualifiedName) async throws -> TextResult {
    let table = try await table(name)
    let keys = (table.partitionKeys ?? []).map { $0.name.lowercased() }
    guard !keys.isEmpty, let location = table.storageDescriptor?.location,
      let root = ResultLocation.split(location)
    else {
      throw QueryFailure("FAILED: SemanticException Table \(table.name) is not a partitioned table")
    }
    let prefix = root.key.isEmpty || root.key.hasSuffix("/") ? root.key : root.key + "/"
    var known: Set<[String]> = []
    try await visitPartitions(of: table) { known.insert($0) }
    var found: [[String]: String] = [:]
    try await s3.visit(bucket: root.bucket, prefix: prefix, job.context) { object in
      let folders = object.key.map { $0.dropFirst(prefix.count).split(separator: "/").dropLast() } ?? []
      guard folders.count >= keys.count, let values = HivePath.values(Array(folders.prefix(keys.count)), keys: keys),
        !known.contains(values), found[values] == nil
      else { return true }
      found[values] = "s3://\(root.bucket)/\(prefix)\(folders.prefix(keys.count).joined(separator: "/"))/"
      return true
    }
    let missing = found.sorted { $0.value < $1.value }
    try await create(
      missing.map { Self.input($0.key, at: $0.value, table) }, in: table, ifNotExists: true)
    let lines = missing.map { values, _ in
      "Repair: Added partition to metastore \(table.name):"
        + HivePath.directory(Array(zip(keys, values.map(Optional.some))))
    }
    guard !lines.isEmpty else { return .nothing }
    let absent = missing.map { "\(table.name):" + HivePath.directory(Array(zip(keys, $0.key.map(Optional.some)))) }
    return TextResult(
      columns: [TextResult.column("result")],
      lines: ["Partitions not in metastore:\t" + absent.joined(separator: "\t")] + lines)
  }

  // MARK: - What they share

  func visitPartitions(of table: Table, _ visit: ([String]) -> Void) async throws {
    var token: String?
    repeat {
      let page = try await glue.getPartitions(
        GetPartitionsInput(
          databaseName: table.databaseName ?? job.database, tableName: table.name, nextToken: token,
          excludeColumnSchema: true), job.context)
      for partition in page.partitions ?? [] { visit(partition.values ?? []) }
      token = page.nextToken
    } while token != nil
  }

  private func partition(_ values: [String], _ table: Table) async throws -> Partition {
    do {
      let found = try await glue.getPartition(
        GetPartitionInput(
          databaseName: table.databaseName ?? job.database, tableName: table.name, partitionValues: values),
        job.context)
      if let partition = found.partition { return partition }
    } catch let error as AWSError where error.code == "EntityNotFoundException" {}
    throw QueryFailure("FAILED: SemanticException [Error 10006]: Partition not found \(values)")
  }

  /// The values of a specification that must name every key once.
  private func values(of specification: PartitionSpecification, _ table: Table) throws -> [String] {
    let keys = (table.partitionKeys ?? []).map { $0.name.lowercased() }
    guard !keys.isEmpty else {
      throw QueryFailure(
        "FAILED: SemanticException table \(table.name) is not partitioned but partition spec exists: "
          + "\(specification.text)"
      )
    }
    return try keys.map { key in
      guard let value = specification.values.first(where: { $0.column.key == key })?.value,
        specification.values.count == keys.count
      else {
        throw QueryFailure(
          "FAILED: SemanticException partition spec \(specification.text) doesn't contain all (\(keys.count)) "
            + "partition columns"
        )
      }
      return value
    }
  }

  static func input(_ values: [String], at location: String, _ table: Table) -> PartitionInput {
    var storage = table.storageDescriptor ?? StorageDescriptor()
    storage.location = location.hasSuffix("/") ? location : location + "/"
    return PartitionInput(values: values, storageDescriptor: storage, parameters: [:])
  }

  static func location(_ values: [String], _ table: Table) -> String {
    let root = table.storageDescriptor?.location ?? ""
    let keys = (table.partitionKeys ?? []).map { $0.name.lowercased() }
    return (root.hasSuffix("/") ? root : root + "/")
      + HivePath.directory(Array(zip(keys, values.map(Optional.some)))) + "/"
  }

  private static func matches(_ values: [String], _ specification: PartitionSpecification, _ keys: [String]) -> Bool {
    specification.values.allSatisfy { condition in
      guard let index = keys.firstIndex(of: condition.column.key), index < values.count else { return false }
      guard let wanted = condition.value else { return true }
      let (left, right) = (values[index], wanted)
      // Numbers compare as numbers where both are.
      let order: (Bool, Bool) =
        if let a = Double(left), let b = Double(right) { (a < b, a == b) } else { (left < right, left == right) }
      switch condition.comparison {
      case .equal: return order.1
      case .notEqual: return !order.1
      case .less: return order.0
      case .lessOrEqual: return order.0 || order.1
      case .greater: return !order.0 && !order.1
      case .greaterOrEqual: return !order.0
      }
    }
  }
}

extension PartitionSpecification {
  var text: String {
    "(" + values.map { "\($0.column.key)=\($0.value ?? "")" }.joined(separator: ", ") + ")"
  }
}
