/// The target's limits.
enum Limits {
  /// Bytes of one line of a text file: a JSON document, a row of CSV. The engine holds sixteen times as much a reader.
  static let lineBytesMax = 2 << 20
}
