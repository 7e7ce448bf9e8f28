public import Kernel

/// Runs the questions that rules ask, in DuckDB's tongue.
public protocol QualityEngine: Sendable {
  /// Runs one SELECT.
  /// - Throws: what the engine answers; its description is told to the ruleset's owner.
  func rows(_ sql: String) async throws -> [[QualityValue]]
}

/// One value of an answer.
public enum QualityValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)

  var number: Double? {
    switch self {
    case .null: nil
    case .bool(let value): value ? 1 : 0
    case .number(let value): value
    case .text(let text): Double(text)
    }
  }
}

/// Data that rules are held against.
public struct QualityDataset: Sendable {
  public struct Column: Hashable, Sendable {
    public var name: String
    /// As DuckDB spells it: `BIGINT`, `DECIMAL(18,2)`, `VARCHAR` ….
    public var type: String

    public init(_ name: String, _ type: String) {
      self.name = name
      self.type = type
    }
  }

  /// What stands behind FROM: a subquery in brackets, or a function that reads files.
  public var relation: String
  public var columns: [Column]
  /// The files that the data was read from, for rules on files that name none.
  public var files: [QualityFile]

  public init(relation: String, columns: [Column], files: [QualityFile] = []) {
    self.relation = relation
    self.columns = columns
    self.files = files
  }

  /// A column by its name; case does not matter, and neither do backticks around it.
  func column(_ name: String) -> Column? {
    let plain =
      name.count > 1 && name.hasPrefix("`") && name.hasSuffix("`") ? String(name.dropFirst().dropLast()) : name
    return columns.first { $0.name == plain } ?? columns.first { $0.name.lowercased() == plain.lowercased() }
  }
}

/// A file as a listing shows it.
public struct QualityFile: Hashable, Sendable {
  /// `s3://bucket/key`.
  public var path: String
  public var bytes: Int64
  public var modified: Timestamp
  /// The content's digest in lower-case hexadecimal, without quotes: of objects that were put in one piece, their MD5.
  public var digest: String

  public init(path: String, bytes: Int64, modified: Timestamp, digest: String) {
    self.path = path
    self.bytes = bytes
    self.modified = modified
    self.digest = digest
  }
}

/// Lists files below a path, for rules on files.
public protocol QualityFiles: Sendable {
  /// The files whose path is `path` or begins with it; at most `limit` of them.
  func files(at path: String, limit: Int) async throws -> [QualityFile]
}

/// No place has files: for evaluations that know only their data.
public struct NoQualityFiles: QualityFiles {
  public init() {}
  public func files(at path: String, limit: Int) async throws -> [QualityFile] { [] }
}

/// Metrics of an earlier run, by their names.
public struct QualityHistoryEntry: Hashable, Sendable {
  public var metrics: [String: Double]
  public init(metrics: [String: Double]) { self.metrics = metrics }
}
