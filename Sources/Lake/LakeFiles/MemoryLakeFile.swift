public import Kernel

/// Bytes in memory as a file to read.
public struct MemoryLakeFile: LakeFile {
  public let info: LakeFileInfo
  private let bytes: [UInt8]

  public init(_ bytes: [UInt8], modified: Timestamp = Timestamp(seconds: 0), tag: String = "") {
    self.bytes = bytes
    info = LakeFileInfo(size: Int64(bytes.count), modified: modified, tag: tag)
  }

  public func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard offset >= 0, offset < bytes.count else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, bytes.count - start)
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    return count
  }

  public func close() {}
}
