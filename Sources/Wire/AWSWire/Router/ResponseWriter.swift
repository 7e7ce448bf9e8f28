import Kernel
import NIOCore

/// Writes an output in the protocol of the call.
struct ResponseWriter {
  let service: ServiceDescription
  let operation: any AnyOperation
  let wireProtocol: ServiceDescription.WireProtocol

  func response(_ output: any WireEncodable & WireStructure, requestID: String) throws(WireFault) -> WireResponse {
    switch wireProtocol {
    case .json10, .json11:
      let encoder = JSONShapeEncoder()
      output.encode(to: encoder)
      if let events = encoder.eventStream { return response(try encoder.buffer, then: events, requestID: requestID) }
      // An output without members has no body, as the services of AWS answer.
      let isEmpty = type(of: output).schema.members.isEmpty
      return WireResponse(
        status: operation.status,
        headers: WireHeaders([
          ("x-amzn-RequestId", requestID), ("Content-Type", ContentType.json(wireProtocol)),
        ]), body: isEmpty && service.answersEmptyBody ? .empty : ByteStream(try encoder.buffer))
    case .cbor11, .rpcV2CBOR:
      let encoder = CBORShapeEncoder(millisecondDates: wireProtocol == .cbor11)
      output.encode(to: encoder)
      if let events = encoder.eventStream { return response(try encoder.buffer, then: events, requestID: requestID) }
      var headers = WireHeaders([("x-amzn-RequestId", requestID), ("Content-Type", ContentType.json(wireProtocol))])
      if wireProtocol == .rpcV2CBOR { headers.add("smithy-protocol", "rpc-v2-cbor") }
      return WireResponse(status: operation.status, headers: headers, body: ByteStream(try encoder.buffer))
    case .query:
      let body = try XMLShapeEncoder.queryResponse(
        output, operation: operation.name, namespace: service.xmlNamespace, requestID: requestID)
      return WireResponse(
        status: operation.status,
        headers: WireHeaders([("x-amzn-RequestId", requestID), ("Content-Type", "text/xml")]), body: ByteStream(body))
    case .restXML, .restJSON:
      return try RESTEncoder.response(
        output, status: operation.status, wireProtocol: wireProtocol, namespace: service.xmlNamespace,
        requestID: requestID)
    }
  }
}

extension ResponseWriter {
  /// An answer that goes on: a message with what the output has beside its events, then a message for each event.
  private func response(_ initial: ByteBuffer, then events: EventStream, requestID: String) -> WireResponse {
    let type = ContentType.json(wireProtocol)
    let isCBOR = wireProtocol.isCBOR
    let hasDatesInMilliseconds = wireProtocol == .cbor11
    let body = ByteStream(length: nil) {
      let next = events.start()
      let state = Locked((begun: false, over: false))
      return {
        let begins = state.withLock { state in
          defer { state.begun = true }
          return !state.begun
        }
        if begins { return EventMessage.event("initial-response", contentType: type, initial) }
        guard !state.withLock({ $0.over }) else { return nil }
        do {
          guard let event = try await next() else {
            state.withLock { $0.over = true }
            return nil
          }
          let encoder: ShapeEncoder =
            isCBOR ? CBORShapeEncoder(millisecondDates: hasDatesInMilliseconds) : JSONShapeEncoder()
          event.payload.encode(to: encoder)
          return EventMessage.event(event.name, contentType: type, try encoder.document)
        } catch is CancellationError {
          state.withLock { $0.over = true }
          return nil
        } catch {
          // A stream's error is its last message; the status has been sent long ago.
          state.withLock { $0.over = true }
          let error = error as? AWSError ?? AWSError("InternalFailureException", "Internal service failure.")
          let encoder: ShapeEncoder = isCBOR ? CBORShapeEncoder(millisecondDates: true) : JSONShapeEncoder()
          encoder.begin(StructureSchema("Error", [MemberSchema("message")]))
          encoder.write(0, error.message)
          encoder.end()
          return EventMessage.exception(error.code, contentType: type, try encoder.document)
        }
      }
    }
    return WireResponse(
      status: operation.status,
      headers: WireHeaders([("x-amzn-RequestId", requestID), ("Content-Type", EventMessage.contentType)]), body: body)
  }
}

extension ShapeEncoder {
  /// What an encoder of JSON or CBOR has written.
  var document: ByteBuffer {
    get throws(WireFault) {
      switch self {
      case let json as JSONShapeEncoder: return try json.buffer
      case let cbor as CBORShapeEncoder: return try cbor.buffer
      default: return ByteBuffer()
      }
    }
  }
}

enum ContentType {
  static func json(_ wireProtocol: ServiceDescription.WireProtocol) -> String {
    switch wireProtocol {
    case .json10: "application/x-amz-json-1.0"
    case .json11: "application/x-amz-json-1.1"
    case .restJSON: "application/json"
    case .cbor11: "application/x-amz-cbor-1.1"
    case .rpcV2CBOR: "application/cbor"
    case .query: "text/xml"
    case .restXML: "application/xml"
    }
  }
}

extension ServiceDescription {
  /// Kinesis and CloudWatch's JSON answer an operation without output with no body at all; others with `{}`.
  var answersEmptyBody: Bool { targetPrefix.hasPrefix("Kinesis") }
}
