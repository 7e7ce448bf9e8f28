public import Kernel

/// Partition projection: partitions that are computed from a table's properties instead of kept in the catalog.
///
/// Source: Athena's user guide, "Use partition projection with Amazon Athena".
public struct PartitionProjection: Sendable {
  /// A partition that a query may need.
  public struct Partition: Hashable, Sendable {
    /// In the order of the table's keys, as a catalog would hold them.
    public var values: [String]
    /// Ends with a slash.
    public var location: String
  }

  private enum Kind: Sendable {
    case choices([String])
    case integers(ClosedRange<Int64>, interval: Int64, digits: Int)
    case dates(ProjectedDates)
    /// Any value that the query names.
    case injected
  }

  private var keys: [(name: String, kind: Kind)] = []
  private let template: String?
  private let location: String

  /// - Parameters:
  ///   - keys: the table's partition keys, in lower case.
  ///   - properties: the table's.
  ///   - table: `database.table`, for messages.
  ///   - now: what `NOW` in a range of dates means.
  /// - Returns: `nil` for a table that does not ask for projection.
  /// - Throws: `TableScan.Unreadable` for properties that say nothing or nonsense.
  public init?(
    keys: [String], properties: [String: String], table: String, location: String, now: Timestamp
  ) throws(TableScan.Unreadable) {
    guard properties["projection.enabled"]?.lowercased() == "true", !keys.isEmpty else { return nil }
    // Keys of properties name columns in any case.
    var settings: [String: String] = [:]
    for (name, value) in properties where name.hasPrefix("projection.") { settings[name.lowercased()] = value }
    let missing = keys.filter { settings["projection.\($0).type"] == nil }
    guard missing.isEmpty else {
      throw TableScan.Unreadable(
        "INVALID_TABLE_PROPERTY: Table \(table) is configured for partition projection, but the following partition "
          + "columns are missing projection configuration: [\(missing.joined(separator: ", "))] (table \(table))")
    }
    self.location = location.hasSuffix("/") ? location : location + "/"
    template = properties["storage.location.template"]
    for key in keys {
      let reader = SettingsReader(key: key, settings: settings)
      self.keys.append((key, try Self.kind(reader, now)))
      if let template, !template.contains("${\(key)}") {
        throw TableScan.Unreadable(
          "INVALID_TABLE_PROPERTY: The storage.location.template of table \(table) does not name partition column "
            + "\(key)")
      }
    }
  }

  /// The properties of one key.
  private struct SettingsReader {
    var key: String
    var settings: [String: String]

    subscript(_ name: String) -> String? { settings["projection.\(key).\(name)"] }

    func refused(_ name: String) -> TableScan.Unreadable {
      TableScan.Unreadable(
        "INVALID_TABLE_PROPERTY: The property projection.\(key).\(name) has an invalid value or is missing: "
          + "\(self[name] ?? "")")
    }

    func number(_ name: String, _ fallback: Int64) throws(TableScan.Unreadable) -> Int64 {
      guard let text = self[name] else { return fallback }
      guard let value = Int64(text.filter { !$0.isWhitespace }), value > 0 else { throw refused(name) }
      return value
    }

    func range() throws(TableScan.Unreadable) -> (String, String) {
      let ends = (self["range"] ?? "").split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
      guard ends.count == 2 else { throw refused("range") }
      return (ends[0], ends[1])
    }

    static func trimmed(_ text: some StringProtocol) -> String {
      var view = Substring(text)
      while view.first?.isWhitespace == true { view.removeFirst() }
      while view.last?.isWhitespace == true { view.removeLast() }
      return String(view)
    }
  }

