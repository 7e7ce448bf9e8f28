import Kernel
import NIOCore

/// A JSON source that keeps the bytes it reads, for bodies that are read beside headers and paths.
final class OwnedJSONSource: ValueSource {
  private let storage: UnsafeMutableRawBufferPointer
  private let source: JSONSource

  init(_ body: ByteBuffer) {
    let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, body.readableBytes), alignment: 1)
    body.withUnsafeReadableBytes { storage.copyMemory(from: $0) }
    self.storage = storage
    source = JSONSource(UnsafeRawBufferPointer(rebasing: storage[..<body.readableBytes]))
  }

  deinit { storage.deallocate() }

  override func enterStructure(_ schema: StructureSchema) throws { try source.enterStructure(schema) }
  override func nextMember(_ schema: StructureSchema) throws -> Int { try source.nextMember(schema) }
  override func enterList(_ traits: ValueTraits?) throws { try source.enterList(traits) }
  override func nextElement() throws -> Bool { try source.nextElement() }
  override func enterMap(_ traits: ValueTraits?) throws { try source.enterMap(traits) }
  override func nextKey() throws -> String? { try source.nextKey() }
  override func takeNull() throws -> Bool { try source.takeNull() }
  override func string() throws -> String { try source.string() }
  override func integer(_ kind: IntegerKind) throws -> Int64 { try source.integer(kind) }
  override func double() throws -> Double { try source.double() }
  override func bool() throws -> Bool { try source.bool() }
  override func blob() throws -> ByteBuffer { try source.blob() }
  override func timestamp(_ format: TimestampFormat?) throws -> Timestamp { try source.timestamp(format) }
}
