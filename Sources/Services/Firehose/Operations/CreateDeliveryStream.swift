public import FirehoseModel
public import Kernel
import Kinesis
import Storage

extension FirehoseService {
  public func createDeliveryStream(
    _ input: CreateDeliveryStreamInput, _ context: RequestContext
  ) async throws -> CreateDeliveryStreamOutput {
    let id = StreamID(scope: context.scope, name: input.deliveryStreamName)
    try await context.authorize("firehose:CreateDeliveryStream", on: id.arn)
    let tags = input.tags ?? []
    if !tags.isEmpty { try await context.authorize("firehose:TagDeliveryStream", on: id.arn) }
    try Self.refuseOtherDestinations(input)
    guard input.mskSourceConfiguration == nil, input.databaseSourceConfiguration == nil else {
      throw AWSError.notImplemented(service: "firehose", operation: "CreateDeliveryStream from MSK or a database")
    }
    let destination = try destination(of: input)
    let now = with.clock.now()
    var record = DeliveryStreamRecord(
      name: id.name, uid: with.random.bytes(6).hex, createdAt: now, destination: destination)
    record.throughputHintMiB = input.directPutSourceConfiguration?.throughputHintInMBs
    record.tags = Dictionary(tags.map { ($0.key, $0.value ?? "") }) { $1 }
    if let encryption = input.deliveryStreamEncryptionConfigurationInput {
      record.encryption = try Self.encryption(encryption)
    }
    try await checkRoles(of: destination, context)
    try await checkSchema(of: destination, id)
    try await checkQuery(of: destination)
    let checkpoint = try await checkSource(input, &record, id, context)
    return try await changes.pass {
      guard streams.withLock({ $0[id] }) == nil else {
        throw FirehoseError.resourceInUseException(
          "Firehose \(id.name) under accountId \(id.scope.account) already exists")
      }
      guard streams.withLock({ $0.keys.count { $0.scope == id.scope } }) < Limits.deliveryStreamsPerAccountMax else {
        throw FirehoseError.limitExceededException(
          "You have already consumed your firehose quota of \(Limits.deliveryStreamsPerAccountMax) hoses. Firehose "
            + "names: []")
      }
      if record.kinesis == nil { try await with.logs.create([DirectSource.log(of: record, in: id.scope)]) }
      let saved = record
      try await with.keys.write { transaction in
        try transaction.set(FirehoseKeys.stream(id.scope, id.name), record: saved)
        try transaction.set(FirehoseKeys.checkpoint(id.scope, id.name), record: checkpoint)
      }
      add(id, saved, checkpoint)
      return CreateDeliveryStreamOutput(deliveryStreamARN: id.arn.description)
    }
  }

  private static func refuseOtherDestinations(_ input: CreateDeliveryStreamInput) throws {
    let others: [(String, Bool)] = [
      ("Redshift", input.redshiftDestinationConfiguration != nil),
      ("Elasticsearch", input.elasticsearchDestinationConfiguration != nil),
      ("OpenSearch Service", input.amazonopensearchserviceDestinationConfiguration != nil),
      ("OpenSearch Serverless", input.amazonOpenSearchServerlessDestinationConfiguration != nil),
      ("Splunk", input.splunkDestinationConfiguration != nil),
      ("an HTTP endpoint", input.httpEndpointDestinationConfiguration != nil),
      ("Snowflake", input.snowflakeDestinationConfiguration != nil),
      ("Iceberg tables", input.icebergDestinationConfiguration != nil),
    ]
    let given = others.filter(\.1)
    let s3 =
      (input.s3DestinationConfiguration != nil ? 1 : 0) + (input.extendedS3DestinationConfiguration != nil ? 1 : 0)
    guard given.count + s3 == 1 else {
      throw FirehoseError.invalidArgumentException("Exactly one destination configuration is supported for a Firehose")
    }
    if let other = given.first {
      throw AWSError.notImplemented(service: "firehose", operation: "CreateDeliveryStream to \(other.0)")
    }
  }

  private func destination(of input: CreateDeliveryStreamInput) throws -> S3Destination {
    if let extended = input.extendedS3DestinationConfiguration { return try DestinationRules.make(extended) }
    if let plain = input.s3DestinationConfiguration { return try DestinationRules.make(plain) }
    throw FirehoseError.invalidArgumentException("Exactly one destination configuration is supported for a Firehose")
  }

  static func encryption(
    _ input: DeliveryStreamEncryptionConfigurationInput
  ) throws -> DeliveryStreamRecord.Encryption {
    if input.keyType == .customerManagedCmk, input.keyARN == nil {
      throw FirehoseError.invalidArgumentException("KeyARN must be specified when KeyType is CUSTOMER_MANAGED_CMK.")
    }
    if input.keyType != .customerManagedCmk, input.keyARN != nil {
      throw FirehoseError.invalidArgumentException("KeyARN cannot be specified when KeyType is AWS_OWNED_CMK.")
    }
    return DeliveryStreamRecord.Encryption(keyType: input.keyType.rawValue, keyARN: input.keyARN, isEnabled: true)
  }

