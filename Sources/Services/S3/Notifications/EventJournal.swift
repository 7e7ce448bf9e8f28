import AWSWire
import Kernel
import Storage

/// Writes the events of a bucket's changes in the changes' own transaction, into the queue that `EventDelivery`
/// empties: what was acknowledged has its events, whenever the process ends.
struct EventJournal {
  let bucket: BucketRecord
  let rules: [NotificationRecord]
  let origin: ChangeOrigin
  let transaction: any KeyTransaction

  /// - Returns: `nil` for a bucket whose events nobody wants.
  init?(_ bucket: BucketRecord, _ origin: ChangeOrigin, _ transaction: any KeyTransaction) {
    guard let rules = bucket.notifications, !rules.isEmpty else { return nil }
    self.bucket = bucket
    self.rules = rules
    self.origin = origin
    self.transaction = transaction
  }

  func created(_ key: String, _ record: ObjectRecord) throws {
    try write(origin.creation.rawValue, key, record, sequencer: record.order, showsSize: true)
  }

  func markerCreated(_ key: String, _ marker: ObjectRecord) throws {
    let kind = origin.isLifecycle ? "LifecycleExpiration" : "ObjectRemoved"
    var shown = marker
    shown.etag = ETag(md5: MD5.of([]))
    try write("\(kind):DeleteMarkerCreated", key, shown, sequencer: marker.order, showsSize: false)
  }

  /// A version has gone for good.
  func deleted(_ key: String, _ record: ObjectRecord) throws {
    let kind = origin.isLifecycle ? "LifecycleExpiration" : "ObjectRemoved"
    // The event comes after those of the version, whatever the clock says.
    let sequencer = max(origin.time.nanoseconds, record.order.saturatingAdd(1))
    var shown = record
    shown.etag = ETag(md5: [])
    try write("\(kind):Delete", key, shown, sequencer: sequencer, showsSize: false)
  }

  /// Tags, access or storage class of a version have changed.
  func changed(_ event: String, _ key: String, _ record: ObjectRecord) throws {
    let sequencer = max(origin.time.nanoseconds, record.order.saturatingAdd(1))
    try write(event, key, record, sequencer: sequencer, showsSize: true)
  }

  private func write(
    _ event: String, _ key: String, _ record: ObjectRecord, sequencer: Int64, showsSize: Bool
  ) throws {
    for rule in rules where rule.wants(event, of: key) {
      let body = body(event, rule, key, record, sequencer, showsSize)
      let queued = QueuedEvent(
        bucket: bucket.name, owner: bucket.owner, region: bucket.region, time: origin.time, body: body.text)
      // Events of one request differ in their key or in the version's place.
      try transaction.set(
        Layout.events(to: rule.destination).appending(
          origin.time.nanoseconds, origin.requestID, key, sequencer, event, rule.id), queued.encoded())
    }
  }

  /// Source: user guide, "Event message structure".
  private func body(
    _ event: String, _ rule: NotificationRecord, _ key: String, _ record: ObjectRecord, _ sequencer: Int64,
    _ showsSize: Bool
  ) -> JSONNode {
    var object: [JSONNode.Member] = [.init("key", .string(URLText.encodeKey(key)))]
    if showsSize { object.append(.init("size", .number("\(record.size)"))) }
    if !record.etag.md5.isEmpty { object.append(.init("eTag", .string(record.etag.bare))) }
    if bucket.versioning != .off { object.append(.init("versionId", .string(record.versionText))) }
    object.append(.init("sequencer", .string("00" + Bucket.encode(sequencer).hex.uppercased())))
    let owner: JSONNode = .object([.init("principalId", .string(Self.customerID(bucket.owner)))])
    let about: JSONNode = .object([
      .init("s3SchemaVersion", .string("1.0")), .init("configurationId", .string(rule.id)),
      .init(
        "bucket",
        .object([
          .init("name", .string(bucket.name)), .init("ownerIdentity", owner), .init("arn", .string(bucket.arn)),
        ])),
      .init("object", .object(object)),
    ])
    let isOld = event.hasPrefix("ObjectCreated:") || event.hasPrefix("ObjectRemoved:")
    return .object([
      .init("eventVersion", .string(isOld ? "2.1" : "2.3")), .init("eventSource", .string("aws:s3")),
      .init("awsRegion", .string(bucket.region.code)),
      .init("eventTime", .string(TimestampText.iso8601(origin.time, milliseconds: true))),
      .init("eventName", .string(event)),
      .init("userIdentity", .object([.init("principalId", .string(origin.principalID))])),
      .init("requestParameters", .object([.init("sourceIPAddress", .string(origin.sourceAddress))])),
      .init(
        "responseElements",
        .object([
          .init("x-amz-request-id", .string(origin.requestID)),
          // What the answer's header field of that name holds.
          .init("x-amz-id-2", .string(Base64.encode("tarn/\(origin.requestID)/tarn".utf8))),
        ])),
      .init("s3", about),
    ])
  }

  /// The short id that events call a bucket's owner by: `A` and thirteen letters and digits.
  private static func customerID(_ account: AccountID) -> String {
    "A" + CanonicalID.of(account).prefix(13).uppercased()
  }
}

/// An event that waits to be handed over.
struct QueuedEvent: Sendable, Hashable {
  var bucket: String
  var owner: AccountID
  var region: Region
  var time: Timestamp
  /// The one record of the message, as JSON.
  var body: String

  private static let form: UInt8 = 1

  func encoded() -> [UInt8] {
    var writer = BinaryWriter(reserving: body.utf8.count + 128)
    writer.byte(Self.form)
    writer.text(bucket)
    writer.text(owner.digits)
    writer.text(region.code)
    writer.signed(time.nanoseconds)
    writer.text(body)
    return writer.bytes
  }

  init(bucket: String, owner: AccountID, region: Region, time: Timestamp, body: String) {
    self.bucket = bucket
    self.owner = owner
    self.region = region
    self.time = time
    self.body = body
  }

  init(decoding bytes: [UInt8]) throws {
    var reader = BinaryReader(bytes)
    let broken = StorageError.corrupt("a queued S3 event cannot be read")
    guard try reader.byte() == Self.form else { throw broken }
    bucket = try reader.text()
    guard let owner = AccountID(try reader.text()) else { throw broken }
    self.owner = owner
    region = Region(try reader.text())
    time = Timestamp(nanoseconds: try reader.signed())
    body = try reader.text()
  }
}
