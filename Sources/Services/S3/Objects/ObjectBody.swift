import Kernel
import NIOCore
import Storage

/// Reads a run of an object's bytes, over as many blobs as it has.
struct ObjectBody: Sendable {
  let blobs: any BlobStore
  let leases: BlobLeases

  /// The object changed between the reading of its record and that of its bytes.
  struct Gone: Error {}

  /// The segments that hold `range`, cut to it.
  static func cut(_ segments: [Segment], to range: ByteRange) -> [Segment] {
    var pieces: [Segment] = []
    var position: UInt64 = 0
    let end = range.start + range.length
    for segment in segments {
      let segmentEnd = position + segment.length
      defer { position = segmentEnd }
      guard segmentEnd > range.start else { continue }
      guard position < end else { break }
      let skipped = range.start > position ? range.start - position : 0
      let length = min(segmentEnd, end) - position - skipped
      if length > 0 { pieces.append(Segment(blob: segment.blob, start: segment.start + skipped, length: length)) }
    }
    return pieces
  }

  /// A stream of the segments' bytes. What it needs is held, so that a deletion meanwhile does not cut it off.
  /// - Throws: `Gone` when the blobs have been freed already.
  func stream(_ segments: [Segment]) async throws -> ByteStream {
    let length = segments.reduce(UInt64(0)) { $0 + $1.length }
    do {
      if segments.isEmpty { return .empty }
      if segments.count == 1, let only = segments.first {
        if only.length <= UInt64(Limits.readChunkBytes) {
          // A few pages are read at once, on the caller's thread: they take less than a change of threads.
          if only.length <= UInt64(Limits.readAtOnceBytes) { return ByteStream(try readAtOnce(only)) }
          return ByteStream(try await blobs.read(only.blob, at: only.start, count: Int(only.length)))
        }
        let reader = try await blobs.open(only.blob)
        return ByteStream(length: Int64(clamping: length)) {
          let source = SegmentSource(segments, first: reader, blobs: blobs, lease: nil)
          return { try await source.next() }
        }
      }
      guard let lease = leases.take(segments.map(\.blob)) else { throw Gone() }
      let first = try await blobs.open(segments[0].blob)
      return ByteStream(length: Int64(clamping: length)) {
        let source = SegmentSource(segments, first: first, blobs: blobs, lease: lease)
        return { try await source.next() }
      }
    } catch StorageError.noSuchBlob {
      throw Gone()
    }
  }
}

extension ObjectBody {
  private func readAtOnce(_ segment: Segment) throws -> ByteBuffer {
    let count = Int(segment.length)
    var bytes = ByteBuffer()
    try bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { buffer in
      try blobs.readBlocking(
        segment.blob, at: segment.start, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    }
    guard bytes.readableBytes == count else { throw StorageError.corrupt("a blob is shorter than its object says") }
    return bytes
  }
}

/// Steps through segments, one read ahead of its consumer, so that the disk and the network work at once.
private final class SegmentSource: Sendable {
  private struct State {
    var rest: ArraySlice<Segment>
    var position: UInt64 = 0
    var reader: (any BlobReader)?
    var ahead: Task<ByteBuffer?, any Error>?
  }
  private let state: Locked<State>
  private let blobs: any BlobStore
  private let lease: BlobLeases.Lease?

  init(_ segments: [Segment], first: any BlobReader, blobs: any BlobStore, lease: BlobLeases.Lease?) {
    state = Locked(State(rest: segments[...], reader: first))
    self.blobs = blobs
    self.lease = lease
  }

  deinit { state.withLock { $0.ahead }?.cancel() }

  func next() async throws -> ByteBuffer? {
    let ahead = state.withLock { $0.ahead.take() }
    let bytes = if let ahead { try await ahead.value } else { try await Self.read(state, blobs) }
    guard let bytes else { return nil }
    state.withLock { [state, blobs] inner in
      if !inner.rest.isEmpty { inner.ahead = Task { try await Self.read(state, blobs) } }
    }
    return bytes
  }

  /// Never entered twice at once: the consumer waits for the read ahead before it starts another.
  private static func read(_ state: Locked<State>, _ blobs: any BlobStore) async throws -> ByteBuffer? {
    let (segment, position, open) = state.withLock { ($0.rest.first, $0.position, $0.reader) }
    guard let segment else { return nil }
    let reader: any BlobReader
    if let open { reader = open } else { reader = try await blobs.open(segment.blob) }
    let left = segment.length - position
    let count = Int(min(left, UInt64(Limits.readChunkBytes)))
    let bytes = try await reader.read(at: segment.start + position, count: count)
    guard bytes.readableBytes == count else { throw StorageError.corrupt("a blob is shorter than its object says") }
    state.withLock { state in
      if UInt64(count) == left {
        state.rest.removeFirst()
        state.position = 0
        state.reader = nil
      } else {
        state.position += UInt64(count)
        state.reader = reader
      }
    }
    return bytes
  }
}
