import Kernel
import Logging
import Storage

/// What CloudWatch's daily storage metrics say of a bucket.
///
/// Source: AWS's S3 user guide, "Amazon S3 daily storage metrics for buckets in CloudWatch": all versions and the parts
/// of uploads under way count, delete markers count as objects.
struct StorageUsage: Hashable, Sendable {
  /// By storage class.
  var bytes: [String: UInt64] = [:]
  var objects: UInt64 = 0

  mutating func add(_ size: UInt64, in storageClass: String) {
    bytes[storageClass, default: 0] &+= size
    objects += 1
  }

  /// CloudWatch's `StorageType` of a storage class.
  static func type(of storageClass: String) -> String {
    switch storageClass {
    case "REDUCED_REDUNDANCY": "ReducedRedundancyStorage"
    case "STANDARD_IA": "StandardIAStorage"
    case "ONEZONE_IA": "OneZoneIAStorage"
    case "INTELLIGENT_TIERING": "IntelligentTieringFAStorage"
    case "GLACIER_IR": "GlacierInstantRetrievalStorage"
    case "GLACIER": "GlacierStorage"
    case "DEEP_ARCHIVE": "DeepArchiveStorage"
    default: "StandardStorage"
    }
  }
}

extension S3Service {
  func reportStorageForever() async {
    while !Task.isCancelled {
      do {
        try await reportStorage()
        try await clock.sleep(until: midnight() + .seconds(86_400))
      } catch is CancellationError {
        return
      } catch {
        logger.error("S3 could not report its storage.", metadata: ["error": "\(error)"])
        try? await clock.sleep(for: .seconds(Limits.sweepRetrySeconds))
      }
    }
  }

  private func midnight() -> Timestamp { Timestamp(seconds: clock.now().seconds.floorDivide(86_400) * 86_400) }

  /// Reports every bucket's size and number of objects for the day's midnight (UTC), once for each midnight.
  public func reportStorage() async throws {
    let midnight = midnight()
    let reported = try await store.keys.read { reader in
      try reader.get(Layout.storageReported).map { bytes in
        var reader = BinaryReader(bytes)
        return try reader.signed()
      }
    }
    if let reported, reported >= midnight.seconds { return }
    let records = try await store.keys.read { try $0.records(Layout.buckets.subtree, as: BucketRecord.self) }
    for record in records where record.created <= midnight {
      let usage = try await usage(of: Bucket(record))
      func sample(_ name: String, _ type: String, _ value: UInt64, _ unit: String) -> MetricSample {
        MetricSample(
          "AWS/S3", name, dimensions: [(name: "BucketName", value: record.name), (name: "StorageType", value: type)],
          value: Double(value), unit: unit, time: midnight, scope: Scope(account: record.owner, region: record.region))
      }
      metrics.record(
        usage.bytes.map { sample("BucketSizeBytes", StorageUsage.type(of: $0.key), $0.value, "Bytes") }
          + [sample("NumberOfObjects", "AllStorageTypes", usage.objects, "Count")])
    }
    try await store.keys.write { transaction in
      var writer = BinaryWriter()
      writer.signed(midnight.seconds)
      try transaction.set(Layout.storageReported, writer.bytes)
    }
  }

  private func usage(of bucket: Bucket) async throws -> StorageUsage {
    var usage = StorageUsage()
    var keyMarker: String?
    var versionMarker: VersionSelector?
    while true {
      let page = try await store.listVersions(
        bucket, prefix: "", delimiter: "", keyMarker: keyMarker, versionMarker: versionMarker,
        limit: Limits.lifecycleBatch)
      for entry in page.entries {
        if entry.record.isDeleteMarker {
          usage.objects += 1
        } else {
          usage.add(entry.record.size, in: Self.storageClass(entry.record))
        }
      }
      guard page.more, let lastKey = page.lastKey else { break }
      keyMarker = lastKey
      versionMarker = try Self.selector(page.lastVersionText)
    }
    keyMarker = nil
    var uploadMarker: String?
    while true {
      let page = try await store.listUploads(
        bucket, prefix: "", delimiter: "", keyMarker: keyMarker, uploadIDMarker: uploadMarker,
        limit: Limits.lifecycleBatch)
      for (key, upload) in page.uploads {
        // An upload that ended meanwhile has no parts any more.
        guard
          let parts = try? await store.listParts(
            bucket, key, upload.id.text, after: 0, limit: Limits.partNumberMax
          ).parts
        else { continue }
        for part in parts { usage.add(part.size, in: Self.storageClass(upload.template)) }
      }
      guard page.more else { break }
      keyMarker = page.lastKey
      uploadMarker = page.lastUploadID
    }
    return usage
  }
}
