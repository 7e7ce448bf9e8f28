import AWSWire
import Foundation

/// A shape of a protocol case, with the schema that generated code would have.
final class CaseShape: @unchecked Sendable {
  // Made once by one test and read afterwards, so that nothing changes while another looks.
  let name: String
  let json: [String: Any]
  private(set) var members: [(name: String, shape: CaseShape, entry: [String: Any])] = []
  private(set) var element: CaseShape?
  private(set) var key: CaseShape?
  private let traitsBox = Lazy<ValueTraits>()
  private let schemaBox = Lazy<StructureSchema>()

  private final class Lazy<Value> { var value: Value? }

  private init(name: String, json: [String: Any]) {
    self.name = name
    self.json = json
  }

  var type: String { json["type"] as? String ?? "" }

  static func make(_ name: String, of shapes: [String: Any]) -> CaseShape {
    var made: [String: CaseShape] = [:]
    return make(name, of: shapes, &made)
  }

  private static func make(_ name: String, of shapes: [String: Any], _ made: inout [String: CaseShape]) -> CaseShape {
    if let known = made[name] { return known }
    let json = shapes[name] as? [String: Any] ?? [:]
    let shape = CaseShape(name: name, json: json)
    made[name] = shape
    // The order of members in the file is lost here, and does not matter to any case.
    for (member, entry) in (json["members"] as? [String: [String: Any]] ?? [:]).sorted(by: { $0.key < $1.key }) {
      shape.members.append((member, make(entry["shape"] as? String ?? "", of: shapes, &made), entry))
    }
    for holder in ["member", "value"] {
      if let entry = json[holder] as? [String: Any] {
        shape.element = make(entry["shape"] as? String ?? "", of: shapes, &made)
      }
    }
    if let entry = json["key"] as? [String: Any] {
      shape.key = make(entry["shape"] as? String ?? "", of: shapes, &made)
    }
    return shape
  }

  private func locationName(_ holder: String) -> String? {
    (json[holder] as? [String: Any])?["locationName"] as? String
  }

  /// As `ConstraintRenderer` would write them.
  func traits(entry: [String: Any] = [:], depth: Int = 0) -> ValueTraits? {
    guard depth < 6, type != "structure" else { return nil }
    let format = entry["timestampFormat"] as? String ?? json["timestampFormat"] as? String
    let formats: [String: TimestampFormat] = ["iso8601": .iso8601, "rfc822": .rfc822, "unixTimestamp": .unixTimestamp]
    return ValueTraits(
      timestampFormat: format.flatMap { formats[$0] },
      isFlattened: entry["flattened"] as? Bool ?? json["flattened"] as? Bool ?? false,
      element: element?.traits(entry: json["member"] as? [String: Any] ?? [:], depth: depth + 1),
      elementName: locationName("member"), keyName: locationName("key") ?? "key",
      valueName: locationName("value") ?? "value")
  }

  func schema(rootName: String? = nil) -> StructureSchema {
    if rootName == nil, let known = schemaBox.value { return known }
    let payload = json["payload"] as? String
    let required = json["required"] as? [String] ?? []
    let list = members.map { member -> MemberSchema in
      var attributes = ""
      if let namespace = member.entry["xmlNamespace"] as? [String: Any] ?? member.shape.json["xmlNamespace"]
        as? [String: Any], let uri = namespace["uri"] as? String
      {
        attributes = " xmlns" + ((namespace["prefix"] as? String).map { ":\($0)" } ?? "") + "=\"\(uri)\""
      }
      return MemberSchema(
        member.name, location(member, payload), wire: wireName(member), required: required.contains(member.name),
        traits: member.shape.traits(entry: member.entry), xmlAttributes: attributes)
    }
    let made = StructureSchema(name, rootName: rootName ?? json["locationName"] as? String, list)
    if rootName == nil { schemaBox.value = made }
    return made
  }

  private func wireName(_ member: (name: String, shape: CaseShape, entry: [String: Any])) -> String {
    if let name = member.entry["locationName"] as? String { return name }
    if member.shape.json["flattened"] as? Bool == true, member.shape.type == "list",
      let name = member.shape.locationName("member")
    {
      return name
    }
    return member.name
  }

  private func location(_ member: (name: String, shape: CaseShape, entry: [String: Any]), _ payload: String?)
    -> MemberSchema.Location
  {
    if payload == member.name {
      switch member.shape.type {
      case "blob", "string": return .text
      default: return .payload
      }
    }
    if member.entry["xmlAttribute"] as? Bool == true { return .attribute }
    switch member.entry["location"] as? String {
    case "uri": return .label
    case "querystring": return member.shape.type == "map" ? .queryMap : .query
    case "header": return .header
    case "headers": return .prefixHeaders
    case "statusCode": return .status
    default: return .body
    }
  }
}
