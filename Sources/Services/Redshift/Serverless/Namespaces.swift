public import Kernel
import PostgresWire
public import RedshiftServerlessModel
import Storage

extension ServerlessService {
  public func createNamespace(_ input: CreateNamespaceInput, _ context: RequestContext) async throws
    -> CreateNamespaceOutput
  {
    let scope = context.scope
    let name = try ServerlessRules.name(input.namespaceName, "namespaceName")
    try await context.authorize("redshift-serverless:CreateNamespace", on: ["*"])
    let database = input.dbName ?? "dev"
    try ServerlessRules.check(ClusterRules.fault(ofDatabase: database, "dbName"))
    let user = input.adminUsername ?? "admin"
    try ServerlessRules.check(ClusterRules.fault(ofUser: user, "adminUsername"))
    if input.adminUsername != nil, input.adminUserPassword == nil, input.manageAdminPassword != true {
      throw RedshiftServerlessError.validationException(
        "adminUserPassword or manageAdminPassword must be specified with adminUsername.")
    }
    let (verifier, secret) = try adminPassword(
      input.adminUserPassword, managed: input.manageAdminPassword, user: user, name: name, scope)
    let roles = input.iamRoles ?? []
    try ServerlessRules.roles(roles, default: input.defaultIamRoleArn)
    let record = NamespaceRecord(
      name: name, id: house.random.uuid(), status: .available, created: context.time, adminUser: user,
      adminPassword: verifier, passwordIsNew: false, secretARN: secret,
      secretKMSKey: input.adminPasswordSecretKmsKeyId, database: database, encryptionKey: house.random.bytes(32).hex,
      kmsKey: input.kmsKeyId ?? RedshiftService.ownedKey, roles: roles, defaultRole: input.defaultIamRoleArn,
      logExports: (input.logExports ?? []).map(\.rawValue), tags: try ServerlessRules.tags(input.tags))
    try await keys.write { transaction in
      guard try transaction.get(NamespaceRecord.key(scope, name)) == nil else {
        throw RedshiftServerlessError.conflictException("Namespace \(name) already exists.")
      }
      guard try transaction.entries(NamespaceRecord.all(scope)).count < ServerlessLimits.namespacesMax else {
        throw RedshiftServerlessError.serviceQuotaExceededException("The quota of namespaces is exceeded.")
      }
      try transaction.set(NamespaceRecord.key(scope, name), record: record)
    }
    await work(scope, record)
    return CreateNamespaceOutput(namespace: record.shape(scope))
  }

  private func adminPassword(
    _ password: String?, managed: Bool?, user: String, name: String, _ scope: Scope
  ) throws -> (PasswordVerifier?, String?) {
    if managed == true {
      // Terraform sends an empty one with it.
      guard password?.isEmpty ?? true else {
        throw RedshiftServerlessError.validationException(
          "You can't use adminUserPassword if manageAdminPassword is true.")
      }
      let made = "Tn1" + house.random.bytes(24).hex
      let arn = ARN(
        service: "secretsmanager", scope.region, scope.account,
        "secret:redshift!\(name)-\(user)-\(house.random.bytes(3).hex)")
      return (PasswordVerifier(password: made, user: user, random: house.random), arn.description)
    }
    guard let password else { return (nil, nil) }
    try ServerlessRules.check(ClusterRules.weakness(ofPassword: password, "adminUserPassword"))
    return (PasswordVerifier(password: password, user: user, random: house.random), nil)
  }

  public func getNamespace(_ input: GetNamespaceInput, _ context: RequestContext) async throws -> GetNamespaceOutput {
    let record = try await namespace(input.namespaceName, "GetNamespace", context)
    return GetNamespaceOutput(namespace: record.shape(context.scope))
  }

  func namespace(_ name: String, _ action: String, _ context: RequestContext) async throws -> NamespaceRecord {
    let scope = context.scope
    let found = try await keys.read { try $0.get(NamespaceRecord.key(scope, name), as: NamespaceRecord.self) }
    let arn = found?.arn(scope) ?? context.arn("redshift-serverless", "namespace/*")
    try await context.authorize("redshift-serverless:\(action)", on: arn)
    guard let found else {
      throw RedshiftServerlessError.resourceNotFoundException("Namespace \(name) doesn't exist.")
    }
    return found
  }

