import CCompression
import Kernel
import LakeFiles

extension Warehouse {
  /// Writes what happened since `offset` into files of the bucket, with the rights that its policy gives to Redshift.
  /// - Parameter offset: where the last delivery ended; `nil` begins with what happens next.
  /// - Returns: where this one ended. Nothing is lost when the server dies before that is kept: it is written again.
  /// - Throws: `AuditRefusal`.
  public func deliverAudit(from offset: UInt64?, to destination: AuditDestination) async throws -> UInt64 {
    guard let log = history.log else { return 0 }
    await log.flush()
    guard var next = offset else {
      try await check(destination)
      return try await log.end()
    }
    while true {
      let page = try await log.read(from: next, recordsMax: WarehouseLimits.auditRecordsMax)
      guard page.next > next else { return next }
      var files = ["connectionlog": "", "userlog": "", "useractivitylog": ""]
      for record in page.records {
        if let event = record.connection { files["connectionlog"]?.append(AuditLines.connection(event)) }
        if let event = record.user { files["userlog"]?.append(AuditLines.user(event)) }
        if destination.includesActivity, let entry = record.statement {
          files["useractivitylog"]?.append(AuditLines.activity(entry))
        }
      }
      for (kind, text) in files.sorted(by: { $0.key < $1.key }) where !text.isEmpty {
        try await write(text, as: kind, to: destination)
      }
      next = page.next
    }
  }

  /// Whether the bucket is there and may be written to.
  private func check(_ destination: AuditDestination) async throws {
    let (files, caller) = (ground.files, serviceContext)
    let path = LakePath(bucket: destination.bucket, key: destination.prefix + "AWSLogs/")
    try await refusing {
      try await pool.run { try files.create(path, for: caller).abort() }
    }
  }

  private func write(_ text: String, as kind: String, to destination: AuditDestination) async throws {
    let (files, caller, settings) = (ground.files, serviceContext, settings)
    let packed = try Self.gzip(Array(text.utf8))
    var moment = ground.clock.now()
    try await refusing {
      // Names have minutes: a second file of the same one takes the next.
      for _ in 0..<WarehouseLimits.auditNamesTried {
        let key = AuditLines.key(
          kind, prefix: destination.prefix, scope: settings.scope, cluster: settings.name, at: moment)
        let path = LakePath(bucket: destination.bucket, key: key)
        // Redshift may write and mostly not read: names of its own are remembered.
        let isThere = (try? await pool.run { try files.stat(path, for: caller) != nil }) ?? false
        if !isThere, !auditNames.withLock({ $0.contains(key) }) {
          let writer = try await pool.run {
            let writer = try files.create(path, for: caller)
            do {
              try packed.withUnsafeBytes { try writer.write($0) }
              try writer.finish()
            } catch {
              writer.abort()
              throw error
            }
            return writer
          }
          try await files.publish([writer], for: caller)
          auditNames.withLock { $0 = [key] + $0.prefix(WarehouseLimits.auditNamesTried) }
          return
        }
        moment = moment + .seconds(60)
      }
      throw AuditRefusal.denied("there are too many files of one minute")
    }
  }

  private func refusing(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch LakeError.notFound {
      throw AuditRefusal.noSuchBucket
    } catch LakeError.accessDenied(_, let message) {
      throw AuditRefusal.denied(message)
    } catch let error as AWSError where error.httpStatus == 403 {
      throw AuditRefusal.denied(error.message)
    }
  }

  private static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    guard let stream = tarn_deflate_new(1) else { throw AuditRefusal.denied("there is no memory") }
    defer { tarn_deflate_free(stream) }
    var packed: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var start = 0
    while true {
      var (taken, filled) = (0, 0)
      let room = buffer.count
      let result = bytes[start...].withUnsafeBufferPointer { input in
        buffer.withUnsafeMutableBufferPointer { output in
          tarn_deflate_run(
            stream, input.baseAddress, input.count, 1, output.baseAddress, room, &taken, &filled)
        }
      }
      guard result >= 0 else { throw AuditRefusal.denied("the log cannot be compressed") }
      packed += buffer[..<filled]
      start += taken
      if result == 1 { return packed }
    }
  }
}
