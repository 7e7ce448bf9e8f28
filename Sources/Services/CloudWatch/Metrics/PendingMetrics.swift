import Kernel

/// One span of one metric in one unit.
package struct Bucket: Hashable, Sendable {
  package var series: Series
  /// Seconds that the bucket covers: 1, 60 or 3600.
  package var resolution: Int64
  /// The start in seconds since 1970, a multiple of `resolution`.
  package var start: Int64
  package var unit: String
}

/// What was measured and is not written yet. Services add to it on their hot paths, so an addition is a look-up
/// in a dictionary and nothing more; when it is full it drops and counts.
final class PendingMetrics: Sendable {
  private struct State {
    var buckets: [Bucket: Aggregate] = [:]
    var dropped = 0
  }
  private let state = Locked(State())

  func add(_ samples: [MetricSample]) {
    state.withLock { state in
      for sample in samples where sample.value.isFinite {
        let metric = MetricName(
          namespace: sample.namespace, name: sample.name,
          dimensions: sample.dimensions.map { .init(name: $0.name, value: $0.value) })
        let bucket = Bucket(
          series: Series(scope: sample.scope, metric: metric), resolution: 60,
          start: sample.time.seconds.floorDivide(60) * 60, unit: sample.unit)
        guard state.buckets[bucket] != nil || state.buckets.count < Limits.pendingBucketsMax else {
          state.dropped += 1
          continue
        }
        state.buckets[bucket, default: Aggregate()].add(sample.value)
      }
    }
  }

  /// All that waits; it waits no longer.
  func take() -> [Bucket: Aggregate] {
    state.withLock { state in
      defer { state.buckets = [:] }
      return state.buckets
    }
  }

  /// What could not be written waits again.
  func putBack(_ buckets: [Bucket: Aggregate]) {
    state.withLock { state in
      for (bucket, aggregate) in buckets {
        guard state.buckets[bucket] != nil || state.buckets.count < Limits.pendingBucketsMax else {
          state.dropped += Int(min(aggregate.count, 1e15))
          continue
        }
        state.buckets[bucket, default: Aggregate()].merge(aggregate)
      }
    }
  }

  var dropped: Int { state.withLock { $0.dropped } }
}
