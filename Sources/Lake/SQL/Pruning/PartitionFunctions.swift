internal import Kernel

/// The functions that conditions on partition keys are commonly made of, computed here so that
/// `dt = date_format(current_date - interval '1' day, '%Y-%m-%d')` prunes. Each answers `nil` where it is not certain.
enum PartitionFunctions {
  private static let microsecondsPerDay: Int64 = 86_400_000_000

  static func cast(_ value: PartitionValue, to type: SQLType) -> PartitionValue? {
    if value == .null { return .null }
    switch type {
    case .varchar(let length):
      guard let text = value.text else { return nil }
      guard let length, text.count > length else { return .string(text) }
      return value.isText ? .string(String(text.prefix(length))) : nil
    case .char: return value.isText ? value : nil
    case .tinyint, .smallint, .integer, .bigint:
      switch value {
      case .integer(let number): return inRange(number, type)
      case .boolean(let flag): return .integer(flag ? 1 : 0)
      case .decimal(let number):
        guard let rounded = number.rounded(to: 0), let whole = Int64(exactly: rounded.unscaled) else { return nil }
        return inRange(whole, type)
      case .double(let number):
        guard let whole = Int64(exactly: number.rounded(.toNearestOrAwayFromZero)) else { return nil }
        return inRange(whole, type)
      case .string(let text): return PartitionValue.read(text, type)
      default: return nil
      }
    case .real, .double:
      if case .string(let text) = value { return PartitionValue.read(text, type) }
      return value.asDouble.map { .double($0) }
    case .decimal(_, let scale):
      if case .string(let text) = value { return PartitionValue.read(text, type) }
      return value.asDecimal?.rounded(to: scale).map { .decimal($0) }
    case .boolean:
      if case .boolean = value { return value }
      return value.isText ? value.text.flatMap { PartitionValue.read($0, type) } : nil
    case .date:
      switch value {
      case .date: return value
      case .timestamp(let micros): return .date(micros.floorDivide(microsecondsPerDay))
      case .string(let text): return PartitionValue.read(text, type)
      default: return nil
      }
    case .timestamp:
      switch value {
      case .timestamp: return value
      case .date(let days): return .timestamp(days.saturatingMultiply(microsecondsPerDay))
      case .string(let text): return PartitionValue.read(text, type)
      default: return nil
      }
    // The session is in UTC, so that a moment and its clock time are one.
    case .timestampWithTimeZone(_, .utc):
      switch value {
      case .timestamp: return value
      case .date(let days): return .timestamp(days.saturatingMultiply(microsecondsPerDay))
      default: return nil
      }
    default: return nil
    }
  }

  private static func inRange(_ number: Int64, _ type: SQLType) -> PartitionValue? {
    switch type {
    case .tinyint: Int8(exactly: number).map { _ in .integer(number) }
    case .smallint: Int16(exactly: number).map { _ in .integer(number) }
    case .integer: Int32(exactly: number).map { _ in .integer(number) }
    default: .integer(number)
    }
  }

