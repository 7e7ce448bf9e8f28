import Foundation
import Kernel

/// What a bucket's settings say about who may act; `IAM` decides the rest.
extension S3Service {
  /// Checks that the caller may do `action` on the bucket, or on one of its keys.
  ///
  /// A caller of another account needs the bucket's policy or an access control list to allow it.
  /// - Parameter objectACL: the object's canned list, for reads of it.
  func authorize(
    _ action: String, _ bucket: Bucket, key: String? = nil, _ context: RequestContext, objectACL: String? = nil,
    conditions: @autoclosure () -> [String: [String]] = [:]
  ) async throws {
    let record = bucket.record
    let isOwner = context.principal.account == record.owner && context.principal.kind != .anonymous
    let isGranted = AccessControl.grants(
      action, to: context.principal, bucket: record, objectACL: objectACL)
    if record.policy == nil {
      if case .root = context.principal.kind, isOwner { return }
      guard isOwner || isGranted else { throw S3Failure.accessDenied() }
    }
    if !isOwner, record.publicAccessBlock?.restrictPublicBuckets == true, let policy = record.policy,
      BucketPolicy.isPublic(policy)
    {
      throw S3Failure.accessDenied()
    }
    try await context.authorize(
      action, on: [key.map(record.arn(of:)) ?? record.arn], conditions: conditions(), resourcePolicy: record.policy,
      resourceAccount: record.owner, isGrantedByResource: isGranted)
  }

  /// Whether the caller may list the bucket: only then does it learn that a key is not there.
  func mayList(_ bucket: Bucket, _ context: RequestContext) async -> Bool {
    do {
      try await authorize("s3:ListBucket", bucket, context)
      return true
    } catch {
      return false
    }
  }

  /// The answer to a read of a key that is not there.
  func absent(_ bucket: Bucket, _ key: String, _ selector: VersionSelector, _ context: RequestContext) async -> AWSError
  {
    guard await mayList(bucket, context) else { return S3Failure.accessDenied() }
    switch selector {
    case .current: return S3Failure.noSuchKey(key)
    case .null: return S3Failure.noSuchVersion(key, "null")
    case .id(let id): return S3Failure.noSuchVersion(key, id.text)
    }
  }

  /// Condition keys that a write's header fields give.
  static func conditions(_ attributes: ObjectAttributes, acl: String?, sse: String?) -> [String: [String]] {
    var keys: [String: [String]] = [:]
    if let acl { keys["s3:x-amz-acl"] = [acl] }
    if let sse { keys["s3:x-amz-server-side-encryption"] = [sse] }
    if !attributes.encryption.kmsKeyID.isEmpty {
      keys["s3:x-amz-server-side-encryption-aws-kms-key-id"] = [attributes.encryption.kmsKeyID]
    }
    keys["s3:x-amz-storage-class"] = [attributes.storageClass.isEmpty ? "STANDARD" : attributes.storageClass]
    for tag in attributes.tags { keys["s3:requestobjecttag/\(tag.name)"] = [tag.value] }
    if !attributes.tags.isEmpty { keys["s3:requestobjecttagkeys"] = attributes.tags.map(\.name) }
    return keys
  }

  /// Condition keys that an object's tags give.
  static func conditions(_ record: ObjectRecord?, versionID: String? = nil) -> [String: [String]] {
    var keys: [String: [String]] = [:]
    if let versionID { keys["s3:versionid"] = [versionID] }
    for tag in record?.attributes.tags ?? [] { keys["s3:existingobjecttag/\(tag.name)"] = [tag.value] }
    return keys
  }
}

/// What S3 itself must know of a bucket's policy; its meaning is the evaluator's.
enum BucketPolicy {
  /// Condition keys that narrow a grant to all to somebody in particular.
  /// AWS: "The meaning of public", list of keys with fixed values.
  private static let narrowing: Set<String> = [
    "aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
    "aws:userid", "aws:principalorgid", "aws:principalarn", "aws:principalaccount",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
  ]

  static func isPublic(_ policy: String) -> Bool {
    guard let document = try? JSONSerialization.jsonObject(with: Data(policy.utf8)) as? [String: Any] else {
      return false
    }
    return statements(document).contains { statement in
      guard statement["Effect"] as? String == "Allow", namesEveryone(statement["Principal"]) else { return false }
      let conditions = statement["Condition"] as? [String: Any] ?? [:]
      for case let keys as [String: Any] in conditions.values {
        if keys.keys.contains(where: { narrowing.contains($0.lowercased()) }) { return false }
      }
      return true
    }
  }

