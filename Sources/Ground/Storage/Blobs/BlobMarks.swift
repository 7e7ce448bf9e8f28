/// Which of the files that earlier openings left are named by keys, and which blocks of packs.
struct BlobMarks: Sendable {
  /// One bit for each block of a pack.
  struct Blocks: Sendable {
    private var words: [UInt64] = []

    mutating func insert(_ range: Range<UInt64>) {
      let unit = UInt64(StorageLimits.blobPackAlignment)
      // A pack is bounded; a longer one was not written by this store, and a key's damage must not ask for memory.
      let last = min(range.upperBound, UInt64(StorageLimits.blobPackBytesMax) * 2)
      guard range.lowerBound < last else { return }
      for block in Int(range.lowerBound / unit)..<Int((last + unit - 1) / unit) {
        while words.count <= block / 64 { words.append(0) }
        words[block / 64] |= 1 << UInt64(block % 64)
      }
    }

    private func contains(_ block: Int) -> Bool {
      block / 64 < words.count && words[block / 64] & (1 << UInt64(block % 64)) != 0
    }

    /// The ranges of bytes before `end` that hold no marked block.
    func gaps(upTo end: UInt64) -> [Range<UInt64>] {
      let unit = UInt64(StorageLimits.blobPackAlignment)
      var gaps: [Range<UInt64>] = []
      var start: UInt64?
      for block in 0..<Int(end / unit) {
        let at = UInt64(block) * unit
        if contains(block) {
          if let from = start { gaps.append(from..<at) }
          start = nil
        } else if start == nil {
          start = at
        }
      }
      if let from = start { gaps.append(from..<end) }
      return gaps
    }
  }

  private let files: [UInt64]
  private var isMarked: [Bool]
  private(set) var markedPacks: [UInt64: Blocks] = [:]

  init(files: [UInt64]) {
    self.files = files.sorted()
    isMarked = Array(repeating: false, count: files.count)
  }

  mutating func mark(_ blob: BlobRef) {
    var low = 0
    var high = files.count
    while low < high {
      let middle = (low + high) / 2
      if files[middle] < blob.file { low = middle + 1 } else { high = middle }
    }
    guard low < files.count, files[low] == blob.file else { return }
    isMarked[low] = true
    guard BlobFiles.isPack(blob.file) else { return }
    let end = blob.offset.addingReportingOverflow(BlobFiles.packed(blob.length))
    guard !end.overflow else { return }
    markedPacks[blob.file, default: Blocks()].insert(blob.offset..<end.partialValue)
  }

  var unmarkedFiles: [UInt64] { zip(files, isMarked).filter { !$0.1 }.map(\.0) }
}
