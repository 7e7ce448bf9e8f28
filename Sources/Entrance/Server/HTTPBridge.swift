import AWSWire
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import ServiceLifecycle

/// Turns the HTTP library's messages into the wire floor's, and back.
enum HTTPBridge {
  /// - Parameter goAhead: told when somebody begins to read the body.
  static func wireRequest(_ request: Request, goAhead: GoAhead?) -> WireRequest {
    let target = request.head.path ?? "/"
    let mark = target.firstIndex(of: "?")
    let path = mark.map { target[..<$0] } ?? target[...]
    var headers = WireHeaders()
    // HTTP/1's Host header is the authority in the HTTP types' model; signatures cover it as a header.
    headers.reserveCapacity(request.headers.count + 1)
    if let authority = request.head.authority { headers.append(lowerCaseName: "host", authority) }
    for field in request.headers { headers.append(lowerCaseName: field.name.canonicalName, field.value) }
    let length = request.headers[.contentLength].flatMap { Int64($0) }
    let hasBody = length != nil || request.headers[.transferEncoding] != nil
    return WireRequest(
      method: request.method.rawValue, rawPath: path.isEmpty ? "/" : String(path),
      rawQuery: mark.map { String(target[target.index(after: $0)...]) } ?? "", headers: headers,
      body: hasBody && length != 0 ? body(request, length: length, goAhead: goAhead) : .empty)
  }

  private static func body(_ request: Request, length: Int64?, goAhead: GoAhead?) -> ByteStream {
    let body = ByteStream(length: length, request.body)
    guard let goAhead else { return body }
    return ByteStream(length: length) {
      goAhead.send()
      return body.makeReader()
    }
  }

  static func response(_ wire: WireResponse, to method: HTTPRequest.Method) -> Response {
    var headers = HTTPFields()
    for field in wire.headers.fields {
      guard let name = HTTPField.Name(field.name) else { continue }
      headers.append(HTTPField(name: name, value: field.value))
    }
    let status = HTTPResponse.Status(code: wire.status)
    let bodyless = method == .head || wire.status == 204 || wire.status == 304
    if bodyless {
      // A HEAD's Content-Length is that of the body a GET would have; the handler has set it.
      var response = Response(status: status, headers: headers)
      if wire.status == 204 || wire.status == 304 { response.headers[.contentLength] = nil }
      return response
    }
    let length = wire.body.length.map(Int.init)
    if length == 0 { return Response(status: status, headers: headers) }
    let body = wire.body
    // Head, body and end go out as one write.
    if let bytes = body.bytes {
      return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: bytes))
    }
    if wire.headers["content-type"] == EventMessage.contentType {
      // Events go on for minutes: a server that stops ends them where others are let finish.
      return Response(
        status: status, headers: headers,
        body: ResponseBody { writer in
          let next = body.makeReader()
          while let part = try await cancelWhenGracefulShutdown({ try await next() }) { try await writer.write(part) }
          try await writer.finish(nil)
        })
    }
    return Response(
      status: status, headers: headers,
      body: ResponseBody(contentLength: length) { writer in
        for try await part in body { try await writer.write(part) }
        try await writer.finish(nil)
      })
  }
}
