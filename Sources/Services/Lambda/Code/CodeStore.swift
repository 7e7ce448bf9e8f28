import Crypto
import Foundation
import Kernel
import LambdaModel
import NIOCore
import S3Model
import Storage

/// A function's code: taken in, checked, kept as a blob, and unpacked for sandboxes. It is never whole in memory but
/// for what comes within a request.
struct CodeStore: Sendable {
  let blobs: any BlobStore
  let s3: any S3API
  let files: BlockingPool
  let random: any RandomSource
  /// Holds archives while they are checked.
  let folder: String

  /// Code that has been kept.
  struct Kept: Sendable {
    var blob: BlobRef
    var bytes: Int64
    var sha256: String
    /// What the archive holds.
    var unpackedBytes: Int64
  }

  /// Where code comes from.
  enum Source: Sendable {
    case inline(ByteBuffer)
    case object(bucket: String, key: String, version: String?)
  }

  static func source(
    zip: ByteBuffer?, bucket: String?, key: String?, version: String?, image: String?
  ) throws -> Source {
    if image != nil { throw AWSError.notImplemented(service: "Lambda", operation: "functions from container images") }
    if let zip {
      guard bucket == nil, key == nil else {
        throw LambdaError.invalidParameterValueException(
          "Please do not provide other FunctionCode parameters when providing a ZipFile.")
      }
      return .inline(zip)
    }
    guard let bucket, let key else {
      throw LambdaError.invalidParameterValueException("Please provide a source for function code.")
    }
    return .object(bucket: bucket, key: key, version: version)
  }

  /// Takes code in and checks it. The blob is durable and has no name yet.
  /// - Throws: InvalidParameterValueException.
  func keep(_ source: Source, _ context: RequestContext) async throws -> Kept {
    let path = "\(folder)/\(random.uuid()).zip"
    defer { unlink(path) }
    let digest = try await stage(source, at: path, context)
    let unpacked = try await files.run { try Self.check(path) }
    let blob = try await store(path)
    return Kept(blob: blob, bytes: digest.bytes, sha256: digest.sha256, unpackedBytes: unpacked)
  }

  private func stage(
    _ source: Source, at path: String, _ context: RequestContext
  ) async throws -> (bytes: Int64, sha256: String) {
    let stream: ByteStream
    var limit = Limits.codeUnzippedBytesMax
    switch source {
    case .inline(let zip):
      stream = ByteStream(zip)
      limit = Limits.codeZippedBytesMax
    case .object(let bucket, let key, let version):
      do {
        stream =
          try await s3.getObject(GetObjectInput(bucket: bucket, key: key, versionId: version), context).body
          ?? .empty
      } catch let error as AWSError {
        if error.code == "AccessDenied" {
          throw LambdaError.accessDeniedException(
            "Your access has been denied by S3, please make sure your request credentials have permission to GetObject "
              + "for \(bucket)/\(key). S3 Error Code: AccessDenied. S3 Error Message: \(error.message)")
        }
        throw LambdaError.invalidParameterValueException(
          "Error occurred while GetObject. S3 Error Code: \(error.code). S3 Error Message: \(error.message)")
      }
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw AWSError.internalFailure() }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var hash = SHA256()
    var bytes: Int64 = 0
    for try await part in stream {
      bytes += Int64(part.readableBytes)
      guard bytes <= limit else {
        throw LambdaError.invalidParameterValueException(
          "Unzipped size must be smaller than \(Limits.codeUnzippedBytesMax) bytes")
      }
      part.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
      try await files.run { try file.write(contentsOf: Data(part.readableBytesView)) }
    }
    return (bytes, Data(hash.finalize()).base64EncodedString())
  }

  /// - Returns: the bytes of its members.
  private static func check(_ path: String) throws -> Int64 {
    let broken = LambdaError.invalidParameterValueException(
      "Could not unzip uploaded file. Please check your file, then try to upload again.")
    guard let file = FileHandle(forReadingAtPath: path) else { throw broken }
    let archive: ZipArchive
    do {
      archive = try ZipArchive(file)
    } catch is ZipFault {
      throw broken
    }
    guard !archive.members.isEmpty else {
      throw LambdaError.invalidParameterValueException("Uploaded file must be a non-empty zip")
    }
    guard archive.bytes <= UInt64(Limits.codeUnzippedBytesMax) else {
      throw LambdaError.invalidParameterValueException(
        "Unzipped size must be smaller than \(Limits.codeUnzippedBytesMax) bytes")
    }
    return Int64(archive.bytes)
  }

  private func store(_ path: String) async throws -> BlobRef {
    guard let file = FileHandle(forReadingAtPath: path) else { throw AWSError.internalFailure() }
    let writer = try await blobs.writer()
    do {
      while true {
        let part = try await files.run { try file.read(upToCount: Limits.copyBytes) }
        guard let part, !part.isEmpty else { break }
        try await writer.write(ByteBuffer(bytes: part))
      }
      return try await writer.finish()
    } catch {
      await writer.abort()
      throw error
    }
  }

  /// Unpacks an archive into `folder`, which is made; what is in it under the same names is replaced.
  /// - Throws: what reading the blob throws; `ZipFault`.
  func unpack(_ blob: BlobRef, into folder: String) async throws {
    let reader = try await blobs.open(blob)
    let path = folder + ".zip"
    defer { unlink(path) }
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw ZipFault(message: "\(path) cannot be made") }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var position: UInt64 = 0
    while position < reader.length {
      let part = try await reader.read(at: position, count: Limits.copyBytes)
      guard part.readableBytes > 0 else { break }
      position += UInt64(part.readableBytes)
      try await files.run { try file.write(contentsOf: Data(part.readableBytesView)) }
    }
    try await files.run {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try ZipArchive(file).unpack(file, into: folder)
    }
  }
}
