import AWSWire
import Kernel
import Logging
import NIOCore

/// Where every request enters: finds its service, believes or refuses its signature, hands it on, and tells audit
/// and log how it went.
struct Gateway: Sendable {
  let services: [String: any WireService]
  let credentials: any CredentialSource
  let authorizer: any Authorizer
  let audit: any AuditTap
  let clock: any WallClock
  let random: any RandomSource
  let defaultRegion: Region
  let logger: Logger
  let health: Health
  let trail: AuditTrail
  let tools: GlueTools

  func respond(to exchange: HTTPExchange, sourceIP: String) async -> WireResponse {
    let began = clock.now()
    let wire = exchange.request
    if wire.rawPath.hasPrefix(Health.path) {
      if wire.rawPath == AuditTrail.path { return await showTrail(wire, now: began) }
      if wire.rawPath.hasPrefix(GlueTools.runs) { return await answerRun(wire) }
      if wire.rawPath.hasPrefix(GlueTools.path) { return await useTools(wire, now: began, sourceIP: sourceIP) }
      return health.answer(wire)
    }
    let requestID = random.uuid()
    let handled = await handle(wire, requestID: requestID, began: began, sourceIP: sourceIP)
    let duration = clock.now() - began
    logger.debug(
      "request",
      metadata: [
        "request-id": "\(requestID)", "service": "\(handled.service)", "operation": "\(handled.operation)",
        "status": "\(handled.response.status)", "ms": "\(duration.milliseconds)",
      ])
    if let cause = handled.response.failure?.cause {
      logger.error(
        "a request failed",
        metadata: [
          "request-id": "\(requestID)", "service": "\(handled.service)", "operation": "\(handled.operation)",
          "error": "\(cause)",
        ])
    }
    if let call = handled.context {
      audit.record(
        AuditEvent(
          service: handled.service, operation: handled.operation, context: call,
          error: handled.response.failure?.error, httpStatus: handled.response.status, duration: duration))
    }
    return handled.response
  }

  private struct Handled {
    var service: String
    var operation = "-"
    var response: WireResponse
    var context: RequestContext?
  }

  private func handle(_ request: WireRequest, requestID: String, began: Timestamp, sourceIP: String) async -> Handled {
    var request = request
    // Known once the claim is read; a request whose claim cannot be read is answered as what it looks like.
    var found: String?
    var name: String { found ?? ServiceRouting.service(of: request, claim: nil) }
    do {
      let claim = try SignatureClaim.parse(request)
      let name = try await findService(&request, claim: claim)
      found = name
      guard let service = services[name] else { return refuse(unknownService(name), request, "s3", requestID) }
      let principal: Principal
      if let claim {
        principal = try await authenticate(claim, &request, now: began)
      } else {
        principal = try anonymous(name, &request)
      }
      // S3's old presigned URLs name no region.
      let region = claim.flatMap { $0.region.isEmpty ? nil : Region($0.region) } ?? defaultRegion
      let scope = Scope(account: principal.account, region: region)
      let host = request.headers["host"] ?? ""
      let context = RequestContext(
        requestID: requestID, scope: scope, principal: principal, time: began, sourceIP: sourceIP,
        userAgent: request.headers["user-agent"] ?? "", endpoint: "\(health.scheme)://\(host)",
        authorizer: authorizer)
      if name == "s3" { request = S3Addressing.pathStyle(request) }
      let response = await service.respond(to: request, context: context)
      let operation = response.operation ?? service.operation(of: request) ?? "-"
      return Handled(service: name, operation: operation, response: response, context: context)
    } catch let fault as AuthenticationFault {
      return refuse(fault.error(for: name), request, name, requestID)
    } catch let error as AWSError {
      return refuse(error, request, name, requestID)
    } catch let error as any OverloadReporting where error.isOverload {
      return refuse(.throttled, request, name, requestID)
    } catch {
      logger.error(
        "a request failed before its service", metadata: ["request-id": "\(requestID)", "error": "\(error)"])
      return refuse(.internalFailure(), request, name, requestID)
    }
  }

  /// Reads a form's body where only it tells the service.
  private func findService(_ request: inout WireRequest, claim: SignatureClaim?) async throws -> String {
    guard ServiceRouting.needsForm(request, claim: claim) else {
      return ServiceRouting.service(of: request, claim: claim)
    }
    let form: ByteBuffer
    do {
      form = try await request.body.collect(upTo: Self.formBytesMax)
    } catch is ByteStream.TooLong {
      throw AWSError("RequestEntityTooLarge", "The form is too long.", httpStatus: 413)
    }
    request.body = ByteStream(form)
    return ServiceRouting.service(of: request, claim: claim, form: String(buffer: form))
  }

