import Kernel
import Logs
import LogsModel
import NIOCore
import StorageTesting
import Testing

/// A CloudWatch Logs on stores in memory and a clock moved by hand.
final class House: Sendable {
  static let scope = Scope(account: .standard, region: .usEast1)
  let clock: ManualClock
  let keys: MemoryKeyStore
  let logs: MemoryLogStore
  let taps = TapeTap()
  let targets = TapeTargets()
  let service: LogsService

  /// - Parameter old: a house whose data this one takes over, as after a start anew.
  init(after old: House? = nil) async throws {
    clock = old?.clock ?? ManualClock(Timestamp(seconds: 1_779_192_000))  // 2026-05-19T12:00:00Z
    keys = old?.keys ?? MemoryKeyStore()
    logs = old?.logs ?? MemoryLogStore(clock: clock)
    service = try await LogsService.open(
      keys: keys, logs: logs, clock: clock, random: SeededRandomSource(seed: old == nil ? 5 : 6), roles: Roles(),
      authorizer: RoleAuthorizer(), metrics: taps, targets: targets)
  }

  var context: RequestContext {
    RequestContext(
      requestID: "r", scope: Self.scope, principal: .root(of: .standard), time: clock.now(),
      authorizer: OpenAuthorizer())
  }

  /// Milliseconds.
  var now: Int64 { clock.now().milliseconds }

  func makeGroup(_ name: String = "g", streams: [String] = ["s"]) async throws {
    _ = try await service.createLogGroup(CreateLogGroupInput(logGroupName: name), context)
    for stream in streams {
      _ = try await service.createLogStream(
        CreateLogStreamInput(logGroupName: name, logStreamName: stream), context)
    }
  }

  @discardableResult
  func put(
    _ events: [(Int64, String)], to stream: String = "s", of group: String = "g"
  ) async throws -> PutLogEventsOutput {
    try await service.putLogEvents(
      PutLogEventsInput(
        logGroupName: group, logStreamName: stream,
        logEvents: events.map { InputLogEvent(timestamp: $0.0, message: $0.1) }), context)
  }

  func get(
    from: Int64? = nil, to: Int64? = nil, token: String? = nil, limit: Int? = nil, head: Bool? = nil,
    stream: String = "s"
  ) async throws -> GetLogEventsOutput {
    try await service.getLogEvents(
      GetLogEventsInput(
        logGroupName: "g", logStreamName: stream, startTime: from, endTime: to, nextToken: token, limit: limit,
        startFromHead: head), context)
  }

  func filter(
    _ pattern: String? = nil, from: Int64? = nil, to: Int64? = nil, streams: [String]? = nil, prefix: String? = nil,
    limit: Int? = nil, token: String? = nil, group: String = "g"
  ) async throws -> FilterLogEventsOutput {
    try await service.filterLogEvents(
      FilterLogEventsInput(
        logGroupName: group, logStreamNames: streams, logStreamNamePrefix: prefix, startTime: from, endTime: to,
        filterPattern: pattern, nextToken: token, limit: limit), context)
  }

  /// All pages.
  func search(_ pattern: String? = nil, limit: Int? = nil, group: String = "g") async throws -> [String] {
    var found: [String] = []
    var token: String?
    repeat {
      let page = try await filter(pattern, limit: limit, token: token, group: group)
      found += (page.events ?? []).map { $0.message ?? "" }
      token = page.nextToken
    } while token != nil
    return found
  }
}

/// Roles named `…missing` are not there; those named `…poor` may do nothing.
struct Roles: RoleBroker {
  func assume(role: ARN, for service: String, session: String) async throws -> Principal {
    guard !role.resource.hasSuffix("missing") else { throw AWSError("NoSuchEntity", "no such role") }
    return Principal(
      kind: .assumedRole(name: role.resource, session: session), account: .standard,
      arn: ARN(service: "sts", region: "", account: role.account, resource: "assumed-\(role.resource)/\(session)"),
      userID: "x", accessKeyID: "")
  }
  func checkPass(role: ARN, to service: String, context: RequestContext) async throws {}
}

struct RoleAuthorizer: Authorizer {
  func authorize(_ request: AuthorizationRequest) async throws {
    if case .assumedRole(let name, _) = request.principal.kind, name.hasSuffix("poor") {
      throw AWSError("AccessDenied", "no")
    }
  }
}

final class TapeTap: MetricTap {
  private let tape = Locked<[MetricSample]>([])
  func record(_ samples: [MetricSample]) { tape.withLock { $0 += samples } }
  func values(_ name: String, dimensions: Int? = nil) -> [Double] {
    tape.withLock { tape in
      tape.filter { $0.name == name && (dimensions == nil || $0.dimensions.count == dimensions) }.map(\.value)
    }
  }
  func dimensions(_ name: String) -> [String] {
    tape.withLock { tape in
      tape.filter { $0.name == name }.map { $0.dimensions.map { "\($0.name)=\($0.value)" }.joined(separator: ",") }
    }
  }
}

/// Destinations that keep what they are given, or refuse it.
final class TapeTargets: SubscriptionTargets {
  struct Message: Sendable {
    var destination: ARN
    var key: String
    var packed: ByteBuffer
    var source: String
    var principal: Principal.Kind
  }
  let messages = Locked<[Message]>([])
  let refusals = Locked<[AWSError]>([])
  let probes = Locked(0)

  func deliver(
    _ message: ByteBuffer, to destination: ARN, partitionKey key: String, _ context: RequestContext
  ) async throws {
    if let error = refusals.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw error }
    messages.withLock {
      $0.append(
        Message(
          destination: destination, key: key, packed: message, source: context.sourceARN,
          principal: context.principal.kind))
    }
  }

  func probe(_ message: ByteBuffer, _ destination: ARN, _ context: RequestContext) async throws {
    if let error = refusals.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw error }
    probes.withLock { $0 += 1 }
  }
}

/// Runs `body` and gives the AWS error that it must throw.
func failure(_ body: () async throws -> some Any, at location: SourceLocation = #_sourceLocation) async -> AWSError {
  do {
    let result = try await body()
    Issue.record("no error, but \(result)", sourceLocation: location)
  } catch let error as AWSError {
    return error
  } catch {
    Issue.record("not an AWS error: \(error)", sourceLocation: location)
  }
  return AWSError("none", "")
}
