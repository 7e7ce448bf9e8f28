import CTarnSystem
import Foundation
import Kernel
import Storage

/// One run of jq as a process: the shell sets the limits and becomes jq, which reads its input from a file, so that
/// nobody writes to a process that may have ended.
struct QueryRun: Sendable {
  let filter: String
  let input: [UInt8]
  let folder: String

  /// What the processor time, the core files and the files of a process are held to; memory is held by the kernel too.
  private static let script =
    "ulimit -t \(Limits.querySeconds); ulimit -c 0; ulimit -f 0; exec jq -c \"$1\" \"$2\" 2>&1"

  /// Runs it on the calling thread, which must stay until the end.
  /// - Returns: what it ended with (minus a signal's number) and what it wrote, errors among it.
  func blocking() throws -> (status: Int32, output: [UInt8]) {
    let file = try makeFile()
    defer { unlink(file) }
    var reading: Int32 = -1
    var writing: Int32 = -1
    let made = tarn_make_pipe(&reading, &writing, 1 << 20)
    guard made == 0 else { throw StorageError.io(operation: "pipe", path: folder, errno: made) }
    defer { close(reading) }
    var id: Int32 = 0
    let result = start(["/bin/sh", "-c", Self.script, "sh", filter, file], writing, &id)
    close(writing)
    guard result == 0 else { throw KeyQuery.Failure(reason: String(cString: strerror(result))) }
    let output = read(from: reading, of: id)
    var code: Int32 = 0
    // It has closed its output, so its end is near.
    while !tarn_has_ended(id, &code) { poll(nil, 0, 1) }
    return (code, output)
  }

  private func start(_ arguments: [String], _ writing: Int32, _ id: inout Int32) -> Int32 {
    let environment = ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"]
    return withCStrings(arguments) { arguments in
      withCStrings(environment) { environment in
        folder.withCString { folder in
          "/bin/sh".withCString { path in
            var program = tarn_program()
            program.path = path
            program.arguments = UnsafePointer(arguments)
            program.environment = UnsafePointer(environment)
            program.folder = folder
            program.output = writing
            program.error = writing
            program.address_bytes_max = UInt64(Limits.queryMemoryKiB) << 10
            program.files_open_max = 64
            return tarn_start_program(&program, &id)
          }
        }
      }
    }
  }

  private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("there is a last pointer") }
      return body(base)
    }
  }

  /// All that the process writes, up to a limit at which it is killed.
  private func read(from descriptor: Int32, of process: Int32) -> [UInt8] {
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      poll(&wait, 1, -1)
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count > 0 else { return output }
      output += buffer[..<count]
      if output.count > Limits.queryOutputBytesMax {
        kill(-process, SIGKILL)
        return output
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
