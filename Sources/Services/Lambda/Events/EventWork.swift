import AWSWire
import Foundation
import Kernel
import LambdaModel
import Logging
import NIOCore
import Storage

extension LambdaService {
  /// Lets a function work on an asynchronous event. Source: developer guide, "Understanding retry behavior".
  func work(on event: EventRecord) async -> EventQueue.Verdict {
    let name = event.name
    let qualifier = name.qualifier ?? FunctionName.latest
    let found: ResolvedFunction
    let config: EventConfigRecord?
    do {
      found = try await resolve(name)
      config = try await keys.read {
        try $0.get(LambdaKeys.eventConfig(name.scope, name.name, qualifier), as: EventConfigRecord.self)
      }
    } catch is AWSError {
      // The function has gone, and its events with it.
      report(name, [("AsyncEventsDropped", 1, "Count")])
      return .done(nil)
    } catch {
      return .again(Self.refused(event, at: clock.now()))
    }
    let age = clock.now() - event.received
    report(name, [("AsyncEventAge", Double(age.milliseconds), "Milliseconds")])
    guard age <= .seconds(config?.ageSeconds ?? Limits.eventAgeSecondsMax) else {
      return await drop(event, found, config, "EventAgeExceeded", nil)
    }
    let execution: Execution
    do {
      execution = try await execute(
        name, found, ByteBuffer(bytes: event.payload), requestID: event.requestID, clientContext: event.clientContext)
    } catch {
      // Throttled, or a failure of ours: it comes again until it is too old.
      log.debug("an asynchronous event waits", metadata: ["function": "\(name.arn)", "error": "\(error)"])
      return .again(Self.refused(event, at: clock.now()))
    }
    // A function that the server's stop ended has not failed.
    if execution.isError, Task.isCancelled { return .again(event) }
    guard execution.isError else {
      let follower = await destination(config?.onSuccess, event, found, "Success", execution)
      return .done(follower)
    }
    guard event.failures < min(config?.retries ?? Limits.eventRetriesMax, Limits.eventRetryPauses.count) else {
      return await drop(event, found, config, "RetriesExhausted", execution)
    }
    var later = event
    later.due = clock.now() + Limits.eventRetryPauses[event.failures]
    later.failures += 1
    return .again(later)
  }

  private static func refused(_ event: EventRecord, at now: Timestamp) -> EventRecord {
    var later = event
    let seconds = Limits.eventThrottlePauseFirst.milliseconds / 1000 << min(Int64(event.refusals), 10)
    later.due = now + min(.seconds(seconds), Limits.eventThrottlePauseMax)
    later.refusals += 1
    return later
  }

  private func drop(
    _ event: EventRecord, _ found: ResolvedFunction, _ config: EventConfigRecord?, _ condition: String,
    _ execution: Execution?
  ) async -> EventQueue.Verdict {
    report(event.name, [("AsyncEventsDropped", 1, "Count")])
    return .done(await destination(config?.onFailure, event, found, condition, execution))
  }

  /// Tells a destination. What a function gets is an event of its own, which takes the place of the one at hand.
  private func destination(
    _ target: String?, _ event: EventRecord, _ found: ResolvedFunction, _ condition: String, _ execution: Execution?
  ) async -> EventRecord? {
    guard let target, let role = ARN(found.version.role) else { return nil }
    do {
      if let bucket = ARN(target), FailureObjects.isBucket(bucket) {
        try await failures.put(
          body(event, found, condition, execution), folder: "aws/lambda/async/\(event.function)", bucket: bucket,
          role: found.version.role, scope: event.scope, function: event.function)
        return nil
      }
      let principal = try await roles.assume(role: role, for: SandboxTools.serviceName, session: event.function)
      let context = RequestContext(
        requestID: random.uuid(), scope: event.scope, principal: principal, time: clock.now(),
        userAgent: SandboxTools.serviceName, authorizer: authorizer)
      let name = try FunctionName(target, context)
      try await context.authorize("lambda:InvokeFunction", on: name.qualifiedARN)
      _ = try await resolve(name)
      let payload = try body(event, found, condition, execution)
      return EventRecord(
        id: "", scope: name.scope, function: name.name, qualifier: name.qualifier, requestID: context.requestID,
        payload: payload, received: clock.now(), due: clock.now())
    } catch {
      log.warning(
        "a destination could not be told",
        metadata: ["function": "\(event.name.arn)", "destination": "\(target)", "error": "\(error)"])
      report(event.name, [("DestinationDeliveryFailures", 1, "Count")])
      return nil
    }
  }

  /// Source: developer guide, "Example: Lambda asynchronous invocation record".
  private func body(
    _ event: EventRecord, _ found: ResolvedFunction, _ condition: String, _ execution: Execution?
  ) throws -> Data {
    func json(_ data: Data) -> Any {
      (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)) ?? NSNull()
    }
    var record: [String: Any] = [
      "version": "1.0", "timestamp": TimestampText.iso8601(clock.now()),
      "requestContext": [
        "requestId": event.requestID, "condition": condition,
        "functionArn": FunctionName.arn(event.scope, event.function, event.qualifier ?? FunctionName.latest)
          .description,
        "approximateInvokeCount": event.failures + (execution == nil ? 0 : 1),
      ] as [String: Any],
      "requestPayload": json(event.payload),
    ]
    if let execution {
      var about: [String: Any] = ["statusCode": 200, "executedVersion": found.version.version]
      if execution.isError { about["functionError"] = "Unhandled" }
      record["responseContext"] = about
      record["responsePayload"] = json(Data(execution.payload.readableBytesView))
    }
    return try JSONSerialization.data(withJSONObject: record, options: [.withoutEscapingSlashes])
  }
}