  private static func statements(_ document: [String: Any]) -> [[String: Any]] {
    if let list = document["Statement"] as? [[String: Any]] { return list }
    return (document["Statement"] as? [String: Any]).map { [$0] } ?? []
  }

  private static func namesEveryone(_ principal: Any?) -> Bool {
    if let text = principal as? String { return text == "*" }
    guard let map = principal as? [String: Any] else { return false }
    if let text = map["AWS"] as? String { return text == "*" }
    return (map["AWS"] as? [String])?.contains("*") == true
  }

  /// The users, roles and sessions that a policy names.
  static func principals(_ policy: String) -> [ARN] {
    guard let document = try? JSONSerialization.jsonObject(with: Data(policy.utf8)) as? [String: Any] else { return [] }
    return statements(document).flatMap { statement in
      let named = (statement["Principal"] ?? statement["NotPrincipal"]) as? [String: Any]
      return (texts(named?["AWS"]) ?? []).compactMap { ARN($0) }
    }
  }

  /// Checks the form that S3 asks of a policy before it keeps it.
  /// - Throws: `MalformedPolicy`.
  static func validate(_ policy: String, bucket: BucketRecord) throws {
    guard policy.utf8.count <= Limits.policyBytesMax else {
      throw malformed("Policy is too large; it may have at most \(Limits.policyBytesMax) bytes")
    }
    guard let document = try? JSONSerialization.jsonObject(with: Data(policy.utf8)) as? [String: Any] else {
      throw malformed("Policies must be valid JSON and the first byte must be '{'")
    }
    if let version = document["Version"] {
      guard let text = version as? String, text == "2012-10-17" || text == "2008-10-17" else {
        throw malformed("The policy must contain a valid version string")
      }
    }
    guard document["Statement"] != nil else { throw malformed("Missing required field Statement") }
    let statements = statements(document)
    guard !statements.isEmpty else { throw malformed("Could not parse the policy: Statement is empty!") }
    for statement in statements { try validate(statement, bucket) }
  }

  private static func validate(_ statement: [String: Any], _ bucket: BucketRecord) throws {
    guard let effect = statement["Effect"] as? String else { throw malformed("Missing required field Effect") }
    guard effect == "Allow" || effect == "Deny" else { throw malformed("Invalid effect: \(effect)") }
    guard statement["Principal"] != nil || statement["NotPrincipal"] != nil else {
      throw malformed("Missing required field Principal")
    }
    if let principal = statement["Principal"] {
      guard principal as? String == "*" || principal is [String: Any] else {
        throw malformed("Invalid principal in policy")
      }
    }
    guard let actions = texts(statement["Action"] ?? statement["NotAction"]) else {
      throw malformed("Missing required field Action")
    }
    for action in actions {
      guard action == "*" || action.lowercased().hasPrefix("s3:") else {
        throw malformed("Policy has invalid action")
      }
    }
    guard let resources = texts(statement["Resource"] ?? statement["NotResource"]) else {
      throw malformed("Missing required field Resource")
    }
    for resource in resources {
      guard
        resource == "*" || resource == bucket.arn || resource.hasPrefix("\(bucket.arn)/")
          || wildcardMatches(resource, bucket)
      else { throw malformed("Policy has invalid resource") }
    }
    guard statement["Action"] != nil, statement["Resource"] != nil else { return }
    for action in actions where !PolicyActions.canApply(action, to: resources, of: bucket.arn) {
      throw malformed("Action does not apply to any resource(s) in statement")
    }
  }

  /// A resource with a wildcard must still be able to mean this bucket.
  private static func wildcardMatches(_ resource: String, _ bucket: BucketRecord) -> Bool {
    guard let star = resource.firstIndex(where: { $0 == "*" || $0 == "?" }) else { return false }
    let head = resource[..<star]
    return "\(bucket.arn)/".hasPrefix(head) || head.hasPrefix("\(bucket.arn)/")
  }

  private static func texts(_ value: Any?) -> [String]? {
    if let text = value as? String { return [text] }
    guard let list = value as? [String], !list.isEmpty else { return nil }
    return list
  }

  static func malformed(_ message: String) -> AWSError { AWSError("MalformedPolicy", message) }
}
