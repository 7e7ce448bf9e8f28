public import Kernel
public import NIOCore

/// A value that can be read from any protocol.
public protocol WireDecodable: Sendable {
  init(from decoder: ShapeDecoder) throws
}

/// A value that can be written in any protocol.
public protocol WireEncodable: Sendable {
  func encode(to encoder: ShapeEncoder)
}

/// A structure of a model.
public protocol WireStructure: Sendable {
  static var schema: StructureSchema { get }
}

extension String: WireDecodable, WireEncodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.string() }
  public func encode(to encoder: ShapeEncoder) { encoder.string(self) }
}
extension Int: WireDecodable, WireEncodable {
  public init(from decoder: ShapeDecoder) throws { self = Int(truncatingIfNeeded: try decoder.integer(.integer)) }
  public func encode(to encoder: ShapeEncoder) { encoder.integer(Int64(self)) }
}
extension Int64: WireDecodable, WireEncodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.integer(.long) }
  public func encode(to encoder: ShapeEncoder) { encoder.integer(self) }
}
extension Double: WireDecodable, WireEncodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.double() }
  public func encode(to encoder: ShapeEncoder) { encoder.double(self) }
}
extension Bool: WireDecodable, WireEncodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.bool() }
  public func encode(to encoder: ShapeEncoder) { encoder.bool(self) }
}
extension ByteBuffer: WireDecodable, WireEncodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.blob() }
  public func encode(to encoder: ShapeEncoder) { encoder.blob(self) }
}
extension Timestamp: WireDecodable, WireEncodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.timestamp() }
  public func encode(to encoder: ShapeEncoder) { encoder.timestamp(self) }
}
extension ByteStream: WireDecodable, WireEncodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.stream() }
  public func encode(to encoder: ShapeEncoder) { encoder.stream(self) }
}
extension Array: WireDecodable where Element: WireDecodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.list() }
}
extension Array: WireEncodable where Element: WireEncodable {
  public func encode(to encoder: ShapeEncoder) { encoder.list(self) }
}
extension Dictionary: WireDecodable where Key == String, Value: WireDecodable {
  public init(from decoder: ShapeDecoder) throws { self = try decoder.map() }
}
extension Dictionary: WireEncodable where Key == String, Value: WireEncodable {
  public func encode(to encoder: ShapeEncoder) { encoder.map(self) }
}
extension WireEnumeration {
  public init(from decoder: ShapeDecoder) throws { self.init(rawValue: try decoder.string()) }
  public func encode(to encoder: ShapeEncoder) { encoder.string(rawValue) }
}
