import Kernel
import NIOCore
import S3
import S3Model
import StorageTesting
import Testing

/// An S3 of its own in memory, with a clock that stands still.
struct TestS3 {
  let keys: MemoryKeyStore
  let blobs: MemoryBlobStore
  let clock = ManualClock()
  let service: S3Service

  init(
    seed: UInt64 = 1, packedBytesMax: Int = 1024, keys: MemoryKeyStore = MemoryKeyStore(),
    eventTargets: (any BucketEventTargets)? = nil
  ) {
    self.keys = keys
    blobs = MemoryBlobStore(packedBytesMax: packedBytesMax)
    service = S3Service(
      keys: keys, blobs: blobs, clock: clock, random: SeededRandomSource(seed: seed), eventTargets: eventTargets)
  }

  func context(
    region: Region = .usEast1, account: AccountID = .standard, principal: Principal? = nil,
    authorizer: any Authorizer = OpenAuthorizer()
  ) -> RequestContext {
    RequestContext(
      requestID: "test", scope: Scope(account: account, region: region),
      principal: principal ?? .root(of: account), time: clock.now(), endpoint: "http://localhost:4566",
      authorizer: authorizer)
  }

  var root: RequestContext { context() }

  func makeBucket(_ name: String = "bucket", versioning: BucketVersioningStatus? = nil) async throws {
    _ = try await service.createBucket(.init(bucket: name), root)
    if let versioning { try await setVersioning(versioning, name) }
  }

  func setVersioning(_ status: BucketVersioningStatus, _ bucket: String = "bucket") async throws {
    _ = try await service.putBucketVersioning(
      .init(bucket: bucket, versioningConfiguration: .init(status: status)), root)
  }

  @discardableResult
  func put(
    _ key: String, _ text: String, bucket: String = "bucket", _ change: (inout PutObjectRequest) -> Void = { _ in }
  ) async throws -> PutObjectOutput {
    var input = PutObjectRequest(body: ByteStream(ByteBuffer(string: text)), bucket: bucket, key: key)
    change(&input)
    return try await service.putObject(input, root)
  }

  func get(
    _ key: String, bucket: String = "bucket", _ change: (inout GetObjectRequest) -> Void = { _ in }
  ) async throws -> GetObjectOutput {
    var input = GetObjectRequest(bucket: bucket, key: key)
    change(&input)
    return try await service.getObject(input, root)
  }

  func text(
    _ key: String, bucket: String = "bucket", _ change: (inout GetObjectRequest) -> Void = { _ in }
  ) async throws -> String {
    try await get(key, bucket: bucket, change).text()
  }

  /// Blobs held: shows whether anything leaks.
  var blobCount: Int { blobs.count }

  /// Frees what was deleted, as the service does in the background.
  func sweep() async throws { _ = try await service.freeDeleted() }

  /// The code of the error that `body` throws, or `nil`.
  func code(_ body: () async throws -> Void) async -> String? {
    do {
      try await body()
      return nil
    } catch let error as AWSError {
      return error.code
    } catch {
      return "\(error)"
    }
  }
}

extension GetObjectOutput {
  func text() async throws -> String {
    String(buffer: try await (body ?? .empty).collect(upTo: 1 << 26))
  }
}

/// A stream that gives `bytes` in pieces of `piece` bytes and does not say how many will come.
func stream(_ bytes: [UInt8], piece: Int, length: Int64? = nil) -> ByteStream {
  let pieces = stride(from: 0, to: bytes.count, by: piece).map { start in
    ByteBuffer(bytes: bytes[start..<min(start + piece, bytes.count)])
  }
  return ByteStream(length: length) {
    let rest = Locked(pieces[...])
    return { rest.withLock { $0.popFirst() } }
  }
}

/// Denies what it is told to deny.
struct DenyingAuthorizer: Authorizer {
  var denied: Set<String>
  func authorize(_ request: AuthorizationRequest) async throws {
    if denied.contains(request.action) { throw AWSError("AccessDenied", "Access Denied", httpStatus: 403) }
  }
}

extension Principal {
  static let user = Principal(
    kind: .user(name: "alice"), account: .standard,
    arn: ARN(service: "iam", region: "", account: "000000000000", resource: "user/alice"), userID: "AIDA1",
    accessKeyID: "AKIA1")
}
