import Kernel
import Storage

/// Metrics in the key store.
///
/// `Key("cloudwatch", account, region, "metric", namespace, name, id)` says that a metric exists;
/// `Key("cloudwatch", account, region, "data", id, resolution, start, unit)` holds its aggregates.
actor MetricStore {
  nonisolated let keys: any KeyStore
  nonisolated let pending = PendingMetrics()
  private var latestFlush: Task<Void, any Error>?

  init(keys: any KeyStore) { self.keys = keys }

  struct MetricRecord: Codable, Sendable {
    var metric: MetricName
    /// Seconds: the newest value's bucket.
    var latest: Int64
  }

  private struct Place {
    static func root(_ scope: Scope) -> Key { Key("cloudwatch", scope.account.digits, scope.region.code) }
    static func metrics(_ scope: Scope) -> Key { root(scope).appending("metric") }
    static func metric(_ series: Series) -> Key {
      metrics(series.scope).appending(series.metric.namespace, series.metric.name, series.metric.id)
    }
    static func data(_ series: Series, _ resolution: Int64) -> Key {
      root(series.scope).appending("data", series.metric.id, resolution)
    }
  }

  /// Writes what services measured so far. A second call waits for the first and then writes the rest, so that
  /// whoever asks for metrics sees all that was measured before the question.
  func flush() async throws {
    let previous = latestFlush
    let task = Task { [keys, pending] in
      _ = await previous?.result
      let taken = pending.take()
      guard !taken.isEmpty else { return }
      do {
        try await Self.write(taken, to: keys)
      } catch {
        pending.putBack(taken)
        throw error
      }
    }
    latestFlush = task
    try await task.value
  }

  /// Adds aggregates to what is stored; durable when it returns.
  nonisolated func add(_ buckets: [Bucket: Aggregate]) async throws { try await Self.write(buckets, to: keys) }

  private static func write(_ buckets: [Bucket: Aggregate], to keys: any KeyStore) async throws {
    // One transaction, so that a failure leaves nothing that putting back would count twice.
    try await keys.write { transaction in
      var latest: [Series: Int64] = [:]
      for (bucket, aggregate) in buckets {
        let key = Place.data(bucket.series, bucket.resolution).appending(bucket.start, bucket.unit)
        var sum = aggregate
        if let stored = try transaction.get(key).flatMap({ Aggregate(bytes: $0) }) { sum.merge(stored) }
        try transaction.set(key, sum.bytes)
        latest[bucket.series] = max(latest[bucket.series] ?? .min, bucket.start)
      }
      for (series, start) in latest {
        let key = Place.metric(series)
        let known = try transaction.get(key, as: MetricRecord.self)
        if let known, known.latest >= start { continue }
        try transaction.set(key, record: MetricRecord(metric: series.metric, latest: start))
      }
    }
  }

  struct Point: Sendable {
    var start: Int64
    var unit: String
    var aggregate: Aggregate
  }

  /// A metric's aggregates from `start` up to `end` (seconds), at the finest resolution that a period can use.
  /// - Parameter period: seconds; below 60 only values of high resolution count.
  nonisolated func points(_ series: Series, from start: Int64, to end: Int64, period: Int64) async throws -> [Point] {
    try await keys.read { reader in
      var points: [Point] = []
      for resolution: Int64 in period < 60 ? [1] : [60, 3600] {
        let data = Place.data(series, resolution)
        let from = start.floorDivide(resolution) * resolution
        try reader.scan(KeyRange(from: data.appending(from), to: data.appending(end))) { key, value in
          guard let elements = key.elements, elements.count >= 2, let at = elements[elements.count - 2].integer,
            let unit = elements[elements.count - 1].string, let aggregate = Aggregate(bytes: value)
          else { return true }
          points.append(Point(start: max(at, start), unit: unit, aggregate: aggregate))
          return true
        }
      }
      return points
    }
  }

  /// The metrics of a namespace, or all, in the order of their keys; `after` is the key that the last page ended with.
  nonisolated func metrics(
    _ scope: Scope, namespace: String?, name: String?, after: [UInt8]?, limit: Int,
    where isWanted: @escaping @Sendable (MetricRecord) -> Bool
  ) async throws -> (records: [MetricRecord], next: [UInt8]?) {
    try await keys.read { reader in
      var prefix = Place.metrics(scope)
      if let namespace {
        prefix = prefix.appending(namespace)
        if let name { prefix = prefix.appending(name) }
      }
      var range = prefix.subtree
      if let after, after.starts(with: prefix.bytes) {
        // The key itself was given out already; the smallest key after it ends in a zero byte.
        range.from = Key(encoded: after + [0])
      }
      var records: [MetricRecord] = []
      var last: [UInt8]?
      var hasMore = false
      try reader.scan(range) { key, value in
        let record = try KeyRecord.decode(MetricRecord.self, value)
        guard name == nil || record.metric.name == name, isWanted(record) else { return true }
        if records.count == limit {
          hasMore = true
          return false
        }
        records.append(record)
        last = key.bytes
        return true
      }
      return (records, hasMore ? last : nil)
    }
  }

  // MARK: Age

  /// Rolls minutes that are past their time into hours, and drops what is older still.
  nonisolated func maintain(now: Timestamp) async throws {
    let metrics = try await keys.read { reader in
      var found: [(scope: Scope, metric: MetricName)] = []
      try reader.scan(Key("cloudwatch").subtree) { key, value in
        guard let elements = key.elements, elements.count == 7, elements[3].string == "metric",
          let account = elements[1].string.flatMap(AccountID.init), let region = elements[2].string
        else { return true }
        let record = try KeyRecord.decode(MetricRecord.self, value)
        found.append((Scope(account: account, region: Region(region)), record.metric))
        return true
      }
      return found
    }
    for (scope, metric) in metrics {
      try await maintain(Series(scope: scope, metric: metric), now: now.seconds)
    }
  }

  private nonisolated func maintain(_ series: Series, now: Int64) async throws {
    let seconds = Place.data(series, 1)
    let minutes = Place.data(series, 60)
    let hours = Place.data(series, 3600)
    let isWork = try await keys.read { reader in
      func has(_ data: Key, before end: Int64) throws -> Bool {
        try !reader.entries(KeyRange(from: data, to: data.appending(end)), limit: 1).isEmpty
      }
      return try has(seconds, before: now - Limits.secondRetentionSeconds)
        || has(minutes, before: now - Limits.minuteRetentionSeconds)
        || has(hours, before: now - Limits.hourRetentionSeconds)
    }
    guard isWork else { return }
    var isDone = false
    while !isDone {
      isDone = try await keys.write { transaction in
        try transaction.delete(
          KeyRange(from: seconds, to: seconds.appending(now - Limits.secondRetentionSeconds)))
        try transaction.delete(KeyRange(from: hours, to: hours.appending(now - Limits.hourRetentionSeconds)))
        let old = try transaction.entries(
          KeyRange(from: minutes, to: minutes.appending(now - Limits.minuteRetentionSeconds)),
          limit: Limits.bucketsPerTransaction)
        for (key, value) in old {
          if let elements = key.elements, let at = elements.dropLast().last?.integer,
            let unit = elements.last?.string, var aggregate = Aggregate(bytes: value)
          {
            let hour = hours.appending(at.floorDivide(3600) * 3600, unit)
            if let stored = try transaction.get(hour).flatMap({ Aggregate(bytes: $0) }) { aggregate.merge(stored) }
            try transaction.set(hour, aggregate.bytes)
          }
          try transaction.delete(key)
        }
        return old.count < Limits.bucketsPerTransaction
      }
    }
  }
}
