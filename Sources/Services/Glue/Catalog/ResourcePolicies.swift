import Crypto
import Kernel
import Storage

/// A policy on the catalog (or on one of its resources), by which other principals are allowed or denied.
struct PolicyRecord: Codable, Sendable {
  var document: String
  var hash: String
  var createTime: Timestamp
  var updateTime: Timestamp
}

extension GlueCatalog {
  /// Authorises an action with the catalog's own policy, where there is one.
  func authorize(_ action: String, on resources: [String], _ context: RequestContext) async throws {
    let key = context.catalogKeys.policy(Self.catalogARN(context))
    let policy = try await keys.read { try $0.get(key, as: PolicyRecord.self) }
    try await context.authorize(action, on: resources, resourcePolicy: policy?.document)
  }

  static func catalogARN(_ context: RequestContext) -> String { context.arn("glue", "catalog").description }

  /// - Parameters:
  ///   - resource: an ARN; `nil` for the whole catalog.
  ///   - ifHash: the hash of the policy that the caller has seen.
  ///   - exists: whether there must be a policy already, or must be none; `nil` for either.
  /// - Returns: the new policy's hash.
  func putPolicy(
    _ document: String, on resource: String?, ifHash: String?, exists: Bool?, context: RequestContext
  ) async throws -> String {
    try await authorize("glue:PutResourcePolicy", on: context.catalogResources.catalog, context)
    let isObject = (try? JSONValue.parse(document))?.object != nil
    guard isObject else { throw CatalogError.invalidInput("Policy is not a valid JSON document.") }
    let key = context.catalogKeys.policy(resource ?? Self.catalogARN(context))
    let now = clock.now().toSecond
    let hash = Array(SHA256.hash(data: Array(document.utf8)).prefix(16)).hex
    try await keys.write { transaction in
      let present = try transaction.get(key, as: PolicyRecord.self)
      if exists == true, present == nil { throw CatalogError.entityNotFound("Policy not found") }
      if exists == false, present != nil {
        throw CatalogError.conditionCheckFailure("Policy already exists")
      }
      if let ifHash, ifHash != present?.hash { throw CatalogError.conditionCheckFailure("Policy hash does not match") }
      try transaction.set(
        key,
        record: PolicyRecord(document: document, hash: hash, createTime: present?.createTime ?? now, updateTime: now))
    }
    return hash
  }

  func policy(on resource: String?, context: RequestContext) async throws -> PolicyRecord {
    try await authorize("glue:GetResourcePolicy", on: context.catalogResources.catalog, context)
    let key = context.catalogKeys.policy(resource ?? Self.catalogARN(context))
    guard let policy = try await keys.read({ try $0.get(key, as: PolicyRecord.self) }) else {
      throw CatalogError.entityNotFound("Policy not found")
    }
    return policy
  }

  func deletePolicy(on resource: String?, ifHash: String?, context: RequestContext) async throws {
    try await authorize("glue:DeleteResourcePolicy", on: context.catalogResources.catalog, context)
    let key = context.catalogKeys.policy(resource ?? Self.catalogARN(context))
    try await keys.write { transaction in
      guard let present = try transaction.get(key, as: PolicyRecord.self) else {
        throw CatalogError.entityNotFound("Policy not found")
      }
      if let ifHash, ifHash != present.hash { throw CatalogError.conditionCheckFailure("Policy hash does not match") }
      try transaction.delete(key)
    }
  }
}
