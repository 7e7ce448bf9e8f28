/// Reads a `.proto` file into a tree, by the grammars of proto2 and proto3. Groups, extensions and editions are
/// refused, as AWS's registry does. Names are looked up later, by `ProtobufDocument`.
struct ProtobufParser {
  private let tokens: [ProtobufToken]
  private var index = 0
  private var syntax = ProtobufFile.Syntax.proto2

  private init(_ tokens: [ProtobufToken]) { self.tokens = tokens }

  static func file(_ definition: String) throws(SchemaSyntaxError) -> ProtobufFile {
    var parser = ProtobufParser(try ProtobufLexer.tokens(of: definition))
    return try parser.file()
  }

  // MARK: Tokens

  private var token: ProtobufToken { tokens[index] }

  private mutating func take() -> ProtobufToken {
    defer { if index + 1 < tokens.count { index += 1 } }
    return token
  }

  private func expected(_ what: String) -> SchemaSyntaxError {
    token.kind == .end
      ? SchemaSyntaxError("Reached end of input, expected \(what).", at: token.place)
      : SchemaSyntaxError("Expected \(what), found \"\(token.text)\".", at: token.place)
  }

  private func isAt(_ symbol: Character) -> Bool { token.kind == .symbol(symbol) }

  private mutating func takes(_ symbol: Character) -> Bool {
    guard isAt(symbol) else { return false }
    index += 1
    return true
  }

  private mutating func takes(word: String) -> Bool {
    guard token.kind == .identifier(word) else { return false }
    index += 1
    return true
  }

  private mutating func need(_ symbol: Character) throws(SchemaSyntaxError) {
    guard takes(symbol) else { throw expected("\"\(symbol)\"") }
  }

  private mutating func identifier(_ what: String = "identifier") throws(SchemaSyntaxError) -> String {
    guard case .identifier(let name) = token.kind else { throw expected(what) }
    index += 1
    return name
  }

  private mutating func qualifiedName() throws(SchemaSyntaxError) -> String {
    var name = try identifier()
    while takes(".") {
      let part = try identifier()
      name += ".\(part)"
    }
    return name
  }

  private mutating func string(_ what: String) throws(SchemaSyntaxError) -> String {
    guard case .string(var text) = token.kind else { throw expected(what) }
    index += 1
    while case .string(let more) = token.kind {
      text += more
      index += 1
    }
    return text
  }

  private mutating func number(_ what: String) throws(SchemaSyntaxError) -> Int64 {
    let isNegative = takes("-")
    guard case .integer(let magnitude) = token.kind, let number = Int64(exactly: magnitude) else {
      throw expected(what)
    }
    index += 1
    return isNegative ? -number : number
  }

  // MARK: The file

  private mutating func file() throws(SchemaSyntaxError) -> ProtobufFile {
    var file = ProtobufFile()
    if takes(word: "syntax") {
      try need("=")
      let place = token.place
      let name = try string("syntax identifier")
      guard let known = ProtobufFile.Syntax(rawValue: name) else {
        throw SchemaSyntaxError("Unrecognized syntax identifier \"\(name)\".", at: place)
      }
      syntax = known
      try need(";")
    }
    file.syntax = syntax
    while token.kind != .end { try statement(of: &file) }
    return file
  }

  private mutating func statement(of file: inout ProtobufFile) throws(SchemaSyntaxError) {
    if takes(";") { return }
    let place = token.place
    switch try identifier("top-level statement (e.g. \"message\")") {
    case "package":
      guard file.package.isEmpty else { throw SchemaSyntaxError("Multiple package definitions.", at: place) }
      file.package = try qualifiedName()
      try need(";")
    case "import":
      if !takes(word: "public") { _ = takes(word: "weak") }
      let place = token.place
      file.imports.append(ProtobufFile.Import(path: try string("a string naming the file to import"), place: place))
      try need(";")
    case "option": file.options.append(try optionStatement())
    case "message": file.messages.append(try message(depth: 1))
    case "enum": file.enumerations.append(try enumeration())
    case "service": file.services.append(try service())
    case "extend": throw SchemaSyntaxError("Extensions are not supported.", at: place)
    case "edition": throw SchemaSyntaxError("Editions are not supported.", at: place)
    default:
      index -= 1
      throw expected("top-level statement (e.g. \"message\")")
    }
  }

  // MARK: Options

  /// What follows `option`.
  private mutating func optionStatement() throws(SchemaSyntaxError) -> ProtobufOption {
    let option = try option()
    try need(";")
    return option
  }

  private mutating func option() throws(SchemaSyntaxError) -> ProtobufOption {
    var name = ""
    repeat {
      if !name.isEmpty { name += "." }
      if takes("(") {
        let root = takes(".") ? "." : ""
        let extended = try qualifiedName()
        name += "(\(root)\(extended))"
        try need(")")
      } else {
        name += try identifier()
      }
    } while takes(".")
    try need("=")
    return ProtobufOption(name: name, value: try optionValue())
  }

