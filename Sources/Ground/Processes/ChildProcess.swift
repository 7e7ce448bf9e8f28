import CTarnSystem
import Foundation
import Kernel

/// A program of somebody else's, and what it may do.
public struct Program: Sendable {
  /// The file, not looked up in PATH.
  public var path: String
  public var arguments: [String]
  public var environment: [String: String]
  /// The working folder.
  public var folder: String
  public var limit: Limit
  /// Whether what it writes to standard error is kept apart from standard output.
  public var separatesErrors: Bool

  /// What the kernel holds a program to; 0 leaves one limit as it is.
  public struct Limit: Sendable {
    public var addressBytes: UInt64
    public var fileBytes: UInt64
    public var filesOpen: UInt64
    /// Folders that it, and what it starts, may write in; everywhere else it may read only. Empty leaves all as it is.
    /// Linux with Landlock only; elsewhere the program's user decides.
    public var writableFolders: [String]
    /// Folders that it may not even read: nothing but `readableFolders` and the writable ones is open then. Empty
    /// leaves reading as it is.
    public var readableFolders: [String]

    public init(
      addressBytes: UInt64 = 0, fileBytes: UInt64 = 0, filesOpen: UInt64 = 1024, writableFolders: [String] = [],
      readableFolders: [String] = []
    ) {
      self.addressBytes = addressBytes
      self.fileBytes = fileBytes
      self.filesOpen = filesOpen
      self.writableFolders = writableFolders
      self.readableFolders = readableFolders
    }
  }

  public init(
    path: String, arguments: [String], environment: [String: String], folder: String, limit: Limit = Limit(),
    separatesErrors: Bool = false
  ) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.folder = folder
    self.limit = limit
    self.separatesErrors = separatesErrors
  }
}

/// A process of code that is not ours: a session of its own, with limits, its output read by us.
public final class ChildProcess: Sendable {
  /// What a pipe holds before the program waits for its reader.
  public static let pipeBytes = 1 << 20
  /// Descendants that `usage` looks at.
  public static let processesMax = 1024

  public let id: Int32
  private struct Stream {
    var descriptor: Int32
    var lines: OutputLines
  }
  private struct State {
    /// Standard output, and standard error where that is apart.
    var streams: [Stream]
    var code: Int32?
  }
  private let state: Locked<State>

  private init(id: Int32, outputs: [Int32], linesBytesMax: Int) {
    self.id = id
    state = Locked(State(streams: outputs.map { Stream(descriptor: $0, lines: OutputLines(bytesMax: linesBytesMax)) }))
  }

  deinit {
    for stream in state.withLock({ $0.streams }) { close(stream.descriptor) }
  }

  /// Starts a program. Blocks for as long as the system takes, and must be called from a thread that stays: the
  /// process is killed when that thread ends.
  /// - Parameter linesBytesMax: output that is kept between two takings; what comes after is dropped.
  /// - Throws: `StartFailure`.
  public static func start(_ program: Program, linesBytesMax: Int = 1 << 20) throws -> ChildProcess {
    var readers: [Int32] = []
    var writers: [Int32] = []
    defer { for writer in writers { close(writer) } }
    for _ in 0..<(program.separatesErrors ? 2 : 1) {
      var reading: Int32 = -1
      var writing: Int32 = -1
      let result = tarn_make_pipe(&reading, &writing, Int32(pipeBytes))
      guard result == 0 else {
        for reader in readers { close(reader) }
        throw StartFailure(code: result)
      }
      readers.append(reading)
      writers.append(writing)
    }
    let arguments = CStrings([program.path] + program.arguments)
    let settings = CStrings(program.environment.map { "\($0.key)=\($0.value)" })
    let writable = CStrings(program.limit.writableFolders)
    let readable = CStrings(program.limit.readableFolders)
    var id: Int32 = 0
    let result = program.path.withCString { path in
      program.folder.withCString { folder in
        var native = tarn_program(
          path: path, arguments: arguments.pointers, environment: settings.pointers, folder: folder,
          output: writers[0], error: writers[writers.count - 1], address_bytes_max: program.limit.addressBytes,
          file_bytes_max: program.limit.fileBytes, files_open_max: program.limit.filesOpen,
          writable_folders: program.limit.writableFolders.isEmpty ? nil : writable.pointers,
          readable_folders: program.limit.readableFolders.isEmpty ? nil : readable.pointers)
        return tarn_start_program(&native, &id)
      }
    }
    guard result == 0 else {
      for reader in readers { close(reader) }
      throw StartFailure(code: result)
    }
    return ChildProcess(id: id, outputs: readers, linesBytesMax: linesBytesMax)
  }

  /// Why a program could not be started: an errno.
  public struct StartFailure: Error, Sendable {
    public var code: Int32
    public var text: String { String(cString: strerror(code)) }
  }

  /// What the process ended with, once it has: its code, or minus the signal that ended it.
  public func ended() -> Int32? {
    state.withLock { state in
      if let code = state.code { return code }
      var code: Int32 = 0
      guard tarn_has_ended(id, &code) else { return nil }
      state.code = code
      return code
    }
  }

  /// Kills the process and all of its group.
  public func kill() {
    // Once it has been waited for, its number may be another's.
    state.withLock { state in
      guard state.code == nil else { return }
      _ = Foundation.kill(-id, SIGKILL)
      _ = Foundation.kill(id, SIGKILL)
    }
  }

  /// Takes what has been written since, a full pipe's worth at most: whoever writes without end must not keep us here.
  /// Does not wait.
  public func drain() {
    state.withLock { state in
      withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
        for index in state.streams.indices {
          var taken = 0
          while taken < Self.pipeBytes {
            let count = read(state.streams[index].descriptor, buffer.baseAddress, buffer.count)
            guard count > 0 else { break }
            taken += count
            state.streams[index].lines.append(UnsafeRawBufferPointer(buffer).prefix(count))
          }
        }
      }
    }
  }

  /// The lines written since the last call; a last line without its end too when `all` is set.
  public func takeLines(all: Bool) -> [String] { state.withLock { $0.streams[0].lines.take(all: all) } }

  /// As `takeLines`, of standard error where that is apart.
  public func takeErrorLines(all: Bool) -> [String] {
    state.withLock { state in state.streams.count > 1 ? state.streams[1].lines.take(all: all) : [] }
  }

  /// Memory that the process and its descendants have for themselves, in bytes, and how many they are. Linux only.
  public func usage() -> (bytes: Int, processes: Int) {
    var bytes = 0
    var waiting = [id]
    var seen = 0
    while let next = waiting.popLast(), seen <= Self.processesMax {
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
