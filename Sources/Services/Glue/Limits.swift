/// The service's limits, each with its source.
package enum Limits {
  // Schema Registry: "Quotas", AWS Glue developer guide, and the API's model.
  /// Bytes of a schema definition.
  package static let schemaDefinitionBytesMax = 170_000
  /// Versions of one schema.
  package static let schemaVersionsMax = 10_000
  /// Registries of an account in a region.
  package static let registriesMax = 100
  /// Key and value pairs of one schema version.
  package static let schemaVersionMetadataMax = 10
  /// Schema versions named in one `DeleteSchemaVersions`.
  package static let schemaVersionsPerDeleteMax = 25
  /// Tags of one resource.
  package static let tagsMax = 50

  // Our own: how often a version is compared anew because another came first, and what a definition may cost us.
  package static let registerAttemptsMax = 10
  /// Arrays and objects of a definition that stand in one another.
  package static let schemaDepthMax = 100
  /// Comparisons of one compatibility check; past it two schemas count as incompatible.
  package static let compatibilityStepsMax = 20_000
  /// Levels of an instance that a compatibility check follows.
  package static let compatibilityDepthMax = 100

  // Protocol Buffers: what its compiler, protoc, allows, and our own for full names.
  /// Messages that stand in one another.
  package static let protobufNestingMax = 32
  /// Parts and bytes of a package's name.
  package static let protobufPackagePartsMax = 100
  package static let protobufPackageBytesMax = 511
  /// Bytes of the full name of anything declared.
  package static let protobufNameBytesMax = 1_024
}

extension Limits {
  // Records that name their schema version. Our own: what a small record may grow to.
  /// Bytes of a record after decompression.
  package static let recordBytesMax = 10 * 1024 * 1024
  /// Values in one record: blocks of values that take no bytes could be counted without end.
  package static let recordValuesMax = 1_000_000
  /// Values of a record that stand in one another.
  package static let recordDepthMax = 100
}

extension Limits {
  // Data catalog: "AWS Glue endpoints and quotas", and the API's reference.
  /// Partition indexes of a table.
  package static let partitionIndexesMax = 3
  /// Databases or tables of one answer when the caller names no number.
  package static let entriesPerPage = 100
  /// Partitions of one answer.
  package static let partitionsPerPageMax = 1_000
}

extension Limits {
  /// Levels of a schema that become nested column types; what lies deeper stays text.
  package static let schemaColumnDepthMax = 16
  /// Types within the columns of one schema; what goes beyond stays text.
  package static let schemaColumnTypesMax = 5_000
  /// Digits of Hive's decimal.
  package static let decimalPrecisionMax = 38
}
