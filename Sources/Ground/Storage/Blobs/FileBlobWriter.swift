import Kernel
import NIOCore

/// Writes one blob of any length: into a pack when it ends up short, else into a file of its own, piece by piece
/// as the bytes come.
///
/// One writer's steps run one after the other, on any of the pool's threads. The file has no key yet, so nobody
/// sees it; a crash leaves an orphan.
final class FileBlobWriter: BlobWriter {
  private struct State {
    /// Bytes taken and not yet handed to the disk.
    var pending: [ByteBuffer] = []
    var pendingBytes = 0
    /// Whether a thread works for this writer.
    var running = false
    var failure: (any Error)?
    var finished = false
    /// Callers of `write` that wait for the disk to catch up.
    var waiting: [CheckedContinuation<Void, any Error>] = []
    /// Called when the running step has nothing left to do.
    var whenIdle: (@Sendable () -> Void)?
    /// The file, once the blob is too long for a pack.
    var file: BlobFileSink?
  }

  private let state = Locked(State())
  private let store: FileBlobStore

  init(store: FileBlobStore) { self.store = store }

  deinit {
    let file = state.withLock { $0.finished ? nil : $0.file }
    if let file { store.discard(file) }
  }

  func write(_ bytes: ByteBuffer) async throws {
    guard bytes.readableBytes > 0 else { return }
    let (start, full) = try state.withLock { state in
      if let failure = state.failure { throw failure }
      guard !state.finished else { throw StorageError.closed }
      state.pending.append(bytes)
      state.pendingBytes += bytes.readableBytes
      let enough =
        state.file == nil
        ? state.pendingBytes > store.packedBytesMax : state.pendingBytes >= StorageLimits.blobWriteBytes
      let start = enough && !state.running
      if start { state.running = true }
      return (start, state.pendingBytes > StorageLimits.blobWriterWaitingBytesMax)
    }
    if start { try startStep() }
    guard full else { return }
    try await withCheckedThrowingContinuation { (caller: CheckedContinuation<Void, any Error>) in
      let ready: Result<Void, any Error>? = state.withLock { state in
        if let failure = state.failure { return .failure(failure) }
        if state.pendingBytes <= StorageLimits.blobWriterWaitingBytesMax || !state.running { return .success(()) }
        state.waiting.append(caller)
        return nil
      }
      if let ready { caller.resume(with: ready) }
    }
  }

  private func startStep() throws {
    do {
      try store.writeThreads.submit { self.step() }
    } catch {
      let refusal = StorageError.overloaded("blob-write has \(StorageLimits.blobWritesWaitingMax) steps waiting")
      fail(refusal)
      throw refusal
    }
  }

  /// Hands what is pending to the disk until less than a piece is left.
  private func step() {
    while true {
      let (pieces, idle): ([ByteBuffer], (@Sendable () -> Void)?) = state.withLock { state in
        let few = state.pendingBytes < StorageLimits.blobWriteBytes && state.file != nil
        guard state.failure == nil, !few || state.whenIdle != nil, !state.pending.isEmpty else {
          state.running = false
          return ([], state.whenIdle.take())
        }
        defer { state.pending = [] }
        return (state.pending, nil)
      }
      if pieces.isEmpty {
        idle?()
        return
      }
      do {
        let file = try sink()
        for piece in pieces { try file.append(piece) }
        let woken = state.withLock { state in
          state.pendingBytes -= pieces.reduce(0) { $0 + $1.readableBytes }
          guard state.pendingBytes <= StorageLimits.blobWriterWaitingBytesMax else {
            return [CheckedContinuation<Void, any Error>]()
          }
          defer { state.waiting = [] }
          return state.waiting
        }
        for caller in woken { caller.resume() }
      } catch {
        fail(error)
        return
      }
    }
  }

  private func sink() throws -> BlobFileSink {
    if let file = state.withLock({ $0.file }) { return file }
    let file = try store.newFile()
    state.withLock { $0.file = file }
    return file
  }

  private func fail(_ error: any Error) {
    let (woken, idle) = state.withLock { state in
      state.failure = error
      state.running = false
      state.pending = []
      state.pendingBytes = 0
      defer { state.waiting = [] }
      return (state.waiting, state.whenIdle.take())
    }
    for caller in woken { caller.resume(throwing: error) }
    idle?()
  }

  /// Waits until no step runs and nothing is pending for a file.
  private func settle() async {
    await withCheckedContinuation { (caller: CheckedContinuation<Void, Never>) in
      let (idle, start) = state.withLock { state in
        if state.running {
          state.whenIdle = { caller.resume() }
          return (false, false)
        }
        guard state.file != nil, state.failure == nil, !state.pending.isEmpty else { return (true, false) }
        state.running = true
        state.whenIdle = { caller.resume() }
        return (false, true)
      }
      if idle { caller.resume() }
      if start { try? startStep() }
    }
  }

  func finish() async throws -> BlobRef {
    await settle()
    let (file, pending): (BlobFileSink?, [ByteBuffer]) = try state.withLock { state in
      if let failure = state.failure { throw failure }
      guard !state.finished else { throw StorageError.closed }
      state.finished = true
      defer { state.pending = [] }
      return (state.file, state.pending)
    }
    guard let file else {
      var whole = ByteBuffer()
      for piece in pending { whole.writeImmutableBuffer(piece) }
      return try await store.put(whole)
    }
    do {
      return try await store.writeThreads.runStorage { try file.finish() }
    } catch {
      store.discard(file)
      throw error
    }
  }

  func abort() async {
    fail(StorageError.closed)
    await settle()
    let file = state.withLock { state in
      defer { state.finished = true }
      return state.finished ? nil : state.file
    }
    if let file { store.discard(file) }
  }
}
