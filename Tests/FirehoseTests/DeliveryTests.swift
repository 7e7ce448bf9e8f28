import AWSWire
import Firehose
import FirehoseModel
import Foundation
import Kernel
import Kinesis
import KinesisModel
import LakeTesting
import NIOCore
import S3Model
import Storage
import StorageTesting
import Testing

@Suite struct DeliveryTests {
  @Test func recordsWaitForTheInterval() async throws {
    let house = try await House()
    try await house.create()
    try await house.put(["a", "b", "c"])
    try await house.firehose.settle()
    house.clock.advance(by: .seconds(59))
    try await house.firehose.settle()
    #expect(house.bucket.keys.isEmpty)
    house.clock.advance(by: .seconds(1))
    try await house.firehose.settle()
    let key = try #require(house.bucket.keys.first)
    #expect(key.hasPrefix("lake/in/2026/05/19/12/d-1-2026-05-19-12-00-00-"))
    #expect(key.split(separator: "-").count == 13)
    #expect(house.bucket.text(key) == "abc")
    #expect(house.bucket.objects.withLock { $0[key]?.principal } == "arn:aws:sts::000000000000:assumed-role/firehose/d")
    #expect(house.taps.last("DeliveryToS3.DataFreshness") == 60)
    #expect(house.taps.sum("DeliveryToS3.Records") == 3)
    #expect(house.taps.sum("IncomingRecords") == 3)
    // Nothing new, nothing more.
    house.clock.advance(by: .seconds(600))
    try await house.firehose.settle()
    #expect(house.bucket.keys.count == 1)
  }

  @Test func recordsDoNotWaitWhenTheBufferIsFull() async throws {
    let house = try await House()
    try await house.create()
    for _ in 0..<5 { try await house.put([String(repeating: "x", count: 600_000)]) }
    try await house.firehose.settle()
    #expect(house.bucket.keys.count == 2)
    #expect(house.bucket.objects.withLock { $0.values.allSatisfy { $0.bytes.readableBytes == 1_200_000 } })
    house.clock.advance(by: .seconds(60))
    try await house.firehose.settle()
    #expect(house.bucket.keys.count == 3)
  }

