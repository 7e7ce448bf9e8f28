import Kernel
import Logging
import NIOCore
import Storage

/// All event source mappings, each with a reader while it is enabled.
actor MappingHouse {
  /// Hands an event to the mapping's function; the moment is that of its last record.
  typealias Handler = @Sendable (MappingRecord, ByteBuffer, Timestamp?) async throws -> Execution

  let tools: MappingTools
  private var tasks: [String: Task<Void, Never>] = [:]
  private let results = Locked<[String: String]>([:])
  private var handler: Handler?

  init(_ tools: MappingTools) { self.tools = tools }

  /// What a mapping did last.
  nonisolated func result(_ id: String) -> String? { results.withLock { $0[id] } }

  /// Reads all that are enabled until the task is cancelled.
  func run(_ handler: @escaping Handler) async {
    self.handler = handler
    await load()
    let (stream, _) = AsyncStream<Void>.makeStream()
    for await _ in stream {}
    self.handler = nil
    for task in tasks.values { task.cancel() }
    for task in tasks.values { await task.value }
    tasks = [:]
  }

  /// Starts what is kept, and tries again for as long as the disk does not give it.
  private func load() async {
    while !Task.isCancelled {
      do {
        for mapping in try await tools.keys.read({ try $0.records(LambdaKeys.allMappings, as: MappingRecord.self) }) {
          start(mapping)
        }
        return
      } catch {
        tools.log.error("event source mappings cannot be read; this is tried again", metadata: ["error": "\(error)"])
        try? await tools.clock.sleep(for: Limits.loadRetryEvery)
      }
    }
  }

  /// Begins to read, with what is configured now.
  func restart(_ mapping: MappingRecord) {
    let former = stop(mapping.id)
    start(mapping, after: former)
  }

  /// Ends the reading; a function that works on a batch is not waited for, and what it gives no longer counts.
  @discardableResult
  func stop(_ id: String) -> Task<Void, Never>? {
    let task = tasks.removeValue(forKey: id)
    task?.cancel()
    results.withLock { $0[id] = nil }
    return task
  }

  private func start(_ mapping: MappingRecord, after former: Task<Void, Never>? = nil) {
    guard mapping.isEnabled, let handler, tasks[mapping.id] == nil else { return }
    let (tools, results) = (tools, results)
    tasks[mapping.id] = Task {
      await former?.value
      while !Task.isCancelled {
        do {
          let (role, checkpoint) = try await Self.standing(of: mapping, tools.keys)
          let reader = try MappingReader(
            mapping, role: role, checkpoint: checkpoint, tools: tools, handle: handler,
            note: { text in results.withLock { $0[mapping.id] = text } })
          try await reader.run()
        } catch is CancellationError {
          return
        } catch {
          let text = (error as? AWSError)?.message ?? "internal error"
          results.withLock { $0[mapping.id] = "PROBLEM: \(text)" }
          tools.log.warning(
            "a stream cannot be read for a function", metadata: ["mapping": "\(mapping.id)", "error": "\(error)"])
        }
        guard (try? await tools.clock.sleep(for: Limits.mappingRetryEvery)) != nil else { return }
      }
    }
  }

  /// The role that the function has now, and how far the mapping has come.
  private static func standing(
    of mapping: MappingRecord, _ keys: any KeyStore
  ) async throws -> (String, MappingCheckpoint) {
    try await keys.read { reader in
      let role = try reader.resolve(mapping.name, chance: 1).version.role
      let checkpoint = try reader.get(LambdaKeys.checkpoint(mapping.id), as: MappingCheckpoint.self)
      return (role, checkpoint ?? MappingCheckpoint())
    }
  }
}
