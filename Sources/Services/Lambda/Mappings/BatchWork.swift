package import Kernel
import LambdaModel
import NIOCore

/// Why records were given up, and what had been tried.
package struct GivenUp: Sendable {
  package var reason: String
  /// Calls of the function that were in vain.
  package var attempts: Int
  /// The last of them.
  package var last: Execution?
}

/// Takes a function through one batch of a shard's records, in order: retries, halves, gives up, as the mapping says.
package struct BatchWork: Sendable {
  let mapping: MappingRecord
  let clock: any WallClock
  /// Hands records to the function. Throws when there is no room for it.
  let call: @Sendable ([StreamItem]) async throws -> Execution
  /// Hears of records that are given up, and why.
  let giveUp: @Sendable ([StreamItem], GivenUp) async -> Void
  /// Hears how the last call went.
  let note: @Sendable (String) -> Void

  package init(
    mapping: MappingRecord, clock: any WallClock, call: @escaping @Sendable ([StreamItem]) async throws -> Execution,
    giveUp: @escaping @Sendable ([StreamItem], GivenUp) async -> Void, note: @escaping @Sendable (String) -> Void
  ) {
    self.mapping = mapping
    self.clock = clock
    self.call = call
    self.giveUp = giveUp
    self.note = note
  }

  /// Returns once all records are dealt with.
  /// - Throws: `CancellationError`.
  package func run(_ items: [StreamItem]) async throws { try await run(items, failures: 0) }

  private func run(_ all: [StreamItem], failures before: Int) async throws {
    var items = all
    var failures = before
    var pauses = 0
    var last: Execution?
    while !items.isEmpty {
      try Task.checkCancellation()
      items = await forgetOld(items, GivenUp(reason: "", attempts: failures, last: last))
      guard !items.isEmpty else { return }
      let failed: Int
      do {
        let execution = try await call(items)
        last = execution
        // A function that the server's stop ended has not failed.
        try Task.checkCancellation()
        if execution.isError {
          failed = 0
        } else if mapping.reportsItems {
          switch BatchAnswer.read(execution.payload, items) {
          case .done: failed = items.count
          case .failedFrom(let index): failed = index
          }
        } else {
          failed = items.count
        }
      } catch let error as CancellationError {
        throw error
      } catch {
        // No room for the function, or none of it left: that is no failure of the records.
        note("PROBLEM: \((error as? AWSError)?.message ?? "internal error")")
        try await clock.sleep(for: Self.pause(pauses))
        pauses += 1
        continue
      }
      guard failed < items.count else {
        note("OK")
        return
      }
      note("PROBLEM: Function call failed")
      items = Array(items[failed...])
      // Halves count as one try: what makes the function fail is to be alone when the tries are used up.
      if mapping.bisects, items.count > 1 {
        let middle = items.count / 2
        try await run(Array(items[..<middle]), failures: failures)
        try await run(Array(items[middle...]), failures: failures)
        return
      }
      failures += 1
      if mapping.retries >= 0, failures > mapping.retries {
        await giveUp(items, GivenUp(reason: "RetryAttemptsExhausted", attempts: failures, last: last))
        return
      }
      try await clock.sleep(for: Self.pause(failures - 1))
    }
  }

  private func forgetOld(_ items: [StreamItem], _ standing: GivenUp) async -> [StreamItem] {
    guard mapping.recordAgeSeconds >= 0 else { return items }
    let horizon = clock.now() - .seconds(mapping.recordAgeSeconds)
    let old = items.prefix { $0.time < horizon }
    if !old.isEmpty {
      var about = standing
      about.reason = "MaximumRecordAgeExceeded"
      await giveUp(Array(old), about)
    }
    return Array(items[old.endIndex...])
  }

  /// Between tries: longer each time.
  static func pause(_ count: Int) -> Duration {
    min(Limits.batchPauseMax, .milliseconds(Limits.batchPauseFirst.milliseconds << Int64(min(count, 12))))
  }
}