  @Test func whatCannotBeSpilledIsReadAgain() async throws {
    let folder = NSTemporaryDirectory() + "firehose-spill-\(UUID().uuidString)"
    // A file where the folder should be.
    #expect(FileManager.default.createFile(atPath: folder, contents: nil))
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let house = try await House(spillFolder: folder)
    try await house.create()
    let records = (0..<4).map { String(repeating: "\($0)", count: 600_000) }
    for record in records { try await house.put([record]) }
    await #expect(throws: (any Error).self) { try await house.firehose.settle() }
    #expect(house.bucket.keys.isEmpty)
    try FileManager.default.removeItem(atPath: folder)
    try await house.firehose.settle()
    #expect(
      Set(house.bucket.keys.map { house.bucket.text($0) }) == [records[0] + records[1], records[2] + records[3]])
  }

  @Test func anIntervalOfZeroDeliversAtOnce() async throws {
    let house = try await House()
    try await house.create("d", house.destination(seconds: 0))
    try await house.put(["a"])
    try await house.firehose.settle()
    #expect(house.bucket.keys.count == 1)
  }

  @Test func whatIsAcceptedSurvivesARestart() async throws {
    let house = try await House()
    try await house.create()
    try await house.put(["a", "b"])
    try await house.firehose.settle()
    let again = try await House(after: house)
    try await again.put(["c"])
    house.clock.advance(by: .seconds(60))
    try await again.firehose.settle()
    #expect(again.bucket.keys.map { again.bucket.text($0) } == ["abc"])
  }

  @Test func aDeliveryMadeAgainTakesTheSameName() async throws {
    let house = try await House()
    try await house.create("d", house.destination(prefix: "r=!{firehose:random-string}/", errors: "e/"))
    try await house.put(["a", "b"])
    let before = house.keys
    let checkpoint = FirehoseKeys.checkpoint(House.scope, "d")
    let kept = try await before.read { try $0.get(checkpoint) }
    house.clock.advance(by: .seconds(60))
    try await house.firehose.settle()
    let first = house.bucket.keys
    // As if the process had ended between the object and the checkpoint.
    let old = try #require(kept)
    try await before.write { try $0.set(checkpoint, old) }
    let again = try await House(after: house)
    house.clock.advance(by: .seconds(60))
    try await again.firehose.settle()
    #expect(again.bucket.keys == first && first.count == 1)
  }

  @Test func aRefusedDeliveryIsTriedAgain() async throws {
    let house = try await House()
    try await house.create()
    let running = Task { await house.firehose.run() }
    house.bucket.refusal.withLock { $0 = AWSError("AccessDenied", "Access Denied", httpStatus: 403) }
    try await house.put(["a"])
    // The loop runs beside this test: move time until it has seen the refusal, then allow it.
    while house.taps.last("DeliveryToS3.Success") != 0 {
      house.clock.advance(by: .seconds(10))
      await Task.yield()
    }
    #expect(house.bucket.keys.isEmpty)
    house.bucket.refusal.withLock { $0 = nil }
    while house.bucket.keys.isEmpty {
      house.clock.advance(by: .seconds(10))
      await Task.yield()
    }
    #expect(house.bucket.keys.map { house.bucket.text($0) } == ["a"])
    running.cancel()
    await running.value
  }

  @Test func formatsAndEndings() async throws {
    let house = try await House()
    for (name, format) in [("g", "GZIP"), ("z", "ZIP"), ("s", "Snappy"), ("h", "HADOOP_SNAPPY")] {
      try await house.create(name, house.destination(seconds: 0, compression: CompressionFormat(rawValue: format)))
      try await house.put(["hello"], to: name)
    }
    try await house.firehose.settle()
    let endings = house.bucket.keys.compactMap { $0.split(separator: ".").last.map(String.init) }
    #expect(endings.sorted() == ["gz", "hsnappy", "snappy", "zip"])
    #expect(
      house.bucket.objects.withLock { Set($0.values.map(\.encoding)) } == [
        "gzip", "zip", "snappy-java", "hadoop-snappy",
      ])
  }

  @Test func delimitersExtensionsAndZones() async throws {
    let house = try await House()
    var destination = house.destination(prefix: "!{timestamp:yyyy-MM-dd-HH}/", errors: "e/", seconds: 0)
    destination.processingConfiguration = ProcessingConfiguration(
      enabled: true, processors: [Processor(type: "AppendDelimiterToRecord", parameters: [])])
    destination.fileExtension = ".jsonl"
    destination.customTimeZone = "Asia/Tokyo"
    try await house.create("d", destination)
    try await house.put(["a", "b"])
    try await house.firehose.settle()
    let key = try #require(house.bucket.keys.first)
    #expect(key.hasPrefix("lake/2026-05-19-21/d-1-2026-05-19-21-00-00-") && key.hasSuffix(".jsonl"))
    #expect(house.bucket.text(key) == "a\nb\n")
  }

  @Test func sourceRecordsAreBackedUp() async throws {
    let house = try await House()
    var destination = house.destination(seconds: 0, compression: .gzip)
    destination.s3BackupMode = .enabled
    destination.s3BackupConfiguration = S3DestinationConfiguration(
      roleARN: House.role, bucketARN: "arn:aws:s3:::attic", prefix: "raw/")
    try await house.create("d", destination)
    try await house.put(["a", "b"])
    try await house.firehose.settle()
    let key = try #require(house.bucket.keys.first { $0.hasPrefix("attic/raw/2026/05/19/12/") })
    #expect(house.bucket.text(key) == "ab")
    #expect(house.taps.sum("BackupToS3.Records") == 2)
  }

  @Test func aStreamIsReadFromNowOnAndAcrossSplits() async throws {
    let house = try await House()
    try await house.makeStream(shards: 2)
    try await house.produce(["before"])
    try await house.create("d", kinesis: true)
    let first = (0..<40).map { "a\($0);" }
    try await house.produce(first)
    try await house.firehose.settle()
    _ = try await house.kinesis.updateShardCount(
      UpdateShardCountInput(streamName: "dojo", targetShardCount: 3, scalingType: .uniformScaling), house.context)
    let second = (0..<40).map { "b\($0);" }
    try await house.produce(second)
    house.clock.advance(by: .seconds(60))
    try await house.firehose.settle()
    let again = try await House(after: house)
    let third = (0..<40).map { "c\($0);" }
    try await again.produce(third)
    house.clock.advance(by: .seconds(60))
    try await again.firehose.settle()
    var delivered: [String] = []
    for key in house.bucket.keys { delivered += house.bucket.text(key).split(separator: ";").map { "\($0);" } }
    #expect(delivered.count == 120, "none lost, none twice")
    #expect(Set(delivered) == Set(first + second + third))
    #expect(house.taps.sum("DataReadFromKinesisStream.Records") == 80)
  }

  @Test func aNewConfigurationReadsTheBufferAgain() async throws {
    let house = try await House()
    try await house.create()
    try await house.put(["a"])
    try await house.firehose.settle()
    _ = try await house.firehose.updateDestination(
      UpdateDestinationInput(
        deliveryStreamName: "d", currentDeliveryStreamVersionId: "1", destinationId: "destinationId-000000000001",
        extendedS3DestinationUpdate: ExtendedS3DestinationUpdate(prefix: "new/")), house.context)
    house.clock.advance(by: .seconds(60))
    try await house.firehose.settle()
    #expect(house.bucket.keys.count == 1)
    #expect(house.bucket.keys[0].hasPrefix("lake/new/2026/05/19/12/d-2-"))
  }
}
