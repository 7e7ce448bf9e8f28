import AWSWire
import Kernel
import S3
import S3Model
import Testing

@Suite struct LifecycleTests {
  private func put(_ s3: TestS3, _ rules: [LifecycleRule]) async throws {
    _ = try await s3.service.putBucketLifecycleConfiguration(
      .init(bucket: "bucket", lifecycleConfiguration: .init(rules: rules)), s3.root)
  }

  @Test func `objects expire at the midnight after their days`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await put(
      s3, [LifecycleRule(expiration: .init(days: 1), id: "r", filter: .init(prefix: "tmp/"), status: "Enabled")])
    let written = try await s3.put("tmp/a", "x")
    // Written on 2023-11-14 at 22:13:20.
    #expect(written.expiration == "expiry-date=\"Thu, 16 Nov 2023 00:00:00 GMT\", rule-id=\"r\"")
    try await s3.put("keep", "x")
    s3.clock.advance(by: .seconds(86_400))
    try await s3.service.applyLifecycle()
    #expect(await s3.code { _ = try await s3.get("tmp/a") } == nil)
    s3.clock.advance(by: .seconds(7_000))
    try await s3.service.applyLifecycle()
    #expect(await s3.code { _ = try await s3.get("tmp/a") } == "NoSuchKey")
    #expect(await s3.code { _ = try await s3.get("keep") } == nil)
  }

  @Test func `noncurrent versions and lone delete markers go`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket(versioning: "Enabled")
    try await put(
      s3,
      [
        LifecycleRule(
          expiration: .init(expiredObjectDeleteMarker: true), id: "r", filter: .init(prefix: ""), status: "Enabled",
          noncurrentVersionExpiration: .init(noncurrentDays: 1, newerNoncurrentVersions: 1),
          abortIncompleteMultipartUpload: .init(daysAfterInitiation: 1))
      ])
    for text in ["1", "2", "3"] { try await s3.put("k", text) }
    try await s3.put("gone", "x")
    let old = try #require(
      try await s3.service.listObjectVersions(.init(bucket: "bucket", prefix: "gone"), s3.root).versions)
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "gone"), s3.root)
    _ = try await s3.service.deleteObject(
      .init(bucket: "bucket", key: "gone", versionId: old.first?.versionId), s3.root)
    _ = try await s3.service.createMultipartUpload(.init(bucket: "bucket", key: "u"), s3.root)
    s3.clock.advance(by: .seconds(3 * 86_400))
    try await s3.service.applyLifecycle()
    let left = try await s3.service.listObjectVersions(.init(bucket: "bucket"), s3.root)
    #expect(left.versions?.map(\.key) == ["k", "k"])
    #expect(left.deleteMarkers == nil)
    #expect(try await s3.service.listMultipartUploads(.init(bucket: "bucket"), s3.root).uploads == nil)
  }

  @Test func `rules are checked before they are kept`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    func code(_ rules: [LifecycleRule]) async -> String? { await s3.code { try await put(s3, rules) } }
    #expect(await code([]) == "MalformedXML")
    #expect(await code([LifecycleRule(filter: .init(prefix: ""), status: "Enabled")]) == "InvalidRequest")
    #expect(
      await code([LifecycleRule(expiration: .init(days: 0), filter: .init(prefix: ""), status: "Enabled")])
        == "InvalidArgument")
    #expect(await code([LifecycleRule(expiration: .init(days: 1), status: "Enabled")]) == "MalformedXML")
    let rule = LifecycleRule(expiration: .init(days: 1), id: "same", filter: .init(prefix: ""), status: "Enabled")
    #expect(await code([rule, rule]) == "InvalidArgument")
    #expect(await code([rule]) == nil)
    let kept = try await s3.service.getBucketLifecycleConfiguration(.init(bucket: "bucket"), s3.root)
    #expect(kept.rules == [rule])
  }
}
