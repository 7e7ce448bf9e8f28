/// What names may be. Source: the model's patterns for LogGroupName and LogStreamName.
enum LogNames {
  static func isGroupName(_ name: String) -> Bool {
    (1...512).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || ".-_/#".utf8.contains($0)
      }
  }

  static func isStreamName(_ name: String) -> Bool {
    (1...512).contains(name.utf8.count) && !name.utf8.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "*") }
  }
}
