/// What the engine must know before it runs printed statements of Redshift: functions that are more than a word of
/// DuckDB's. A macro may name one that stands above it.
public enum RedshiftMacros {
  /// `CREATE OR REPLACE MACRO …` for each, in the order in which they must run when a database is opened.
  public static var statements: [String] {
    (basic + texts + moments + json + arrays).map { "CREATE OR REPLACE MACRO \($0) AS \($1)" }
  }

  /// The marker by which an error that a printed statement raises is told from DuckDB's own:
  /// `Could not convert string 'tarn!SQLSTATE!message' to INT8`.
  public static let failureMarker = "tarn!"

  private static let basic: [(String, String)] = [
    // A failing cast, since TRY does not take error(): it counts as a function without a fixed answer.
    ("rs_fail(code, message)", "CAST('tarn!' || code || '!' || message AS TINYINT)"),
    ("rs_fail_text(code, message)", "CAST(rs_fail(code, message) AS VARCHAR)"),
    ("rs_divisor(d)", "CASE WHEN d = 0 THEN rs_fail('22012', 'division by zero') ELSE d END"),
    ("rs_compare(a, b)", "CAST(CASE WHEN a < b THEN -1 WHEN a > b THEN 1 WHEN a = b THEN 0 END AS INTEGER)"),
    (
      "rs_format_type(oid, modifier)",
      """
      CASE oid WHEN 16 THEN 'boolean' WHEN 17 THEN 'bytea' WHEN 18 THEN '"char"' WHEN 19 THEN 'name' WHEN
        20 THEN 'bigint' WHEN 21 THEN 'smallint' WHEN 23 THEN 'integer' WHEN 25 THEN 'text' WHEN 26 THEN
        'oid' WHEN 700 THEN 'real' WHEN 701 THEN 'double precision' WHEN 1082 THEN 'date' WHEN 1083 THEN
        'time without time zone' WHEN 1114 THEN 'timestamp without time zone' WHEN 1184 THEN 'timestamp
        with time zone' WHEN 1186 THEN 'interval' WHEN 1188 THEN 'interval year to month' WHEN 1190 THEN
        'interval day to second' WHEN 1266 THEN 'time with time zone' WHEN 4000 THEN 'super' WHEN 2935 THEN
        'hllsketch' WHEN 3000 THEN 'geometry' WHEN 3001 THEN 'geography' WHEN 1042 THEN 'character' || CASE
        WHEN modifier > 4 THEN '(' || (modifier - 4) || ')' ELSE '' END WHEN 1043 THEN 'character varying'
        || CASE WHEN modifier > 4 THEN '(' || (modifier - 4) || ')' ELSE '' END WHEN 6551 THEN 'binary
        varying' || CASE WHEN modifier > 4 THEN '(' || (modifier - 4) || ')' ELSE '' END WHEN 1700 THEN
        'numeric' || CASE WHEN modifier > 4 THEN '(' || ((modifier - 4) >> 16) || ',' || ((modifier - 4) &
        65535) || ')' ELSE '' END WHEN 0 THEN '-' ELSE '???' END
      """
    ),
    // The engine's own is off by a bit for cubes.
    ("rs_cbrt(d)", "CASE WHEN pow(round(cbrt(d)), 3) = d THEN round(cbrt(d)) ELSE cbrt(d) END"),
    // The elements of an array's text.
    (
      "rs_array(a)",
      """
      CASE WHEN trim(CAST(a AS VARCHAR)) IN ('{}', '[]') THEN CAST([] AS VARCHAR[])
        ELSE list_transform(string_split(trim(CAST(a AS VARCHAR), '{}[] '), ','), lambda x: trim(x, '" ')) END
      """
    ),
    ("rs_to_hex(x)", "lower(to_hex(x))"),
    ("rs_getbit(b, n)", "CAST(get_bit(CAST(b AS BIT), CAST(octet_length(b) * 8 - 1 - n AS INTEGER)) AS INTEGER)"),
    (
      "rs_fit_varbyte(b, n)",
      """
      CASE WHEN b IS NULL OR octet_length(b) <= n THEN b
        ELSE CAST(rs_fail_text('22001', 'value too long for type binary varying(' || n || ')') AS BLOB) END
      """
    ),
    (
      "rs_float_text(x, digits)",
      """
      CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x < 0 THEN '-Infinity' ELSE 'Infinity' END
        ELSE format(digits, x) END
      """
    ),
    ("rs_truncate(n, places)", "trunc(n * pow(10, places)) / pow(10, places)"),
    // As C's `%.15g` and `%.6g`. Every branch is bound whatever the type, so that each takes a detour over text.
    (
      "rs_text(x)",
      """
      CASE typeof(x) WHEN 'DOUBLE' THEN rs_float_text(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE), '{:.15g}')
        WHEN 'FLOAT' THEN rs_float_text(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE), '{:.6g}')
        ELSE CAST(x AS VARCHAR) END
      """
    ),
    (
      "rs_boolean(x)",
      """
      CASE lower(trim(CAST(x AS VARCHAR))) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN 't' THEN TRUE
        WHEN 'f' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'y' THEN TRUE WHEN 'no' THEN FALSE WHEN 'n' THEN FALSE
        WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE
        ELSE CASE WHEN x IS NULL THEN NULL WHEN TRY_CAST(CAST(x AS VARCHAR) AS BIGINT) IS NOT NULL THEN TRUE
          ELSE CAST(rs_fail('22P02', 'invalid input syntax for type boolean: "' || CAST(x AS VARCHAR) || '"') AS
            BOOLEAN) END END
      """
    ),
    (
      "rs_number_of(t)",
      """
      CAST(CASE WHEN t LIKE '%-%' OR t LIKE '%<%' THEN '-' ELSE '' END || regexp_replace(t, '[^0-9.]', '', 'g') AS
        DECIMAL(38,10))
      """
    ),
  ]

