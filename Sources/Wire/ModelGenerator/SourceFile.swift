/// Lines of one generated file.
struct SourceFile {
  let name: String
  private(set) var lines: [String]

  init(_ name: String, mark: String, imports: [String]) {
    self.name = name
    lines = [mark] + (imports.isEmpty ? [] : [""] + imports.sorted()) + [""]
  }

  static func += (file: inout SourceFile, line: String) { file.lines.append(line) }
  static func += (file: inout SourceFile, lines: [String]) { file.lines += lines }

  var text: String { lines.joined(separator: "\n") + "\n" }
}

/// The lines of one declaration, and the modules whose names they use.
struct Piece {
  var lines: [String]
  var imports: Set<String> = []
}

extension Piece {
  /// Declarations longer than this in a file make the next file begin, so that the compiler has pieces to share out.
  static let linesPerFile = 600

  /// Deals pieces out to numbered files.
  static func files(_ base: String, _ pieces: [Piece], mark: String, imports: Set<String>) -> [SourceFile] {
    var groups: [[Piece]] = [[]]
    var length = 0
    for piece in pieces {
      if length > 0, length + piece.lines.count > linesPerFile {
        groups.append([])
        length = 0
      }
      groups[groups.count - 1].append(piece)
      length += piece.lines.count + 1
    }
    return groups.enumerated().map { index, group in
      let needed = group.reduce(imports) { $0.union($1.imports) }
      var file = SourceFile(
        groups.count == 1 ? base : "\(base)\(index + 1)", mark: mark, imports: Array(needed))
      for (place, piece) in group.enumerated() {
        if place > 0 { file += "" }
        file += piece.lines
      }
      return file
    }
  }
}
