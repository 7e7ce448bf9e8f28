import Kernel
import NIOCore
import Storage

/// Takes a body in: its bytes to the blob store, their digests beside it.
struct Ingest: Sendable {
  let blobs: any BlobStore
  let digestPool: BlockingPool

  /// What came of a body. Its blob belongs to nobody until a key names it.
  struct Taken: Sendable {
    var segments: [Segment]
    var digests: Digests
  }

  /// Stores the body and returns once its bytes are on disk.
  /// - Parameters:
  ///   - length: the number of bytes announced, or `nil` where the caller does not know it.
  ///   - bytesMax: a longer body is refused.
  /// - Throws: `EntityTooLarge`, `IncompleteBody`, what the body's stream throws; nothing is left behind.
  func take(
    _ body: ByteStream, length: Int64?, bytesMax: Int64 = Limits.putBytesMax, checksums: Set<ChecksumAlgorithm>
  ) async throws -> Taken {
    if let length, length > bytesMax { throw S3Failure.entityTooLarge(length) }
    var gathered = ByteBuffer()
    var iterator = body.makeAsyncIterator()
    // Gather what fits a pack; only a longer body becomes a file of its own.
    while let chunk = try await iterator.next() {
      Self.append(chunk, to: &gathered)
      if gathered.readableBytes > blobs.packedBytesMax {
        return try await takeLong(
          first: gathered, rest: iterator, length: length, bytesMax: bytesMax, checksums: checksums)
      }
    }
    if let length, Int64(gathered.readableBytes) != length { throw S3Failure.incompleteBody }
    guard Int64(gathered.readableBytes) <= bytesMax else {
      throw S3Failure.entityTooLarge(Int64(gathered.readableBytes))
    }
    var digests = RunningDigests(checksums)
    digests.update(gathered)
    guard gathered.readableBytes > 0 else { return Taken(segments: [], digests: digests.finish()) }
    let blob = try await blobs.put(gathered)
    return Taken(segments: [Segment(whole: blob)], digests: digests.finish())
  }

  private func takeLong(
    first: ByteBuffer, rest: ByteStream.AsyncIterator, length: Int64?, bytesMax: Int64,
    checksums: Set<ChecksumAlgorithm>
  ) async throws -> Taken {
    let writer = try await blobs.writer()
    do {
      let pipeline = DigestPipeline(checksums, on: digestPool)
      var iterator = rest
      var gathered = first
      var total = Int64(first.readableBytes)
      func flush(_ chunk: ByteBuffer) async throws {
        guard chunk.readableBytes > 0 else { return }
        try await pipeline.add(chunk)
        try await writer.write(chunk)
      }
      while true {
        if gathered.readableBytes >= Limits.ingestChunkBytes {
          try await flush(gathered)
          gathered = ByteBuffer()
        }
        guard let chunk = try await iterator.next() else { break }
        total = total.saturatingAdd(Int64(chunk.readableBytes))
        guard total <= bytesMax else { throw S3Failure.entityTooLarge(total) }
        if let length, total > length { throw S3Failure.incompleteBody }
        Self.append(chunk, to: &gathered)
      }
      if let length, total != length { throw S3Failure.incompleteBody }
      try await flush(gathered)
      let digests = try await pipeline.finish()
      let blob = try await writer.finish()
      return Taken(segments: [Segment(whole: blob)], digests: digests)
    } catch {
      await writer.abort()
      throw error
    }
  }

  private static func append(_ chunk: ByteBuffer, to gathered: inout ByteBuffer) {
    if gathered.readableBytes == 0 {
      gathered = chunk
    } else {
      if gathered.writableBytes < chunk.readableBytes { gathered.reserveCapacity(Limits.ingestChunkBytes) }
      gathered.writeImmutableBuffer(chunk)
    }
  }

  /// Gives back blobs that no key came to name. A failure leaves them to the collection at the next start.
  func discard(_ segments: [Segment]) async {
    guard !segments.isEmpty else { return }
    try? await blobs.delete(segments.map(\.blob))
  }
}
