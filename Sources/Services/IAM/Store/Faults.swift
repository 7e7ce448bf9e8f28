import Kernel

/// IAM's errors, with the codes and statuses of its model.
enum IAMFault {
  static func noSuchEntity(_ message: String) -> AWSError { AWSError("NoSuchEntity", message, httpStatus: 404) }
  static func exists(_ message: String) -> AWSError { AWSError("EntityAlreadyExists", message, httpStatus: 409) }
  static func conflict(_ message: String) -> AWSError { AWSError("DeleteConflict", message, httpStatus: 409) }
  static func limit(_ message: String) -> AWSError { AWSError("LimitExceeded", message, httpStatus: 409) }
  static func quota(_ name: String, _ value: Int) -> AWSError { limit("Cannot exceed quota for \(name): \(value)") }
  static func invalid(_ message: String) -> AWSError { AWSError("InvalidInput", message) }
  static func malformed(_ message: String) -> AWSError { AWSError("MalformedPolicyDocument", message) }
  static func unmodifiable(_ message: String) -> AWSError { AWSError("UnmodifiableEntity", message) }
  static func validation(_ message: String) -> AWSError { AWSError("ValidationError", message) }
}
