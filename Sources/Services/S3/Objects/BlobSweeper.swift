import Kernel
import Logging
import Storage

/// Frees the blobs that the ledger queued, and after a start those that a crash left without a name.
struct BlobSweeper: Sendable {
  let keys: any KeyStore
  let blobs: any BlobStore
  let leases: BlobLeases
  let logger: Logger

  /// Frees what is queued.
  /// - Returns: blobs freed. Those still read stay queued.
  @discardableResult
  func sweep() async throws -> Int {
    var from = Layout.free.subtree.from
    var total = 0
    while true {
      let start = from
      let entries: [(key: Key, value: [UInt8])] = try await keys.read { reader in
        try reader.entries(KeyRange(from: start, to: Layout.free.subtree.to), limit: Limits.sweepBatch)
      }
      guard let last = entries.last else { return total }
      from = Key(encoded: last.key.bytes + [0])
      let queued = try entries.map { entry in
        var reader = BinaryReader(entry.value)
        return try BlobRef(from: &reader)
      }
      let free = leases.beginFreeing(queued)
      defer { leases.freed(free) }
      try await blobs.delete(free)
      let done = free.map(Layout.freed)
      try await keys.write { transaction in for key in done { try transaction.delete(key) } }
      total += free.count
    }
  }

  /// Marks every blob that a key of S3 names.
  func mark(_ mark: @escaping @Sendable (BlobRef) -> Void) async throws {
    try await keys.read { reader in
      for table in [Key("s3", "o"), Key("s3", "v")] {
        try reader.scan(table.subtree) { _, value in
          for segment in try ObjectRecord(decoding: value).segments { mark(segment.blob) }
          return true
        }
      }
      try reader.scan(Key("s3", "p").subtree) { _, value in
        for segment in try PartRecord(decoding: value).segments { mark(segment.blob) }
        return true
      }
      // Queued blobs stay named, so that the sweep frees them once.
      try reader.scan(Layout.free.subtree) { _, value in
        var reader = BinaryReader(value)
        mark(try BlobRef(from: &reader))
        return true
      }
    }
  }
}
