import AWSWire
public import CloudWatchModel
public import Kernel

extension CloudWatchService {
  public func getMetricData(
    _ input: GetMetricDataInput, _ context: RequestContext
  ) async throws -> GetMetricDataOutput {
    try await context.authorize("cloudwatch:GetMetricData", on: ["*"])
    guard input.startTime < input.endTime else {
      throw Fault.validation("The parameter StartTime must be less than the parameter EndTime.")
    }
    let plan = try DataPlan(input.metricDataQueries, account: context.account)
    try plan.check(from: input.startTime.seconds, to: input.endTime.seconds)
    var known: [String: MathValue] = [:]
    for query in plan.stats {
      known[query.id] = .series(try await series(query, input, context.scope))
    }
    let metrics = plan.stats.compactMap { query -> (id: String, series: TimeSeries)? in
      guard case .series(let series)? = known[query.id] else { return nil }
      return (query.id, series)
    }
    var held = 0
    for (query, expression) in plan.expressions {
      let evaluator = MathEvaluator(
        known: known, metrics: metrics, start: input.startTime.seconds, end: input.endTime.seconds,
        period: Int64(query.period ?? 0) > 0 ? Int64(query.period ?? 60) : plan.period)
      do throws(MathEvaluator.Fault) {
        let value = try evaluator.value(of: expression)
        held += value.count
        guard held <= Limits.datapointsPerDataCallMax else {
          throw MathEvaluator.Fault(message: "The request's expressions give too many values")
        }
        known[query.id] = value
      } catch {
        throw Self.fault(query, error.message)
      }
    }
    var results: [MetricDataResult] = []
    for query in plan.queries where query.returnData ?? true {
      results += try Self.results(query, known[query.id], descending: input.scanBy != .timestampAscending)
    }
    return try Self.page(results, input)
  }

  private static func fault(_ query: MetricDataQuery, _ message: String) -> AWSError {
    Fault.validation("Error in expression '\(query.id)': \(message)")
  }

  private func series(
    _ query: DataPlan.Stat, _ input: GetMetricDataInput, _ scope: Scope
  ) async throws -> TimeSeries {
    let period = query.period
    let start = input.startTime.seconds.floorDivide(period) * period
    let points = try await periods(
      Series(scope: scope, metric: query.metric), from: start, to: input.endTime.seconds, period: period,
      unit: query.unit)
    // Without a unit, values of all units count together.
    var merged: [(start: Int64, aggregate: Aggregate)] = []
    for point in points {
      if let last = merged.indices.last, merged[last].start == point.start {
        merged[last].aggregate.merge(point.aggregate)
      } else {
        merged.append((point.start, point.aggregate))
      }
    }
    let values = merged.compactMap { start, aggregate in
      query.statistic.value(of: aggregate).map { TimeSeries.Value(time: start, value: $0) }
    }
    return TimeSeries(label: query.metric.name, period: period, values: values)
  }

  private static func results(
    _ query: MetricDataQuery, _ value: MathValue?, descending: Bool
  ) throws -> [MetricDataResult] {
    let all: [TimeSeries]
    switch value {
    case .series(let series)?: all = [series]
    case .array(let several)?: all = several
    case .scalar?, .word?, nil: throw fault(query, "The expression does not return a time series")
    }
    return all.map { series in
      // Division by zero leaves a gap.
      var values = series.values.filter { $0.value.isFinite }
      if descending { values.reverse() }
      let own = query.metricStat != nil ? series.label : query.id
      let label = query.label ?? (all.count > 1 && !series.label.isEmpty ? "\(query.id) \(series.label)" : own)
      return MetricDataResult(
        id: query.id, label: label, timestamps: values.map { Timestamp(seconds: $0.time) },
        values: values.map(\.value), statusCode: .complete)
    }
  }

  /// Cuts what is too long for one answer; the token says how many datapoints were given out.
  private static func page(_ results: [MetricDataResult], _ input: GetMetricDataInput) throws -> GetMetricDataOutput {
    let size = max(1, min(input.maxDatapoints ?? Limits.datapointsPerDataDefault, Limits.datapointsPerDataDefault))
    var skip = 0
    if let token = input.nextToken {
      guard let offset = Int(token), offset > 0 else { throw Fault.token }
      skip = offset
    }
    let total = results.reduce(0) { $0 + ($1.values?.count ?? 0) }
    guard skip > 0 || total > size else { return GetMetricDataOutput(metricDataResults: results, messages: []) }
    var room = size
    var seen = 0
    var page: [MetricDataResult] = []
    for var result in results {
      let count = result.values?.count ?? 0
      defer { seen += count }
      guard room > 0, seen + count > skip else { continue }
      let from = max(0, skip - seen)
      let to = min(count, from + room)
      result.timestamps = result.timestamps.map { Array($0[from..<to]) }
      result.values = result.values.map { Array($0[from..<to]) }
      if to < count { result.statusCode = .partialData }
      room -= to - from
      page.append(result)
    }
    let given = min(total, skip.saturatingAdd(size))
    return GetMetricDataOutput(
      metricDataResults: page, nextToken: given < total ? String(given) : nil, messages: [])
  }
}

