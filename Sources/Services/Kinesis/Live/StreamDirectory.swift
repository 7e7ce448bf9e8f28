package import Kernel
package import Storage

/// All streams of all accounts and regions.
package final class StreamDirectory: Sendable {
  private let streams = Locked<[StreamID: LiveStream]>([:])
  /// Streams come into being one at a time, so that names and quotas hold.
  package let making = Turnstile()

  package init() {}

  package subscript(id: StreamID) -> LiveStream? { streams.withLock { $0[id] } }

  package func add(_ stream: LiveStream) { streams.withLock { $0[stream.id] = stream } }
  package func remove(_ id: StreamID) { streams.withLock { $0[id] = nil } }

  package var all: [LiveStream] { streams.withLock { Array($0.values) } }

  /// The streams of an account in a region, by name.
  package func streams(in scope: Scope) -> [LiveStream] {
    streams.withLock { streams in streams.values.filter { $0.id.scope == scope } }.sorted { $0.id.name < $1.id.name }
  }

  /// Reads what the key store holds.
  package static func load(from keys: any KeyStore) async throws -> StreamDirectory {
    struct Found: Sendable {
      var streams: [StreamID: StreamRecord] = [:]
      var shards: [StreamID: [ShardRecord]] = [:]
      var consumers: [StreamID: [String: ConsumerRecord]] = [:]
    }
    let found = try await keys.read { reader in
      var found = Found()
      try reader.scan(StreamKeys.all) { key, value in
        guard let parts = key.elements, parts.count >= 5, let digits = parts[1].string,
          let account = AccountID(digits), let region = parts[2].string, let name = parts[4].string
        else { return true }
        let id = StreamID(scope: Scope(account: account, region: Region(region)), name: name)
        switch parts[3].string {
        case "stream": found.streams[id] = try KeyRecord.decode(StreamRecord.self, value)
        case "shard": found.shards[id, default: []].append(try KeyRecord.decode(ShardRecord.self, value))
        case "consumer":
          let consumer = try KeyRecord.decode(ConsumerRecord.self, value)
          found.consumers[id, default: [:]][consumer.name] = consumer
        default: break
        }
        return true
      }
      return found
    }
    let directory = StreamDirectory()
    for (id, record) in found.streams {
      directory.add(
        LiveStream(
          id,
          StreamState(
            id, record: record, shards: (found.shards[id] ?? []).sorted { $0.index < $1.index },
            consumers: found.consumers[id] ?? [:])))
    }
    return directory
  }
}
