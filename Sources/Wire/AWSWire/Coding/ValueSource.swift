import Kernel
import NIOCore

/// A place that values are read from, one after the other: the driver of a format.
///
/// `ShapeDecoder` asks in the order of the bytes; the source holds the position.
public class ValueSource {
  func enterStructure(_ schema: StructureSchema) throws { throw mismatch("structure") }
  /// The next member that is known and not null, or -1 once the structure has been left.
  func nextMember(_ schema: StructureSchema) throws -> Int { -1 }
  func enterList(_ traits: ValueTraits?) throws { throw mismatch("list") }
  /// Whether there is a next element; the list has been left when there is none.
  func nextElement() throws -> Bool { false }
  func enterMap(_ traits: ValueTraits?) throws { throw mismatch("map") }
  /// The next key, or `nil` once the map has been left.
  func nextKey() throws -> String? { nil }
  /// Takes a null, if one stands here.
  func takeNull() throws -> Bool { false }
  func string() throws -> String { throw mismatch("string") }
  func integer(_ kind: IntegerKind) throws -> Int64 { throw mismatch("number") }
  func double() throws -> Double { throw mismatch("number") }
  func bool() throws -> Bool { throw mismatch("boolean") }
  func blob() throws -> ByteBuffer { throw mismatch("blob") }
  func timestamp(_ format: TimestampFormat?) throws -> Timestamp { throw mismatch("timestamp") }
  func stream() throws -> ByteStream { throw mismatch("stream") }

  func mismatch(_ kind: String) -> WireFault { .mismatch("Unexpected \(kind)") }
}

/// The integers of the models; messages name them as AWS's services do.
enum IntegerKind: String {
  case integer = "an Integer"
  case long = "a Long"
  func holds(_ value: Int64) -> Bool { self == .long || Int32(exactly: value) != nil }
}
