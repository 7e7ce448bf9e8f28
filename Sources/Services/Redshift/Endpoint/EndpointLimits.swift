/// The endpoint's limits, each with its source.
public enum EndpointLimits {
  /// Connections to one endpoint: Redshift, "Quotas and limits", 500 for the smallest and 2,000 for larger nodes.
  public static let connectionsMax = 2_000
  /// Connections that may be open beyond that: superusers', those that cancel, and those that still log in.
  public static let connectionsReserved = 100
  /// A session that asks for nothing ends: Redshift, "Idle or session timeout", 4 hours.
  public static let idleSecondsMax = 14_400
  /// From the connection to the right password: PostgreSQL's `authentication_timeout`.
  public static let loginSecondsMax = 60
  /// How often those two are looked at.
  static let sweepSeconds = 15
  /// Bytes of one statement: Redshift, "Quotas and limits", 16 MB.
  public static let statementBytesMax = 16 << 20
  /// Prepared statements that one session keeps.
  public static let preparedStatementsMax = 10_000
  /// Portals that one session has open.
  public static let portalsMax = 1_000
  /// Rows read ahead for portals that wait for their client while another statement of the session runs.
  public static let suspendedRowsMax = 2_000_000
  /// Bytes of answers that are collected before they are given to the transport, which waits for a slow client.
  public static let outputBytesMax = 256 << 10
  /// Bytes that wait in the transport for a slow client before the query waits for it.
  public static let unsentBytesMax = 1 << 20
  /// Bytes that wait in the transport for the session.
  public static let unreadBytesMax = 256 << 10
}
