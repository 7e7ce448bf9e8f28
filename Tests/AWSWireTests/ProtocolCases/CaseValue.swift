import AWSWire
import Foundation
import Kernel
import NIOCore

/// A value of any shape, read and written as generated code would.
indirect enum CaseValue: Equatable {
  case text(String)
  case number(Double)
  case bool(Bool)
  case list([CaseValue])
  case map([String: CaseValue])

  /// The shape of the value that is being read or written.
  @TaskLocal static var shape: CaseShape?
}

extension CaseValue: WireDecodable {
  init(from decoder: ShapeDecoder) throws {
    guard let shape = Self.shape else { throw WireFault.malformed("no shape") }
    switch shape.type {
    case "structure":
      let schema = shape.schema()
      var members: [String: CaseValue] = [:]
      try decoder.begin(schema)
      while let index = try decoder.next() {
        let member = shape.members[index]
        var slot: CaseValue?
        try Self.$shape.withValue(member.shape) { try decoder.read(&slot) }
        members[member.name] = slot
      }
      self = .map(members)
    case "list": self = .list(try Self.$shape.withValue(shape.element) { try [CaseValue](from: decoder) })
    case "map": self = .map(try Self.$shape.withValue(shape.element) { try [String: CaseValue](from: decoder) })
    case "integer": self = .number(Double(try Int(from: decoder)))
    case "long": self = .number(Double(try Int64(from: decoder)))
    case "float", "double":
      let value = try Double(from: decoder)
      self = value.isFinite ? .number(value) : .text(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
    case "boolean": self = .bool(try Bool(from: decoder))
    case "timestamp": self = .number(try Timestamp(from: decoder).secondsSinceEpoch)
    case "blob": self = .text(String(buffer: try ByteBuffer(from: decoder)))
    default: self = .text(try String(from: decoder))
    }
  }
}

extension CaseValue: WireEncodable {
  func encode(to encoder: ShapeEncoder) {
    guard let shape = Self.shape else { return }
    switch (shape.type, self) {
    case ("structure", .map(let members)):
      encoder.begin(shape.schema())
      for (index, member) in shape.members.enumerated() {
        guard let value = members[member.name] else { continue }
        Self.$shape.withValue(member.shape) { encoder.write(index, value) }
      }
      encoder.end()
    case ("list", .list(let elements)): Self.$shape.withValue(shape.element) { elements.encode(to: encoder) }
    case ("map", .map(let pairs)): Self.$shape.withValue(shape.element) { pairs.encode(to: encoder) }
    case ("integer", .number(let value)), ("long", .number(let value)): Int64(value).encode(to: encoder)
    case ("float", .number(let value)), ("double", .number(let value)): value.encode(to: encoder)
    case ("float", .text(let word)), ("double", .text(let word)):
      (word == "NaN" ? Double.nan : word == "Infinity" ? .infinity : -.infinity).encode(to: encoder)
    case ("boolean", .bool(let value)): value.encode(to: encoder)
    case ("timestamp", .number(let value)): Timestamp(secondsSinceEpoch: value).encode(to: encoder)
    case ("blob", .text(let text)): ByteBuffer(string: text).encode(to: encoder)
    case (_, .text(let text)): text.encode(to: encoder)
    default: break
    }
  }
}

extension CaseValue {
  /// What a case's file says, in our terms; nulls are left out.
  init?(_ any: Any) {
    switch any {
    case is NSNull: return nil
    case let text as String: self = .text(text)
    case let number as NSNumber where Self.isBool(number): self = .bool(number.boolValue)
    case let number as NSNumber: self = .number(number.doubleValue)
    case let list as [Any]: self = .list(list.compactMap { CaseValue($0) })
    case let map as [String: Any]: self = .map(map.compactMapValues { CaseValue($0) })
    default: return nil
    }
  }

  private static func isBool(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

  /// Without members that hold nothing, which some protocols cannot tell from absent ones.
  var withoutEmpties: CaseValue {
    switch self {
    case .map(let members):
      .map(members.mapValues(\.withoutEmpties).filter { $0.value != .map([:]) && $0.value != .list([]) })
    case .list(let elements): .list(elements.map(\.withoutEmpties))
    default: self
    }
  }
}

/// The message of a case: its shape is known only while a case runs.
struct CaseMessage: WireDecodable, WireEncodable, WireStructure {
  var value: CaseValue
  static var schema: StructureSchema { CaseValue.shape?.schema() ?? StructureSchema("Nothing", []) }

  init(_ value: CaseValue) { self.value = value }
  init(from decoder: ShapeDecoder) throws { value = try CaseValue(from: decoder) }
  func encode(to encoder: ShapeEncoder) { value.encode(to: encoder) }
}