  static func arithmetic(
    _ operation: ArithmeticOperator, _ left: PartitionValue, _ right: PartitionValue
  ) -> PartitionValue? {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): return integers(operation, left, right)
    case (.interval, .date), (.interval, .timestamp):
      return operation == .add ? shifted(right, by: left, sign: 1) : nil
    case (.date, .interval), (.timestamp, .interval):
      guard operation == .add || operation == .subtract else { return nil }
      return shifted(left, by: right, sign: operation == .add ? 1 : -1)
    default: return nil
    }
  }

  private static func integers(_ operation: ArithmeticOperator, _ left: Int64, _ right: Int64) -> PartitionValue? {
    let result: (partialValue: Int64, overflow: Bool)
    switch operation {
    case .add: result = left.addingReportingOverflow(right)
    case .subtract: result = left.subtractingReportingOverflow(right)
    case .multiply: result = left.multipliedReportingOverflow(by: right)
    case .divide: result = left.dividedReportingOverflow(by: right)
    case .modulus: result = left.remainderReportingOverflow(dividingBy: right)
    }
    return result.overflow ? nil : .integer(result.partialValue)
  }

  private static func shifted(_ value: PartitionValue, by interval: PartitionValue, sign: Int64) -> PartitionValue? {
    guard case .interval(let months, let microseconds) = interval else { return nil }
    guard abs(months.saturatingMultiply(1)) < 120_000 else { return nil }
    switch value {
    case .date(let days):
      guard microseconds % microsecondsPerDay == 0, abs(days) < 4_000_000 else { return nil }
      return .date(addMonths(days, months * sign).saturatingAdd(sign * (microseconds / microsecondsPerDay)))
    case .timestamp(let micros):
      let day = micros.floorDivide(microsecondsPerDay)
      guard abs(day) < 4_000_000 else { return nil }
      let rest = micros - day * microsecondsPerDay
      let moved = addMonths(day, months * sign).saturatingMultiply(microsecondsPerDay).saturatingAdd(rest)
      return .timestamp(moved.saturatingAdd(microseconds.saturatingMultiply(sign)))
    default: return nil
    }
  }

  private static func addMonths(_ days: Int64, _ months: Int64) -> Int64 {
    guard months != 0 else { return days }
    let day = CivilText.civil(days: days)
    let total = Int64(day.year) * 12 + Int64(day.month - 1) + months
    let year = Int(total.floorDivide(12))
    let month = Int(total - total.floorDivide(12) * 12) + 1
    return CivilText.days(
      year: year, month: month, day: min(day.day, CivilTime.days(inMonth: month, of: year)))
  }

  static func call(_ name: String, _ arguments: [PartitionValue]) -> PartitionValue? {
    if name == "coalesce" { return arguments.first { $0 != .null } ?? .null }
    if arguments.contains(.null) { return .null }
    func string(_ index: Int) -> String? {
      if index < arguments.count, case .string(let text) = arguments[index] { text } else { nil }
    }
    func integer(_ index: Int) -> Int64? {
      if index < arguments.count, case .integer(let number) = arguments[index] { number } else { nil }
    }
    switch (name, arguments.count) {
    case ("lower", 1): return string(0).map { .string($0.lowercased()) }
    case ("upper", 1): return string(0).map { .string($0.uppercased()) }
    case ("trim", 1): return string(0).map { .string($0.trimmingSpaces()) }
    case ("length", 1): return string(0).map { .integer(Int64($0.unicodeScalars.count)) }
    case ("concat", _):
      var text = ""
      for index in arguments.indices {
        guard let part = string(index) else { return nil }
        text += part
      }
      return .string(text)
    case ("substr", 2...3), ("substring", 2...3):
      guard let text = string(0), let start = integer(1) else { return nil }
      return .string(substring(text, start, arguments.count == 3 ? integer(2) : .max))
    case ("replace", 3):
      guard let text = string(0), let old = string(1), let new = string(2), !old.isEmpty else { return nil }
      return .string(text.replacing(old, with: new))
    case ("lpad", 3):
      guard let text = string(0), let size = integer(1), let pad = string(2), (0...1000).contains(size), !pad.isEmpty
      else { return nil }
      let missing = Int(size) - text.count
      guard missing > 0 else { return .string(String(text.prefix(Int(size)))) }
      return .string(String(String(repeating: pad, count: missing / pad.count + 1).prefix(missing)) + text)
    case ("date", 1): return cast(arguments[0], to: .date)
    case ("date_trunc", 2): return string(0).flatMap { truncate(arguments[1], $0.lowercased()) }
    case ("date_add", 3):
      guard let unit = string(0), let amount = integer(1) else { return nil }
      return add(arguments[2], amount, unit.lowercased())
    case ("date_format", 2):
      guard let micros = microseconds(arguments[0]), let pattern = string(1) else { return nil }
      return mysqlFormat(micros, pattern).map { .string($0) }
    case ("date_parse", 2):
      guard let text = string(0), let pattern = string(1), pattern == "%Y-%m-%d" || pattern == "%Y-%m-%d %H:%i:%s"
      else { return nil }
      return PartitionValue.read(text, .timestamp(precision: 3))
    case ("year", 1), ("month", 1), ("day", 1), ("hour", 1), ("minute", 1), ("day_of_month", 1), ("quarter", 1):
      guard let micros = microseconds(arguments[0]) else { return nil }
      let time = CivilText.civil(microseconds: micros)
      switch name {
      case "year": return .integer(Int64(time.year))
      case "month": return .integer(Int64(time.month))
      case "hour": return .integer(Int64(time.hour))
      case "minute": return .integer(Int64(time.minute))
      case "quarter": return .integer(Int64((time.month + 2) / 3))
      default: return .integer(Int64(time.day))
      }
    default: return nil
    }
  }

  private static func microseconds(_ value: PartitionValue) -> Int64? {
    switch value {
    case .date(let days): days.saturatingMultiply(microsecondsPerDay)
    case .timestamp(let micros): micros
    default: nil
    }
  }

  private static func substring(_ text: String, _ start: Int64, _ length: Int64?) -> String {
    let scalars = Array(text.unicodeScalars)
    let count = Int64(scalars.count)
    guard start != 0, let length, length > 0 else { return "" }
    let from = start > 0 ? start - 1 : count + start
    guard from >= 0, from < count else { return "" }
    let to = min(count, from.saturatingAdd(length))
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[Int(from)..<Int(to)])
    return String(view)
  }

  private static func truncate(_ value: PartitionValue, _ unit: String) -> PartitionValue? {
    guard let micros = microseconds(value) else { return nil }
    let time = CivilText.civil(microseconds: micros)
    let day = micros.floorDivide(microsecondsPerDay)
    var result: Int64
    switch unit {
    case "second": result = micros.floorDivide(1_000_000) * 1_000_000
    case "minute": result = micros.floorDivide(60_000_000) * 60_000_000
    case "hour": result = micros.floorDivide(3_600_000_000) * 3_600_000_000
    case "day": result = day * microsecondsPerDay
    // 1970-01-01 was a Thursday.
    case "week": result = (day - ((day + 3) - (day + 3).floorDivide(7) * 7)) * microsecondsPerDay
    case "month": result = CivilText.days(year: time.year, month: time.month, day: 1) * microsecondsPerDay
    case "quarter":
      result = CivilText.days(year: time.year, month: (time.month - 1) / 3 * 3 + 1, day: 1) * microsecondsPerDay
    case "year": result = CivilText.days(year: time.year, month: 1, day: 1) * microsecondsPerDay
    default: return nil
    }
    if case .date = value {
      result = result.floorDivide(microsecondsPerDay)
      return .date(result)
    }
    return .timestamp(result)
  }

  private static func add(_ value: PartitionValue, _ amount: Int64, _ unit: String) -> PartitionValue? {
    guard abs(amount.saturatingMultiply(1)) < 1_000_000_000 else { return nil }
    let interval: PartitionValue
    switch unit {
    case "second": interval = .interval(months: 0, microseconds: amount * 1_000_000)
    case "minute": interval = .interval(months: 0, microseconds: amount * 60_000_000)
    case "hour": interval = .interval(months: 0, microseconds: amount * 3_600_000_000)
    case "day": interval = .interval(months: 0, microseconds: amount.saturatingMultiply(microsecondsPerDay))
    case "week": interval = .interval(months: 0, microseconds: amount.saturatingMultiply(7 * microsecondsPerDay))
    case "month": interval = .interval(months: amount, microseconds: 0)
    case "quarter": interval = .interval(months: amount * 3, microseconds: 0)
    case "year": interval = .interval(months: amount * 12, microseconds: 0)
    default: return nil
    }
    return shifted(value, by: interval, sign: 1)
  }

  private static func mysqlFormat(_ micros: Int64, _ pattern: String) -> String? {
    let time = CivilText.civil(microseconds: micros)
    var result = ""
    var escaped = false
    for character in pattern {
      guard escaped else {
        if character == "%" { escaped = true } else { result.append(character) }
        continue
      }
      escaped = false
      switch character {
      case "Y": result += CivilText.padded(time.year, 4)
      case "y": result += CivilText.padded(time.year % 100, 2)
      case "m": result += CivilText.padded(time.month, 2)
      case "c": result += String(time.month)
      case "d": result += CivilText.padded(time.day, 2)
      case "e": result += String(time.day)
      case "H": result += CivilText.padded(time.hour, 2)
      case "k": result += String(time.hour)
      case "i": result += CivilText.padded(time.minute, 2)
      case "s", "S": result += CivilText.padded(time.second, 2)
      case "T":
        result +=
          "\(CivilText.padded(time.hour, 2)):\(CivilText.padded(time.minute, 2)):\(CivilText.padded(time.second, 2))"
      case "%": result.append("%")
      default: return nil
      }
    }
    return escaped ? nil : result
  }
}
