import Kernel
import NIOCore

/// Turns whatever stopped a request into the error form of its protocol.
struct ErrorWriter: Sendable {
  private let service: ServiceDescription

  init(_ service: ServiceDescription) { self.service = service }

  func response(
    to error: any Error, _ wireProtocol: ServiceDescription.WireProtocol, _ request: WireRequest, requestID: String
  ) -> WireResponse {
    let cause = error
    let error = spelled(awsError(error, wireProtocol, request), wireProtocol)
    var response: WireResponse
    switch wireProtocol {
    case .json10, .json11, .restJSON, .cbor11, .rpcV2CBOR: response = coral(error, wireProtocol)
    case .query: response = query(error, requestID)
    case .restXML: response = rest(error, request, requestID)
    }
    if wireProtocol != .restXML { response.headers["x-amzn-requestid"] = requestID }
    for field in error.headers { response.headers.add(field.name, field.value) }
    response.failure = WireResponse.Failure(error: error, cause: error.httpStatus == 500 ? "\(cause)" : nil)
    return response
  }

  // MARK: Which error

  private func awsError(
    _ error: any Error, _ wireProtocol: ServiceDescription.WireProtocol, _ request: WireRequest
  ) -> AWSError {
    switch error {
    case let error as AWSError: return error
    case let error as ConstraintsBroken: return broken(error.violations, wireProtocol)
    case let error as WireFault: return fault(error, wireProtocol)
    case let error as RoutingFault: return unknown(error, wireProtocol, request)
    case is CancellationError: return AWSError("RequestTimeout", "The request was cancelled.", httpStatus: 400)
    case let error as any OverloadReporting where error.isOverload: return .throttled
    default: return .internalFailure()
    }
  }

  private func broken(_ violations: Violations, _ wireProtocol: ServiceDescription.WireProtocol) -> AWSError {
    if wireProtocol == .restXML {
      return AWSError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema")
    }
    let code = wireProtocol == .query ? "ValidationError" : service.validationCode
    if service.signingName == "iam", let message = violations.identityMessage { return AWSError(code, message) }
    return AWSError(code, violations.message)
  }

  private func fault(_ fault: WireFault, _ wireProtocol: ServiceDescription.WireProtocol) -> AWSError {
    switch (wireProtocol, fault) {
    case (_, .outOfMemory): return .throttled
    case (.restXML, .tooLarge):
      return AWSError("MaxMessageLengthExceeded", "Your request was too big.")
    case (.restXML, .badBinding(let name, let value)):
      return AWSError(
        "InvalidArgument", "Provided \(name) not valid.",
        details: [
          .init("ArgumentName", name), .init("ArgumentValue", String(value.prefix(WireLimits.echoedCharactersMax))),
        ])
    case (.restXML, _):
      return AWSError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema")
    case (.query, .tooLarge):
      return AWSError("RequestEntityTooLarge", "Request entity too large", httpStatus: 413)
    case (.query, .malformed(let message)), (.query, .mismatch(let message)):
      return AWSError("MalformedInput", message)
    case (_, .tooLarge(let limit)):
      return AWSError(
        "RequestEntityTooLargeException", "The request is larger than \(limit) bytes.", httpStatus: 413)
    case (_, .malformed(let message)), (_, .mismatch(let message)):
      return AWSError("SerializationException", message)
    case (_, .badBinding(let name, _)):
      return AWSError("SerializationException", "The value of \(name) is not of its type")
    }
  }

  private func unknown(
    _ fault: RoutingFault, _ wireProtocol: ServiceDescription.WireProtocol, _ request: WireRequest
  ) -> AWSError {
    switch (wireProtocol, fault) {
    case (.query, .unknownOperation(let name)):
      return AWSError(
        "InvalidAction", "Could not find operation \(name.prefix(128)) for version \(service.apiVersion)")
    case (.query, _):
      return AWSError("MissingAction", "The request must contain the parameter Action.")
    case (.restXML, .unreadablePath): return AWSError("InvalidURI", "Couldn't parse the specified URI.")
    case (.restXML, _):
      return AWSError(
        "MethodNotAllowed", "The specified method is not allowed against this resource.", httpStatus: 405,
        details: [.init("Method", request.method), .init("ResourceType", "SERVICE")])
    case (.rpcV2CBOR, _), (.restJSON, _): return AWSError("UnknownOperationException", "", httpStatus: 404)
    default: return AWSError("UnknownOperationException", "")
    }
  }

