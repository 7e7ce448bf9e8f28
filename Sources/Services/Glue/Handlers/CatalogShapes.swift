import GlueModel
import Kernel

// The catalog's records as Glue's shapes, and back.

extension CatalogColumn {
  init(_ shape: Column) {
    self.init(name: shape.name, type: shape.type, comment: shape.comment, parameters: shape.parameters)
  }
  var shape: Column { Column(name: name, type: type, comment: comment, parameters: parameters) }
}

extension StorageDescription {
  init(_ shape: StorageDescriptor) {
    self.init(
      columns: (shape.columns ?? []).map(CatalogColumn.init), location: shape.location,
      additionalLocations: shape.additionalLocations, inputFormat: shape.inputFormat,
      outputFormat: shape.outputFormat, compressed: shape.compressed ?? false,
      numberOfBuckets: shape.numberOfBuckets ?? 0,
      serDe: shape.serdeInfo.map {
        SerDe(name: $0.name, library: $0.serializationLibrary, parameters: $0.parameters)
      },
      bucketColumns: shape.bucketColumns,
      sortColumns: shape.sortColumns?.map { SortColumn(column: $0.column, order: $0.sortOrder) },
      parameters: shape.parameters,
      skew: shape.skewedInfo.map {
        Skew(
          columns: $0.skewedColumnNames, values: $0.skewedColumnValues, locations: $0.skewedColumnValueLocationMaps)
      },
      storedAsSubDirectories: shape.storedAsSubDirectories ?? false,
      schemaSource: shape.schemaReference.map {
        SchemaSource(
          schemaARN: $0.schemaId?.schemaArn, schemaName: $0.schemaId?.schemaName,
          registryName: $0.schemaId?.registryName, versionID: $0.schemaVersionId,
          versionNumber: $0.schemaVersionNumber)
      })
  }

  /// - Parameter columns: whether to name the columns (`ExcludeColumnSchema`).
  func shape(columns: Bool = true) -> StorageDescriptor {
    StorageDescriptor(
      columns: columns ? self.columns.map(\.shape) : nil, location: location,
      additionalLocations: additionalLocations, inputFormat: inputFormat, outputFormat: outputFormat,
      compressed: compressed, numberOfBuckets: numberOfBuckets,
      serdeInfo: serDe.map {
        SerDeInfo(name: $0.name, serializationLibrary: $0.library, parameters: $0.parameters)
      },
      bucketColumns: bucketColumns,
      sortColumns: (sortColumns ?? []).map { Order(column: $0.column, sortOrder: $0.order) },
      parameters: parameters,
      skewedInfo: skew.map {
        SkewedInfo(
          skewedColumnNames: $0.columns, skewedColumnValues: $0.values, skewedColumnValueLocationMaps: $0.locations)
      },
      storedAsSubDirectories: storedAsSubDirectories, schemaReference: schemaSource.map(\.shape))
  }
}

extension StorageDescription.SchemaSource {
  fileprivate var shape: SchemaReference {
    let named = schemaARN != nil || schemaName != nil || registryName != nil
    return SchemaReference(
      schemaId: named ? SchemaId(schemaArn: schemaARN, schemaName: schemaName, registryName: registryName) : nil,
      schemaVersionId: versionID, schemaVersionNumber: versionNumber)
  }
}

extension TableDefinition {
  /// - Throws: not-implemented for views in several dialects.
  init(_ shape: TableInput) throws {
    guard shape.viewDefinition == nil else {
      throw AWSError.notImplemented(service: "Glue", operation: "CreateTable with a ViewDefinition")
    }
    self.init(
      name: shape.name, description: shape.description, owner: shape.owner, lastAccessTime: shape.lastAccessTime,
      lastAnalyzedTime: shape.lastAnalyzedTime, retention: shape.retention ?? 0,
      storage: shape.storageDescriptor.map(StorageDescription.init),
      partitionKeys: (shape.partitionKeys ?? []).map(CatalogColumn.init), viewOriginalText: shape.viewOriginalText,
      viewExpandedText: shape.viewExpandedText, tableType: shape.tableType, parameters: shape.parameters,
      target: shape.targetTable.map {
        CatalogLink(catalogID: $0.catalogId, database: $0.databaseName, table: $0.name, region: $0.region)
      })
  }
}

