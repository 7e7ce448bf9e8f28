import Kernel

/// The `Principal` element: `"*"`, or an object of AWS, Service, Federated and CanonicalUser.
enum PrincipalParser {
  static func parse(_ json: PolicyJSON, inverted: Bool) throws(MalformedPolicy) -> PolicyDocument.Principals {
    var members: [PolicyDocument.Principals.Member] = []
    switch json {
    case .string("*"): members = [.everyone]
    case .string(let text): throw MalformedPolicy("Invalid principal in policy: \"STRING_VALUE\":\"\(text)\"")
    case .object(let kinds, _):
      guard !kinds.isEmpty else { throw MalformedPolicy("Missing required field Principal cannot be empty!") }
      for kind in kinds {
        guard let texts = kind.value.strings else { throw .syntax }
        for text in texts { members.append(try member(kind.name, text)) }
      }
    default: throw .syntax
    }
    return PolicyDocument.Principals(members: members, inverted: inverted)
  }

  private static func member(_ kind: String, _ text: String) throws(MalformedPolicy)
    -> PolicyDocument.Principals.Member
  {
    switch kind {
    case "AWS":
      if text == "*" { return .everyone }
      if AccountID(text) != nil { return .account(text) }
      guard let arn = ARN(text), arn.service == "iam" || arn.service == "sts", AccountID(arn.account) != nil else {
        throw MalformedPolicy("Invalid principal in policy: \"AWS\":\"\(text)\"")
      }
      if arn.service == "iam", arn.resource == "root" { return .account(arn.account) }
      let kinds = ["user/", "role/", "assumed-role/", "federated-user/"]
      guard kinds.contains(where: arn.resource.hasPrefix), !arn.resource.contains("*") else {
        throw MalformedPolicy("Invalid principal in policy: \"AWS\":\"\(text)\"")
      }
      return .arn(text)
    case "Service":
      if text == "*" { return .service("*") }
      let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"]
      guard suffixes.contains(where: text.hasSuffix), !text.hasPrefix("."), !text.contains("*"), !text.contains(" ")
      else { throw MalformedPolicy("Invalid principal in policy: \"SERVICE\":\"\(text)\"") }
      return .service(text)
    case "Federated": return .federated(text)
    case "CanonicalUser": return .canonicalUser(text)
    default: throw MalformedPolicy("Invalid principal in policy: \"\(kind.uppercased())\":\"\(text)\"")
    }
  }
}
