/// An Avro schema, read and checked by the rules of the Avro 1.11 specification.
indirect enum AvroSchema: Sendable {
  case null, boolean, int, long, float, double, bytes, string
  case array(AvroSchema)
  case map(AvroSchema)
  case union([AvroSchema])
  /// A named type, to be found in the document's `named`.
  case named(String)
  /// A type with a logical meaning; it is resolved by the type beneath.
  case logical(String, AvroSchema)
  case decimal(precision: Int, scale: Int, AvroSchema)
}

/// What a name stands for.
enum AvroNamedType: Sendable {
  case record([AvroField])
  case fixed(size: Int)
  case enumeration(symbols: [String], fallback: String?)
}

struct AvroField: Sendable {
  let name: String
  let aliases: [String]
  let type: AvroSchema
  let hasDefault: Bool
}

struct AvroDocument: Sendable {
  let root: AvroSchema
  /// Named types by full name.
  let named: [String: AvroNamedType]
  /// Aliases of each full name, as full names.
  let aliases: [String: Set<String>]

  /// - Throws: what is wrong with the definition.
  init(_ definition: String) throws(SchemaSyntaxError) {
    let json: JSONValue
    do { json = try JSONValue.parse(definition) } catch { throw SchemaSyntaxError(error.description) }
    var reader = AvroReader()
    root = try reader.schema(json, namespace: "")
    named = reader.named
    aliases = reader.aliases
  }
}

private struct AvroReader {
  var named: [String: AvroNamedType] = [:]
  var aliases: [String: Set<String>] = [:]
  /// Names whose definition is being read: a record may refer to itself.
  var declared: Set<String> = []

  mutating func schema(_ json: JSONValue, namespace: String) throws(SchemaSyntaxError) -> AvroSchema {
    switch json {
    case .string(let name): return try reference(name, namespace: namespace)
    case .array(let branches): return try union(branches, namespace: namespace)
    case .object(let members): return try complex(members, namespace: namespace)
    default: throw SchemaSyntaxError("No type: \(json.canonicalText)")
    }
  }

  private static func primitive(_ name: String) -> AvroSchema? {
    switch name {
    case "null": .null
    case "boolean": .boolean
    case "int": .int
    case "long": .long
    case "float": .float
    case "double": .double
    case "bytes": .bytes
    case "string": .string
    default: nil
    }
  }

  private func reference(_ name: String, namespace: String) throws(SchemaSyntaxError) -> AvroSchema {
    if let primitive = Self.primitive(name) { return primitive }
    let full = name.contains(".") || namespace.isEmpty ? name : "\(namespace).\(name)"
    if declared.contains(full) { return .named(full) }
    if declared.contains(name) { return .named(name) }
    throw SchemaSyntaxError("\"\(name)\" is not a defined name.")
  }

  private mutating func union(_ branches: [JSONValue], namespace: String) throws(SchemaSyntaxError) -> AvroSchema {
    var schemas: [AvroSchema] = []
    var kinds: Set<String> = []
    for branch in branches {
      let schema = try schema(branch, namespace: namespace)
      if case .union = schema { throw SchemaSyntaxError("Nested union: \(branch.canonicalText)") }
      guard kinds.insert(schema.kind).inserted else { throw SchemaSyntaxError("Duplicate in union:\(schema.kind)") }
      schemas.append(schema)
    }
    return .union(schemas)
  }

  private mutating func complex(
    _ members: [String: JSONValue], namespace: String
  ) throws(SchemaSyntaxError) -> AvroSchema {
    guard let type = members["type"] else {
      throw SchemaSyntaxError("No type: \(JSONValue.object(members).canonicalText)")
    }
    guard let name = type.string else { return try schema(type, namespace: namespace) }
    switch name {
    case "record", "error", "enum": return try declaration(name, members, namespace: namespace)
    case "fixed": return Self.logical(members, try declaration(name, members, namespace: namespace))
    case "array":
      guard let items = members["items"] else { throw SchemaSyntaxError("Array has no items type") }
      return .array(try schema(items, namespace: namespace))
    case "map":
      guard let values = members["values"] else { throw SchemaSyntaxError("Map has no values type") }
      return .map(try schema(values, namespace: namespace))
    default:
      return Self.logical(members, try reference(name, namespace: namespace))
    }
  }

  /// The type with its logical meaning. One that does not go with the type beneath is passed over, as Avro asks.
  private static func logical(_ members: [String: JSONValue], _ base: AvroSchema) -> AvroSchema {
    guard let logical = members["logicalType"]?.string else { return base }
    guard logical == "decimal" else { return .logical(logical, base) }
    let scale = members["scale"]?.count ?? 0
    guard let precision = members["precision"]?.count, precision > 0, (0...precision).contains(scale) else {
      return base
    }
    switch base {
    case .bytes, .named: return .decimal(precision: precision, scale: scale, base)
    default: return base
    }
  }

