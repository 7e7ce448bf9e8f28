public import Kernel
public import KinesisModel
import Storage

/// What tags may hold. AWS checks in two places with two lists of characters, and so do we.
enum TagRules {
  static func check(
    keys: some Sequence<String>, values: some Sequence<String> = EmptyCollection<String>(), verb: String, _ id: StreamID
  ) throws {
    for text in Array(keys) + Array(values) {
      for scalar in text.unicodeScalars where !allowed(scalar) {
        throw KinesisError.invalidArgumentException(
          "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, "
            + "_ . / = + - % @.")
      }
    }
    for key in keys where key.lowercased().hasPrefix("aws:") {
      throw KinesisError.invalidArgumentException(
        "Failed to \(verb) stream \(id.name) under account \(id.scope.account) because some tag keys begin with the "
          + "reserved prefix aws:.")
    }
  }

  private static func allowed(_ scalar: Unicode.Scalar) -> Bool {
    if "_./=+-%@:".unicodeScalars.contains(scalar) { return true }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .spaceSeparator:
      return true
    default: return false
    }
  }

  static func tooMany(_ id: StreamID) -> AWSError {
    KinesisError.invalidArgumentException(
      "Failed to add tags to stream \(id.name) under account \(id.scope.account) because a given stream cannot have "
        + "more than \(Limits.tagsPerStreamMax) tags associated with it.")
  }
}

extension KinesisService {
  public func addTagsToStream(
    _ input: AddTagsToStreamInput, _ context: RequestContext
  ) async throws -> AddTagsToStreamOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "AddTagsToStream", context)
    try await add(input.tags, to: live)
    return AddTagsToStreamOutput()
  }

  public func removeTagsFromStream(
    _ input: RemoveTagsFromStreamInput, _ context: RequestContext
  ) async throws -> RemoveTagsFromStreamOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "RemoveTagsFromStream", context)
    try await remove(input.tagKeys, from: live)
    return RemoveTagsFromStreamOutput()
  }

  public func listTagsForStream(
    _ input: ListTagsForStreamInput, _ context: RequestContext
  ) async throws -> ListTagsForStreamOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "ListTagsForStream", context)
    let tags = live.snapshot.record.tags.sorted { $0.key < $1.key }.filter { tag in
      input.exclusiveStartTagKey.map { tag.key > $0 } ?? true
    }
    let limit = input.limit ?? Limits.tagsPerStreamMax
    return ListTagsForStreamOutput(
      tags: tags.prefix(limit).map { Tag(key: $0.key, value: $0.value) }, hasMoreTags: tags.count > limit)
  }

  private func add(_ tags: [String: String], to live: LiveStream) async throws {
    try TagRules.check(keys: tags.keys, values: tags.values, verb: "add tags to", live.id)
    try await change(live) { record in
      record.tags.merge(tags) { $1 }
      guard record.tags.count <= Limits.tagsPerStreamMax else { throw TagRules.tooMany(live.id) }
    }
  }

  private func remove(_ keys: [String], from live: LiveStream) async throws {
    try TagRules.check(keys: keys, verb: "remove tags from", live.id)
    try await change(live) { record in for key in keys { record.tags[key] = nil } }
  }

  // MARK: The same for streams and consumers by ARN

  public func tagResource(_ input: TagResourceInput, _ context: RequestContext) async throws -> TagResourceOutput {
    let (live, consumer) = try await resource(input.resourceARN, for: "TagResource", context)
    if let consumer {
      try TagRules.check(keys: input.tags.keys, values: input.tags.values, verb: "add tags to", live.id)
      try await changeConsumer(consumer, of: live) { record in
        record.tags.merge(input.tags) { $1 }
        guard record.tags.count <= Limits.tagsPerStreamMax else { throw TagRules.tooMany(live.id) }
      }
    } else {
      try await add(input.tags, to: live)
    }
    return TagResourceOutput()
  }

  public func untagResource(
    _ input: UntagResourceInput, _ context: RequestContext
  ) async throws -> UntagResourceOutput {
    let (live, consumer) = try await resource(input.resourceARN, for: "UntagResource", context)
    if let consumer {
      try await changeConsumer(consumer, of: live) { record in for key in input.tagKeys { record.tags[key] = nil } }
    } else {
      try await remove(input.tagKeys, from: live)
    }
    return UntagResourceOutput()
  }

  public func listTagsForResource(
    _ input: ListTagsForResourceInput, _ context: RequestContext
  ) async throws -> ListTagsForResourceOutput {
    let (live, consumer) = try await resource(input.resourceARN, for: "ListTagsForResource", context)
    let state = live.snapshot
    let tags = consumer.map { state.consumers[$0.name]?.tags ?? [:] } ?? state.record.tags
    return ListTagsForResourceOutput(
      tags: tags.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) })
  }
}
