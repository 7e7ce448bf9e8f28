package import Kernel
package import Storage

/// A disk in memory that can crash: what was not synced is then lost, kept or torn, sector by sector and in any
/// order, as its random source decides; so are names that were made, changed or removed and not synced.
///
/// It can also refuse: after so many operations, or when it is full, or by failing a sync, of whose bytes some
/// reach the disk and none is written again.
package final class SimulatedDisk: Disk {
  static let sector = 512
  static let block = 4096

  enum Change {
    case write(UInt64, [UInt8])
    case resize(UInt64)
    case punch(UInt64, UInt64)
  }

  /// A file's bytes, as programs see them and as they would be after a crash.
  struct Inode {
    var seen: [UInt8] = []
    var durable: [UInt8] = []
    var unsynced: [Change] = []
    /// Blocks that take room.
    var blocks: Set<UInt64> = []
  }

  enum NameChange {
    case set(String, Int)
    case remove(String)
    case move(String, String)
  }

  struct State {
    var inodes: [Int: Inode] = [:]
    var nextInode = 0
    var folders: Set<String> = []
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var unsyncedNames: [NameChange] = []
    var operationsLeft: Int?
    var syncsUntilFailure: Int?
    var bytesFree: UInt64 = .max
    var syncs = 0
  }

  let state: Locked<State>
  let random: any RandomSource

  package init(random: any RandomSource) {
    self.random = random
    state = Locked(State())
  }

  private init(_ state: State, random: any RandomSource) {
    self.random = random
    self.state = Locked(state)
  }

  // MARK: what tests do to it

  /// Lets so many operations succeed and every later one fail, as if the power went: then comes `afterCrash`.
  package func stop(afterOperations count: Int) { state.withLock { $0.operationsLeft = count } }

  /// Lets a sync fail, after so many that succeed.
  package func failSync(after count: Int) { state.withLock { $0.syncsUntilFailure = count } }

  /// Leaves so much room; files shrink and grow against it.
  package func setBytesFree(_ bytes: UInt64) { state.withLock { $0.bytesFree = bytes } }

  /// How many syncs of files succeeded.
  package var syncs: Int { state.withLock { $0.syncs } }

  /// The paths of all files.
  package var paths: [String] { state.withLock { $0.names.keys.sorted() } }

  /// Flips bits of a file where it lies.
  package func damage(_ path: String, at position: Int) {
    state.withLock { state in
      guard let inode = state.names[path], var file = state.inodes[inode] else { return }
      if position < file.seen.count { file.seen[position] ^= 0x5A }
      if position < file.durable.count { file.durable[position] ^= 0x5A }
      state.inodes[inode] = file
    }
  }

  /// The disk as the next start finds it. This one answers nothing any more.
  package func afterCrash() -> SimulatedDisk {
    state.withLock { state in
      state.operationsLeft = 0
      // Some crashes lose everything that was on its way, some nothing, most a part.
      let kept = [0, 20, 50, 80, 100][random.next(below: 5)]
      var after = State()
      after.folders = state.folders
      after.nextInode = state.nextInode
      after.names = state.durableNames
      for change in state.unsyncedNames {
        // A journal keeps changes of names in order: some first part of them survives.
        guard random.next(below: 100) < max(kept, 10) else { break }
        Self.apply(change, &after.names)
      }
      after.durableNames = after.names
      for inode in Set(after.names.values) {
        guard var file = state.inodes[inode] else { continue }
        for change in file.unsynced { keepPart(of: change, percent: kept, &file.durable) }
        file.unsynced = []
        file.seen = file.durable
        after.inodes[inode] = file
      }
      return SimulatedDisk(after, random: random)
    }
  }

  private func keepPart(of change: Change, percent: Int, _ bytes: inout [UInt8]) {
    switch change {
    case .resize, .punch:
      if random.next(below: 100) < percent { Self.apply(change, &bytes) }
    case .write(let position, let written):
      var index = 0
      while index < written.count {
        let sectorEnd = (Int(position) + index) / Self.sector * Self.sector + Self.sector - Int(position)
        let end = min(written.count, sectorEnd)
        if random.next(below: 100) < percent {
          Self.apply(.write(position + UInt64(index), Array(written[index..<end])), &bytes)
        }
        index = end
      }
    }
  }

  static func apply(_ change: Change, _ bytes: inout [UInt8]) {
    switch change {
    case .resize(let size):
      if bytes.count > Int(size) {
        bytes.removeLast(bytes.count - Int(size))
      } else {
        bytes += [UInt8](repeating: 0, count: Int(size) - bytes.count)
      }
    case .write(let position, let written):
      let end = Int(position) + written.count
      if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
      bytes.replaceSubrange(Int(position)..<end, with: written)
    case .punch(let position, let count):
      let end = min(bytes.count, Int(position + count))
      guard Int(position) < end else { return }
      bytes.replaceSubrange(Int(position)..<end, with: [UInt8](repeating: 0, count: end - Int(position)))
    }
  }

  static func apply(_ change: NameChange, _ names: inout [String: Int]) {
    switch change {
    case .set(let path, let inode): names[path] = inode
    case .remove(let path): names[path] = nil
    case .move(let from, let to): names[to] = names.removeValue(forKey: from)
    }
  }

  /// Runs an operation, or refuses it.
  func operate<T>(_ path: String, _ body: (inout State) throws -> T) throws -> T where T: Sendable {
    try state.withLock { state in
      if let left = state.operationsLeft {
        guard left > 0 else { throw StorageError.io(operation: "simulated crash", path: path, errno: 5) }
        state.operationsLeft = left - 1
      }
      return try body(&state)
    }
  }

  // MARK: Disk

  package func open(_ path: String, create: Bool) throws -> any DiskFile {
    let inode = try operate(path) { state in
      if let inode = state.names[path] { return inode }
      guard create else {
        throw StorageError.io(operation: "open", path: path, errno: PosixErrors.noEntry)
      }
      state.nextInode += 1
      state.inodes[state.nextInode] = Inode()
      state.change(.set(path, state.nextInode))
      return state.nextInode
    }
    return SimulatedFile(disk: self, inode: inode, path: path)
  }

  package func list(_ folder: String) throws -> [String] {
    try operate(folder) { state in
      let below = (Array(state.names.keys) + state.folders).filter { $0.hasPrefix(folder + "/") }
      return Set(below.map { String($0.dropFirst(folder.count + 1).prefix { $0 != "/" }) }).sorted()
    }
  }

  package func makeFolder(_ path: String) throws { try operate(path) { _ = $0.folders.insert(path) } }

  package func remove(_ path: String) throws {
    try operate(path) { state in
      if state.names[path] != nil { state.change(.remove(path)) }
    }
  }

  package func rename(_ from: String, to: String) throws {
    try operate(from) { state in
      guard state.names[from] != nil else {
        throw StorageError.io(operation: "rename", path: from, errno: PosixErrors.noEntry)
      }
      state.change(.move(from, to))
    }
  }

  package func syncFolder(_ folder: String) throws {
    try operate(folder) { state in
      guard state.folders.contains(folder) else {
        throw StorageError.io(operation: "open", path: folder, errno: PosixErrors.noEntry)
      }
      // A journal that commits one folder's changes commits those before them.
      for change in state.unsyncedNames { Self.apply(change, &state.durableNames) }
      state.unsyncedNames = []
    }
  }
}

