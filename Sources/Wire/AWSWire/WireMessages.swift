public import Kernel

/// Header fields in the order they came; names compare without case.
public struct WireHeaders: Sendable, Hashable {
  public struct Field: Sendable, Hashable {
    /// In lower case.
    public var name: String
    public var value: String
  }
  public private(set) var fields: [Field]

  public init(_ pairs: [(String, String)] = []) {
    fields = pairs.map { Field(name: $0.0.lowercased(), value: $0.1) }
  }

  /// The first value of the field `name` (given in lower case); setting replaces all of that name.
  public subscript(name: String) -> String? {
    get { fields.first { $0.name == name }?.value }
    set {
      if fields.contains(where: { $0.name == name }) { fields.removeAll { $0.name == name } }
      if let newValue { fields.append(Field(name: name, value: newValue)) }
    }
  }

  public func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name.lowercased(), value: value))
  }
  /// Adds a field whose name is in lower case already.
  public mutating func append(lowerCaseName name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }
  public mutating func reserveCapacity(_ count: Int) { fields.reserveCapacity(count) }
}

/// A request as it came, before any service has looked at it.
public struct WireRequest: Sendable {
  public var method: String
  /// The path as sent, percent-encoding untouched, without the query: `/bucket/a%20key`.
  public var rawPath: String
  /// The query as sent, without the question mark; empty when there is none.
  public var rawQuery: String
  public var headers: WireHeaders
  public var body: ByteStream

  public init(method: String, rawPath: String, rawQuery: String, headers: WireHeaders, body: ByteStream) {
    self.method = method
    self.rawPath = rawPath
    self.rawQuery = rawQuery
    self.headers = headers
    self.body = body
  }
}

/// A response ready to be written.
public struct WireResponse: Sendable {
  public var status: Int
  public var headers: WireHeaders
  public var body: ByteStream
  /// The operation that this answers, where the request came as far as to name one.
  public var operation: String?
  /// Set on answers that refuse; for the log and the audit trail, not for the client.
  public var failure: Failure?

  public struct Failure: Sendable {
    /// What the client was told.
    public var error: AWSError
    /// What it was not told: the reason of an internal error.
    public var cause: String?

    public init(error: AWSError, cause: String?) {
      self.error = error
      self.cause = cause
    }
  }

  public init(status: Int, headers: WireHeaders = WireHeaders(), body: ByteStream = .empty) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// What the entrance calls once it knows a request's service: decodes, validates, runs the handler, encodes.
///
/// Generated routers implement it over the service's `…API` protocol.
public protocol WireService: Sendable {
  /// The service's name in SigV4 scopes, such as `kinesis`.
  var signingName: String { get }
  /// Answers every request, errors included; never throws, never traps.
  func respond(to request: WireRequest, context: RequestContext) async -> WireResponse
  /// Writes an error that arose before the handler (authentication, routing) in the request's protocol.
  func refuse(_ error: AWSError, request: WireRequest, requestID: String) -> WireResponse
  /// The operation a request names, for logs, audit and metrics; `nil` when it names none.
  func operation(of request: WireRequest) -> String?
}
