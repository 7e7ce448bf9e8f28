import Engine
import Foundation
import Kernel
import SQL

/// Functions of Redshift's language that are more than the engine's own words can say.
enum LanguageFunctions {
  static var scalars: [ScalarFunction] {
    HashFunctions.scalars + patterns + numbers + SuperNumbers.scalars
      + Sketches.scalars + PerlExpressions.scalars
  }

  // MARK: Patterns that are no constants

  private static let patterns: [ScalarFunction] = [
    ScalarFunction("tarn_to_char", ["TIMESTAMP", "VARCHAR"], returns: "VARCHAR") { arguments, row in
      let micros = arguments[0].load(row, as: Int64.self)
      guard micros > Int64.min + 1, micros < Int64.max else { return .null }
      return .string(MomentPattern.text(micros, arguments[1].string(row)))
    },
    // A text that stands for a date or time, in a form that the engine reads.
    ScalarFunction("tarn_moment", ["VARCHAR", "BOOLEAN"], returns: "VARCHAR") { arguments, row in
      let text = arguments[0].string(row)
      return .string(DateText.iso(text, withZone: arguments[1].load(row, as: UInt8.self) != 0) ?? text)
    },
    ScalarFunction("tarn_number_to_char", ["VARCHAR", "VARCHAR"], returns: "VARCHAR") { arguments, row in
      let text = arguments[0].string(row)
      guard let shown = NumberPattern.text(text, arguments[1].string(row)) else {
        throw EngineError(kind: .invalidInput, message: "TO_CHAR cannot show \(text)")
      }
      return .string(shown)
    },
    ScalarFunction("tarn_to_timestamp", ["VARCHAR", "VARCHAR"], returns: "TIMESTAMP") { arguments, row in
      let (text, pattern) = (arguments[0].string(row), arguments[1].string(row))
      guard let micros = MomentPattern.micros(text, pattern) else {
        throw EngineError(
          kind: .conversion,
          message: RedshiftMacros.failureMarker
            + "22007!Value for conversion \"\(text)\" does not match the date format")
      }
      return .timestamp(micros)
    },
  ]

  // MARK: Numbers

  private static let numbers: [ScalarFunction] = [
    // The quotient of decimals or whole numbers times ten to the power of the third argument, rounded: the engine
    // divides decimals as doubles.
    quotient("tarn_quotient", rounded: true),
    // Without the digits behind, as AVG has it.
    quotient("tarn_quotient_cut", rounded: false),
  ]

  private static func quotient(_ name: String, rounded: Bool) -> ScalarFunction {
    ScalarFunction(name, ["ANY", "ANY", "INTEGER"], returns: "HUGEINT") { arguments, row in
      guard let (one, scaleOne) = exact(arguments[0], row), let (other, scaleOther) = exact(arguments[1], row) else {
        return try inexact(arguments, row)
      }
      guard other != 0 else {
        throw EngineError(kind: .divideByZero, message: "\(RedshiftMacros.failureMarker)22012!division by zero")
      }
      let power = Int(arguments[2].integer(row)) + scaleOther - scaleOne
      guard let value = quotient(one, other, power: power, rounded: rounded) else {
        throw EngineError(
          kind: .outOfRange, message: "\(RedshiftMacros.failureMarker)22003!Numeric data overflow (result precision)")
      }
      return .hugeInt(value)
    }
  }

  /// What the printer took for a decimal is none for the engine.
  private static func inexact(_ arguments: [ColumnVector], _ row: Int) throws -> EngineValue {
    func double(_ column: ColumnVector) throws -> Double {
      switch column.type {
      case .double: return column.load(row, as: Double.self)
      case .float: return Double(column.load(row, as: Float.self))
      default:
        guard let (value, scale) = exact(column, row) else {
          throw EngineError(kind: .invalidInput, message: "\(column.type) cannot be divided")
        }
        return Double(value) / Double(tenth(scale))
      }
    }
    let (one, other) = (try double(arguments[0]), try double(arguments[1]))
    guard other != 0 else {
      throw EngineError(kind: .divideByZero, message: "\(RedshiftMacros.failureMarker)22012!division by zero")
    }
    let scaled = (one / other * Double(tenth(Int(arguments[2].integer(row))))).rounded()
    guard abs(scaled) < 1e38 else {
      throw EngineError(
        kind: .outOfRange, message: "\(RedshiftMacros.failureMarker)22003!Numeric data overflow (result precision)")
    }
    return .hugeInt(Int128(scaled))
  }

  private static func exact(_ column: ColumnVector, _ row: Int) -> (Int128, Int)? {
    switch column.type {
    case .decimal(_, let scale): return (column.decimal(row), scale)
    case .tinyInt, .smallInt, .integer, .bigInt, .unsignedTinyInt, .unsignedSmallInt, .unsignedInteger:
      return (Int128(column.integer(row)), 0)
    case .unsignedBigInt: return (Int128(UInt64(bitPattern: column.integer(row))), 0)
    case .hugeInt: return (column.hugeInt(row), 0)
    default: return nil
    }
  }

  /// `one × 10^power ÷ other`, rounded half away from zero; `nil` above 38 digits.
  static func quotient(_ one: Int128, _ other: Int128, power: Int, rounded: Bool = true) -> Int128? {
    guard other != 0, power <= 76, power >= -38 else { return nil }
    let negative = (one < 0) != (other < 0)
    var divisor = other.magnitude
    var product = one.magnitude.multipliedFullWidth(by: tenth(min(max(power, 0), 38)))
    if power > 38 {
      guard product.high == 0 else { return nil }
      product = product.low.multipliedFullWidth(by: tenth(power - 38))
    } else if power < 0 {
      let (scaled, overflow) = divisor.multipliedReportingOverflow(by: tenth(-power))
      if overflow { return 0 }
      divisor = scaled
    }
    guard product.high < divisor else { return nil }
    var (quotient, rest) = divisor.dividingFullWidth(product)
    if rounded, rest >= divisor - rest { quotient += 1 }
    guard quotient < tenth(38), let value = Int128(exactly: quotient) else { return nil }
    return negative ? -value : value
  }

  private static func tenth(_ power: Int) -> UInt128 { (0..<power).reduce(1) { value, _ in value * 10 } }
}
