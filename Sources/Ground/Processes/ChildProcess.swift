import CTarnSystem
import Foundation
import Kernel

/// A process of code that is not ours: a session of its own, with limits, its output read by us.
final class SandboxProcess: Sendable {
  let id: Int32
  private let output: Int32
  private struct State {
    var lines = OutputLines()
    var code: Int32?
    var isClosed = false
  }
  private let state = Locked(State())

  private init(id: Int32, output: Int32) {
    self.id = id
    self.output = output
  }

  deinit {
    let isClosed = state.withLock { $0.isClosed }
    if !isClosed { close(output) }
  }

  struct Limit: Sendable {
    var addressBytes: UInt64
    var fileBytes: UInt64
  }

  /// Starts a program. Blocks for as long as the system takes, and must be called from a thread that stays: the
  /// process is killed when that thread ends.
  static func start(
    _ program: RuntimeProgram, environment: [String: String], folder: String, limit: Limit
  ) throws -> SandboxProcess {
    var reading: Int32 = -1
    var writing: Int32 = -1
    guard tarn_make_pipe(&reading, &writing, Int32(Limits.outputPipeBytes)) == 0 else {
      throw ZipFault(message: "no pipe can be made")
    }
    defer { close(writing) }
    let arguments = CStrings([program.path] + program.arguments)
    let settings = CStrings(environment.map { "\($0.key)=\($0.value)" })
    var id: Int32 = 0
    let result = program.path.withCString { path in
      folder.withCString { folder in
        var program = tarn_program(
          path: path, arguments: arguments.pointers, environment: settings.pointers, folder: folder, output: writing,
          address_bytes_max: limit.addressBytes, file_bytes_max: limit.fileBytes,
          files_open_max: UInt64(Limits.filesOpenMax))
        return tarn_start_program(&program, &id)
      }
    }
    guard result == 0 else {
      close(reading)
      throw StartFailure(code: result)
    }
    return SandboxProcess(id: id, output: reading)
  }

  /// Why a program could not be started: an errno.
  struct StartFailure: Error {
    var code: Int32
    var text: String { String(cString: strerror(code)) }
  }

  /// What the process ended with, once it has: its code, or minus the signal that ended it.
  func ended() -> Int32? {
    state.withLock { state in
      if let code = state.code { return code }
      var code: Int32 = 0
      guard tarn_has_ended(id, &code) else { return nil }
      state.code = code
      return code
    }
  }

  /// Kills the process and all of its group.
  func kill() {
    // Once it has been waited for, its number may be another's.
    state.withLock { state in
      guard state.code == nil else { return }
      _ = Foundation.kill(-id, SIGKILL)
      _ = Foundation.kill(id, SIGKILL)
    }
  }

  /// Takes what has been written since, a full pipe's worth at most: whoever writes without end must not keep us here.
  /// Does not wait.
  func drain() {
    state.withLock { state in
      guard !state.isClosed else { return }
      withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
        var taken = 0
        while taken < Limits.outputPipeBytes {
          let count = read(output, buffer.baseAddress, buffer.count)
          guard count > 0 else { return }
          taken += count
          state.lines.append(UnsafeRawBufferPointer(buffer).prefix(count))
        }
      }
    }
  }

  /// The lines written since the last call; a last line without its end too when `all` is set.
  func takeLines(all: Bool) -> [String] { state.withLock { $0.lines.take(all: all) } }

  /// Memory that the process and its descendants have for themselves, in bytes, and how many they are. Linux only.
  func usage() -> (bytes: Int, processes: Int) {
    var bytes = 0
    var waiting = [id]
    var seen = 0
    while let next = waiting.popLast(), seen <= Limits.processesMax {
      seen += 1
      let parts = Self.text("/proc/\(next)/statm").split(separator: " ")
      if parts.count > 2, let pages = Int(parts[1]), let shared = Int(parts[2]) {
        bytes += max(0, pages - shared) * Int(getpagesize())
      }
      waiting += Self.text("/proc/\(next)/task/\(next)/children").split(separator: " ").compactMap { Int32($0) }
    }
    return (bytes, seen)
  }

  private static func text(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      return count > 0 ? String(decoding: UnsafeRawBufferPointer(buffer).prefix(count), as: UTF8.self) : ""
    }
  }
}

/// Strings as C's programs take them.
private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ texts: [String]) {
    count = texts.count
    pointers = .allocate(capacity: texts.count + 1)
    for (index, text) in texts.enumerated() { pointers[index] = strdup(text) }
    pointers[texts.count] = nil
  }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }
}

/// Bytes cut into lines, up to a named number of bytes between two takings.
package struct OutputLines: Sendable {
  private var done: [String] = []
  private var open: [UInt8] = []
  private var bytes = 0
  package private(set) var droppedBytes = 0

  package init() {}

  package mutating func append(_ part: some Collection<UInt8>) {
    guard bytes < Limits.outputBytesMax else {
      droppedBytes += part.count
      return
    }
    var rest = part[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      add(rest[..<end])
      close()
      rest = rest[rest.index(after: end)...]
    }
    add(rest)
  }

  private mutating func add(_ part: some Collection<UInt8>) {
    let room = max(0, Limits.outputBytesMax - bytes)
    open.append(contentsOf: part.prefix(room))
    bytes += min(room, part.count)
    droppedBytes += max(0, part.count - room)
  }

  private mutating func close() {
    // Past the limit lines would still be counted one by one.
    if bytes < Limits.outputBytesMax {
      done.append(String(decoding: open, as: UTF8.self))
      bytes += 1
    }
    open.removeAll(keepingCapacity: true)
  }

  package mutating func take(all: Bool) -> [String] {
    if all, !open.isEmpty {
      done.append(String(decoding: open, as: UTF8.self))
      open.removeAll()
    }
    defer {
      done = []
      bytes = open.count
    }
    return done
  }
}
