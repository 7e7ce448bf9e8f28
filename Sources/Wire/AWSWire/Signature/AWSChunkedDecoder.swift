import Crypto
import Kernel
import NIOCore

/// Takes S3's `aws-chunked` form apart: chunks with or without signatures, and trailers with checksums.
///
/// A pure state machine: bytes in, payload out. Source: S3 API reference, "Signature calculations: transferring
/// payload in multiple chunks" and "… including trailing headers".
struct AWSChunkedDecoder {
  /// What chunk signatures are computed with: the request's own signature starts the chain.
  struct Signing {
    let key: SigningKey
    let date: SigningDate
    let scope: String
    var previous: String
  }

  private enum Phase {
    case header
    case data(left: Int)
    case dataEnd
    case trailers
    case done
  }

  private var phase = Phase.header
  private var line: [UInt8] = []
  private var signing: Signing?
  private var chunkSignature: String?
  private var chunkHash = SHA256()
  private let expectsTrailer: Bool
  private var trailerBytes = 0
  private var trailers: [(name: String, value: String)] = []
  private var checksum: (header: String, state: PayloadChecksum)?
  private var payloadBytes: Int64 = 0
  private let expectedBytes: Int64?

  /// - Parameters:
  ///   - signing: `nil` when chunks are unsigned.
  ///   - trailer: the checksum header announced by `x-amz-trailer`.
  ///   - expectedBytes: `x-amz-decoded-content-length`.
  init(signing: Signing?, expectsTrailer: Bool, trailer: String?, expectedBytes: Int64?) {
    self.signing = signing
    self.expectsTrailer = expectsTrailer
    self.expectedBytes = expectedBytes
    if let trailer, let state = PayloadChecksum(header: trailer) { checksum = (trailer, state) }
  }

  var isDone: Bool { if case .done = phase { true } else { false } }

  /// Takes all of `input` and gives the payload bytes in it.
  /// - Throws: `AWSError`: `IncompleteBody`, `InvalidChunkSizeError`, `SignatureDoesNotMatch`, `BadDigest`.
  mutating func feed(_ input: ByteBuffer) throws -> [ByteBuffer] {
    var input = input
    var payload: [ByteBuffer] = []
    while input.readableBytes > 0 {
      switch phase {
      case .header:
        guard try takeLine(&input, limit: SignatureLimits.chunkHeaderBytesMax) else { break }
        try beginChunk()
      case .data(let left):
        guard let part = input.readSlice(length: min(left, input.readableBytes)) else { break }
        take(part)
        payload.append(part)
        phase = left > part.readableBytes ? .data(left: left - part.readableBytes) : .dataEnd
      case .dataEnd:
        guard try takeLine(&input, limit: 2) else { break }
        guard line.isEmpty else { throw Self.malformed }
        try endChunk()
        phase = .header
      case .trailers:
        guard try takeLine(&input, limit: SignatureLimits.trailerBytesMax) else { break }
        try takeTrailer()
      case .done:
        // Blank lines may follow; anything else is not ours to read.
        guard let byte = input.readInteger(as: UInt8.self), byte == 13 || byte == 10 else { throw Self.malformed }
      }
    }
    return payload
  }

  /// To be called when no more bytes come.
  /// - Throws: `AWSError` `IncompleteBody` when the last chunk is missing or the length is not the announced one.
  mutating func finish() throws {
    if case .trailers = phase, line.isEmpty { try finishTrailers() }
    guard isDone, expectedBytes == nil || expectedBytes == payloadBytes else {
      throw AWSError(
        "IncompleteBody", "The request body terminated unexpectedly", httpStatus: 400)
    }
  }

  private static let malformed = AWSError(
    "InvalidRequest", "The chunked body is not well formed.", httpStatus: 400)

