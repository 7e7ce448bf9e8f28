public import NIOCore

/// What a client says once it is logged in.
public enum FrontendMessage: Hashable, Sendable {
  case query(String)
  case parse(statement: String, text: String, parameterTypes: [UInt32])
  case bind(BindMessage)
  case describeStatement(String)
  case describePortal(String)
  /// At most `rowsMax` rows; 0 asks for all.
  case execute(portal: String, rowsMax: Int)
  case closeStatement(String)
  case closePortal(String)
  case flush
  case sync
  case terminate
  case functionCall
  /// Data of a COPY that is not under way any more.
  case copyRemains
}

/// Values for a prepared statement's parameters, and how the result is to be written.
public struct BindMessage: Hashable, Sendable {
  public var portal: String
  public var statement: String
  /// None (all text), one for all, or one for each.
  public var parameterFormats: [ValueFormat]
  /// `nil` is NULL.
  public var parameters: [ByteBuffer?]
  public var resultFormats: [ValueFormat]

  public init(
    portal: String, statement: String, parameterFormats: [ValueFormat] = [], parameters: [ByteBuffer?] = [],
    resultFormats: [ValueFormat] = []
  ) {
    self.portal = portal
    self.statement = statement
    self.parameterFormats = parameterFormats
    self.parameters = parameters
    self.resultFormats = resultFormats
  }
}

public enum ValueFormat: Int16, Hashable, Sendable {
  case text = 0
  case binary = 1

  /// The format of column or parameter `index`, by the protocol's rule for short lists.
  public static func of(_ index: Int, in formats: [ValueFormat]) -> ValueFormat {
    if formats.count == 1 { return formats[0] }
    return index < formats.count ? formats[index] : .text
  }
}

extension FrontendMessage {
  /// Types that are messages after the login.
  static func isKnown(_ type: UInt8) -> Bool { "QPBDECHSXFdcf".utf8.contains(type) }

  /// - Parameter body: the message without type and length.
  /// - Throws: `PostgresError`, which ends the statement when the frame was whole.
  static func decode(_ type: UInt8, _ body: ByteBuffer) throws(PostgresError) -> FrontendMessage {
    var body = body
    let message = try decodeBody(type, &body)
    guard body.readableBytes == 0 else { throw Self.malformed(type) }
    return message
  }

  private static func malformed(_ type: UInt8) -> PostgresError {
    PostgresError("08P01", "invalid message format of type \"\(String(UnicodeScalar(type)))\"")
  }

  private static func decodeBody(_ type: UInt8, _ body: inout ByteBuffer) throws(PostgresError) -> FrontendMessage {
    switch UnicodeScalar(type) {
    case "Q": return .query(try body.readCString())
    case "P":
      let statement = try body.readCString()
      let text = try body.readCString()
      guard let count = body.readInteger(as: UInt16.self), body.readableBytes >= Int(count) * 4 else {
        throw malformed(type)
      }
      let types = (0..<count).compactMap { _ in body.readInteger(as: UInt32.self) }
      return .parse(statement: statement, text: text, parameterTypes: types)
    case "B": return .bind(try bind(&body))
    case "D", "C":
      guard let kind = body.readInteger(as: UInt8.self) else { throw malformed(type) }
      let name = try body.readCString()
      switch (UnicodeScalar(type), UnicodeScalar(kind)) {
      case ("D", "S"): return .describeStatement(name)
      case ("D", "P"): return .describePortal(name)
      case ("C", "S"): return .closeStatement(name)
      case ("C", "P"): return .closePortal(name)
      default:
        let word = type == UInt8(ascii: "D") ? "DESCRIBE" : "CLOSE"
        throw PostgresError("08P01", "invalid \(word) message subtype \(kind)")
      }
    case "E":
      let portal = try body.readCString()
      guard let rows = body.readInteger(as: Int32.self) else { throw malformed(type) }
      return .execute(portal: portal, rowsMax: max(0, Int(rows)))
    case "H": return .flush
    case "S": return .sync
    case "X":
      body.moveReaderIndex(to: body.writerIndex)
      return .terminate
    case "F":
      body.moveReaderIndex(to: body.writerIndex)
      return .functionCall
    case "d", "c", "f":
      body.moveReaderIndex(to: body.writerIndex)
      return .copyRemains
    default: throw .violation("invalid frontend message type \(type)")
    }
  }

  private static func bind(_ body: inout ByteBuffer) throws(PostgresError) -> BindMessage {
    let type = UInt8(ascii: "B")
    var message = BindMessage(portal: try body.readCString(), statement: try body.readCString())
    message.parameterFormats = try formats(&body)
    guard let count = body.readInteger(as: UInt16.self) else { throw malformed(type) }
    guard message.parameterFormats.count <= 1 || message.parameterFormats.count == Int(count) else {
      throw PostgresError(
        "08P01", "bind message has \(message.parameterFormats.count) parameter formats but \(count) parameters")
    }
    message.parameters.reserveCapacity(Int(count))
    for _ in 0..<count {
      guard let length = body.readInteger(as: Int32.self), length >= -1 else { throw malformed(type) }
      if length == -1 {
        message.parameters.append(nil)
      } else {
        guard let value = body.readSlice(length: Int(length)) else { throw malformed(type) }
        message.parameters.append(value)
      }
    }
    message.resultFormats = try formats(&body)
    return message
  }

  private static func formats(_ body: inout ByteBuffer) throws(PostgresError) -> [ValueFormat] {
    guard let count = body.readInteger(as: UInt16.self), body.readableBytes >= Int(count) * 2 else {
      throw malformed(UInt8(ascii: "B"))
    }
    var formats: [ValueFormat] = []
    for _ in 0..<count {
      guard let code = body.readInteger(as: Int16.self), let format = ValueFormat(rawValue: code) else {
        throw PostgresError("22023", "unsupported format code")
      }
      formats.append(format)
    }
    return formats
  }
}

extension ByteBuffer {
  /// A text that ends with a zero byte.
  mutating func readCString() throws(PostgresError) -> String {
    guard let length = readableBytesView.firstIndex(of: 0).map({ $0 - readerIndex }),
      let bytes = readSlice(length: length)
    else { throw PostgresError("08P01", "invalid string in message") }
    moveReaderIndex(forwardBy: 1)
    return try bytes.utf8Text()
  }

  /// All bytes as a text.
  func utf8Text() throws(PostgresError) -> String {
    guard let text = String(validating: readableBytesView, as: UTF8.self) else {
      throw PostgresError("22021", "invalid byte sequence for encoding \"UTF8\"")
    }
    return text
  }
}
