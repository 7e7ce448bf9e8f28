import AWSWire
import Firehose
import FirehoseModel
import Kernel
import NIOCore
import Storage
import StorageTesting
import Testing

@Suite struct ManagementTests {
  @Test func defaultsAreShownAsAWSShowsThem() async throws {
    let house = try await House()
    try await house.create(
      "d", ExtendedS3DestinationConfiguration(roleARN: House.role, bucketARN: "arn:aws:s3:::lake"))
    let stream = try await house.describe()
    #expect(stream.deliveryStreamARN == "arn:aws:firehose:us-east-1:000000000000:deliverystream/d")
    #expect(stream.deliveryStreamStatus == .active && stream.versionId == "1" && !stream.hasMoreDestinations)
    #expect(stream.deliveryStreamEncryptionConfiguration?.status == .disabled)
    #expect(stream.source == nil)
    let destination = try #require(stream.destinations.first)
    #expect(destination.destinationId == "destinationId-000000000001")
    let s3 = try #require(destination.extendedS3DestinationDescription)
    #expect(s3.bufferingHints == BufferingHints(sizeInMBs: 5, intervalInSeconds: 300))
    #expect(s3.compressionFormat == .uncompressed && s3.s3BackupMode == .disabled)
    #expect(s3.encryptionConfiguration.noEncryptionConfig == .noEncryption)
    #expect(s3.cloudWatchLoggingOptions?.enabled == false)
  }

  @Test func aKinesisSourceIsShown() async throws {
    let house = try await House()
    try await house.makeStream(shards: 1)
    try await house.create("d", kinesis: true)
    let stream = try await house.describe()
    #expect(stream.deliveryStreamType == .kinesisStreamAsSource)
    let source = try #require(stream.source?.kinesisStreamSourceDescription)
    #expect(source.kinesisStreamARN == House.stream && source.deliveryStartTimestamp == house.clock.now())
    let refused = await failure { try await house.put(["x"]) }
    #expect(
      refused.message == "This operation is not permitted on KinesisStreamAsSource delivery stream type.")
  }

  @Test func creationIsRefusedWithAWSsWords() async throws {
    let house = try await House()
    let role = await failure {
      try await house.create("d", house.destination(role: "arn:aws:iam::000000000000:role/missing"))
    }
    #expect(role.code == "InvalidArgumentException")
    #expect(
      role.message
        == "Firehose is unable to assume role arn:aws:iam::000000000000:role/missing. Please check the role provided.")
    let prefix = await failure { try await house.create("d", house.destination(prefix: "!{timestamp:yyyy}/")) }
    #expect(prefix.message == "ErrorOutputPrefix cannot be null when Prefix contains expressions.")
    let stream = await failure { try await house.create("d", kinesis: true) }
    #expect(stream.code == "InvalidArgumentException")
    let none = await failure {
      try await house.firehose.createDeliveryStream(
        CreateDeliveryStreamInput(deliveryStreamName: "d"), house.context)
    }
    #expect(none.code == "InvalidArgumentException")
    #expect(try await house.keys.read { try $0.entries(FirehoseKeys.all) }.isEmpty, "a refusal changes nothing")
    try await house.create()
    #expect(await failure { try await house.create() }.code == "ResourceInUseException")
  }

  @Test func whatIsMissingIsNamed() async throws {
    let house = try await House()
    var logs = house.destination()
    logs.processingConfiguration = ProcessingConfiguration(
      enabled: true, processors: [Processor(type: "CloudWatchLogProcessing", parameters: [])])
    let refused = await failure { try await house.create("d", logs) }
    #expect(refused.code == "NotImplemented" && refused.message.contains("CloudWatchLogProcessing"))
  }

  @Test func updatesAreCounted() async throws {
    let house = try await House()
    try await house.create()
    func update(_ version: String, _ prefix: String) async throws {
      _ = try await house.firehose.updateDestination(
        UpdateDestinationInput(
          deliveryStreamName: "d", currentDeliveryStreamVersionId: version,
          destinationId: "destinationId-000000000001",
          extendedS3DestinationUpdate: ExtendedS3DestinationUpdate(prefix: prefix)), house.context)
    }
    try await update("1", "b/")
    let stream = try await house.describe()
    #expect(stream.versionId == "2" && stream.lastUpdateTimestamp != nil)
    #expect(stream.destinations[0].extendedS3DestinationDescription?.prefix == "b/")
    #expect(stream.destinations[0].extendedS3DestinationDescription?.bufferingHints.sizeInMBs == 1)
    let stale = await failure { try await update("1", "c/") }
    #expect(stale.code == "ConcurrentModificationException")
    #expect(
      stale.message
        == "Cannot update firehose: d since the current version id: 2 and specified version id: 1 do not match")
  }

  @Test func listsTagsAndDeletion() async throws {
    let house = try await House()
    for name in ["c", "a", "b"] { try await house.create(name) }
    let page = try await house.firehose.listDeliveryStreams(ListDeliveryStreamsInput(limit: 2), house.context)
    #expect(page.deliveryStreamNames == ["a", "b"] && page.hasMoreDeliveryStreams)
    let rest = try await house.firehose.listDeliveryStreams(
      ListDeliveryStreamsInput(exclusiveStartDeliveryStreamName: "b"), house.context)
    #expect(rest.deliveryStreamNames == ["c"])
    _ = try await house.firehose.tagDeliveryStream(
      TagDeliveryStreamInput(deliveryStreamName: "a", tags: [Tag(key: "k", value: "v"), Tag(key: "l")]), house.context)
    _ = try await house.firehose.untagDeliveryStream(
      UntagDeliveryStreamInput(deliveryStreamName: "a", tagKeys: ["l"]), house.context)
    let tags = try await house.firehose.listTagsForDeliveryStream(
      ListTagsForDeliveryStreamInput(deliveryStreamName: "a"), house.context)
    #expect(tags.tags == [Tag(key: "k", value: "v")])
    _ = try await house.firehose.deleteDeliveryStream(
      DeleteDeliveryStreamInput(deliveryStreamName: "a"), house.context)
    #expect(
      await failure { try await house.describe("a") }.message == "Firehose a under account 000000000000 not found.")
    #expect(try await house.logs.logs(prefix: "firehose/").count == 2)
  }

  @Test func encryptionIsRecorded() async throws {
    let house = try await House()
    try await house.create()
    _ = try await house.firehose.startDeliveryStreamEncryption(
      StartDeliveryStreamEncryptionInput(deliveryStreamName: "d"), house.context)
    #expect(try await house.describe().deliveryStreamEncryptionConfiguration?.status == .enabled)
    _ = try await house.firehose.stopDeliveryStreamEncryption(
      StopDeliveryStreamEncryptionInput(deliveryStreamName: "d"), house.context)
    #expect(try await house.describe().deliveryStreamEncryptionConfiguration?.status == .disabled)
  }

  @Test func batchesEndAtFourMebibytes() async throws {
    let house = try await House()
    try await house.create()
    try await house.put((0..<4).map { _ in String(repeating: "x", count: 1_000_000) })
    let refused = await failure {
      try await house.put((0..<5).map { _ in String(repeating: "x", count: 1_000_000) })
    }
    #expect(refused.code == "InvalidArgumentException")
  }
}
