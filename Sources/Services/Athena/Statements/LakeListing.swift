import Kernel
import S3Model

/// Lists what lies under an `s3://` location, with the caller's rights.
struct LakeListing: Sendable {
  let s3: any S3API

  /// Keys below a prefix, page by page, until `visit` returns `false`.
  func visit(
    bucket: String, prefix: String, _ context: RequestContext, _ visit: (ObjectSummary) async throws -> Bool
  ) async throws {
    var token: String?
    repeat {
      let page = try await s3.listObjectsV2(
        ListObjectsV2Input(bucket: bucket, prefix: prefix, continuationToken: token), context)
      for object in page.contents ?? [] {
        guard try await visit(object) else { return }
      }
      token = page.nextContinuationToken
    } while token != nil
  }

  func isEmpty(bucket: String, prefix: String, _ context: RequestContext) async throws -> Bool {
    let page = try await s3.listObjectsV2(ListObjectsV2Input(bucket: bucket, maxKeys: 1, prefix: prefix), context)
    return (page.contents ?? []).isEmpty
  }
}
