import Kernel
import LakeFiles
import S3
import S3Model
import Storage
import StorageTesting
import Testing

@Suite struct LakeTests {
  private func read(_ file: any LakeFile) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(file.info.size) + 10)
    let count = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    return Array(bytes.prefix(count))
  }

  /// Runs on a thread of its own, as the engine does.
  private func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await BlockingPool(name: "test", threads: 1, queueLimit: 10).run(body)
  }

  @Test(arguments: [0, 5, 1024, 5_000, 3_000_000]) func `what is written and published can be read`(count: Int)
    async throws
  {
    let s3 = TestS3()
    try await s3.makeBucket()
    let lake = S3Lake(s3.service)
    let (root, bytes) = (s3.root, SeededRandomSource(seed: 1).bytes(count))
    let path = LakePath(bucket: "bucket", key: "t/part=1/f.parquet")
    let writer = try await onThread {
      let writer = try lake.create(path, for: root)
      for start in stride(from: 0, to: count, by: 70_000) {
        try bytes[start..<min(start + 70_000, count)].withUnsafeBytes { try writer.write($0) }
      }
      try writer.finish()
      return writer
    }
    #expect(try await onThread { try lake.stat(path, for: root) } == nil)
    try await lake.publish([writer], for: root)
    let (info, got) = try await onThread {
      let file = try lake.open(path, for: root)
      defer { file.close() }
      return (file.info, try self.read(file))
    }
    #expect(got == bytes)
    let put = try await s3.put("same", String(decoding: [UInt8](repeating: 65, count: 3), as: UTF8.self))
    #expect(put.eTag != nil)
    let head = try await s3.service.headObject(.init(bucket: "bucket", key: path.key), s3.root)
    #expect(head.eTag == "\"\(info.tag)\"" && head.contentLength == Int64(count))
    let listed = try await onThread {
      var keys: [String] = []
      try lake.list(bucket: "bucket", prefix: "t/", for: root) { key, _ in
        keys.append(key)
        return true
      }
      return keys
    }
    #expect(listed == [path.key])
  }

  @Test func `what stands alongside happens with the objects or not at all`() async throws {
    struct Refused: Error {}
    let s3 = TestS3()
    try await s3.makeBucket()
    let (lake, root) = (S3Lake(s3.service), s3.root)
    for isRefused in [true, false] {
      let path = LakePath(bucket: "bucket", key: "made-\(isRefused)")
      let writer = try await onThread {
        let writer = try lake.create(path, for: root)
        try writer.finish()
        return writer
      }
      let key = Key("alongside", isRefused ? "no" : "yes")
      let publication = LakePublication(alongside: { transaction in
        try transaction.set(key, [1])
        if isRefused { throw Refused() }
      })
      do {
        try await lake.publish([writer], publication, for: root)
        #expect(!isRefused)
      } catch is Refused {
        #expect(isRefused)
      }
      let value = try await s3.keys.read { try $0.get(key) }
      let found = try await onThread { try lake.stat(path, for: root) }
      #expect(value == (isRefused ? nil : [1]))
      #expect((found == nil) == isRefused)
    }
  }

  @Test func `what is given up leaves nothing`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let lake = S3Lake(s3.service)
    let root = s3.root
    try await onThread {
      for finishes in [true, false] {
        let writer = try lake.create(LakePath(bucket: "bucket", key: "f"), for: root)
        try [UInt8](repeating: 1, count: 100).withUnsafeBytes { try writer.write($0) }
        if finishes { try writer.finish() }
        writer.abort()
      }
    }
    while s3.blobCount > 0 { await Task.yield() }
    #expect(try await s3.service.listObjectsV2(.init(bucket: "bucket"), s3.root).keyCount == 0)
  }

  @Test func `a file of many parts reads at any place, and on when it is deleted`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    let upload = try await s3.service.createMultipartUpload(.init(bucket: "bucket", key: "k"), s3.root)
    var (parts, whole): ([CompletedPart], [UInt8]) = ([], [])
    for number in 1...3 {
      let bytes = SeededRandomSource(seed: UInt64(number)).bytes(number == 3 ? 777 : 5 << 20)
      whole += bytes
      let done = try await s3.service.uploadPart(
        .init(
          body: stream(bytes, piece: 1 << 20, length: Int64(bytes.count)), bucket: "bucket", key: "k",
          partNumber: number, uploadId: upload.uploadId ?? ""), s3.root)
      parts.append(.init(eTag: done.eTag, partNumber: number))
    }
    _ = try await s3.service.completeMultipartUpload(
      .init(bucket: "bucket", key: "k", multipartUpload: .init(parts: parts), uploadId: upload.uploadId ?? ""), s3.root)
    let lake = S3Lake(s3.service)
    let root = s3.root
    let file = try await onThread { try lake.open(LakePath(bucket: "bucket", key: "k"), for: root) }
    _ = try await s3.service.deleteObject(.init(bucket: "bucket", key: "k"), s3.root)
    try await s3.sweep()
    let random = SeededRandomSource(seed: 5)
    for _ in 0..<50 {
      let start = random.next(below: whole.count + 100)
      let count = random.next(below: 6 << 20)
      let got = try await onThread {
        var bytes = [UInt8](repeating: 0, count: count)
        let filled = try bytes.withUnsafeMutableBytes { try file.read(at: Int64(start), into: $0) }
        return Array(bytes.prefix(filled))
      }
      #expect(got == Array(whole.dropFirst(start).prefix(count)))
    }
    file.close()
    try await s3.sweep()
    #expect(s3.blobCount == 0)
  }

  @Test func `rights are asked for`() async throws {
    let s3 = TestS3()
    try await s3.makeBucket()
    try await s3.put("k", "x")
    let lake = S3Lake(s3.service)
    let path = LakePath(bucket: "bucket", key: "k")
    func code(_ denied: String, _ body: @escaping @Sendable (RequestContext) throws -> Void) async -> String? {
      let context = s3.context(principal: .user, authorizer: DenyingAuthorizer(denied: [denied]))
      return await s3.code { try await onThread { try body(context) } }
    }
    #expect(await code("s3:GetObject") { _ = try lake.open(path, for: $0) } == "AccessDenied")
    #expect(await code("s3:ListBucket") { _ = try lake.open(path, for: $0) } == nil)
    #expect(
      await code("s3:ListBucket") { try lake.list(bucket: "bucket", prefix: "", for: $0) { _, _ in true } }
        == "AccessDenied")
    #expect(await code("s3:PutObject") { _ = try lake.create(path, for: $0) } == "AccessDenied")
    let absent = LakePath(bucket: "bucket", key: "no")
    #expect(await code("s3:ListBucket") { _ = try lake.stat(absent, for: $0) } == "AccessDenied")
    #expect(throws: LakeError.notFound(LakePath(bucket: "nobucket", key: "k"))) {
      try lake.open(LakePath(bucket: "nobucket", key: "k"), for: s3.root)
    }
  }
}
