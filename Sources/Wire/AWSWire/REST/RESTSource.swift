import Kernel
import NIOCore

/// Reads an input whose members are spread over path, query, headers and body.
final class RESTSource: TextSource {
  private enum Binding {
    case text(String)
    case list([String])
    case pairs([(String, [String])])
    /// The body as it is.
    case whole
    /// The body as a document, which the member is.
    case document
    case stream
  }

  private let request: WireRequest
  private let body: ByteBuffer
  private var bindings: [(member: Int, binding: Binding)] = []
  private var next = 0
  private var current = Binding.text("")
  private var name = ""
  private var isHeader = false
  private var hasEntered = false
  /// Reads the body; in use for a document and for the members that stand in the body.
  private let inner: ValueSource?
  /// Structures of the body that are open, the input itself included when its members stand there.
  private var innerDepth = 0

  init(_ input: RequestInput, schema: StructureSchema) throws {
    request = input.request
    body = input.body
    let query = QueryPairs(text: input.request.rawQuery)
    inner = try Self.bodySource(input, schema)
    for (index, member) in schema.members.enumerated() {
      let binding: Binding? =
        switch member.location {
        case .label: input.labels[member.wireName].map { .text($0) }
        case .query: query.contains(member.wireName) ? .list(query.all(member.wireName)) : nil
        case .queryMap: .pairs(Self.grouped(query))
        case .header: Self.header(input.request, member)
        case .prefixHeaders: .pairs(Self.headers(input.request.headers, prefix: member.headerName))
        case .text: input.body.readableBytes > 0 ? .whole : nil
        case .payload: inner != nil ? .document : nil
        case .stream: .stream
        case .status, .body, .attribute: nil
        }
      if let binding { bindings.append((index, binding)) }
    }
  }

  private static func bodySource(_ input: RequestInput, _ schema: StructureSchema) throws -> ValueSource? {
    guard input.body.readableBytes > 0 else { return nil }
    let payload = schema.payload.map { schema.members[$0] }
    if let payload, payload.location != .payload { return nil }
    guard payload != nil || schema.members.contains(where: { $0.location == .body }) else { return nil }
    if input.wireProtocol == .restJSON { return OwnedJSONSource(input.body) }
    return XMLSource(try input.body.withUnsafeReadableBytes { try XMLTree($0) })
  }

  private static func header(_ request: WireRequest, _ member: MemberSchema) -> Binding? {
    let name = member.headerName
    guard request.headers[name] != nil || !request.rawQuery.isEmpty else { return nil }
    var values = request.headers.all(name)
    if values.isEmpty, !request.rawQuery.isEmpty, name.hasPrefix("x-amz-"), request.rawQuery.contains("Signature=") {
      // Some SDKs move the headers of a presigned request into its query; S3 takes them from there.
      values = QueryPairs(literal: request.rawQuery).pairs.filter { $0.name.lowercased() == name }.map(\.value)
    }
    guard let first = values.first else { return nil }
    // HTTP tells servers to ignore dates that they cannot read.
    if member.traits?.timestampFormat == .rfc822, TimestampText.read(first) == nil { return nil }
    return .list(values)
  }

  /// All query pairs, those that members of their own name included.
  private static func grouped(_ query: QueryPairs) -> [(String, [String])] {
    var found: [(String, [String])] = []
    for pair in query.pairs where !found.contains(where: { $0.0 == pair.name }) {
      found.append((pair.name, query.all(pair.name)))
    }
    return found
  }

  private static func headers(_ headers: WireHeaders, prefix: String) -> [(String, [String])] {
    var pairs: [(String, [String])] = []
    for field in headers.fields where field.name.hasPrefix(prefix) {
      let name = String(field.name.dropFirst(prefix.count))
      if let known = pairs.firstIndex(where: { $0.0 == name }) {
        // S3 joins repeated metadata with commas.
        pairs[known].1 = ["\(pairs[known].1.joined()),\(field.value)"]
      } else {
        pairs.append((name, [field.value]))
      }
    }
    return pairs
  }

  // MARK: Structures

  private var isInner: Bool { innerDepth > 0 }

  override func enterStructure(_ schema: StructureSchema) throws {
    guard hasEntered else {
      hasEntered = true
      return
    }
    guard let inner else { throw WireFault.malformed("a structure stands outside of a body") }
    try inner.enterStructure(schema)
    innerDepth += 1
  }

