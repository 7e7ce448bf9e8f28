import Foundation
import Kernel
import NIOCore
import S3
import S3Model
import Storage
import StorageTesting
import Testing

/// Takes events in, or does not.
private final class EventBox: BucketEventTargets {
  let messages = Locked<[String]>([])
  let refusing = Locked<Set<String>>([])
  let keys: any KeyStore

  init(_ keys: any KeyStore) { self.keys = keys }

  func problem(with destination: String, from source: BucketEventSource) async throws -> String? {
    destination.hasSuffix(":closed") ? "Not authorized to invoke function [\(destination)]" : nil
  }

  func deliver(
    _ messages: [ByteBuffer], to destination: String, from source: BucketEventSource,
    also: @escaping @Sendable (any KeyTransaction) throws -> Void
  ) async throws {
    if refusing.withLock({ $0.contains(destination) }) { throw AWSError.throttled }
    try await keys.write { try also($0) }
    self.messages.withLock { $0 += messages.map { String(buffer: $0) } }
  }
}

@Suite struct NotificationTests {
  private static let function = "arn:aws:lambda:us-east-1:000000000000:function:f"

  private func rule(
    _ events: [String], _ function: String = NotificationTests.function, prefix: String? = nil, suffix: String? = nil
  ) -> LambdaFunctionConfiguration {
    var rules: [FilterRule] = []
    if let prefix { rules.append(FilterRule(name: .init(rawValue: "prefix"), value: prefix)) }
    if let suffix { rules.append(FilterRule(name: .init(rawValue: "suffix"), value: suffix)) }
    return LambdaFunctionConfiguration(
      lambdaFunctionArn: function, events: events.map { Event(rawValue: $0) },
      filter: NotificationConfigurationFilter(key: S3KeyFilter(filterRules: rules)))
  }

  private func listen(_ s3: TestS3, _ rules: LambdaFunctionConfiguration...) async throws {
    _ = try await s3.service.putBucketNotificationConfiguration(
      .init(
        bucket: "bucket", notificationConfiguration: NotificationConfiguration(lambdaFunctionConfigurations: rules)),
      s3.root)
  }

  private func setUp(_ versioning: BucketVersioningStatus? = nil) async throws -> (TestS3, EventBox, EventDelivery) {
    let keys = MemoryKeyStore()
    let box = EventBox(keys)
    let s3 = TestS3(keys: keys, eventTargets: box)
    try await s3.makeBucket(versioning: versioning)
    return (s3, box, EventDelivery(keys: s3.keys, clock: s3.clock, targets: box))
  }

  private func names(_ box: EventBox) throws -> [String] {
    try box.messages.withLock { $0 }.map { message in
      let parsed = try JSONSerialization.jsonObject(with: Data(message.utf8)) as? [String: Any]
      let record = try #require((parsed?["Records"] as? [[String: Any]])?.first)
      let object = try #require((record["s3"] as? [String: Any])?["object"] as? [String: Any])
      return "\(record["eventName"] ?? "") \(object["key"] ?? "")"
    }
  }