extension CatalogTable {
  func shape(_ context: RequestContext) -> Table {
    Table(
      name: definition.name, databaseName: database, description: definition.description, owner: definition.owner,
      createTime: createTime, updateTime: updateTime, lastAccessTime: definition.lastAccessTime,
      lastAnalyzedTime: definition.lastAnalyzedTime, retention: definition.retention,
      storageDescriptor: definition.storage?.shape(), partitionKeys: definition.partitionKeys.map(\.shape),
      viewOriginalText: definition.viewOriginalText, viewExpandedText: definition.viewExpandedText,
      tableType: definition.tableType, parameters: definition.parameters, createdBy: createdBy,
      isRegisteredWithLakeFormation: false,
      targetTable: definition.target.map {
        TableIdentifier(catalogId: $0.catalogID, databaseName: $0.database, name: $0.table, region: $0.region)
      },
      catalogId: context.account.digits, versionId: String(version), isMultiDialectView: false)
  }
}

extension DatabaseDefinition {
  /// - Throws: not-implemented for federated databases.
  init(_ shape: DatabaseInput) throws {
    guard shape.federatedDatabase == nil else {
      throw AWSError.notImplemented(service: "Glue", operation: "CreateDatabase with a FederatedDatabase")
    }
    self.init(
      name: shape.name, description: shape.description, locationURI: shape.locationUri, parameters: shape.parameters,
      tableDefaults: shape.createTableDefaultPermissions?.map {
        DefaultPermission(
          principal: $0.principal?.dataLakePrincipalIdentifier, permissions: ($0.permissions ?? []).map(\.rawValue))
      },
      target: shape.targetDatabase.map {
        CatalogLink(catalogID: $0.catalogId, database: $0.databaseName, region: $0.region)
      })
  }
}

extension CatalogDatabase {
  /// What a new database grants when its maker says nothing, as in an account that has not changed Lake Formation's
  /// settings.
  private static let defaults = [DefaultPermission(principal: "IAM_ALLOWED_PRINCIPALS", permissions: ["ALL"])]

  func shape(_ context: RequestContext) -> Database {
    Database(
      name: definition.name, description: definition.description, locationUri: definition.locationURI,
      parameters: definition.parameters, createTime: createTime,
      createTableDefaultPermissions: (definition.tableDefaults ?? Self.defaults).map {
        PrincipalPermissions(
          principal: $0.principal.map { DataLakePrincipal(dataLakePrincipalIdentifier: $0) },
          permissions: $0.permissions.map(Permission.init(rawValue:)))
      },
      targetDatabase: definition.target.map {
        DatabaseIdentifier(catalogId: $0.catalogID, databaseName: $0.database, region: $0.region)
      },
      catalogId: context.account.digits)
  }
}

extension CatalogPartition {
  init(_ shape: PartitionInput) {
    self.init(
      values: shape.values ?? [], storage: shape.storageDescriptor.map(StorageDescription.init),
      parameters: shape.parameters, lastAccessTime: shape.lastAccessTime, lastAnalyzedTime: shape.lastAnalyzedTime)
  }

  func shape(table: String, database: String, columns: Bool = true, _ context: RequestContext) -> Partition {
    Partition(
      values: values, databaseName: GlueCatalog.fold(database), tableName: GlueCatalog.fold(table),
      creationTime: creationTime, lastAccessTime: lastAccessTime, storageDescriptor: storage?.shape(columns: columns),
      parameters: parameters, lastAnalyzedTime: lastAnalyzedTime, catalogId: context.account.digits)
  }
}

extension ErrorDetail {
  init(_ error: AWSError) { self.init(errorCode: error.code, errorMessage: error.message) }
}
