import AthenaModel
import Engine
import Kernel
import LakeFiles
import SQL

/// Turns what went wrong below into Athena's words.
enum AthenaFailures {
  /// Athena's error types; "Error type reference" in the user guide.
  private static let syntaxType = 1006
  private static let userType = 1
  private static let tableType = 1200

  /// The refusal of a text that is no statement.
  static func malformed(_ error: SQLError) -> AWSError {
    AthenaError.invalidRequestException(
      error.description, details: [.init("AthenaErrorCode", "MALFORMED_QUERY")])
  }

  static func explained(_ error: any Error) -> any Error {
    switch error {
    case is CancellationError, is QueryFailure: error
    case let error as SQLError:
      QueryFailure(error.description, category: 2, type: error.code == .tableNotFound ? tableType : userType)
    case let error as EngineError: explained(error)
    case let error as LakeError: explained(error)
    default: error
    }
  }

  private static func explained(_ error: EngineError) -> any Error {
    if let cause = error.cause {
      let inner = explained(cause)
      if inner is QueryFailure || inner is AWSError || inner is CancellationError { return inner }
    }
    switch error.kind {
    case .interrupted: return CancellationError()
    case .outOfMemory:
      return QueryFailure("EXCEEDED_LOCAL_MEMORY_LIMIT: Query exceeded the engine's memory limit", category: 2, type: 2)
    case .permission: return QueryFailure("PERMISSION_DENIED: \(error.message)", category: 2, type: 1301)
    case .io: return QueryFailure("HIVE_CURSOR_ERROR: \(error.message)", category: 2, type: 1100)
    case .overloaded: return QueryFailure("CLUSTER_OUT_OF_MEMORY: \(error.message)", category: 1, type: 0)
    default:
      let translated = EngineErrors.translate(error.message)
      if translated.code == .genericInternalError, let file = badFile(error.message) { return file }
      // Text that the printer made and the engine refuses is our mistake, and is called so.
      let isOurs = translated.code == .genericInternalError
      return QueryFailure(translated.description, category: isOurs ? 1 : 2, type: isOurs ? 0 : userType)
    }
  }

  /// A file that is not what the table says it is.
  private static func badFile(_ message: String) -> QueryFailure? {
    guard let start = message.firstRange(of: "s3://")?.lowerBound else { return nil }
    let path = message[start...].prefix { $0 != "'" && $0 != "\"" && !$0.isNewline }
    if message.contains("No magic bytes") || message.contains("too small to be a Parquet file") {
      return QueryFailure(
        "HIVE_BAD_DATA: Not valid Parquet file: \(path) expected magic number: PAR1", category: 2, type: 1100)
    }
    return QueryFailure("HIVE_CURSOR_ERROR: Failed to read file: \(path): \(message)", category: 2, type: 1100)
  }

  private static func explained(_ error: LakeError) -> QueryFailure {
    switch error {
    case .notFound(let path):
      QueryFailure(
        "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split \(path): the object or bucket does not exist", type: 1100)
    case .accessDenied(_, let message): QueryFailure("PERMISSION_DENIED: \(message)", type: 1301)
    case .invalidPath(let text): QueryFailure("HIVE_INVALID_METADATA: not an S3 path: \(text)")
    }
  }
}