  private static let texts: [(String, String)] = [
    // Bytes, not characters: the longest front that fits.
    (
      "rs_cut(t, n)",
      """
      CASE WHEN strlen(t) <= n THEN t WHEN strlen(t) = length(t) THEN left(t, n)
        ELSE list_aggregate(list_filter(list_transform(range(1, n + 1), i -> left(t, i)), p -> strlen(p) <= n), 'max')
          END
      """
    ),
    // `step` is in microseconds.
    (
      "rs_interval_digits(i, step)",
      """
      i + to_microseconds(CAST(round(date_part('microseconds', i) / CAST(step AS DOUBLE)) AS BIGINT) * step -
        date_part('microseconds', i))
      """
    ),
    (
      "rs_fit(t, n)",
      """
      CASE WHEN t IS NULL OR strlen(t) <= n THEN t WHEN strlen(rtrim(t, ' ')) <= n THEN rs_cut(t, n)
        ELSE rs_fail_text('22001', 'value too long for type character varying(' || n || ')') END
      """
    ),
    (
      "rs_fit_char(t, n)",
      """
      CASE WHEN t IS NULL OR strlen(rtrim(t, ' ')) <= n THEN rtrim(t, ' ')
        ELSE rs_fail_text('22001', 'value too long for type character(' || n || ')') END
      """
    ),
    (
      "rs_substring(t, start, n)",
      """
      CASE WHEN n < 0 THEN rs_fail_text('22011', 'negative substring length not allowed')
        ELSE substring(t, greatest(start, 1), greatest(0, CAST(n AS BIGINT) + least(start - 1, 0))) END
      """
    ),
    (
      "rs_initcap(t)",
      """
      list_aggregate(list_transform(regexp_extract_all(t, '[\\pL\\pN]+|[^\\pL\\pN]+'), w -> upper(left(w, 1)) ||
        lower(substring(w, 2))), 'string_agg', '')
      """
    ),
    (
      "rs_strtol(t, base)",
      """
      CASE WHEN t IS NULL THEN NULL ELSE CASE WHEN trim(t) LIKE '-%' THEN -1 ELSE 1 END * coalesce(list_reduce(
        list_prepend(CAST(0 AS BIGINT), list_transform(
          string_split(lower(regexp_replace(regexp_replace(trim(t), '^[+-]', ''),
            CASE WHEN base = 16 THEN '^0[xX]' ELSE '^$' END, '')), ''),
          c -> CASE WHEN strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) BETWEEN 1 AND base
            THEN CAST(strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1 AS BIGINT)
            ELSE rs_fail('22023', 'The input ' || t || ' is not valid to be converted to base ' || base) END)),
        (a, b) -> a * base + b), 0) END
      """
    ),
    ("rs_quote_literal(t)", "'''' || replace(replace(t, '\\', '\\\\'), '''', '''''') || ''''"),
    (
      "rs_quote_ident(t)",
      "CASE WHEN regexp_full_match(t, '[a-z_][a-z0-9_]*') THEN t ELSE '\"' || replace(t, '\"', '\"\"') || '\"' END"
    ),
    ("rs_regexp_count(t, p, start)", "CAST(len(regexp_extract_all(substring(t, start), p)) AS INTEGER)"),
    (
      "rs_regexp_instr(t, p, start, n, ending)",
      """
      CASE WHEN t IS NULL OR p IS NULL THEN NULL
        WHEN len(regexp_extract_all(substring(t, start), p)) < n THEN 0
        ELSE CAST(start + length(list_aggregate(list_slice(string_split_regex(substring(t, start), p), 1, n),
          'string_agg', '')) + length(coalesce(list_aggregate(list_slice(regexp_extract_all(substring(t, start), p), 1,
          n - 1 + CASE WHEN ending > 0 THEN 1 ELSE 0 END), 'string_agg', ''), '')) AS INTEGER) END
      """
    ),
    (
      "rs_regexp_substr(t, p, start, n, part)",
      """
      CASE WHEN t IS NULL OR p IS NULL THEN NULL
        WHEN part = 1 THEN coalesce(nullif(regexp_extract_all(substring(t, start), p, 1)[n], ''), '')
        ELSE coalesce(regexp_extract_all(substring(t, start), p)[n], '') END
      """
    ),
    (
      "rs_regexp_replace(t, p, r, start)",
      "left(t, start - 1) || regexp_replace(substring(t, start), p, r, 'g')"
    ),
    (
      "rs_similar(p)",
      """
      '(?s)' || replace(replace(replace(replace(replace(p, '.', '\\.'), '^', '\\^'), '$', '\\$'), '%', '.*'), '_', '.')
      """
    ),
    (
      "rs_to_varbyte(t, form)",
      """
      CASE lower(form) WHEN 'hex' THEN from_hex(t) WHEN 'base64' THEN from_base64(t) ELSE encode(t) END
      """
    ),
    (
      "rs_from_varbyte(b, form)",
      """
      CASE lower(form) WHEN 'hex' THEN lower(to_hex(b)) WHEN 'base64' THEN to_base64(b) ELSE decode(b) END
      """
    ),
    (
      "rs_ordinal(t, big)",
      """
      t || CASE WHEN t LIKE '%1_' OR right(t, 1) NOT IN ('1', '2', '3') THEN CASE WHEN big THEN 'TH' ELSE 'th' END
        WHEN t LIKE '%1' THEN CASE WHEN big THEN 'ST' ELSE 'st' END
        WHEN t LIKE '%2' THEN CASE WHEN big THEN 'ND' ELSE 'nd' END
        ELSE CASE WHEN big THEN 'RD' ELSE 'rd' END END
      """
    ),
    // The digits, then sign, filling and dollar.
    (
      "rs_digits(x, decimals, grouped, zeros)",
      """
      CASE WHEN grouped THEN format('{:,}', CAST(trunc(abs(round(x, decimals))) AS BIGINT))
        ELSE lpad(CAST(CAST(trunc(abs(round(x, decimals))) AS BIGINT) AS VARCHAR), CAST(
          greatest(zeros, length(CAST(CAST(trunc(abs(round(x, decimals))) AS BIGINT) AS VARCHAR))) AS INTEGER), '0') END
        || CASE WHEN decimals > 0 THEN right(printf('%.' || decimals || 'f', CAST(abs(round(x, decimals)) AS DOUBLE)),
          decimals + 1) ELSE '' END
      """
    ),
    (
      "rs_signed(t, negative, width, fill, style, dollar)",
      """
      CASE WHEN style = 'end' THEN CASE WHEN fill THEN lpad(CASE WHEN dollar THEN '$' ELSE '' END || t, width,
          ' ') ELSE t END || CASE WHEN negative THEN '-' WHEN fill THEN ' ' ELSE '' END
        WHEN style = 'brackets' THEN CASE WHEN negative THEN lpad('<' || t || '>', width + 2, ' ')
          ELSE lpad(t, width + 1, ' ') || ' ' END
        ELSE CASE WHEN fill THEN lpad(CASE WHEN negative THEN '-' WHEN style = 'plus' THEN '+' ELSE ' ' END
          || CASE WHEN dollar THEN '$' ELSE '' END || t, width + 1 + CASE WHEN dollar THEN 1 ELSE 0 END, ' ')
          ELSE CASE WHEN negative THEN '-' WHEN style = 'plus' THEN '+' ELSE '' END
            || CASE WHEN dollar THEN '$' ELSE '' END || t END END
      """
    ),
    (
      "rs_number_text(x, decimals, grouped, places, zeros, width, fill, style, dollar)",
      """
      CASE WHEN x IS NULL THEN NULL
        WHEN length(CAST(CAST(trunc(abs(round(x, decimals))) AS BIGINT) AS VARCHAR)) > places AND abs(x) >= 1
          THEN repeat('#', width + 1)
        ELSE rs_signed(CASE WHEN abs(round(x, decimals)) < 1 AND zeros = 0 AND decimals > 0
            THEN ltrim(rs_digits(x, decimals, grouped, zeros), '0') ELSE rs_digits(x, decimals, grouped, zeros) END,
          x < 0, width, fill, style, dollar) END
      """
    ),
    (
      "rs_soundex(t)",
      """
      rpad(left(upper(left(t, 1)) || regexp_replace(regexp_replace(substring(translate(upper(t),
        'BFPVCGJKQSXZDTLMNRAEIOUYHW', '11112222222233455600000099'), 2), '9', '', 'g'), '0', '', 'g'), 4), 4, '0')
      """
    ),
    (
      "rs_difference(a, b)",
      """
      CAST(len(list_filter(range(1, 5), i -> substring(rs_soundex(a), i, 1) = substring(rs_soundex(b), i, 1)))
        AS INTEGER)
      """
    ),
    (
      "rs_octetindex(part, whole)",
      "CASE WHEN strpos(whole, part) = 0 THEN 0 ELSE strlen(left(whole, strpos(whole, part) - 1)) + 1 END"
    ),
  ]

