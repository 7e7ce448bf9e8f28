public import GlueModel
public import Kernel
import NIOCore

extension GlueService {
  public func getColumnStatisticsForTable(
    _ input: GetColumnStatisticsForTableInput, _ context: RequestContext
  ) async throws -> GetColumnStatisticsForTableOutput {
    try check(catalog: input.catalogId, context)
    let found = try await catalog.columnStatistics(
      input.columnNames, of: input.tableName, in: input.databaseName, context: context)
    return GetColumnStatisticsForTableOutput(
      columnStatisticsList: found.map(\.shape), errors: Self.missing(input.columnNames, found))
  }

  public func getColumnStatisticsForPartition(
    _ input: GetColumnStatisticsForPartitionInput, _ context: RequestContext
  ) async throws -> GetColumnStatisticsForPartitionOutput {
    try check(catalog: input.catalogId, context)
    let found = try await catalog.columnStatistics(
      input.columnNames, of: input.tableName, in: input.databaseName, partition: input.partitionValues,
      context: context)
    return GetColumnStatisticsForPartitionOutput(
      columnStatisticsList: found.map(\.shape), errors: Self.missing(input.columnNames, found))
  }

  private static func missing(_ wanted: [String], _ found: [ColumnStatisticsRecord]) -> [ColumnError] {
    let known = Set(found.map { GlueCatalog.fold($0.column) })
    return wanted.filter { !known.contains(GlueCatalog.fold($0)) }.map {
      ColumnError(
        columnName: $0, error: ErrorDetail(CatalogError.entityNotFound("Column statistics for column \($0) not found."))
      )
    }
  }

  public func updateColumnStatisticsForTable(
    _ input: UpdateColumnStatisticsForTableInput, _ context: RequestContext
  ) async throws -> UpdateColumnStatisticsForTableOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.updateColumnStatistics(
      input.columnStatisticsList.map(ColumnStatisticsRecord.init), of: input.tableName, in: input.databaseName,
      context: context)
    return UpdateColumnStatisticsForTableOutput(
      errors: failures.map {
        ColumnStatisticsError(columnStatistics: $0.statistics.shape, error: ErrorDetail($0.error))
      })
  }

  public func updateColumnStatisticsForPartition(
    _ input: UpdateColumnStatisticsForPartitionInput, _ context: RequestContext
  ) async throws -> UpdateColumnStatisticsForPartitionOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.updateColumnStatistics(
      input.columnStatisticsList.map(ColumnStatisticsRecord.init), of: input.tableName, in: input.databaseName,
      partition: input.partitionValues, context: context)
    return UpdateColumnStatisticsForPartitionOutput(
      errors: failures.map {
        ColumnStatisticsError(columnStatistics: $0.statistics.shape, error: ErrorDetail($0.error))
      })
  }

  public func deleteColumnStatisticsForTable(
    _ input: DeleteColumnStatisticsForTableInput, _ context: RequestContext
  ) async throws -> DeleteColumnStatisticsForTableOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.deleteColumnStatistics(
      input.columnName, of: input.tableName, in: input.databaseName, context: context)
    return DeleteColumnStatisticsForTableOutput()
  }

  public func deleteColumnStatisticsForPartition(
    _ input: DeleteColumnStatisticsForPartitionInput, _ context: RequestContext
  ) async throws -> DeleteColumnStatisticsForPartitionOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.deleteColumnStatistics(
      input.columnName, of: input.tableName, in: input.databaseName, partition: input.partitionValues,
      context: context)
    return DeleteColumnStatisticsForPartitionOutput()
  }
}

