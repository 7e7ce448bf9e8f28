import Kernel
import NIOCore

/// Makes shapes from a source, and notes where their values break the model's constraints.
///
/// Generated code steps through a structure with `begin` and `next` and reads members with `read`. Violations are
/// gathered and not thrown, since AWS reports all of them at once; whoever started the decoding looks at `violations`
/// in the end.
public final class ShapeDecoder {
  let source: ValueSource
  private var traits: ValueTraits?
  public private(set) var violations = Violations()
  /// Whether constraints other than required members are looked at: S3 leaves them to its handlers.
  private let checksConstraints: Bool

  /// A place on the way from the input to the value at hand: a member of a structure, an element of a list (counted
  /// from 1) or a value of a map.
  private struct Step {
    var schema: StructureSchema?
    var seen = MemberSet()
    var index = -1
    var key: String?
  }
  /// The way, in memory of its own: it changes with every member, and each change of an array in a class is checked.
  private let steps = UnsafeMutablePointer<Step>.allocate(capacity: WireLimits.nestingMax)
  private var depth = 0

  init(_ source: ValueSource, checksConstraints: Bool = true) {
    self.source = source
    self.checksConstraints = checksConstraints
    steps.initialize(repeating: Step(), count: WireLimits.nestingMax)
  }

  deinit {
    steps.deinitialize(count: WireLimits.nestingMax)
    steps.deallocate()
  }

  private func push(_ step: Step) throws {
    guard depth < WireLimits.nestingMax else { throw WireFault.malformed("nested too deeply") }
    steps[depth] = step
    depth += 1
  }

  // MARK: Structures

  public func begin(_ schema: StructureSchema) throws {
    try push(Step(schema: schema))
    try source.enterStructure(schema)
  }

  /// The index of the next member that is present; `nil` at the structure's end.
  public func next() throws -> Int? {
    guard depth > 0, let schema = steps[depth - 1].schema else { return nil }
    let member = try source.nextMember(schema)
    guard member >= 0 else {
      let missing = schema.required.subtracting(steps[depth - 1].seen)
      if !missing.isEmpty {
        for index in schema.members.indices where missing.contains(index) {
          violations.add(.missing(path(schema.members[index].pathName)))
        }
      }
      depth -= 1
      return nil
    }
    steps[depth - 1].seen.insert(member)
    steps[depth - 1].index = member
    return member
  }

  /// Reads the member that `next` has named.
  public func read<Value: WireDecodable>(_ slot: inout Value?) throws {
    guard depth > 0, let schema = steps[depth - 1].schema else { return }
    let own = depth
    traits = schema.members[steps[depth - 1].index].traits
    do {
      slot = try Value(from: self)
    } catch is IncompleteShape {
      depth = own
    }
  }

  /// What an initialiser throws when a required member has not come. The violations tell the rest.
  public var incomplete: any Error { IncompleteShape() }

  // MARK: Lists and maps

  func list<Element: WireDecodable>() throws -> [Element] {
    let own = traits
    let inner = own?.element
    try push(Step())
    let place = depth - 1
    try source.enterList(own)
    var elements: [Element] = []
    var count = 0
    while try source.nextElement() {
      count += 1
      steps[place].index = count
      if try source.takeNull() {
        violations.add(.missing(path(nil)))
        continue
      }
      traits = inner
      do {
        elements.append(try Element(from: self))
      } catch is IncompleteShape {
        depth = place + 1
      }
    }
    depth = place
    if let own { check(count: count, own, shown: (elements as? [String]).map { "[\($0.joined(separator: ", "))]" }) }
    return elements
  }

  func map<Value: WireDecodable>() throws -> [String: Value] {
    let own = traits
    try push(Step())
    let place = depth - 1
    try source.enterMap(own)
    var pairs: [String: Value] = [:]
    while let key = try source.nextKey() {
      steps[place].key = key
      if try source.takeNull() { continue }
      if let keyTraits = own?.key { check(key, keyTraits) }
      traits = own?.element
      do {
        pairs[key] = try Value(from: self)
      } catch is IncompleteShape {
        depth = place + 1
      }
    }
    depth = place
    if let own { check(count: pairs.count, own, shown: nil) }
    return pairs
  }

  // MARK: Scalars

  func string() throws -> String {
    let value = try source.string()
    if let traits { check(value, traits) }
    return value
  }

  func integer(_ kind: IntegerKind) throws -> Int64 {
    let value = try source.integer(kind)
    if let traits { check(number: Double(value), traits, shown: "\(value)") }
    return value
  }

  func double() throws -> Double {
    let value = try source.double()
    if let traits { check(number: value, traits, shown: "\(value)") }
    return value
  }

  func bool() throws -> Bool { try source.bool() }
  func timestamp() throws -> Timestamp { try source.timestamp(traits?.timestampFormat) }
  func stream() throws -> ByteStream { try source.stream() }

  func blob() throws -> ByteBuffer {
    let value = try source.blob()
    if let traits { check(count: value.readableBytes, traits, shown: nil) }
    return value
  }

  // MARK: Constraints

  private func check(_ value: String, _ traits: ValueTraits) {
    guard checksConstraints else { return }
    if !traits.values.isEmpty {
      if !traits.values.contains(value) { violate(.enumeration(traits.values), traits, value) }
      return
    }
    // A character takes one to four bytes, so that most lengths are told from the bytes alone.
    let bytes = value.utf8.count
    var fits = true
    if let max = traits.max, Double(bytes) > max, Double(value.unicodeScalars.count) > max {
      violate(.lengthMax(max), traits, value)
      fits = false
    }
    if let min = traits.min, Double(bytes) < min * 4, Double(value.unicodeScalars.count) < min {
      violate(.lengthMin(min), traits, value)
    }
    if fits, let pattern = traits.pattern, !pattern.matches(value) { violate(.pattern(pattern.text), traits, value) }
  }

  private func check(number: Double, _ traits: ValueTraits, shown: @autoclosure () -> String) {
    guard checksConstraints else { return }
    if let max = traits.max, number > max { violate(.valueMax(max), traits, shown()) }
    if let min = traits.min, number < min { violate(.valueMin(min), traits, shown()) }
  }

  private func check(count: Int, _ traits: ValueTraits, shown: @autoclosure () -> String?) {
    guard checksConstraints else { return }
    if let max = traits.max, Double(count) > max { violate(.lengthMax(max), traits, shown()) }
    if let min = traits.min, Double(count) < min { violate(.lengthMin(min), traits, shown()) }
  }

  private func violate(_ constraint: Violations.Constraint, _ traits: ValueTraits, _ shown: String?) {
    let value = traits.isSensitive ? nil : shown.map { String($0.prefix(WireLimits.echoedCharactersMax)) }
    violations.add(.broken(path(nil), value: value, constraint))
  }

  /// Where the value at hand stands, such as `records.3.member.partitionKey`.
  /// - Parameter last: a member of the innermost structure, in place of the one at hand.
  private func path(_ last: String?) -> String {
    var parts: [String] = []
    for place in 0..<depth {
      let step = steps[place]
      if let schema = step.schema {
        if place == depth - 1, let last {
          parts.append(last)
        } else if step.index >= 0 {
          parts.append(schema.members[step.index].pathName)
        }
      } else {
        parts.append("\(step.key ?? "\(step.index)").member")
      }
    }
    return parts.joined(separator: ".")
  }
}
