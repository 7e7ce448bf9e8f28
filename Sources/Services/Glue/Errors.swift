import GlueModel
import Kernel

/// The catalog's errors with AWS's messages.
enum CatalogError {
  static func entityNotFound(_ message: String) -> AWSError { GlueError.entityNotFoundException(message) }
  static func invalidInput(_ message: String) -> AWSError { GlueError.invalidInputException(message) }
  static func alreadyExists(_ message: String) -> AWSError { GlueError.alreadyExistsException(message) }
  static func limitExceeded(_ message: String) -> AWSError {
    GlueError.resourceNumberLimitExceededException(message)
  }
  static func concurrentModification(_ message: String) -> AWSError {
    GlueError.concurrentModificationException(message)
  }
  static func conditionCheckFailure(_ message: String) -> AWSError {
    GlueError.conditionCheckFailureException(message)
  }

  static func noDatabase(_ name: String) -> AWSError { entityNotFound("Database \(name) not found.") }
  static func noTable(_ name: String) -> AWSError { entityNotFound("Table \(name) not found.") }
  static let noPartition = entityNotFound("Cannot find partition.")
  static let noVersion = entityNotFound("Version not found.")
  static let databaseExists = alreadyExists("Database already exists.")
  static let tableExists = alreadyExists("Table already exists.")
  static let partitionExists = alreadyExists("Partition already exists.")
  static let staleVersion = concurrentModification("Update table failed due to concurrent modifications.")
  static let valueCount = invalidInput("The number of partition keys do not match the number of partition values")
}
