import Foundation
import Kernel

/// Events as a shop's web pages send them, about 310 bytes of JSON each.
struct ClickEvents {
  /// The columns, as Glue names their types and as DuckDB does.
  static let columns: [(name: String, hive: String, duckDB: String)] = [
    ("event_id", "string", "VARCHAR"), ("event_type", "string", "VARCHAR"), ("user_id", "bigint", "BIGINT"),
    ("session_id", "string", "VARCHAR"), ("page", "string", "VARCHAR"), ("referrer", "string", "VARCHAR"),
    ("country", "string", "VARCHAR"), ("device", "string", "VARCHAR"), ("is_new", "boolean", "BOOLEAN"),
    ("price", "double", "DOUBLE"), ("duration_ms", "int", "INTEGER"), ("event_time", "timestamp", "TIMESTAMP"),
  ]

  private static let types = ["page_view", "click", "add_to_cart", "checkout", "purchase"]
  private static let countries = ["DE", "FR", "US", "JP", "BR", "IN", "GB", "NL"]
  private static let devices = ["ios", "android", "desktop", "tablet"]

  private let random: SeededRandomSource
  init(seed: UInt64) { random = SeededRandomSource(seed: seed) }

  /// One event's JSON, without a line break.
  func next() -> String {
    let a = random.next()
    let b = random.next()
    func pick(_ names: [String], _ shift: UInt64) -> String { names[Int((a >> shift) % UInt64(names.count))] }
    func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let time =
      "2026-05-\(two(1 + b % 28)) \(two(b >> 8 & 15)):\(two((b >> 16) % 60)):\(two((b >> 24) % 60))"
      + ".\(100 + (b >> 32) % 900)"
    return #"{"event_id":"\#(String(a, radix: 16))-\#(String(b, radix: 16))","event_type":"\#(pick(Self.types, 3))","#
      + #""user_id":\#(a >> 40),"session_id":"s-\#(String(b >> 20, radix: 36))","page":"/products/\#(b % 5_000)/view","#
      + #""referrer":"https://www.example.com/search?q=\#(a % 10_000)","country":"\#(pick(Self.countries, 11))","#
      + #""device":"\#(pick(Self.devices, 17))","is_new":\#(a & 1 == 1),"price":\#(b % 500).\#(10 + a % 90),"#
      + #""duration_ms":\#(a >> 48),"event_time":"\#(time)"}"#
  }
}
