public import AWSWire
public import Kernel
import NIOCore
import S3Model

/// S3 as the entrance sees it: the operations, and what lies around them in HTTP: preflight requests of browsers and
/// the cross-origin header fields of answers.
public struct S3Endpoint: WireService {
  private let router: S3Router<S3Service>
  private let service: S3Service

  public init(_ service: S3Service) {
    self.service = service
    router = S3Router(service)
  }

  public var signingName: String { router.signingName }

  public func operation(of request: WireRequest) -> String? {
    request.method == "OPTIONS" ? "PreflightRequest" : router.operation(of: request)
  }

  public func refuse(_ error: AWSError, request: WireRequest, requestID: String) -> WireResponse {
    router.refuse(error, request: request, requestID: requestID)
  }

  public func respond(to request: WireRequest, context: RequestContext) async -> WireResponse {
    if let refusal = Self.refusal(request) {
      return router.refuse(refusal, request: request, requestID: context.requestID)
    }
    guard let origin = request.headers["origin"] else {
      if request.method == "OPTIONS" {
        let error = AWSError("BadRequest", "Insufficient information. Origin request header needed.")
        return router.refuse(error, request: request, requestID: context.requestID)
      }
      return await router.respond(to: request, context: context)
    }
    let bucket = try? await bucket(of: request)
    if request.method == "OPTIONS" {
      do {
        return try preflight(request, origin: origin, bucket?.record.cors, requestID: context.requestID)
      } catch {
        return router.refuse(error, request: request, requestID: context.requestID)
      }
    }
    var response = await router.respond(to: request, context: context)
    let rule = bucket?.record.cors?.first { $0.allows(origin: origin, method: request.method, headers: []) }
    if let rule { Self.allow(rule, origin: origin, &response.headers) }
    return response
  }

  /// What the operations' inputs do not show.
  private static func refusal(_ request: WireRequest) -> AWSError? {
    if request.method == "POST", request.headers["content-type"]?.hasPrefix("multipart/form-data") == true {
      return .notImplemented(service: "S3", operation: "PostObject")
    }
    let customer = "x-amz-server-side-encryption-customer-"
    if request.headers[customer + "algorithm"] == nil,
      request.headers[customer + "key"] != nil || request.headers[customer + "key-md5"] != nil
    {
      return S3Failure.invalidArgument(
        "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption "
          + "algorithm.", customer + "algorithm", nil)
    }
    // AWS: encryption headers should not be sent with reads unless the key is the customer's.
    let encryption = "x-amz-server-side-encryption"
    if request.method == "GET" || request.method == "HEAD", let value = request.headers[encryption] {
      return S3Failure.invalidArgument("\(encryption) header is not supported for this operation.", encryption, value)
    }
    return nil
  }

  private func bucket(of request: WireRequest) async throws -> Bucket? {
    guard let first = request.rawPath.split(separator: "/").first, let name = URLText.decode(first) else { return nil }
    return try await service.store.buckets.find(name)
  }

  /// A browser asks whether it may send a request of another origin's page.
  private func preflight(
    _ request: WireRequest, origin: String, _ rules: [CORSRuleRecord]?, requestID: String
  ) throws(AWSError) -> WireResponse {
    guard let method = request.headers["access-control-request-method"],
      ["GET", "PUT", "HEAD", "POST", "DELETE"].contains(method)
    else {
      let named = request.headers["access-control-request-method"] ?? "null"
      throw AWSError("BadRequest", "Invalid Access-Control-Request-Method: \(named)")
    }
    let asked = (request.headers["access-control-request-headers"] ?? "").split(separator: ",")
    let headers = asked.map { ObjectHeaders.trimmed($0).lowercased() }.filter { !$0.isEmpty }
    let resource = request.rawPath.split(separator: "/").count > 1 ? "OBJECT" : "BUCKET"
    let details = [AWSError.Detail("Method", method), AWSError.Detail("ResourceType", resource)]
    guard let rules else {
      throw AWSError(
        "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", httpStatus: 403, details: details)
    }
    guard let rule = rules.first(where: { $0.allows(origin: origin, method: method, headers: headers) }) else {
      throw AWSError(
        "AccessForbidden",
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request "
          + "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
          + "resource's CORS spec.", httpStatus: 403, details: details)
    }
    var fields = WireHeaders([("x-amz-request-id", requestID)])
    Self.allow(rule, origin: origin, &fields)
    if !headers.isEmpty { fields["access-control-allow-headers"] = headers.joined(separator: ", ") }
    return WireResponse(status: 200, headers: fields)
  }

  private static func allow(_ rule: CORSRuleRecord, origin: String, _ headers: inout WireHeaders) {
    let isOpen = rule.allowedOrigins.contains("*")
    headers["access-control-allow-origin"] = isOpen ? "*" : origin
    if !isOpen { headers["access-control-allow-credentials"] = "true" }
    headers["access-control-allow-methods"] = rule.allowedMethods.joined(separator: ", ")
    if let exposed = rule.exposeHeaders, !exposed.isEmpty {
      headers["access-control-expose-headers"] = exposed.joined(separator: ", ")
    }
    if let seconds = rule.maxAgeSeconds { headers["access-control-max-age"] = "\(seconds)" }
    headers["vary"] = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
  }
}
