/// A service's model reduced to what is generated, with every decision about Swift made.
struct Translation {
  struct Property {
    /// The model's name.
    var name: String
    /// Swift's name, without backticks.
    var swiftName: String
    var type: String
    var isRequired: Bool
    /// Held behind a reference, because the shape contains itself or is large.
    var isIndirect: Bool
    var member: ServiceModel.Member
    var shape: ServiceModel.Shape
  }

  struct Structure {
    var name: String
    var properties: [Property]
    var isHashable: Bool
    var isDecoded: Bool
    var isEncoded: Bool
    var shape: ServiceModel.Shape
  }

  struct Enumeration {
    var name: String
    var values: [(swiftName: String, value: String)]
  }

  struct Operation {
    var model: ServiceModel.Operation
    var input: String
    var output: String
    var method: String { Names.quoted(Names.member(model.name)) }
  }

  struct Failure {
    var swiftName: String
    var code: String
    /// The shape's name, where it differs from the code.
    var shape: String
    var status: Int
    var isReceiverFault: Bool
  }

  let model: ServiceModel
  let configuration: ServiceConfiguration
  private(set) var operations: [Operation] = []
  private(set) var otherOperations: [ServiceModel.Operation] = []
  private(set) var structures: [Structure] = []
  private(set) var enumerations: [Enumeration] = []
  private(set) var failures: [Failure] = []
  /// Names that stand for a shape, as operations name them: `PutObjectInput` for `PutObjectRequest`.
  private(set) var aliases: [(name: String, target: String)] = []

  /// Structures at least this large are held behind a reference where they are optional members, so that an input
  /// with many of them is cheap to move. In bytes of the struct itself.
  static let indirectBytesMin = 256

  init(_ full: ServiceModel, _ configuration: ServiceConfiguration) throws {
    var model = full
    for dropped in configuration.dropped ?? [] {
      let parts = dropped.split(separator: ".").map(String.init)
      guard parts.count == 2, model.shapes[parts[0]]?.members.contains(where: { $0.name == parts[1] }) == true else {
        throw JSONError(description: "\(configuration.name) has no member \(dropped)")
      }
      model.shapes[parts[0]]?.members.removeAll { $0.name == parts[1] }
    }
    for optional in configuration.optional ?? [] {
      let parts = optional.split(separator: ".").map(String.init)
      guard parts.count == 2, model.shapes[parts[0]]?.required.remove(parts[1]) != nil else {
        throw JSONError(description: "\(configuration.name) does not require a member \(optional)")
      }
    }
    self.model = model
    self.configuration = configuration
    let known = Set(model.operations.map(\.name))
    let chosen = Set(configuration.operations ?? model.operations.map(\.name))
    if let unknown = chosen.subtracting(known).sorted().first {
      throw JSONError(description: "\(configuration.name) has no operation \(unknown)")
    }
    let wanted = chosen.subtracting(configuration.excluded ?? [])
    otherOperations = model.operations.filter { !wanted.contains($0.name) }
    let listed = model.operations.filter { wanted.contains($0.name) }

    var decoded: Set<String> = []
    var encoded: Set<String> = []
    for operation in listed {
      if let input = operation.input { reach(input, &decoded) }
      if let output = operation.output { reach(output, &encoded) }
    }
    let all = decoded.union(encoded)
    let cyclic = Set(all.filter { isCyclic($0) })
    for name in all.sorted() {
      guard let shape = model.shapes[name] else { throw JSONError(description: "no shape \(name)") }
      if shape.kind == .structure, !shape.isEventStream {
        structures.append(
          Structure(
            name: typeName(name), properties: try shape.members.map { try property($0, of: shape, cyclic: cyclic) },
            isHashable: !holdsStream(name), isDecoded: decoded.contains(name), isEncoded: encoded.contains(name),
            shape: shape))
      } else if !shape.enumeration.isEmpty {
        enumerations.append(enumeration(shape))
      }
    }
    operations = listed.map { operation in
      Operation(
        model: operation, input: message(operation.name + "Input", operation.input, decoded: true),
        output: message(operation.name + "Output", operation.output, decoded: false))
    }
    structures.sort { $0.name < $1.name }
    failures = makeFailures()
  }

  /// The Swift name of a shape's type.
  func typeName(_ shape: String) -> String {
    configuration.renamed?[shape] ?? shape.prefix(1).uppercased() + shape.dropFirst()
  }

  /// Finds or makes the type that an operation's input or output is known by.
  private mutating func message(_ name: String, _ shape: String?, decoded: Bool) -> String {
    guard let shape else {
      structures.append(
        Structure(
          name: name, properties: [], isHashable: true, isDecoded: decoded, isEncoded: !decoded,
          shape: ServiceModel.Shape(name: name, kind: .structure, traits: .object([]))))
      return name
    }
    let target = typeName(shape)
    if target == name { return name }
    // Some model has a shape of that name which is something else: then the shape's own name has to do.
    guard model.shapes[name] == nil else { return target }
    aliases.append((name, target))
    return name
  }

