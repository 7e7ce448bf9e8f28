/// Dates and times. A moment is looked at on the clock of its own zone (`{0L}`).
enum DateTimeFunctions {
  static let rules: [String] =
    parts + [
      "current_timezone() -> varchar | 'UTC'",
      "date(varchar(x)) -> date | CAST({0} AS DATE)",
      "date(date) -> date | {0}",
      "date(timestamp(p)) -> date | CAST({0} AS DATE)",
      "date(timestamptz(p)) -> date | CAST({0L} AS DATE)",
      "date_add(varchar(x), bigint, date) -> date | @date_add",
      "date_add(varchar(x), bigint, time(p)) -> time(p) | @date_add",
      "date_add(varchar(x), bigint, timestamp(p)) -> timestamp(p) | @date_add",
      "date_add(varchar(x), bigint, timestamptz(p)) -> timestamptz(p) | @date_add",
      "date_diff(varchar(x), date, date) -> bigint | @date_diff",
      "date_diff(varchar(x), time(p), time(p)) -> bigint | @date_diff",
      "date_diff(varchar(x), timestamp(p), timestamp(p)) -> bigint | @date_diff",
      "date_diff(varchar(x), timestamptz(p), timestamptz(p)) -> bigint | @date_diff",
      "date_trunc(varchar(x), date) -> date | @date_trunc",
      "date_trunc(varchar(x), time(p)) -> time(p) | @date_trunc",
      "date_trunc(varchar(x), timestamp(p)) -> timestamp(p) | @date_trunc",
      "date_trunc(varchar(x), timestamptz(p)) -> timestamptz(p) | @date_trunc",
      "date_format(timestamp(p), varchar(x)) -> varchar | @date_format",
      "date_format(timestamptz(p), varchar(x)) -> varchar | @date_format",
      "date_parse(varchar(x), varchar(y)) -> timestamp(3) | @date_parse",
      "format_datetime(timestamp(p), varchar(x)) -> varchar | @format_datetime",
      "format_datetime(timestamptz(p), varchar(x)) -> varchar | @format_datetime",
      "parse_datetime(varchar(x), varchar(y)) -> timestamptz(3) | @parse_datetime",
      "from_iso8601_date(varchar(x)) -> date | trino_iso8601_date({0})",
      "from_iso8601_timestamp(varchar(x)) -> timestamptz(3) | CAST({0} AS TIMESTAMPTZ)",
      "from_iso8601_timestamp_nanos(varchar(x)) -> timestamptz(9) | CAST({0} AS TIMESTAMPTZ)",
      "from_unixtime(double) -> timestamptz(3) | trino_from_unixtime({0})",
      "from_unixtime_nanos(bigint) -> timestamptz(9) | trino_from_unixtime_nanos({0})",
      "from_unixtime_nanos(decimal(p,s)) -> timestamptz(9) | trino_from_unixtime_nanos(CAST({0} AS BIGINT))",
      "human_readable_seconds(double) -> varchar | trino_human_seconds({0})",
      "last_day_of_month(date) -> date | last_day({0})",
      "last_day_of_month(timestamp(p)) -> date | last_day({0})",
      "last_day_of_month(timestamptz(p)) -> date | last_day({0L})",
      "parse_duration(varchar(x)) -> interval_day | trino_parse_duration({0})",
      "parse_data_size(varchar(x)) -> decimal(38,0) | trino_parse_data_size({0})",
      "parse_presto_data_size(varchar(x)) -> decimal(38,0) | trino_parse_data_size({0})",
      "timezone_hour(timestamptz(p)) -> bigint | @timezone_hour",
      "timezone_minute(timestamptz(p)) -> bigint | @timezone_minute",
      "to_iso8601(date) -> varchar | CAST({0} AS VARCHAR)",
      "to_iso8601(timestamp(p)) -> varchar | @to_iso8601",
      "to_iso8601(timestamptz(p)) -> varchar | @to_iso8601",
      "to_milliseconds(interval_day) -> bigint | trino_interval_ms({0})",
      "to_unixtime(timestamp(p)) -> double | epoch({0})",
      "to_unixtime(timestamptz(p)) -> double | epoch({0})",
      "to_date(varchar(x), varchar(y)) -> date | @to_date",
      "to_timestamp(varchar(x), varchar(y)) -> timestamp(3) | @to_timestamp",
      "to_char(timestamp(p), varchar(x)) -> varchar | @to_char",
      "sequence(date, date) -> array(date) | trino_sequence_date({0}, {1})",
      """
      sequence(date, date, interval_day) -> array(date) | list_transform(generate_series({0}, {1}, {2}), lambda d: \
      CAST(d AS DATE))
      """,
      """
      sequence(date, date, interval_year) -> array(date) | list_transform(generate_series({0}, {1}, {2}), lambda d: \
      CAST(d AS DATE))
      """,
      "sequence(timestamp(p), timestamp(p), interval_day) -> array(timestamp(p)) | generate_series({0}, {1}, {2})",
      "sequence(timestamp(p), timestamp(p), interval_year) -> array(timestamp(p)) | generate_series({0}, {1}, {2})",
    ]

  /// The fields of a date, on the clock of the value's zone.
  private static let parts: [String] = {
    let ofDate = [
      ("year", "year"), ("quarter", "quarter"), ("month", "month"), ("week", "weekofyear"),
      ("week_of_year", "weekofyear"), ("day", "day"), ("day_of_month", "day"), ("day_of_week", "isodow"),
      ("dow", "isodow"), ("day_of_year", "dayofyear"), ("doy", "dayofyear"), ("year_of_week", "isoyear"),
      ("yow", "isoyear"),
    ]
    let ofTime = [
      ("hour", "hour({0L})"), ("minute", "minute({0L})"), ("second", "second({0L})"),
      ("millisecond", "(millisecond({0L}) % 1000)"),
    ]
    var rules: [String] = []
    for (name, part) in ofDate {
      for type in ["date", "timestamp(p)", "timestamptz(p)"] {
        rules.append("\(name)(\(type)) -> bigint | \(part)({0L})")
      }
    }
    for (name, form) in ofTime {
      for type in ["time(p)", "timestamp(p)", "timestamptz(p)"] { rules.append("\(name)(\(type)) -> bigint | \(form)") }
    }
    return rules + [
      "year(interval_year) -> bigint | (trino_interval_months({0}) // 12)",
      "month(interval_year) -> bigint | (trino_interval_months({0}) % 12)",
      "day(interval_day) -> bigint | (trino_interval_ms({0}) // 86400000)",
      "hour(interval_day) -> bigint | (trino_interval_ms({0}) // 3600000 % 24)",
      "minute(interval_day) -> bigint | (trino_interval_ms({0}) // 60000 % 60)",
      "second(interval_day) -> bigint | (trino_interval_ms({0}) // 1000 % 60)",
      "millisecond(interval_day) -> bigint | (trino_interval_ms({0}) % 1000)",
    ]
  }()
}
