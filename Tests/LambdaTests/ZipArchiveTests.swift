import CTarnSystem
import Foundation
import Lambda
import Testing

/// Archives written by hand: stored members, so that every byte is known.
@Suite struct ZipArchiveTests {
  private struct Member {
    var name: String
    var content: String
    var mode: UInt32 = 0o100644
    var crc: UInt32?
  }

  private func archive(_ members: [Member], comment: String = "") -> Data {
    var file = Data()
    var directory = Data()
    func put16(_ value: Int, _ data: inout Data) { data.append(contentsOf: [UInt8(value & 255), UInt8(value >> 8)]) }
    func put32(_ value: UInt32, _ data: inout Data) {
      for shift in [0, 8, 16, 24] { data.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }
    for member in members {
      let content = Array(member.content.utf8)
      let crc = member.crc ?? tarn_crc32(0, content, content.count)
      let offset = UInt32(file.count)
      put32(0x0403_4b50, &file)
      for value in [20, 0, 0, 0, 0] { put16(value, &file) }
      for value in [crc, UInt32(content.count), UInt32(content.count)] { put32(value, &file) }
      put16(member.name.utf8.count, &file)
      put16(0, &file)
      file.append(contentsOf: member.name.utf8)
      file.append(contentsOf: content)
      put32(0x0201_4b50, &directory)
      for value in [3 << 8 | 20, 20, 0, 0, 0, 0] { put16(value, &directory) }
      for value in [crc, UInt32(content.count), UInt32(content.count)] { put32(value, &directory) }
      for value in [member.name.utf8.count, 0, 0, 0, 0] { put16(value, &directory) }
      put32(member.mode << 16, &directory)
      put32(offset, &directory)
      directory.append(contentsOf: member.name.utf8)
    }
    let start = UInt32(file.count)
    file.append(directory)
    put32(0x0605_4b50, &file)
    for value in [0, 0, members.count, members.count] { put16(value, &file) }
    put32(UInt32(directory.count), &file)
    put32(start, &file)
    put16(comment.utf8.count, &file)
    file.append(contentsOf: comment.utf8)
    return file
  }

  /// Unpacks into a folder of the test's own and gives it to `check`.
  private func unpack(_ data: Data, _ check: (String) throws -> Void = { _ in }) throws {
    let folder = NSTemporaryDirectory() + "/zip-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder + "/out", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try data.write(to: URL(fileURLWithPath: folder + "/a.zip"))
    let file = try #require(FileHandle(forReadingAtPath: folder + "/a.zip"))
    try ZipArchive(file).unpack(file, into: folder + "/out")
    try check(folder + "/out")
  }

  @Test func `what comes later takes the place of what was there, be it a file or a folder`() throws {
    let (file, within) = (Member(name: "x", content: "file"), Member(name: "x/y/z", content: "within"))
    try unpack(archive([file, within])) { folder in
      let text = try String(contentsOfFile: folder + "/x/y/z", encoding: .utf8)
      #expect(text == "within")
    }
    try unpack(archive([within, file])) { folder in
      let text = try String(contentsOfFile: folder + "/x", encoding: .utf8)
      #expect(text == "file")
    }
  }

  @Test func `members come out with their content and permissions`() throws {
    let data = archive(
      [
        Member(name: "app.py", content: "x = 1\n"), Member(name: "pkg/", content: ""),
        Member(name: "pkg/run", content: "#!/bin/sh\n", mode: 0o100755),
        Member(name: "link", content: "pkg/run", mode: 0o120777),
      ], comment: "made by hand")
    try unpack(data) { folder in
      let text = try String(contentsOfFile: folder + "/app.py", encoding: .utf8)
      #expect(text == "x = 1\n")
      #expect(access(folder + "/pkg/run", X_OK) == 0)
      #expect(access(folder + "/app.py", X_OK) != 0)
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link")
      #expect(target == "pkg/run")
    }
  }

  @Test(arguments: ["../x", "/x", "a/../../x", "a/..", "x\0y"])
  func `names that lead out are refused`(_ name: String) {
    #expect(throws: ZipFault.self) { try unpack(archive([Member(name: name, content: "x")])) }
  }

  @Test(arguments: ["/etc/passwd", "../../x"])
  func `links that lead out are refused`(_ target: String) {
    #expect(throws: ZipFault.self) {
      try unpack(archive([Member(name: "l", content: target, mode: 0o120777)]))
    }
  }

  @Test func `a wrong checksum is found`() {
    #expect(throws: ZipFault.self) { try unpack(archive([Member(name: "a", content: "x", crc: 7)])) }
  }

  @Test func `bytes that are no archive are refused, wherever they are cut`() {
    let whole = archive([Member(name: "a", content: "content")])
    for count in 0..<whole.count {
      #expect(throws: ZipFault.self) { try unpack(whole.prefix(count)) }
    }
  }
}
