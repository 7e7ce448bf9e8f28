/// Every bound of the embedded drivers, by name. Memory and latency follow from these.
public enum StorageLimits {
  // MARK: keys

  /// Threads that run `KeyStore.read` bodies.
  public static let keyReadThreads = 4
  /// Reads that may wait for a thread; one more is answered `overloaded`.
  public static let keyReadsWaitingMax = 20_000
  /// Connections kept open for readers. `readBlocking` callers past it get a connection that is closed after use.
  public static let keyReadersIdleMax = 8
  /// Writes that may wait for their group; one more is answered `overloaded`.
  public static let keyWritesWaitingMax = 20_000
  /// Callers in one transaction at most, so that the first of a group does not wait for long.
  public static let keyWritesPerGroupMax = 512
  /// Pages (4 KiB) in SQLite's write-ahead log after which a commit copies them into the main file.
  public static let keyCheckpointPages = 2_000
  /// The write-ahead log's file is cut back to so many bytes when a long reader had let it grow.
  public static let keyJournalBytesMax = 64 << 20
  /// Page cache of the writer and of each reader, in KiB.
  public static let keyWriterCacheKiB = 16_384
  public static let keyReaderCacheKiB = 4_096

  // MARK: blobs

  /// The longest blob that shares a pack; longer ones are files of their own.
  public static let blobPackedBytesMax = 256 << 10
  /// Blobs in a pack begin at multiples of this, the block that file systems give back.
  public static let blobPackAlignment = 4096
  /// A pack is full at this size.
  public static let blobPackBytesMax = 256 << 20
  /// Bytes of small blobs in one write and sync.
  public static let blobGroupBytesMax = 8 << 20
  /// Bytes of small blobs that may wait for their group; more is answered `overloaded`.
  public static let blobPutsWaitingBytesMax = 64 << 20
  /// Bytes of a blob file that one checksum covers: the least that a read fetches.
  public static let blobBlockBytes = 64 << 10
  /// A writer's bytes are handed to the disk in pieces of at least this length.
  public static let blobWriteBytes = 1 << 20
  /// Bytes that a writer takes before `write` suspends.
  public static let blobWriterWaitingBytesMax = 4 << 20
  /// Threads that write and sync large blobs.
  public static let blobWriteThreads = 4
  /// Steps of writers that may wait for a thread.
  public static let blobWritesWaitingMax = 10_000
  /// Threads that run `BlobStore.read`.
  public static let blobReadThreads = 4
  /// Reads that may wait for a thread; one more is answered `overloaded`.
  public static let blobReadsWaitingMax = 20_000
  /// Files kept open for reading.
  public static let blobFilesOpenMax = 256
  /// File numbers set aside by one write of the number file.
  public static let blobNumbersReserved: UInt64 = 65_536

  // MARK: logs

  /// Bytes of records in one write and sync.
  public static let logGroupBytesMax = 8 << 20
  /// Bytes of records that may wait for their group; more is answered `overloaded`.
  public static let logAppendsWaitingBytesMax = 64 << 20
  /// Bytes of payload in one frame, the unit of a checksum, unless a single record is longer.
  public static let logFrameBytesMax = 128 << 10
  /// The longest record.
  public static let logRecordBytesMax = 32 << 20
  /// The longest name of a log.
  public static let logNameBytesMax = 1024
  /// A store's first segment has this capacity; each further one twice its predecessor's, up to the greatest.
  public static let logSegmentBytesMin: UInt64 = 4 << 20
  public static let logSegmentBytesMax: UInt64 = 128 << 20
  /// A segment is full at this number of frames, which bounds its index in memory (32 bytes a frame).
  public static let logFramesPerSegmentMax = 131_072
  /// Threads that run `LogStore.read` and look offsets up.
  public static let logReadThreads = 4
  /// Reads that may wait for a thread; one more is answered `overloaded`.
  public static let logReadsWaitingMax = 20_000
  /// Bytes that one read of a segment fetches at most, unless a single frame is longer.
  public static let logReadBytesMax = 1 << 20
  /// Sealed segments kept open.
  public static let logFilesOpenMax = 64
  /// Bytes of sealed segments' indexes kept in memory.
  public static let logIndexBytesMax = 16 << 20
  /// A sealed segment is rewritten when less than this share of it, in percent, is alive.
  public static let logCompactionLivePercent = 40
}
