import Kernel

/// The embedded `KeyStore`: one SQLite table, one writer that commits many callers together, many readers.
///
/// Writes queue up while a commit is on its way to disk; the next transaction takes all that wait. Each caller
/// runs inside a savepoint of its own, so that one that throws takes nothing of the others with it. Answers go
/// out after the commit, that is after the write-ahead log was synced (`synchronous=FULL`).
///
/// Readers see the last commit as it was when they began and never wait for the writer. A reader that stays
/// open keeps the write-ahead log from being reused, so it grows for so long: scan in pieces.
public final class SQLiteKeyStore: KeyStore {
  /// A write that waits for its group: its body, and what tells its caller how the commit went.
  private struct Write: Sendable {
    /// Runs the body and keeps its result.
    var run: @Sendable (any KeyTransaction) throws -> Void
    /// Hands the kept result out, or this error.
    var answer: @Sendable ((any Error)?) -> Void
  }

  private struct Queue {
    var waiting: [Write] = []
    var draining = false
    var closed = false
  }

  private let path: String
  private let fileSystemName: String?
  private let writer: KeyConnection
  private let writeThread = BlockingPool(name: "keys-write", threads: 1, queueLimit: 16)
  private let readThreads = BlockingPool(
    name: "keys-read", threads: StorageLimits.keyReadThreads, queueLimit: StorageLimits.keyReadsWaitingMax)
  private let queue = Locked(Queue())
  /// Connections that no reader uses now; `nil` once closed.
  private let readers = Locked<[KeyConnection]?>([])

  /// Opens the store, making its file if there is none. Blocks.
  /// - Parameter fileSystemName: a SQLite VFS that a test registered; `nil` for the machine's own.
  public init(path: String, fileSystemName: String? = nil) throws {
    self.path = path
    self.fileSystemName = fileSystemName
    writer = try KeyConnection.writer(path: path, fileSystemName: fileSystemName)
  }

  // MARK: reading

  public func read<T: Sendable>(_ body: @escaping @Sendable (any KeyReader) throws -> T) async throws -> T {
    do {
      return try await readThreads.run { try self.readBlocking(body) }
    } catch let refusal as BlockingPool.Overloaded {
      throw StorageError.overloaded("\(refusal.pool) has \(StorageLimits.keyReadsWaitingMax) reads waiting")
    }
  }

  public func readBlocking<T>(_ body: (any KeyReader) throws -> T) throws -> T {
    let idle = try readers.withLock { readers in
      guard readers != nil else { throw StorageError.closed }
      return readers?.popLast()
    }
    let reader = try idle ?? KeyConnection.reader(path: path, fileSystemName: fileSystemName)
    defer { giveBack(reader) }
    return try reader.snapshot(body)
  }

  private func giveBack(_ reader: KeyConnection) {
    let kept = readers.withLock { readers in
      guard let count = readers?.count, count < StorageLimits.keyReadersIdleMax else { return false }
      readers?.append(reader)
      return true
    }
    if !kept { reader.close() }
  }

  // MARK: writing

  public func write<T: Sendable>(_ body: @escaping @Sendable (any KeyTransaction) throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { (caller: CheckedContinuation<T, any Error>) in
      let result = Locked<T?>(nil)
      enqueue(
        Write(
          run: { transaction in
            let value = try body(transaction)
            result.withLock { $0 = value }
          },
          answer: { error in
            if let error {
              caller.resume(throwing: error)
            } else if let value = result.withLock({ $0 }) {
              caller.resume(returning: value)
            } else {
              caller.resume(throwing: StorageError.closed)
            }
          }))
    }
  }

  private func enqueue(_ write: Write) {
    let refusal: StorageError?
    let startDraining: Bool
    (refusal, startDraining) = queue.withLock { queue in
      if queue.closed { return (.closed, false) }
      guard queue.waiting.count < StorageLimits.keyWritesWaitingMax else {
        return (.overloaded("the key store has \(StorageLimits.keyWritesWaitingMax) writes waiting"), false)
      }
      queue.waiting.append(write)
      defer { queue.draining = true }
      return (nil, !queue.draining)
    }
    if let refusal { return write.answer(refusal) }
    guard startDraining else { return }
    do {
      try writeThread.submit { self.drain() }
    } catch {
      // One drain runs at a time, so the thread's queue is never full; answer whoever waits all the same.
      let waiting = queue.withLock { queue in
        queue.draining = false
        defer { queue.waiting = [] }
        return queue.waiting
      }
      for write in waiting { write.answer(StorageError.overloaded("keys-write")) }
    }
  }

  /// Commits group after group until nobody waits.
  private func drain() {
    while true {
      let group: [Write] = queue.withLock { queue in
        let count = min(queue.waiting.count, StorageLimits.keyWritesPerGroupMax)
        let group = Array(queue.waiting.prefix(count))
        queue.waiting.removeFirst(count)
        if group.isEmpty { queue.draining = false }
        return group
      }
      if group.isEmpty { return }
      for (write, error) in zip(group, commit(group)) { write.answer(error) }
    }
  }

  /// Runs a group as one transaction.
  /// - Returns: for each write what it is answered: nothing when it is on disk.
  private func commit(_ group: [Write]) -> [(any Error)?] {
    var outcomes: [(any Error)?] = Array(repeating: nil, count: group.count)
    writer.exclusively {
      do {
        try writer.begin()
        for (index, write) in group.enumerated() {
          do {
            try writer.runCaller(write.run)
          } catch {
            outcomes[index] = error
            // A failing disk makes SQLite roll the whole transaction back: then nobody's changes are there.
            guard writer.isInTransaction else { throw error }
          }
        }
        try writer.commit()
      } catch {
        writer.rollback()
        for index in outcomes.indices where outcomes[index] == nil { outcomes[index] = error }
      }
    }
    return outcomes
  }

  /// Waits for the writes that were accepted, then closes the connections. Later calls throw `closed`.
  public func close() async {
    queue.withLock { $0.closed = true }
    let idle = readers.withLock { readers in
      defer { readers = nil }
      return readers ?? []
    }
    for reader in idle { reader.close() }
    // The thread runs one job after the other, so this comes behind the last group.
    try? await writeThread.run { self.writer.close() }
  }
}
