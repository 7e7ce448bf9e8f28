import Synchronization

/// A value behind a mutex, for the few places where an actor's hop would cost more than it gives.
///
/// Locks live only in `Kernel` and `Storage`; services own their state through actors or through this box.
/// The body must be short, must not block and must not call out.
public final class Locked<Value>: Sendable {
  private let mutex: Mutex<Value>

  public init(_ value: consuming sending Value) { mutex = Mutex(value) }

  public func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    try mutex.withLock(body)
  }
}
