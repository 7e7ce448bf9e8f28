import Dispatch
import Kernel

/// Waits on this thread for what only exists as `async`. For the engine's own threads; on a thread of Swift's
/// cooperative pool it could wait for ever.
public func waitBlocking<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) throws -> T {
  let done = DispatchSemaphore(value: 0)
  let outcome = Locked<Result<T, any Error>?>(nil)
  Task.detached {
    let result: Result<T, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    outcome.withLock { $0 = result }
    done.signal()
  }
  done.wait()
  guard let result = outcome.withLock({ $0 }) else { throw CancellationError() }
  return try result.get()
}