  private mutating func declaration(
    _ kind: String, _ members: [String: JSONValue], namespace: String
  ) throws(SchemaSyntaxError) -> AvroSchema {
    guard let name = members["name"]?.string else { throw SchemaSyntaxError("No name in schema: \(kind)") }
    var space = members["namespace"]?.string ?? namespace
    var short = name
    if let dot = name.lastIndex(of: ".") {
      space = String(name[..<dot])
      short = String(name[name.index(after: dot)...])
    }
    for part in [short] + space.split(separator: ".").map(String.init) { try check(name: part) }
    let full = space.isEmpty ? short : "\(space).\(short)"
    guard Self.primitive(full) == nil, declared.insert(full).inserted else {
      throw SchemaSyntaxError("Can't redefine: \(full)")
    }
    aliases[full] = Set(
      (members["aliases"]?.array ?? []).compactMap(\.string).map {
        $0.contains(".") || space.isEmpty ? $0 : "\(space).\($0)"
      })
    switch kind {
    case "enum": named[full] = try enumeration(members)
    case "fixed":
      guard let size = members["size"]?.count, size >= 0 else { throw SchemaSyntaxError("Invalid or no size: \(full)") }
      named[full] = .fixed(size: size)
    default: named[full] = .record(try fields(members, of: full, namespace: space))
    }
    return .named(full)
  }

  private func enumeration(_ members: [String: JSONValue]) throws(SchemaSyntaxError) -> AvroNamedType {
    guard let listed = members["symbols"]?.array else { throw SchemaSyntaxError("Enum has no symbols") }
    var symbols: [String] = []
    for symbol in listed {
      guard let text = symbol.string else { throw SchemaSyntaxError("Enum symbol is not a string") }
      try check(name: text)
      guard !symbols.contains(text) else { throw SchemaSyntaxError("Duplicate enum symbol: \(text)") }
      symbols.append(text)
    }
    let fallback = members["default"]?.string
    if let fallback, !symbols.contains(fallback) {
      throw SchemaSyntaxError("The Enum Default: \(fallback) is not in the enum symbol set")
    }
    return .enumeration(symbols: symbols, fallback: fallback)
  }

  private mutating func fields(
    _ members: [String: JSONValue], of record: String, namespace: String
  ) throws(SchemaSyntaxError) -> [AvroField] {
    guard let listed = members["fields"]?.array else { throw SchemaSyntaxError("Record has no fields: \(record)") }
    var fields: [AvroField] = []
    var names: Set<String> = []
    for field in listed {
      guard let name = field["name"]?.string else { throw SchemaSyntaxError("No field name in \(record)") }
      try check(name: name)
      guard names.insert(name).inserted else {
        throw SchemaSyntaxError("Duplicate field \(name) in record \(record)")
      }
      guard let type = field["type"] else { throw SchemaSyntaxError("No field type: \(name)") }
      let schema = try schema(type, namespace: namespace)
      if let value = field["default"], !fits(value, schema, depth: 0) {
        throw SchemaSyntaxError("Invalid default for field \(name): \(value.canonicalText)")
      }
      fields.append(
        AvroField(
          name: name, aliases: (field["aliases"]?.array ?? []).compactMap(\.string), type: schema,
          hasDefault: field["default"] != nil))
    }
    return fields
  }

  private func check(name: String) throws(SchemaSyntaxError) {
    let bytes = Array(name.utf8)
    func isLetter(_ byte: UInt8) -> Bool {
      (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte == UInt8(ascii: "_")
    }
    guard let first = bytes.first, isLetter(first),
      bytes.allSatisfy({ isLetter($0) || ($0 >= 48 && $0 <= 57) })
    else { throw SchemaSyntaxError("Illegal character in: \(name)") }
  }

  /// Whether a JSON value may be the default of a field; of a union, the first branch counts.
  private func fits(_ value: JSONValue, _ schema: AvroSchema, depth: Int) -> Bool {
    guard depth < Limits.schemaDepthMax else { return false }
    switch schema {
    case .null: return value == .null
    case .boolean: return value.bool != nil
    case .int: return value.number?.integer.map { Int32(exactly: $0) != nil } ?? false
    case .long: return value.number?.integer != nil
    case .float, .double: return value.number != nil
    case .bytes, .string: return value.string != nil
    case .array(let items): return value.array?.allSatisfy { fits($0, items, depth: depth + 1) } ?? false
    case .map(let values): return value.object?.values.allSatisfy { fits($0, values, depth: depth + 1) } ?? false
    case .union(let branches): return branches.first.map { fits(value, $0, depth: depth + 1) } ?? false
    case .logical(_, let base), .decimal(_, _, let base): return fits(value, base, depth: depth + 1)
    case .named(let name):
      switch named[name] {
      case .enumeration(let symbols, _)?: return value.string.map(symbols.contains) ?? false
      case .fixed?: return value.string != nil
      case .record(let fields)?:
        guard let members = value.object else { return false }
        return fields.allSatisfy { field in
          members[field.name].map { fits($0, field.type, depth: depth + 1) } ?? field.hasDefault
        }
      // The record that is being read: its fields are not known yet.
      case nil: return value.object != nil
      }
    }
  }
}

extension AvroSchema {
  /// What tells branches of a union apart: of each unnamed type there may be one.
  fileprivate var kind: String {
    switch self {
    case .null: "null"
    case .boolean: "boolean"
    case .int: "int"
    case .long: "long"
    case .float: "float"
    case .double: "double"
    case .bytes: "bytes"
    case .string: "string"
    case .array: "array"
    case .map: "map"
    case .union: "union"
    case .named(let name): name
    case .logical(_, let base), .decimal(_, _, let base): base.kind
    }
  }
}
