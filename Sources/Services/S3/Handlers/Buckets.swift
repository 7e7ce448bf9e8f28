import AWSWire
public import Kernel
import NIOCore
public import S3Model

extension S3Service {
  public func createBucket(_ input: CreateBucketInput, _ context: RequestContext) async throws -> CreateBucketOutput {
    guard BucketNames.isValid(input.bucket) else { throw S3Failure.invalidBucketName(input.bucket) }
    try await context.authorize("s3:CreateBucket", on: ["arn:\(context.region.partition):s3:::\(input.bucket)"])
    let region = try Self.location(input.createBucketConfiguration, context.region)
    guard input.objectLockEnabledForBucket != true else {
      throw S3Failure.notImplemented(header: "x-amz-bucket-object-lock-enabled")
    }
    var record = BucketRecord(
      name: input.bucket, number: 0, owner: context.account, region: region, created: clock.now())
    if let ownership = input.objectOwnership?.rawValue {
      try Self.checkOwnership(ownership)
      record.ownership = ownership
    }
    let acl = input.acl?.rawValue ?? "private"
    let grants = [
      input.grantFullControl, input.grantRead, input.grantReadACP, input.grantWrite, input.grantWriteACP,
    ]
    guard grants.allSatisfy({ $0 == nil }) else { throw S3Failure.notImplemented(header: "x-amz-grant-full-control") }
    if acl != "private", record.ownership == "BucketOwnerEnforced" {
      throw AWSError(
        "InvalidBucketAclWithObjectOwnership",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
    }
    if acl.hasPrefix("public-") { throw S3Failure.accessDenied() }
    record.acl = acl
    if let tags = input.createBucketConfiguration?.tags, !tags.isEmpty {
      record.tags = tags.map { Pair(name: $0.key, value: $0.value) }
      try TagRules.checkBucket(record.tags)
    }
    let name = input.bucket
    let owner = record.owner
    try await store.buckets.create(record) { existing in
      guard existing.owner == owner else { throw S3Failure.bucketAlreadyExists(name) }
      // The first region keeps its early behaviour: making one's own bucket again succeeds and changes nothing.
      guard region == .usEast1, existing.region == .usEast1 else { throw S3Failure.bucketAlreadyOwnedByYou(name) }
    }
    let location = region == .usEast1 ? "/\(name)" : "http://\(name).s3.amazonaws.com/"
    return CreateBucketOutput(location: location, bucketArn: record.arn)
  }

  /// AWS: in us-east-1 a request leaves `LocationConstraint` out; elsewhere it names the endpoint's region.
  private static func location(_ configuration: CreateBucketConfiguration?, _ region: Region) throws -> Region {
    guard let constraint = configuration?.locationConstraint?.rawValue else {
      guard region == .usEast1 else { throw S3Failure.illegalLocationConstraint("unspecified") }
      return .usEast1
    }
    // The legacy names of eu-west-1 and of the first region.
    let named = constraint == "EU" ? "eu-west-1" : constraint
    if region == .usEast1 {
      guard named != "us-east-1", BucketLocationConstraint(rawValue: constraint).isKnown else {
        throw S3Failure.invalidLocationConstraint(constraint)
      }
      // The first region's endpoint makes buckets anywhere.
      return Region(named)
    }
    guard named == region.code else { throw S3Failure.illegalLocationConstraint(constraint) }
    return region
  }

  static func checkOwnership(_ ownership: String) throws {
    guard ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"].contains(ownership) else {
      throw S3Failure.invalidArgument(
        "Invalid x-amz-object-ownership header: \(ownership)", "x-amz-object-ownership", nil)
    }
  }

  public func deleteBucket(_ input: DeleteBucketInput, _ context: RequestContext) async throws -> DeleteBucketOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:DeleteBucket", bucket, context)
    try await store.buckets.delete(input.bucket)
    store.sweepSignal.wake()
    return DeleteBucketOutput()
  }

  public func headBucket(_ input: HeadBucketInput, _ context: RequestContext) async throws -> HeadBucketOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:ListBucket", bucket, context)
    return HeadBucketOutput(
      bucketArn: bucket.record.arn, bucketRegion: bucket.record.region.code, accessPointAlias: false)
  }

  public func listBuckets(_ input: ListBucketsInput, _ context: RequestContext) async throws -> ListBucketsOutput {
    try await context.authorize("s3:ListAllMyBuckets", on: ["*"])
    if let count = input.maxBuckets, !(1...Limits.bucketsPerAccountMax).contains(count) {
      throw S3Failure.invalidArgument(
        "Argument max-buckets must be an integer between 1 and \(Limits.bucketsPerAccountMax)", "max-buckets",
        "\(count)")
    }
    var after: String?
    if let token = input.continuationToken {
      guard let bytes = Base64.decode(token) else {
        throw S3Failure.invalidArgument("The continuation token provided is incorrect", "continuation-token", token)
      }
      after = String(buffer: bytes)
    }
    let (buckets, more) = try await store.buckets.list(
      owner: context.account, region: input.bucketRegion.map { Region($0) }, prefix: input.prefix ?? "", after: after,
      limit: input.maxBuckets ?? Limits.bucketsPerAccountMax)
    // The region is shown to those who use the newer, paged form.
    let isPaged =
      input.maxBuckets != nil || input.prefix != nil || input.bucketRegion != nil
      || input.continuationToken != nil
    return ListBucketsOutput(
      buckets: buckets.map { record in
        S3Model.Bucket(
          name: record.name, creationDate: Timestamp(seconds: record.created.seconds),
          bucketRegion: isPaged ? record.region.code : nil)
      },
      owner: Self.owner(context.account),
      continuationToken: more ? buckets.last.map { Base64.encode($0.name.utf8) } : nil, prefix: input.prefix)
  }

  public func getBucketLocation(
    _ input: GetBucketLocationInput, _ context: RequestContext
  ) async throws -> GetBucketLocationOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketLocation", bucket, context)
    let region = bucket.record.region
    return GetBucketLocationOutput(locationConstraint: region == .usEast1 ? nil : .init(rawValue: region.code))
  }
}
