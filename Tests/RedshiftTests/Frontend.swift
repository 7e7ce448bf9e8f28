import Crypto
import Kernel

/// Messages of a client, as bytes.
enum Frontend {
  static func startup(_ parameters: [(String, String)]) -> [UInt8] {
    var body: [UInt8] = [0, 3, 0, 0]
    for (name, value) in parameters { body += text(name) + text(value) }
    body.append(0)
    return int32(body.count + 4) + body
  }

  static func query(_ sql: String) -> [UInt8] { message("Q", text(sql)) }
  static let sync = message("S", [])

  static func parse(_ sql: String, name: String = "", types: [Int] = []) -> [UInt8] {
    message("P", text(name) + text(sql) + int16(types.count) + types.flatMap(int32))
  }

  static func bind(
    _ statement: String = "", portal: String = "", values: [[UInt8]] = [], format: Int = 0, result: Int = 0
  ) -> [UInt8] {
    message(
      "B",
      text(portal) + text(statement) + int16(1) + int16(format) + int16(values.count)
        + values.flatMap { int32($0.count) + $0 } + int16(1) + int16(result))
  }

  static func describe(_ kind: Unicode.Scalar, _ name: String) -> [UInt8] {
    message("D", [UInt8(ascii: kind)] + text(name))
  }

  static func execute(_ portal: String = "", rowsMax: Int = 0) -> [UInt8] {
    message("E", text(portal) + int32(rowsMax))
  }

  static func md5(_ password: String, _ user: String, salt: [UInt8]) -> [UInt8] {
    let inner = Insecure.MD5.hash(data: Array((password + user).utf8)).hex
    return message("p", text("md5" + Insecure.MD5.hash(data: Array(inner.utf8) + salt).hex))
  }

  private static func message(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
    [UInt8(ascii: type)] + int32(body.count + 4) + body
  }

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }
  private static func int32(_ value: Int) -> [UInt8] { withUnsafeBytes(of: Int32(value).bigEndian) { Array($0) } }
  private static func int16(_ value: Int) -> [UInt8] { withUnsafeBytes(of: Int16(value).bigEndian) { Array($0) } }
}
