import Engine
import SQL

/// Arithmetic with SUPER values, whose types are known only when the row is: whole numbers stay whole, others become
/// doubles, and what is no number gives NULL.
enum SuperNumbers {
  static let scalars: [ScalarFunction] = [
    ScalarFunction("tarn_super_math", ["VARCHAR", "VARCHAR", "VARCHAR"], returns: "VARCHAR") { arguments, row in
      let operation = arguments[0].string(row)
      guard let one = Number(arguments[1].string(row)), let other = Number(arguments[2].string(row)) else {
        return .null
      }
      return try result(operation, one, other).map { .string($0) } ?? .null
    }
  ]

  private enum Number {
    case whole(Int64)
    case double(Double)

    /// - Parameter json: a number, or one within quotes of JSON, which is none.
    init?(_ json: String) {
      if let whole = Int64(json) {
        self = .whole(whole)
      } else if let double = Double(json), double.isFinite, json.first != "n", json.first != "i" {
        self = .double(double)
      } else {
        return nil
      }
    }

    var double: Double {
      switch self {
      case .whole(let value): Double(value)
      case .double(let value): value
      }
    }
  }

  private static func result(_ operation: String, _ one: Number, _ other: Number) throws -> String? {
    func divisor() throws {
      guard other.double != 0 else {
        throw EngineError(kind: .divideByZero, message: "\(RedshiftMacros.failureMarker)22012!division by zero")
      }
    }
    if case .whole(let left) = one, case .whole(let right) = other {
      let (value, overflow): (Int64, Bool)
      switch operation {
      case "+": (value, overflow) = left.addingReportingOverflow(right)
      case "-": (value, overflow) = left.subtractingReportingOverflow(right)
      case "*": (value, overflow) = left.multipliedReportingOverflow(by: right)
      case "/":
        try divisor()
        (value, overflow) = left.dividedReportingOverflow(by: right)
      default:
        try divisor()
        (value, overflow) = left.remainderReportingOverflow(dividingBy: right)
      }
      if overflow {
        throw EngineError(kind: .outOfRange, message: "\(RedshiftMacros.failureMarker)22003!bigint out of range")
      }
      return "\(value)"
    }
    let (left, right) = (one.double, other.double)
    let value: Double
    switch operation {
    case "+": value = left + right
    case "-": value = left - right
    case "*": value = left * right
    case "/":
      try divisor()
      value = left / right
    default:
      try divisor()
      value = left.truncatingRemainder(dividingBy: right)
    }
    guard value.isFinite else { return nil }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value)).0" : "\(value)"
  }
}
