import AWSWire
import Kernel
import S3
import S3Model
import Testing

/// Listings against a model that has all keys in an array.
@Suite struct ListingTests {
  /// What a listing shows, by the rules of AWS's documentation.
  struct Model {
    var keys: Set<String> = []

    func entries(prefix: String, delimiter: String) -> [String] {
      var rolled: Set<String> = []
      for key in keys where Array(key.utf8).starts(with: Array(prefix.utf8)) {
        rolled.insert(roll(key, prefix, delimiter))
      }
      return rolled.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func roll(_ key: String, _ prefix: String, _ delimiter: String) -> String {
      let rest = key.dropFirst(prefix.count)
      guard !delimiter.isEmpty, let found = rest.firstRange(of: delimiter) else { return key }
      return prefix + String(rest[..<found.upperBound])
    }
  }

  private func shown(_ page: ListObjectsV2Output) -> [String] {
    let all = (page.contents ?? []).compactMap(\.key) + (page.commonPrefixes ?? []).compactMap(\.prefix)
    return all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>) func `random keys list as the model does`(seed: UInt64) async throws {
    let random = SeededRandomSource(seed: seed)
    let s3 = TestS3(seed: seed)
    try await s3.makeBucket()
    var model = Model()
    let parts = ["a", "b", "/", "//", "é", "\u{10FFFF}", "-", "z", "year=2024", "\u{0}"]
    for _ in 0..<120 {
      let key = (0...random.next(below: 5)).map { _ in parts[random.next(below: parts.count)] }.joined()
      if random.next(below: 5) == 0, let gone = model.keys.sorted().first {
        _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: gone), s3.root)
        model.keys.remove(gone)
      }
      try await s3.put(key, "x")
      model.keys.insert(key)
    }
    for _ in 0..<60 {
      let prefix = ["", "a", "a/", "b", "é", "nothing", "year=2024/"][random.next(below: 7)]
      let delimiter = ["", "/", "//", "-", "a"][random.next(below: 5)]
      let limit = 1 + random.next(below: 9)
      let expected = model.entries(prefix: prefix, delimiter: delimiter)
      var seen: [String] = []
      var token: String?
      repeat {
        let page = try await s3.service.listObjectsV2(
          .init(bucket: "bucket", delimiter: delimiter, maxKeys: limit, prefix: prefix, continuationToken: token),
          s3.root)
        let entries = shown(page)
        #expect(page.keyCount == entries.count)
        #expect(entries.count <= limit)
        seen += entries
        token = page.nextContinuationToken
        #expect((token != nil) == (page.isTruncated == true))
      } while token != nil
      #expect(seen == expected, "seed \(seed), prefix \(prefix), delimiter \(delimiter), limit \(limit)")
      // The first version of the operation, by its markers.
      seen = []
      var marker: String?
      while true {
        let page = try await s3.service.listObjects(
          .init(bucket: "bucket", delimiter: delimiter, marker: marker, maxKeys: limit, prefix: prefix), s3.root)
        let entries = (page.contents ?? []).compactMap(\.key) + (page.commonPrefixes ?? []).compactMap(\.prefix)
        seen += entries.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard page.isTruncated == true else { break }
        #expect((page.nextMarker != nil) == !delimiter.isEmpty)
        marker = page.nextMarker ?? page.contents?.last?.key
      }
      #expect(seen == expected, "seed \(seed), prefix \(prefix), delimiter \(delimiter), limit \(limit)")
    }
  }

  @Test func `start-after, tokens and encodings`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    for key in ["a", "b", "c d", "e/f", "e/g"] { try await s3.put(key, "x") }
    var input = ListObjectsV2Request(bucket: "bucket", encodingType: "url", startAfter: "b")
    var page = try await s3.service.listObjectsV2(input, s3.root)
    #expect(page.contents?.map(\.key) == ["c+d", "e/f", "e/g"])
    #expect(page.startAfter == "b")
    #expect(page.contents?.first?.owner == nil)
    input = ListObjectsV2Request(bucket: "bucket", delimiter: "/", fetchOwner: true, startAfter: "e/f")
    page = try await s3.service.listObjectsV2(input, s3.root)
    #expect(page.contents == nil && page.commonPrefixes == nil)
    page = try await s3.service.listObjectsV2(.init(bucket: "bucket", maxKeys: 0), s3.root)
    #expect(page.isTruncated == false && page.keyCount == 0)
    for token in ["!", ""] {
      let input = ListObjectsV2Request(bucket: "bucket", continuationToken: token)
      #expect(await s3.code { _ = try await s3.service.listObjectsV2(input, s3.root) } == "InvalidArgument")
    }
    for count in [-1, Int.max] {
      let input = ListObjectsV2Request(bucket: "bucket", maxKeys: count)
      #expect(await s3.code { _ = try await s3.service.listObjectsV2(input, s3.root) } == "InvalidArgument")
    }
  }

  @Test func `a page holds a thousand entries at most`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    for index in 0...1000 { try await s3.put("k\(index)", "") }
    let page = try await s3.service.listObjectsV2(.init(bucket: "bucket", maxKeys: 5000), s3.root)
    #expect(page.contents?.count == 1000)
    #expect(page.maxKeys == 5000)
    #expect(page.isTruncated == true)
  }
}
