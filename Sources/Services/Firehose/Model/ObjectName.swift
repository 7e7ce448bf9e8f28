import Crypto
import Foundation
package import Kernel

/// Names the objects of one delivery: prefix, delivery stream, version, moment, a UUID, ending.
///
/// Everything that looks random is drawn from where the delivery begins, so that a delivery that is made again after a
/// crash writes the same name, and its object takes the place of the one that may have been written before.
package struct ObjectName: Sendable {
  private let record: DeliveryStreamRecord
  private let seed: [UInt8]
  private let time: CivilTime

  /// - Parameters:
  ///   - oldest: arrival of the delivery's oldest record.
  ///   - starts: where each lane of the source begins in this delivery.
  package init(_ record: DeliveryStreamRecord, oldest: Timestamp, starts: [Int: UInt64]) {
    self.record = record
    var text = "\(record.uid)/\(record.version)"
    for (lane, offset) in starts.sorted(by: { $0.key < $1.key }) { text += "/\(lane):\(offset)" }
    seed = Array(SHA256.hash(data: Array(text.utf8)))
    time = Self.local(oldest, zone: record.destination.timeZone)
  }

  /// What clocks show in `zone`.
  package static func local(_ moment: Timestamp, zone: String?) -> CivilTime {
    guard let zone, !zone.isEmpty, zone != "UTC", let found = TimeZone(identifier: zone) else {
      return CivilTime(moment)
    }
    let offset = found.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(moment.seconds)))
    return CivilTime(moment + .seconds(offset))
  }

  private func draw(_ label: String) -> SeededRandomSource {
    let digest = Array(SHA256.hash(data: seed + Array(label.utf8)))
    return SeededRandomSource(seed: digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
  }

  private func values(_ label: String) -> PrefixExpression.Values {
    let random = draw(label + "/prefix")
    return PrefixExpression.Values(time: time) { random.text(11, of: "abcdefghijklmnopqrstuvwxyz0123456789") }
  }

  private func suffix(_ label: String) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    let moment =
      "\(time.year)-\(two(time.month))-\(two(time.day))-\(two(time.hour))-\(two(time.minute))-\(two(time.second))"
    return "\(record.name)-\(record.version)-\(moment)-\(draw(label).uuid())"
  }

  /// The key of the data object.
  /// - Parameter ending: what the format puts behind the name unless a FileExtension was set.
  /// - Parameter partition: the object's partition, where partitioning is dynamic.
  /// - Parameter filled: objects of the same delivery and partition before this one.
  package func data(
    _ prefixes: DestinationPrefixes, ending: String, partition: PartitionKeys? = nil, filled: Int = 0
  ) -> String {
    let chosen = record.destination.fileExtension.flatMap { $0.isEmpty ? nil : $0 } ?? ending
    guard let partition else { return prefixes.dataPrefix(values("data")) + suffix("data") + chosen }
    var label = "data"
    for (name, value) in partition.fromQuery.sorted(by: { $0.key < $1.key }) { label += "/q\(name)=\(value)" }
    for (name, value) in partition.fromFunction.sorted(by: { $0.key < $1.key }) { label += "/f\(name)=\(value)" }
    if filled > 0 { label += "/\(filled)" }
    var values = values(label)
    values.partition = partition
    return prefixes.dataPrefix(values) + suffix(label) + chosen
  }

  /// The key of the object with the records that failed in a way named `type`.
  package func errors(_ prefixes: DestinationPrefixes, type: String, ending: String = "") -> String {
    prefixes.errorPrefix(type, values("errors")) + suffix("errors/" + type) + ending
  }

  /// The key of the source records' backup.
  package func backup(_ prefixes: DestinationPrefixes, ending: String) -> String {
    prefixes.dataPrefix(values("backup")) + suffix("backup") + ending
  }

  /// The name of the file within a ZIP archive.
  package var plainName: String { suffix("data") }
}
