/// A service as botocore's `service-2.json` describes it.
struct ServiceModel {
  struct Operation {
    var name: String
    var method: String
    var uri: String
    var status: Int
    var input: String?
    /// The element around a REST-XML input, where the model names one.
    var inputRoot: String?
    var output: String?
  }

  struct Member {
    var name: String
    var shape: String
    /// What the member's own entry says; the shape's traits are in the shape.
    var traits: JSON
  }

  struct Shape {
    enum Kind { case structure, list, map, string, integer, long, double, boolean, timestamp, blob }
    var name: String
    var kind: Kind
    var members: [Member] = []
    var required: Set<String> = []
    /// The member of a list, or the value of a map.
    var element: Member?
    var key: Member?
    var enumeration: [String] = []
    var traits: JSON

    var isEventStream: Bool { traits["eventstream"]?.bool ?? false }
  }

  var protocolName: String
  var protocols: [String]
  var signingName: String
  var targetPrefix: String
  var jsonVersion: String
  var apiVersion: String
  var xmlNamespace: String
  var operations: [Operation]
  var shapes: [String: Shape]

  init(_ json: JSON) throws {
    let metadata = json["metadata"] ?? .null
    protocolName = metadata["protocol"]?.string ?? ""
    protocols = metadata["protocols"]?.array.compactMap(\.string) ?? [protocolName]
    signingName = metadata["signingName"]?.string ?? metadata["endpointPrefix"]?.string ?? ""
    targetPrefix = metadata["targetPrefix"]?.string ?? ""
    jsonVersion = metadata["jsonVersion"]?.string ?? ""
    apiVersion = metadata["apiVersion"]?.string ?? ""
    xmlNamespace = metadata["xmlNamespace"]?.string ?? metadata["xmlNamespace"]?["uri"]?.string ?? ""
    operations = (json["operations"]?.members ?? []).map { name, value in
      Operation(
        name: name, method: value["http"]?["method"]?.string ?? "POST",
        uri: value["http"]?["requestUri"]?.string ?? "/",
        status: value["http"]?["responseCode"]?.number.flatMap { Int($0) } ?? 200,
        input: value["input"]?["shape"]?.string, inputRoot: value["input"]?["locationName"]?.string,
        output: value["output"]?["shape"]?.string)
    }
    shapes = [:]
    for (name, value) in json["shapes"]?.members ?? [] { shapes[name] = try Self.shape(name, value) }
  }

  private static func shape(_ name: String, _ json: JSON) throws -> Shape {
    let kinds: [String: Shape.Kind] = [
      "structure": .structure, "list": .list, "map": .map, "string": .string, "character": .string,
      "integer": .integer, "long": .long, "double": .double, "float": .double, "boolean": .boolean,
      "timestamp": .timestamp, "blob": .blob,
    ]
    guard let type = json["type"]?.string, let kind = kinds[type] else {
      throw JSONError(description: "shape \(name) has an unknown type")
    }
    func member(_ key: String) -> Member? {
      guard let entry = json[key], let shape = entry["shape"]?.string else { return nil }
      return Member(name: key, shape: shape, traits: entry)
    }
    return Shape(
      name: name, kind: kind,
      members: (json["members"]?.members ?? []).compactMap { name, entry in
        entry["shape"]?.string.map { Member(name: name, shape: $0, traits: entry) }
      },
      required: Set((json["required"]?.array ?? []).compactMap(\.string)),
      element: kind == .map ? member("value") : member("member"), key: member("key"),
      enumeration: (json["enum"]?.array ?? []).compactMap(\.string), traits: json)
  }
}
