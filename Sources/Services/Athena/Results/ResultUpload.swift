import Kernel
import NIOCore
import S3Model

/// Writes an object whose length is not known beforehand, with the query's own rights: short ones in one piece,
/// longer ones as a multipart upload, so that no more than one part is in memory.
struct ResultUpload {
  /// Bytes of a part. S3 takes 10,000 of them, so results end at 80 GB.
  static let partBytes = 8 << 20

  private let s3: any S3API
  private let bucket: String
  private let key: String
  private let contentType: String
  private let context: RequestContext
  private var buffer = ByteBuffer()
  private var upload: String?
  private var parts: [CompletedPart] = []
  private(set) var bytes: Int64 = 0

  init(_ s3: any S3API, bucket: String, key: String, contentType: String, _ context: RequestContext) {
    self.s3 = s3
    self.bucket = bucket
    self.key = key
    self.contentType = contentType
    self.context = context
  }

  mutating func write(_ more: inout ByteBuffer) async throws {
    bytes += Int64(more.readableBytes)
    buffer.writeBuffer(&more)
    while buffer.readableBytes >= Self.partBytes, let part = buffer.readSlice(length: Self.partBytes) {
      try await send(part)
      buffer.discardReadBytes()
    }
  }

  /// Makes the object visible.
  mutating func finish() async throws {
    guard let upload else {
      try await Self.explaining(bucket, key) {
        _ = try await s3.putObject(
          PutObjectInput(body: ByteStream(buffer), bucket: bucket, contentType: contentType, key: key), context)
      }
      return
    }
    if buffer.readableBytes > 0 { try await send(buffer) }
    try await Self.explaining(bucket, key) {
      _ = try await s3.completeMultipartUpload(
        CompleteMultipartUploadInput(
          bucket: bucket, key: key, multipartUpload: CompletedMultipartUpload(parts: parts), uploadId: upload), context)
    }
  }

  /// Does a write of output, and says in Athena's words when it is refused.
  static func explaining(_ bucket: String, _ key: String, _ write: () async throws -> Void) async throws {
    do {
      try await write()
    } catch let error as AWSError where error.code.hasPrefix("AccessDenied") {
      throw QueryFailure(
        "Access denied when writing output to url: s3://\(bucket)/\(key) . Please ensure you are allowed to access the "
          + "S3 bucket. If specifying an expected bucket owner, confirm the bucket is owned by the expected account. "
          + "If "
          + "you are encrypting query results with KMS key, please ensure you are allowed to access your KMS key",
        type: 1301)
    }
  }

  func abort() async {
    guard let upload else { return }
    _ = try? await s3.abortMultipartUpload(
      AbortMultipartUploadInput(bucket: bucket, key: key, uploadId: upload), context)
  }

  private mutating func send(_ part: ByteBuffer) async throws {
    let id: String
    if let upload {
      id = upload
    } else {
      var made: String?
      try await Self.explaining(bucket, key) {
        made = try await s3.createMultipartUpload(
          CreateMultipartUploadInput(bucket: bucket, contentType: contentType, key: key), context
        ).uploadId
      }
      guard let made else { throw AWSError.internalFailure("the upload has no id") }
      upload = made
      id = made
    }
    let number = parts.count + 1
    let sent = try await s3.uploadPart(
      UploadPartInput(body: ByteStream(part), bucket: bucket, key: key, partNumber: number, uploadId: id), context)
    parts.append(CompletedPart(eTag: sent.eTag, partNumber: number))
  }
}
