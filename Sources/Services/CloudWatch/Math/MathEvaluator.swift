import Foundation
import Kernel

/// Works out expressions over the time series of one GetMetricData.
struct MathEvaluator {
  /// What the queries before gave, by id.
  var known: [String: MathValue]
  /// The series that METRICS() gives: those of the request's metrics, with their ids, in its order.
  var metrics: [(id: String, series: TimeSeries)]
  var start: Int64
  var end: Int64
  var period: Int64

  struct Fault: Error {
    var message: String
  }

  func value(of expression: Expression) throws(Fault) -> MathValue {
    switch expression {
    case .number(let value): return .scalar(value)
    case .text(let text): return .word(text)
    case .name(let name): return known[name] ?? .word(name)
    case .negated(let inner): return try pointwise(try value(of: inner)) { -$0 }
    case .infix(let infix, let left, let right):
      return try join(try value(of: left), try value(of: right), Self.operation(infix))
    case .array(let parts):
      var all: [TimeSeries] = []
      for part in parts {
        switch try value(of: part) {
        case .series(let series): all.append(series)
        case .array(let more): all += more
        case let other: throw Fault(message: "An array holds a \(other.typeName)")
        }
      }
      guard all.reduce(0, { $0 + $1.values.count }) <= Limits.datapointsPerDataCallMax,
        all.count <= Limits.queriesPerDataMax
      else { throw Fault(message: "An array holds too many values") }
      return .array(all)
    case .call(let name, let parts): return try call(name, parts)
    }
  }

