public import Kernel

/// The operations of a service, with what it takes to answer each. Generated routers fill one.
public struct OperationTable: Sendable {
  public let service: ServiceDescription
  private(set) var operations: [String: any AnyOperation] = [:]
  private(set) var routes: [HTTPRoute] = []

  public init(_ service: ServiceDescription) { self.service = service }

  /// - Parameters:
  ///   - http: method and path template of REST protocols, as the model writes them: `PUT /{Bucket}/{Key+}?acl`.
  ///   - status: of a success.
  public mutating func add<Input: WireDecodable & WireStructure, Output: WireEncodable & WireStructure>(
    _ name: String, http: String? = nil, status: Int = 200,
    _ handler: @escaping @Sendable (Input, RequestContext) async throws -> Output
  ) {
    operations[name] = Operation(name: name, status: status, handler: handler)
    if let http { routes.append(HTTPRoute(name, http, schema: Input.schema)) }
  }

  /// A REST operation that AWS has and that is not generated here: known, so that it can be named in the answer.
  public mutating func addOther(_ name: String, http: String) { routes.append(HTTPRoute(name, http, schema: nil)) }
}

/// An operation without its types.
protocol AnyOperation: Sendable {
  var name: String { get }
  var status: Int { get }
  var inputSchema: StructureSchema { get }
  func perform(_ input: RequestInput, _ context: RequestContext) async throws -> any WireEncodable & WireStructure
}

struct Operation<Input: WireDecodable & WireStructure, Output: WireEncodable & WireStructure>: AnyOperation {
  let name: String
  let status: Int
  let handler: @Sendable (Input, RequestContext) async throws -> Output

  var inputSchema: StructureSchema { Input.schema }

  func perform(_ input: RequestInput, _ context: RequestContext) async throws -> any WireEncodable & WireStructure {
    try await handler(input.decode(Input.self), context)
  }
}
