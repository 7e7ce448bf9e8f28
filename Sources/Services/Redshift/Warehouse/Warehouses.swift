import Engine
import Foundation
import Kernel
import PostgresWire
import SQL
import Storage

/// The database files of all namespaces: made, opened, copied, removed.
///
/// A namespace lies in `FOLDER/ID/warehouse.db` with its log `warehouse.db.wal` beside it; a snapshot in
/// `FOLDER/snapshots/ID/` under the same names. A folder that is being made has a name that ends with `.part` until all
/// of it is on disk.
public actor Warehouses: NamespaceKeeping {
  private let ground: WarehouseGround
  private var open: [String: Warehouse] = [:]
  /// Namespaces on which something is being done; the next waits.
  private var busy: Set<String> = []
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private let pool = BlockingPool(name: "warehouse-files", threads: 2, queueLimit: 1_000)
  /// What each namespace that has its file open may take of the memory of all.
  private var shares: [String: Int] = [:]
  /// The engines of those namespaces, from before their files are opened.
  private var engines: [String: LakeEngine] = [:]

  public init(_ ground: WarehouseGround) { self.ground = ground }

  // MARK: Namespaces

  public func create(_ settings: NamespaceSettings) async throws {
    try await alone(settings.id) {
      let folder = folder(settings.id)
      let part = folder + ".part"
      let exists = try await pool.run {
        if FileManager.default.fileExists(atPath: folder) { return true }
        try? FileManager.default.removeItem(atPath: part)
        try FileManager.default.createDirectory(atPath: part, withIntermediateDirectories: true)
        return false
      }
      if exists { return }
      try await with(settings, in: part) { try await $0.found() }
      try await pool.run { try Self.publish(part, as: folder) }
    }
  }

  public func open(_ settings: NamespaceSettings) async throws -> any NamespaceWarehouse {
    try await alone(settings.id) {
      if let warehouse = open[settings.id] {
        try await warehouse.update(settings)
        return warehouse
      }
      let folder = folder(settings.id)
      let spill = ground.spillFolder
      let exists = try await pool.run {
        try FileManager.default.createDirectory(atPath: spill, withIntermediateDirectories: true)
        return FileManager.default.fileExists(atPath: folder)
      }
      guard exists else { throw SQLFailure("3D000", "the namespace \(settings.id) does not exist") }
      let warehouse = await joined(settings, in: folder)
      do {
        try await warehouse.start()
      } catch {
        await warehouse.close()
        await leave(settings.id)
        throw error
      }
      open[settings.id] = warehouse
      await warehouse.keepViews()
      return warehouse
    }
  }

  public func close(_ id: String) async {
    await begin(id)
    defer { end(id) }
    await shut(id)
  }

  private func shut(_ id: String) async {
    guard let warehouse = open.removeValue(forKey: id) else { return }
    await warehouse.close()
    await leave(id)
  }

  /// Closes all, as the server stops.
  public func closeAll() async {
    for id in open.keys { await close(id) }
  }

  public func drop(_ id: String) async throws {
    try await alone(id) {
      await shut(id)
      let folder = folder(id)
      try await pool.run { try Self.remove(folder) }
      try await ground.logs?.delete(ActivityLog.id(id))
    }
  }

  // MARK: Snapshots

  public func snapshot(_ settings: NamespaceSettings, as snapshot: String) async throws -> Int64 {
    try await alone(settings.id) {
      let target = snapshotFolder(snapshot)
      let source = folder(settings.id)
      let copy: @Sendable () throws -> Int64 = { try Self.copy(source, to: target) }
      if let warehouse = open[settings.id] { return try await warehouse.engine.withFilesHeld(copy) }
      return try await pool.run(copy)
    }
  }

  public func restore(
    _ snapshot: String, encryptionKey: [UInt8]?, as settings: NamespaceSettings
  ) async throws {
    try await alone(settings.id) {
      let source = snapshotFolder(snapshot)
      let target = folder(settings.id)
      let part = target + ".part"
      let exists = try await pool.run {
        if FileManager.default.fileExists(atPath: target) { return true }
        _ = try Self.copy(source, to: part)
        return false
      }
      if exists { return }
      try await filled(settings, in: part, key: encryptionKey) { try await $0.adoptAdmin(settings) }
      try await pool.run { try Self.publish(part, as: target) }
    }
  }

  public func encrypt(_ settings: NamespaceSettings, from former: [UInt8]?) async throws {
    try await alone(settings.id) {
      await shut(settings.id)
      guard try await !opens(settings, in: folder(settings.id)) else { return }
      let part = folder(settings.id) + ".part"
      try await rewrite(settings, in: folder(settings.id), key: former, by: part)
    }
  }

  /// Brings the files of a folder, which have the key `key`, to the key of the settings, and lets `change` change what
  /// they hold.
  private func filled(
    _ settings: NamespaceSettings, in folder: String, key: [UInt8]?,
    _ change: (Warehouse) async throws -> Void
  ) async throws {
    if key != settings.encryptionKey { try await rewrite(settings, in: folder, key: key, by: folder + ".part") }
    try await with(settings, in: folder) { warehouse in
      try await warehouse.start()
      try await change(warehouse)
    }
  }

  /// Writes a folder's file anew with the key of the settings, in a folder beside it, and lets it take the old one's
  /// place in one step.
  private func rewrite(
    _ settings: NamespaceSettings, in folder: String, key: [UInt8]?, by part: String
  ) async throws {
    var former = settings
    former.encryptionKey = key
    // The engine reads a file whose log is empty.
    try await with(former, in: folder) { warehouse in
      try await warehouse.start()
      try await warehouse.engine.checkpoint()
    }
    try await pool.run {
      guard !FileManager.default.fileExists(atPath: "\(folder)/\(Warehouse.fileName).wal") else {
        throw SQLFailure("58030", "the log of \(folder) is not empty")
      }
      try? FileManager.default.removeItem(atPath: part)
      try FileManager.default.createDirectory(atPath: part, withIntermediateDirectories: true)
    }
    let source = DatabaseFile.Source(path: "\(folder)/\(Warehouse.fileName)", key: Warehouse.key(key))
    try await with(settings, in: part, source: source) { warehouse in
      try await warehouse.forgetPlaces()
      try await warehouse.engine.checkpoint()
    }
    try await pool.run {
      let (from, to) = ("\(part)/\(Warehouse.fileName)", "\(folder)/\(Warehouse.fileName)")
      try Self.sync(from)
      guard rename(from, to) == 0 else {
        throw SQLFailure("58030", "\(from) cannot be renamed: error \(errno)")
      }
      try Self.sync(folder)
      try? FileManager.default.removeItem(atPath: part)
    }
  }

  /// Whether the files of a folder have the key of the settings.
  private func opens(_ settings: NamespaceSettings, in folder: String) async throws -> Bool {
    do {
      try await with(settings, in: folder) { try await $0.start() }
      return true
    } catch let error where error is CancellationError {
      throw error
    } catch {
      return false
    }
  }

  /// Opens what a folder holds for as long as `body` runs.
  private func with(
    _ settings: NamespaceSettings, in folder: String, source: DatabaseFile.Source? = nil,
    _ body: (Warehouse) async throws -> Void
  ) async throws {
    let spill = ground.spillFolder
    try await pool.run { try FileManager.default.createDirectory(atPath: spill, withIntermediateDirectories: true) }
    let warehouse = await joined(settings, in: folder, source: source)
    do {
      try await body(warehouse)
    } catch {
      await warehouse.close()
      await leave(settings.id)
      throw error
    }
    await warehouse.close()
    await leave(settings.id)
  }

  public func dropSnapshot(_ snapshot: String) async throws {
    let folder = snapshotFolder(snapshot)
    try await pool.run { try Self.remove(folder) }
  }

  // MARK: Memory

  /// A namespace that is about to open, with its part of the memory: the others give up what is above an equal share.
  /// One whose statements hold more keeps what it has; the new one gets what is left, but never less than a named part
  /// of its share, since a warehouse that cannot be opened helps nobody.
  private func joined(
    _ settings: NamespaceSettings, in folder: String, source: DatabaseFile.Source? = nil
  ) async -> Warehouse {
    await begin(Self.memory)
    defer { end(Self.memory) }
    let share = ground.memoryBytes / (shares.count + 1)
    for (other, bytes) in shares where bytes > share {
      guard let engine = engines[other], (try? await engine.limitMemory(to: share)) != nil else { continue }
      shares[other] = share
    }
    let left = min(share, ground.memoryBytes - shares.values.reduce(0, +))
    var ground = ground
    ground.memoryBytes = max(left, share / WarehouseLimits.memoryShareDivisorMax)
    shares[settings.id] = ground.memoryBytes
    let warehouse = Warehouse(settings: settings, folder: folder, ground: ground, source: source)
    engines[settings.id] = warehouse.engine
    return warehouse
  }

  /// Divides what a namespace had among those that are open.
  private func leave(_ id: String) async {
    await begin(Self.memory)
    defer { end(Self.memory) }
    shares[id] = nil
    engines[id] = nil
    guard !shares.isEmpty else { return }
    let share = ground.memoryBytes / shares.count
    for (other, bytes) in shares where bytes < share {
      let more = min(share, bytes + ground.memoryBytes - shares.values.reduce(0, +))
      guard more > bytes, let engine = engines[other], (try? await engine.limitMemory(to: more)) != nil else {
        continue
      }
      shares[other] = more
    }
  }

  /// What is waited for while shares change; no namespace has this name.
  private static let memory = "/memory"

  // MARK: Folders

  private func folder(_ id: String) -> String { "\(ground.folder)/\(Self.safe(id))" }
  private func snapshotFolder(_ id: String) -> String { "\(ground.folder)/snapshots/\(Self.safe(id))" }

  /// Names come from the control plane and are UUIDs; whatever they are, they stay within the folder.
  static func safe(_ id: String) -> String {
    let name = String(id.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "_" })
    return name.isEmpty ? "_" : name
  }

  /// Copies log and file, in this order, and syncs them; the copy is there whole or not at all.
  private static func copy(_ source: String, to target: String) throws -> Int64 {
    let files = FileManager.default
    if files.fileExists(atPath: target), !target.hasSuffix(".part") { return try size(target) }
    let part = target.hasSuffix(".part") ? target : target + ".part"
    try? files.removeItem(atPath: part)
    try files.createDirectory(atPath: part, withIntermediateDirectories: true)
    for name in [Warehouse.fileName + ".wal", Warehouse.fileName] {
      let from = "\(source)/\(name)"
      guard files.fileExists(atPath: from) else { continue }
      try files.copyItem(atPath: from, toPath: "\(part)/\(name)")
    }
    guard files.fileExists(atPath: "\(part)/\(Warehouse.fileName)") else {
      throw SQLFailure("58P01", "there is no database file in \(source)")
    }
    if part != target { try publish(part, as: target) }
    return try size(target)
  }

  private static func publish(_ part: String, as folder: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: part) { try sync("\(part)/\(name)") }
    try sync(part)
    try FileManager.default.moveItem(atPath: part, toPath: folder)
    try sync((folder as NSString).deletingLastPathComponent)
  }

  private static func remove(_ folder: String) throws {
    guard FileManager.default.fileExists(atPath: folder) else { return }
    // Out of sight first, so that a crash leaves no half of it.
    let gone = folder + ".part"
    try? FileManager.default.removeItem(atPath: gone)
    try FileManager.default.moveItem(atPath: folder, toPath: gone)
    try sync((folder as NSString).deletingLastPathComponent)
    try FileManager.default.removeItem(atPath: gone)
  }

  private static func size(_ folder: String) throws -> Int64 {
    try FileManager.default.contentsOfDirectory(atPath: folder).reduce(into: 0) { sum, name in
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
      sum += (attributes[.size] as? NSNumber)?.int64Value ?? 0
    }
  }

  private static func sync(_ path: String) throws {
    let descriptor = Foundation.open(path, O_RDONLY)
    guard descriptor >= 0 else { throw SQLFailure("58030", "\(path) cannot be opened: error \(errno)") }
    defer { Foundation.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw SQLFailure("58030", "\(path) cannot be synced: error \(errno)") }
  }

  // MARK: One after the other

  private func alone<T: Sendable>(_ id: String, _ body: () async throws -> T) async throws -> T {
    await begin(id)
    defer { end(id) }
    return try await body()
  }

  private func begin(_ id: String) async {
    while busy.contains(id) { await withCheckedContinuation { waiting.append($0) } }
    busy.insert(id)
  }

  private func end(_ id: String) {
    busy.remove(id)
    let woken = waiting
    waiting = []
    for waiter in woken { waiter.resume() }
  }
}