  private static func operation(_ infix: Expression.Infix) -> (Double, Double) -> Double {
    switch infix {
    case .plus: { $0 + $1 }
    case .minus: { $0 - $1 }
    case .times: { $0 * $1 }
    case .divided: { $0 / $1 }
    case .power: { pow($0, $1) }
    case .equal: { $0 == $1 ? 1 : 0 }
    case .notEqual: { $0 != $1 ? 1 : 0 }
    case .less: { $0 < $1 ? 1 : 0 }
    case .lessOrEqual: { $0 <= $1 ? 1 : 0 }
    case .greater: { $0 > $1 ? 1 : 0 }
    case .greaterOrEqual: { $0 >= $1 ? 1 : 0 }
    case .and: { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: { $0 != 0 || $1 != 0 ? 1 : 0 }
    }
  }

  private func pointwise(_ value: MathValue, _ transform: (Double) -> Double) throws(Fault) -> MathValue {
    switch value {
    case .scalar(let number): return .scalar(transform(number))
    case .series(let series): return .series(series.map(transform))
    case .array(let all): return .array(all.map { $0.map(transform) })
    case .word(let word): throw Fault(message: "Invalid identifier '\(word)'")
    }
  }

  private func join(
    _ left: MathValue, _ right: MathValue, _ operation: (Double, Double) -> Double
  ) throws(Fault) -> MathValue {
    switch (left, right) {
    case (.word(let word), _), (_, .word(let word)): throw Fault(message: "Invalid identifier '\(word)'")
    case (.scalar(let first), .scalar(let second)): return .scalar(operation(first, second))
    case (.scalar(let first), _): return try pointwise(right) { operation(first, $0) }
    case (_, .scalar(let second)): return try pointwise(left) { operation($0, second) }
    case (.series(let first), .series(let second)): return .series(first.combined(with: second, operation))
    case (.series(let first), .array(let all)): return .array(all.map { first.combined(with: $0, operation) })
    case (.array(let all), .series(let second)): return .array(all.map { $0.combined(with: second, operation) })
    case (.array(let first), .array(let second)):
      guard first.count == second.count else { throw Fault(message: "Arrays of different lengths") }
      return .array(zip(first, second).map { $0.combined(with: $1, operation) })
    }
  }

  // MARK: Functions

  private func call(_ name: String, _ parts: [Expression]) throws(Fault) -> MathValue {
    if name == "METRICS" { return try allMetrics(parts) }
    var arguments: [MathValue] = []
    for part in parts { arguments.append(try value(of: part)) }
    func need(_ counts: ClosedRange<Int>) throws(Fault) {
      guard counts.contains(arguments.count) else {
        throw Fault(message: "The function \(name) does not take \(arguments.count) arguments")
      }
    }
    if let reduce = Reduction.named(name) {
      try need(1...1)
      return try reduced(arguments[0], reduce)
    }
    if let transform = Reduction.pointwise(name) {
      try need(1...1)
      return try pointwise(arguments[0], transform)
    }
    switch name {
    case "RATE", "DIFF", "RUNNING_SUM", "DIFF_TIME":
      try need(1...1)
      return try eachSeries(arguments[0], name) { Self.running(name, $0) }
    case "FILL":
      try need(2...2)
      let filling = arguments[1]
      return try eachSeries(arguments[0], name) { series throws(Fault) in try fill(series, filling) }
    case "IF":
      try need(2...3)
      return try choose(arguments)
    case "PERIOD", "DATAPOINT_COUNT", "FIRST", "LAST":
      try need(1...1)
      return try ofSeries(name, arguments[0])
    case "METRIC_COUNT":
      try need(1...1)
      guard case .array(let all) = arguments[0] else { throw Fault(message: "METRIC_COUNT takes an array") }
      return .scalar(Double(all.count))
    case "TIME_SERIES":
      try need(1...1)
      guard case .scalar(let number) = arguments[0] else { throw Fault(message: "TIME_SERIES takes a scalar") }
      return .series(
        TimeSeries(label: name, period: period, values: grid(period).map { .init(time: $0, value: number) }))
    case "EPOCH", "MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR":
      try need(1...1)
      return try eachSeries(arguments[0], name) { Self.calendar(name, $0) }
    default: throw Fault(message: "The function \(name) is not supported")
    }
  }

  private func allMetrics(_ parts: [Expression]) throws(Fault) -> MathValue {
    switch parts.count {
    case 0: return .array(metrics.map(\.series))
    case 1:
      guard case .text(let part) = parts[0] else { throw Fault(message: "METRICS takes a text") }
      return .array(metrics.filter { $0.id.contains(part) }.map(\.series))
    default: throw Fault(message: "METRICS takes one text")
    }
  }

  /// Of a series a scalar, of an array a series: at every time the function of the values there are.
  private func reduced(_ value: MathValue, _ reduce: ([Double]) -> Double) throws(Fault) -> MathValue {
    switch value {
    case .series(let series): return .scalar(series.values.isEmpty ? 0 : reduce(series.numbers))
    case .array(let all):
      var byTime: [Int64: [Double]] = [:]
      for series in all { for value in series.values { byTime[value.time, default: []].append(value.value) } }
      let values = byTime.keys.sorted().map { TimeSeries.Value(time: $0, value: reduce(byTime[$0] ?? [])) }
      return .series(TimeSeries(label: "", period: all.map(\.period).max() ?? period, values: values))
    case .scalar(let number): return .scalar(number)
    case .word(let word): throw Fault(message: "Invalid identifier '\(word)'")
    }
  }

  private func eachSeries(
    _ value: MathValue, _ name: String, _ transform: (TimeSeries) throws(Fault) -> TimeSeries
  ) throws(Fault) -> MathValue {
    switch value {
    case .series(let series): return .series(try transform(series))
    case .array(let all):
      var results: [TimeSeries] = []
      for series in all { results.append(try transform(series)) }
      return .array(results)
    default: throw Fault(message: "The function \(name) takes time series, not a \(value.typeName)")
    }
  }

  private static func running(_ name: String, _ series: TimeSeries) -> TimeSeries {
    var result = series
    if name == "RUNNING_SUM" {
      var sum = 0.0
      for index in result.values.indices {
        sum += result.values[index].value
        result.values[index].value = sum
      }
      return result
    }
    result.values = zip(series.values, series.values.dropFirst()).map { former, latter in
      let seconds = Double(latter.time - former.time)
      let difference = latter.value - former.value
      return .init(
        time: latter.time, value: name == "RATE" ? difference / seconds : name == "DIFF" ? difference : seconds)
    }
    return result
  }

  private func fill(_ series: TimeSeries, _ filling: MathValue) throws(Fault) -> TimeSeries {
    let present = series.byTime
    var result = series
    result.values = []
    var others: [Int64: Double] = [:]
    if case .series(let other) = filling { others = other.byTime }
    var former: TimeSeries.Value?
    var rest = series.values[...]
    for time in grid(series.period) {
      if let value = present[time] {
        former = .init(time: time, value: value)
        result.values.append(.init(time: time, value: value))
        continue
      }
      switch filling {
      case .scalar(let number): result.values.append(.init(time: time, value: number))
      case .series:
        if let value = others[time] { result.values.append(.init(time: time, value: value)) }
      case .word("REPEAT"):
        if let former { result.values.append(.init(time: time, value: former.value)) }
      case .word("LINEAR"):
        while let first = rest.first, first.time <= time { rest = rest.dropFirst() }
        guard let former, let latter = rest.first else { continue }
        let share = Double(time - former.time) / Double(latter.time - former.time)
        result.values.append(.init(time: time, value: former.value + (latter.value - former.value) * share))
      default: throw Fault(message: "FILL takes a number, a time series, REPEAT or LINEAR")
      }
    }
    return result
  }

  /// The periods' starts from the request's start to its end.
  private func grid(_ period: Int64) -> [Int64] {
    Array(stride(from: start.floorDivide(period) * period, to: end, by: Int64.Stride(period)))
  }

  /// A scalar or a series as a function of time.
  private static func byTime(_ value: MathValue) throws(Fault) -> (Int64) -> Double? {
    switch value {
    case .scalar(let number): return { _ in number }
    case .series(let series):
      let values = series.byTime
      return { values[$0] }
    default: throw Fault(message: "IF takes scalars and time series")
    }
  }

  private func choose(_ arguments: [MathValue]) throws(Fault) -> MathValue {
    let otherwise: MathValue? = arguments.count > 2 ? arguments[2] : nil
    switch arguments[0] {
    case .scalar(let condition):
      if condition != 0 { return arguments[1] }
      guard let otherwise else { throw Fault(message: "IF without a time series and without an alternative") }
      return otherwise
    case .series(let condition):
      let whenTrue = try Self.byTime(arguments[1])
      let whenFalse = try otherwise.map(Self.byTime)
      var result = condition
      result.values = []
      for value in condition.values {
        let chosen = value.value != 0 ? whenTrue(value.time) : whenFalse?(value.time)
        if let chosen { result.values.append(.init(time: value.time, value: chosen)) }
      }
      return .series(result)
    default: throw Fault(message: "IF takes a scalar or a time series as its condition")
    }
  }

  private func ofSeries(_ name: String, _ value: MathValue) throws(Fault) -> MathValue {
    if case .array(let all) = value, let series = name == "FIRST" ? all.first : name == "LAST" ? all.last : nil {
      return .series(series)
    }
    guard case .series(let series) = value else {
      throw Fault(message: "The function \(name) takes a time series, not a \(value.typeName)")
    }
    switch name {
    case "PERIOD": return .scalar(Double(series.period))
    case "DATAPOINT_COUNT": return .scalar(Double(series.values.count))
    case "FIRST": return .scalar(series.values.first?.value ?? .nan)
    default: return .scalar(series.values.last?.value ?? .nan)
    }
  }

  private static func calendar(_ name: String, _ series: TimeSeries) -> TimeSeries {
    var result = series
    result.values = series.values.map { value in
      let civil = CivilTime(Timestamp(seconds: value.time))
      let number =
        switch name {
        case "EPOCH": Double(value.time)
        case "MINUTE": Double(civil.minute)
        case "HOUR": Double(civil.hour)
        // Monday is 1, Sunday 7.
        case "DAY": Double(civil.weekday)
        case "DATE": Double(civil.day)
        case "MONTH": Double(civil.month)
        default: Double(civil.year)
        }
      return .init(time: value.time, value: number)
    }
    return result
  }
}
