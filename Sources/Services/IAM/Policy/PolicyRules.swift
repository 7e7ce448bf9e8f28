import Kernel

/// What a well-formed document must further fulfil.
enum PolicyRules {
  static func check(_ shape: DocumentShape, _ kind: PolicyKind) throws(MalformedPolicy) {
    for statement in shape.statements { try checkLegacy(statement) }
    if kind != .trust && kind != .resource, shape.statements.contains(where: { $0.principals != nil }) {
      throw MalformedPolicy("Policy document should not specify a principal.")
    }
    if kind == .resource, shape.statements.contains(where: { $0.principals == nil }) {
      throw MalformedPolicy("Missing required field Principal")
    }
    try checkSids(shape)
    for statement in shape.statements {
      for resource in statement.resources ?? [] { try checkResource(resource) }
    }
    for statement in shape.statements {
      for action in statement.actions { try checkAction(action) }
    }
    for statement in shape.statements {
      if statement.actions.isEmpty { throw MalformedPolicy("Policy statement must contain actions.") }
      if kind == .trust {
        try checkTrust(statement)
      } else if statement.resources?.isEmpty ?? true {
        throw MalformedPolicy("Policy statement must contain resources.")
      }
    }
  }

  /// What passes the grammar and still fails IAM's older parser: the effect's spelling, dates, shapes of ARNs.
  private static func checkLegacy(_ statement: StatementShape) throws(MalformedPolicy) {
    guard statement.effect == "Allow" || statement.effect == "Deny" else { throw .legacy }
    for condition in statement.conditions where condition.test.comparison.isDate {
      for value in condition.values where ConditionDate.parse(value) == nil { throw .legacy }
    }
    for resource in statement.resources ?? [] where resource != "*" {
      let parts = resource.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count > 3, isPartition(String(parts[1])) else { continue }
      if parts[2].isEmpty { throw .legacy }
      // Five parts: the account's field would hold what was meant as the resource.
      if parts.count == 5, !resource.contains("*") { throw .legacy }
    }
  }

  private static func checkSids(_ shape: DocumentShape) throws(MalformedPolicy) {
    var seen: Set<String> = []
    for sid in shape.statements.compactMap(\.sid) where !sid.isEmpty {
      guard seen.insert(sid).inserted else {
        throw MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")
      }
    }
  }

  private static func isPartition(_ text: String) -> Bool {
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "*"].contains(text)
  }

  /// An ARN with the fields that were left off filled with `*`.
  static func completed(_ resource: String) -> String {
    guard resource != "*" else { return resource }
    var parts = resource.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
    while parts.count < 6 { parts.append("*") }
    return parts.joined(separator: ":")
  }

  private static func checkResource(_ resource: String) throws(MalformedPolicy) {
    if resource == "*" { return }
    let parts = resource.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1 else {
      throw MalformedPolicy("Resource \(resource) must be in ARN format or \"*\".")
    }
    guard isPartition(parts[1]) else {
      let filled = ["arn"] + parts.dropFirst() + [String](repeating: "*", count: max(0, 6 - parts.count))
      throw MalformedPolicy(
        "Partition \"\(parts[1])\" is not valid for resource \"\(filled.joined(separator: ":"))\".")
    }
    guard parts.count > 2, !parts[2].contains("*") || parts[2] == "*", !parts[2].contains("?") else {
      throw MalformedPolicy("Resource vendor must be fully qualified and cannot contain regexes.")
    }
    let region = parts.count > 3 ? parts[3] : ""
    if parts[2] == "iam" {
      if !region.isEmpty, region != "*" {
        throw MalformedPolicy("IAM resource \(resource) cannot contain region information.")
      }
      if parts.count == 6 { try checkIAMPath(parts[5]) }
    }
    if parts[2] == "s3", !region.isEmpty, region != "*", parts.count < 6 || !isS3Regional(parts[5]) {
      throw MalformedPolicy("Resource \(resource) can not contain region information.")
    }
  }

  /// Access points and the like are regional, unlike buckets.
  private static func isS3Regional(_ resource: String) -> Bool {
    ["accesspoint", "job", "storage-lens", "async-request", "access-grants"].contains(where: resource.hasPrefix)
  }

  private static let iamPaths = [
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
    "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
  ]

  private static func checkIAMPath(_ path: String) throws(MalformedPolicy) {
    if path == "*" || path == "root" || path.hasPrefix("*") || path.hasPrefix("${") { return }
    guard iamPaths.contains(where: { path.hasPrefix($0) || path.hasSuffix("*") && $0.hasPrefix(path.dropLast()) })
    else {
      throw MalformedPolicy(
        "IAM resource path must either be \"*\" or start with \(iamPaths.joined(separator: ", ")).")
    }
  }

  private static func checkAction(_ action: String) throws(MalformedPolicy) {
    if action == "*" { return }
    let parts = action.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count > 1 else {
      throw MalformedPolicy("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    }
    guard parts.count == 2 else { throw MalformedPolicy("Actions/Condition can contain only one colon.") }
    let isVendor =
      parts[0] == "*"
      || !parts[0].isEmpty
        && parts[0].utf8.allSatisfy {
          (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
            || $0 == 0x2E
        }
    guard isVendor else { throw MalformedPolicy("Vendor \(parts[0]) is not valid") }
  }

  private static func checkTrust(_ statement: StatementShape) throws(MalformedPolicy) {
    guard statement.actions.allSatisfy({ $0.lowercased().hasPrefix("sts:") }) else {
      throw MalformedPolicy("AssumeRole policy may only specify STS AssumeRole actions.")
    }
    guard statement.principals?.inverted != true || statement.effect == "Deny" else {
      throw MalformedPolicy("Allow with NotPrincipal is not allowed.")
    }
  }
}
