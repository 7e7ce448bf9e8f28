/// A Protocol Buffers definition that has been read and found well formed: every name that it uses is declared in it or
/// in one of Google's files that it imports.
struct ProtobufDocument: Sendable {
  let file: ProtobufFile
  /// The definition's own messages and those of its imports by full name; types of fields are full names.
  private(set) var messages: [String: ProtobufMessage] = [:]
  private(set) var enumerations: [String: ProtobufEnumeration] = [:]
  /// Full names of the definition's own messages in order: a message's place in here is its index in AWS's wire format.
  private(set) var ownMessages: [String] = []
  private var ownEnumerations: [String] = []
  private(set) var services: [String: ProtobufService] = [:]

  /// - Throws: what is wrong with the definition, with line and column.
  init(_ definition: String) throws(SchemaSyntaxError) {
    file = try ProtobufParser.file(definition)
    var names = ProtobufNames()
    try names.include(file, imported: false)
    ownMessages = names.ownMessages.sorted()
    ownEnumerations = names.ownEnumerations
    for (name, message) in names.messages { messages[name] = try names.resolved(message, scope: name) }
    enumerations = names.enumerations
    for service in file.services {
      let name = file.package.isEmpty ? service.name : "\(file.package).\(service.name)"
      services[name] = try names.resolved(service, scope: name)
    }
    for name in ownMessages {
      if let message = messages[name] { try ProtobufRules.check(message, named: name) }
    }
    for name in ownEnumerations {
      if let found = enumerations[name] { try ProtobufRules.check(found, named: name, file.syntax) }
    }
  }

  /// The definition as a document in which order of declarations, comments and ways to write a name make no
  /// difference: what tells definitions apart, and what their difference is taken of.
  var json: JSONValue {
    var members: [String: JSONValue] = ["syntax": .string(file.syntax.rawValue)]
    members["package"] = file.package.isEmpty ? nil : .string(file.package)
    members["imports"] = Self.list(Set(file.imports.map(\.path)).sorted())
    members["options"] = Self.object(file.options)
    members["messages"] = Self.object(
      ownMessages.map { name in (name, messages[name].map { Self.shape(of: $0) } ?? .null) })
    members["enums"] = Self.object(
      ownEnumerations.map { name in (name, enumerations[name].map { Self.shape(of: $0) } ?? .null) })
    members["services"] = Self.object(services.map { ($0.key, Self.shape(of: $0.value)) })
    return .object(members)
  }

  private static func list(_ names: [String]) -> JSONValue? {
    names.isEmpty ? nil : .array(names.map(JSONValue.string))
  }

  private static func object(_ members: [(String, JSONValue)]) -> JSONValue? {
    members.isEmpty ? nil : .object(Dictionary(members) { _, last in last })
  }

  /// An option that is given several times has several values.
  private static func object(_ options: [ProtobufOption]) -> JSONValue? {
    object(
      Dictionary(grouping: options, by: \.name).map { name, values in
        (name, .string(values.map(\.value).joined(separator: ", ")))
      })
  }

  private static func number(_ number: Int64) -> JSONValue { .number(JSONNumber(String(number), Double(number))) }

  private static func add(_ reserved: ProtobufReserved, to members: inout [String: JSONValue]) {
    let ranges = reserved.ranges.map { "\($0.lowerBound)-\($0.upperBound)" } + reserved.names.map(JSONValue.quote)
    members["reserved"] = list(Set(ranges).sorted())
  }

  private static func shape(of message: ProtobufMessage) -> JSONValue {
    var members: [String: JSONValue] = [:]
    members["options"] = Self.object(message.options)
    members["fields"] = Self.object(message.fields.map { ($0.name, shape(of: $0)) })
    members["oneofs"] = Self.object(
      message.oneofs.map { ($0.name, .object(["options": Self.object($0.options)].compactMapValues { $0 })) })
    Self.add(message.reserved, to: &members)
    return .object(members)
  }

  private static func shape(of field: ProtobufField) -> JSONValue {
    var members: [String: JSONValue] = ["type": .string(field.type.text), "number": Self.number(field.number)]
    members["label"] = field.label.map { .string($0.rawValue) }
    members["oneof"] = field.oneof.map(JSONValue.string)
    members["options"] = Self.object(field.options)
    return .object(members)
  }

  private static func shape(of enumeration: ProtobufEnumeration) -> JSONValue {
    var members: [String: JSONValue] = [:]
    members["options"] = object(enumeration.options)
    members["values"] = object(
      enumeration.values.map { value in
        var parts = ["number": number(value.number)]
        parts["options"] = object(value.options)
        return (value.name, .object(parts))
      })
    add(enumeration.reserved, to: &members)
    return .object(members)
  }

  private static func shape(of service: ProtobufService) -> JSONValue {
    var members: [String: JSONValue] = [:]
    members["options"] = object(service.options)
    members["methods"] = object(
      service.methods.map { method in
        var parts: [String: JSONValue] = [
          "request": .string((method.streamsRequest ? "stream " : "") + method.request.text),
          "response": .string((method.streamsResponse ? "stream " : "") + method.response.text),
        ]
        parts["options"] = object(method.options)
        return (method.name, .object(parts))
      })
    return .object(members)
  }
}
