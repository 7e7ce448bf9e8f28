/// The crawlers' limits, each with its source.
package enum CrawlLimits {
  // "AWS Glue endpoints and quotas".
  /// Crawlers of an account in a region.
  package static let crawlersMax = 1_000

  // The API's reference.
  /// Crawlers of one answer when the caller names no number.
  static let entriesPerPage = 100
  static let targetsMax = 100
  /// Crawls of one answer when the caller names no number.
  static let crawlsPerPage = 20
  /// `ListCrawls` knows the crawls of a year on AWS; here as many of the newest.
  static let crawlsKept = 1_000
  static let sampleSizeMax = 249

  // "Built-in classifiers in AWS Glue", "How crawlers work".
  /// A crawler reads the beginning of a text file: its first megabyte.
  static let sampleBytes = 1 << 20
  /// Lines of it that are looked into.
  static let sampleLinesMax = 1_000
  /// A header's fields are shorter.
  static let headerFieldCharactersMax = 150

  // Our own.
  /// How much of their columns two schemas share that are taken for one table's.
  static let similarity = 0.7
  /// Bytes at the beginning of a file that tell its format.
  static let magicBytes = 16
  /// What of a file is read first; of most text files it is enough.
  static let headBytes = 64 << 10
  /// Parquet files whose footers are read in one question.
  static let parquetFilesPerQuestion = 250
  /// Schemas of Parquet files that a crawl remembers.
  static let parquetShapesKept = 10_000
  /// Columns of a table and fields of a struct; further ones are left out.
  static let columnsMax = 2_000
  /// Levels of a document's types; what lies deeper stays text.
  static let documentDepthMax = 16
  /// Folders with files that one crawl holds together: each may become a partition.
  static let foldersMax = 200_000
  /// Tables of one crawl.
  static let tablesMax = 10_000
  /// Levels of folders below a target.
  static let folderDepthMax = 100
  /// Partitions that are added to the catalog in one write.
  static let partitionsPerWrite = 500
  /// Files of one folder that become tables of their own, since their schemas differ.
  static let fileTablesMax = 1_000
  /// Partitions that a plan names for each table; beyond, it counts them.
  static let plannedPartitionsShown = 100
  /// How long a database has to take a connection, and to answer what tables it has.
  static let databaseConnectSeconds = 10
  static let databaseSeconds = 60
  /// Databases that are asked at a time.
  static let databasesAtOnce = 4
  /// How often a database's client is looked at.
  static let databaseWatchEvery = Duration.milliseconds(20)
  /// Address space of a database's client.
  static let databaseClientBytes: UInt64 = 384 << 20
  /// What a database says of one table, and of all of them.
  static let catalogLineBytes = 4 << 20
  static let catalogBytesMax = 64 << 20
  /// PostgreSQL has 63; the catalog takes no more than this.
  static let databaseNameBytesMax = 255
  /// Of what a database's client gives as its reason.
  static let reasonCharactersMax = 500
  /// How often schedules are looked at.
  static let scheduleSeconds = 10
  /// Bytes of a line that is held against a grok pattern; some patterns take exponentially long.
  static let grokLineBytesMax = 8 << 10
}
