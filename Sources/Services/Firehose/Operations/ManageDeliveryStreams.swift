public import FirehoseModel
public import Kernel
import Kinesis
import Storage

extension FirehoseService {
  public func listDeliveryStreams(
    _ input: ListDeliveryStreamsInput, _ context: RequestContext
  ) async throws -> ListDeliveryStreamsOutput {
    try await context.authorize("firehose:ListDeliveryStreams", on: ["*"])
    let after = input.exclusiveStartDeliveryStreamName ?? ""
    let wanted = input.deliveryStreamType
    let names = streams.withLock { streams in
      streams.filter { id, record in
        id.scope == context.scope && id.name > after
          && (wanted == nil || wanted == (record.kinesis == nil ? .directPut : .kinesisStreamAsSource))
      }.map(\.key.name)
    }.sorted()
    let limit = input.limit ?? Limits.listDefault
    return ListDeliveryStreamsOutput(
      deliveryStreamNames: Array(names.prefix(limit)), hasMoreDeliveryStreams: names.count > limit)
  }

  public func updateDestination(
    _ input: UpdateDestinationInput, _ context: RequestContext
  ) async throws -> UpdateDestinationOutput {
    let (id, before) = try await find(input.deliveryStreamName, for: "UpdateDestination", context)
    guard input.destinationId == Self.destinationID else {
      throw FirehoseError.invalidArgumentException(
        "Destination Id \(input.destinationId) not found for delivery stream \(id.name).")
    }
    let destination: S3Destination
    if let update = input.extendedS3DestinationUpdate {
      destination = try DestinationRules.update(before.destination, with: update)
    } else if let update = input.s3DestinationUpdate {
      destination = try DestinationRules.update(before.destination, with: update)
    } else {
      throw AWSError.notImplemented(
        service: "firehose", operation: "UpdateDestination to anything but S3")
    }
    try await checkRoles(of: destination, context)
    try await checkSchema(of: destination, id)
    try await checkQuery(of: destination)
    try await changes.pass {
      guard var record = streams.withLock({ $0[id] }), record.uid == before.uid else {
        throw FirehoseError.resourceNotFoundException(
          "Firehose \(id.name) under account \(id.scope.account) not found.")
      }
      guard input.currentDeliveryStreamVersionId == String(record.version) else {
        throw FirehoseError.concurrentModificationException(
          "Cannot update firehose: \(id.name) since the current version id: \(record.version) and specified version "
            + "id: \(input.currentDeliveryStreamVersionId) do not match")
      }
      record.destination = destination
      record.version += 1
      record.updatedAt = with.clock.now()
      try await save(id, record, delivery: true)
    }
    return UpdateDestinationOutput()
  }

  public func deleteDeliveryStream(
    _ input: DeleteDeliveryStreamInput, _ context: RequestContext
  ) async throws -> DeleteDeliveryStreamOutput {
    let (id, _) = try await find(input.deliveryStreamName, for: "DeleteDeliveryStream", context)
    try await changes.pass {
      guard var record = streams.withLock({ $0[id] }) else { return }
      record.status = .deleting
      try await save(id, record)
      try await finishDeleting(id, record)
    }
    return DeleteDeliveryStreamOutput()
  }

  /// Takes a delivery stream away with the records it did not deliver.
  func finishDeleting(_ id: StreamID, _ record: DeliveryStreamRecord) async throws {
    await remove(id)
    if record.kinesis == nil { try await with.logs.delete(DirectSource.log(of: record, in: id.scope)) }
    try await with.keys.write { transaction in
      try transaction.delete(FirehoseKeys.stream(id.scope, id.name))
      try transaction.delete(FirehoseKeys.checkpoint(id.scope, id.name))
    }
  }

  // MARK: Encryption. The choice is kept and shown; records rest as the store keeps everything.

  public func startDeliveryStreamEncryption(
    _ input: StartDeliveryStreamEncryptionInput, _ context: RequestContext
  ) async throws -> StartDeliveryStreamEncryptionOutput {
    let (id, _) = try await find(input.deliveryStreamName, for: "StartDeliveryStreamEncryption", context)
    let given =
      input.deliveryStreamEncryptionConfigurationInput
      ?? DeliveryStreamEncryptionConfigurationInput(keyType: .awsOwnedCmk)
    let encryption = try Self.encryption(given)
    try await modify(id) { record in
      guard record.kinesis == nil else {
        throw FirehoseError.invalidArgumentException(
          "Server-side encryption is only applicable for DirectPut delivery streams.")
      }
      record.encryption = encryption
    }
    return StartDeliveryStreamEncryptionOutput()
  }

  public func stopDeliveryStreamEncryption(
    _ input: StopDeliveryStreamEncryptionInput, _ context: RequestContext
  ) async throws -> StopDeliveryStreamEncryptionOutput {
    let (id, _) = try await find(input.deliveryStreamName, for: "StopDeliveryStreamEncryption", context)
    try await modify(id) { $0.encryption?.isEnabled = false }
    return StopDeliveryStreamEncryptionOutput()
  }

  // MARK: Tags

  public func tagDeliveryStream(
    _ input: TagDeliveryStreamInput, _ context: RequestContext
  ) async throws -> TagDeliveryStreamOutput {
    let (id, _) = try await find(input.deliveryStreamName, for: "TagDeliveryStream", context)
    try await modify(id) { record in
      for tag in input.tags { record.tags[tag.key] = tag.value ?? "" }
      guard record.tags.count <= Limits.tagsPerStreamMax else {
        throw FirehoseError.limitExceededException(
          "Failed to add tags to Firehose \(id.name) under account \(id.scope.account) because a Firehose cannot have "
            + "more than \(Limits.tagsPerStreamMax) tags.")
      }
    }
    return TagDeliveryStreamOutput()
  }

  public func untagDeliveryStream(
    _ input: UntagDeliveryStreamInput, _ context: RequestContext
  ) async throws -> UntagDeliveryStreamOutput {
    let (id, _) = try await find(input.deliveryStreamName, for: "UntagDeliveryStream", context)
    try await modify(id) { record in for key in input.tagKeys { record.tags[key] = nil } }
    return UntagDeliveryStreamOutput()
  }

  public func listTagsForDeliveryStream(
    _ input: ListTagsForDeliveryStreamInput, _ context: RequestContext
  ) async throws -> ListTagsForDeliveryStreamOutput {
    let (_, record) = try await find(input.deliveryStreamName, for: "ListTagsForDeliveryStream", context)
    let after = input.exclusiveStartTagKey ?? ""
    let tags = record.tags.filter { $0.key > after }.sorted { $0.key < $1.key }
    let limit = input.limit ?? Limits.tagsPerStreamMax
    return ListTagsForDeliveryStreamOutput(
      tags: tags.prefix(limit).map { Tag(key: $0.key, value: $0.value) }, hasMoreTags: tags.count > limit)
  }

  /// Changes what is no part of the delivery.
  private func modify(_ id: StreamID, _ body: (inout DeliveryStreamRecord) throws -> Void) async throws {
    try await changes.pass {
      guard var record = streams.withLock({ $0[id] }) else {
        throw FirehoseError.resourceNotFoundException(
          "Firehose \(id.name) under account \(id.scope.account) not found.")
      }
      try body(&record)
      try await save(id, record)
    }
  }
}
