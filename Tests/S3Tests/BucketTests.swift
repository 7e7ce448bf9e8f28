import AWSWire
import Kernel
import S3
import S3Model
import Testing

@Suite struct BucketTests {
  @Test(arguments: [
    ("abc", true), ("ab", false), (String(repeating: "a", count: 63), true), (String(repeating: "a", count: 64), false),
    ("Abc", false), ("a_b", false), ("a..b", false), (".abc", false), ("abc-", false), ("a.b-c", true),
    ("192.168.1.1", false), ("xn--abc", false), ("abc-s3alias", false), ("a.-b", true), ("", false), ("ünï", false),
  ]) func `names`(name: String, valid: Bool) async throws {
    let s3 = TestS3()
    let code = await s3.code { _ = try await s3.service.createBucket(.init(bucket: name), s3.root) }
    #expect(code == (valid ? nil : "InvalidBucketName"))
  }

  @Test func `locations`() async throws {
    let s3 = TestS3()
    func create(_ name: String, _ region: String, _ constraint: String?) async -> String? {
      await s3.code {
        var input = CreateBucketRequest(bucket: name)
        if let constraint { input.createBucketConfiguration = .init(locationConstraint: .init(rawValue: constraint)) }
        _ = try await s3.service.createBucket(input, s3.context(region: Region(region)))
      }
    }
    #expect(await create("one", "us-east-1", nil) == nil)
    #expect(await create("two", "us-east-1", "us-east-1") == "InvalidLocationConstraint")
    #expect(await create("two", "us-east-1", "moon-1") == "InvalidLocationConstraint")
    #expect(await create("two", "us-east-1", "eu-west-1") == nil)
    #expect(await create("three", "eu-central-1", nil) == "IllegalLocationConstraintException")
    #expect(await create("three", "eu-central-1", "eu-west-1") == "IllegalLocationConstraintException")
    #expect(await create("three", "eu-central-1", "eu-central-1") == nil)
    #expect(await create("one", "us-east-1", nil) == nil)
    #expect(await create("three", "eu-central-1", "eu-central-1") == "BucketAlreadyOwnedByYou")
    let stranger = try #require(AccountID("111111111111"))
    #expect(
      await s3.code { _ = try await s3.service.createBucket(.init(bucket: "one"), s3.context(account: stranger)) }
        == "BucketAlreadyExists")
    let location = try await s3.service.getBucketLocation(.init(bucket: "three"), s3.root)
    #expect(location.locationConstraint == "eu-central-1")
    #expect(try await s3.service.getBucketLocation(.init(bucket: "one"), s3.root).locationConstraint == nil)
    #expect(try await s3.service.headBucket(.init(bucket: "two"), s3.root).bucketRegion == "eu-west-1")
    let names = try await s3.service.listBuckets(.init(), s3.root).buckets?.compactMap(\.name)
    #expect(names == ["one", "three", "two"])
    var page = try await s3.service.listBuckets(.init(maxBuckets: 2), s3.root)
    #expect(page.buckets?.count == 2)
    page = try await s3.service.listBuckets(.init(maxBuckets: 2, continuationToken: page.continuationToken), s3.root)
    #expect(page.buckets?.map(\.name) == ["two"] && page.continuationToken == nil)
  }

  @Test func `only empty buckets go, and their names can be used again`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket(versioning: "Enabled")
    try await s3.put("k", "x")
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "k"), s3.root)
    #expect(
      await s3.code { _ = try await s3.service.deleteBucket(.init(bucket: "bucket"), s3.root) } == "BucketNotEmpty")
    let all = try await s3.service.listObjectVersions(.init(bucket: "bucket"), s3.root)
    let ids =
      (all.versions ?? []).map { ObjectIdentifier(key: $0.key ?? "", versionId: $0.versionId) }
      + (all.deleteMarkers ?? []).map { ObjectIdentifier(key: $0.key ?? "", versionId: $0.versionId) }
    let done = try await s3.service.deleteObjects(.init(bucket: "bucket", delete: .init(objects: ids)), s3.root)
    #expect(done.deleted?.count == 2 && done.errors == nil)
    _ = try await s3.service.createMultipartUpload(.init(bucket: "bucket", key: "u"), s3.root)
    _ = try await s3.service.deleteBucket(.init(bucket: "bucket"), s3.root)
    #expect(await s3.code { _ = try await s3.service.headBucket(.init(bucket: "bucket"), s3.root) } == "NoSuchBucket")
    try await s3.makeBucket()
    #expect(try await s3.service.getBucketVersioning(.init(bucket: "bucket"), s3.root).status == nil)
    #expect(try await s3.service.listMultipartUploads(.init(bucket: "bucket"), s3.root).uploads == nil)
  }

  @Test func `many deletions in one request`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("a", "x")
    func delete(_ keys: [String], quiet: Bool = false) async throws -> DeleteObjectsOutput {
      try await s3.service.deleteObjects(
        .init(bucket: "bucket", delete: .init(objects: keys.map { .init(key: $0) }, quiet: quiet)), s3.root)
    }
    let done = try await delete(["a", "absent", String(repeating: "k", count: 1025)])
    #expect(done.deleted?.map(\.key) == ["a", "absent"])
    #expect(done.errors?.map(\.code) == ["KeyTooLongError"])
    #expect(try await delete(["a"], quiet: true).deleted == nil)
    #expect(await s3.code { _ = try await delete([]) } == "MalformedXML")
    #expect(await s3.code { _ = try await delete((0...1000).map { "k\($0)" }) } == "MalformedXML")
    _ = try await delete((0..<1000).map { "k\($0)" })
  }

  @Test func `settings that are not set answer as AWS does`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let (service, root) = (s3.service, s3.root)
    #expect(
      await s3.code { _ = try await service.getBucketPolicy(.init(bucket: "bucket"), root) } == "NoSuchBucketPolicy")
    #expect(await s3.code { _ = try await service.getBucketTagging(.init(bucket: "bucket"), root) } == "NoSuchTagSet")
    #expect(
      await s3.code { _ = try await service.getBucketCors(.init(bucket: "bucket"), root) } == "NoSuchCORSConfiguration")
    #expect(
      await s3.code { _ = try await service.getBucketLifecycleConfiguration(.init(bucket: "bucket"), root) }
        == "NoSuchLifecycleConfiguration")
    #expect(
      await s3.code { _ = try await service.getBucketWebsite(.init(bucket: "bucket"), root) }
        == "NoSuchWebsiteConfiguration")
    #expect(
      await s3.code { _ = try await service.getBucketReplication(.init(bucket: "bucket"), root) }
        == "ReplicationConfigurationNotFoundError")
    #expect(
      await s3.code { _ = try await service.getObjectLockConfiguration(.init(bucket: "bucket"), root) }
        == "ObjectLockConfigurationNotFoundError")
    let encryption = try await service.getBucketEncryption(.init(bucket: "bucket"), root)
    #expect(
      encryption.serverSideEncryptionConfiguration?.rules.first?.applyServerSideEncryptionByDefault?.sseAlgorithm
        == "AES256")
    let block = try await service.getPublicAccessBlock(.init(bucket: "bucket"), root)
    #expect(block.publicAccessBlockConfiguration?.blockPublicPolicy == true)
    let ownership = try await service.getBucketOwnershipControls(.init(bucket: "bucket"), root)
    #expect(ownership.ownershipControls?.rules.first?.objectOwnership == "BucketOwnerEnforced")
  }

  @Test func `policies are checked before they are kept`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    func put(_ policy: String) async -> String? {
      await s3.code { _ = try await s3.service.putBucketPolicy(.init(bucket: "bucket", policy: policy), s3.root) }
    }
    func statement(_ principal: String, _ resource: String) -> String {
      """
      {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":\(principal),"Action":"s3:GetObject",\
      "Resource":"\(resource)"}]}
      """
    }
    #expect(await put("nonsense") == "MalformedPolicy")
    #expect(await put("{}") == "MalformedPolicy")
    #expect(await put(statement("{\"AWS\":\"111111111111\"}", "arn:aws:s3:::other/*")) == "MalformedPolicy")
    #expect(await put(statement("\"*\"", "arn:aws:s3:::bucket/*")) == "AccessDenied")
    let policy = statement("{\"AWS\":\"111111111111\"}", "arn:aws:s3:::bucket/*")
    #expect(await put(policy) == nil)
    #expect(try await s3.service.getBucketPolicy(.init(bucket: "bucket"), s3.root).policy == policy)
    let status = try await s3.service.getBucketPolicyStatus(.init(bucket: "bucket"), s3.root)
    #expect(status.policyStatus?.isPublic == false)
  }

  @Test(arguments: [
    (["s3:GetObject"], ["arn:aws:s3:::bucket"], false),
    (["s3:ListBucket"], ["arn:aws:s3:::bucket/*"], false),
    (["s3:ListBucket", "s3:AbortMultipartUpload"], ["arn:aws:s3:::bucket"], false),
    (["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"], true),
    (["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::buck*"], true),
    (["s3:listbucket", "S3:getobject"], ["*"], true),
    (["s3:GetObject"], ["arn:aws:s3:::bucke?"], false),
    (["s3:PutObject"], ["arn:aws:s3:::bucket/a"], true),
    (["s3:*"], ["arn:aws:s3:::bucket"], true),
    (["s3:Get*"], ["arn:aws:s3:::bucket/*"], true),
    (["s3:PutObject*"], ["arn:aws:s3:::bucket"], false),
    (["s3:SomethingNew"], ["arn:aws:s3:::bucket"], true),
  ]) func `an action must be able to apply to a resource`(
    actions: [String], resources: [String], accepted: Bool
  ) async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
    let policy = """
      {"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},\
      "Action":\(list(actions)),"Resource":\(list(resources))}}
      """
    let code = await s3.code {
      _ = try await s3.service.putBucketPolicy(.init(bucket: "bucket", policy: policy), s3.root)
    }
    #expect(code == (accepted ? nil : "MalformedPolicy"))
  }

  @Test func `principals of the owner's account must exist`() async throws {
    let s3 = TestS3()
    let service = S3Service(
      keys: s3.keys, blobs: s3.blobs, clock: s3.clock, random: SeededRandomSource(seed: 2),
      knowsPrincipal: { $0.resource == "role/there" })
    try await s3.makeBucket()
    func put(_ principal: String) async -> String? {
      let policy = """
        {"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"\(principal)"},\
        "Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}
        """
      return await s3.code {
        _ = try await service.putBucketPolicy(.init(bucket: "bucket", policy: policy), s3.root)
      }
    }
    #expect(await put("arn:aws:iam::000000000000:role/there") == nil)
    #expect(await put("arn:aws:iam::000000000000:role/gone") == "MalformedPolicy")
    #expect(await put("arn:aws:iam::111111111111:role/gone") == nil)
    #expect(await put("111111111111") == nil)
  }
}
