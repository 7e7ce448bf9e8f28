import Kernel
import LakeFiles
import S3
import S3Model
import Testing

@Suite struct ObjectChangesTests {
  private func path(_ key: String, _ bucket: String = "bucket") -> LakePath { LakePath(bucket: bucket, key: key) }

  private func keys(_ s3: TestS3) async throws -> [String] {
    let listed = try await s3.service.listObjectsV2(.init(bucket: "bucket"), s3.root)
    return (listed.contents ?? []).compactMap(\.key)
  }

  private func code(_ s3: TestS3, _ changes: ObjectChanges, _ caller: RequestContext) async -> String? {
    await s3.code { try await s3.service.change(changes, for: caller) { _ in } }
  }

  private struct Refused: Error {}

  /// Two staged files that take the place of what a folder held.
  private var overwrite: ObjectChanges {
    var changes = ObjectChanges()
    changes.moves = [
      .init(from: path("out/_temporary-1/a"), to: path("out/a")),
      .init(from: path("out/_temporary-1/b"), to: path("out/day=2/b")),
    ]
    changes.deletePrefixes = [path("out/")]
    changes.keptPrefix = "_temporary-"
    return changes
  }

  private func filled(_ versioning: BucketVersioningStatus?) async throws -> TestS3 {
    let s3 = TestS3()
    try await s3.makeBucket(versioning: versioning)
    for (key, text) in [
      ("out/a", "old"), ("out/day=1/c", "old"), ("outside", "stays"), ("out/_temporary-1/a", "new a"),
      ("out/_temporary-1/b", "new b"), ("out/_temporary-2/x", "another's"),
    ] { try await s3.put(key, text) }
    return s3
  }

  @Test(arguments: [nil, BucketVersioningStatus.enabled]) func `all of it happens at once`(
    versioning: BucketVersioningStatus?
  ) async throws {
    let s3 = try await filled(versioning)
    let noted = Locked(false)
    try await s3.service.change(overwrite, for: s3.root) { _ in noted.withLock { $0 = true } }
    #expect(noted.withLock { $0 })
    #expect(try await keys(s3) == ["out/_temporary-2/x", "out/a", "out/day=2/b", "outside"])
    #expect(try await s3.text("out/a") == "new a")
    #expect(try await s3.text("out/day=2/b") == "new b")
    // Nothing is left of the staged names, and no blob of what was replaced where no version keeps it.
    let versions = try await s3.service.listObjectVersions(
      .init(bucket: "bucket", prefix: "out/_temporary-1/"), s3.root)
    #expect(versions.versions?.isEmpty ?? true)
    #expect(versions.deleteMarkers?.isEmpty ?? true)
    try await s3.sweep()
    if versioning == nil { #expect(s3.blobCount == 4) }
  }

  @Test func `what fails on its way changes nothing`() async throws {
    let s3 = try await filled(nil)
    let before = try await keys(s3)
    await #expect(throws: Refused.self) {
      try await s3.service.change(overwrite, for: s3.root) { _ in throw Refused() }
    }
    var missing = overwrite
    missing.moves.append(.init(from: path("out/_temporary-1/none"), to: path("out/none")))
    #expect(await code(s3, missing, s3.root) == "NoSuchKey")
    let denied = s3.context(principal: .user, authorizer: DenyingAuthorizer(denied: ["s3:DeleteObject"]))
    #expect(await code(s3, overwrite, denied) == "AccessDenied")
    #expect(try await keys(s3) == before)
    #expect(try await s3.text("out/a") == "old")
  }
}
