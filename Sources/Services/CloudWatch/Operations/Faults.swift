import Kernel

/// CloudWatch's errors, with the codes of its model and the words of the service.
enum Fault {
  static func value(_ value: String, _ parameter: String) -> AWSError {
    AWSError("InvalidParameterValue", "The value \(value) for parameter \(parameter) is invalid.")
  }
  static func invalid(_ message: String) -> AWSError { AWSError("InvalidParameterValue", message) }
  static func combination(_ message: String) -> AWSError { AWSError("InvalidParameterCombination", message) }
  static func missing(_ message: String) -> AWSError { AWSError("MissingParameter", message) }
  static func validation(_ message: String) -> AWSError { AWSError("ValidationError", message) }
  static let token = AWSError("InvalidNextToken", "Invalid nextToken")
}

/// Periods that CloudWatch takes.
enum Period {
  /// 1, 5, 10, 20, 30, or a multiple of 60; up to a day.
  static func check(_ seconds: Int, _ parameter: String) throws -> Int64 {
    guard [1, 5, 10, 20, 30].contains(seconds) || seconds >= 60 && seconds % 60 == 0 && seconds <= 86_400 else {
      throw Fault.value(String(seconds), parameter)
    }
    return Int64(seconds)
  }
}