  /// Gathers a line up to CR LF. `line` holds it, without them, once the answer is `true`.
  private mutating func takeLine(_ input: inout ByteBuffer, limit: Int) throws -> Bool {
    if lineComplete {
      line.removeAll(keepingCapacity: true)
      lineComplete = false
    }
    while let byte = input.readInteger(as: UInt8.self) {
      if byte == 10 {
        if line.last == 13 { line.removeLast() }
        lineComplete = true
        return true
      }
      line.append(byte)
      guard line.count <= limit else { throw Self.malformed }
    }
    return false
  }
  private var lineComplete = false

  private mutating func beginChunk() throws {
    let text = String(decoding: line, as: UTF8.self)
    let parts = text.split(separator: ";", omittingEmptySubsequences: false)
    guard let digits = parts.first, (1...16).contains(digits.utf8.count), let size = Int(digits, radix: 16), size >= 0
    else { throw Self.malformed }
    chunkSignature = nil
    for part in parts.dropFirst() where part.hasPrefix("chunk-signature=") {
      chunkSignature = String(part.dropFirst("chunk-signature=".count))
    }
    if signing != nil, chunkSignature == nil { throw Self.malformed }
    if let expectedBytes, payloadBytes.saturatingAdd(Int64(size)) > expectedBytes {
      throw AWSError("IncompleteBody", "The request body is longer than announced", httpStatus: 400)
    }
    if size > 0 {
      phase = .data(left: size)
    } else {
      try endChunk()
      phase = .trailers
    }
  }

  private mutating func take(_ part: ByteBuffer) {
    payloadBytes += Int64(part.readableBytes)
    if signing != nil { part.withUnsafeReadableBytes { chunkHash.update(bufferPointer: $0) } }
    checksum?.state.update(part)
  }

  private mutating func endChunk() throws {
    guard let current = signing, let given = chunkSignature else { return }
    let expected = current.key.signature(
      """
      AWS4-HMAC-SHA256-PAYLOAD
      \(current.date.text)
      \(current.scope)
      \(current.previous)
      \(Digest.empty)
      \(chunkHash.finalize().hex)
      """)
    guard Digest.same(expected, given) else { throw Self.mismatch }
    signing?.previous = expected
    chunkHash = SHA256()
  }

  private static let mismatch = AWSError(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    httpStatus: 403)

  private mutating func takeTrailer() throws {
    guard !line.isEmpty else {
      // A signed trailer's signature may stand behind the blank line that ends the checksums.
      if expectsTrailer, signing != nil, !trailers.contains(where: { $0.name == "x-amz-trailer-signature" }),
        !trailers.isEmpty
      {
        return
      }
      return try finishTrailers()
    }
    trailerBytes += line.count
    guard trailerBytes <= SignatureLimits.trailerBytesMax else { throw Self.malformed }
    let text = String(decoding: line, as: UTF8.self)
    let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2 else { throw Self.malformed }
    trailers.append((halves[0].lowercased(), String(halves[1].trimmingBlanks)))
    if expectsTrailer, signing != nil, halves[0].lowercased() == "x-amz-trailer-signature" { try finishTrailers() }
  }

  private mutating func finishTrailers() throws {
    if expectsTrailer, let signing {
      guard let given = trailers.first(where: { $0.name == "x-amz-trailer-signature" })?.value else {
        throw Self.malformed
      }
      let canonical = trailers.filter { $0.name != "x-amz-trailer-signature" }
        .map { "\($0.name):\($0.value)\n" }.joined()
      let expected = signing.key.signature(
        """
        AWS4-HMAC-SHA256-TRAILER
        \(signing.date.text)
        \(signing.scope)
        \(signing.previous)
        \(Digest.sha256Hex(canonical))
        """)
      guard Digest.same(expected, given) else { throw Self.mismatch }
    }
    if let checksum {
      guard let given = trailers.first(where: { $0.name == checksum.header })?.value else {
        throw AWSError("MalformedTrailerError", "The request contained trailing data that was not well-formed.")
      }
      guard given == checksum.state.base64 else {
        let algorithm = checksum.header.dropFirst("x-amz-checksum-".count).uppercased()
        throw AWSError(
          "BadDigest", "The \(algorithm) you specified did not match the calculated checksum.", httpStatus: 400)
      }
    }
    phase = .done
  }
}
