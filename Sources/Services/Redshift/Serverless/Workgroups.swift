import AWSWire
public import Kernel
public import RedshiftServerlessModel
import Storage

extension ServerlessService {
  public func createWorkgroup(_ input: CreateWorkgroupInput, _ context: RequestContext) async throws
    -> CreateWorkgroupOutput
  {
    let scope = context.scope
    let name = try ServerlessRules.name(input.workgroupName, "workgroupName")
    try await context.authorize("redshift-serverless:CreateWorkgroup", on: ["*"])
    let record = WorkgroupRecord(
      name: name, id: house.random.uuid(), status: .creating, created: context.time, namespace: input.namespaceName,
      baseCapacity: try ServerlessRules.capacity(input.baseCapacity ?? ServerlessLimits.baseCapacityDefault),
      maxCapacity: try input.maxCapacity.map(ServerlessRules.capacity), port: try ServerlessRules.port(input.port),
      parameters: try ServerlessRules.parameters(
        input.configParameters, over: WorkgroupRecord.defaultParameters),
      isPublic: input.publiclyAccessible ?? false, enhancedRouting: input.enhancedVpcRouting ?? false,
      securityGroups: input.securityGroupIds ?? [], subnets: input.subnetIds ?? [],
      priceTarget: input.pricePerformanceTarget?.level, track: input.trackName ?? "current",
      tags: try ServerlessRules.tags(input.tags))
    try Self.checkCapacity(record)
    try await keys.write { transaction in
      guard try transaction.get(WorkgroupRecord.key(scope, name)) == nil else {
        throw RedshiftServerlessError.conflictException("Workgroup \(name) already exists.")
      }
      let namespace = try transaction.namespace(scope, input.namespaceName)
      guard namespace.status != .deleting else {
        throw RedshiftServerlessError.conflictException("The namespace \(namespace.name) is being deleted.")
      }
      if let other = try transaction.workgroup(scope, of: namespace.name) {
        throw RedshiftServerlessError.conflictException(
          "The namespace \(namespace.name) is associated with the workgroup \(other.name) already.")
      }
      guard try transaction.entries(WorkgroupRecord.all(scope)).count < ServerlessLimits.workgroupsMax else {
        throw RedshiftServerlessError.serviceQuotaExceededException("The quota of workgroups is exceeded.")
      }
      try transaction.set(WorkgroupRecord.key(scope, name), record: record)
    }
    await work(scope, record)
    return CreateWorkgroupOutput(workgroup: record.shape(scope, address: house.address(for: context)))
  }

  private static func checkCapacity(_ record: WorkgroupRecord) throws {
    if let most = record.maxCapacity, most < record.baseCapacity {
      throw RedshiftServerlessError.validationException("maxCapacity must not be less than baseCapacity.")
    }
  }

  public func getWorkgroup(_ input: GetWorkgroupInput, _ context: RequestContext) async throws -> GetWorkgroupOutput {
    let record = try await workgroup(input.workgroupName, "GetWorkgroup", context)
    return GetWorkgroupOutput(workgroup: record.shape(context.scope, address: house.address(for: context)))
  }

  func workgroup(_ name: String, _ action: String, _ context: RequestContext) async throws -> WorkgroupRecord {
    let scope = context.scope
    let found = try await keys.read { try $0.get(WorkgroupRecord.key(scope, name), as: WorkgroupRecord.self) }
    let arn = found?.arn(scope) ?? context.arn("redshift-serverless", "workgroup/*")
    try await context.authorize("redshift-serverless:\(action)", on: arn)
    guard let found else {
      throw RedshiftServerlessError.resourceNotFoundException("Workgroup \(name) doesn't exist.")
    }
    return found
  }

  public func listWorkgroups(_ input: ListWorkgroupsInput, _ context: RequestContext) async throws
    -> ListWorkgroupsOutput
  {
    let (scope, address) = (context.scope, house.address(for: context))
    try await context.authorize("redshift-serverless:ListWorkgroups", on: ["*"])
    let all = try await keys.read { try $0.records(WorkgroupRecord.all(scope), as: WorkgroupRecord.self) }
    let page = Self.page(all, after: input.nextToken, limit: input.maxResults) { $0.name }
    return ListWorkgroupsOutput(
      nextToken: page.marker, workgroups: page.items.map { $0.shape(scope, address: address) })
  }

