/// What a `.proto` file declares, as it was written: names of types are not looked up yet.
struct ProtobufFile: Hashable, Sendable {
  enum Syntax: String, Sendable { case proto2, proto3 }

  var syntax = Syntax.proto2
  var package = ""
  var imports: [Import] = []
  var options: [ProtobufOption] = []
  var messages: [ProtobufMessage] = []
  var enumerations: [ProtobufEnumeration] = []
  var services: [ProtobufService] = []

  struct Import: Hashable, Sendable {
    var path: String
    var place: ProtobufPlace
  }
}

/// Where something stands, for messages: lines and columns begin with 1.
struct ProtobufPlace: Hashable, Sendable {
  var line: Int
  var column: Int
}

/// An option with its value as normalised text.
struct ProtobufOption: Hashable, Sendable {
  var name: String
  var value: String
}

struct ProtobufMessage: Hashable, Sendable {
  var name: String
  var place: ProtobufPlace
  /// Those of oneofs among them.
  var fields: [ProtobufField] = []
  var oneofs: [Oneof] = []
  var messages: [ProtobufMessage] = []
  var enumerations: [ProtobufEnumeration] = []
  var options: [ProtobufOption] = []
  var reserved = ProtobufReserved()

  struct Oneof: Hashable, Sendable {
    var name: String
    var place: ProtobufPlace
    var options: [ProtobufOption] = []
  }
}

struct ProtobufField: Hashable, Sendable {
  enum Label: String, Sendable { case optional, required, repeated }

  var name: String
  var number: Int64
  var label: Label?
  var type: ProtobufType
  var oneof: String?
  var options: [ProtobufOption] = []
  /// Whether "not set" is told from the zero value; fields of messages tell it in any case.
  var hasPresence: Bool
  var place: ProtobufPlace
}

/// A field's type.
indirect enum ProtobufType: Hashable, Sendable {
  case scalar(ProtobufScalar)
  /// A message or an enumeration; once looked up, its full name.
  case named(String)
  case map(key: ProtobufScalar, value: ProtobufType)

  var text: String {
    switch self {
    case .scalar(let scalar): scalar.rawValue
    case .named(let name): name
    case .map(let key, let value): "map<\(key.rawValue),\(value.text)>"
    }
  }
}

enum ProtobufScalar: String, Sendable {
  case double, float, int32, int64, uint32, uint64, sint32, sint64
  case fixed32, fixed64, sfixed32, sfixed64, bool, string, bytes

  /// Whether a map may be keyed by it.
  var isMapKey: Bool { ![.double, .float, .bytes].contains(self) }
}

struct ProtobufEnumeration: Hashable, Sendable {
  struct Value: Hashable, Sendable {
    var name: String
    var number: Int64
    var options: [ProtobufOption] = []
    var place: ProtobufPlace
  }

  var name: String
  var place: ProtobufPlace
  var values: [Value] = []
  var options: [ProtobufOption] = []
  var reserved = ProtobufReserved()
}

/// Numbers and names that may not be used.
struct ProtobufReserved: Hashable, Sendable {
  var ranges: [ClosedRange<Int64>] = []
  var names: [String] = []
}

struct ProtobufService: Hashable, Sendable {
  struct Method: Hashable, Sendable {
    var name: String
    var request: ProtobufType
    var streamsRequest: Bool
    var response: ProtobufType
    var streamsResponse: Bool
    var options: [ProtobufOption] = []
    var place: ProtobufPlace
  }

  var name: String
  var place: ProtobufPlace
  var methods: [Method] = []
  var options: [ProtobufOption] = []
}
