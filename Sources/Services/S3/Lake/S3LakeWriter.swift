import Kernel
import LakeFiles
import NIOCore
import Storage

/// An object in the making, written by the engine's threads. Its bytes belong to nobody until they are published.
final class S3LakeWriter: LakeFileWriter {
  let path: LakePath
  private let blobs: any BlobStore
  private let state = Locked(State())

  /// Taken out while a thread works on it: one thread writes at a time.
  private struct State {
    var gathered = ByteBuffer()
    var digests = RunningDigests([.crc64nvme])
    /// Once the bytes are too many for a pack.
    var writer: (any BlobWriter)?
    var taken: Ingest.Taken?
    var isOver = false
  }

  init(_ path: LakePath, _ blobs: any BlobStore) {
    self.path = path
    self.blobs = blobs
  }

  deinit { abort() }

  var finished: Ingest.Taken? { state.withLock { $0.taken } }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard !bytes.isEmpty else { return }
    let full: (chunk: ByteBuffer, writer: (any BlobWriter)?)? = try state.withLock { state in
      guard !state.isOver, state.taken == nil else { throw S3LakeWriter.over }
      state.gathered.writeBytes(bytes)
      guard state.gathered.readableBytes >= Limits.lakeWriteBytes else { return nil }
      defer { state.gathered = ByteBuffer() }
      return (state.gathered, state.writer)
    }
    if let full { try flush(full.chunk, full.writer) }
  }

  private func flush(_ chunk: ByteBuffer, _ open: (any BlobWriter)?) throws {
    let writer: any BlobWriter
    if let open {
      writer = open
    } else {
      writer = try waitBlocking { [blobs] in try await blobs.writer() }
      state.withLock { $0.writer = writer }
    }
    var digests = state.withLock { $0.digests }
    digests.update(chunk)
    state.withLock { [digests] in $0.digests = digests }
    try waitBlocking { try await writer.write(chunk) }
  }

  func finish() throws {
    let (rest, open) = try state.withLock { state in
      guard !state.isOver else { throw S3LakeWriter.over }
      defer { state.gathered = ByteBuffer() }
      return (state.gathered, state.writer)
    }
    if finished != nil { return }
    var segments: [Segment] = []
    if open != nil || rest.readableBytes > blobs.packedBytesMax {
      if rest.readableBytes > 0 { try flush(rest, open) }
      if let writer = state.withLock({ $0.writer }) {
        segments = [Segment(whole: try waitBlocking { try await writer.finish() })]
      }
    } else if rest.readableBytes > 0 {
      state.withLock { $0.digests.update(rest) }
      segments = [Segment(whole: try waitBlocking { [blobs] in try await blobs.put(rest) })]
    }
    state.withLock { [segments] state in
      state.writer = nil
      state.taken = Ingest.Taken(segments: segments, digests: state.digests.finish())
    }
  }

  func abort() {
    let (writer, taken) = state.withLock { state in
      defer { state = State(isOver: true) }
      return (state.writer, state.taken)
    }
    guard writer != nil || taken != nil else { return }
    let blobs = blobs
    Task.detached {
      await writer?.abort()
      if let taken { try? await blobs.delete(taken.segments.map(\.blob)) }
    }
  }

  /// A key names the bytes now: they are no longer the writer's to give up.
  func published() { state.withLock { $0 = State(isOver: true) } }

  private static let over = AWSError.internalFailure("The file is no longer open for writing.")
}
