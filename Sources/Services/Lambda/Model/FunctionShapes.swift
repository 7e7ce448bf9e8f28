import AWSWire
import Kernel
import LambdaModel

extension VersionRecord {
  /// The configuration as the API shows it.
  /// - Parameter qualifier: put behind the ARN; `nil` for the plain one.
  func shape(_ name: FunctionName, qualifier: String?) -> FunctionConfiguration {
    let arn = qualifier.map { FunctionName.arn(name.scope, name.name, $0) } ?? name.arn
    return FunctionConfiguration(
      functionName: name.name, functionArn: arn.description, runtime: LambdaRuntime(rawValue: runtime), role: role,
      handler: handler.isEmpty ? nil : handler, codeSize: codeBytes, description: description,
      timeout: timeoutSeconds, memorySize: memoryMiB, lastModified: Self.text(modified), codeSha256: codeSHA256,
      version: version,
      environment: environment.map { EnvironmentResponse(variables: $0) },
      tracingConfig: TracingConfigResponse(mode: TracingMode(rawValue: tracingMode ?? "PassThrough")),
      revisionId: revision, layers: layers?.map { Layer(arn: $0.arn, codeSize: $0.codeBytes) }, state: .active,
      lastUpdateStatus: .successful, packageType: .zip,
      architectures: [Architecture(rawValue: architecture)], ephemeralStorage: EphemeralStorage(size: ephemeralMiB),
      snapStart: SnapStartResponse(applyOn: SnapStartApplyOn(rawValue: "None"), optimizationStatus: "Off"),
      loggingConfig: LoggingConfig(
        logFormat: LogFormat(rawValue: logging?.format ?? "Text"),
        applicationLogLevel: logging?.applicationLevel.map { ApplicationLogLevel(rawValue: $0) },
        systemLogLevel: logging?.systemLevel.map { SystemLogLevel(rawValue: $0) }, logGroup: logGroup(name.name)))
  }

  func logGroup(_ function: String) -> String { logging?.group ?? "/aws/lambda/\(function)" }

  /// `2026-05-19T12:00:00.000+0000`, the form that Lambda alone has.
  static func text(_ moment: Timestamp) -> String {
    let parts = CivilTime(moment)
    func digits(_ number: Int, _ count: Int) -> String {
      let text = "\(number)"
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(digits(parts.year, 4))-\(digits(parts.month, 2))-\(digits(parts.day, 2))T\(digits(parts.hour, 2)):"
      + "\(digits(parts.minute, 2)):\(digits(parts.second, 2)).\(digits(parts.nanosecond / 1_000_000, 3))+0000"
  }
}

extension AliasRecord {
  func shape(_ name: FunctionName) -> AliasConfiguration {
    AliasConfiguration(
      aliasArn: FunctionName.arn(name.scope, name.name, self.name).description, name: self.name,
      functionVersion: version, description: description,
      routingConfig: weights.isEmpty ? nil : AliasRoutingConfiguration(additionalVersionWeights: weights),
      revisionId: revision)
  }
}
