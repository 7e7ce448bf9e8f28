extension TrinoMacros {
  static let moments: [(String, String)] = [
    // `unit` is in microseconds: 1000 rounds to milliseconds, half up.
    (
      "trino_round_timestamp(t, unit)",
      "make_timestamp((epoch_us(t) + unit // 2) // unit * unit - CASE WHEN (epoch_us(t) + unit // 2) % unit < 0 THEN "
        + "unit ELSE 0 END)"
    ),
    // `2020-01-01 00:00:00 America/New_York`, with the zone as a name or as an offset.
    (
      "trino_moment_text(t)",
      """
      CASE WHEN regexp_matches(t, '[A-Za-z]/') THEN CAST(timezone(regexp_extract(t, '([A-Za-z_]+/.*)$', 1),
        CAST(regexp_extract(t, '^(.*) [A-Za-z_]+/', 1) AS TIMESTAMP)) AS VARCHAR) ELSE t END
      """
    ),
    ("trino_from_unixtime(d)", "to_timestamp(round(d * 1000) / 1000)"),
    (
      "trino_from_unixtime_nanos(n)",
      "timezone('UTC', make_timestamp(n // 1000 - CASE WHEN n % 1000 < 0 THEN 1 ELSE 0 END))"
    ),
    (
      "trino_interval_ms(i)",
      "CAST(datepart('day', i) * 86400000 + datepart('hour', i) * 3600000 + datepart('minute', i) * 60000 + "
        + "datepart('millisecond', i) AS BIGINT)"
    ),
    ("trino_interval_months(i)", "CAST(datepart('year', i) * 12 + datepart('month', i) AS BIGINT)"),
    (
      "trino_milliseconds_text(n)",
      "format('{}{} {:02d}:{:02d}:{:02d}.{:03d}', CASE WHEN n < 0 THEN '-' ELSE '' END, abs(n) // 86400000, abs(n) // "
        + "3600000 % 24, abs(n) // 60000 % 60, abs(n) // 1000 % 60, abs(n) % 1000)"
    ),
    ("trino_interval_day_text(i)", "trino_milliseconds_text(trino_interval_ms(i))"),
    (
      "trino_interval_month_text(i)",
      "format('{}{}-{}', CASE WHEN trino_interval_months(i) < 0 THEN '-' ELSE '' END, abs(trino_interval_months(i)) // "
        + "12, abs(trino_interval_months(i)) % 12)"
    ),
    (
      "trino_offset_text(here, utc)",
      """
      format('{}{:02d}:{:02d}', CASE WHEN here < utc THEN '-' ELSE '+' END,
        abs(epoch_us(here) - epoch_us(utc)) // 3600000000, abs(epoch_us(here) - epoch_us(utc)) // 60000000 % 60)
      """
    ),
    (
      "trino_step(unit, n)",
      """
      CASE lower(unit) WHEN 'millisecond' THEN to_microseconds(n * 1000) WHEN 'second' THEN to_microseconds(n * 1000000)
        WHEN 'minute' THEN to_microseconds(n * 60000000) WHEN 'hour' THEN to_microseconds(n * 3600000000)
        WHEN 'day' THEN to_days(CAST(n AS INTEGER)) WHEN 'week' THEN to_days(CAST(n * 7 AS INTEGER))
        WHEN 'month' THEN to_months(CAST(n AS INTEGER)) WHEN 'quarter' THEN to_months(CAST(n * 3 AS INTEGER))
        WHEN 'year' THEN to_months(CAST(n * 12 AS INTEGER)) END
      """
    ),
    (
      "trino_mysql_format(f)",
      """
      array_to_string(list_transform(string_split(replace(f, '%%', chr(1)), '%'), lambda d_p, d_i: CASE WHEN d_i = 1
        THEN d_p
        ELSE CASE left(d_p, 1) WHEN 'c' THEN '%-m' WHEN 'e' THEN '%-d' WHEN 'h' THEN '%I' WHEN 'i' THEN '%M' WHEN 'k'
          THEN '%-H'
          WHEN 'l' THEN '%-I' WHEN 'M' THEN '%B' WHEN 'r' THEN '%I:%M:%S %p' WHEN 's' THEN '%S' WHEN 'T' THEN '%H:%M:%S'
          WHEN 'v' THEN '%V' WHEN 'W' THEN '%A' WHEN 'x' THEN '%G' ELSE '%' || left(d_p, 1) END || substr(d_p, 2) END),
            '')
      """
    ),
    (
      "trino_iso8601_date(t)",
      """
      CASE WHEN regexp_full_match(t, '[0-9]{4}-W[0-9]{2}(-[1-7])?') THEN
        CAST(strptime(CASE WHEN length(t) = 8 THEN t || '-1' ELSE t END, '%G-W%V-%u') AS DATE)
        WHEN regexp_full_match(t, '[0-9]{4}-[0-9]{3}') THEN CAST(strptime(t, '%Y-%j') AS DATE)
        WHEN regexp_full_match(t, '[0-9]{4}-[0-9]{2}') THEN CAST(t || '-01' AS DATE)
        ELSE CAST(t AS DATE) END
      """
    ),
    ("trino_unit(n, name)", "CASE WHEN n = 0 THEN NULL WHEN n = 1 THEN '1 ' || name ELSE n || ' ' || name || 's' END"),
    (
      "trino_human_seconds(d)",
      """
      CASE WHEN isnan(d) OR isinf(d) THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Invalid argument found: ' || d)
        AS VARCHAR)
        WHEN CAST(round(abs(d)) AS BIGINT) = 0 THEN '0 seconds' WHEN d IS NULL THEN NULL
        ELSE concat_ws(', ', trino_unit(CAST(round(abs(d)) AS BIGINT) // 604800, 'week'),
          trino_unit(CAST(round(abs(d)) AS BIGINT) // 86400 % 7, 'day'), trino_unit(CAST(round(abs(d)) AS BIGINT) //
            3600 % 24, 'hour'),
          trino_unit(CAST(round(abs(d)) AS BIGINT) // 60 % 60, 'minute'), trino_unit(CAST(round(abs(d)) AS BIGINT) %
            60, 'second')) END
      """
    ),
    (
      "trino_parse_duration(t)",
      """
      to_microseconds(CAST(round(CAST(regexp_extract(t, '^\\s*([0-9.]+)', 1) AS DOUBLE) * CASE regexp_extract(t,
        '([a-z]+)\\s*$', 1)
        WHEN 'ns' THEN 1e-6 WHEN 'us' THEN 1e-3 WHEN 'ms' THEN 1e0 WHEN 's' THEN 1e3 WHEN 'm' THEN 6e4 WHEN 'h' THEN
          36e5
        WHEN 'd' THEN 864e5 ELSE CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Unknown time unit: ' || t) AS DOUBLE)
          END) AS BIGINT) * 1000)
      """
    ),
    (
      "trino_parse_data_size(t)",
      """
      CAST(CAST(regexp_extract(t, '^\\s*([0-9.]+)', 1) AS DECIMAL(18,4)) * CASE regexp_extract(t, '([a-zA-Z]+)\\s*$', 1)
        WHEN 'B' THEN CAST(1 AS DECIMAL(20,0)) WHEN 'kB' THEN CAST(1024 AS DECIMAL(20,0)) WHEN 'MB' THEN CAST(1048576
          AS DECIMAL(20,0))
        WHEN 'GB' THEN CAST(1073741824 AS DECIMAL(20,0)) WHEN 'TB' THEN CAST(1099511627776 AS DECIMAL(20,0))
        WHEN 'PB' THEN CAST(1125899906842624 AS DECIMAL(20,0)) WHEN 'EB' THEN CAST(1152921504606846976 AS DECIMAL(20,0))
        ELSE CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Invalid data size: ''' || t || '''') AS DECIMAL(20,0)) END
          AS DECIMAL(38,0))
      """
    ),
    (
      "trino_sequence_date(a, b)",
      "list_transform(generate_series(a, b, CASE WHEN a <= b THEN INTERVAL 1 DAY ELSE INTERVAL (-1) DAY END), lambda "
        + "t_d: CAST(t_d AS DATE))"
    ),
  ]
}
