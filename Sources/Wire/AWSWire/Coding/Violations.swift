/// Where a request breaks its model's constraints, and AWS's sentences about it.
public struct Violations: Sendable {
  public enum Constraint: Sendable, Hashable {
    case lengthMin(Double)
    case lengthMax(Double)
    case valueMin(Double)
    case valueMax(Double)
    case pattern(String)
    case enumeration([String])

    var text: String {
      switch self {
      case .lengthMin(let min): "Member must have length greater than or equal to \(Self.number(min))"
      case .lengthMax(let max): "Member must have length less than or equal to \(Self.number(max))"
      case .valueMin(let min): "Member must have value greater than or equal to \(Self.number(min))"
      case .valueMax(let max): "Member must have value less than or equal to \(Self.number(max))"
      case .pattern(let pattern): "Member must satisfy regular expression pattern: \(pattern)"
      case .enumeration(let values): "Member must satisfy enum value set: [\(values.joined(separator: ", "))]"
      }
    }

    private static func number(_ value: Double) -> String {
      if value >= 9.2e18 { return "\(Int64.max)" }
      return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
  }

  enum Violation: Sendable {
    /// A required member that did not come, or a null in a list.
    case missing(String)
    /// - Parameter value: `nil` where it is not shown.
    case broken(String, value: String?, Constraint)

    var text: String {
      switch self {
      case .missing(let path):
        return "Value null at '\(path)' failed to satisfy constraint: Member must not be null"
      case .broken(let path, let value, let constraint):
        let shown = value.map { " '\($0)'" } ?? ""
        return "Value\(shown) at '\(path)' failed to satisfy constraint: \(constraint.text)"
      }
    }
  }

  private(set) var shown: [Violation] = []
  public private(set) var count = 0
  public var isEmpty: Bool { count == 0 }

  mutating func add(_ violation: Violation) {
    count += 1
    if shown.count < WireLimits.violationsShownMax { shown.append(violation) }
  }

  /// IAM's own sentence for a name or path of the wrong characters, where that is all that is wrong.
  var identityMessage: String? {
    guard count == 1, case .broken(let path, _, .pattern(let pattern))? = shown.first else { return nil }
    let name = path.split(separator: ".").last.map(String.init) ?? path
    let rule: String
    switch pattern {
    case #"[\w+=,.@-]+"#, #"[\w+=,.@-]*"#:
      rule = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
    case #"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"#, #"\u002F[\u0021-\u007F]*"#, #"((/[A-Za-z0-9\.,\+@=_-]+)*)/"#:
      rule =
        "It must begin \(name == "pathPrefix" ? "with the / character" : "and end with /") and contain only "
        + "alphanumeric characters and/or / characters."
    default: return nil
    }
    return "The specified value for \(name) is invalid. \(rule)"
  }

  /// `2 validation errors detected: Value …; Value …`, as AWS's services say it.
  public var message: String {
    let noun = count == 1 ? "error" : "errors"
    return "\(count) validation \(noun) detected: \(shown.map(\.text).joined(separator: "; "))"
  }
}
