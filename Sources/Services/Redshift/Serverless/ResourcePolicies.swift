import AWSWire
import Foundation
public import Kernel
public import RedshiftServerlessModel
import Storage

/// Policies of snapshots, which let other accounts restore them.
extension ServerlessService {
  public func putResourcePolicy(_ input: PutResourcePolicyInput, _ context: RequestContext) async throws
    -> PutResourcePolicyOutput
  {
    let scope = context.scope
    try await context.authorize("redshift-serverless:PutResourcePolicy", on: [input.resourceArn])
    guard input.policy.utf8.count <= ServerlessLimits.policyBytesMax, let policy = Self.kept(input.policy) else {
      throw RedshiftServerlessError.validationException("The resource policy is not valid.")
    }
    try await changePolicy(of: input.resourceArn, scope) { $0.policy = policy }
    return PutResourcePolicyOutput(resourcePolicy: ResourcePolicy(policy: policy, resourceArn: input.resourceArn))
  }

  /// A policy as AWS shows it: one statement stands alone and not in a list. `nil` for what is no policy.
  private static func kept(_ policy: String) -> String? {
    guard var document = try? JSONSerialization.jsonObject(with: Data(policy.utf8)) as? [String: Any] else {
      return nil
    }
    if let statements = document["Statement"] as? [[String: Any]] {
      guard let first = statements.first else { return nil }
      guard statements.count == 1 else { return policy }
      document["Statement"] = first
    } else if document["Statement"] as? [String: Any] == nil {
      return nil
    }
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
    return (try? JSONSerialization.data(withJSONObject: document, options: options)).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  public func getResourcePolicy(_ input: GetResourcePolicyInput, _ context: RequestContext) async throws
    -> GetResourcePolicyOutput
  {
    let scope = context.scope
    try await context.authorize("redshift-serverless:GetResourcePolicy", on: [input.resourceArn])
    let found = try await keys.read { try $0.policyHolder(scope, input.resourceArn) }
    guard let policy = found.policy else { throw Self.noPolicy(input.resourceArn) }
    return GetResourcePolicyOutput(resourcePolicy: ResourcePolicy(policy: policy, resourceArn: input.resourceArn))
  }

  public func deleteResourcePolicy(_ input: DeleteResourcePolicyInput, _ context: RequestContext) async throws
    -> DeleteResourcePolicyOutput
  {
    try await context.authorize("redshift-serverless:DeleteResourcePolicy", on: [input.resourceArn])
    try await changePolicy(of: input.resourceArn, context.scope) { record in
      guard record.policy != nil else { throw Self.noPolicy(input.resourceArn) }
      record.policy = nil
    }
    return DeleteResourcePolicyOutput()
  }

  private func changePolicy(
    of arn: String, _ scope: Scope, _ change: @escaping @Sendable (inout ServerlessSnapshotRecord) throws -> Void
  ) async throws {
    try await keys.write { transaction in
      var record = try transaction.policyHolder(scope, arn)
      try change(&record)
      try transaction.set(ServerlessSnapshotRecord.key(scope, record.name), record: record)
    }
  }

  private static func noPolicy(_ arn: String) -> AWSError {
    RedshiftServerlessError.resourceNotFoundException("The resource \(arn) has no resource policy.")
  }
}

extension KeyReader {
  /// The snapshot that an ARN names: nothing else has a policy.
  fileprivate func policyHolder(_ scope: Scope, _ arn: String) throws -> ServerlessSnapshotRecord {
    let snapshots = try records(ServerlessSnapshotRecord.all(scope), as: ServerlessSnapshotRecord.self)
    guard let found = snapshots.first(where: { $0.arn(scope).description == arn }) else {
      throw RedshiftServerlessError.resourceNotFoundException("The resource \(arn) doesn't exist.")
    }
    return found
  }
}
