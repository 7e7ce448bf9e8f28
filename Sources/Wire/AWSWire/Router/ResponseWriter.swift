import Kernel
import NIOCore

/// Writes an output in the protocol of the call.
struct ResponseWriter {
  let service: ServiceDescription
  let operation: any AnyOperation
  let wireProtocol: ServiceDescription.WireProtocol

  func response(_ output: any WireEncodable & WireStructure, requestID: String) -> WireResponse {
    switch wireProtocol {
    case .json10, .json11:
      let encoder = JSONShapeEncoder()
      output.encode(to: encoder)
      // An output without members has no body, as the services of AWS answer.
      let isEmpty = type(of: output).schema.members.isEmpty
      return WireResponse(
        status: operation.status,
        headers: WireHeaders([
          ("x-amzn-RequestId", requestID), ("Content-Type", ContentType.json(wireProtocol)),
        ]), body: isEmpty && service.answersEmptyBody ? .empty : ByteStream(encoder.buffer))
    case .cbor11, .rpcV2CBOR:
      let encoder = CBORShapeEncoder(millisecondDates: wireProtocol == .cbor11)
      output.encode(to: encoder)
      var headers = WireHeaders([("x-amzn-RequestId", requestID), ("Content-Type", ContentType.json(wireProtocol))])
      if wireProtocol == .rpcV2CBOR { headers.add("smithy-protocol", "rpc-v2-cbor") }
      return WireResponse(status: operation.status, headers: headers, body: ByteStream(encoder.buffer))
    case .query:
      let body = XMLShapeEncoder.queryResponse(
        output, operation: operation.name, namespace: service.xmlNamespace, requestID: requestID)
      return WireResponse(
        status: operation.status,
        headers: WireHeaders([("x-amzn-RequestId", requestID), ("Content-Type", "text/xml")]), body: ByteStream(body))
    case .restXML, .restJSON:
      return RESTEncoder.response(
        output, status: operation.status, wireProtocol: wireProtocol, namespace: service.xmlNamespace,
        requestID: requestID)
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
