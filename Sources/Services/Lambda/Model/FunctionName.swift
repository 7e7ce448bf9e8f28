package import Kernel
import LambdaModel

/// What a caller names a function by: a name, a partial ARN (`ACCOUNT:function:NAME`) or a full one, with or without a
/// qualifier. Source: API reference, Invoke, "FunctionName".
package struct FunctionName: Sendable, Hashable {
  package var scope: Scope
  package var name: String
  package var qualifier: String?

  static let latest = "$LATEST"

  /// - Parameters:
  ///   - extra: the qualifier given beside the name.
  ///   - ofAnyAccount: whether a function of another account may be named: for what looks at the function's own policy.
  /// - Throws: InvalidParameterValueException, ResourceNotFoundException for another region's function,
  ///   AccessDeniedException for another account's.
  package init(
    _ text: String, qualifier extra: String? = nil, _ context: RequestContext, ofAnyAccount: Bool = false
  ) throws {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    var account = context.account
    if parts.first == "arn" {
      guard parts.count >= 7, parts[2] == "lambda", parts[5] == "function", let owner = AccountID(parts[4]) else {
        throw Self.invalid(text)
      }
      guard parts[3] == context.region.code else {
        throw LambdaError.resourceNotFoundException(
          "Functions from '\(parts[3])' are not reachable in this region ('\(context.region.code)')")
      }
      account = owner
      parts.removeFirst(6)
    } else if parts.count >= 3, parts[1] == "function", let owner = AccountID(parts[0]) {
      account = owner
      parts.removeFirst(2)
    } else if parts.count >= 2, parts[0] == "function" {
      parts.removeFirst(1)
    }
    guard (1...2).contains(parts.count), Self.isName(parts[0]) else { throw Self.invalid(text) }
    let inner = parts.count == 2 ? parts[1] : nil
    if let inner, let extra, inner != extra {
      throw LambdaError.invalidParameterValueException(
        "The derived qualifier from the function name does not match the specified qualifier.")
    }
    guard ofAnyAccount || account == context.account else {
      throw LambdaError.accessDeniedException(
        "User: \(context.principal.arn) is not authorized to perform this operation on resource: \(text) because no "
          + "resource-based policy allows it")
    }
    scope = Scope(account: account, region: context.region)
    name = parts[0]
    qualifier = inner ?? extra
    if let qualifier, !Self.isQualifier(qualifier) { throw Self.invalid(text) }
  }

  package init(scope: Scope, name: String, qualifier: String? = nil) {
    self.scope = scope
    self.name = name
    self.qualifier = qualifier
  }

  private static func invalid(_ text: String) -> AWSError {
    LambdaError.validationException(
      "1 validation error detected: Value '\(text.prefix(256))' at 'functionName' failed to satisfy constraint: Member "
        + "must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?"
        + "(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?")
  }

  static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isWord)
  }

  static func isQualifier(_ text: String) -> Bool {
    text == latest || ((1...128).contains(text.utf8.count) && text.utf8.allSatisfy(isWord))
  }

  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
      UInt8(ascii: "_"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  /// The ARN without a qualifier.
  var arn: ARN { ARN(service: "lambda", scope.region, scope.account, "function:\(name)") }

  /// The ARN with the qualifier that was given.
  var qualifiedARN: ARN { qualifier.map { Self.arn(scope, name, $0) } ?? arn }

  static func arn(_ scope: Scope, _ name: String, _ qualifier: String) -> ARN {
    ARN(service: "lambda", scope.region, scope.account, "function:\(name):\(qualifier)")
  }
}
