import AthenaModel
import Kernel
import Storage

/// A workgroup as it is kept.
struct WorkGroupRecord: Codable, Sendable {
  var name: String
  var description: String?
  var enabled = true
  var created: Timestamp
  var enforced = true
  var publishesMetrics = true
  var scanCutoffBytes: Int64?
  var requesterPays = false
  var selectedEngine = Self.automaticEngine
  var outputLocation: String?
  var encryptionOption: String?
  var kmsKey: String?
  var expectedBucketOwner: String?
  var aclOption: String?
  var executionRole: String?
  var additionalConfiguration: String?
  var minimumEncryption: Bool?
  var tags: [String: String] = [:]

  static let primary = "primary"
  static let automaticEngine = "AUTO"
  static let effectiveEngine = "Athena engine version 3"

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("athena", scope.account.digits, scope.region.code, "workgroup", name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("athena", scope.account.digits, scope.region.code, "workgroup").subtree
  }

  /// Every account has a `primary` workgroup from its first day; it is written down once somebody changes it.
  static func read(_ scope: Scope, _ name: String, _ reader: any KeyReader) throws -> WorkGroupRecord? {
    if let record = try reader.get(key(scope, name), as: WorkGroupRecord.self) { return record }
    return name == primary ? untouchedPrimary : nil
  }

  static var untouchedPrimary: WorkGroupRecord {
    WorkGroupRecord(name: primary, created: Timestamp(seconds: 0), enforced: false, publishesMetrics: false)
  }

  static func arn(_ scope: Scope, _ name: String) -> ARN {
    ARN(service: "athena", scope.region, scope.account, "workgroup/\(name)")
  }

  var state: WorkGroupState { enabled ? .enabled : .disabled }

  var engineVersion: EngineVersion {
    EngineVersion(selectedEngineVersion: selectedEngine, effectiveEngineVersion: Self.effectiveEngine)
  }

  /// The result configuration, where one is set.
  var resultConfiguration: ResultConfiguration? {
    guard outputLocation != nil || encryptionOption != nil || expectedBucketOwner != nil || aclOption != nil else {
      return nil
    }
    return ResultConfiguration(
      outputLocation: outputLocation,
      encryptionConfiguration: encryptionOption.map {
        EncryptionConfiguration(encryptionOption: EncryptionOption(rawValue: $0), kmsKey: kmsKey)
      },
      expectedBucketOwner: expectedBucketOwner,
      aclConfiguration: aclOption.map { AclConfiguration(s3AclOption: S3AclOption(rawValue: $0)) })
  }

  var shape: WorkGroup {
    WorkGroup(
      name: name, state: state,
      configuration: WorkGroupConfiguration(
        resultConfiguration: resultConfiguration ?? ResultConfiguration(),
        enforceWorkGroupConfiguration: enforced, publishCloudWatchMetricsEnabled: publishesMetrics,
        bytesScannedCutoffPerQuery: scanCutoffBytes, requesterPaysEnabled: requesterPays,
        engineVersion: engineVersion, additionalConfiguration: additionalConfiguration, executionRole: executionRole,
        enableMinimumEncryptionConfiguration: minimumEncryption ?? false),
      description: description, creationTime: created)
  }

  var summary: WorkGroupSummary {
    WorkGroupSummary(
      name: name, state: state, description: description ?? "", creationTime: created, engineVersion: engineVersion)
  }

  mutating func take(_ configuration: ResultConfiguration?) {
    outputLocation = configuration?.outputLocation
    encryptionOption = configuration?.encryptionConfiguration?.encryptionOption.rawValue
    kmsKey = configuration?.encryptionConfiguration?.kmsKey
    expectedBucketOwner = configuration?.expectedBucketOwner
    aclOption = configuration?.aclConfiguration?.s3AclOption.rawValue
  }

  mutating func take(_ updates: ResultConfigurationUpdates) {
    func changed<T>(_ current: T?, _ new: T?, remove: Bool?) -> T? { remove == true ? nil : new ?? current }
    outputLocation = changed(outputLocation, updates.outputLocation, remove: updates.removeOutputLocation)
    let encryption = updates.encryptionConfiguration
    encryptionOption = changed(
      encryptionOption, encryption?.encryptionOption.rawValue, remove: updates.removeEncryptionConfiguration)
    kmsKey = encryption == nil && updates.removeEncryptionConfiguration != true ? kmsKey : encryption?.kmsKey
    expectedBucketOwner = changed(
      expectedBucketOwner, updates.expectedBucketOwner, remove: updates.removeExpectedBucketOwner)
    aclOption = changed(
      aclOption, updates.aclConfiguration?.s3AclOption.rawValue, remove: updates.removeAclConfiguration)
  }
}