  private static let moments: [(String, String)] = [
    (
      "rs_add_years(t, months)",
      """
      t + to_months(months) + to_days(CASE WHEN day(t) = 29 AND day(t + to_months(months)) = 28 THEN 1 ELSE 0 END)
      """
    ),
    // Texts that are no constants: in the engine's forms, or in Redshift's others.
    ("rs_text_date(t)", "coalesce(TRY_CAST(t AS DATE), CAST(tarn_moment(t, false) AS DATE))"),
    ("rs_text_timestamp(t)", "coalesce(TRY_CAST(t AS TIMESTAMP), CAST(tarn_moment(t, false) AS TIMESTAMP))"),
    ("rs_text_timestamptz(t)", "coalesce(TRY_CAST(t AS TIMESTAMPTZ), CAST(tarn_moment(t, true) AS TIMESTAMPTZ))"),
    (
      "rs_datediff(unit, a, b)",
      """
      CASE WHEN unit = 'dow' OR unit = 'doy' THEN date_diff('day', a, b)
        ELSE date_diff(unit, a, b) END
      """
    ),
    (
      "rs_add_months(d, n)",
      """
      CASE WHEN last_day(d) = CAST(d AS DATE)
        THEN CAST(last_day(d + to_months(CAST(n AS INTEGER))) AS TIMESTAMP) + (CAST(d AS TIMESTAMP)
          - CAST(CAST(d AS DATE) AS TIMESTAMP))
        ELSE CAST(d AS TIMESTAMP) + to_months(CAST(n AS INTEGER)) END
      """
    ),
    (
      "rs_weekday(name)",
      """
      CASE WHEN lower(name) IN ('s', 'su', 'sun', 'sunday') THEN 0 WHEN lower(name) IN ('m', 'mo', 'mon', 'monday')
        THEN 1 WHEN lower(name) IN ('t', 'tu', 'tues', 'tue', 'tuesday') THEN 2 WHEN lower(name) IN ('w', 'we', 'wed',
        'wednesday') THEN 3 WHEN lower(name) IN ('th', 'thu', 'thurs', 'thursday') THEN 4 WHEN lower(name) IN ('f',
        'fr', 'fri', 'friday') THEN 5 WHEN lower(name) IN ('sa', 'sat', 'saturday') THEN 6
        ELSE rs_fail('22023', 'Invalid day of week "' || name || '"') END
      """
    ),
    (
      "rs_next_day(d, name)",
      "CAST(d AS DATE) + CAST((rs_weekday(name) - dayofweek(d) + 6) % 7 + 1 AS INTEGER)"
    ),
    (
      "rs_months_between(a, b)",
      """
      CASE WHEN day(a) = day(b) OR (CAST(a AS DATE) = last_day(a) AND CAST(b AS DATE) = last_day(b))
        THEN CAST((year(a) - year(b)) * 12 + month(a) - month(b) AS DOUBLE)
        ELSE (year(a) - year(b)) * 12 + month(a) - month(b) + (day(a) - day(b) + (epoch(CAST(a AS TIMESTAMP))
          - epoch(CAST(CAST(a AS DATE) AS TIMESTAMP)) - epoch(CAST(b AS TIMESTAMP))
          + epoch(CAST(CAST(b AS DATE) AS TIMESTAMP))) / 86400.0) / 31.0 END
      """
    ),
    // An offset's sign is POSIX's: `UTC-2` is east of Greenwich.
    (
      "rs_to_zone(zone, t)",
      """
      CASE WHEN regexp_full_match(zone, '(?i)(utc|gmt)?[+-][0-9]{1,2}(:[0-9]{2})?')
        THEN t - to_minutes(CAST(regexp_extract(zone, '([+-])', 1) || (CAST(regexp_extract(zone, '[+-]([0-9]{1,2})', 1)
          AS INTEGER) * 60 + coalesce(TRY_CAST(nullif(regexp_extract(zone, ':([0-9]{2})', 1), '') AS INTEGER), 0)) AS
          BIGINT))
        ELSE timezone(zone, timezone('UTC', t)) END
      """
    ),
    (
      "rs_from_zone(zone, t)",
      """
      CASE WHEN regexp_full_match(zone, '(?i)(utc|gmt)?[+-][0-9]{1,2}(:[0-9]{2})?')
        THEN t + to_minutes(CAST(regexp_extract(zone, '([+-])', 1) || (CAST(regexp_extract(zone, '[+-]([0-9]{1,2})', 1)
          AS INTEGER) * 60 + coalesce(TRY_CAST(nullif(regexp_extract(zone, ':([0-9]{2})', 1), '') AS INTEGER), 0)) AS
          BIGINT))
        ELSE timezone('UTC', timezone(zone, t)) END
      """
    ),
    (
      "rs_convert_timezone(source, target, t)",
      "rs_to_zone(target, rs_from_zone(source, CAST(t AS TIMESTAMP)))"
    ),
    (
      "rs_parse_date(t, form)",
      """
      coalesce(try_strptime(CAST(t AS VARCHAR), form), CASE WHEN t IS NULL THEN NULL ELSE TRY_CAST(t AS TIMESTAMP) END,
        CASE WHEN t IS NULL THEN NULL ELSE CAST(rs_fail_text('22007', 'Value for conversion "' || CAST(t AS VARCHAR)
          || '" does not match the date format') AS TIMESTAMP) END)
      """
    ),
    (
      "rs_overlaps(a, b, c, d)",
      """
      greatest(least(a, b), least(c, d)) < least(greatest(a, b), greatest(c, d)) OR least(a, b) = least(c, d)
      """
    ),
  ]