  private mutating func optionValue() throws(SchemaSyntaxError) -> String {
    if isAt("{") { return try aggregate() }
    if case .string = token.kind { return JSONValue.quote(try string("option value")) }
    let sign = takes("-") ? "-" : ""
    switch token.kind {
    case .integer, .float, .identifier: return sign + take().text
    default: throw expected("option value")
    }
  }

  /// A message written as text, as one line.
  private mutating func aggregate() throws(SchemaSyntaxError) -> String {
    var words: [String] = []
    var depth = 0
    repeat {
      if isAt("{") { depth += 1 }
      if isAt("}") { depth -= 1 }
      guard token.kind != .end else { throw expected("\"}\"") }
      words.append(take().text)
    } while depth > 0
    return words.joined(separator: " ")
  }

  private mutating func bracketedOptions() throws(SchemaSyntaxError) -> [ProtobufOption] {
    guard takes("[") else { return [] }
    var options: [ProtobufOption] = []
    repeat { options.append(try option()) } while takes(",")
    try need("]")
    return options
  }

  // MARK: Messages

  private mutating func message(depth: Int) throws(SchemaSyntaxError) -> ProtobufMessage {
    let place = token.place
    guard depth <= Limits.protobufNestingMax else {
      throw SchemaSyntaxError("Reached maximum recursion limit for nested messages.", at: place)
    }
    var message = ProtobufMessage(name: try identifier("message name"), place: place)
    try need("{")
    while !takes("}") { try statement(of: &message, depth: depth) }
    return message
  }

  private mutating func statement(of message: inout ProtobufMessage, depth: Int) throws(SchemaSyntaxError) {
    let place = token.place
    guard case .identifier(let word) = token.kind else {
      if takes(";") { return }
      guard isAt(".") else { throw expected("\"}\"") }
      message.fields.append(try field(oneof: nil))
      return
    }
    switch word {
    case "message":
      index += 1
      message.messages.append(try self.message(depth: depth + 1))
    case "enum":
      index += 1
      message.enumerations.append(try enumeration())
    case "option":
      index += 1
      message.options.append(try optionStatement())
    case "oneof":
      index += 1
      try oneof(of: &message)
    case "reserved":
      index += 1
      try reserve(in: &message.reserved, last: ProtobufField.numberMax)
    case "extensions", "extend": throw SchemaSyntaxError("Extensions are not supported.", at: place)
    default: message.fields.append(try field(oneof: nil))
    }
  }

  private mutating func oneof(of message: inout ProtobufMessage) throws(SchemaSyntaxError) {
    let place = token.place
    var oneof = ProtobufMessage.Oneof(name: try identifier("oneof name"), place: place)
    let fieldsBefore = message.fields.count
    try need("{")
    while !takes("}") {
      if takes(";") { continue }
      if takes(word: "option") {
        oneof.options.append(try optionStatement())
      } else {
        message.fields.append(try field(oneof: oneof.name))
      }
    }
    guard message.fields.count > fieldsBefore else {
      throw SchemaSyntaxError("Oneof must have at least one field.", at: place)
    }
    message.oneofs.append(oneof)
  }

  private mutating func field(oneof: String?) throws(SchemaSyntaxError) -> ProtobufField {
    let start = token.place
    var label: ProtobufField.Label?
    if case .identifier(let word) = token.kind, let known = ProtobufField.Label(rawValue: word) {
      index += 1
      label = known
      guard oneof == nil else {
        throw SchemaSyntaxError("Fields in oneofs must not have labels (required / optional / repeated).", at: start)
      }
      if syntax == .proto3, known == .required {
        throw SchemaSyntaxError("Required fields are not allowed in proto3.", at: start)
      }
    }
    if token.kind == .identifier("group") { throw SchemaSyntaxError("Groups are not supported.", at: token.place) }
    let type = try type()
    if case .map = type {
      guard label == nil, oneof == nil else {
        throw SchemaSyntaxError(
          "Field labels (required/optional/repeated) are not allowed on map fields, nor maps in oneofs.", at: start)
      }
    } else if label == nil, oneof == nil, syntax == .proto2 {
      throw SchemaSyntaxError("Expected \"required\", \"optional\", or \"repeated\".", at: start)
    }
    let place = token.place
    let name = try identifier("field name")
    guard takes("=") else { throw SchemaSyntaxError("Missing field number.", at: token.place) }
    let numberPlace = token.place
    let number = try number("field number")
    try ProtobufField.check(number: number, at: numberPlace)
    let options = try bracketedOptions()
    try need(";")
    if syntax == .proto3, options.contains(where: { $0.name == "default" }) {
      throw SchemaSyntaxError("Explicit default values are not allowed in proto3.", at: place)
    }
    return ProtobufField(
      name: name, number: number, label: label, type: type, oneof: oneof, options: options,
      hasPresence: syntax == .proto2 || label != nil || oneof != nil, place: place)
  }

