/// The protocol's limits, each with its source.
public enum PostgresLimits {
  /// Bytes of a startup packet: PostgreSQL's `MAX_STARTUP_PACKET_LENGTH`.
  public static let startupBytesMax = 10_000
  /// Bytes of a message before the right password was shown: PostgreSQL's `PG_MAX_AUTH_TOKEN_LENGTH`.
  public static let loginMessageBytesMax = 65_535
  /// Bytes of any later message: a statement of 16 MB, with room for the values of its parameters.
  public static let messageBytesMax = 64 << 20
  /// Rounds of SCRAM that a verifier may ask for, so that a wrong one does not stall the server.
  public static let scramIterationsMax = 100_000
}
