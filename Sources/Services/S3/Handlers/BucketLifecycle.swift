import AWSWire
public import Kernel
public import S3Model

extension S3Service {
  public func getBucketLifecycleConfiguration(
    _ input: GetBucketLifecycleConfigurationInput, _ context: RequestContext
  ) async throws -> GetBucketLifecycleConfigurationOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetLifecycleConfiguration", bucket, context)
    guard let lifecycle = bucket.record.lifecycle else {
      throw S3Failure.notConfigured(
        "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", input.bucket)
    }
    return GetBucketLifecycleConfigurationOutput(
      rules: lifecycle.rules.map(LifecycleWire.rule),
      transitionDefaultMinimumObjectSize: .init(
        rawValue: lifecycle.transitionDefaultMinimumObjectSize ?? LifecycleWire.defaultMinimumSize))
  }

  public func putBucketLifecycleConfiguration(
    _ input: PutBucketLifecycleConfigurationInput, _ context: RequestContext
  ) async throws -> PutBucketLifecycleConfigurationOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutLifecycleConfiguration", bucket, context)
    let given = input.lifecycleConfiguration?.rules ?? []
    guard (1...Limits.lifecycleRulesMax).contains(given.count) else { throw S3Failure.malformedXML }
    let size = input.transitionDefaultMinimumObjectSize?.rawValue ?? LifecycleWire.defaultMinimumSize
    guard TransitionDefaultMinimumObjectSize(rawValue: size).isKnown else {
      throw S3Failure.invalidRequest("Invalid TransitionDefaultMinimumObjectSize found: \(size)")
    }
    var rules: [LifecycleRecord.Rule] = []
    var ids: Set<String> = []
    for rule in given {
      let id =
        rule.id.flatMap { $0.isEmpty ? nil : $0 }
        ?? random.text(
          48, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
      guard id.count <= 255 else {
        throw S3Failure.invalidArgument("ID length should not exceed allowed limit of 255", "ID", id)
      }
      guard ids.insert(id).inserted else {
        throw S3Failure.invalidArgument("Rule ID must be unique. Found same ID for more than one rule", "ID", id)
      }
      rules.append(try LifecycleWire.record(rule, id: id))
    }
    let record = LifecycleRecord(rules: rules, transitionDefaultMinimumObjectSize: size)
    try await store.buckets.update(input.bucket) { $0.lifecycle = record }
    return PutBucketLifecycleConfigurationOutput(transitionDefaultMinimumObjectSize: .init(rawValue: size))
  }

  public func deleteBucketLifecycle(
    _ input: DeleteBucketLifecycleInput, _ context: RequestContext
  ) async throws -> DeleteBucketLifecycleOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutLifecycleConfiguration", bucket, context)
    try await store.buckets.update(input.bucket) { $0.lifecycle = nil }
    return DeleteBucketLifecycleOutput()
  }
}

/// Lifecycle rules between their wire form and the kept one, with the rules that AWS checks.
enum LifecycleWire {
  static let defaultMinimumSize = "all_storage_classes_128K"

