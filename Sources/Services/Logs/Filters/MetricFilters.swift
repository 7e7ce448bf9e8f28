import Kernel

/// A metric filter with its pattern read.
struct LiveMetricFilter: Sendable {
  let record: MetricFilterRecord
  let pattern: FilterPattern
  /// The value, where it is a number and no field.
  private let constant: Double?

  init?(_ record: MetricFilterRecord) {
    guard let pattern = try? FilterPattern(record.pattern) else { return nil }
    self.record = record
    self.pattern = pattern
    constant = Comparison.number(record.value)
  }

  /// A matching event's value and dimensions; `nil` when it does not match or gives none.
  func measure(_ message: String) -> (value: Double, dimensions: [(name: String, value: String)])? {
    guard needsFields else { return pattern.matches(message) ? constant.map { ($0, []) } : nil }
    guard let extracted = pattern.extracted(from: message) else { return nil }
    guard let value = constant ?? extracted.value(record.value).flatMap(Comparison.number) else { return nil }
    var dimensions: [(name: String, value: String)] = []
    for (name, field) in (record.dimensions ?? [:]).sorted(by: { $0.key < $1.key }) {
      // Without the value of a dimension there is no metric to report to.
      guard let text = extracted.value(field), !text.isEmpty else { return nil }
      dimensions.append((name: name, value: text))
    }
    return (value, dimensions)
  }

  private var needsFields: Bool { constant == nil || !(record.dimensions ?? [:]).isEmpty }
}

/// Minutes in which events came in, and whether one matched: where none did, a filter's default value is reported.
final class DefaultValues: Sendable {
  struct Minute: Hashable, Sendable {
    var group: GroupID
    var filter: MetricFilterRecordKey
    var start: Int64
  }
  struct MetricFilterRecordKey: Hashable, Sendable {
    var name: String
    var namespace: String
    var metricName: String
    var unit: String?
    var value: Double
  }
  private let state = Locked<[Minute: Bool]>([:])

  func note(_ minute: Minute, matched: Bool) {
    state.withLock { minutes in
      guard minutes[minute] != nil || minutes.count < Limits.defaultMinutesMax else { return }
      minutes[minute] = matched || (minutes[minute] ?? false)
    }
  }

  /// The minutes that ended before `now` without a match.
  func take(before now: Int64) -> [Minute] {
    state.withLock { minutes in
      let ended = minutes.filter { $0.key.start + 60 <= now }
      for minute in ended.keys { minutes[minute] = nil }
      return ended.filter { !$0.value }.map(\.key)
    }
  }
}

extension LogsService {
  /// Reports what metric filters see in new events.
  func applyFilters(_ filters: [LiveMetricFilter], to intake: Intake, now: Timestamp) {
    var samples: [MetricSample] = []
    for filter in filters {
      var matched = false
      for event in intake.events {
        guard let (value, dimensions) = filter.measure(event.message) else { continue }
        matched = true
        samples.append(
          MetricSample(
            filter.record.namespace, filter.record.metricName, dimensions: dimensions, value: value,
            unit: filter.record.unit ?? "None", time: Timestamp(milliseconds: event.time), scope: intake.group.scope))
      }
      if let value = filter.record.defaultValue {
        defaults.note(
          DefaultValues.Minute(
            group: intake.group,
            filter: .init(
              name: filter.record.name, namespace: filter.record.namespace, metricName: filter.record.metricName,
              unit: filter.record.unit, value: value), start: now.seconds.floorDivide(60) * 60), matched: matched)
      }
    }
    if !samples.isEmpty { metrics.record(samples) }
  }

  /// Reports default values for minutes that ended without a match.
  package func reportDefaults() {
    let samples = defaults.take(before: clock.now().seconds).map { minute in
      MetricSample(
        minute.filter.namespace, minute.filter.metricName, dimensions: [], value: minute.filter.value,
        unit: minute.filter.unit ?? "None", time: Timestamp(seconds: minute.start), scope: minute.group.scope)
    }
    if !samples.isEmpty { metrics.record(samples) }
  }
}
