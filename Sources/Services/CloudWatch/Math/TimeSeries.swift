import Foundation

/// Values by time, oldest first.
struct TimeSeries: Sendable, Hashable {
  struct Value: Sendable, Hashable {
    /// Seconds since 1970.
    var time: Int64
    var value: Double
  }
  var label: String
  var period: Int64
  var values: [Value]

  func map(_ transform: (Double) -> Double) -> TimeSeries {
    TimeSeries(label: label, period: period, values: values.map { Value(time: $0.time, value: transform($0.value)) })
  }

  /// Values at the times that both have.
  func combined(with other: TimeSeries, _ join: (Double, Double) -> Double) -> TimeSeries {
    var result: [Value] = []
    var right = other.values[...]
    for left in values {
      while let first = right.first, first.time < left.time { right = right.dropFirst() }
      if let first = right.first, first.time == left.time {
        result.append(Value(time: left.time, value: join(left.value, first.value)))
      }
    }
    return TimeSeries(label: label, period: max(period, other.period), values: result)
  }

  var byTime: [Int64: Double] { Dictionary(values.map { ($0.time, $0.value) }) { first, _ in first } }

  var numbers: [Double] { values.map(\.value) }
}

/// What an expression, or a part of one, is worth.
enum MathValue: Sendable {
  case scalar(Double)
  case series(TimeSeries)
  case array([TimeSeries])
  /// A word or a quoted text, for functions that take one.
  case word(String)

  var count: Int {
    switch self {
    case .scalar, .word: 1
    case .series(let series): series.values.count
    case .array(let all): all.reduce(0) { $0 + $1.values.count }
    }
  }

  var typeName: String {
    switch self {
    case .scalar: "scalar"
    case .series: "time series"
    case .array: "array of time series"
    case .word: "text"
    }
  }
}

/// Functions of many numbers.
enum Reduction {
  static func named(_ name: String) -> (([Double]) -> Double)? {
    switch name {
    case "SUM": { $0.reduce(0, +) }
    case "AVG": { $0.reduce(0, +) / Double(max(1, $0.count)) }
    case "MIN": { $0.min() ?? .nan }
    case "MAX": { $0.max() ?? .nan }
    case "STDDEV": standardDeviation
    default: nil
    }
  }

  static func standardDeviation(_ numbers: [Double]) -> Double {
    guard !numbers.isEmpty else { return .nan }
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    return (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)).squareRoot()
  }

  /// Functions of one number.
  static func pointwise(_ name: String) -> ((Double) -> Double)? {
    switch name {
    case "ABS": { abs($0) }
    case "CEIL": { $0.rounded(.up) }
    case "FLOOR": { $0.rounded(.down) }
    case "LOG": { Foundation.log($0) }
    case "LOG10": { Foundation.log10($0) }
    default: nil
    }
  }
}
