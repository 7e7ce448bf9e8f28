import Foundation

/// What commands write: steps, a progress bar, a table.
enum Terminal {
  static let isInteractive = isatty(1) == 1

  static func step(_ text: String) { print(isInteractive ? "\u{1B}[1m==>\u{1B}[0m \(text)" : "==> \(text)") }
  static func note(_ text: String) { print("    \(text)") }

  /// Redraws one line on a terminal; elsewhere says only the end.
  static func progress(_ label: String, _ done: Int, of total: Int) {
    let share = total == 0 ? 1 : Double(done) / Double(total)
    guard isInteractive || done >= total else { return }
    let width = 40
    let filled = Int(share * Double(width))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    let line = "    [\(bar)] \(Int(share * 100))% \(label)"
    FileHandle.standardOutput.write(
      Data((isInteractive ? "\r\u{1B}[K" + line + (done >= total ? "\n" : "") : line + "\n").utf8))
  }

  static func table(_ header: [String], _ rows: [[String]]) {
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    for row in [header] + rows {
      let cells = row.enumerated().map { $1 + String(repeating: " ", count: widths[$0] - $1.count) }
      note(cells.joined(separator: "  "))
    }
  }

  static func bytes(_ count: Int64) -> String {
    count < 10_000 ? "\(count) B" : count < 10_000_000 ? "\(count / 1000) kB" : "\(count / 1_000_000) MB"
  }
}
