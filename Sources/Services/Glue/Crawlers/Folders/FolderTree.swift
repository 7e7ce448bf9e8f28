import Lake

/// Hive's escapes in folders' names.
enum HivePathText {
  static func plain(_ text: Substring) -> String { HivePath.unescape(text) }
}

/// How a target's folders become tables.
package struct GroupingRules: Sendable {
  /// Schemas need not be similar: whatever has one format is one table.
  var combinesCompatible = false
  /// The level of folders that tables are made of, the bucket being 1.
  var tableLevel: Int?
  /// Folders that are tables already, with their slash at the end.
  var knownRoots: Set<String> = []

  package init(combinesCompatible: Bool = false, tableLevel: Int? = nil, knownRoots: Set<String> = []) {
    self.combinesCompatible = combinesCompatible
    self.tableLevel = tableLevel
    self.knownRoots = knownRoots
  }
}

/// Takes in the files of a target in the order of their keys and gives the tables that they make.
///
/// Only the folders that are open at the moment are held as such; a folder that is over is folded into its parent, so
/// memory grows with the folders that have files and not with the files.
package struct FolderTree {
  let bucket: String
  /// The target's folder: empty, or with a slash at the end.
  let root: String
  let rules: GroupingRules

  struct TooLarge: Error {
    let message: String
  }

  private struct Folder {
    var name: String
    /// The whole key, with a slash at the end.
    var key: String
    /// Schemas of the folder's own files, each with its first file.
    var own: [FileSchema] = []
    var counts = FileCounts()
    /// One by one where the schemas differ.
    var files: [(key: String, schema: FileSchema, counts: FileCounts)] = []
    var children: [(name: String, table: FoundTable)] = []
    /// Some child did not become one table.
    var isMixed = false
    var sampled = 0
  }

  private var open: [Folder]
  private(set) var tables: [FoundTable] = []
  private var folders = 0
  /// Schemas that were seen, so that equal ones share their memory.
  private var schemas: Set<FileSchema> = []

  package init(bucket: String, root: String, rules: GroupingRules) {
    self.bucket = bucket
    self.root = root
    self.rules = rules
    open = [Folder(name: "", key: root)]
  }

  /// Makes the folder of `key` the open one.
  /// - Returns: how many files of it were looked into before.
  package mutating func enter(_ key: String) throws -> Int {
    let names = key.dropFirst(root.count).split(separator: "/", omittingEmptySubsequences: false).dropLast()
    guard names.count <= CrawlLimits.folderDepthMax else {
      throw TooLarge(message: "Folders are more than \(CrawlLimits.folderDepthMax) levels deep.")
    }
    var same = 0
    while same < names.count, same + 1 < open.count, open[same + 1].name == names[names.startIndex + same] { same += 1 }
    while open.count > same + 1 { try close() }
    for name in names.dropFirst(same) {
      open.append(Folder(name: String(name), key: open[open.count - 1].key + name + "/"))
    }
    return open[open.count - 1].sampled
  }

  /// A file of the open folder; without a schema it is counted like those that were looked into.
  package mutating func add(_ key: String, _ schema: FileSchema?, _ counts: FileCounts) throws {
    let last = open.count - 1
    guard let schema else {
      open[last].counts += counts
      return
    }
    let shared = schemas.insert(schema).memberAfterInsert
    open[last].sampled += 1
    open[last].counts += counts
    let isFull = open[last].files.count >= CrawlLimits.fileTablesMax
    if let place = open[last].own.firstIndex(where: { isOne($0, shared, at: open[last]) }) {
      open[last].own[place].merge(shared)
    } else if isFull, let first = open[last].own.first {
      // Among so many files of one folder the odd one is no table of its own.
      guard first.isCompatible(with: shared) else { return }
      open[last].own[0].merge(shared)
    } else {
      open[last].own.append(shared)
    }
    if !isFull { open[last].files.append((key, shared, counts)) }
  }

  /// The tables, once every file was added.
  package mutating func finish() throws -> [FoundTable] {
    while !open.isEmpty { try close() }
    return tables
  }

  // MARK: Folding

  /// 1 for the bucket itself.
  private func level(_ folder: Folder) -> Int { 1 + folder.key.split(separator: "/").count }

  /// Whether all below a folder is one table wherever the formats allow it.
  private func isForced(_ folder: Folder) -> Bool {
    if rules.knownRoots.contains(where: { folder.key.hasPrefix($0) }) { return true }
    return rules.tableLevel.map { level(folder) >= $0 } ?? false
  }

  private func isOne(_ left: FileSchema, _ right: FileSchema, at folder: Folder) -> Bool {
    rules.combinesCompatible || isForced(folder) ? left.isCompatible(with: right) : left.isSimilar(to: right)
  }

  private mutating func close() throws {
    guard let folder = open.popLast() else { return }
    let own = ownTables(folder)
    let outcome: FoundTable?
    if folder.children.isEmpty, !folder.isMixed {
      outcome = own.count == 1 ? own.first : nil
    } else if own.isEmpty, !folder.isMixed {
      outcome = combined(folder)
    } else {
      outcome = nil
    }
    let isRoot = rules.knownRoots.contains(folder.key) || rules.tableLevel.map { level(folder) <= $0 } ?? false
    guard let outcome, !open.isEmpty, !isRoot else {
      try keep(outcome.map { [$0] } ?? own + folder.children.map(\.table))
      if !open.isEmpty, outcome != nil || !own.isEmpty || !folder.children.isEmpty || folder.isMixed {
        open[open.count - 1].isMixed = true
      }
      return
    }
    folders += 1
    guard folders <= CrawlLimits.foldersMax else {
      throw TooLarge(message: "The crawl found more than \(CrawlLimits.foldersMax) folders.")
    }
    open[open.count - 1].children.append((folder.name, outcome))
  }

  private mutating func keep(_ found: [FoundTable]) throws {
    tables += found
    guard tables.count <= CrawlLimits.tablesMax else {
      throw TooLarge(message: "The crawl found more than \(CrawlLimits.tablesMax) tables.")
    }
  }

  /// What the folder's own files make: one table, or one each.
  private func ownTables(_ folder: Folder) -> [FoundTable] {
    guard let first = folder.own.first else { return [] }
    if folder.own.count == 1 {
      return [
        FoundTable(
          bucket: bucket, key: folder.key, schema: first, counts: folder.counts, depth: 0, partitions: [])
      ]
    }
    return folder.files.map {
      FoundTable(bucket: bucket, key: $0.key, schema: $0.schema, counts: $0.counts, depth: 0, partitions: [])
    }
  }

  /// The children as the partitions of one table, if that is what they are.
  private func combined(_ folder: Folder) -> FoundTable? {
    guard let first = folder.children.first else { return nil }
    let isForced = isForced(folder)
    // One folder whose name is no value is a table, not the only partition of one, unless it stands within partitions.
    let above = folder.key.dropFirst(root.count).split(separator: "/")
    if folder.children.count == 1, !isForced, !Self.isValue(first.name),
      !above.contains(where: { Self.isValue(String($0)) })
    {
      return nil
    }
    guard rules.tableLevel.map({ level(folder) >= $0 }) ?? true else { return nil }
    var table = FoundTable(
      bucket: bucket, key: folder.key, schema: first.table.schema, counts: FileCounts(), depth: first.table.depth + 1,
      partitions: [])
    let key = HiveFolder.split(first.name)?.name.lowercased()
    for child in folder.children {
      guard child.table.depth + 1 == table.depth, isOne(table.schema, child.table.schema, at: folder),
        isForced || HiveFolder.split(child.name)?.name.lowercased() == key
      else { return nil }
      table.schema.merge(child.table.schema)
    }
    for child in folder.children {
      table.counts += child.table.counts
      if child.table.depth == 0 {
        table.partitions.append(
          .init(folders: [child.name], schema: child.table.schema, counts: child.table.counts))
      } else {
        for var partition in child.table.partitions {
          partition.folders.append(child.name)
          table.partitions.append(partition)
        }
      }
    }
    return table
  }

  /// `key=value`, a number, or a date: what a folder of a partition is called.
  private static func isValue(_ name: String) -> Bool {
    if HiveFolder.split(name) != nil { return true }
    return name.contains(where: \.isNumber) && name.allSatisfy { $0.isNumber || "-_T:".contains($0) }
  }
}
