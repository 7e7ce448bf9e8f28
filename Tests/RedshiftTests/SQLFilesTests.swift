import Engine
import Foundation
import Redshift
import Testing

/// Tests/SQL/redshift through a session of a warehouse.
@Suite struct SQLFilesTests {
  private struct Record {
    var line: Int
    var fails: Bool
    var sql: String
    var expected: [String]
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../SQL/redshift").standardized

  static var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".slt") }.sorted()
  }

  @Test(arguments: files) func file(_ name: String) async throws {
    let session = try await WarehouseFixture().session()
    let records = Self.records(try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8))
    #expect(!records.isEmpty)
    for record in records {
      do {
        let lines = try await Self.lines(record.sql, session)
        guard record.fails else {
          #expect(lines == record.expected, "\(name):\(record.line)")
          continue
        }
        Issue.record("\(name):\(record.line) did not fail: \(lines)")
      } catch let failure as SQLFailure {
        guard record.fails else {
          Issue.record("\(name):\(record.line) failed: \(failure.sqlState) \(failure.message)")
          continue
        }
        #expect(failure.message.contains(record.expected.joined(separator: "\n")), "\(name):\(record.line)")
      }
    }
    await session.close()
  }

  private static func lines(_ sql: String, _ session: any SQLSession) async throws -> [String] {
    let prepared = try await session.prepare(sql, parameterTypes: [])
    guard case .rows(let rows) = try await session.execute(prepared, parameters: []) else { return [] }
    var lines: [String] = []
    while let chunk = try await rows.next() {
      for row in 0..<chunk.rows {
        let cells = rows.columns.indices.map { column in
          let text = rows.text(chunk, column: column, row: row)
          return text.map { $0.isEmpty ? "(empty)" : $0 } ?? "NULL"
        }
        lines.append(cells.joined(separator: "\t"))
      }
    }
    return lines
  }

  private static func records(_ text: String) -> [Record] {
    var records: [Record] = []
    var block: [String] = []
    var start = 0
    let all: [String] = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) + [""]
    for (number, line) in all.enumerated() {
      if line.hasPrefix("#") { continue }
      if !line.isEmpty {
        if block.isEmpty { start = number + 1 }
        block.append(line)
        continue
      }
      if let cut = block.firstIndex(of: "----") {
        records.append(
          Record(
            line: start, fails: block[0] == "query error", sql: block[1..<cut].joined(separator: "\n"),
            expected: Array(block[(cut + 1)...])))
      } else if block.first == "statement" {
        records.append(
          Record(line: start, fails: false, sql: block.dropFirst().joined(separator: "\n"), expected: []))
      }
      block = []
    }
    return records
  }
}
