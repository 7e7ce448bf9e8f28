public import Kernel
public import LogsModel
import Storage

/// Policies that let other services of AWS write to a customer's groups. They are checked, kept and shown; the services
/// of this house write with the rights of roles, or as themselves, and need none.
extension LogsService {
  public func putResourcePolicy(
    _ input: PutResourcePolicyInput, _ context: RequestContext
  ) async throws -> PutResourcePolicyOutput {
    try await context.authorize("logs:PutResourcePolicy", on: ["*"])
    guard input.resourceArn == nil else {
      throw AWSError.notImplemented(service: "logs", operation: "PutResourcePolicy on a resource")
    }
    guard let name = input.policyName, let document = input.policyDocument else {
      throw LogsError.invalidParameterException("policyName and policyDocument are required.")
    }
    guard document.utf8.count <= Limits.policyBytesMax else {
      throw LogsError.invalidParameterException("Resource policy must be less than \(Limits.policyBytesMax) bytes.")
    }
    do {
      try context.authorizer.check(resourcePolicy: document)
    } catch let error as AWSError {
      throw LogsError.invalidParameterException("Invalid policy document: \(error.message)")
    }
    let record = ResourcePolicyRecord(name: name, document: document, updatedAt: clock.now())
    let scope = context.scope
    try await keys.write { transaction in
      let key = LogsKeys.policy(scope, name)
      if try transaction.get(key) == nil,
        try transaction.entries(LogsKeys.policies(scope).subtree).count >= Limits.resourcePoliciesMax
      {
        throw LogsError.limitExceededException("Resource limit exceeded.")
      }
      try transaction.set(key, record: record)
    }
    return PutResourcePolicyOutput(resourcePolicy: Self.wire(record))
  }

  public func describeResourcePolicies(
    _ input: DescribeResourcePoliciesInput, _ context: RequestContext
  ) async throws -> DescribeResourcePoliciesOutput {
    try await context.authorize("logs:DescribeResourcePolicies", on: ["*"])
    guard input.resourceArn == nil, input.policyScope != .resource else {
      return DescribeResourcePoliciesOutput(resourcePolicies: [])
    }
    let scope = context.scope
    let all = try await keys.read {
      try $0.records(LogsKeys.policies(scope).subtree, as: ResourcePolicyRecord.self)
    }
    let (page, next) = try Self.page(all, token: input.nextToken, limit: input.limit, key: \.name)
    return DescribeResourcePoliciesOutput(resourcePolicies: page.map(Self.wire), nextToken: next)
  }

  private static func wire(_ record: ResourcePolicyRecord) -> ResourcePolicy {
    ResourcePolicy(
      policyName: record.name, policyDocument: record.document, lastUpdatedTime: record.updatedAt.milliseconds,
      policyScope: .account)
  }

  public func deleteResourcePolicy(
    _ input: DeleteResourcePolicyInput, _ context: RequestContext
  ) async throws -> DeleteResourcePolicyOutput {
    try await context.authorize("logs:DeleteResourcePolicy", on: ["*"])
    guard let name = input.policyName, input.resourceArn == nil else {
      throw LogsError.invalidParameterException("policyName is required.")
    }
    let key = LogsKeys.policy(context.scope, name)
    try await keys.write { transaction in
      guard try transaction.get(key) != nil else {
        throw LogsError.resourceNotFoundException("Policy with name [\(name)] does not exist.")
      }
      try transaction.delete(key)
    }
    return DeleteResourcePolicyOutput()
  }
}