  @Test func `a change and its event are one step, and events keep their order`() async throws {
    var (s3, box, delivery) = try await setUp()
    try await listen(s3, rule(["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]))
    try await s3.put("a", "1")
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "a"), s3.root)
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "a"), s3.root)
    try await s3.put("b c", "1")
    #expect(await delivery.run() == nil)
    #expect(try names(box).sorted() == ["ObjectCreated:Put a", "ObjectCreated:Put b+c", "ObjectRemoved:Delete a"])
    #expect(await delivery.run() == nil)
    #expect(try names(box).count == 3)
  }

  @Test func `a refused write has no event`() async throws {
    var (s3, box, delivery) = try await setUp()
    try await listen(s3, rule(["s3:ObjectCreated:*"]))
    try await s3.put("a", "1")
    let code = await s3.code { try await s3.put("a", "2") { $0.ifNoneMatch = "*" } }
    #expect(code == "PreconditionFailed")
    _ = await delivery.run()
    #expect(try names(box) == ["ObjectCreated:Put a"])
  }

  @Test func `a destination that takes nothing delays no other, and gets its events later`() async throws {
    var (s3, box, delivery) = try await setUp()
    let other = Self.function + "2"
    try await listen(
      s3, rule(["s3:ObjectCreated:*"], prefix: "a"), rule(["s3:ObjectCreated:*"], other, prefix: "b"))
    box.refusing.withLock { _ = $0.insert(Self.function) }
    try await s3.put("a", "1")
    try await s3.put("b", "1")
    let next = try #require(await delivery.run())
    #expect(try names(box) == ["ObjectCreated:Put b"])
    #expect(next > s3.clock.now())
    // The pause grows while it goes on.
    s3.clock.advance(by: next - s3.clock.now())
    let later = try #require(await delivery.run())
    #expect(later - s3.clock.now() == .seconds(2))
    box.refusing.withLock { $0 = [] }
    s3.clock.advance(by: .seconds(2))
    #expect(await delivery.run() == nil)
    #expect(try names(box) == ["ObjectCreated:Put b", "ObjectCreated:Put a"])
  }

  @Test func `what nobody takes in six hours is dropped`() async throws {
    var (s3, box, delivery) = try await setUp()
    try await listen(s3, rule(["s3:ObjectCreated:*"]))
    try await s3.put("old", "1")
    s3.clock.advance(by: .seconds(6 * 3600 + 1))
    try await s3.put("new", "1")
    _ = await delivery.run()
    #expect(try names(box) == ["ObjectCreated:Put new"])
  }

  @Test func `versions, markers and moves have their own names`() async throws {
    var (s3, box, delivery) = try await setUp(.enabled)
    try await listen(s3, rule(["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]))
    let version = try await s3.put("a", "1").versionId
    _ = try await s3.service.copyObject(.init(bucket: "bucket", copySource: "bucket/a", key: "b"), s3.root)
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "b"), s3.root)
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "a", versionId: version), s3.root)
    _ = await delivery.run()
    #expect(
      try names(box).sorted() == [
        "ObjectCreated:Copy b", "ObjectCreated:Put a", "ObjectRemoved:Delete a", "ObjectRemoved:DeleteMarkerCreated b",
      ])
  }

  @Test func `what a lifecycle rule removes is told by its own event`() async throws {
    var (s3, box, delivery) = try await setUp()
    try await listen(s3, rule(["s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"]))
    try await s3.put("a", "1")
    _ = try await s3.service.putBucketLifecycleConfiguration(
      .init(
        bucket: "bucket",
        lifecycleConfiguration: .init(rules: [
          .init(expiration: .init(days: 1), filter: .init(prefix: ""), status: .init(rawValue: "Enabled"))
        ])), s3.root)
    s3.clock.advance(by: .seconds(3 * 86_400))
    try await s3.service.applyLifecycle()
    _ = await delivery.run()
    #expect(try names(box) == ["LifecycleExpiration:Delete a"])
  }

  @Test(arguments: [
    (nil, nil, nil, nil, true), ("a", nil, "ab", nil, true), ("a", nil, "b", nil, false), (nil, "x", nil, "yx", true),
    (nil, "x", nil, "y", false), ("a", "x", "a", "y", false), ("a", "x", "b", "x", false), ("a", nil, nil, "x", true),
  ])
  func `rules for one event must not overlap`(
    _ prefix: String?, _ suffix: String?, _ otherPrefix: String?, _ otherSuffix: String?, _ overlap: Bool
  ) async throws {
    let (s3, _, _) = try await setUp()
    let code = await s3.code {
      try await listen(
        s3, rule(["s3:ObjectCreated:*"], prefix: prefix, suffix: suffix),
        rule(["s3:ObjectCreated:Put"], prefix: otherPrefix, suffix: otherSuffix))
    }
    #expect(code == (overlap ? "InvalidArgument" : nil))
    let others = await s3.code {
      try await listen(
        s3, rule(["s3:ObjectCreated:Copy"], prefix: prefix, suffix: suffix),
        rule(["s3:ObjectCreated:Put"], prefix: otherPrefix, suffix: otherSuffix))
    }
    #expect(others == nil)
  }

  @Test func `a destination that lets nobody in is refused`() async throws {
    let (s3, _, _) = try await setUp()
    let closed = Self.function + ":closed"
    #expect(await s3.code { try await listen(s3, rule(["s3:ObjectCreated:*"], closed)) } == "InvalidArgument")
    let kept = try await s3.service.getBucketNotificationConfiguration(.init(bucket: "bucket"), s3.root)
    #expect(kept == NotificationConfiguration())
  }
}
