public import Kernel
import NIOCore

/// Answers a service's requests: finds the operation, decodes, validates, runs the handler, encodes.
public struct ServiceRouter: Sendable {
  private let table: OperationTable
  private let routes: HTTPRoutes
  private let errors: ErrorWriter

  public var service: ServiceDescription { table.service }

  public init(_ table: OperationTable) {
    self.table = table
    routes = HTTPRoutes(table.routes)
    errors = ErrorWriter(table.service)
  }

  /// Which operation is asked for, in which protocol.
  private struct Call {
    var wireProtocol: ServiceDescription.WireProtocol
    var operation: String
    var labels: [String: String] = [:]
    var form: QueryPairs?
    var body: ByteBuffer?
  }

  public func operation(of request: WireRequest) -> String? {
    let wireProtocol = self.wireProtocol(of: request)
    switch wireProtocol {
    case .json10, .json11, .cbor11: return Self.target(request)
    case .rpcV2CBOR: return RPCv2Path.operation(request.rawPath)
    case .query: return QueryPairs(text: request.rawQuery)["Action"]
    case .restXML, .restJSON: return routes.find(request)?.route.operation
    }
  }

  public func respond(to request: WireRequest, context: RequestContext) async -> WireResponse {
    let wireProtocol = self.wireProtocol(of: request)
    var operation: String?
    var response: WireResponse
    do {
      let call = try await self.call(request, wireProtocol)
      operation = call.operation
      response = try await perform(call, request, context)
    } catch {
      response = errors.response(to: error, wireProtocol, request, requestID: context.requestID)
    }
    response.operation = operation
    return response
  }

  /// The answer to a request that failed before it came to an operation, such as one with a bad signature.
  public func refuse(_ error: AWSError, request: WireRequest, requestID: String) -> WireResponse {
    errors.response(to: error, wireProtocol(of: request), request, requestID: requestID)
  }

  /// The protocol that a request speaks, of those that the service has.
  func wireProtocol(of request: WireRequest) -> ServiceDescription.WireProtocol {
    let protocols = service.protocols
    guard protocols.count > 1 else { return protocols.first ?? .json11 }
    let type = request.headers["content-type"] ?? ""
    if protocols.contains(.rpcV2CBOR),
      request.headers["smithy-protocol"] == "rpc-v2-cbor" || RPCv2Path.operation(request.rawPath) != nil
    {
      return .rpcV2CBOR
    }
    if protocols.contains(.cbor11), type.hasPrefix("application/x-amz-cbor") { return .cbor11 }
    if protocols.contains(.query), request.headers["x-amz-target"] == nil { return .query }
    return protocols.first { $0.isJSON } ?? protocols[0]
  }

  static func target(_ request: WireRequest) -> String? {
    guard let target = request.headers["x-amz-target"], let point = target.lastIndex(of: ".") else { return nil }
    return String(target[target.index(after: point)...])
  }

  private func call(_ request: WireRequest, _ wireProtocol: ServiceDescription.WireProtocol) async throws -> Call {
    switch wireProtocol {
    case .json10, .json11, .cbor11:
      guard let name = Self.target(request) else { throw RoutingFault.unknownOperation("") }
      return Call(wireProtocol: wireProtocol, operation: name)
    case .rpcV2CBOR:
      guard let name = RPCv2Path.operation(request.rawPath) else { throw RoutingFault.unknownOperation("") }
      return Call(wireProtocol: wireProtocol, operation: name)
    case .query:
      let body = try await collect(request)
      var pairs = QueryPairs(text: request.rawQuery)
      pairs.append(try QueryPairs(body))
      guard let name = pairs["Action"] else { throw RoutingFault.missingAction }
      return Call(wireProtocol: wireProtocol, operation: name, form: pairs, body: body)
    case .restXML, .restJSON:
      guard let found = routes.find(request) else { throw RoutingFault.noRoute }
      guard let labels = found.labels else { throw RoutingFault.unreadablePath }
      return Call(wireProtocol: wireProtocol, operation: found.route.operation, labels: labels)
    }
  }

  private func collect(_ request: WireRequest) async throws -> ByteBuffer {
    do {
      let body = try await request.body.collect(upTo: WireLimits.bodyBytesMax)
      // SDKs compress large requests to CloudWatch. In S3 the encoding belongs to the object.
      guard request.headers["content-encoding"] == "gzip", !service.protocols.contains(.restXML) else { return body }
      return try Gzip.unpack(body, limit: WireLimits.bodyBytesMax)
    } catch let error as ByteStream.TooLong {
      throw WireFault.tooLarge(limit: error.limit)
    }
  }

  private func perform(_ call: Call, _ request: WireRequest, _ context: RequestContext) async throws -> WireResponse {
    guard let operation = table.operations[call.operation] else {
      if service.otherOperations.contains(call.operation) || routes.knows(call.operation) {
        throw AWSError.notImplemented(service: service.name, operation: call.operation)
      }
      throw RoutingFault.unknownOperation(call.operation)
    }
    let streams = operation.inputSchema.streamsBody && (call.wireProtocol == .restXML || call.wireProtocol == .restJSON)
    let body: ByteBuffer
    if let read = call.body { body = read } else { body = streams ? ByteBuffer() : try await collect(request) }
    let input = RequestInput(
      wireProtocol: call.wireProtocol, request: request, body: body, labels: call.labels, form: call.form)
    let output = try await operation.perform(input, context)
    return try ResponseWriter(service: service, operation: operation, wireProtocol: call.wireProtocol)
      .response(output, requestID: context.requestID)
  }
}

/// A request that names no operation of the service.
enum RoutingFault: Error {
  case unknownOperation(String)
  case missingAction
  /// No operation has this method and path.
  case noRoute
  /// The path's percent-encoded bytes are no UTF-8.
  case unreadablePath
}

extension StructureSchema {
  var streamsBody: Bool { payload.map { members[$0].location == .stream } ?? false }
}

/// `/service/GraniteServiceVersion20100801/operation/PutMetricData`.
enum RPCv2Path {
  static func operation(_ path: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count >= 4, parts[parts.count - 4] == "service", parts[parts.count - 2] == "operation" else {
      return nil
    }
    return String(parts[parts.count - 1])
  }

  static func service(_ path: String) -> String? {
    let parts = path.split(separator: "/")
    guard operation(path) != nil else { return nil }
    return String(parts[parts.count - 3])
  }
}
