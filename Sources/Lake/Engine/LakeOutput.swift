import CCompression
import Kernel
public import LakeFiles

/// How a session's objects are written.
public struct LakeOutput: Sendable {
  /// What the engine does not compress by itself.
  public enum Compression: Sendable { case bzip2 }

  public var compression: Compression?
  /// Gives the object's place for the path that the engine writes to; always the same one for the same path.
  public var name: (@Sendable (LakePath) -> LakePath)?

  public init(compression: Compression? = nil, name: (@Sendable (LakePath) -> LakePath)? = nil) {
    self.compression = compression
    self.name = name
  }

  func named(_ path: LakePath) -> LakePath { name?(path) ?? path }
}

/// Compresses an object on its way into the lake.
final class Bzip2Writer: LakeFileWriter {
  let inner: any LakeFileWriter
  var path: LakePath { inner.path }

  private struct State {
    var stream: Stream?
    var bytes: Int64 = 0
  }
  private let state: Locked<State>

  /// Freed with the writer.
  private final class Stream: @unchecked Sendable {
    // Safe: used under the writer's lock only.
    let pointer: OpaquePointer
    init() throws {
      guard let pointer = tarn_bzip2_new() else {
        throw EngineError(kind: .outOfMemory, message: "There is no memory to compress with.")
      }
      self.pointer = pointer
    }
    deinit { tarn_bzip2_free(pointer) }
  }

  init(_ inner: any LakeFileWriter) throws {
    self.inner = inner
    state = Locked(State(stream: try Stream()))
  }

  var packedBytes: Int64 { state.withLock { $0.bytes } }

  func write(_ bytes: UnsafeRawBufferPointer) throws { try run(bytes, finish: false) }

  func finish() throws {
    try run(UnsafeRawBufferPointer(start: nil, count: 0), finish: true)
    try inner.finish()
  }

  func abort() { inner.abort() }

  private func run(_ bytes: UnsafeRawBufferPointer, finish: Bool) throws {
    let made: [[UInt8]] = try state.withLock { state in
      guard let stream = state.stream else { return [] }
      var made: [[UInt8]] = []
      var rest = bytes
      while true {
        var (taken, filled) = (0, 0)
        var output = [UInt8](repeating: 0, count: Limits.compressedPieceBytes)
        let size = output.count
        let result = output.withUnsafeMutableBufferPointer { target in
          tarn_bzip2_run(
            stream.pointer, rest.bindMemory(to: UInt8.self).baseAddress, rest.count, finish ? 1 : 0,
            target.baseAddress, size, &taken, &filled)
        }
        guard result >= 0 else { throw EngineError(kind: .io, message: "Compressing \(inner.path) failed.") }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
        if filled > 0 { made.append(Array(output.prefix(filled))) }
        if finish ? result == 1 : rest.isEmpty { break }
      }
      if finish { state.stream = nil }
      state.bytes += made.reduce(0) { $0 + Int64($1.count) }
      return made
    }
    for piece in made { try piece.withUnsafeBytes { try inner.write($0) } }
  }
}