  public func updateWorkgroup(_ input: UpdateWorkgroupInput, _ context: RequestContext) async throws
    -> UpdateWorkgroupOutput
  {
    let scope = context.scope
    _ = try await workgroup(input.workgroupName, "UpdateWorkgroup", context)
    let changed = try await keys.write { transaction in
      var record = try transaction.workgroup(scope, input.workgroupName)
      guard record.status == .available else {
        throw RedshiftServerlessError.conflictException(
          "There is an operation running on the workgroup. Try updating the workgroup again later.")
      }
      if let base = input.baseCapacity { record.baseCapacity = try ServerlessRules.capacity(base) }
      if let most = input.maxCapacity { record.maxCapacity = most < 0 ? nil : try ServerlessRules.capacity(most) }
      try Self.checkCapacity(record)
      if let port = input.port, port != record.port {
        record.port = try ServerlessRules.port(port)
        record.boundPort = nil
      }
      record.parameters = try ServerlessRules.parameters(input.configParameters, over: record.parameters)
      record.isPublic = input.publiclyAccessible ?? record.isPublic
      record.enhancedRouting = input.enhancedVpcRouting ?? record.enhancedRouting
      record.securityGroups = input.securityGroupIds ?? record.securityGroups
      record.subnets = input.subnetIds ?? record.subnets
      record.priceTarget = input.pricePerformanceTarget.map { $0.status == "DISABLED" ? nil : $0.level }
        ?? record.priceTarget
      record.track = input.trackName ?? record.track
      if input.port != nil || input.configParameters != nil { record.status = .modifying }
      try transaction.set(WorkgroupRecord.key(scope, record.name), record: record)
      return record
    }
    if changed.status == .modifying { await work(scope, changed) }
    return UpdateWorkgroupOutput(workgroup: changed.shape(scope, address: house.address(for: context)))
  }

  public func deleteWorkgroup(_ input: DeleteWorkgroupInput, _ context: RequestContext) async throws
    -> DeleteWorkgroupOutput
  {
    let scope = context.scope
    _ = try await workgroup(input.workgroupName, "DeleteWorkgroup", context)
    let going = try await keys.write { transaction in
      var record = try transaction.workgroup(scope, input.workgroupName)
      guard record.status == .available else {
        throw RedshiftServerlessError.conflictException(
          "There is an operation running on the workgroup. Try deleting the workgroup again later.")
      }
      let accesses = try transaction.records(EndpointAccessRecord.all(scope), as: EndpointAccessRecord.self)
      if let access = accesses.first(where: { $0.workgroup == record.name }) {
        throw RedshiftServerlessError.conflictException(
          "The workgroup \(record.name) has the endpoint \(access.name). Delete that first.")
      }
      record.status = .deleting
      try transaction.set(WorkgroupRecord.key(scope, record.name), record: record)
      return record
    }
    await work(scope, going)
    return DeleteWorkgroupOutput(workgroup: going.shape(scope, address: house.address(for: context)))
  }

  /// A temporary password for the caller himself: `IAM:alice` for a user, `IAMR:loader` for a role.
  public func getCredentials(_ input: GetCredentialsInput, _ context: RequestContext) async throws
    -> GetCredentialsOutput
  {
    let name: String
    if let domain = input.customDomainName {
      name = try await workgroupName(ofDomain: domain, context.scope)
      guard input.workgroupName ?? name == name else {
        throw RedshiftServerlessError.validationException("The custom domain belongs to another workgroup.")
      }
    } else if let given = input.workgroupName {
      name = given
    } else {
      throw RedshiftServerlessError.validationException("workgroupName or customDomainName must be specified.")
    }
    let record = try await workgroup(name, "GetCredentials", context)
    let seconds = input.durationSeconds ?? ServerlessLimits.credentialSeconds.lowerBound
    guard ServerlessLimits.credentialSeconds.contains(seconds) else {
      throw RedshiftServerlessError.validationException("durationSeconds must be between 900 and 3600.")
    }
    let scope = context.scope
    let namespace = try await keys.read { try $0.namespace(scope, record.namespace) }
    let user = RedshiftService.databaseUser(of: context.principal)
    let made = try await house.passwords.issue(
      TemporaryPasswords.Grant(
        name: user, user: user, database: input.dbName, createsUser: true, durationSeconds: seconds),
      namespace: namespace.id)
    return GetCredentialsOutput(
      dbPassword: made.password, dbUser: made.user, expiration: made.expiration, nextRefreshTime: made.nextRefresh)
  }
}
