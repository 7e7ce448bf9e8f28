/// An option of COPY, UNLOAD or the like: its words in upper case, with what follows it.
public struct RedshiftOption: Hashable, Sendable {
  /// `DELIMITER`, `IGNOREHEADER`, `FORMAT`, `NULL`, …; without AS.
  public var name: String
  /// Literals and words that follow, as text.
  public var values: [String]
  public init(_ name: String, _ values: [String] = []) {
    self.name = name
    self.values = values
  }
}

public struct RedshiftCopy: Hashable, Sendable {
  public var table: QualifiedName
  public var columns: [Identifier]?
  /// `s3://…`, `emr://…`, `dynamodb://…`, or an SSH manifest.
  public var source: String
  public var credentials: RedshiftCredentials?
  /// Later ones win. Names: `FORMAT` (values: `CSV`, `PARQUET`, `JSON`, …, then its arguments), `DELIMITER`,
  /// `FIXEDWIDTH`, `GZIP`, `BZIP2`, `LZOP`, `ZSTD`, `MANIFEST`, `ENCRYPTED`, `MASTER_SYMMETRIC_KEY`, `REGION`,
  /// `ACCEPTANYDATE`, `ACCEPTINVCHARS`, `BLANKSASNULL`, `DATEFORMAT`, `EMPTYASNULL`, `ENCODING`, `ESCAPE`,
  /// `EXPLICIT_IDS`, `FILLRECORD`, `IGNOREBLANKLINES`, `IGNOREHEADER`, `NULL`, `QUOTE`, `READRATIO`, `REMOVEQUOTES`,
  /// `ROUNDEC`, `SERIALIZETOJSON`, `TIMEFORMAT`, `TRIMBLANKS`, `TRUNCATECOLUMNS`, `COMPROWS`, `COMPUPDATE`,
  /// `IGNOREALLERRORS`, `MAXERROR`, `NOLOAD`, `STATUPDATE`, `SSH`.
  public var options: [RedshiftOption]

  public func option(_ name: String) -> RedshiftOption? { options.last { $0.name == name } }
}

public struct RedshiftUnload: Hashable, Sendable {
  /// The query's own text, and its tree.
  public var text: String
  public var query: Query
  public var location: String
  public var credentials: RedshiftCredentials?
  /// Names: `FORMAT` (`CSV`, `PARQUET`, `JSON`, `TEXT`), `PARTITION` (the columns; `INCLUDE` first when their values
  /// are written too), `MANIFEST` (`VERBOSE`), `HEADER`, `DELIMITER`, `FIXEDWIDTH`, `ENCRYPTED` (`AUTO`), `KMS_KEY_ID`,
  /// `MASTER_SYMMETRIC_KEY`, `BZIP2`, `GZIP`, `ZSTD`, `ADDQUOTES`, `NULL`, `ESCAPE`, `ALLOWOVERWRITE`, `CLEANPATH`,
  /// `PARALLEL` (`ON`, `OFF`), `MAXFILESIZE` (number, unit), `ROWGROUPSIZE`, `REGION`, `EXTENSION`.
  public var options: [RedshiftOption]

  public func option(_ name: String) -> RedshiftOption? { options.last { $0.name == name } }
}

public enum RedshiftCredentials: Hashable, Sendable {
  /// `IAM_ROLE 'arn'` (chained ones in one string, parted by commas), or `IAM_ROLE default` as `default`.
  case role(String)
  case keys(accessKeyID: String, secretAccessKey: String, sessionToken: String?)
  /// `CREDENTIALS 'aws_iam_role=…'`: its members in lower-case names.
  case string([String: String])
}

public struct RedshiftExternalSchema: Hashable, Sendable {
  public enum Source: Hashable, Sendable {
    /// `FROM DATA CATALOG DATABASE 'name'`.
    case dataCatalog
    case hiveMetastore(uri: String, port: Int?)
    case postgres(uri: String, port: Int?)
    case mysql(uri: String, port: Int?)
    case kinesis
    case kafka
    case redshift
  }
  public var name: Identifier
  public var ifNotExists: Bool
  public var source: Source
  public var database: String?
  public var schema: String?
  public var region: String?
  /// The ARN(s), or `default`, or `SESSION`.
  public var role: String?
  public var catalogRole: String?
  public var catalogID: String?
  public var secretARN: String?
  public var createExternalDatabase: Bool
}

public struct RedshiftExternalTable: Hashable, Sendable {
  public var name: QualifiedName
  public var columns: [HiveColumn]
  public var partitionColumns: [HiveColumn]
  /// `CREATE EXTERNAL TABLE … PARTITIONED BY (col, …) … AS query`.
  public var partitionNames: [Identifier]
  public var rowFormat: RowFormat?
  public var storage: StorageFormat?
  public var location: String?
  public var properties: [HiveProperty]
  public var query: Query?
}

public enum RedshiftAlterExternalTable: Hashable, Sendable {
  case setLocation(String, partition: [RedshiftPartitionValue])
  case setFileFormat(StorageFormat)
  case setProperties([HiveProperty])
  case addPartitions([RedshiftPartition], ifNotExists: Bool)
  case dropPartition([RedshiftPartitionValue])
  case addColumn(HiveColumn)
  case dropColumn(Identifier)
}

public struct RedshiftPartitionValue: Hashable, Sendable {
  public var column: Identifier
  public var value: String
}

public struct RedshiftPartition: Hashable, Sendable {
  public var values: [RedshiftPartitionValue]
  public var location: String?
}
