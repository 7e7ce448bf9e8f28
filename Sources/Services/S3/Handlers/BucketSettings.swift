import AWSWire
public import Kernel
public import S3Model

/// Settings that act: versioning, tags, encryption, public access, ownership, access control.
extension S3Service {
  public func getBucketVersioning(
    _ input: GetBucketVersioningInput, _ context: RequestContext
  ) async throws -> GetBucketVersioningOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketVersioning", bucket, context)
    switch bucket.record.versioning {
    case .off: return GetBucketVersioningOutput()
    case .enabled: return GetBucketVersioningOutput(status: "Enabled")
    case .suspended: return GetBucketVersioningOutput(status: "Suspended")
    }
  }

  public func putBucketVersioning(
    _ input: PutBucketVersioningInput, _ context: RequestContext
  ) async throws -> PutBucketVersioningOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketVersioning", bucket, context)
    if input.versioningConfiguration.mfaDelete?.rawValue == "Enabled" {
      throw S3Failure.notImplemented(header: "x-amz-mfa")
    }
    let versioning: BucketRecord.Versioning
    switch input.versioningConfiguration.status?.rawValue {
    case "Enabled": versioning = .enabled
    case "Suspended": versioning = .suspended
    case nil:
      throw AWSError(
        "IllegalVersioningConfigurationException",
        "The Versioning element must be specified")
    default: throw S3Failure.malformedXML
    }
    try await store.buckets.update(input.bucket) { record in record.versioning = versioning }
    return PutBucketVersioningOutput()
  }

  public func getBucketTagging(
    _ input: GetBucketTaggingInput, _ context: RequestContext
  ) async throws -> GetBucketTaggingOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketTagging", bucket, context)
    guard !bucket.record.tags.isEmpty else {
      throw S3Failure.notConfigured("NoSuchTagSet", "The TagSet does not exist", input.bucket)
    }
    return GetBucketTaggingOutput(tagSet: bucket.record.tags.map { Tag(key: $0.name, value: $0.value) })
  }

  public func putBucketTagging(
    _ input: PutBucketTaggingInput, _ context: RequestContext
  ) async throws -> PutBucketTaggingOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketTagging", bucket, context)
    let tags = input.tagging.tagSet.map { Pair(name: $0.key, value: $0.value) }
    try TagRules.checkBucket(tags)
    try await store.buckets.update(input.bucket) { $0.tags = tags }
    return PutBucketTaggingOutput()
  }

  public func deleteBucketTagging(
    _ input: DeleteBucketTaggingInput, _ context: RequestContext
  ) async throws -> DeleteBucketTaggingOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketTagging", bucket, context)
    try await store.buckets.update(input.bucket) { $0.tags = [] }
    return DeleteBucketTaggingOutput()
  }

  public func getBucketEncryption(
    _ input: GetBucketEncryptionInput, _ context: RequestContext
  ) async throws -> GetBucketEncryptionOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetEncryptionConfiguration", bucket, context)
    let encryption = bucket.record.encryption
    let rule = ServerSideEncryptionRule(
      applyServerSideEncryptionByDefault: ServerSideEncryptionByDefault(
        sseAlgorithm: .init(rawValue: encryption.algorithm), kmsMasterKeyID: encryption.kmsKeyID),
      bucketKeyEnabled: encryption.bucketKeyEnabled ?? false,
      blockedEncryptionTypes: encryption.blockedEncryptionTypes.map { types in
        BlockedEncryptionTypes(encryptionType: types.map { .init(rawValue: $0) })
      })
    return GetBucketEncryptionOutput(serverSideEncryptionConfiguration: .init(rules: [rule]))
  }

  public func putBucketEncryption(
    _ input: PutBucketEncryptionInput, _ context: RequestContext
  ) async throws -> PutBucketEncryptionOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutEncryptionConfiguration", bucket, context)
    let rules = input.serverSideEncryptionConfiguration.rules
    guard rules.count == 1, let rule = rules.first else { throw S3Failure.malformedXML }
    var encryption = BucketRecord.DefaultEncryption()
    if let given = rule.applyServerSideEncryptionByDefault {
      guard Encryption.Algorithm(name: given.sseAlgorithm.rawValue) != nil else { throw S3Failure.malformedXML }
      if given.sseAlgorithm.rawValue == "AES256", given.kmsMasterKeyID != nil {
        throw S3Failure.invalidArgument(
          "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
          "ApplyServerSideEncryptionByDefault", nil)
      }
      encryption.algorithm = given.sseAlgorithm.rawValue
      encryption.kmsKeyID = given.kmsMasterKeyID
    }
    encryption.bucketKeyEnabled = rule.bucketKeyEnabled
    encryption.blockedEncryptionTypes = rule.blockedEncryptionTypes?.encryptionType?.map(\.rawValue)
    let kept = encryption
    try await store.buckets.update(input.bucket) { $0.encryption = kept }
    return PutBucketEncryptionOutput()
  }

  public func deleteBucketEncryption(
    _ input: DeleteBucketEncryptionInput, _ context: RequestContext
  ) async throws -> DeleteBucketEncryptionOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutEncryptionConfiguration", bucket, context)
    // A bucket is never without encryption: the default returns.
    try await store.buckets.update(input.bucket) { $0.encryption = BucketRecord.DefaultEncryption() }
    return DeleteBucketEncryptionOutput()
  }

  public func getPublicAccessBlock(
    _ input: GetPublicAccessBlockInput, _ context: RequestContext
  ) async throws -> GetPublicAccessBlockOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketPublicAccessBlock", bucket, context)
    guard let block = bucket.record.publicAccessBlock else {
      throw S3Failure.notConfigured(
        "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", input.bucket)
    }
    return GetPublicAccessBlockOutput(
      publicAccessBlockConfiguration: .init(
        blockPublicAcls: block.blockPublicAcls, ignorePublicAcls: block.ignorePublicAcls,
        blockPublicPolicy: block.blockPublicPolicy, restrictPublicBuckets: block.restrictPublicBuckets))
  }

  public func putPublicAccessBlock(
    _ input: PutPublicAccessBlockInput, _ context: RequestContext
  ) async throws -> PutPublicAccessBlockOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketPublicAccessBlock", bucket, context)
    let given = input.publicAccessBlockConfiguration
    let block = BucketRecord.PublicAccessBlock(
      blockPublicAcls: given.blockPublicAcls ?? false, ignorePublicAcls: given.ignorePublicAcls ?? false,
      blockPublicPolicy: given.blockPublicPolicy ?? false, restrictPublicBuckets: given.restrictPublicBuckets ?? false)
    try await store.buckets.update(input.bucket) { $0.publicAccessBlock = block }
    return PutPublicAccessBlockOutput()
  }

  public func deletePublicAccessBlock(
    _ input: DeletePublicAccessBlockInput, _ context: RequestContext
  ) async throws -> DeletePublicAccessBlockOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketPublicAccessBlock", bucket, context)
    try await store.buckets.update(input.bucket) { $0.publicAccessBlock = nil }
    return DeletePublicAccessBlockOutput()
  }

  public func getBucketOwnershipControls(
    _ input: GetBucketOwnershipControlsInput, _ context: RequestContext
  ) async throws -> GetBucketOwnershipControlsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketOwnershipControls", bucket, context)
    guard let ownership = bucket.record.ownership else {
      throw S3Failure.notConfigured(
        "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", input.bucket)
    }
    return GetBucketOwnershipControlsOutput(
      ownershipControls: .init(rules: [.init(objectOwnership: .init(rawValue: ownership))]))
  }

  public func putBucketOwnershipControls(
    _ input: PutBucketOwnershipControlsInput, _ context: RequestContext
  ) async throws -> PutBucketOwnershipControlsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketOwnershipControls", bucket, context)
    guard input.ownershipControls.rules.count == 1, let rule = input.ownershipControls.rules.first,
      ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"].contains(rule.objectOwnership.rawValue)
    else { throw S3Failure.malformedXML }
    let ownership = rule.objectOwnership.rawValue
    try await store.buckets.update(input.bucket) { record in
      if ownership == "BucketOwnerEnforced", record.acl != "private" {
        throw AWSError(
          "InvalidBucketAclWithObjectOwnership",
          "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
      }
      record.ownership = ownership
    }
    return PutBucketOwnershipControlsOutput()
  }

  public func deleteBucketOwnershipControls(
    _ input: DeleteBucketOwnershipControlsInput, _ context: RequestContext
  ) async throws -> DeleteBucketOwnershipControlsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketOwnershipControls", bucket, context)
    try await store.buckets.update(input.bucket) { $0.ownership = nil }
    return DeleteBucketOwnershipControlsOutput()
  }

  public func getBucketAcl(_ input: GetBucketAclInput, _ context: RequestContext) async throws -> GetBucketAclOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketAcl", bucket, context)
    return GetBucketAclOutput(
      owner: Self.owner(bucket.record.owner), grants: AccessControl.grants(bucket.record.acl, bucket.record.owner))
  }

  public func putBucketAcl(_ input: PutBucketAclInput, _ context: RequestContext) async throws -> PutBucketAclOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketAcl", bucket, context)
    let grants = [
      input.grantFullControl, input.grantRead, input.grantReadACP, input.grantWrite, input.grantWriteACP,
    ]
    guard grants.allSatisfy({ $0 == nil }) else { throw S3Failure.notImplemented(header: "x-amz-grant-full-control") }
    var canned = input.acl?.rawValue
    if let policy = input.accessControlPolicy {
      guard canned == nil else { throw S3Failure.unexpectedContent }
      canned = try AccessControl.canned(policy, bucket.record)
    }
    guard let canned else {
      throw AWSError(
        "MissingSecurityHeader", "Your request was missing a required header",
        details: [.init("MissingHeaderName", "x-amz-acl")])
    }
    let allowed = [
      "private", "public-read", "public-read-write", "authenticated-read", "log-delivery-write",
      "bucket-owner-full-control",
    ]
    guard allowed.contains(canned) else { throw S3Failure.invalidArgument("", "x-amz-acl", canned) }
    if bucket.record.ownership == "BucketOwnerEnforced" {
      guard canned == "bucket-owner-full-control" || canned == "private" && input.accessControlPolicy != nil else {
        throw S3Failure.aclNotSupported
      }
      return PutBucketAclOutput()
    }
    if canned.hasPrefix("public-"), bucket.record.publicAccessBlock?.blockPublicAcls == true {
      throw S3Failure.accessDenied()
    }
    let kept = canned == "bucket-owner-full-control" ? "private" : canned
    try await store.buckets.update(input.bucket) { $0.acl = kept }
    return PutBucketAclOutput()
  }
}
