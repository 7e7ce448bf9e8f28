import AWSWire
import Kernel
import LambdaModel

/// What a function's configuration must keep to.
enum FunctionRules {
  /// Settings that are not there are refused by name, never taken and forgotten.
  static func refuseUnknown(_ input: CreateFunctionInput) throws {
    try checkDeadLetters(input.deadLetterConfig)
    try refuse([
      ("CodeSigningConfigArn", input.codeSigningConfigArn != nil),
      ("FileSystemConfigs", input.fileSystemConfigs?.isEmpty == false), ("KMSKeyArn", isGiven(input.kmsKeyArn)),
      ("ImageConfig", input.imageConfig != nil),
      ("PackageType Image", input.packageType == "Image"), ("VpcConfig", isGiven(input.vpcConfig)),
      ("SnapStart", input.snapStart?.applyOn == "PublishedVersions"), ("DurableConfig", input.durableConfig != nil),
      ("CapacityProviderConfig", input.capacityProviderConfig != nil), ("TenancyConfig", input.tenancyConfig != nil),
      ("PublishTo", input.publishTo != nil),
    ])
  }

  static func refuseUnknown(_ input: UpdateFunctionConfigurationInput) throws {
    try checkDeadLetters(input.deadLetterConfig)
    try refuse([
      ("FileSystemConfigs", input.fileSystemConfigs?.isEmpty == false), ("KMSKeyArn", isGiven(input.kmsKeyArn)),
      ("ImageConfig", input.imageConfig != nil), ("VpcConfig", isGiven(input.vpcConfig)),
      ("SnapStart", input.snapStart?.applyOn == "PublishedVersions"), ("DurableConfig", input.durableConfig != nil),
      ("CapacityProviderConfig", input.capacityProviderConfig != nil),
    ])
  }

  /// Dead-letter queues are SQS queues and SNS topics, neither of which is there yet.
  /// - Throws: InvalidParameterValueException for what could not be one on AWS either; NotImplemented.
  private static func checkDeadLetters(_ config: DeadLetterConfig?) throws {
    guard let target = config?.targetArn, !target.isEmpty else { return }
    guard let arn = ARN(target), arn.service == "sqs" || arn.service == "sns" else {
      throw LambdaError.invalidParameterValueException(
        "The target ARN of a dead-letter queue must be that of an SQS queue or an SNS topic: \(target.prefix(256))")
    }
    throw AWSError.notImplemented(service: "Lambda", operation: "dead-letter queues in \(arn.service)")
  }

  /// A function and its layers have a bound together.
  /// - Throws: InvalidParameterValueException.
  static func checkSize(_ version: VersionRecord) throws {
    let size = (version.layers ?? []).reduce(version.codeUnpackedBytes ?? 0) { $0.saturatingAdd($1.unpackedBytes) }
    guard size <= Limits.codeUnzippedBytesMax else {
      throw LambdaError.invalidParameterValueException(
        "Function code combined with layers exceeds the maximum allowed size of \(Limits.codeUnzippedBytesMax) bytes. "
          + "The actual size is \(size) bytes.")
    }
  }

  private static func isGiven(_ text: String?) -> Bool { text?.isEmpty == false }

  private static func isGiven(_ vpc: VpcConfig?) -> Bool {
    vpc?.subnetIds?.isEmpty == false || vpc?.securityGroupIds?.isEmpty == false
  }

  private static func refuse(_ settings: [(String, Bool)]) throws {
    if let given = settings.first(where: \.1) {
      throw AWSError.notImplemented(service: "Lambda", operation: "functions with \(given.0)")
    }
  }

  static func logging(_ config: LoggingConfig?) -> VersionRecord.LoggingRecord? {
    config.map {
      VersionRecord.LoggingRecord(
        format: $0.logFormat?.rawValue ?? "Text", group: $0.logGroup,
        applicationLevel: $0.applicationLogLevel?.rawValue, systemLevel: $0.systemLogLevel?.rawValue)
    }
  }

  /// - Throws: InvalidParameterValueException; ValidationException for numbers out of their range.
  static func check(_ version: VersionRecord) throws {
    guard version.timeoutSeconds <= Limits.timeoutSecondsMax else {
      throw tooLarge("\(version.timeoutSeconds)", "timeout", Limits.timeoutSecondsMax)
    }
    guard version.memoryMiB <= Limits.memoryMiBMax else {
      throw tooLarge("\(version.memoryMiB)", "memorySize", Limits.memoryMiBMax)
    }
    guard RuntimeCatalog.isSupported(version.runtime) else {
      throw AWSError.notImplemented(service: "Lambda", operation: "the runtime \(version.runtime)")
    }
    guard version.logging?.format != "JSON" else {
      throw AWSError.notImplemented(service: "Lambda", operation: "the log format JSON")
    }
    let variables = version.environment ?? [:]
    let size = variables.reduce(2) { $0 + $1.key.utf8.count + $1.value.utf8.count + 6 }
    guard size <= Limits.environmentBytesMax else {
      throw LambdaError.invalidParameterValueException(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
          + "exceeded the 4KB limit. String measured: \(size) bytes")
    }
    let reserved = variables.keys.filter(SandboxPlan.reservedVariables.contains).sorted()
    guard reserved.isEmpty else {
      throw LambdaError.invalidParameterValueException(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
          + "contains reserved keys that are currently not supported for modification. Reserved keys used in this "
          + "request: \(reserved.joined(separator: ", "))")
    }
    guard !variables.contains(where: { $0.key.contains("\0") || $0.value.contains("\0") || $0.key.contains("=") })
    else { throw LambdaError.invalidParameterValueException("An environment variable is not valid.") }
  }

  private static func tooLarge(_ value: String, _ member: String, _ max: Int) -> AWSError {
    LambdaError.validationException(
      "1 validation error detected: Value '\(value)' at '\(member)' failed to satisfy constraint: Member must have "
        + "value less than or equal to \(max)")
  }
}