  private func reach(_ name: String, _ seen: inout Set<String>) {
    guard let shape = model.shapes[name], seen.insert(name).inserted else { return }
    for member in shape.members {
      // A stream's errors are thrown by its source; only its events are shapes of ours.
      if shape.isEventStream, model.shapes[member.shape]?.traits["event"]?.bool != true { continue }
      reach(member.shape, &seen)
    }
    if let element = shape.element { reach(element.shape, &seen) }
    if let key = shape.key { reach(key.shape, &seen) }
  }

  /// Whether a structure contains itself without a list or map between.
  private func isCyclic(_ name: String) -> Bool {
    var seen: Set<String> = []
    func holds(_ shape: String) -> Bool {
      guard let members = model.shapes[shape]?.members else { return false }
      for member in members {
        if member.shape == name { return true }
        if seen.insert(member.shape).inserted, holds(member.shape) { return true }
      }
      return false
    }
    return holds(name)
  }

  private func holdsStream(_ name: String) -> Bool {
    guard let shape = model.shapes[name] else { return false }
    return shape.members.contains { member in
      member.traits["streaming"]?.bool == true || model.shapes[member.shape]?.isEventStream == true
    }
  }

  private func property(_ member: ServiceModel.Member, of owner: ServiceModel.Shape, cyclic: Set<String>) throws
    -> Property
  {
    guard let shape = model.shapes[member.shape] else { throw JSONError(description: "no shape \(member.shape)") }
    let isLarge = shape.kind == .structure && !shape.isEventStream && size(member.shape) >= Self.indirectBytesMin
    let isCycle = cyclic.contains(owner.name) && cyclic.contains(member.shape)
    return Property(
      name: member.name, swiftName: Names.member(member.name), type: try type(member),
      isRequired: owner.required.contains(member.name), isIndirect: isCycle || isLarge, member: member, shape: shape)
  }

  /// The Swift type of a member's shape.
  func type(_ member: ServiceModel.Member) throws -> String {
    guard let shape = model.shapes[member.shape] else { throw JSONError(description: "no shape \(member.shape)") }
    if shape.isEventStream { return "EventStream" }
    if member.traits["streaming"]?.bool == true { return "ByteStream" }
    switch shape.kind {
    case .structure: return typeName(shape.name)
    case .list: return "[\(try shape.element.map(type) ?? "String")]"
    case .map: return "[String: \(try shape.element.map(type) ?? "String")]"
    case .string: return shape.enumeration.isEmpty ? "String" : typeName(shape.name)
    case .integer: return "Int"
    case .long: return "Int64"
    case .double: return "Double"
    case .boolean: return "Bool"
    case .timestamp: return "Timestamp"
    case .blob: return "ByteBuffer"
    }
  }

  /// About how many bytes the struct of a shape takes.
  private func size(_ name: String, depth: Int = 0) -> Int {
    guard depth < 8, let shape = model.shapes[name] else { return 8 }
    switch shape.kind {
    case .structure:
      let members = shape.members.map { member in
        let size = size(member.shape, depth: depth + 1)
        return size >= Self.indirectBytesMin ? 8 : size
      }
      return members.reduce(0, +)
    case .list, .map, .boolean: return 8
    case .blob: return 24
    default: return 16
    }
  }

  private func enumeration(_ shape: ServiceModel.Shape) -> Enumeration {
    var taken: Set<String> = ["rawValue", "knownValues"]
    let values = shape.enumeration.map { value in
      var name = Names.enumerator(value)
      while !taken.insert(name).inserted { name += "_" }
      return (name, value)
    }
    return Enumeration(name: typeName(shape.name), values: values)
  }

  private func makeFailures() -> [Failure] {
    var found: [String: Failure] = [:]
    for shape in model.shapes.values where shape.traits["exception"]?.bool == true {
      let isFault = shape.traits["fault"]?.bool == true
      let error = shape.traits["error"]
      let status = error?["httpStatusCode"]?.number.flatMap { Int($0) } ?? (isFault ? 500 : 400)
      let name = Names.member(shape.name)
      found[name] = Failure(
        swiftName: name, code: error?["code"]?.string ?? shape.name, shape: shape.name, status: status,
        isReceiverFault: isFault || status >= 500)
    }
    for (code, status) in configuration.errors ?? [:] where found[Names.member(code)] == nil {
      found[Names.member(code)] = Failure(
        swiftName: Names.member(code), code: code, shape: code, status: status, isReceiverFault: status >= 500)
    }
    return found.values.sorted { $0.swiftName < $1.swiftName }
  }
}
