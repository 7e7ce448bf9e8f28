import CTarnSystem
package import Foundation
import Kernel

/// What is wrong with an archive, or why it could not be unpacked.
package struct ZipFault: Error, Sendable, Hashable {
  package var message: String
}

/// A ZIP archive in a file: its directory is read, its members are unpacked one at a time and piece by piece.
/// Source of the format: PKWARE's APPNOTE 6.3.
package struct ZipArchive: Sendable {
  struct Member: Sendable {
    var name: String
    var method: Int
    var crc: UInt32
    var compressedBytes: UInt64
    var bytes: UInt64
    var headerOffset: UInt64
    /// Unix permissions and kind, 0 where the archive does not say.
    var mode: UInt32

    var isFolder: Bool { name.hasSuffix("/") }
    var isLink: Bool { mode & 0o170000 == 0o120000 }
  }

  let members: [Member]
  var bytes: UInt64 { members.reduce(0) { $0.saturatingAdd($1.bytes) } }

  /// Reads the directory of the archive in `file`. Blocks.
  /// - Throws: `ZipFault`.
  package init(_ file: FileHandle) throws {
    let length = try file.seekToEnd()
    // The directory's end: 22 bytes, behind which a comment of up to 64 KiB may stand.
    let tailLength = min(length, 22 + 65_535)
    let tail = try Self.read(file, at: length - tailLength, count: Int(tailLength))
    guard tail.count >= 22,
      let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: { tail.u32($0) == 0x0605_4b50 })
    else { throw ZipFault(message: "there is no directory") }
    let count = tail.u16(end + 10)
    let size = tail.u32(end + 12)
    let offset = tail.u32(end + 16)
    guard count < 0xFFFF, size < 0xFFFF_FFFF, offset < 0xFFFF_FFFF else {
      throw ZipFault(message: "ZIP64 is not read")
    }
    guard Int(size) <= Limits.archiveDirectoryBytesMax, Int(count) <= Limits.archiveMembersMax,
      UInt64(offset) + UInt64(size) <= length
    else { throw ZipFault(message: "the directory does not lie in the file") }
    let directory = try Self.read(file, at: UInt64(offset), count: Int(size))
    var members: [Member] = []
    var at = 0
    for _ in 0..<count {
      guard at + 46 <= directory.count, directory.u32(at) == 0x0201_4b50 else {
        throw ZipFault(message: "the directory is broken")
      }
      let (nameLength, extra, comment) = (directory.u16(at + 28), directory.u16(at + 30), directory.u16(at + 32))
      let next = at + 46 + Int(nameLength) + Int(extra) + Int(comment)
      guard next <= directory.count, directory.u16(at + 8) & 1 == 0,
        let name = String(validating: directory[(at + 46)..<(at + 46 + Int(nameLength))], as: UTF8.self)
      else { throw ZipFault(message: "the directory is broken") }
      let isUnix = directory.u16(at + 4) >> 8 == 3
      members.append(
        Member(
          name: name, method: Int(directory.u16(at + 10)), crc: directory.u32(at + 16),
          compressedBytes: UInt64(directory.u32(at + 20)), bytes: UInt64(directory.u32(at + 24)),
          headerOffset: UInt64(directory.u32(at + 42)), mode: isUnix ? directory.u32(at + 38) >> 16 : 0))
      at = next
    }
    self.members = members
    for member in members { try Self.check(member.name) }
  }

  /// A member must stay within the folder that it is unpacked into.
  private static func check(_ name: String) throws {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.hasPrefix("/"), !name.contains("\0"), !parts.contains("..") else {
      throw ZipFault(message: "the name \(name.prefix(200)) leads out of the archive")
    }
  }

  /// Unpacks all members below `folder`, which exists; what is there under their names gives way. Blocks.
  /// - Throws: `ZipFault` for a broken member; `CocoaError`.
  package func unpack(_ file: FileHandle, into folder: String) throws {
    var last: Substring?
    for member in members {
      let path = "\(folder)/\(member.name)"
      let parent = member.name.prefix(upTo: member.name.lastIndex(of: "/") ?? member.name.startIndex)
      // Members of one folder stand together in most archives.
      if parent != last { try Self.makeFolder(parent, below: folder) }
      last = parent
      if member.isFolder { continue }
      let header = try Self.read(file, at: member.headerOffset, count: 30)
      guard header.count == 30, header.u32(0) == 0x0403_4b50 else { throw ZipFault(message: "a member is broken") }
      let start = member.headerOffset + 30 + UInt64(header.u16(26)) + UInt64(header.u16(28))
      // A member of that name that came before is replaced, and a link there is not followed.
      if unlink(path) != 0, errno == EISDIR { try FileManager.default.removeItem(atPath: path) }
      let output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard output >= 0 else { throw ZipFault(message: "\(member.name) cannot be written: errno \(errno)") }
      var written: UInt64 = 0
      var crc: UInt32 = 0
      let result = tarn_inflate_member(
        file.fileDescriptor, start, member.compressedBytes, Int32(member.method), output, member.bytes, &written, &crc)
      let permissions = member.mode & 0o777
      fchmod(output, mode_t(permissions == 0 ? 0o644 : permissions | 0o400))
      close(output)
      guard result == 0, written == member.bytes, crc == member.crc else {
        throw ZipFault(message: "\(member.name) is broken")
      }
      if member.isLink { try Self.makeLink(path) }
    }
  }

  /// Makes a folder and those above it. What is no folder gives way to it.
  private static func makeFolder(_ name: Substring, below root: String) throws {
    var path = root
    for part in name.split(separator: "/") {
      path += "/\(part)"
      var about = stat()
      if stat(path, &about) == 0, about.st_mode & S_IFMT == S_IFDIR { continue }
      unlink(path)
      guard mkdir(path, 0o777) == 0 else { throw ZipFault(message: "\(name) cannot be made: errno \(errno)") }
    }
  }

  /// Makes the link whose target has been unpacked as a file's content; one that leads out of the archive is refused.
  private static func makeLink(_ path: String) throws {
    let target = try String(contentsOfFile: path, encoding: .utf8)
    try check(target)
    unlink(path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  private static func read(_ file: FileHandle, at offset: UInt64, count: Int) throws -> [UInt8] {
    try file.seek(toOffset: offset)
    return [UInt8](try file.read(upToCount: count) ?? Data())
  }
}

extension [UInt8] {
  /// Little-endian numbers at a place; the caller has checked that they lie within.
  fileprivate func u16(_ at: Int) -> UInt16 { UInt16(self[at]) | UInt16(self[at + 1]) << 8 }
  fileprivate func u32(_ at: Int) -> UInt32 { UInt32(u16(at)) | UInt32(u16(at + 2)) << 16 }
}
