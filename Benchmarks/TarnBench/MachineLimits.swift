import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Kernel
import Logging
import NIOCore

/// What the machine can do at best, measured in the same run as what is compared with it.
struct MachineLimits: Sendable {
  var syncedWriteBytesPerSecond = 0.0
  var md5BytesPerSecond = 0.0
  var sha256BytesPerSecond = 0.0
  var emptyRequestsPerSecond = 0.0
  var loopbackBytesPerSecond = 0.0

  static func measure(folder: String, seconds: Int) async throws -> MachineLimits {
    var limits = MachineLimits()
    limits.syncedWriteBytesPerSecond = try syncedWrites(folder, seconds)
    let block = [UInt8](repeating: 0x5A, count: 1 << 20)
    limits.md5BytesPerSecond = rate(seconds: 1) {
      _ = Insecure.MD5.hash(data: block)
      return block.count
    }
    limits.sha256BytesPerSecond = rate(seconds: 1) {
      _ = SHA256.hash(data: block)
      return block.count
    }
    (limits.emptyRequestsPerSecond, limits.loopbackBytesPerSecond) = try await emptyServer(seconds)
    return limits
  }

  private static func rate(seconds: Int, _ work: () -> Int) -> Double {
    let began = ContinuousClock.now
    var bytes = 0
    while ContinuousClock.now - began < .seconds(seconds) { bytes += work() }
    return Double(bytes) / (Double((ContinuousClock.now - began).nanoseconds) / 1e9)
  }

  /// One file, a megabyte a write, a sync each four: what a group commit under load does at best.
  private static func syncedWrites(_ folder: String, _ seconds: Int) throws -> Double {
    let path = folder + "/limit"
    let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
    guard file >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer {
      close(file)
      unlink(path)
    }
    var block = [UInt8](repeating: 0, count: 4 << 20)
    for index in block.indices { block[index] = UInt8(truncatingIfNeeded: index &* 31 ^ index >> 9) }
    return rate(seconds: seconds) {
      let written = block.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      fdatasync(file)
      return max(0, written)
    }
  }

  private struct EmptyResponder: HTTPResponder {
    let megabyte = ByteBuffer(repeating: 0x5A, count: 1 << 20)
    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
      request.head.path == "/large" ? Response(status: .ok, body: .init(byteBuffer: megabyte)) : Response(status: .ok)
    }
  }

  private static func emptyServer(_ seconds: Int) async throws -> (Double, Double) {
    let (ports, announce) = AsyncStream<Int>.makeStream()
    var quiet = Logger(label: "bench")
    quiet.logLevel = .critical
    let application = Application(
      responder: EmptyResponder(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { announce.yield($0.localAddress?.port ?? 0) }, logger: quiet)
    let server = Task { try await application.run() }
    defer { server.cancel() }
    guard let port = await ports.first(where: { _ in true }) else { return (0, 0) }
    let load = HTTPLoad(host: "127.0.0.1", port: port, connections: 32)
    let small = ByteBuffer(string: "GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    let empty = try await load.run(seconds: seconds) { _, _ in small }
    let large = ByteBuffer(string: "GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
    let bodies = try await HTTPLoad(host: "127.0.0.1", port: port, connections: 2).run(seconds: seconds) { _, _ in large
    }
    return (empty.requestsPerSecond, Double(bodies.responseBytes) / bodies.seconds)
  }
}
