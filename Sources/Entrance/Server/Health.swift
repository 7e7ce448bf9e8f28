import AWSWire
import Foundation
import Kernel
import NIOCore

/// `/_tarn/health`: for whoever has to know whether the server is up, without credentials.
struct Health: Sendable {
  static let path = "/_tarn/"

  let scheme: String
  let services: [String]
  let started: Timestamp

  func answer(_ request: WireRequest) -> WireResponse {
    guard request.rawPath == Self.path + "health", request.method == "GET" || request.method == "HEAD" else {
      return WireResponse(status: 404)
    }
    let names = services.sorted().map { "\"\($0)\"" }.joined(separator: ",")
    let text = #"{"status":"ok","services":[\#(names)],"startedAt":\#(started.seconds)}"#
    return WireResponse(
      status: 200, headers: WireHeaders([("content-type", "application/json")]),
      body: ByteStream(ByteBuffer(string: text)))
  }
}
