/// A folder whose files are one table's, with its partitions below.
package struct FoundTable: Sendable {
  struct Partition: Sendable {
    /// The folders from the partition up to the table: the deepest first.
    var folders: [String]
    var schema: FileSchema
    var counts: FileCounts
  }

  var bucket: String
  /// The table's folder with its slash at the end, or the key of a file that is a table of its own.
  package var key: String
  var schema: FileSchema
  var counts: FileCounts
  /// Levels of folders that are partitions; 0 for a table without.
  var depth: Int
  var partitions: [Partition]

  var location: String { "s3://\(bucket)/\(key)" }

  /// The last folder's name, or the bucket's.
  var folder: String {
    let parts = key.split(separator: "/")
    return parts.last.map(String.init) ?? bucket
  }

  /// The names of the partition keys: those of Hive's `key=value` where every folder of the level has the same, else
  /// `partition_0`, `partition_1`.
  package var partitionNames: [String] {
    var names = [String?](repeating: nil, count: depth)
    var isNamed = [Bool](repeating: true, count: depth)
    for partition in partitions {
      for level in 0..<depth where isNamed[level] {
        guard let (name, _) = HiveFolder.split(partition.folders[depth - 1 - level]) else {
          isNamed[level] = false
          continue
        }
        if let known = names[level], known != name.lowercased() { isNamed[level] = false }
        names[level] = name.lowercased()
      }
    }
    var taken: Set<String> = []
    return (0..<depth).map { level in
      let name = isNamed[level] ? names[level] ?? "" : ""
      guard !name.isEmpty, taken.insert(name).inserted else { return "partition_\(level)" }
      return name
    }
  }

  /// A partition's values, in the order of the keys.
  func values(of partition: Partition, names: [String]) -> [String] {
    partition.folders.reversed().enumerated().map { level, folder in
      guard let (name, value) = HiveFolder.split(folder), name.lowercased() == names[level] else { return folder }
      return value
    }
  }

  func location(of partition: Partition) -> String {
    location + partition.folders.reversed().map { $0 + "/" }.joined()
  }
}

/// A folder in Hive's style.
enum HiveFolder {
  /// The key and the value of `key=value`, escapes undone.
  static func split(_ folder: String) -> (name: String, value: String)? {
    guard let sign = folder.firstIndex(of: "="), sign > folder.startIndex else { return nil }
    return (unescape(folder[..<sign]), unescape(folder[folder.index(after: sign)...]))
  }

  private static func unescape(_ text: Substring) -> String {
    text.contains("%") ? HivePathText.plain(text) : String(text)
  }
}