extension ColumnStatisticsRecord {
  /// - Throws: `InvalidInputException` when the data is not of the type named.
  init(_ shape: ColumnStatistics) throws {
    let data = shape.statisticsData
    let values: Values? =
      switch data.type {
      case .boolean:
        data.booleanColumnStatisticsData.map {
          .boolean(trues: $0.numberOfTrues, falses: $0.numberOfFalses, nulls: $0.numberOfNulls)
        }
      case .date:
        data.dateColumnStatisticsData.map {
          .date(
            least: $0.minimumValue, greatest: $0.maximumValue, nulls: $0.numberOfNulls,
            distinct: $0.numberOfDistinctValues)
        }
      case .decimal:
        data.decimalColumnStatisticsData.map {
          .decimal(
            least: $0.minimumValue.map(Decimal.init), greatest: $0.maximumValue.map(Decimal.init),
            nulls: $0.numberOfNulls, distinct: $0.numberOfDistinctValues)
        }
      case .double:
        data.doubleColumnStatisticsData.map {
          .double(
            least: $0.minimumValue, greatest: $0.maximumValue, nulls: $0.numberOfNulls,
            distinct: $0.numberOfDistinctValues)
        }
      case .long:
        data.longColumnStatisticsData.map {
          .long(
            least: $0.minimumValue, greatest: $0.maximumValue, nulls: $0.numberOfNulls,
            distinct: $0.numberOfDistinctValues)
        }
      case .string:
        data.stringColumnStatisticsData.map {
          .string(
            longest: $0.maximumLength, averageLength: $0.averageLength, nulls: $0.numberOfNulls,
            distinct: $0.numberOfDistinctValues)
        }
      case .binary:
        data.binaryColumnStatisticsData.map {
          .binary(longest: $0.maximumLength, averageLength: $0.averageLength, nulls: $0.numberOfNulls)
        }
      default: nil
      }
    guard let values else {
      throw CatalogError.invalidInput("Statistics data of column \(shape.columnName) do not fit the type \(data.type).")
    }
    self.init(
      column: shape.columnName, type: shape.columnType, analyzedTime: shape.analyzedTime, values: values)
  }

  var shape: ColumnStatistics {
    ColumnStatistics(
      columnName: column, columnType: type, analyzedTime: analyzedTime, statisticsData: values.shape)
  }
}

extension ColumnStatisticsRecord.Decimal {
  init(_ shape: DecimalNumber) {
    self.init(unscaled: Array(shape.unscaledValue.readableBytesView), scale: shape.scale)
  }
  var shape: DecimalNumber { DecimalNumber(unscaledValue: ByteBuffer(bytes: unscaled), scale: scale) }
}

extension ColumnStatisticsRecord.Values {
  fileprivate var shape: ColumnStatisticsData {
    switch self {
    case .boolean(let trues, let falses, let nulls):
      ColumnStatisticsData(
        type: .boolean,
        booleanColumnStatisticsData: .init(numberOfTrues: trues, numberOfFalses: falses, numberOfNulls: nulls))
    case .date(let least, let greatest, let nulls, let distinct):
      ColumnStatisticsData(
        type: .date,
        dateColumnStatisticsData: .init(
          minimumValue: least, maximumValue: greatest, numberOfNulls: nulls, numberOfDistinctValues: distinct))
    case .decimal(let least, let greatest, let nulls, let distinct):
      ColumnStatisticsData(
        type: .decimal,
        decimalColumnStatisticsData: .init(
          minimumValue: least?.shape, maximumValue: greatest?.shape, numberOfNulls: nulls,
          numberOfDistinctValues: distinct))
    case .double(let least, let greatest, let nulls, let distinct):
      ColumnStatisticsData(
        type: .double,
        doubleColumnStatisticsData: .init(
          minimumValue: least, maximumValue: greatest, numberOfNulls: nulls, numberOfDistinctValues: distinct))
    case .long(let least, let greatest, let nulls, let distinct):
      ColumnStatisticsData(
        type: .long,
        longColumnStatisticsData: .init(
          minimumValue: least, maximumValue: greatest, numberOfNulls: nulls, numberOfDistinctValues: distinct))
    case .string(let longest, let average, let nulls, let distinct):
      ColumnStatisticsData(
        type: .string,
        stringColumnStatisticsData: .init(
          maximumLength: longest, averageLength: average, numberOfNulls: nulls, numberOfDistinctValues: distinct))
    case .binary(let longest, let average, let nulls):
      ColumnStatisticsData(
        type: .binary,
        binaryColumnStatisticsData: .init(maximumLength: longest, averageLength: average, numberOfNulls: nulls))
    }
  }
}