  private func authenticate(_ claim: SignatureClaim, _ request: inout WireRequest, now: Timestamp) async throws
    -> Principal
  {
    guard
      let credential = try await credentials.credential(
        accessKeyID: claim.accessKeyID, sessionToken: claim.sessionToken, now: now)
    else { throw AuthenticationFault.unknownKey(claim.accessKeyID) }
    request.body = try await claim.verify(request, secret: credential.secret, now: now)
    credentials.noteUse(
      accessKeyID: claim.accessKeyID, service: claim.service,
      region: claim.region.isEmpty ? defaultRegion.code : claim.region, at: now)
    return credential.principal
  }

  /// `/_tarn/audit`: for the root of an account, its part of the audit trail.
  private func showTrail(_ wire: WireRequest, now: Timestamp) async -> WireResponse {
    var request = wire
    do {
      guard wire.method == "GET", let claim = try SignatureClaim.parse(wire) else { return WireResponse(status: 403) }
      let principal = try await authenticate(claim, &request, now: now)
      guard principal.kind == .root else { return WireResponse(status: 403) }
      return try await trail.answer(request, account: principal.account)
    } catch is AuthenticationFault {
      return WireResponse(status: 403)
    } catch {
      logger.error("the audit trail cannot be read", metadata: ["error": "\(error)"])
      return WireResponse(status: 500)
    }
  }

  /// `/_tarn/glue/…`: what Glue has no operation for, for whoever signs and has the rights.
  private func useTools(_ wire: WireRequest, now: Timestamp, sourceIP: String) async -> WireResponse {
    var request = wire
    do {
      guard let claim = try SignatureClaim.parse(wire) else { return WireResponse(status: 403) }
      let principal = try await authenticate(claim, &request, now: now)
      let region = claim.region.isEmpty ? defaultRegion : Region(claim.region)
      let context = RequestContext(
        requestID: random.uuid(), scope: Scope(account: principal.account, region: region), principal: principal,
        time: now, sourceIP: sourceIP, userAgent: request.headers["user-agent"] ?? "",
        endpoint: "\(health.scheme)://\(request.headers["host"] ?? "")", authorizer: authorizer)
      return try await tools.answer(request, context)
    } catch is AuthenticationFault {
      return WireResponse(status: 403)
    } catch let error as AWSError {
      return GlueTools.refusal(error)
    } catch {
      logger.error("a tool of Glue's failed", metadata: ["error": "\(error)"])
      return WireResponse(status: 500)
    }
  }

  private func answerRun(_ wire: WireRequest) async -> WireResponse {
    do {
      return try await tools.answerRun(wire)
    } catch let error as AWSError {
      return GlueTools.refusal(error)
    } catch {
      logger.error("a job's run was not answered", metadata: ["error": "\(error)"])
      return WireResponse(status: 500)
    }
  }

  /// S3 answers whoever may be anonymous; STS has calls that need no signature; the others want one.
  private func anonymous(_ service: String, _ request: inout WireRequest) throws -> Principal {
    guard service == "s3" else { throw AuthenticationFault.missing }
    request.body = try SignatureClaim.unsignedBody(request)
    return Principal(
      kind: .anonymous, account: .standard,
      arn: ARN(service: "iam", region: "", account: AccountID.standard.digits, resource: "anonymous"),
      userID: "anonymous", accessKeyID: "")
  }

  private func refuse(_ error: AWSError, _ request: WireRequest, _ service: String, _ requestID: String) -> Handled {
    guard let writer = services[service] ?? services["s3"] else {
      return Handled(service: service, response: WireResponse(status: error.httpStatus))
    }
    return Handled(service: service, response: writer.refuse(error, request: request, requestID: requestID))
  }

  private func unknownService(_ name: String) -> AWSError {
    AWSError(
      "NotImplemented", "Tarn does not have the service '\(name.prefix(64))' yet.", httpStatus: 501, fault: .receiver)
  }

  /// A form that names its service in the body: STS and IAM calls, all of them short.
  static let formBytesMax = 1 << 20
}

/// Gives the secret and the principal behind an access key.
protocol CredentialSource: Sendable {
  /// - Returns: `nil` for a key that nobody has.
  /// - Throws: `AuthenticationFault` for one that may not be used (expired, inactive, wrong token).
  func credential(accessKeyID: String, sessionToken: String?, now: Timestamp) async throws -> (
    secret: String, principal: Principal
  )?

  /// Takes note that a key was used. Returns at once.
  func noteUse(accessKeyID: String, service: String, region: String, at now: Timestamp)
}
