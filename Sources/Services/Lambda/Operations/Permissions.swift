import Foundation
public import Kernel
public import LambdaModel
import Storage

extension LambdaService {
  public func addPermission(
    _ input: AddPermissionInput, _ context: RequestContext
  ) async throws -> AddPermissionOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:AddPermission", on: name.arn)
    guard input.functionUrlAuthType == nil, input.invokedViaFunctionUrl == nil else {
      throw AWSError.notImplemented(service: "Lambda", operation: "AddPermission for function URLs")
    }
    let statement = try Self.statement(input, name)
    let document = #"{"Version":"2012-10-17","Statement":[\#(statement)]}"#
    do {
      try authorizer.check(resourcePolicy: document)
    } catch let error as AWSError {
      throw LambdaError.invalidParameterValueException(error.message)
    }
    let revision = random.uuid()
    try await change(name) { record, transaction in
      _ = try transaction.resolve(name, chance: 1)
      var policy = record.policies[name.qualifier ?? ""] ?? PolicyRecord(revision: revision)
      if let wanted = input.revisionId, wanted != policy.revision { throw LambdaError.wrongRevision }
      guard !policy.statements.contains(where: { $0.id == input.statementId }) else {
        throw LambdaError.resourceConflictException(
          "The statement id (\(input.statementId)) provided already exists. Please provide a new statement id, or "
            + "remove the existing statement.")
      }
      policy.statements.append(.init(id: input.statementId, text: statement))
      policy.revision = revision
      guard policy.document.utf8.count <= Limits.policyBytesMax else {
        throw LambdaError.policyLengthExceededException(
          "The final policy size (\(policy.document.utf8.count)) is bigger than the limit (\(Limits.policyBytesMax)).")
      }
      record.policies[name.qualifier ?? ""] = policy
    }
    return AddPermissionOutput(statement: statement)
  }

  /// One statement in the form in which Lambda writes it.
  private static func statement(_ input: AddPermissionInput, _ name: FunctionName) throws -> String {
    let principal: Any
    if input.principal == "*" {
      principal = "*"
    } else if let account = AccountID(input.principal) {
      principal = ["AWS": "arn:aws:iam::\(account):root"]
    } else if input.principal.hasPrefix("arn:") {
      principal = ["AWS": input.principal]
    } else if input.principal.contains(".") {
      principal = ["Service": input.principal]
    } else {
      throw LambdaError.invalidParameterValueException(
        "The provided principal was invalid. Please check the principal "
          + "and try again.")
    }
    var conditions: [String: [String: String]] = [:]
    if let source = input.sourceArn { conditions["ArnLike", default: [:]]["AWS:SourceArn"] = source }
    if let account = input.sourceAccount { conditions["StringEquals", default: [:]]["AWS:SourceAccount"] = account }
    if let organization = input.principalOrgID {
      conditions["StringEquals", default: [:]]["aws:PrincipalOrgID"] = organization
    }
    if let token = input.eventSourceToken {
      conditions["StringEquals", default: [:]]["lambda:EventSourceToken"] = token
    }
    var statement: [String: Any] = [
      "Sid": input.statementId, "Effect": "Allow", "Principal": principal, "Action": input.action,
      "Resource": name.qualifiedARN.description,
    ]
    if !conditions.isEmpty { statement["Condition"] = conditions }
    let data = try JSONSerialization.data(withJSONObject: statement, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  public func removePermission(
    _ input: RemovePermissionInput, _ context: RequestContext
  ) async throws -> RemovePermissionOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    try await context.authorize("lambda:RemovePermission", on: name.arn)
    let revision = random.uuid()
    try await change(name) { record, _ in
      guard var policy = record.policies[name.qualifier ?? ""] else { throw Self.noPolicy }
      if let wanted = input.revisionId, wanted != policy.revision { throw LambdaError.wrongRevision }
      guard policy.statements.contains(where: { $0.id == input.statementId }) else {
        throw LambdaError.resourceNotFoundException("Statement \(input.statementId) is not found in resource policy.")
      }
      policy.statements.removeAll { $0.id == input.statementId }
      policy.revision = revision
      record.policies[name.qualifier ?? ""] = policy.statements.isEmpty ? nil : policy
    }
    return RemovePermissionOutput()
  }

  public func getPolicy(_ input: GetPolicyInput, _ context: RequestContext) async throws -> GetPolicyOutput {
    let name = try FunctionName(input.functionName, qualifier: input.qualifier, context)
    let record = try await find(name, for: "GetPolicy", context)
    guard let policy = record.policies[name.qualifier ?? ""] else { throw Self.noPolicy }
    return GetPolicyOutput(policy: policy.document, revisionId: policy.revision)
  }

  private static let noPolicy = LambdaError.resourceNotFoundException(
    "The resource you requested does not exist.")
}
