import AWSWire
import Foundation
public import Kernel
public import LambdaModel
import Logging
public import NIOCore
import Processes
public import Storage

extension LambdaService {
  public func invoke(_ input: InvokeInput, _ context: RequestContext) async throws -> InvokeOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context, ofAnyAccount: true)
    let found = try await permitted(name, context)
    guard input.tenantId == nil, input.durableExecutionName == nil else {
      throw AWSError.notImplemented(service: "Lambda", operation: "Invoke with tenants or durable executions")
    }
    let type = input.invocationType ?? .requestResponse
    let payload = try Self.checked(input.payload, isEvent: type == .event)
    switch type {
    case .dryRun: return InvokeOutput(statusCode: 204)
    case .event:
      try await events.put([event(name, payload, requestID: context.requestID, clientContext: input.clientContext)])
      return InvokeOutput(statusCode: 202)
    default: break
    }
    let execution = try await execute(
      name, found, payload, requestID: context.requestID, clientContext: input.clientContext)
    return InvokeOutput(
      statusCode: 200, functionError: execution.isError ? "Unhandled" : nil,
      logResult: input.logType == .tail ? execution.tail : nil, payload: execution.payload,
      executedVersion: found.version.version)
  }

  /// Takes asynchronous events in from another service, each on its own and in one step with what that service notes of
  /// them. The caller of `context` must be allowed to invoke the function.
  /// - Throws: as Invoke does; TooManyRequestsException when too many events wait.
  public func take(
    _ payloads: [ByteBuffer], for function: String, _ context: RequestContext,
    also: @escaping @Sendable (any KeyTransaction) throws -> Void
  ) async throws {
    let name = try FunctionName(function, context, ofAnyAccount: true)
    _ = try await permitted(name, context)
    try await events.put(
      try payloads.map { event(name, try Self.checked($0, isEvent: true), requestID: random.uuid()) }, also: also)
  }

  /// Whether there is such a function: for services that tell their own callers.
  public func has(_ function: String, _ context: RequestContext) async throws -> Bool {
    let name = try FunctionName(function, context, ofAnyAccount: true)
    do {
      _ = try await resolve(name)
      return true
    } catch is AWSError {
      return false
    }
  }

  private func event(
    _ name: FunctionName, _ payload: ByteBuffer, requestID: String, clientContext: String? = nil
  ) -> EventRecord {
    let now = clock.now()
    return EventRecord(
      id: "", scope: name.scope, function: name.name, qualifier: name.qualifier, requestID: requestID,
      payload: Data(payload.readableBytesView), clientContext: clientContext, received: now, due: now)
  }

  /// Finds the version and asks whether the caller may invoke it; the function's own policy counts.
  private func permitted(_ name: FunctionName, _ context: RequestContext) async throws -> ResolvedFunction {
    let found: ResolvedFunction
    do {
      found = try await resolve(name)
    } catch let error as AWSError {
      // Who may not invoke does not learn whether there is something to invoke.
      try await context.authorize(
        "lambda:InvokeFunction", on: [name.qualifiedARN.description], resourceAccount: name.scope.account)
      throw error
    }
    try await context.authorize(
      "lambda:InvokeFunction", on: [name.qualifiedARN.description],
      resourcePolicy: found.function.policies[name.qualifier ?? ""]?.document, resourceAccount: name.scope.account)
    return found
  }

  private static func checked(_ given: ByteBuffer?, isEvent: Bool) throws -> ByteBuffer {
    guard let given, given.readableBytes > 0 else { return ByteBuffer(string: "{}") }
    let limit = isEvent ? Limits.eventPayloadBytesMax : Limits.payloadBytesMax
    guard given.readableBytes <= limit else {
      throw LambdaError.requestTooLargeException(
        "Request must be smaller than \(limit) bytes for the InvokeFunction operation")
    }
    do {
      _ = try JSONSerialization.jsonObject(with: Data(given.readableBytesView), options: .fragmentsAllowed)
    } catch {
      throw LambdaError.invalidRequestContentException("Could not parse request body into json: it is not valid JSON")
    }
    return given
  }
}

/// What an invocation gave, in the words of the API.
package struct Execution: Sendable {
  package var payload: ByteBuffer
  package var isError: Bool
  /// The last 4 KiB of the log, in base64.
  package var tail: String
  package var requestID = ""
  package var version = ""

  package init(payload: ByteBuffer, isError: Bool, tail: String) {
    self.payload = payload
    self.isError = isError
    self.tail = tail
  }
}

extension LambdaService {
  /// Runs a version on one event, with all that belongs to it: its log, its metrics.
  /// - Throws: TooManyRequestsException and other refusals; a function's own failure is no error here.
  func execute(
    _ name: FunctionName, _ found: ResolvedFunction, _ payload: ByteBuffer, requestID: String,
    clientContext: String? = nil
  ) async throws -> Execution {
    let version = found.version
    let plan = SandboxPlan(
      function: FunctionName(scope: name.scope, name: name.name), version: version)
    let arn = name.qualifiedARN.description
    let began = clock.now()
    let run: SandboxPool.Run
    do {
      run = try await pool.run(plan, reserved: found.function.reservedConcurrency) { now in
        Invocation(
          requestID: requestID, payload: payload, deadline: now + .seconds(version.timeoutSeconds), functionARN: arn,
          clientContext: clientContext)
      }
    } catch let error as ChildProcess.StartFailure {
      return notStarted(plan, error, requestID: requestID)
    } catch is ZipFault {
      throw LambdaError.invalidZipFileException("Lambda could not unzip the deployment package.")
    } catch let error as AWSError {
      if error.code == "TooManyRequestsException" { report(name, [("Throttles", 1, "Count")]) }
      throw error
    }
    let (body, isError) = Self.answer(run.report.outcome, requestID, version)
    let text = lines(of: run, requestID, version)
    record(text, of: run, from: began, name, version)
    report(
      name,
      [
        ("Invocations", 1, "Count"), ("Errors", isError ? 1 : 0, "Count"), ("Throttles", 0, "Count"),
        ("Duration", Double(run.report.duration.nanoseconds) / 1e6, "Milliseconds"),
        ("ConcurrentExecutions", Double(run.concurrency), "Count"),
      ])
    let tail = Array(text.joined(separator: "\n").utf8.suffix(Limits.logTailBytes - 1)) + [UInt8(ascii: "\n")]
    var execution = Execution(payload: body, isError: isError, tail: Base64.encode(tail))
    (execution.requestID, execution.version) = (requestID, version.version)
    return execution
  }

