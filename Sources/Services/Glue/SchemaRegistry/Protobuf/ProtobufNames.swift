/// The names that a definition and its imports declare, and the search for them.
struct ProtobufNames {
  private enum Kind { case package, message, enumeration, other }

  private(set) var messages: [String: ProtobufMessage] = [:]
  private(set) var enumerations: [String: ProtobufEnumeration] = [:]
  private(set) var ownMessages: [String] = []
  private(set) var ownEnumerations: [String] = []
  private var kinds: [String: Kind] = [:]
  private var included: Set<String> = []

  mutating func include(_ file: ProtobufFile, imported: Bool) throws(SchemaSyntaxError) {
    for needed in file.imports where included.insert(needed.path).inserted {
      guard let text = ProtobufImports.definitions[needed.path] else {
        throw SchemaSyntaxError("Import \"\(needed.path)\" was not found or had errors.", at: needed.place)
      }
      try include(try ProtobufParser.file(text), imported: true)
    }
    let parts = file.package.split(separator: ".")
    guard parts.count <= Limits.protobufPackagePartsMax, file.package.utf8.count <= Limits.protobufPackageBytesMax
    else { throw SchemaSyntaxError("Package name is too long.") }
    var package = ""
    for part in parts {
      package += package.isEmpty ? "\(part)" : ".\(part)"
      kinds[package] = .package
    }
    for message in file.messages { try declare(message, in: file.package, imported: imported) }
    for found in file.enumerations { try declare(found, in: file.package, imported: imported) }
    for service in file.services {
      let name = Self.joined(file.package, service.name)
      try declare(name, .other, at: service.place)
      for method in service.methods { try declare(Self.joined(name, method.name), .other, at: method.place) }
    }
  }

  private static func joined(_ scope: String, _ name: String) -> String { scope.isEmpty ? name : "\(scope).\(name)" }

  private mutating func declare(
    _ name: String, _ kind: Kind, at place: ProtobufPlace
  ) throws(SchemaSyntaxError) {
    guard name.utf8.count <= Limits.protobufNameBytesMax else {
      throw SchemaSyntaxError("A full name is longer than \(Limits.protobufNameBytesMax) bytes.", at: place)
    }
    guard kinds.updateValue(kind, forKey: name) == nil else {
      throw SchemaSyntaxError("\"\(name)\" is already defined.", at: place)
    }
  }

  private mutating func declare(
    _ message: ProtobufMessage, in scope: String, imported: Bool
  ) throws(SchemaSyntaxError) {
    let name = Self.joined(scope, message.name)
    try declare(name, .message, at: message.place)
    for field in message.fields { try declare(Self.joined(name, field.name), .other, at: field.place) }
    for oneof in message.oneofs { try declare(Self.joined(name, oneof.name), .other, at: oneof.place) }
    for nested in message.messages { try declare(nested, in: name, imported: imported) }
    for nested in message.enumerations { try declare(nested, in: name, imported: imported) }
    messages[name] = message
    if !imported { ownMessages.append(name) }
  }

  private mutating func declare(
    _ enumeration: ProtobufEnumeration, in scope: String, imported: Bool
  ) throws(SchemaSyntaxError) {
    let name = Self.joined(scope, enumeration.name)
    try declare(name, .enumeration, at: enumeration.place)
    // As in C++, values are siblings of their type.
    for value in enumeration.values { try declare(Self.joined(scope, value.name), .other, at: value.place) }
    enumerations[name] = enumeration
    if !imported { ownEnumerations.append(name) }
  }

  // MARK: Finding

  /// The message with full names for its types.
  func resolved(_ message: ProtobufMessage, scope: String) throws(SchemaSyntaxError) -> ProtobufMessage {
    var message = message
    for index in message.fields.indices {
      let field = message.fields[index]
      message.fields[index].type = try resolved(field.type, scope: scope, at: field.place)
    }
    // Nested ones have entries of their own.
    message.messages = []
    message.enumerations = []
    return message
  }

