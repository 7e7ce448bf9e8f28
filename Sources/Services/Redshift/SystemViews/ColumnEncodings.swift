/// The numbers under which `PG_ATTRIBUTE.attencodingtype` gives how columns are compressed, and `FORMAT_ENCODING`,
/// which names them. AWS documents neither: the numbers are Tarn's own, and 0 is a column that is not compressed.
enum ColumnEncodings {
  private static let names = [
    "none", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32", "runlength", "text255",
    "text32k", "zstd", "az64",
  ]

  static func number(of encoding: String) -> String {
    String(names.firstIndex(of: encoding) ?? 0)
  }

  /// `FORMAT_ENCODING`'s name in the engine.
  static let function = "tarn_format_encoding"
  static let macro =
    "CREATE OR REPLACE MACRO \(function)(number) AS CASE number "
    + names.enumerated().map { "WHEN \($0.offset) THEN '\($0.element)'" }.joined(separator: " ") + " END"
}