  override func nextMember(_ schema: StructureSchema) throws -> Int {
    if isInner {
      let member = try inner?.nextMember(schema) ?? -1
      if member < 0 { innerDepth -= 1 }
      return member
    }
    if next < bindings.count {
      let bound = bindings[next]
      next += 1
      current = bound.binding
      name = schema.members[bound.member].wireName
      isHeader = schema.members[bound.member].location == .header
      return bound.member
    }
    // Then the members in the body, once.
    guard let inner, schema.payload == nil, next == bindings.count else { return -1 }
    next += 1
    try inner.enterStructure(schema)
    innerDepth = 1
    return try nextMember(schema)
  }

  // MARK: Values

  override func text() throws -> String {
    switch current {
    case .text(let text): return text
    case .list(let texts): return texts.first ?? ""
    case .whole:
      guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
        throw WireFault.malformed("the body is not UTF-8")
      }
      return text
    default: throw WireFault.malformed("a value of one kind stands for another")
    }
  }

  override func unreadable(_ text: String) -> WireFault { .badBinding(name: name, value: text) }

  private var elements: [String] = []
  private var pairs: [(String, [String])] = []

  override func enterList(_ traits: ValueTraits?) throws {
    if isInner, let inner { return try inner.enterList(traits) }
    guard case .list(let texts) = current else { throw WireFault.malformed("a list stands outside of a body") }
    elements = (isHeader ? texts.flatMap(HeaderList.parts) : texts).reversed()
  }

  override func nextElement() throws -> Bool {
    if isInner, let inner { return try inner.nextElement() }
    guard let element = elements.popLast() else { return false }
    current = .text(element)
    return true
  }

  override func enterMap(_ traits: ValueTraits?) throws {
    if isInner, let inner { return try inner.enterMap(traits) }
    guard case .pairs(let all) = current else { throw WireFault.malformed("a map stands outside of a body") }
    pairs = all.reversed()
  }

  override func nextKey() throws -> String? {
    if isInner, let inner { return try inner.nextKey() }
    guard let pair = pairs.popLast() else { return nil }
    current = .list(pair.1)
    return pair.0
  }

  override func takeNull() throws -> Bool {
    if isInner, let inner { return try inner.takeNull() }
    return false
  }

  override func stream() throws -> ByteStream {
    if case .stream = current { return request.body }
    return ByteStream(body)
  }

  override func string() throws -> String { isInner ? try inner?.string() ?? "" : try super.string() }
  override func bool() throws -> Bool { isInner ? try inner?.bool() ?? false : try super.bool() }
  override func double() throws -> Double { isInner ? try inner?.double() ?? 0 : try super.double() }
  override func integer(_ kind: IntegerKind) throws -> Int64 {
    isInner ? try inner?.integer(kind) ?? 0 : try super.integer(kind)
  }
  override func blob() throws -> ByteBuffer {
    if case .whole = current, !isInner { return body }
    return isInner ? try inner?.blob() ?? ByteBuffer() : try super.blob()
  }
  override func timestamp(_ format: TimestampFormat?) throws -> Timestamp {
    isInner ? try inner?.timestamp(format) ?? Timestamp(seconds: 0) : try super.timestamp(format)
  }
}

/// Lists in one header field: parted by commas, quoted where an element holds one.
enum HeaderList {
  static func parts(_ field: String) -> [String] {
    var parts: [String] = []
    var part = ""
    var isQuoted = false
    var isEscaped = false
    // The date of HTTP holds a comma of its own, after the name of the day.
    for character in field {
      if isEscaped {
        part.append(character)
        isEscaped = false
      } else if isQuoted, character == "\\" {
        isEscaped = true
      } else if character == "\"", isQuoted || part.trimmedSpace.isEmpty {
        isQuoted.toggle()
      } else if character == ",", !isQuoted, !TimestampText.days.contains(part.trimmedSpace) {
        parts.append(part.trimmedSpace)
        part = ""
      } else {
        part.append(character)
      }
    }
    if !parts.isEmpty || !part.trimmedSpace.isEmpty { parts.append(part.trimmedSpace) }
    return parts
  }

  static func text(_ parts: [String]) -> String {
    parts.map { part in
      guard parts.count > 1, part.contains("\"") || (part.contains(",") && HTTPDate.parse(part) == nil) else {
        return part
      }
      return "\"\(part.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }.joined(separator: ",")
  }
}
