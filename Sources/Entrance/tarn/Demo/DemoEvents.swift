import Kernel

/// The events of the lab, a day of them so that hours can be told apart.
struct DemoEvents {
  static let kinds = ["view", "click", "checkout", "refund"]
  static let tenants = 8
  static let devices = 800
  static let span = Duration.seconds(24 * 3600)

  let count: Int
  let start: Timestamp
  private let random: SeededRandomSource

  init(count: Int, start: Timestamp, seed: UInt64) {
    self.count = count
    self.start = start
    random = SeededRandomSource(seed: seed)
  }

  /// One event as JSON, and the device it comes from (its partition key).
  func event(_ index: Int) -> (device: String, json: String) {
    let step = Self.span.nanoseconds / Int64(count)
    let time = CivilTime(start + .nanoseconds(step * Int64(index)))
    let device = "device-" + Self.padded(random.next(below: Self.devices) + 1, 5)
    let cents = 100 + random.next(below: 24_901)
    let moment =
      "\(time.year)-\(Self.padded(time.month, 2))-\(Self.padded(time.day, 2)) "
      + "\(Self.padded(time.hour, 2)):\(Self.padded(time.minute, 2)):\(Self.padded(time.second, 2))"
    let json =
      #"{"event_id":"\#(random.uuid())","ts":"\#(moment)","tenant_id":"tenant-\#(Self.padded(random.next(below: Self.tenants) + 1, 3))","#
      + #""device_id":"\#(device)","event_type":"\#(Self.kinds[random.next(below: Self.kinds.count)])","#
      + #""amount":\#(cents / 100).\#(Self.padded(cents % 100, 2))}"#
    return (device, json)
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