  static func record(_ rule: LifecycleRule, id: String) throws -> LifecycleRecord.Rule {
    guard ["Enabled", "Disabled"].contains(rule.status.rawValue) else { throw S3Failure.malformedXML }
    guard (rule.prefix == nil) != (rule.filter == nil) else { throw S3Failure.malformedXML }
    var record = LifecycleRecord.Rule(id: id, enabled: rule.status.rawValue == "Enabled", legacyPrefix: rule.prefix)
    record.filter = try rule.filter.map(filter)
    try setExpiration(rule.expiration, &record)
    if let noncurrent = rule.noncurrentVersionExpiration {
      guard let days = noncurrent.noncurrentDays else { throw S3Failure.malformedXML }
      guard days > 0 else {
        throw invalid("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
      }
      if let kept = noncurrent.newerNoncurrentVersions, !(1...100).contains(kept) {
        throw invalid("'NewerNoncurrentVersions' must be between 1 and 100")
      }
      record.noncurrentDays = days
      record.newerNoncurrentVersions = noncurrent.newerNoncurrentVersions
    }
    if let abortion = rule.abortIncompleteMultipartUpload {
      guard let days = abortion.daysAfterInitiation, days > 0 else {
        throw invalid("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer")
      }
      if let filter = record.filter {
        guard filter.tags.isEmpty else {
          throw S3Failure.invalidRequest("AbortIncompleteMultipartUpload cannot be specified with Tags.")
        }
        guard filter.sizeGreaterThan == nil, filter.sizeLessThan == nil else {
          throw S3Failure.invalidRequest("AbortIncompleteMultipartUpload cannot be specified with Object Size.")
        }
      }
      record.abortIncompleteUploadDays = days
    }
    record.transitions = try (rule.transitions ?? []).map { transition in
      try check(transition.days, transition.date, transition.storageClass?.rawValue, name: "Transition")
      return .init(date: transition.date, days: transition.days, storageClass: transition.storageClass?.rawValue)
    }
    record.noncurrentTransitions = try (rule.noncurrentVersionTransitions ?? []).map { transition in
      guard transition.noncurrentDays != nil else { throw S3Failure.malformedXML }
      try check(
        transition.noncurrentDays, nil, transition.storageClass?.rawValue, name: "NoncurrentVersionTransition")
      return .init(
        days: transition.noncurrentDays, storageClass: transition.storageClass?.rawValue,
        newerNoncurrentVersions: transition.newerNoncurrentVersions)
    }
    guard
      rule.expiration != nil || record.noncurrentDays != nil || record.abortIncompleteUploadDays != nil
        || !record.transitions.isEmpty || !record.noncurrentTransitions.isEmpty
    else { throw S3Failure.invalidRequest("At least one action needs to be specified in a rule.") }
    return record
  }

  private static func invalid(_ message: String) -> AWSError { AWSError("InvalidArgument", message) }

  private static func setExpiration(_ expiration: LifecycleExpiration?, _ record: inout LifecycleRecord.Rule) throws {
    guard let expiration else { return }
    let given = [expiration.date != nil, expiration.days != nil, expiration.expiredObjectDeleteMarker != nil]
    guard given.filter({ $0 }).count == 1 else { throw S3Failure.malformedXML }
    if let days = expiration.days, days <= 0 {
      throw invalid("'Days' for Expiration action must be a positive integer")
    }
    if let date = expiration.date { try checkMidnight(date) }
    if expiration.expiredObjectDeleteMarker == true, record.filter?.tags.isEmpty == false {
      throw S3Failure.invalidRequest("ExpiredObjectDeleteMarker cannot be specified with Tags.")
    }
    record.expirationDate = expiration.date
    record.expirationDays = expiration.days
    record.expiredObjectDeleteMarker = expiration.expiredObjectDeleteMarker
  }

  private static func checkMidnight(_ date: Timestamp) throws {
    guard date.nanoseconds % 86_400_000_000_000 == 0 else { throw invalid("'Date' must be at midnight GMT") }
  }

  private static func check(_ days: Int?, _ date: Timestamp?, _ storageClass: String?, name: String) throws {
    guard (days == nil) != (date == nil), let storageClass else { throw S3Failure.malformedXML }
    guard TransitionStorageClass(rawValue: storageClass).isKnown else { throw S3Failure.malformedXML }
    if let date { try checkMidnight(date) }
    guard let days else { return }
    guard days >= 0 else { throw invalid("'Days' in \(name) action must be nonnegative") }
    if ["STANDARD_IA", "ONEZONE_IA"].contains(storageClass), days < 30 {
      throw invalid(
        "'Days' in \(name) action must be greater than or equal to 30 for storageClass '\(storageClass)'")
    }
  }

  private static func filter(_ filter: LifecycleRuleFilter) throws -> LifecycleRecord.Filter {
    let given = [
      filter.prefix != nil, filter.tag != nil, filter.objectSizeGreaterThan != nil, filter.objectSizeLessThan != nil,
      filter.and != nil,
    ]
    guard given.filter({ $0 }).count <= 1 else { throw S3Failure.malformedXML }
    var record = LifecycleRecord.Filter()
    if let and = filter.and {
      record.isAnd = true
      record.prefix = and.prefix
      record.tags = (and.tags ?? []).map { Pair(name: $0.key, value: $0.value) }
      record.sizeGreaterThan = and.objectSizeGreaterThan
      record.sizeLessThan = and.objectSizeLessThan
    } else {
      record.prefix = filter.prefix
      record.tags = filter.tag.map { [Pair(name: $0.key, value: $0.value)] } ?? []
      record.sizeGreaterThan = filter.objectSizeGreaterThan
      record.sizeLessThan = filter.objectSizeLessThan
    }
    try TagRules.checkObject(record.tags)
    return record
  }

  static func rule(_ record: LifecycleRecord.Rule) -> LifecycleRule {
    var rule = LifecycleRule(status: record.enabled ? "Enabled" : "Disabled")
    rule.id = record.id
    rule.prefix = record.legacyPrefix
    rule.filter = record.filter.map(filter)
    if record.expirationDate != nil || record.expirationDays != nil || record.expiredObjectDeleteMarker != nil {
      rule.expiration = LifecycleExpiration(
        date: record.expirationDate, days: record.expirationDays,
        expiredObjectDeleteMarker: record.expiredObjectDeleteMarker)
    }
    if let days = record.noncurrentDays {
      rule.noncurrentVersionExpiration = NoncurrentVersionExpiration(
        noncurrentDays: days, newerNoncurrentVersions: record.newerNoncurrentVersions)
    }
    if let days = record.abortIncompleteUploadDays {
      rule.abortIncompleteMultipartUpload = AbortIncompleteMultipartUpload(daysAfterInitiation: days)
    }
    if !record.transitions.isEmpty {
      rule.transitions = record.transitions.map { transition in
        Transition(
          date: transition.date, days: transition.days,
          storageClass: transition.storageClass.map { .init(rawValue: $0) })
      }
    }
    if !record.noncurrentTransitions.isEmpty {
      rule.noncurrentVersionTransitions = record.noncurrentTransitions.map { transition in
        NoncurrentVersionTransition(
          noncurrentDays: transition.days, storageClass: transition.storageClass.map { .init(rawValue: $0) },
          newerNoncurrentVersions: transition.newerNoncurrentVersions)
      }
    }
    return rule
  }

  private static func filter(_ record: LifecycleRecord.Filter) -> LifecycleRuleFilter {
    let tags = record.tags.map { Tag(key: $0.name, value: $0.value) }
    if record.isAnd {
      return LifecycleRuleFilter(
        and: LifecycleRuleAndOperator(
          prefix: record.prefix, tags: tags.isEmpty ? nil : tags, objectSizeGreaterThan: record.sizeGreaterThan,
          objectSizeLessThan: record.sizeLessThan))
    }
    return LifecycleRuleFilter(
      prefix: record.prefix, tag: tags.first, objectSizeGreaterThan: record.sizeGreaterThan,
      objectSizeLessThan: record.sizeLessThan)
  }
}
