import AWSWire
import Kernel
import S3
import S3Model
import Testing

@Suite struct VersioningTests {
  /// Versions of keys as arrays, newest first.
  struct Model {
    struct Version: Equatable {
      var id: String
      /// `nil` for a delete marker.
      var text: String?
    }
    var status = ""
    var keys: [String: [Version]] = [:]

    mutating func add(_ key: String, _ version: Version) {
      if status != "Enabled" { keys[key]?.removeAll { $0.id == "null" } }
      keys[key, default: []].insert(version, at: 0)
    }
  }

  @Test(arguments: 1...15 as ClosedRange<UInt64>) func `random histories match the model`(seed: UInt64) async throws {
    let random = SeededRandomSource(seed: seed)
    let s3 = TestS3(seed: seed)
    try await s3.makeBucket()
    var model = Model()
    for step in 0..<250 {
      let key = ["a", "a/b", "a/c", "b"][random.next(below: 4)]
      s3.clock.advance(by: .milliseconds(random.next(below: 2)))
      switch random.next(below: 12) {
      case 0:
        model.status = random.next(below: 2) == 0 ? "Enabled" : "Suspended"
        try await s3.setVersioning(.init(rawValue: model.status))
      case 1...5:
        let put = try await s3.put(key, "\(step)")
        #expect((put.versionId != nil) == (model.status == "Enabled"))
        model.add(key, .init(id: put.versionId ?? "null", text: "\(step)"))
      case 6...7:
        let done = try await s3.service.deleteObject(.init(bucket: "bucket", key: key), s3.root)
        if model.status.isEmpty {
          #expect(done.deleteMarker == nil)
          model.keys[key] = nil
        } else {
          #expect(done.deleteMarker == true)
          model.add(key, .init(id: try #require(done.versionId), text: nil))
        }
      case 8...9:
        guard let versions = model.keys[key], !versions.isEmpty else { continue }
        let version = versions[random.next(below: versions.count)]
        let done = try await s3.service.deleteObject(
          .init(bucket: "bucket", key: key, versionId: version.id), s3.root)
        #expect((done.deleteMarker == true) == (version.text == nil))
        model.keys[key]?.removeAll { $0 == version }
      default:
        try await compare(s3, model, random, "seed \(seed), step \(step)")
      }
    }
    try await compare(s3, model, random, "seed \(seed), end")
    // What no version names is freed, and nothing else.
    _ = try await s3.service.listBuckets(.init(), s3.root)
    let bytes = model.keys.values.joined().filter { $0.text != nil }.count
    try await s3.sweep()
    #expect(s3.blobCount == bytes, "seed \(seed)")
  }

  private func compare(_ s3: TestS3, _ model: Model, _ random: SeededRandomSource, _ place: String) async throws {
    for (key, versions) in model.keys {
      let newest = versions.first
      if let text = newest?.text {
        #expect(try await s3.text(key) == text, "\(place)")
      } else {
        #expect(await s3.code { _ = try await s3.get(key) } == "NoSuchKey", "\(place)")
      }
      for version in versions {
        if let text = version.text {
          #expect(try await s3.text(key) { $0.versionId = version.id } == text, "\(place)")
        } else {
          #expect(
            await s3.code { _ = try await s3.get(key) { $0.versionId = version.id } } == "MethodNotAllowed", "\(place)")
        }
      }
    }
    let limit = 1 + random.next(below: 4)
    var seen: [String] = []
    var input = ListObjectVersionsRequest(bucket: "bucket", maxKeys: limit)
    while true {
      let page = try await s3.service.listObjectVersions(input, s3.root)
      seen += (page.versions ?? []).map { "\($0.key ?? "") \($0.versionId ?? "") \($0.isLatest ?? false)" }
      seen += (page.deleteMarkers ?? []).map { "\($0.key ?? "") \($0.versionId ?? "") \($0.isLatest ?? false) marker" }
      guard page.isTruncated == true else { break }
      input.keyMarker = page.nextKeyMarker
      input.versionIdMarker = page.nextVersionIdMarker
    }
    let expected = model.keys.flatMap { key, versions in
      versions.enumerated().map { index, version in
        "\(key) \(version.id) \(index == 0)\(version.text == nil ? " marker" : "")"
      }
    }
    #expect(seen.sorted() == expected.sorted(), "\(place), limit \(limit)")
    let listed = try await s3.service.listObjectsV2(.init(bucket: "bucket"), s3.root)
    let current = model.keys.filter { $0.value.first?.text != nil }.keys.sorted()
    #expect((listed.contents ?? []).compactMap(\.key) == current, "\(place)")
  }

  @Test func `versions list newest first, with delimiters`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket(versioning: "Enabled")
    let ids = [try await s3.put("a", "1").versionId, try await s3.put("a", "2").versionId]
    try await s3.put("d/x", "1")
    try await s3.put("d/y", "1")
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "d/x"), s3.root)
    let page = try await s3.service.listObjectVersions(.init(bucket: "bucket", delimiter: "/"), s3.root)
    #expect(page.versions?.map(\.versionId) == [ids[1], ids[0]])
    #expect(page.versions?.map(\.isLatest) == [true, false])
    #expect(page.commonPrefixes?.map(\.prefix) == ["d/"])
    #expect(page.deleteMarkers == nil)
  }

  @Test func `ids that name nothing`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket(versioning: "Enabled")
    let id = try #require(try await s3.put("a", "1").versionId)
    #expect(await s3.code { _ = try await s3.get("a") { $0.versionId = "nonsense" } } == "InvalidArgument")
    #expect(await s3.code { _ = try await s3.get("b") { $0.versionId = id } } == "NoSuchVersion")
    #expect(await s3.code { _ = try await s3.get("a") { $0.versionId = "null" } } == "NoSuchVersion")
    let done = try await s3.service.deleteObject(.init(bucket: "bucket", key: "b", versionId: id), s3.root)
    #expect(done.versionId == id)
    let input = ListObjectVersionsRequest(bucket: "bucket", versionIdMarker: id)
    #expect(await s3.code { _ = try await s3.service.listObjectVersions(input, s3.root) } == "InvalidArgument")
  }
}
