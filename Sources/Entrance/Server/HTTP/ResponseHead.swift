import AWSWire
import Kernel
import NIOCore
import NIOHTTP1

/// Writes the heads of a connection's answers.
struct ResponseHead {
  /// How an answer's body goes over the wire.
  struct Form {
    let hasBody: Bool
    /// Bytes of the body, where they are known.
    let length: Int64?
    let isChunked: Bool
    let isLast: Bool
    let isOld: Bool
    /// Events go on for minutes: a server that stops ends them where others are let finish.
    let endsWithServer: Bool

    init(_ exchange: HTTPExchange, _ response: WireResponse, isLast: Bool) {
      hasBody = exchange.request.method != "HEAD" && response.status != 204 && response.status != 304
      length = response.body.length
      isChunked = hasBody && length == nil && !exchange.isOld
      self.isLast = isLast || (hasBody && length == nil && exchange.isOld)
      isOld = exchange.isOld
      endsWithServer = response.headers["content-type"] == EventMessage.contentType
    }
  }

  let clock: any WallClock
  private var second: Int64 = -1
  private var date = ""

  init(clock: any WallClock) { self.clock = clock }

  /// The status line, the fields and the empty line.
  mutating func write(_ response: WireResponse, _ form: Form) -> ByteBuffer {
    var text = ByteBuffer()
    text.reserveCapacity(1024 + (form.hasBody ? min(HTTPLimits.joinedBytesMax, Int(form.length ?? 0)) : 0))
    let status = HTTPResponseStatus(statusCode: response.status)
    text.writeStaticString("HTTP/1.1 ")
    text.writeString(String(response.status))
    text.writeStaticString(" ")
    text.writeString(status.reasonPhrase)
    text.writeStaticString("\r\n")
    for field in response.headers.fields where mayStand(field.name, response, form) {
      text.writeField(field.name, field.value)
    }
    if form.isChunked {
      text.writeStaticString("transfer-encoding: chunked\r\n")
    } else if form.hasBody, let length = form.length {
      text.writeStaticString("content-length: ")
      text.writeString(String(length))
      text.writeStaticString("\r\n")
    }
    if form.isLast {
      text.writeStaticString("connection: close\r\n")
    } else if form.isOld {
      text.writeStaticString("connection: keep-alive\r\n")
    }
    text.writeStaticString("date: ")
    text.writeString(now())
    text.writeStaticString("\r\nserver: Tarn\r\n\r\n")
    return text
  }

  /// The length is what the body's is; where there is no body, it may tell that of the body which is not sent.
  private func mayStand(_ name: String, _ response: WireResponse, _ form: Form) -> Bool {
    switch name {
    case "content-length": !form.hasBody && response.status != 204 && response.status != 304
    case "connection", "date", "server", "transfer-encoding": false
    default: true
    }
  }

  private mutating func now() -> String {
    let moment = clock.now()
    if moment.seconds != second {
      second = moment.seconds
      date = TimestampText.rfc822(moment)
    }
    return date
  }
}

extension ByteBuffer {
  /// Writes a field, its value without the bytes that would end it. A name that HTTP does not allow is left out.
  fileprivate mutating func writeField(_ name: String, _ value: String) {
    guard !name.isEmpty, name.utf8.allSatisfy(Self.isToken) else { return }
    writeString(name)
    writeStaticString(": ")
    if value.utf8.contains(where: Self.isControl) {
      writeBytes(value.utf8.map { Self.isControl($0) ? UInt8(ascii: " ") : $0 })
    } else {
      writeString(value)
    }
    writeStaticString("\r\n")
  }

  private static func isControl(_ byte: UInt8) -> Bool { (byte < 32 && byte != 9) || byte == 127 }

  /// Source: RFC 9110, section 5.6.2.
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: "!#$%&'*+^`|~".utf8.contains(byte)
    }
  }
}

extension WireRequest {
  /// - Parameter head: as NIO read it; the target may be a path or, through a proxy, a whole URL.
  init(_ head: HTTPRequestHead, body: ByteStream) {
    let target = Self.path(head.uri)
    let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
    let path = mark.map { target[..<$0] } ?? target
    var headers = WireHeaders()
    headers.reserveCapacity(head.headers.count)
    for (name, value) in head.headers {
      let isLower = !name.utf8.contains { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
      headers.append(lowerCaseName: isLower ? name : name.lowercased(), value)
    }
    self.init(
      method: head.method.rawValue, rawPath: path.isEmpty ? "/" : String(path),
      rawQuery: mark.map { String(target[target.utf8.index(after: $0)...]) } ?? "", headers: headers, body: body)
  }

  private static func path(_ target: String) -> Substring {
    guard !target.utf8.starts(with: "/".utf8) else { return target[...] }
    for scheme in ["http://", "https://"] where target.utf8.starts(with: scheme.utf8) {
      let rest = target.dropFirst(scheme.count)
      guard let end = rest.utf8.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }) else {
        return "/"
      }
      return rest[end...]
    }
    return target[...]
  }
}