/// A request's queries, checked, with the expressions in an order in which each finds what it reads.
struct DataPlan {
  struct Stat: Sendable {
    var id: String
    var metric: MetricName
    var period: Int64
    var statistic: MetricStatistic
    var unit: String?
  }

  var queries: [MetricDataQuery]
  var stats: [Stat] = []
  var expressions: [(query: MetricDataQuery, expression: Expression)] = []
  /// The finest period of the metrics; that of expressions without any.
  var period: Int64 { stats.map(\.period).min() ?? 60 }

  init(_ queries: [MetricDataQuery], account: AccountID) throws {
    guard queries.count <= Limits.queriesPerDataMax else {
      throw Fault.validation(
        "The collection MetricDataQueries must not have a size greater than \(Limits.queriesPerDataMax).")
    }
    guard !queries.isEmpty else { throw Fault.validation("The parameter MetricDataQueries is required.") }
    self.queries = queries
    var ids: Set<String> = []
    var parsed: [(query: MetricDataQuery, expression: Expression)] = []
    for (index, query) in queries.enumerated() {
      let place = "MetricDataQueries.member.\(index + 1)"
      guard query.id.first?.isLowercase == true,
        query.id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
      else {
        throw Fault.validation("The value \(query.id) for parameter \(place).Id is not matching the expected pattern.")
      }
      guard ids.insert(query.id).inserted else {
        throw Fault.validation("The values for parameter id in MetricDataQueries are not unique.")
      }
      if let other = query.accountId, other != account.digits {
        throw Fault.validation("The value \(other) for parameter \(place).AccountId is invalid.")
      }
      switch (query.metricStat, query.expression) {
      case (let stat?, nil): stats.append(try Self.stat(query.id, stat, place))
      case (nil, let text?):
        do {
          parsed.append((query, try Expression.parse(text)))
        } catch {
          throw Fault.validation("Error in expression '\(query.id)': \(error.message)")
        }
      default:
        throw Fault.validation("\(place) must hold either MetricStat or Expression, and not both.")
      }
    }
    try order(parsed, ids)
  }

  private static func stat(_ id: String, _ stat: MetricStat, _ place: String) throws -> Stat {
    guard let namespace = stat.metric.namespace, let name = stat.metric.metricName else {
      throw Fault.validation("The parameter \(place).MetricStat.Metric must hold a Namespace and a MetricName.")
    }
    guard let statistic = MetricStatistic(stat.stat) else {
      throw Fault.validation("The value \(stat.stat) for parameter \(place).MetricStat.Stat is not supported.")
    }
    let dimensions = (stat.metric.dimensions ?? []).map { MetricName.Dimension(name: $0.name, value: $0.value) }
    let period: Int64
    do {
      period = try Period.check(stat.period, "\(place).MetricStat.Period")
    } catch {
      throw Fault.validation("The value \(stat.period) for parameter \(place).MetricStat.Period is invalid.")
    }
    return Stat(
      id: id, metric: MetricName(namespace: namespace, name: name, dimensions: dimensions), period: period,
      statistic: statistic, unit: stat.unit?.rawValue)
  }

  /// Puts every expression behind those that it reads.
  private mutating func order(
    _ parsed: [(query: MetricDataQuery, expression: Expression)], _ ids: Set<String>
  ) throws {
    var waiting = parsed
    var done = Set(stats.map(\.id))
    while !waiting.isEmpty {
      let ready = waiting.filter { $0.expression.names.intersection(ids).isSubset(of: done) }
      guard !ready.isEmpty else {
        throw Fault.validation("Error in expression '\(waiting[0].query.id)': The expressions depend on one another")
      }
      expressions += ready
      done.formUnion(ready.map(\.query.id))
      waiting.removeAll { done.contains($0.query.id) }
    }
  }

  /// - Throws: `ValidationError` for a question that would compute more datapoints than one call may.
  func check(from start: Int64, to end: Int64) throws {
    let span = end.saturatingAdd(-start)
    var total: Int64 = 0
    for stat in stats { total = total.saturatingAdd(span / stat.period) }
    for (query, _) in expressions { total = total.saturatingAdd(span / Int64(max(1, query.period ?? Int(period)))) }
    guard total <= Limits.datapointsPerDataCallMax else {
      throw Fault.validation(
        "The request asks for \(total.grouped) datapoints; at most "
          + "\(Int64(Limits.datapointsPerDataCallMax).grouped) can be computed in one.")
    }
  }
}
