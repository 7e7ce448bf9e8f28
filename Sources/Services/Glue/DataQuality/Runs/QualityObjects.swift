import DataQuality
import Kernel
import LakeFiles
import S3Model

/// Objects below a place in S3, with one caller's rights.
struct QualityObjects: QualityFiles {
  let s3: any S3API
  let context: RequestContext

  func files(at path: String, limit: Int) async throws -> [QualityFile] {
    guard let place = LakePath(path) else { throw CatalogError.invalidInput("\(path) is not an S3 path.") }
    var found: [QualityFile] = []
    try await visit(place) { object in
      guard let key = object.key, (object.size ?? 0) > 0 else { return true }
      found.append(Self.file(place.bucket, key, object))
      return found.count < limit
    }
    return found
  }

  static func file(_ bucket: String, _ key: String, _ object: ObjectSummary) -> QualityFile {
    QualityFile(
      path: "s3://\(bucket)/\(key)", bytes: object.size ?? 0,
      modified: object.lastModified ?? Timestamp(nanoseconds: 0),
      digest: (object.eTag ?? "").filter { $0 != "\"" }.lowercased())
  }

  /// Objects whose key begins with the place's, page by page, until `visit` returns `false`.
  func visit(_ place: LakePath, _ visit: (ObjectSummary) throws -> Bool) async throws {
    var token: String?
    repeat {
      try Task.checkCancellation()
      let page = try await s3.listObjectsV2(
        ListObjectsV2Input(bucket: place.bucket, prefix: place.key, continuationToken: token), context)
      for object in page.contents ?? [] {
        guard try visit(object) else { return }
      }
      token = page.nextContinuationToken
    } while token != nil
  }
}
