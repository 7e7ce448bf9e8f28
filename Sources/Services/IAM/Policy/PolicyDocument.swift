/// A policy, parsed and compiled: what the evaluator works on.
///
/// Grammar: IAM User Guide, "Grammar of the IAM JSON policy language".
package struct PolicyDocument: Sendable {
  package var version: Version
  package var id: String?
  package var statements: [Statement]

  package enum Version: String, Sendable {
    case v2008 = "2008-10-17"
    case v2012 = "2012-10-17"
  }

  package enum Effect: Sendable { case allow, deny }

  package struct Statement: Sendable {
    var sid: String?
    var effect: Effect
    /// `nil` in an identity policy.
    var principals: Principals?
    /// `NotAction` when inverted.
    var actions: Patterns
    /// `nil` in a trust policy: it is about the role that holds it.
    var resources: Patterns?
    var conditions: [Condition]
    /// Where the statement stands in the document's text.
    var span: Position
  }

  /// `Action` or `NotAction`, `Resource` or `NotResource`.
  struct Patterns: Sendable {
    var patterns: [Pattern]
    var inverted: Bool
    /// As they were written.
    var texts: [String]

    func match(_ text: String, _ lookup: (String) -> [String]?) -> Bool {
      patterns.contains { $0.matches(text, lookup) } != inverted
    }
  }

  /// `Principal` or `NotPrincipal`.
  struct Principals: Sendable {
    enum Member: Sendable, Hashable {
      case everyone
      /// Twelve digits: the account, as its number or its root's ARN.
      case account(String)
      /// The ARN of a user, a role or a session.
      case arn(String)
      case service(String)
      case federated(String)
      case canonicalUser(String)
    }
    var members: [Member]
    var inverted: Bool
  }

  struct Condition: Sendable {
    var test: ConditionTest
    /// In lower case: condition keys know no case.
    var key: String
    /// The key as it was written.
    var name: String
    var operands: ConditionOperands
  }

  /// Lines and columns from 1, as the simulator reports them.
  package struct Position: Sendable, Hashable {
    package var startLine = 1
    package var startColumn = 1
    package var endLine = 1
    package var endColumn = 1
  }
}

/// Where a policy is used, which decides what it may and must hold.
package enum PolicyKind: Sendable {
  /// A managed policy: must name version 2012-10-17.
  case managed
  /// A user's, group's or role's inline policy.
  case inline
  /// A role's trust policy.
  case trust
  /// Handed to AssumeRole.
  case session
  /// A resource's own policy, such as a bucket's.
  case resource
}

/// Why a policy was refused, in IAM's words.
package struct MalformedPolicy: Error, Sendable, Hashable {
  package var message: String

  init(_ message: String) { self.message = message }

  static let syntax = MalformedPolicy("Syntax errors in policy.")
  static let legacy = MalformedPolicy("The policy failed legacy parsing")
}