  /// A custom runtime without its program.
  private func notStarted(
    _ plan: SandboxPlan, _ failure: ChildProcess.StartFailure, requestID: String
  ) -> Execution {
    report(plan.function, [("Invocations", 1, "Count"), ("Errors", 1, "Count"), ("Throttles", 0, "Count")])
    log.info(
      "a function's program could not be started",
      metadata: ["function": "\(plan.function.arn)", "error": "\(failure.text)"])
    let body = Self.errorBody(
      "Runtime.InvalidEntrypoint",
      "RequestId: \(requestID) Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
    return Execution(payload: body, isError: true, tail: "")
  }

  private static func errorBody(_ type: String, _ message: String) -> ByteBuffer {
    let about = ["errorType": type, "errorMessage": message]
    let data = try? JSONSerialization.data(withJSONObject: about, options: [.sortedKeys, .withoutEscapingSlashes])
    return ByteBuffer(bytes: data ?? Data("{}".utf8))
  }

  /// What the caller is told.
  static func answer(
    _ outcome: InvocationOutcome, _ requestID: String, _ version: VersionRecord
  ) -> (ByteBuffer, isError: Bool) {
    switch outcome {
    case .response(let body): return (body, false)
    case .failed(let body), .initFailed(let body): return (body, true)
    case .timedOut:
      return (errorBody("Sandbox.Timedout", "RequestId: \(requestID) Error: \(timeoutText(version))"), true)
    case .outOfMemory:
      return (
        errorBody("Runtime.OutOfMemory", "RequestId: \(requestID) Error: Runtime exited with error: signal: killed"),
        true
      )
    case .exited(let code):
      let text =
        switch code {
        case 0: "Runtime exited without providing a reason"
        case 1...: "Runtime exited with error: exit status \(code)"
        case -SIGKILL: "Runtime exited with error: signal: killed"
        default: "Runtime exited with error: signal: \(String(cString: strsignal(-code)).lowercased())"
        }
      return (errorBody("Runtime.ExitError", "RequestId: \(requestID) Error: \(text)"), true)
    }
  }

  private static func timeoutText(_ version: VersionRecord) -> String {
    "Task timed out after \(version.timeoutSeconds).00 seconds"
  }

  /// The log of one invocation, with the lines that Lambda adds.
  private func lines(of run: SandboxPool.Run, _ requestID: String, _ version: VersionRecord) -> [String] {
    var text = ["START RequestId: \(requestID) Version: \(version.version)"] + run.report.lines
    switch run.report.outcome {
    case .timedOut:
      text.append("\(TimestampText.iso8601(clock.now())) \(requestID) \(Self.timeoutText(version))")
    case .exited, .outOfMemory:
      let (body, _) = Self.answer(run.report.outcome, requestID, version)
      text.append(String(buffer: body))
    default: break
    }
    text.append("END RequestId: \(requestID)")
    let duration = run.report.duration
    let total = duration + (run.initDuration ?? .zero)
    var report =
      "REPORT RequestId: \(requestID)\tDuration: \(Self.milliseconds(duration)) ms\t"
      + "Billed Duration: \((total.nanoseconds + 999_999) / 1_000_000) ms\tMemory Size: \(version.memoryMiB) MB\t"
      + "Max Memory Used: \(run.report.maxMemoryMiB) MB\t"
    if let initial = run.initDuration { report += "Init Duration: \(Self.milliseconds(initial)) ms\t" }
    text.append(report)
    return text
  }

  /// Hands the log of one invocation over, to be written with the rights of the function's role.
  private func record(
    _ text: [String], of run: SandboxPool.Run, from began: Timestamp, _ name: FunctionName, _ version: VersionRecord
  ) {
    let ended = clock.now()
    lines.record(
      LogEventBatch(
        scope: name.scope, group: version.logGroup(name.name), stream: run.stream,
        events: text.enumerated().map { .init(time: $0.offset == 0 ? began : ended, message: $0.element + "\n") },
        writer: ARN(version.role).map { .init(role: $0, service: "lambda.amazonaws.com", session: name.name) }))
  }

  /// With two digits behind the point.
  private static func milliseconds(_ span: Duration) -> String {
    let hundredths = span.nanoseconds / 10_000
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  /// Measurements of a function, in AWS's namespace.
  func report(_ name: FunctionName, _ values: [(name: String, value: Double, unit: String)]) {
    let now = clock.now()
    var dimensions = [[(name: "FunctionName", value: name.name)]]
    if let qualifier = name.qualifier {
      dimensions.append([
        (name: "FunctionName", value: name.name), (name: "Resource", value: "\(name.name):\(qualifier)"),
      ])
    }
    metrics.record(
      dimensions.flatMap { dimensions in
        values.map {
          MetricSample(
            "AWS/Lambda", $0.name, dimensions: dimensions, value: $0.value, unit: $0.unit, time: now, scope: name.scope)
        }
      })
  }
}