  private mutating func type(ofMap: Bool = false) throws(SchemaSyntaxError) -> ProtobufType {
    let place = token.place
    let root = takes(".") ? "." : ""
    let name = try qualifiedName()
    guard root.isEmpty else { return .named(root + name) }
    if name == "map", takes("<") {
      // Before the value is read: a definition may be nothing but maps of maps.
      if ofMap { throw SchemaSyntaxError("Values of maps cannot be maps.", at: place) }
      let keyPlace = token.place
      guard let key = ProtobufScalar(rawValue: try qualifiedName()), key.isMapKey else {
        throw SchemaSyntaxError("Key in map fields cannot be float/double, bytes or message types.", at: keyPlace)
      }
      try need(",")
      let value = try type(ofMap: true)
      try need(">")
      return .map(key: key, value: value)
    }
    return ProtobufScalar(rawValue: name).map(ProtobufType.scalar) ?? .named(name)
  }

  // MARK: Reserved, enumerations, services

  private mutating func reserve(
    in reserved: inout ProtobufReserved, last: Int64
  ) throws(SchemaSyntaxError) {
    repeat {
      if case .string = token.kind {
        reserved.names.append(try string("name"))
        continue
      }
      let place = token.place
      let first = try number("field name or number range")
      var end = first
      if takes(word: "to") { end = try takes(word: "max") ? last : number("integer") }
      guard first <= end else {
        throw SchemaSyntaxError("Reserved range end number must be greater than start number.", at: place)
      }
      reserved.ranges.append(first...end)
    } while takes(",")
    try need(";")
  }

  private mutating func enumeration() throws(SchemaSyntaxError) -> ProtobufEnumeration {
    let place = token.place
    var found = ProtobufEnumeration(name: try identifier("enum name"), place: place)
    try need("{")
    while !takes("}") {
      if takes(";") { continue }
      let place = token.place
      let name = try identifier("enum constant name")
      // Values may be named as statements are.
      if !isAt("="), name == "option" {
        found.options.append(try optionStatement())
      } else if !isAt("="), name == "reserved" {
        try reserve(in: &found.reserved, last: Int64(Int32.max))
      } else {
        guard takes("=") else { throw SchemaSyntaxError("Missing numeric value for enum constant.", at: token.place) }
        let numberPlace = token.place
        let number = try number("integer")
        guard Int32(exactly: number) != nil else { throw SchemaSyntaxError("Integer out of range.", at: numberPlace) }
        found.values.append(
          .init(name: name, number: number, options: try bracketedOptions(), place: place))
        try need(";")
      }
    }
    return found
  }

  private mutating func service() throws(SchemaSyntaxError) -> ProtobufService {
    let place = token.place
    var service = ProtobufService(name: try identifier("service name"), place: place)
    try need("{")
    while !takes("}") {
      if takes(";") { continue }
      if takes(word: "option") {
        service.options.append(try optionStatement())
      } else if takes(word: "rpc") {
        service.methods.append(try method())
      } else {
        throw expected("\"rpc\"")
      }
    }
    return service
  }

  private mutating func method() throws(SchemaSyntaxError) -> ProtobufService.Method {
    let place = token.place
    let name = try identifier("method name")
    let (request, streamsRequest) = try methodType()
    guard takes(word: "returns") else { throw expected("\"returns\"") }
    let (response, streamsResponse) = try methodType()
    var options: [ProtobufOption] = []
    if takes("{") {
      while !takes("}") {
        if takes(";") { continue }
        guard takes(word: "option") else { throw expected("\"option\"") }
        options.append(try optionStatement())
      }
    } else {
      try need(";")
    }
    return ProtobufService.Method(
      name: name, request: request, streamsRequest: streamsRequest, response: response,
      streamsResponse: streamsResponse, options: options, place: place)
  }

  private mutating func methodType() throws(SchemaSyntaxError) -> (ProtobufType, streams: Bool) {
    try need("(")
    var streams = false
    if token.kind == .identifier("stream"), index + 1 < tokens.count, tokens[index + 1].kind != .symbol(")") {
      index += 1
      streams = true
    }
    let type = try type()
    try need(")")
    return (type, streams)
  }
}

extension ProtobufField {
  /// Source: "Assigning Field Numbers", Protocol Buffers language guide.
  static let numberMax: Int64 = 536_870_911

  static func check(number: Int64, at place: ProtobufPlace) throws(SchemaSyntaxError) {
    guard number > 0 else { throw SchemaSyntaxError("Field numbers must be positive integers.", at: place) }
    guard number <= numberMax else {
      throw SchemaSyntaxError("Field numbers cannot be greater than \(numberMax).", at: place)
    }
    guard !(19_000...19_999).contains(number) else {
      throw SchemaSyntaxError(
        "Field numbers 19000 through 19999 are reserved for the protocol buffer library implementation.", at: place)
    }
  }
}
