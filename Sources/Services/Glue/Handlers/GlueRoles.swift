import Kernel

/// Roles that Glue's work is done with, as jobs and crawlers name them.
struct GlueRoles: Sendable {
  static let service = "glue.amazonaws.com"

  let broker: any RoleBroker

  /// The role in the form in which it is kept, once the caller may pass it and Glue may assume it: a role of the
  /// account by its path and name, another as it was given.
  /// - Throws: `InvalidInputException`; `AccessDeniedException` for who may not pass it.
  func checked(_ role: String, _ context: RequestContext) async throws -> String {
    let arn = try await passed(role, context)
    return arn.account == context.account.digits ? String(arn.resource.dropFirst("role/".count)) : role
  }

  /// As `checked`: the role's ARN.
  func passed(_ role: String, _ context: RequestContext) async throws -> ARN {
    let refused = CatalogError.invalidInput(
      "Service is unable to assume provided role. Please verify role's TrustPolicy")
    var last: any Error = refused
    for arn in Self.arns(role, context.scope) {
      do {
        try await broker.checkPass(role: arn, to: Self.service, context: context)
        return arn
      } catch let error as AWSError {
        // Who may not pass the role is told so; a role that is not there, or trusts another, is one error on AWS.
        let isAboutService = error.code == "NoSuchEntity" || error.message.hasPrefix(Self.service)
        last = isAboutService ? refused : error
        if !isAboutService { break }
      }
    }
    throw last
  }

  /// A role by its ARN, or by its path and name; the console makes service roles below `service-role/`.
  static func arns(_ role: String, _ scope: Scope) -> [ARN] {
    if let arn = ARN(role) { return [arn] }
    func named(_ name: String) -> ARN {
      ARN(
        partition: scope.region.partition, service: "iam", region: "", account: scope.account.digits,
        resource: "role/" + name)
    }
    return role.contains("/") ? [named(role)] : [named(role), named("service-role/" + role)]
  }
}
