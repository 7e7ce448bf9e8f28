import AWSWire
public import Kernel
public import RedshiftServerlessModel
import Storage

/// A usage limit as it is kept. Compute is not billed here, so that none is ever breached.
struct UsageLimitRecord: Codable, Sendable {
  var id: String
  var resource: String
  var usageType: String
  var amount: Int64
  var period: String
  var action: String

  static func key(_ scope: Scope, _ id: String) -> Key {
    Key("redshift-usage-limit", scope.account.digits, scope.region.code, id)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-usage-limit", scope.account.digits, scope.region.code).subtree
  }

  func arn(_ scope: Scope) -> ARN {
    ARN(service: "redshift-serverless", scope.region, scope.account, "usagelimit/\(id)")
  }

  func shape(_ scope: Scope) -> UsageLimit {
    UsageLimit(
      amount: amount, breachAction: UsageLimitBreachAction(rawValue: action),
      period: UsageLimitPeriod(rawValue: period),
      resourceArn: resource, usageLimitArn: arn(scope).description, usageLimitId: id,
      usageType: UsageLimitUsageType(rawValue: usageType))
  }
}

extension ServerlessService {
  public func createUsageLimit(_ input: CreateUsageLimitInput, _ context: RequestContext) async throws
    -> CreateUsageLimitOutput
  {
    let scope = context.scope
    try await context.authorize("redshift-serverless:CreateUsageLimit", on: [input.resourceArn])
    guard input.amount > 0 else {
      throw RedshiftServerlessError.validationException("amount must be a positive number.")
    }
    let record = UsageLimitRecord(
      id: house.random.uuid(), resource: input.resourceArn, usageType: input.usageType.rawValue, amount: input.amount,
      period: (input.period ?? "monthly").rawValue, action: (input.breachAction ?? "log").rawValue)
    try await keys.write { transaction in
      let workgroups = try transaction.records(WorkgroupRecord.all(scope), as: WorkgroupRecord.self)
      guard workgroups.contains(where: { $0.arn(scope).description == input.resourceArn }) else {
        throw RedshiftServerlessError.resourceNotFoundException("The resource \(input.resourceArn) doesn't exist.")
      }
      let others = try transaction.records(UsageLimitRecord.all(scope), as: UsageLimitRecord.self)
      guard
        !others.contains(where: {
          $0.resource == record.resource && $0.usageType == record.usageType && $0.period == record.period
            && $0.action == record.action
        })
      else { throw RedshiftServerlessError.conflictException("The usage limit exists already.") }
      try transaction.set(UsageLimitRecord.key(scope, record.id), record: record)
    }
    return CreateUsageLimitOutput(usageLimit: record.shape(scope))
  }

  private func usageLimit(_ id: String, _ action: String, _ context: RequestContext) async throws -> UsageLimitRecord {
    let scope = context.scope
    try await context.authorize(
      "redshift-serverless:\(action)", on: context.arn("redshift-serverless", "usagelimit/\(id)"))
    guard let found = try await keys.read({ try $0.get(UsageLimitRecord.key(scope, id), as: UsageLimitRecord.self) })
    else { throw RedshiftServerlessError.resourceNotFoundException("Usage limit \(id) doesn't exist.") }
    return found
  }

  public func getUsageLimit(_ input: GetUsageLimitInput, _ context: RequestContext) async throws
    -> GetUsageLimitOutput
  {
    let record: UsageLimitRecord
    do {
      record = try await usageLimit(input.usageLimitId, "GetUsageLimit", context)
    } catch let error as AWSError where error.code == "ResourceNotFoundException" {
      // This operation alone answers so.
      throw RedshiftServerlessError.validationException("The usage limit \(input.usageLimitId) does not exist.")
    }
    return GetUsageLimitOutput(usageLimit: record.shape(context.scope))
  }

  public func updateUsageLimit(_ input: UpdateUsageLimitInput, _ context: RequestContext) async throws
    -> UpdateUsageLimitOutput
  {
    let scope = context.scope
    var record = try await usageLimit(input.usageLimitId, "UpdateUsageLimit", context)
    if let amount = input.amount {
      guard amount > 0 else {
        throw RedshiftServerlessError.validationException("amount must be a positive number.")
      }
      record.amount = amount
    }
    record.action = input.breachAction?.rawValue ?? record.action
    let changed = record
    try await keys.write { try $0.set(UsageLimitRecord.key(scope, changed.id), record: changed) }
    return UpdateUsageLimitOutput(usageLimit: changed.shape(scope))
  }

  public func deleteUsageLimit(_ input: DeleteUsageLimitInput, _ context: RequestContext) async throws
    -> DeleteUsageLimitOutput
  {
    let scope = context.scope
    let record = try await usageLimit(input.usageLimitId, "DeleteUsageLimit", context)
    try await keys.write { try $0.delete(UsageLimitRecord.key(scope, record.id)) }
    return DeleteUsageLimitOutput(usageLimit: record.shape(scope))
  }

  public func listUsageLimits(_ input: ListUsageLimitsInput, _ context: RequestContext) async throws
    -> ListUsageLimitsOutput
  {
    let scope = context.scope
    try await context.authorize("redshift-serverless:ListUsageLimits", on: ["*"])
    let all = try await keys.read { try $0.records(UsageLimitRecord.all(scope), as: UsageLimitRecord.self) }
    let chosen = all.filter { record in
      (input.resourceArn.map { $0 == record.resource } ?? true)
        && (input.usageType.map { $0.rawValue == record.usageType } ?? true)
    }
    let page = Self.page(chosen, after: input.nextToken, limit: input.maxResults) { $0.id }
    return ListUsageLimitsOutput(nextToken: page.marker, usageLimits: page.items.map { $0.shape(scope) })
  }
}
