public import Kernel
public import S3Model

extension S3Service {
  public func deleteObject(_ input: DeleteObjectInput, _ context: RequestContext) async throws -> DeleteObjectOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try Self.checkKey(input.key)
    let version = try Self.deletionSelector(input.versionId)
    try await authorize(
      version == nil ? "s3:DeleteObject" : "s3:DeleteObjectVersion", bucket, key: input.key, context,
      conditions: Self.conditions(nil, versionID: input.versionId))
    if input.ifMatchSize != nil { throw S3Failure.notImplemented(header: "x-amz-if-match-size") }
    if input.ifMatchLastModifiedTime != nil {
      throw S3Failure.notImplemented(header: "x-amz-if-match-last-modified-time")
    }
    let results = try await store.delete(
      input.bucket, [.init(key: input.key, version: version, ifMatch: input.ifMatch)], ChangeOrigin(context))
    guard let done = try results.first?.get() else { return DeleteObjectOutput() }
    return DeleteObjectOutput(deleteMarker: done.isDeleteMarker ? true : nil, versionId: done.versionText)
  }

  public func deleteObjects(
    _ input: DeleteObjectsInput, _ context: RequestContext
  ) async throws -> DeleteObjectsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    let named = input.delete.objects
    guard (1...Limits.deleteObjectsMax).contains(named.count) else { throw S3Failure.malformedXML }
    var output = DeleteObjectsOutput()
    var errors: [DeleteError] = []
    var deleted: [DeletedObject] = []
    var requests: [(object: ObjectIdentifier, request: ObjectStore.DeleteRequest)] = []
    for object in named {
      do {
        try Self.checkKey(object.key)
        if object.size != nil || object.lastModifiedTime != nil { throw S3Failure.notImplemented(header: "Size") }
        let version = try Self.deletionSelector(object.versionId)
        try await authorize(
          version == nil ? "s3:DeleteObject" : "s3:DeleteObjectVersion", bucket, key: object.key, context,
          conditions: Self.conditions(nil, versionID: object.versionId))
        requests.append((object, .init(key: object.key, version: version, ifMatch: object.eTag)))
      } catch let error as AWSError {
        errors.append(Self.refusal(object, error))
      }
    }
    let results =
      requests.isEmpty ? [] : try await store.delete(input.bucket, requests.map(\.request), ChangeOrigin(context))
    for ((object, request), result) in zip(requests, results) {
      switch result {
      case .failure(let error): errors.append(Self.refusal(object, error))
      case .success(let done): deleted.append(Self.describe(done, object, hadVersion: request.version != nil))
      }
    }
    if input.delete.quiet != true { output.deleted = deleted }
    output.errors = errors.isEmpty ? nil : errors
    return output
  }

  private static func describe(
    _ done: VersionWriter.Deletion, _ object: ObjectIdentifier, hadVersion: Bool
  ) -> DeletedObject {
    var entry = DeletedObject(key: object.key, versionId: object.versionId)
    if done.isDeleteMarker {
      entry.deleteMarker = true
      entry.deleteMarkerVersionId = done.versionText
    }
    return entry
  }

  private static func refusal(_ object: ObjectIdentifier, _ error: AWSError) -> DeleteError {
    DeleteError(key: object.key, versionId: object.versionId, code: error.code, message: error.message)
  }

  /// `nil` where no version is named. An id that names nothing deletes nothing, as on AWS.
  private static func deletionSelector(_ versionID: String?) throws -> VersionSelector? {
    try versionID.map { try selector($0) }
  }
}
