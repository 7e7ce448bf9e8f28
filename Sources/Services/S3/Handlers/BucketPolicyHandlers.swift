public import Kernel
public import S3Model

extension S3Service {
  public func getBucketPolicy(
    _ input: GetBucketPolicyInput, _ context: RequestContext
  ) async throws -> GetBucketPolicyOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorizeOnPolicy("s3:GetBucketPolicy", bucket, context)
    return GetBucketPolicyOutput(policy: try Self.policy(bucket))
  }

  private static func policy(_ bucket: Bucket) throws -> String {
    guard let policy = bucket.record.policy else {
      throw S3Failure.notConfigured("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name)
    }
    return policy
  }

  public func putBucketPolicy(
    _ input: PutBucketPolicyInput, _ context: RequestContext
  ) async throws -> PutBucketPolicyOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorizeOnPolicy("s3:PutBucketPolicy", bucket, context)
    try BucketPolicy.validate(input.policy, bucket: bucket.record)
    do {
      try context.authorizer.check(resourcePolicy: input.policy)
    } catch let error as AWSError {
      throw AWSError("MalformedPolicy", error.message)
    }
    for principal in BucketPolicy.principals(input.policy) where principal.account == bucket.record.owner.digits {
      guard try await knowsPrincipal(principal) else { throw BucketPolicy.malformed("Invalid principal in policy") }
    }
    if bucket.record.publicAccessBlock?.blockPublicPolicy == true, BucketPolicy.isPublic(input.policy) {
      throw S3Failure.accessDenied(
        "User: \(context.principal.arn) is not authorized to perform: s3:PutBucketPolicy on resource: "
          + "\"\(bucket.record.arn)\" because public policies are prevented by the BlockPublicPolicy setting in S3 "
          + "Block Public Access.")
    }
    let policy = input.policy
    try await store.buckets.update(input.bucket) { $0.policy = policy }
    return PutBucketPolicyOutput()
  }

  public func deleteBucketPolicy(
    _ input: DeleteBucketPolicyInput, _ context: RequestContext
  ) async throws -> DeleteBucketPolicyOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorizeOnPolicy("s3:DeleteBucketPolicy", bucket, context)
    try await store.buckets.update(input.bucket) { $0.policy = nil }
    return DeleteBucketPolicyOutput()
  }

  /// The account's root may always see and replace a policy, even one that locks everybody out.
  private func authorizeOnPolicy(_ action: String, _ bucket: Bucket, _ context: RequestContext) async throws {
    if case .root = context.principal.kind, context.principal.account == bucket.record.owner { return }
    try await authorize(action, bucket, context)
  }

  public func getBucketPolicyStatus(
    _ input: GetBucketPolicyStatusInput, _ context: RequestContext
  ) async throws -> GetBucketPolicyStatusOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketPolicyStatus", bucket, context)
    return GetBucketPolicyStatusOutput(
      policyStatus: PolicyStatus(isPublic: BucketPolicy.isPublic(try Self.policy(bucket))))
  }
}
