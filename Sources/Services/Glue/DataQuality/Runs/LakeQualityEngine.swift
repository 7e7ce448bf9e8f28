import DataQuality
import Engine
import Kernel
import SQL

/// Rules' questions in the lake's engine, with one caller's rights. Every question has a session of its own: one that
/// fails does not end the others.
final class LakeQualityEngine: QualityEngine {
  private let engine: LakeEngine
  let context: RequestContext
  private let refused = Locked<String?>(nil)

  init(engine: LakeEngine, context: RequestContext) {
    self.engine = engine
    self.context = context
  }

  /// Why data could not be read at all, as opposed to what was wrong with a question: no rights, no room.
  var refusal: String? { refused.withLock { $0 } }

  func rows(_ sql: String) async throws -> [[QualityValue]] {
    let session = engine.session(for: context)
    var rows: [[QualityValue]] = []
    do {
      let result = try await session.run(sql)
      while let chunk = try await result.next() {
        for row in 0..<chunk.rows { rows.append(chunk.columns.map { QualityValue($0[row]) }) }
      }
    } catch let error as EngineError {
      if Task.isCancelled { throw CancellationError() }
      // What the lake refused says more than that a file could not be opened.
      let cause = error.cause.map { cause in
        (cause as? AWSError).map { "\($0.message) (\($0.code))" } ?? "\(cause)"
      }
      let message = cause ?? error.message
      if cause != nil || Self.fatal.contains(error.kind) { refused.withLock { $0 = $0 ?? message } }
      throw QuestionRefused(description: message)
    }
    return rows
  }

  private static let fatal: [EngineError.Kind] = [.outOfMemory, .overloaded, .io, .internal, .fatal]

  /// Writes what a SELECT gives as one Parquet object, visible when this returns.
  func write(_ sql: String, to path: String) async throws {
    let session = engine.session(for: context)
    try await session.execute("COPY (\(sql)) TO \(DuckDBText.string(path)) (FORMAT parquet)")
    try await session.commitWrites()
  }

  private struct QuestionRefused: Error, CustomStringConvertible {
    let description: String
  }
}

extension QualityValue {
  /// Questions ask for numbers and texts; others are shown as they are.
  init(_ value: EngineValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .number(Double(value))
    case .uint(let value): self = .number(Double(value))
    case .hugeInt(let value): self = .number(Double(value))
    case .unsignedHugeInt(let value): self = .number(Double(value))
    case .decimal(let value, let scale):
      // The text is exact where a quotient of powers is not.
      self = .number(Double("\(value)e-\(scale)") ?? .nan)
    case .float(let value): self = .number(Double(value))
    case .double(let value): self = .number(value)
    case .string(let text): self = .text(text)
    default: self = .text("\(value)")
    }
  }
}
