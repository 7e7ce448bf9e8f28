import AWSWire
import Foundation
import Kernel
import NIOCore
import Testing

/// AWS's own test suite for Signature Version 4, where set-up has fetched it.
@Suite struct SignatureSuiteTests {
  static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  static let now = Timestamp(seconds: 1_440_938_160)

  static let folder = ProtocolCases.folder?.appendingPathComponent("aws4")

  static let files: [String] = {
    guard let folder, let walker = FileManager.default.enumerator(atPath: folder.path) else { return [] }
    // In this one case the token has been replaced after the signature was made.
    let left = "get-vanilla-with-session-token/get-vanilla-with-session-token.sreq"
    return walker.compactMap { $0 as? String }.filter { $0.hasSuffix(".sreq") && $0 != left }.sorted()
  }()

  @Test(.enabled(if: folder != nil, Comment(rawValue: ProtocolCases.absence)))
  func `signed requests of the suite are accepted, and not with another secret`() async throws {
    let folder = try #require(Self.folder)
    for file in Self.files {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      let request = Self.request(text)
      let claim = try #require(try SignatureClaim.parse(request), Comment(rawValue: file))
      _ = try await accepted(claim, request, file)
      await #expect(throws: AuthenticationFault.self, Comment(rawValue: file)) {
        _ = try await claim.verify(request, secret: "other", now: Self.now)
      }
    }
    #expect(Self.files.count > 20)
  }

  private func accepted(_ claim: SignatureClaim, _ request: WireRequest, _ file: String) async throws {
    do {
      _ = try await claim.verify(request, secret: Self.secret, now: Self.now)
    } catch {
      Issue.record("\(file): \(error)")
    }
  }

  /// A request as the suite writes it: header lines may go on in the next line.
  private static func request(_ text: String) -> WireRequest {
    let text = text.replacing("\r\n", with: "\n")
    let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
    var lines = parts[0].split(separator: "\n", omittingEmptySubsequences: false)
    let first = lines.removeFirst()
    let method = first.prefix { $0 != " " }
    let target = first.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
    var headers = WireHeaders()
    var fields: [(String, String)] = []
    for line in lines {
      if line.first == " ", let last = fields.indices.last {
        fields[last].1 += " " + line
      } else if let colon = line.firstIndex(of: ":") {
        fields.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
      }
    }
    for field in fields { headers.add(field.0, field.1.trimmingCharacters(in: .whitespaces)) }
    let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    return WireRequest(
      method: String(method), rawPath: String(halves[0]), rawQuery: halves.count > 1 ? String(halves[1]) : "",
      headers: headers, body: ByteStream(ByteBuffer(string: parts.count > 1 ? String(parts[1]) : "")))
  }
}
