import Foundation

/// The repository's own text, as the tidy rules see it.
enum SourceTree {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  struct File {
    /// Relative to the root.
    let path: String
    let lines: [Substring]

    var isGenerated: Bool { path.hasPrefix("Sources/AWSModels/") }
  }

  /// Every file of an ending below `folder`, in a stable order; an empty ending takes all source text.
  static func files(below folder: String, ending: String) throws -> [File] {
    let base = root.appendingPathComponent(folder)
    guard let walker = FileManager.default.enumerator(atPath: base.path) else { return [] }
    let endings = ending.isEmpty ? [".swift", ".c", ".cpp", ".h", ".hpp", ".py", ".sh"] : [ending]
    let names = walker.compactMap { $0 as? String }.filter { name in endings.contains { name.hasSuffix($0) } }.sorted()
    return try names.map { name in
      let text = try String(contentsOf: base.appendingPathComponent(name), encoding: .utf8)
      return File(path: "\(folder)/\(name)", lines: text.split(separator: "\n", omittingEmptySubsequences: false))
    }
  }

  /// Targets by name, with their folder: the last folder of the path named like a target.
  static let targets: [String: String] = {
    let floors = ["Ground", "Wire", "AWSModels", "Lake", "Services", "Entrance"]
    var found: [String: String] = [:]
    for floor in floors {
      let base = root.appendingPathComponent("Sources/\(floor)").path
      for name in (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? [] {
        found[name] = "Sources/\(floor)/\(name)"
      }
    }
    return found
  }()
}
