package import Kernel

/// An S3 prefix with expressions: `events/!{timestamp:yyyy/MM/dd}/!{firehose:random-string}/`.
package struct PrefixExpression: Hashable, Sendable {
  package enum Part: Hashable, Sendable {
    case text(String)
    case timestamp(DatePattern)
    case randomString
    case errorOutputType
    /// Partition keys, from the query and from the function.
    case queryKey(String)
    case functionKey(String)
  }

  /// Why a text is no prefix, in the words of AWS's answer.
  package struct Malformed: Error, Hashable, Sendable {
    package var reason: String
  }

  package var parts: [Part]

  package var hasExpressions: Bool { parts.contains { if case .text = $0 { false } else { true } } }
  package var hasTimestamp: Bool { parts.contains { if case .timestamp = $0 { true } else { false } } }
  package var hasErrorOutputType: Bool { parts.contains(.errorOutputType) }
  package var hasPartitionKeys: Bool { !queryKeys.isEmpty || !functionKeys.isEmpty }
  package var queryKeys: [String] { parts.compactMap { if case .queryKey(let name) = $0 { name } else { nil } } }
  package var functionKeys: [String] { parts.compactMap { if case .functionKey(let name) = $0 { name } else { nil } } }

  package init(_ text: String) throws(Malformed) {
    parts = []
    var rest = Substring(text)
    while let start = rest.firstRange(of: "!{") {
      if start.lowerBound > rest.startIndex { parts.append(.text(String(rest[..<start.lowerBound]))) }
      let inside = rest[start.upperBound...]
      guard let end = inside.firstIndex(of: "}") else {
        throw Malformed(reason: "Malformed expression: no closing brace after !{")
      }
      parts.append(try Self.part(inside[..<end]))
      rest = inside[inside.index(after: end)...]
    }
    if !rest.isEmpty { parts.append(.text(String(rest))) }
  }

  private static func part(_ expression: Substring) throws(Malformed) -> Part {
    guard let colon = expression.firstIndex(of: ":") else {
      throw Malformed(reason: "Expression !{\(expression)} has no namespace")
    }
    let value = String(expression[expression.index(after: colon)...])
    switch expression[..<colon] {
    case "timestamp":
      do {
        return .timestamp(try DatePattern(value))
      } catch {
        throw Malformed(reason: "Invalid timestamp pattern \(value): \(error.reason)")
      }
    case "firehose":
      switch value {
      case "random-string": return .randomString
      case "error-output-type": return .errorOutputType
      default: throw Malformed(reason: "Unknown value \(value) in the firehose namespace")
      }
    case "partitionKeyFromQuery", "partitionKeyFromLambda":
      guard !value.isEmpty else { throw Malformed(reason: "Expression !{\(expression)} names no partition key") }
      return expression[..<colon] == "partitionKeyFromQuery" ? .queryKey(value) : .functionKey(value)
    default: throw Malformed(reason: "Unknown namespace in expression !{\(expression)}")
    }
  }

  /// Where an object goes.
  package struct Values: Sendable {
    /// Arrival of the oldest record in the object, as a wall clock at the destination's time zone shows it.
    package var time: CivilTime
    /// Eleven letters and digits, asked for once per use.
    package var randomString: @Sendable () -> String
    /// `format-conversion-failed` and the like; `nil` for good data.
    package var errorOutputType: String?
    package var partition = PartitionKeys()

    package init(time: CivilTime, errorOutputType: String? = nil, randomString: @escaping @Sendable () -> String) {
      self.time = time
      self.randomString = randomString
      self.errorOutputType = errorOutputType
    }
  }

  package func evaluate(_ values: Values) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .timestamp(let pattern): pattern.format(values.time)
      case .randomString: values.randomString()
      case .errorOutputType: values.errorOutputType ?? ""
      case .queryKey(let name): values.partition.fromQuery[name] ?? ""
      case .functionKey(let name): values.partition.fromFunction[name] ?? ""
      }
    }.joined()
  }
}

/// Values that tell a record's partition.
package struct PartitionKeys: Hashable, Sendable {
  package var fromQuery: [String: String] = [:]
  package var fromFunction: [String: String] = [:]
  package init() {}
}

/// The prefixes of one S3 destination, with AWS's rules for what is added where nothing is said.
package struct DestinationPrefixes: Hashable, Sendable {
  package var data: PrefixExpression
  package var errors: PrefixExpression?
  private let isPartitioned: Bool

  /// - Parameter isPartitioned: whether partitioning is dynamic; then no hour goes behind a prefix.
  /// - Throws: what AWS refuses: an error prefix that does not tell errors apart, expressions without an error prefix.
  package init(
    prefix: String?, errorPrefix: String?, isPartitioned: Bool = false
  ) throws(PrefixExpression.Malformed) {
    self.isPartitioned = isPartitioned
    data = try PrefixExpression(prefix ?? "")
    errors = try errorPrefix.flatMap { text throws(PrefixExpression.Malformed) in
      text.isEmpty ? nil : try PrefixExpression(text)
    }
    if data.hasErrorOutputType {
      throw .init(reason: "Prefix cannot contain !{firehose:error-output-type}")
    }
    if errors?.hasPartitionKeys == true {
      throw .init(reason: "ErrorOutputPrefix cannot contain Dynamic Partitioning namespaces.")
    }
    if data.hasExpressions, errors == nil {
      throw .init(reason: "ErrorOutputPrefix cannot be null when Prefix contains expressions.")
    }
    if let errors, errors.hasExpressions, !errors.hasErrorOutputType {
      throw .init(
        reason: "ErrorOutputPrefix must contain !{firehose:error-output-type} when it contains expressions.")
    }
  }

  /// `YYYY/MM/DD/HH/` goes behind a prefix that says nothing of the time.
  private static func hours(_ time: CivilTime) -> String {
    DatePattern.hourly.format(time) + "/"
  }

  package func dataPrefix(_ values: PrefixExpression.Values) -> String {
    let evaluated = data.evaluate(values)
    return data.hasTimestamp || isPartitioned ? evaluated : evaluated + Self.hours(values.time)
  }

  /// Failed records go under the error prefix as it is written, or under the data prefix with the kind of error and
  /// the hour behind it.
  package func errorPrefix(_ type: String, _ values: PrefixExpression.Values) -> String {
    var values = values
    values.errorOutputType = type
    if let errors {
      let evaluated = errors.evaluate(values)
      return errors.hasExpressions ? evaluated : evaluated + type + "/" + Self.hours(values.time)
    }
    return data.evaluate(values) + type + "/" + Self.hours(values.time)
  }
}
