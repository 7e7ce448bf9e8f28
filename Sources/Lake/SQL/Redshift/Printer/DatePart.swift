/// Parts of dates and times by all the names that Redshift knows them by.
enum DatePart {
  static func named(_ name: String) -> String? {
    switch name {
    case "millennium", "millennia", "mil", "mils": "millennium"
    case "century", "centuries", "c", "cent", "cents": "century"
    case "decade", "decades", "dec", "decs": "decade"
    case "epoch": "epoch"
    case "year", "years", "y", "yr", "yrs": "year"
    case "quarter", "quarters", "qtr", "qtrs", "q": "quarter"
    case "month", "months", "mon", "mons": "month"
    case "week", "weeks", "w": "week"
    case "dayofweek", "dow", "dw", "weekday": "dow"
    case "dayofyear", "doy", "dy", "yearday": "doy"
    case "day", "days", "d": "day"
    case "hour", "hours", "h", "hr", "hrs": "hour"
    case "minute", "minutes", "m", "min", "mins": "minute"
    case "second", "seconds", "s", "sec", "secs": "second"
    case "millisecond", "milliseconds", "ms", "msec", "msecs", "msecond", "mseconds", "millisec", "millisecs":
      "millisecond"
    case "microsecond", "microseconds", "us", "usec", "usecs", "microsec", "microsecs", "usecond", "useconds":
      "microsecond"
    case "timezone": "timezone"
    case "timezone_hour": "timezone_hour"
    case "timezone_minute": "timezone_minute"
    default: nil
    }
  }

  static func required(_ name: String, at position: SourcePosition) throws(SQLError) -> String {
    guard let part = named(name) else {
      throw SQLError(.invalidArguments, "timestamp units \"\(name)\" not recognized", at: position)
    }
    return part
  }

  static func extract(_ name: String, _ value: String, at position: SourcePosition) throws(SQLError) -> String {
    switch try required(name, at: position) {
    case "epoch": return "CAST(floor(epoch(\(value))) AS BIGINT)"
    // Without the whole seconds, as Redshift counts them.
    case "millisecond": return "(date_part('millisecond', \(value)) % 1000)"
    case "microsecond": return "(date_part('microsecond', \(value)) % 1000000)"
    // With its fraction, as PostgreSQL has it.
    case "second":
      return "(date_part('microsecond', \(value)) / CAST(1000000 AS DOUBLE))"
    case let part: return "date_part('\(part)', \(value))"
    }
  }

  /// `value + count × part`.
  static func adding(_ name: String, _ count: String, _ value: String, at position: SourcePosition) throws(SQLError)
    -> String
  {
    let whole = "CAST(trunc(\(count)) AS BIGINT)"
    func months(_ factor: Int) -> String {
      "to_months(CAST(\(factor == 1 ? whole : "\(whole) * \(factor)") AS INTEGER))"
    }
    // A year after 29 February is 1 March; months end on their last days.
    func years(_ factor: Int) -> String { "rs_add_years(\(value), CAST(\(whole) * \(12 * factor) AS INTEGER))" }
    let step: String
    switch try required(name, at: position) {
    case "millennium": return years(1_000)
    case "century": return years(100)
    case "decade": return years(10)
    case "year": return years(1)
    case "quarter": step = months(3)
    case "month": step = months(1)
    case "week": step = "to_days(CAST(\(whole) * 7 AS INTEGER))"
    case "day", "dow", "doy": step = "to_days(CAST(\(whole) AS INTEGER))"
    case "hour": step = "to_hours(\(whole))"
    case "minute": step = "to_minutes(\(whole))"
    case "second", "epoch": step = "to_seconds(\(count))"
    case "millisecond": step = "to_milliseconds(\(whole))"
    case "microsecond": step = "to_microseconds(\(whole))"
    default: throw SQLError(.notSupported, "DATEADD of \(name) is not supported", at: position)
    }
    return "(\(value) + \(step))"
  }
}