extension SimulatedDisk.State {
  mutating func change(_ change: SimulatedDisk.NameChange) {
    SimulatedDisk.apply(change, &names)
    unsyncedNames.append(change)
  }
}

private final class SimulatedFile: DiskFile {
  let disk: SimulatedDisk
  let inode: Int
  let path: String

  init(disk: SimulatedDisk, inode: Int, path: String) {
    self.disk = disk
    self.inode = inode
    self.path = path
  }

  private func operate<T: Sendable>(
    _ body: (inout SimulatedDisk.Inode, inout SimulatedDisk.State) throws -> T
  ) throws -> T {
    try disk.operate(path) { state in
      var file = state.inodes[inode] ?? SimulatedDisk.Inode()
      // Taken out while it changes, so that its bytes are not copied.
      state.inodes[inode] = nil
      defer { state.inodes[inode] = file }
      return try body(&file, &state)
    }
  }

  private func change(_ change: SimulatedDisk.Change) throws {
    try operate { file, state in
      let end =
        switch change {
        case .resize(let size): size
        case .write(let position, let bytes): max(UInt64(file.seen.count), position + UInt64(bytes.count))
        case .punch: UInt64(file.seen.count)
        }
      let growth = Int64(end) - Int64(file.seen.count)
      guard growth <= 0 || UInt64(growth) <= state.bytesFree else { throw StorageError.diskFull }
      state.bytesFree = growth > 0 ? state.bytesFree - UInt64(growth) : state.bytesFree.saturatingAdd(UInt64(-growth))
      SimulatedDisk.apply(change, &file.seen)
      file.unsynced.append(change)
      let block = UInt64(SimulatedDisk.block)
      switch change {
      case .write(let position, let bytes) where !bytes.isEmpty:
        for taken in position / block...(position + UInt64(bytes.count) - 1) / block { file.blocks.insert(taken) }
      case .punch(let position, let count):
        let whole = (position + block - 1) / block..<max((position + block - 1) / block, (position + count) / block)
        for freed in whole { file.blocks.remove(freed) }
      case .resize(let size): file.blocks = file.blocks.filter { $0 * block < size }
      default: break
      }
    }
  }

  func size() throws -> UInt64 { try operate { file, _ in UInt64(file.seen.count) } }

  func read(into buffer: UnsafeMutableRawBufferPointer, at position: UInt64) throws -> Int {
    let bytes = try operate { file, _ in
      let start = min(Int(position), file.seen.count)
      return Array(file.seen[start..<min(file.seen.count, start + buffer.count)])
    }
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  func write(_ bytes: UnsafeRawBufferPointer, at position: UInt64) throws {
    try change(.write(position, Array(bytes)))
  }

  func sync() throws {
    try operate { file, state in
      if let left = state.syncsUntilFailure {
        state.syncsUntilFailure = left > 0 ? left - 1 : nil
        if left == 0 {
          // What the system could not write it forgets: some of it is on disk, the rest never will be.
          for change in file.unsynced where disk.random.next(below: 2) == 0 {
            SimulatedDisk.apply(change, &file.durable)
          }
          file.unsynced = []
          throw StorageError.io(operation: "fdatasync", path: path, errno: 5)
        }
      }
      for change in file.unsynced { SimulatedDisk.apply(change, &file.durable) }
      file.unsynced = []
      state.syncs += 1
    }
  }

  func startWriteback(upTo end: UInt64) {}

  func preallocate(at position: UInt64, count: UInt64) throws {
    if try size() < position + count { try change(.resize(position + count)) }
  }

  func truncate(to size: UInt64) throws { try change(.resize(size)) }

  func punchHole(at position: UInt64, count: UInt64) throws { try change(.punch(position, count)) }

  func holdsData() throws -> Bool { try operate { file, _ in !file.blocks.isEmpty } }
}