  private static func kind(_ reader: SettingsReader, _ now: Timestamp) throws(TableScan.Unreadable) -> Kind {
    switch reader["type"]?.lowercased() {
    case "enum":
      let values = (reader["values"] ?? "").split(separator: ",").map(SettingsReader.trimmed)
      guard !values.isEmpty else { throw reader.refused("values") }
      return .choices(values)
    case "integer":
      let (first, last) = try reader.range()
      guard let low = Int64(first), let high = Int64(last), low <= high else { throw reader.refused("range") }
      let digits = try reader.number("digits", 1)
      guard digits <= 38 else { throw reader.refused("digits") }
      return .integers(low...high, interval: try reader.number("interval", 1), digits: Int(digits))
    case "date":
      guard let format = reader["format"], let pattern = DatePattern(format) else { throw reader.refused("format") }
      let ends = try reader.range()
      let unit = reader["interval.unit"].map(ProjectedDates.Unit.init)
      if let unit, unit == nil { throw reader.refused("interval.unit") }
      guard
        let dates = ProjectedDates(
          pattern: pattern, from: ends.0, to: ends.1, interval: try reader.number("interval", 1), unit: unit ?? nil,
          now: now)
      else { throw reader.refused("range") }
      return .dates(dates)
    case "injected": return .injected
    default: throw reader.refused("type")
    }
  }

  // MARK: - Partitions

  /// The partitions that a condition leaves.
  /// - Parameters:
  ///   - wanted: the values that a key must be among, where the condition says so.
  ///   - mayMatch: whether rows could be wanted of partitions with these values of some of the keys.
  /// - Throws: `TableScan.Unreadable` when an injected key is given no value, or there is no end of partitions.
  public func partitions(
    wanted: (String) -> Set<String>?, mayMatch: ([String: String?]) -> Bool
  ) throws(TableScan.Unreadable) -> [Partition] {
    var found: [[String]] = [[]]
    for key in keys {
      let candidates = try candidates(key.name, key.kind, wanted(key.name)).filter { mayMatch([key.name: $0]) }
      guard found.count.saturatingMultiply(candidates.count) <= LakeLimits.projectedPartitionsMax else {
        throw tooMany
      }
      found = found.flatMap { values in candidates.map { values + [$0] } }
    }
    let names = keys.map(\.name)
    return found.compactMap { values in
      guard mayMatch(Dictionary(zip(names, values.map(Optional.some))) { $1 }) else { return nil }
      return Partition(values: values, location: place(names, values))
    }
  }

  private var tooMany: TableScan.Unreadable {
    TableScan.Unreadable(
      "HIVE_EXCEEDED_PARTITION_LIMIT: The query projects more than \(LakeLimits.projectedPartitionsMax) partitions: "
        + "narrow the condition on the partition columns, or the projection's ranges")
  }

  private func candidates(_ key: String, _ kind: Kind, _ wanted: Set<String>?) throws(TableScan.Unreadable) -> [String]
  {
    switch kind {
    case .choices(let values): return values
    case .injected:
      guard let wanted else {
        throw TableScan.Unreadable(
          "CONSTRAINT_VIOLATION: For the injected projected partition column \(key), the WHERE clause must contain "
            + "only static equality conditions, and at least one such condition must be present.")
      }
      return wanted.sorted()
    case .integers(let range, let interval, let digits):
      func text(_ number: Int64) -> String {
        let plain = String(number.magnitude)
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, digits - plain.count)) + plain
      }
      if let wanted {
        let numbers = wanted.compactMap(Int64.init).filter { number in
          guard range.contains(number) else { return false }
          let (distance, overflow) = number.subtractingReportingOverflow(range.lowerBound)
          return !overflow && distance % interval == 0
        }
        return Set(numbers).sorted().map(text)
      }
      let (width, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
      guard !overflow, width / interval < LakeLimits.projectedPartitionsMax else { throw tooMany }
      return stride(from: range.lowerBound, through: range.upperBound, by: Int(interval)).map(text)
    case .dates(let dates):
      if let wanted { return wanted.filter(dates.contains).sorted() }
      guard let all = dates.all(max: LakeLimits.projectedPartitionsMax) else { throw tooMany }
      return all
    }
  }

  private func place(_ names: [String], _ values: [String]) -> String {
    guard let template else { return location + HivePath.directory(Array(zip(names, values))) + "/" }
    var place = template
    for (name, value) in zip(names, values) { place = place.replacing("${\(name)}", with: value) }
    return place.hasSuffix("/") ? place : place + "/"
  }
}
