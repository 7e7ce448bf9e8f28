import AWSWire
import Foundation
import Glue
import Kernel
import NIOCore

/// What Tarn adds to Glue beside AWS's operations, under paths of its own.
///
/// - `POST /_tarn/glue/crawl-plan?crawler=NAME`: what a crawl would change now, as JSON. Nothing is changed.
/// - `POST /_tarn/glue/notify-event?workflow=W`: an event for a workflow that begins with events.
/// - `POST /_tarn/glue/restore-table?database=D&table=T&version=V`: gives a table its definition of an earlier version.
struct GlueTools: Sendable {
  static let path = Health.path + "glue/"
  /// `…/runs/ID/VERB`: what the process of a job's run asks for, with its own token and not with a signature.
  static let runs = path + "runs/"
  static let token = "x-tarn-run-token"

  let glue: GlueService

  func answer(_ request: WireRequest, _ context: RequestContext) async throws -> WireResponse {
    guard request.method == "POST" else { return WireResponse(status: 405) }
    let query = Self.query(request.rawQuery)
    func wanted(_ name: String) throws -> String {
      guard let value = query[name], !value.isEmpty else {
        throw AWSError("InvalidInputException", "The parameter \(name) is missing.", httpStatus: 400)
      }
      return value
    }
    switch String(request.rawPath.dropFirst(Self.path.count)) {
    case "crawl-plan": return Self.json(200, try await glue.crawlPlan(try wanted("crawler"), context))
    case "notify-event":
      try await glue.notifyEvent(workflow: try wanted("workflow"), context)
      return Self.json(200, "{}")
    case "restore-table":
      try await glue.restoreTable(
        try wanted("table"), in: try wanted("database"), version: try wanted("version"), context)
      return Self.json(200, "{}")
    default: return WireResponse(status: 404)
    }
  }

  /// Answers the process of a job's run.
  func answerRun(_ request: WireRequest) async throws -> WireResponse {
    let parts = request.rawPath.dropFirst(Self.runs.count).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let control = glue.jobControl else { return WireResponse(status: 404) }
    let answer = try await control.answer(
      run: String(parts[0]), verb: String(parts[1]), method: request.method, token: request.headers[Self.token]
    ) { limit in
      do {
        let body = try await request.body.collect(upTo: limit)
        return Array(body.readableBytesView)
      } catch is ByteStream.TooLong {
        throw AWSError("RequestEntityTooLarge", "The request is too long.", httpStatus: 413)
      }
    }
    return WireResponse(
      status: answer.status, headers: WireHeaders([("content-type", "application/json")]),
      body: ByteStream(ByteBuffer(bytes: answer.body)))
  }

  /// The error as Glue's own protocol has it.
  static func refusal(_ error: AWSError) -> WireResponse {
    let members = ["__type": error.code, "message": error.message]
    let text = (try? JSONEncoder().encode(members)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    return json(error.httpStatus, text)
  }

  private static func json(_ status: Int, _ text: String) -> WireResponse {
    WireResponse(
      status: status, headers: WireHeaders([("content-type", "application/json")]),
      body: ByteStream(ByteBuffer(string: text)))
  }

  private static func query(_ text: String) -> [String: String] {
    var found: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard halves.count == 2 else { continue }
      found[String(halves[0])] = String(halves[1]).removingPercentEncoding
    }
    return found
  }
}
