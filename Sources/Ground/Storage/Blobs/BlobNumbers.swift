import Kernel

/// Gives out file numbers that no earlier opening of the folder has given.
///
/// A file `NUMBERS` holds a number that none given so far reaches; it is moved on durably before one passes it.
final class BlobNumbers: Sendable {
  private struct State {
    var next: UInt64
    var reserved: UInt64
  }
  private let folder: String
  private let disk: any Disk
  private let state: Locked<State>
  /// Files with smaller numbers come from earlier openings.
  let firstOfOpening: UInt64

  init(folder: String, disk: any Disk) throws {
    self.folder = folder
    self.disk = disk
    var next: UInt64 = 1
    if let bytes = try disk.contents("\(folder)/NUMBERS") {
      let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      guard text.count == 1, let found = UInt64(text[0]) else {
        throw StorageError.corrupt("\(folder)/NUMBERS holds no number")
      }
      next = found
    }
    firstOfOpening = next << 1
    state = Locked(State(next: next, reserved: next))
  }

  /// Blocks now and then.
  func take(pack: Bool) throws -> UInt64 {
    // Held while the file is written: nobody may get a number that is not reserved yet.
    try state.withLock { state in
      if state.next == state.reserved {
        let reserved = state.reserved + StorageLimits.blobNumbersReserved
        try disk.replace("NUMBERS", in: folder, with: Array("\(reserved)\n".utf8))
        state.reserved = reserved
      }
      defer { state.next += 1 }
      return state.next << 1 | (pack ? 1 : 0)
    }
  }
}
