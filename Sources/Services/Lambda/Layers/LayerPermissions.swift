import Foundation
public import Kernel
public import LambdaModel
import Storage

extension LambdaService {
  public func addLayerVersionPermission(
    _ input: AddLayerVersionPermissionInput, _ context: RequestContext
  ) async throws -> AddLayerVersionPermissionOutput {
    let layer = try own(input.layerName, context)
    let number = input.versionNumber
    try await context.authorize("lambda:AddLayerVersionPermission", on: layer.arn(number))
    let statement = try Self.statement(input, layer)
    let revision = random.uuid()
    try await keys.write { transaction in
      var version = try transaction.layerVersion(layer, number)
      var policy = version.policy ?? PolicyRecord(revision: revision)
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
      version.policy = policy
      try transaction.set(LambdaKeys.layerVersion(layer, number), record: version)
    }
    return AddLayerVersionPermissionOutput(statement: statement, revisionId: revision)
  }

  private static func statement(_ input: AddLayerVersionPermissionInput, _ layer: LayerName) throws -> String {
    guard input.action == "lambda:GetLayerVersion" else {
      throw LambdaError.validationException(
        "1 validation error detected: Value '\(input.action)' at 'action' failed to satisfy constraint: Member must "
          + "satisfy regular expression pattern: lambda:GetLayerVersion")
    }
    var statement: [String: Any] = [
      "Sid": input.statementId, "Effect": "Allow", "Action": input.action,
      "Resource": layer.arn(input.versionNumber).description,
    ]
    if input.principal == "*" {
      statement["Principal"] = "*"
    } else if let account = AccountID(input.principal) {
      statement["Principal"] = ["AWS": "arn:aws:iam::\(account):root"]
    } else if let arn = ARN(input.principal), arn.service == "iam", arn.resource == "root" {
      statement["Principal"] = ["AWS": input.principal]
    } else {
      throw LambdaError.invalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again.")
    }
    if let organization = input.organizationId {
      guard input.principal == "*" else {
        throw LambdaError.invalidParameterValueException(
          "OrganizationId can be specified only when the principal is *.")
      }
      statement["Condition"] = ["StringEquals": ["aws:PrincipalOrgID": organization]]
    }
    let data = try JSONSerialization.data(withJSONObject: statement, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  public func getLayerVersionPolicy(
    _ input: GetLayerVersionPolicyInput, _ context: RequestContext
  ) async throws -> GetLayerVersionPolicyOutput {
    let layer = try own(input.layerName, context)
    let number = input.versionNumber
    try await context.authorize("lambda:GetLayerVersionPolicy", on: layer.arn(number))
    guard let policy = try await keys.read({ try $0.layerVersion(layer, number) }).policy else {
      throw LambdaError.resourceNotFoundException("No policy is associated with the given resource.")
    }
    return GetLayerVersionPolicyOutput(policy: policy.document, revisionId: policy.revision)
  }

  public func removeLayerVersionPermission(
    _ input: RemoveLayerVersionPermissionInput, _ context: RequestContext
  ) async throws -> RemoveLayerVersionPermissionOutput {
    let layer = try own(input.layerName, context)
    let number = input.versionNumber
    try await context.authorize("lambda:RemoveLayerVersionPermission", on: layer.arn(number))
    let revision = random.uuid()
    try await keys.write { transaction in
      var version = try transaction.layerVersion(layer, number)
      guard var policy = version.policy, policy.statements.contains(where: { $0.id == input.statementId }) else {
        throw LambdaError.resourceNotFoundException("Statement \(input.statementId) is not found in resource policy.")
      }
      if let wanted = input.revisionId, wanted != policy.revision { throw LambdaError.wrongRevision }
      policy.statements.removeAll { $0.id == input.statementId }
      policy.revision = revision
      version.policy = policy.statements.isEmpty ? nil : policy
      try transaction.set(LambdaKeys.layerVersion(layer, number), record: version)
    }
    return RemoveLayerVersionPermissionOutput()
  }
}
