import Foundation

/// The zones that CustomTimeZone may name.
enum TimeZones {
  static func isKnown(_ zone: String?) -> Bool {
    guard let zone, !zone.isEmpty, zone != "UTC" else { return true }
    return TimeZone(identifier: zone) != nil
  }
}