  public func listNamespaces(_ input: ListNamespacesInput, _ context: RequestContext) async throws
    -> ListNamespacesOutput
  {
    let scope = context.scope
    try await context.authorize("redshift-serverless:ListNamespaces", on: ["*"])
    let all = try await keys.read { try $0.records(NamespaceRecord.all(scope), as: NamespaceRecord.self) }
    let page = Self.page(all, after: input.nextToken, limit: input.maxResults) { $0.name }
    return ListNamespacesOutput(namespaces: page.items.map { $0.shape(scope) }, nextToken: page.marker)
  }

  public func updateNamespace(_ input: UpdateNamespaceInput, _ context: RequestContext) async throws
    -> UpdateNamespaceOutput
  {
    let scope = context.scope
    let before = try await namespace(input.namespaceName, "UpdateNamespace", context)
    let user = input.adminUsername ?? before.adminUser
    try ServerlessRules.check(ClusterRules.fault(ofUser: user, "adminUsername"))
    let (verifier, secret) = try adminPassword(
      input.adminUserPassword, managed: input.manageAdminPassword, user: user, name: before.name, scope)
    if user != before.adminUser, verifier == nil {
      throw RedshiftServerlessError.validationException("adminUserPassword must be specified with adminUsername.")
    }
    let changed = try await keys.write { transaction in
      var record = try transaction.namespace(scope, input.namespaceName)
      guard record.status == .available else {
        throw RedshiftServerlessError.conflictException(
          "There is an operation running on the namespace. Try updating the namespace again later.")
      }
      if let verifier {
        record.adminUser = user
        record.adminPassword = verifier
        record.secretARN = secret
        record.passwordIsNew = true
      }
      record.secretKMSKey = input.adminPasswordSecretKmsKeyId ?? record.secretKMSKey
      record.roles = input.iamRoles ?? record.roles
      if let standard = input.defaultIamRoleArn { record.defaultRole = standard.isEmpty ? nil : standard }
      try ServerlessRules.roles(record.roles, default: record.defaultRole)
      record.kmsKey = input.kmsKeyId ?? record.kmsKey
      if let exports = input.logExports { record.logExports = exports.map(\.rawValue) }
      record.status = .modifying
      try transaction.set(NamespaceRecord.key(scope, record.name), record: record)
      return record
    }
    await work(scope, changed)
    return UpdateNamespaceOutput(namespace: changed.shape(scope))
  }

  public func deleteNamespace(_ input: DeleteNamespaceInput, _ context: RequestContext) async throws
    -> DeleteNamespaceOutput
  {
    let scope = context.scope
    _ = try await namespace(input.namespaceName, "DeleteNamespace", context)
    let (now, copy, id) = (house.clock.now(), house.random.uuid(), house.random.uuid())
    let final = try input.finalSnapshotName.map { try ServerlessRules.name($0, "finalSnapshotName") }
    let going = try await keys.write { transaction in
      var record = try transaction.namespace(scope, input.namespaceName)
      guard try transaction.workgroup(scope, of: record.name) == nil else {
        throw RedshiftServerlessError.conflictException(
          "There is a workgroup associated with the namespace \(record.name). Delete it first.")
      }
      guard record.status == .available else {
        throw RedshiftServerlessError.conflictException(
          "There is an operation running on the namespace. Try deleting the namespace again later.")
      }
      record.status = .deleting
      if let final {
        record.finalSnapshot = final
        try ServerlessSnapshotRecord.begin(
          transaction, scope, of: record, name: final, id: id, copy: copy,
          retentionDays: input.finalSnapshotRetentionPeriod, tags: [:], at: now)
      }
      try transaction.set(NamespaceRecord.key(scope, record.name), record: record)
      return record
    }
    await work(scope, going)
    return DeleteNamespaceOutput(namespace: going.shape(scope))
  }
}
