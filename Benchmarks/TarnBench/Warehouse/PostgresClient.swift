import Crypto
import Foundation
import Kernel

/// A connection to a warehouse's endpoint that reads rows and throws them away: PostgreSQL's simple protocol over one
/// blocking socket, so that next to nothing of what is measured is the client's.
final class PostgresClient {
  private let socket: Int32
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  private var start = 0
  private var end = 0

  /// Connects and logs in with an md5 password.
  init(port: Int, user: String, password: String, database: String) throws {
    socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw BenchFailure("no connection to port \(port)") }
    var one: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    var hello = Self.bytes(3 << 16)
    for text in ["user", user, "database", database] { hello += Array(text.utf8) + [0] }
    try send(Self.bytes(Int32(hello.count + 5)) + hello + [0])
    while true {
      let (type, body) = try message()
      switch type {
      case UInt8(ascii: "R"):
        let kind = Self.number(body[...].prefix(4))
        guard kind != 0 else { continue }
        guard kind == 5 else { throw BenchFailure("the endpoint asks for authentication \(kind)") }
        let inner = Insecure.MD5.hash(data: Array((password + user).utf8)).hex
        let outer = Insecure.MD5.hash(data: Array(inner.utf8) + body[4..<8]).hex
        try send(UInt8(ascii: "p"), Array("md5\(outer)".utf8) + [0])
      case UInt8(ascii: "Z"): return
      case UInt8(ascii: "E"): throw BenchFailure("login: \(Self.text(body))")
      default: continue
      }
    }
  }

  deinit { Foundation.close(socket) }

  /// Runs a statement to its end.
  /// - Returns: the rows that came.
  @discardableResult
  func run(_ sql: String) throws -> Int {
    try send(UInt8(ascii: "Q"), Array(sql.utf8) + [0])
    var rows = 0
    var failure: String?
    while true {
      try fill(5)
      let type = buffer[start]
      let length = Self.number(buffer[(start + 1)..<(start + 5)])
      if type == UInt8(ascii: "D") {
        rows += 1
        try skip(length + 1)
        continue
      }
      let (_, body) = try message()
      if type == UInt8(ascii: "E") { failure = Self.text(body) }
      if type == UInt8(ascii: "Z") { break }
    }
    if let failure { throw BenchFailure("\(failure): \(sql.prefix(300))") }
    return rows
  }

  // MARK: Messages

  private func message() throws -> (type: UInt8, body: [UInt8]) {
    try fill(5)
    let type = buffer[start]
    let length = Self.number(buffer[(start + 1)..<(start + 5)])
    try fill(length + 1)
    let body = Array(buffer[(start + 5)..<(start + length + 1)])
    start += length + 1
    return (type, body)
  }

  /// Sees to it that `count` bytes are there.
  private func fill(_ count: Int) throws {
    guard end - start < count else { return }
    if start > 0 {
      buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        memmove(base, base + start, end - start)
      }
      end -= start
      start = 0
    }
    if buffer.count < count { buffer += [UInt8](repeating: 0, count: count - buffer.count) }
    while end < count { try receive() }
  }

  private func skip(_ count: Int) throws {
    var left = count
    while left > end - start {
      left -= end - start
      start = 0
      end = 0
      try receive()
    }
    start += left
  }

  private func receive() throws {
    let room = buffer.count - end
    let got = buffer.withUnsafeMutableBytes { recv(socket, $0.baseAddress.map { $0 + end }, room, 0) }
    guard got > 0 else { throw BenchFailure("the endpoint closed the connection") }
    end += got
  }

  private func send(_ type: UInt8, _ body: [UInt8]) throws {
    try send([type] + Self.bytes(Int32(body.count + 4)) + body)
  }

  private func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { memory in
        Foundation.send(socket, memory.baseAddress.map { $0 + sent }, memory.count - sent, 0)
      }
      guard count > 0 else { throw BenchFailure("the endpoint takes no more") }
      sent += count
    }
  }

  private static func bytes(_ number: Int32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
  private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
  private static func text(_ body: [UInt8]) -> String {
    body.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }
}
