/// The events of an answer that goes on for as long as its operation has something to say.
///
/// It is read once, and whoever reads pulls: a slow reader slows the source.
public struct EventStream: Sendable {
  /// One event: a member of the model's stream, by name, and its structure.
  public struct Event: Sendable {
    public var name: String
    public var payload: any WireEncodable & WireStructure

    public init(_ name: String, _ payload: any WireEncodable & WireStructure) {
      self.name = name
      self.payload = payload
    }
  }

  /// Gives the next event, or `nil` at the end. An `AWSError` ends the stream with an exception of its code.
  public typealias Next = @Sendable () async throws -> Event?

  let start: @Sendable () -> Next

  /// - Parameter start: called once, when the answer is begun.
  public init(start: @escaping @Sendable () -> Next) { self.start = start }

  /// Begins reading, for callers within the process.
  public func makeReader() -> Next { start() }
}