  func resolved(_ service: ProtobufService, scope: String) throws(SchemaSyntaxError) -> ProtobufService {
    var service = service
    for index in service.methods.indices {
      let method = service.methods[index]
      service.methods[index].request = try messageType(method.request, scope: scope, at: method.place)
      service.methods[index].response = try messageType(method.response, scope: scope, at: method.place)
    }
    return service
  }

  private func messageType(
    _ type: ProtobufType, scope: String, at place: ProtobufPlace
  ) throws(SchemaSyntaxError) -> ProtobufType {
    let found = try resolved(type, scope: scope, at: place)
    guard case .named(let name) = found, kinds[name] == .message else {
      throw SchemaSyntaxError("\"\(type.text)\" is not a message type.", at: place)
    }
    return found
  }

  private func resolved(
    _ type: ProtobufType, scope: String, at place: ProtobufPlace
  ) throws(SchemaSyntaxError) -> ProtobufType {
    switch type {
    case .scalar: return type
    case .map(let key, let value): return .map(key: key, value: try resolved(value, scope: scope, at: place))
    case .named(let name):
      if name.hasPrefix(".") {
        let full = String(name.dropFirst())
        if isType(full) { return .named(full) }
      } else {
        // From the innermost scope outwards.
        var scope = Substring(scope)
        while true {
          let full = Self.joined(String(scope), name)
          if isType(full) { return .named(full) }
          guard !scope.isEmpty else { break }
          scope = scope.lastIndex(of: ".").map { scope[..<$0] } ?? ""
        }
      }
      throw SchemaSyntaxError("\"\(name)\" is not defined.", at: place)
    }
  }

  private func isType(_ name: String) -> Bool { kinds[name] == .message || kinds[name] == .enumeration }
}

/// What a single message or enumeration has to keep to.
enum ProtobufRules {
  static func check(_ message: ProtobufMessage, named name: String) throws(SchemaSyntaxError) {
    var numbers: [Int64: String] = [:]
    let reservedNames = Set(message.reserved.names)
    for field in message.fields {
      if let other = numbers.updateValue(field.name, forKey: field.number) {
        throw SchemaSyntaxError(
          "Field number \(field.number) has already been used in \"\(name)\" by field \"\(other)\".", at: field.place)
      }
      if message.reserved.ranges.contains(where: { $0.contains(field.number) }) {
        throw SchemaSyntaxError("Field \"\(field.name)\" uses reserved number \(field.number).", at: field.place)
      }
      if reservedNames.contains(field.name) {
        throw SchemaSyntaxError("Field name \"\(field.name)\" is reserved.", at: field.place)
      }
    }
  }

  static func check(
    _ enumeration: ProtobufEnumeration, named name: String, _ syntax: ProtobufFile.Syntax
  ) throws(SchemaSyntaxError) {
    guard let first = enumeration.values.first else {
      throw SchemaSyntaxError("Enums must contain at least one value.", at: enumeration.place)
    }
    if syntax == .proto3, first.number != 0 {
      throw SchemaSyntaxError("The first enum value must be zero for open enums.", at: first.place)
    }
    let allowsAlias = enumeration.options.contains { $0.name == "allow_alias" && $0.value == "true" }
    var numbers: Set<Int64> = []
    let reservedNames = Set(enumeration.reserved.names)
    for value in enumeration.values {
      guard numbers.insert(value.number).inserted || allowsAlias else {
        throw SchemaSyntaxError(
          "\"\(value.name)\" uses the same enum value as another one of \"\(name)\". If this is intended, set "
            + "'option allow_alias = true;'.", at: value.place)
      }
      if enumeration.reserved.ranges.contains(where: { $0.contains(value.number) }) {
        throw SchemaSyntaxError("Enum value \"\(value.name)\" uses reserved number \(value.number).", at: value.place)
      }
      if reservedNames.contains(value.name) {
        throw SchemaSyntaxError("Enum value \"\(value.name)\" is reserved.", at: value.place)
      }
    }
  }
}