  // MARK: What must be there

  /// Every role must exist and trust Firehose, and the caller must be allowed to hand it over.
  func checkRoles(of destination: S3Destination, _ context: RequestContext) async throws {
    var roles = [destination.role]
    if let backup = destination.backup { roles.append(backup.role) }
    if let conversion = destination.conversion, conversion.isEnabled, let role = conversion.role { roles.append(role) }
    if let role = ProcessingPlan(destination)?.function?.role { roles.append(role) }
    var seen: Set<String> = []
    for role in roles where seen.insert(role).inserted { try await checkRole(role, context) }
  }

  func checkRole(_ role: String, _ context: RequestContext) async throws {
    let unable = FirehoseError.invalidArgumentException(
      "Firehose is unable to assume role \(role). Please check the role provided.")
    guard let arn = ARN(role) else { throw unable }
    do {
      _ = try await with.roles.assume(role: arn, for: Collaborators.serviceName, session: "firehose")
    } catch is AWSError where arn.account == context.account.digits {
      throw unable
    } catch is AWSError {
      // Whether another account has the role is not told: it cannot be passed either way.
    }
    try await with.roles.checkPass(role: arn, to: Collaborators.serviceName, context: context)
  }

  /// The query for partition keys must be one that jq understands.
  func checkQuery(of destination: S3Destination) async throws {
    guard let query = ProcessingPlan(destination)?.query else { return }
    do {
      try await with.query(query).check()
    } catch let failure as KeyQuery.Failure {
      throw FirehoseError.invalidArgumentException("MetadataExtractionQuery is not valid: \(failure.reason)")
    }
  }

  /// The schema must be readable with its role's rights, and something that rows can be made for.
  func checkSchema(of destination: S3Destination, _ id: StreamID) async throws {
    guard let conversion = destination.conversion, conversion.isEnabled else { return }
    do {
      _ = try await SchemaReader(glue: with.glue).shape(conversion, scope: id.scope) { role in
        try await with.acting(as: role, in: id.scope, for: id.name)
      }
    } catch let error as AWSError {
      if error.code.hasPrefix("AccessDenied") {
        throw FirehoseError.invalidArgumentException(
          "Access was denied when calling Glue. Please ensure that the role specified in the data format conversion "
            + "configuration has the necessary permissions.")
      }
      throw FirehoseError.invalidArgumentException(error.message)
    }
  }

  /// Notes the source, and for a Kinesis stream where in its shards delivery begins: after what is there now.
  private func checkSource(
    _ input: CreateDeliveryStreamInput, _ record: inout DeliveryStreamRecord, _ id: StreamID, _ context: RequestContext
  ) async throws -> DeliveryCheckpoint {
    let type =
      input.deliveryStreamType ?? (input.kinesisStreamSourceConfiguration == nil ? .directPut : .kinesisStreamAsSource)
    guard let configured = input.kinesisStreamSourceConfiguration else {
      guard type == .directPut else {
        throw FirehoseError.invalidArgumentException(
          "Source configuration is required for delivery stream type \(type.rawValue).")
      }
      return DeliveryCheckpoint()
    }
    guard type == .kinesisStreamAsSource else {
      throw FirehoseError.invalidArgumentException(
        "KinesisStreamSourceConfig is only applicable for KinesisStreamAsSource stream type.")
    }
    guard record.encryption == nil else {
      throw FirehoseError.invalidArgumentException(
        "Server-side encryption is only applicable for DirectPut delivery streams.")
    }
    try await checkRole(configured.roleARN, context)
    guard let stream = ARN(configured.kinesisStreamARN) else {
      throw FirehoseError.invalidArgumentException("KinesisStreamARN \(configured.kinesisStreamARN) is not valid.")
    }
    do {
      let role = try await with.acting(as: configured.roleARN, in: id.scope, for: id.name)
      let consumer = try await with.kinesis.consumer(of: stream, role)
      var checkpoint = DeliveryCheckpoint(source: consumer.streamUID)
      for shard in try await consumer.shards() {
        checkpoint.offsets[shard.index] = try await consumer.offset(of: shard.index, at: .latest)
      }
      record.kinesis = DeliveryStreamRecord.KinesisSource(
        stream: stream, role: configured.roleARN, startedAt: with.clock.now())
      return checkpoint
    } catch let error as AWSError {
      if error.code.hasPrefix("AccessDenied") {
        throw FirehoseError.invalidArgumentException(
          "Role \(configured.roleARN) is not authorized to perform: kinesis:DescribeStream on resource \(stream).")
      }
      throw FirehoseError.invalidArgumentException(error.message)
    }
  }
}
