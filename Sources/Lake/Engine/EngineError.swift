import CDuckDB

/// What the engine says of a statement that failed.
public struct EngineError: Error, Sendable, CustomStringConvertible {
  /// DuckDB's name for the kind of error.
  public struct Kind: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }

    public static let parser: Kind = "Parser"
    public static let binder: Kind = "Binder"
    public static let catalog: Kind = "Catalog"
    public static let conversion: Kind = "Conversion"
    public static let outOfRange: Kind = "Out of Range"
    public static let invalidInput: Kind = "Invalid Input"
    public static let mismatchType: Kind = "Mismatch Type"
    public static let divideByZero: Kind = "Divide by Zero"
    public static let notImplemented: Kind = "Not implemented"
    public static let io: Kind = "IO"
    public static let permission: Kind = "Permission"
    public static let outOfMemory: Kind = "Out of Memory"
    public static let interrupted: Kind = "INTERRUPT"
    /// Too many queries wait; not DuckDB's.
    public static let overloaded: Kind = "Overloaded"
    /// Mistakes of the engine's own. The instance is of no use after one, and replaced.
    public static let `internal`: Kind = "INTERNAL"
    public static let fatal: Kind = "FATAL"
  }

  public var kind: Kind
  public var message: String
  /// Where in the SQL text, in UTF-8 bytes from its beginning.
  public var position: Int?
  /// What the lake's files threw, where that made the statement fail.
  public var cause: (any Error)?

  public init(kind: Kind, message: String, position: Int? = nil, cause: (any Error)? = nil) {
    self.kind = kind
    self.message = message
    self.position = position
    self.cause = cause
  }

  public var description: String { "\(kind.rawValue): \(message)" }

  static let cancelled = EngineError(kind: .interrupted, message: "The query was cancelled.")
}

/// Calls `body` with a place for a failure, which is thrown when `body` gives `nil`.
func calling<T>(_ body: (UnsafeMutablePointer<cduck_failure>) -> T?) throws(EngineError) -> T {
  var failure = cduck_failure(kind: nil, message: nil, position: -1)
  defer { cduck_failure_clear(&failure) }
  if let result = body(&failure) { return result }
  throw EngineError(failure)
}

extension EngineError {
  init(_ failure: cduck_failure) {
    self.init(
      kind: Kind(rawValue: failure.kind.map { String(cString: $0) } ?? "INTERNAL"),
      message: failure.message.map { String(cString: $0) } ?? "the engine failed without a word",
      position: failure.position >= 0 ? Int(failure.position) : nil)
  }
}
