public import GlueModel
public import Kernel
import Storage

/// How what jobs and crawlers write is encrypted, as it is stored. There is no KMS: keys are kept and shown.
struct SecurityConfigurationRecord: Codable, Sendable, Hashable {
  struct Part: Codable, Sendable, Hashable {
    var mode: String
    var key: String?
  }

  var name: String
  var created: Timestamp
  var s3: [Part]
  var logs: Part?
  var bookmarks: Part?
  var quality: Part?

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "security-configuration", name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "security-configuration").subtree
  }

  var shape: SecurityConfiguration {
    var encryption = EncryptionConfiguration()
    encryption.s3Encryption = s3.map {
      S3Encryption(s3EncryptionMode: S3EncryptionMode(rawValue: $0.mode), kmsKeyArn: $0.key)
    }
    encryption.cloudWatchEncryption = logs.map {
      CloudWatchEncryption(cloudWatchEncryptionMode: CloudWatchEncryptionMode(rawValue: $0.mode), kmsKeyArn: $0.key)
    }
    encryption.jobBookmarksEncryption = bookmarks.map {
      JobBookmarksEncryption(
        jobBookmarksEncryptionMode: JobBookmarksEncryptionMode(rawValue: $0.mode), kmsKeyArn: $0.key)
    }
    encryption.dataQualityEncryption = quality.map {
      DataQualityEncryption(
        dataQualityEncryptionMode: DataQualityEncryptionMode(rawValue: $0.mode), kmsKeyArn: $0.key)
    }
    return SecurityConfiguration(name: name, createdTimeStamp: created, encryptionConfiguration: encryption)
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func securityConfiguration(_ name: String, _ scope: Scope) throws -> SecurityConfigurationRecord {
    let key = SecurityConfigurationRecord.key(scope, name)
    guard let record = try get(key, as: SecurityConfigurationRecord.self) else {
      throw CatalogError.entityNotFound("Security configuration \(name) not found.")
    }
    return record
  }
}

extension GlueService {
  private static let securityConfigurationsMax = 250

  public func createSecurityConfiguration(
    _ input: CreateSecurityConfigurationInput, _ context: RequestContext
  ) async throws -> CreateSecurityConfigurationOutput {
    let (scope, now) = (context.scope, context.time)
    try await context.authorize("glue:CreateSecurityConfiguration", on: ["*"])
    let given = input.encryptionConfiguration
    func part(_ mode: String?, _ key: String?) throws -> SecurityConfigurationRecord.Part {
      let mode = mode ?? "DISABLED"
      if mode.hasSuffix("KMS"), key?.isEmpty ?? true {
        throw CatalogError.invalidInput("A KMS key must be given for the encryption mode \(mode).")
      }
      return SecurityConfigurationRecord.Part(mode: mode, key: key)
    }
    let record = SecurityConfigurationRecord(
      name: input.name, created: now,
      s3: try (given.s3Encryption ?? []).map { try part($0.s3EncryptionMode?.rawValue, $0.kmsKeyArn) },
      logs: try given.cloudWatchEncryption.map { try part($0.cloudWatchEncryptionMode?.rawValue, $0.kmsKeyArn) },
      bookmarks: try given.jobBookmarksEncryption.map {
        try part($0.jobBookmarksEncryptionMode?.rawValue, $0.kmsKeyArn)
      },
      quality: try given.dataQualityEncryption.map { try part($0.dataQualityEncryptionMode?.rawValue, $0.kmsKeyArn) })
    try await catalog.keys.write { transaction in
      let key = SecurityConfigurationRecord.key(scope, record.name)
      guard try transaction.get(key) == nil else {
        throw CatalogError.alreadyExists("Security configuration \(record.name) already exists.")
      }
      guard
        try transaction.entries(SecurityConfigurationRecord.all(scope)).count < Self.securityConfigurationsMax
      else { throw CatalogError.limitExceeded("The number of security configurations exceeds the limit.") }
      try transaction.set(key, record: record)
    }
    return CreateSecurityConfigurationOutput(name: record.name, createdTimestamp: now)
  }

  public func getSecurityConfiguration(
    _ input: GetSecurityConfigurationInput, _ context: RequestContext
  ) async throws -> GetSecurityConfigurationOutput {
    let scope = context.scope
    try await context.authorize("glue:GetSecurityConfiguration", on: ["*"])
    let record = try await catalog.keys.read { try $0.securityConfiguration(input.name, scope) }
    return GetSecurityConfigurationOutput(securityConfiguration: record.shape)
  }

  public func getSecurityConfigurations(
    _ input: GetSecurityConfigurationsInput, _ context: RequestContext
  ) async throws -> GetSecurityConfigurationsOutput {
    let scope = context.scope
    try await context.authorize("glue:GetSecurityConfigurations", on: ["*"])
    let (page, next) = try await page(
      SecurityConfigurationRecord.all(scope), as: SecurityConfigurationRecord.self, input.maxResults,
      input.nextToken, "GetSecurityConfigurations", key: { SecurityConfigurationRecord.key(scope, $0) },
      name: { $0.name })
    return GetSecurityConfigurationsOutput(securityConfigurations: page.map(\.shape), nextToken: next)
  }

  public func deleteSecurityConfiguration(
    _ input: DeleteSecurityConfigurationInput, _ context: RequestContext
  ) async throws -> DeleteSecurityConfigurationOutput {
    let scope = context.scope
    try await context.authorize("glue:DeleteSecurityConfiguration", on: ["*"])
    try await catalog.keys.write { transaction in
      _ = try transaction.securityConfiguration(input.name, scope)
      try transaction.delete(SecurityConfigurationRecord.key(scope, input.name))
    }
    return DeleteSecurityConfigurationOutput()
  }
}
