import NIOCore

/// The first packet of a connection.
enum StartupPacket: Hashable, Sendable {
  case sslRequest
  case gssRequest
  case cancel(processID: Int32, secret: Int32)
  case startup(StartupParameters, minorVersion: UInt16, unknownOptions: [String])

  /// - Parameter body: the packet without its length.
  static func decode(_ body: ByteBuffer) throws(PostgresError) -> StartupPacket {
    var body = body
    guard let code = body.readInteger(as: UInt32.self) else { throw .violation("invalid length of startup packet") }
    switch code {
    case 80_877_103: return .sslRequest
    case 80_877_104: return .gssRequest
    case 80_877_102:
      guard let processID = body.readInteger(as: Int32.self), let secret = body.readInteger(as: Int32.self),
        body.readableBytes == 0
      else { throw .violation("invalid length of query cancel packet") }
      return .cancel(processID: processID, secret: secret)
    case let version where version >> 16 == 3:
      var (parameters, unknown) = (StartupParameters(), [String]())
      while true {
        let name = try body.readCString()
        if name.isEmpty { break }
        let value = try body.readCString()
        if name.hasPrefix("_pq_.") { unknown.append(name) } else { try parameters.take(name, value) }
      }
      guard body.readableBytes == 0 else {
        throw .violation("invalid startup packet layout: expected terminator as last byte")
      }
      return .startup(parameters, minorVersion: UInt16(version & 0xFFFF), unknownOptions: unknown)
    default:
      throw .fatal(
        "0A000", "unsupported frontend protocol \(code >> 16).\(code & 0xFFFF): server supports 3.0 to 3.0")
    }
  }
}

/// Who connects, to what, and how the session is to be set up.
public struct StartupParameters: Hashable, Sendable {
  public var user = ""
  /// The user's name when the client names none.
  public var database = ""
  /// Settings of the session: `application_name`, `client_encoding`, `search_path`, ….
  public var settings: [String: String] = [:]
  /// What Redshift's own drivers tell of themselves: `driver_version`, `os_version`, `plugin_name`, ….
  public var driver: [String: String] = [:]
  /// The transfer protocol that Redshift's drivers ask for: 1 describes columns further, 2 adds binary values.
  public var clientProtocolVersion: Int?

  /// Names that Redshift's drivers send and that are no settings.
  private static let driverNames: Set<String> = [
    "driver_version", "os_version", "driver_discovery_version", "plugin_name", "idp_type", "provider_name",
    "identity_namespace", "token_type", "idc_client_display_name", "sc_client_version", "partner_info",
  ]

  mutating func take(_ name: String, _ value: String) throws(PostgresError) {
    switch name {
    case "user": user = value
    case "database": database = value
    case "client_protocol_version": clientProtocolVersion = Int(value) ?? 0
    case "options": try takeOptions(value)
    case "replication":
      guard ["false", "off", "no", "0"].contains(value.lowercased()) else {
        throw .fatal("0A000", "replication connections are not supported")
      }
    default:
      if Self.driverNames.contains(name) { driver[name] = value } else { settings[name] = value }
    }
  }

  /// A command line's switches: `-c name=value` and `--name=value`; a backslash keeps the character behind it.
  private mutating func takeOptions(_ text: String) throws(PostgresError) {
    var (words, word, isEscaped) = ([String](), "", false)
    for character in text {
      if isEscaped {
        word.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character.isWhitespace {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { words.append(word) }
    var next = words.makeIterator()
    while let word = next.next() {
      let assignment: Substring
      if word == "-c" {
        assignment = Substring(next.next() ?? "")
      } else if word.hasPrefix("-c") || word.hasPrefix("--") {
        assignment = word.dropFirst(2)
      } else {
        throw .fatal("42601", "invalid command-line argument for server process: \(word)")
      }
      let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw .fatal("42601", "-c \(assignment) requires a value")
      }
      settings[String(parts[0]).replacing("-", with: "_")] = String(parts[1])
    }
  }
}
