/// Partition folders in Hive's style, `year=2026/city=S%C3%A3o`: how values are written into paths and read back.
///
/// Source: Hive's `FileUtils.escapePathName`.
public enum HivePath {
  /// What stands for NULL in a folder's name.
  public static let nullValue = "__HIVE_DEFAULT_PARTITION__"

  /// `key=value/key=value`, values escaped.
  public static func directory(_ values: [(String, String?)]) -> String {
    values.map { key, value in "\(escape(key))=\(value.map(escape) ?? nullValue)" }.joined(separator: "/")
  }

  /// The values of folders that name `keys` in order, whatever their case.
  /// - Returns: `nil` when a folder is no `key=value` of its key.
  public static func values(_ folders: [Substring], keys: [String]) -> [String]? {
    guard folders.count == keys.count else { return nil }
    var values: [String] = []
    for (folder, key) in zip(folders, keys) {
      guard let equals = folder.firstIndex(of: "="),
        unescape(folder[..<equals]).lowercased() == key.lowercased()
      else { return nil }
      values.append(unescape(folder[folder.index(after: equals)...]))
    }
    return values
  }

  /// Whether Hive passes over a file: a folder or a file of its path has a name that begins with `_` or `.`.
  /// - Parameter prefix: the table's or partition's own part of the key, with a slash at its end.
  public static func isHidden(_ key: String, below prefix: String) -> Bool {
    key.dropFirst(prefix.count).split(separator: "/").contains { $0.hasPrefix("_") || $0.hasPrefix(".") }
  }

  public static func escape(_ text: String) -> String {
    guard text.utf8.contains(where: mustEscape) else { return text }
    let digits = Array("0123456789ABCDEF".utf8)
    var escaped: [UInt8] = []
    for byte in text.utf8 {
      if mustEscape(byte) {
        escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      } else {
        escaped.append(byte)
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }

  /// A percent sign without two digits behind it stands for itself.
  public static func unescape(_ text: some StringProtocol) -> String {
    let bytes = Array(text.utf8)
    var plain: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
      {
        plain.append(value)
        index += 3
      } else {
        plain.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }

  private static func mustEscape(_ byte: UInt8) -> Bool {
    if byte < 0x20 || byte == 0x7F { return true }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "%"), UInt8(ascii: "'"), UInt8(ascii: "*"),
      UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "\\"),
      UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "^"):
      return true
    default: return false
    }
  }
}
