import Foundation
import Kernel
import Processes
import Storage

/// One run of jq as a process: the shell sets the limits and becomes jq, which reads its input from a file, so that
/// nobody writes to a process that may have ended.
struct QueryRun: Sendable {
  let filter: String
  let input: [UInt8]
  let folder: String

  /// What the processor time, the core files and the files of a process are held to; memory is held by the kernel too.
  private static let script =
    "ulimit -t \(Limits.querySeconds); ulimit -c 0; ulimit -f 0; exec jq -c \"$1\" \"$2\""
  private static let filesOpenMax: UInt64 = 64
  /// How long the process is left to write before its output is taken again.
  private static let pauseMilliseconds: Int32 = 1

  /// Runs it on the calling thread, which must stay until the end.
  /// - Returns: what it ended with (minus a signal's number) and the lines it wrote, errors among them.
  func blocking() throws -> (status: Int32, lines: [String]) {
    let file = try makeFile()
    defer { unlink(file) }
    let program = Program(
      path: "/bin/sh", arguments: ["-c", Self.script, "sh", filter, file],
      environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"], folder: folder,
      limit: Program.Limit(addressBytes: UInt64(Limits.queryMemoryKiB) << 10, filesOpen: Self.filesOpenMax))
    do {
      return read(try ChildProcess.start(program, linesBytesMax: Limits.queryOutputBytesMax))
    } catch let failure as ChildProcess.StartFailure {
      throw KeyQuery.Failure(reason: failure.text)
    }
  }

  /// All that the process writes, up to a limit at which it is killed.
  private func read(_ process: ChildProcess) -> (status: Int32, lines: [String]) {
    var lines: [String] = []
    var bytes = 0
    while true {
      let status = process.ended()
      process.drain()
      let taken = process.takeLines(all: status != nil)
      bytes += taken.reduce(0) { $0 + $1.utf8.count }
      lines += taken
      if let status { return (status, lines) }
      if bytes > Limits.queryOutputBytesMax {
        process.kill()
      } else if taken.isEmpty {
        poll(nil, 0, Self.pauseMilliseconds)
      }
    }
  }

  private func makeFile() throws -> String {
    mkdir(folder, 0o700)
    var template = Array((folder + "/keys-XXXXXX").utf8CString)
    let descriptor = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { mkstemp($0) } ?? -1
    }
    guard descriptor >= 0 else { throw StorageError.io(operation: "mkstemp", path: folder, errno: errno) }
    defer { close(descriptor) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var written = 0
    while written < input.count {
      let count = input.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = errno
        unlink(path)
        throw reason == ENOSPC
          ? StorageError.diskFull : StorageError.io(operation: "write", path: folder, errno: reason)
      }
      written += count
    }
    return path
  }
}
