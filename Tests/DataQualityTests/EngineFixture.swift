import DataQuality
import Engine
import Foundation
import Kernel
import LakeTesting

/// Evaluations over a real engine, with data written as SQL.
struct EngineFixture: QualityEngine {
  static let now = CivilTime(year: 2026, month: 3, day: 15, hour: 12).timestamp
  private static let shared = LakeEngine(
    options: .init(
      memoryBytes: 256 << 20, threads: 2, temporaryFolder: NSTemporaryDirectory() + "quality-\(UUID().uuidString)"),
    files: MemoryLake(), functions: EngineFunctions(), clock: SystemClock())

  func rows(_ sql: String) async throws -> [[QualityValue]] {
    let context = RequestContext(
      requestID: "test", scope: Scope(account: .standard, region: .usEast1), principal: .root(of: .standard),
      time: Self.now, authorizer: OpenAuthorizer())
    var rows: [[QualityValue]] = []
    for try await chunk in try await Self.shared.session(for: context).run(sql) {
      for row in 0..<chunk.rows { rows.append(chunk.columns.map { QualityValue($0[row]) }) }
    }
    return rows
  }

  /// Data from a SELECT or a VALUES list.
  func data(_ sql: String) async throws -> QualityDataset {
    let described = try await rows("SELECT column_name, column_type FROM (DESCRIBE \(sql))")
    return QualityDataset(
      relation: "(\(sql))",
      columns: described.map { row in
        guard case .text(let name) = row[0], case .text(let type) = row[1] else { return .init("", "") }
        return .init(name, type)
      })
  }
}

extension QualityValue {
  init(_ value: EngineValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .number(Double(value))
    case .double(let value): self = .number(value)
    case .string(let text): self = .text(text)
    case .list(let values):
      self = .text(values.map { if case .string(let text) = $0 { text } else { "" } }.joined(separator: "|"))
    default: self = .text("\(value)")
    }
  }
}
