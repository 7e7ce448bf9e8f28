import Engine
import Foundation

/// HLLSKETCH: registers of HyperLogLog (2¹⁵ of them, as Redshift has), kept in the JSON form in which Redshift shows
/// and loads them: the registers that are not zero while they are few, all of them in Base64 else.
enum Sketches {
  private static let logm = 15
  private static let registers = 1 << logm
  /// Redshift turns to the dense form where the sparse one would be larger.
  private static let sparseMax = 4_096

  static let scalars: [ScalarFunction] = [
    // A hash as its register and rank in one number: aggregates need to keep few different ones.
    ScalarFunction("tarn_hll_code", ["UBIGINT"], returns: "INTEGER") { arguments, row in
      let hash = UInt64(bitPattern: arguments[0].integer(row))
      let rank = min(((hash >> UInt64(logm)) << UInt64(logm)).leadingZeroBitCount, 64 - logm) + 1
      return .int(Int64(hash & UInt64(registers - 1)) * 64 + Int64(rank))
    },
    ScalarFunction("tarn_hll_sketch", ["INTEGER[]"], returns: "VARCHAR") { arguments, row in
      var values = [UInt8](repeating: 0, count: registers)
      guard let elements = arguments[0].children.first else { return .null }
      for place in arguments[0].elements(row) where !elements.isNull(place) {
        let code = Int(elements.integer(place))
        let register = code / 64
        guard register >= 0, register < registers else { continue }
        values[register] = max(values[register], UInt8(code % 64))
      }
      return .string(text(values))
    },
    ScalarFunction("tarn_hll_merge", ["VARCHAR[]"], returns: "VARCHAR") { arguments, row in
      var values = [UInt8](repeating: 0, count: registers)
      guard let elements = arguments[0].children.first else { return .null }
      for place in arguments[0].elements(row) where !elements.isNull(place) {
        for (register, value) in try read(elements.string(place)).enumerated() {
          values[register] = max(values[register], value)
        }
      }
      return .string(text(values))
    },
    ScalarFunction("tarn_hll_cardinality", ["VARCHAR"], returns: "BIGINT") { arguments, row in
      .int(cardinality(try read(arguments[0].string(row))))
    },
  ]

  private struct Form: Codable {
    struct Sparse: Codable {
      var indices: [Int]
      var values: [UInt8]
    }
    struct Dense: Codable { var values: String }
    var version = 1
    var logm = 15
    var sparse: Sparse?
    var dense: Dense?
  }

  private static func text(_ values: [UInt8]) -> String {
    let used = values.indices.filter { values[$0] > 0 }
    if used.count <= sparseMax {
      let indices = used.map { "\($0)" }.joined(separator: ",")
      let numbers = used.map { "\(values[$0])" }.joined(separator: ",")
      return "{\"version\":1,\"logm\":\(logm),\"sparse\":{\"indices\":[\(indices)],\"values\":[\(numbers)]}}"
    }
    return "{\"version\":1,\"logm\":\(logm),\"dense\":{\"values\":\"\(Data(values).base64EncodedString())\"}}"
  }

  private static func read(_ text: String) throws -> [UInt8] {
    let refusal = EngineError(kind: .invalidInput, message: "Invalid HLLSKETCH value")
    guard let form = try? JSONDecoder().decode(Form.self, from: Data(text.utf8)), form.logm == logm else {
      throw refusal
    }
    if let dense = form.dense {
      guard let values = Data(base64Encoded: dense.values), values.count == registers else { throw refusal }
      return values.map { min($0, UInt8(65 - logm)) }
    }
    var values = [UInt8](repeating: 0, count: registers)
    let sparse = form.sparse ?? Form.Sparse(indices: [], values: [])
    guard sparse.indices.count == sparse.values.count else { throw refusal }
    for (register, value) in zip(sparse.indices, sparse.values) {
      guard values.indices.contains(register) else { throw refusal }
      values[register] = min(value, UInt8(65 - logm))
    }
    return values
  }

  /// Flajolet and others, "HyperLogLog", with counting of empty registers while they are many.
  private static func cardinality(_ values: [UInt8]) -> Int64 {
    let m = Double(registers)
    let sum = values.reduce(0.0) { $0 + 1 / Double(UInt64(1) << UInt64(min($1, 63))) }
    let raw = 0.7213 / (1 + 1.079 / m) * m * m / sum
    let empty = values.count { $0 == 0 }
    if raw <= 2.5 * m, empty > 0 { return Int64((m * log(m / Double(empty))).rounded()) }
    return Int64(raw.rounded())
  }
}
