import Kernel

extension BlockingPool {
  /// `run`, with a full queue told in the ground floor's words.
  func runStorage<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    do {
      return try await run(body)
    } catch let refusal as Overloaded {
      throw StorageError.overloaded("\(refusal.pool) has \(queueLimit) jobs waiting")
    }
  }
}