  private static let json: [(String, String)] = [
    (
      "rs_super_text(v)",
      """
      CASE WHEN json_type(to_json(v)) = 'NULL' THEN NULL ELSE json_extract_string(to_json(v), '$') END
      """
    ),
    ("rs_super_number(v)", "TRY_CAST(json_extract_string(to_json(v), '$') AS DOUBLE)"),
    ("rs_super_boolean(v)", "TRY_CAST(json_extract_string(to_json(v), '$') AS BOOLEAN)"),
    (
      "rs_items(v)",
      """
      CASE json_type(v) WHEN 'ARRAY' THEN json_extract(v, '$[*]') WHEN 'NULL' THEN CAST([] AS JSON[]) ELSE
        CASE WHEN v IS NULL THEN CAST([] AS JSON[]) ELSE [v] END END
      """
    ),
    ("rs_members(v)", "json_extract(v, '$.*')"),
    (
      "rs_json_parse(t)",
      """
      CASE WHEN t IS NULL THEN NULL WHEN json_valid(t) THEN CAST(t AS JSON)
        ELSE CAST(rs_fail_text('22P02', 'JSON parsing error: invalid JSON "' || t || '"') AS JSON) END
      """
    ),
    ("rs_is_valid_json(t)", "CASE WHEN t IS NULL THEN NULL ELSE json_valid(t) AND left(ltrim(t), 1) IN ('{', '[') END"),
    ("rs_can_json_parse(t)", "CASE WHEN t IS NULL THEN NULL ELSE json_valid(t) END"),
    (
      "rs_is_valid_json_array(t)", "CASE WHEN t IS NULL THEN NULL ELSE json_valid(t) AND left(ltrim(t), 1) = '[' END"
    ),
    (
      "rs_json_checked(t)",
      """
      CASE WHEN t IS NULL OR json_valid(t) THEN t
        ELSE rs_fail_text('22P02', 'JSON parsing error: invalid JSON object ' || t) END
      """
    ),
    (
      "rs_json_path(t, path)",
      """
      CASE WHEN t IS NULL OR path IS NULL THEN NULL ELSE coalesce(json_extract_string(rs_json_checked(t), path), '') END
      """
    ),
    (
      "rs_json_path_or_null(t, path)",
      "CASE WHEN t IS NULL OR NOT json_valid(t) THEN NULL ELSE coalesce(json_extract_string(t, path), '') END"
    ),
    (
      "rs_json_element(t, n)",
      """
      CASE WHEN t IS NULL OR n IS NULL THEN NULL WHEN n < 0 THEN '' ELSE coalesce(json_extract_string(
        rs_json_checked(t), '$[' || CAST(n AS INTEGER) || ']'), '') END
      """
    ),
    (
      "rs_json_element_or_null(t, n)", "CASE WHEN json_valid(t) THEN rs_json_element(t, n) END"
    ),
    ("rs_json_length_or_null(t)", "CASE WHEN json_valid(t) THEN CAST(json_array_length(t) AS INTEGER) END"),
    ("rs_json_length(t)", "CAST(json_array_length(rs_json_checked(t)) AS INTEGER)"),
    (
      "rs_json_typeof(v)",
      """
      CASE json_type(v) WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string'
        WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN 'BIGINT' THEN 'number' WHEN 'UBIGINT' THEN 'number'
        WHEN 'DOUBLE' THEN 'number' WHEN 'HUGEINT' THEN 'number' END
      """
    ),
    ("rs_is_array(v)", "json_type(v) = 'ARRAY'"),
    ("rs_is_object(v)", "json_type(v) = 'OBJECT'"),
    ("rs_is_scalar(v)", "json_type(v) NOT IN ('OBJECT', 'ARRAY', 'NULL')"),
    ("rs_is_bigint(v)", "json_type(v) IN ('BIGINT', 'UBIGINT')"),
    (
      "rs_is_integer(v)",
      """
      json_type(v) IN ('BIGINT', 'UBIGINT') AND TRY_CAST(json_extract_string(v, '$') AS INTEGER) IS NOT NULL
      """
    ),
    (
      "rs_is_smallint(v)",
      """
      json_type(v) IN ('BIGINT', 'UBIGINT') AND TRY_CAST(json_extract_string(v, '$') AS SMALLINT) IS NOT NULL
      """
    ),
    ("rs_is_float(v)", "json_type(v) IN ('DOUBLE')"),
    ("rs_is_decimal(v)", "json_type(v) IN ('DOUBLE', 'BIGINT', 'UBIGINT')"),
    ("rs_is_varchar(v)", "json_type(v) = 'VARCHAR'"),
    ("rs_is_char(v)", "json_type(v) = 'VARCHAR'"),
    ("rs_is_boolean(v)", "json_type(v) = 'BOOLEAN'"),
    ("rs_get_array_length(v)", "CASE WHEN json_type(v) = 'ARRAY' THEN CAST(json_array_length(v) AS INTEGER) END"),
    ("rs_json_serialize(v)", "CASE WHEN v IS NULL THEN NULL ELSE CAST(v AS VARCHAR) END"),
    ("rs_json_size(v)", "strlen(CAST(v AS VARCHAR))"),
    (
      "rs_array_flatten(v)",
      "to_json(flatten(list_transform(rs_items(v), item -> rs_items(item))))"
    ),
    ("rs_split_to_array(t, mark)", "to_json(string_split(t, mark))"),
    (
      "rs_decimal_precision(v)",
      "CAST(length(regexp_replace(json_extract_string(v, '$'), '[^0-9]', '', 'g')) AS INTEGER)"
    ),
    (
      "rs_decimal_scale(v)",
      "CAST(length(regexp_extract(json_extract_string(v, '$'), '\\.([0-9]*)', 1)) AS INTEGER)"
    ),
  ]
}
