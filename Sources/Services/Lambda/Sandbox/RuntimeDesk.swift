package import Kernel
package import NIOCore

/// One event on its way to a function, with what the runtime interface tells about it.
package struct Invocation: Sendable {
  package var requestID: String
  package var payload: ByteBuffer
  package var deadline: Timestamp
  package var functionARN: String
  package var clientContext: String?

  package init(
    requestID: String, payload: ByteBuffer, deadline: Timestamp, functionARN: String, clientContext: String? = nil
  ) {
    self.requestID = requestID
    self.payload = payload
    self.deadline = deadline
    self.functionARN = functionARN
    self.clientContext = clientContext
  }
}

/// How an invocation ended.
package enum InvocationOutcome: Sendable, Hashable {
  case response(ByteBuffer)
  /// The function said so itself: an error in AWS's form.
  case failed(ByteBuffer)
  /// Its code could not be brought up.
  case initFailed(ByteBuffer)
  /// The process ended, by itself (its code) or by a signal (minus its number).
  case exited(Int32)
  case timedOut
  case outOfMemory
}

/// Where the process of one sandbox and the server meet: the process asks for work and answers, the server hands
/// work in. A state machine of its own, so that it can be tried without network and process.
package final class RuntimeDesk: Sendable {
  private struct State {
    /// The process has asked for work and waits.
    var asking: EventLoopPromise<Invocation?>?
    var queued: Invocation?
    var current: String?
    var finish: CheckedContinuation<InvocationOutcome, Never>?
    /// Waits for the process to ask for the first time.
    var ready: CheckedContinuation<InvocationOutcome?, Never>?
    var hasAsked = false
    /// Set once nothing more can come from the process.
    var end: InvocationOutcome?
  }
  private let state = Locked(State())

  package init() {}

  /// Whether the process waits for work.
  package var isAsking: Bool { state.withLock { $0.asking != nil } }

  /// Whether nothing more can come from the process.
  package var hasEnded: Bool { state.withLock { $0.end != nil } }

  // MARK: The server's side

  /// Returns when the process asks for work for the first time.
  /// - Returns: `nil`, or what happened instead.
  package func waitUntilReady() async -> InvocationOutcome? {
    await withCheckedContinuation { continuation in
      let known: InvocationOutcome?? = state.withLock { state in
        if let end = state.end { return .some(.some(end)) }
        if state.hasAsked { return .some(.none) }
        state.ready = continuation
        return .none
      }
      if case .some(let answer) = known { continuation.resume(returning: answer) }
    }
  }

  /// Hands one event in and waits for its outcome. One at a time.
  package func run(_ invocation: Invocation) async -> InvocationOutcome {
    await withCheckedContinuation { continuation in
      let (end, asking): (InvocationOutcome?, EventLoopPromise<Invocation?>?) = state.withLock { state in
        if let end = state.end { return (end, nil) }
        state.current = invocation.requestID
        state.finish = continuation
        guard let asking = state.asking else {
          state.queued = invocation
          return (nil, nil)
        }
        state.asking = nil
        return (nil, asking)
      }
      if let end { continuation.resume(returning: end) }
      asking?.succeed(invocation)
    }
  }

  /// Nothing more comes from the process, or what comes is not waited for.
  package func end(_ outcome: InvocationOutcome) {
    let former: State = state.withLock { state in
      let former = state
      if state.end == nil { state.end = outcome }
      state.finish = nil
      state.ready = nil
      state.asking = nil
      return former
    }
    former.finish?.resume(returning: outcome)
    former.ready?.resume(returning: outcome)
    former.asking?.succeed(nil)
  }

  // MARK: The process's side

  /// The process asks for its next event; `nil` when there will be none.
  package func next(_ promise: EventLoopPromise<Invocation?>) {
    let former: State = state.withLock { state in
      let former = state
      state.hasAsked = true
      state.ready = nil
      state.queued = nil
      if former.end == nil, former.queued == nil { state.asking = promise }
      return former
    }
    if former.end != nil {
      promise.succeed(nil)
    } else if let queued = former.queued {
      promise.succeed(queued)
    } else {
      // Whoever asked before has gone: a process asks once at a time.
      former.asking?.succeed(nil)
    }
    former.ready?.resume(returning: nil)
  }

  /// The process answers an event.
  /// - Returns: `false` when that event is not the one that it works on.
  package func answer(_ requestID: String, _ outcome: InvocationOutcome) -> Bool {
    let finish: CheckedContinuation<InvocationOutcome, Never>? = state.withLock { state in
      guard state.current == requestID, let finish = state.finish else { return nil }
      state.current = nil
      state.finish = nil
      return finish
    }
    finish?.resume(returning: outcome)
    return finish != nil
  }

  /// The process could not bring the function's code up.
  package func failInit(_ error: ByteBuffer) { end(.initFailed(error)) }
}