  /// The service's own spelling of errors that come from shared code.
  private func spelled(_ error: AWSError, _ wireProtocol: ServiceDescription.WireProtocol) -> AWSError {
    var error = error
    if error == .throttled { return throttled(wireProtocol) }
    if error.code == "AccessDenied" || error.code == "AccessDeniedException" {
      switch wireProtocol {
      case .restXML: error = AWSError("AccessDenied", error.message, httpStatus: 403, details: error.details)
      case .query: error = AWSError("AccessDenied", error.message, httpStatus: 403)
      case .restJSON: error = AWSError("AccessDeniedException", error.message, httpStatus: 403)
      default: error = AWSError("AccessDeniedException", error.message)
      }
    }
    return error
  }

  /// How the service tells its callers to back off; all of these are codes that the SDKs retry.
  private func throttled(_ wireProtocol: ServiceDescription.WireProtocol) -> AWSError {
    switch service.signingName {
    case "s3": AWSError("SlowDown", "Please reduce your request rate.", httpStatus: 503, fault: .receiver)
    case "firehose":
      AWSError(
        "ServiceUnavailableException",
        "The service is unavailable. Back off and retry the operation. If you continue to see the exception, "
          + "throughput limits for the delivery stream may have been exceeded.", httpStatus: 503, fault: .receiver)
    case "athena": AWSError("TooManyRequestsException", AWSError.throttled.message)
    case "lambda": AWSError("TooManyRequestsException", AWSError.throttled.message, httpStatus: 429)
    default: wireProtocol == .query ? AWSError("Throttling", AWSError.throttled.message) : .throttled
    }
  }

  // MARK: Forms

  private func coral(_ error: AWSError, _ wireProtocol: ServiceDescription.WireProtocol) -> WireResponse {
    let shape = service.errorShapes[error.code] ?? error.code
    var headers = WireHeaders([("Content-Type", ContentType.json(wireProtocol))])
    if service.protocols.contains(.query) {
      headers.add("x-amzn-query-error", "\(error.code);\(error.fault == .sender ? "Sender" : "Receiver")")
    }
    if wireProtocol == .restJSON { headers.add("x-amzn-errortype", shape) }
    if wireProtocol == .rpcV2CBOR { headers.add("smithy-protocol", "rpc-v2-cbor") }
    let encoder: ShapeEncoder = wireProtocol.isCBOR ? CBORShapeEncoder(millisecondDates: true) : JSONShapeEncoder()
    var pairs = [("__type", shape)]
    if !error.message.isEmpty { pairs.append((service.messageKey, error.message)) }
    pairs += error.details.map { ($0.name, $0.value) }
    encoder.begin(StructureSchema("Error", pairs.map { MemberSchema($0.0) }))
    for (index, pair) in pairs.enumerated() { encoder.write(index, pair.1) }
    encoder.end()
    // Without memory for it the answer is its status alone.
    let body = (try? encoder.document) ?? ByteBuffer()
    return WireResponse(status: error.httpStatus, headers: headers, body: ByteStream(body))
  }

  private func query(_ error: AWSError, _ requestID: String) -> WireResponse {
    let xml = XMLText()
    xml.open("ErrorResponse", attributes: " xmlns=\"\(service.xmlNamespace)\"")
    xml.open("Error")
    xml.element("Type", error.fault == .sender ? "Sender" : "Receiver")
    xml.element("Code", error.code)
    xml.element("Message", error.message)
    for detail in error.details { xml.element(detail.name, detail.value) }
    xml.close("Error")
    xml.element("RequestId", requestID)
    xml.close("ErrorResponse")
    return WireResponse(
      status: error.httpStatus, headers: WireHeaders([("Content-Type", "text/xml")]),
      body: ByteStream((try? xml.buffer) ?? ByteBuffer()))
  }

  private func rest(_ error: AWSError, _ request: WireRequest, _ requestID: String) -> WireResponse {
    let hostID = RESTEncoder.hostID(requestID)
    var headers = WireHeaders([("x-amz-request-id", requestID), ("x-amz-id-2", hostID)])
    // These statuses have no body by the rules of HTTP.
    if error.httpStatus == 304 || error.httpStatus == 204 || request.method == "HEAD" {
      return WireResponse(status: error.httpStatus, headers: headers)
    }
    headers.add("Content-Type", "application/xml")
    let xml = XMLText()
    xml.declaration()
    xml.open("Error")
    xml.element("Code", error.code)
    xml.element("Message", error.message)
    if error.details.isEmpty { xml.element("Resource", request.rawPath) }
    for detail in error.details { xml.element(detail.name, detail.value) }
    xml.element("RequestId", requestID)
    xml.element("HostId", hostID)
    xml.close("Error")
    return WireResponse(status: error.httpStatus, headers: headers, body: ByteStream((try? xml.buffer) ?? ByteBuffer()))
  }
}
