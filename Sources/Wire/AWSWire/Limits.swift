/// What the wire floor takes before it refuses; each with its reason.
public enum WireLimits {
  /// Nested objects, lists and elements in a body. No AWS shape comes near; without it a body could nest by the
  /// million.
  public static let nestingMax = 128
  /// Bytes of a body that is decoded in memory. The largest that AWS takes is PutRecords' 10 MiB of data,
  /// base64-encoded.
  public static let bodyBytesMax = 20 << 20
  /// Elements of an XML body: CompleteMultipartUpload of 10,000 parts has fewer than 100,000.
  public static let xmlNodesMax = 400_000
  /// Pairs of a Query body or query string.
  public static let queryPairsMax = 100_000
  /// Violations that are spelled out in one answer.
  public static let violationsShownMax = 20
  /// Characters of an offending value that are echoed.
  public static let echoedCharactersMax = 4096
}
