/// A structure of a model: its members in the model's order, and how each is found in the protocols.
public final class StructureSchema: Sendable {
  /// The model's name.
  public let name: String
  public let members: [MemberSchema]
  /// The name of the root element, where the structure is one.
  public let rootName: String
  public let xmlNamespace: String
  let required: MemberSet
  let bodyNames: NameIndex
  let attributes: [Int]
  /// The member that is the whole HTTP body, if one is.
  let payload: Int?
  /// Whether some member travels outside of the body.
  let hasBindings: Bool

  public init(_ name: String, rootName: String? = nil, xmlNamespace: String = "", _ members: [MemberSchema]) {
    precondition(members.count <= MemberSet.capacity, "more members than the set of seen ones holds")
    self.name = name
    self.rootName = rootName ?? name
    self.xmlNamespace = xmlNamespace
    self.members = members
    var required = MemberSet()
    for (index, member) in members.enumerated() where member.isRequired { required.insert(index) }
    self.required = required
    bodyNames = NameIndex(members.map { $0.location == .body ? $0.wireName : nil })
    attributes = members.indices.filter { members[$0].location == .attribute }
    payload = members.firstIndex { [.payload, .text, .stream].contains($0.location) }
    hasBindings = members.contains { $0.location != .body && $0.location != .attribute }
  }
}

/// One member of a structure.
public final class MemberSchema: Sendable {
  /// Where a member travels in protocols that speak HTTP; others keep all in the body.
  public enum Location: Sendable, Hashable {
    case body
    /// An attribute of the structure's own element.
    case attribute
    /// A part of the path.
    case label
    case query
    /// All query pairs that no other member names, or a map of them.
    case queryMap
    case header
    /// All headers whose names begin with the wire name.
    case prefixHeaders
    case status
    /// The whole body is this member, as a document.
    case payload
    /// The whole body is this member, as text.
    case text
    /// The whole body, as it streams.
    case stream
  }

  /// The model's name.
  public let name: String
  public let wireName: String
  /// The wire name as headers are looked up and written.
  let headerName: String
  public let location: Location
  public let isRequired: Bool
  public let traits: ValueTraits?
  /// Attributes of the member's element, such as a namespace declaration.
  public let xmlAttributes: String
  /// `"name":`, as JSON writes it.
  let jsonKey: [UInt8]

  public init(
    _ name: String, _ location: Location = .body, wire: String? = nil, required: Bool = false,
    traits: ValueTraits? = nil, xmlAttributes: String = ""
  ) {
    self.name = name
    self.location = location
    wireName = wire ?? name
    headerName = location == .header || location == .prefixHeaders ? wireName.lowercased() : wireName
    isRequired = required
    self.traits = traits
    self.xmlAttributes = xmlAttributes
    jsonKey = Array("\"\(wireName)\":".utf8)
  }

  /// The name in messages about constraints: AWS lowers the first letter.
  var pathName: String { name.prefix(1).lowercased() + name.dropFirst() }
}

/// A set of member indexes.
struct MemberSet: Sendable {
  static let capacity = 128
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  mutating func insert(_ index: Int) {
    if index < 64 { low |= 1 &<< UInt64(index) } else { high |= 1 &<< UInt64(index - 64) }
  }
  func contains(_ index: Int) -> Bool {
    index < 64 ? low & (1 &<< UInt64(index)) != 0 : high & (1 &<< UInt64(index - 64)) != 0
  }
  func subtracting(_ other: MemberSet) -> MemberSet {
    var rest = self
    rest.low &= ~other.low
    rest.high &= ~other.high
    return rest
  }
  var isEmpty: Bool { low | high == 0 }
}
