/// What DuckDB must know before it runs printed statements: Trino's functions that are more than a word of DuckDB's.
///
/// Each is registered once for a database: `for statement in TrinoMacros.statements { execute(statement) }`. A macro
/// may name one that stands above it.
public enum TrinoMacros {
  /// `CREATE OR REPLACE TEMP MACRO …` for each, in the order in which they must run.
  public static var statements: [String] { definitions.map { "CREATE OR REPLACE TEMP MACRO \($0) AS \($1)" } }

  /// The same for a database that every session shares.
  public static var databaseStatements: [String] { definitions.map { "CREATE OR REPLACE MACRO \($0) AS \($1)" } }

  /// The marker by which an error that a printed statement raises is told from DuckDB's own:
  /// `Could not convert string 'tarn!CODE!message' to INT32`.
  public static let failureMarker = "tarn!"

  static let definitions: [(String, String)] = basic + numbers + texts + moments + lists + json + urls

  private static let basic: [(String, String)] = [
    // A failing cast, since TRY does not take error(): it counts as a function without a fixed answer.
    ("trino_fail(code, message)", "CAST('tarn!' || code || '!' || message AS INTEGER)"),
    (
      "trino_divide(n, d)",
      """
      CASE WHEN d = 0 THEN trino_fail('DIVISION_BY_ZERO', 'Division by zero')
        ELSE n // d + CASE WHEN abs(n % d) * 2 >= abs(d) THEN CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END ELSE 0
          END END
      """
    ),
    (
      "trino_integer_text(t, type)",
      """
      CASE WHEN regexp_full_match(t, '\\s*[+-]?[0-9]+\\s*') THEN t
        ELSE 'tarn!INVALID_CAST_ARGUMENT!Cannot cast ''' || t || ''' to ' || type END
      """
    ),
    (
      "trino_number_text(t, type)",
      """
      CASE WHEN regexp_full_match(t, '(?i)\\s*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)(e[+-]?[0-9]+)?\\s*|nan|[+-]?infinity')
        THEN t
        ELSE 'tarn!INVALID_CAST_ARGUMENT!Cannot cast ''' || t || ''' to ' || type END
      """
    ),
    (
      "trino_boolean_text(t)",
      """
      CASE lower(t) WHEN 't' THEN 'true' WHEN 'true' THEN 'true' WHEN '1' THEN 'true' WHEN 'f' THEN 'false'
        WHEN 'false' THEN 'false' WHEN '0' THEN 'false'
        ELSE 'tarn!INVALID_CAST_ARGUMENT!Cannot cast ''' || t || ''' to BOOLEAN' END
      """
    ),
  ]

  private static let numbers: [(String, String)] = [
    // DuckDB's shortest text taken apart: the digits without point and outer zeros, and the power of the first one.
    ("trino_mantissa(d)", "regexp_replace(CAST(abs(d) AS VARCHAR), 'e.*$', '')"),
    ("trino_digits(d)", "ltrim(replace(trino_mantissa(d), '.', ''), '0')"),
    (
      "trino_significant(d)", "CASE WHEN rtrim(trino_digits(d), '0') = '' THEN '0' ELSE rtrim(trino_digits(d), '0') END"
    ),
    (
      "trino_exponent(d)",
      """
      coalesce(TRY_CAST(nullif(regexp_extract(CAST(abs(d) AS VARCHAR), 'e(.*)$', 1), '') AS INTEGER), 0)
        + CASE WHEN string_split(trino_mantissa(d), '.')[1] <> '0' THEN length(string_split(trino_mantissa(d), '.')[1])
          - 1
          ELSE length(ltrim(string_split(trino_mantissa(d), '.')[2], '0')) - length(string_split(trino_mantissa(d),
            '.')[2]) - 1 END
      """
    ),
    (
      "trino_scientific_double(d)",
      """
      CASE WHEN d < 0 THEN '-' ELSE '' END || left(trino_significant(d), 1) || '.'
        || CASE WHEN length(trino_significant(d)) > 1 THEN substr(trino_significant(d), 2) ELSE '0' END
        || 'E' || trino_exponent(d)
      """
    ),
    (
      "trino_plain_double(d)",
      "CASE WHEN CAST(d AS VARCHAR) LIKE '%.%' THEN CAST(d AS VARCHAR) ELSE CAST(d AS VARCHAR) || '.0' END"
    ),
    // Java's decimal notation in a range, its scientific one outside.
    (
      "trino_java_double(d)",
      """
      CASE WHEN isnan(d) THEN 'NaN' WHEN isinf(d) THEN CASE WHEN d > 0 THEN 'Infinity' ELSE '-Infinity' END
        WHEN d = 0 THEN CASE WHEN CAST(d AS VARCHAR) LIKE '-%' THEN '-0.0' ELSE '0.0' END
        WHEN abs(d) >= 1e-3 AND abs(d) < 1e7 THEN trino_plain_double(d)
        ELSE trino_scientific_double(d) END
      """
    ),
    (
      "trino_double_text(d)",
      """
      CASE WHEN isnan(d) THEN 'NaN' WHEN isinf(d) THEN CASE WHEN d > 0 THEN 'Infinity' ELSE '-Infinity' END
        WHEN d = 0 THEN CASE WHEN CAST(d AS VARCHAR) LIKE '-%' THEN '-0.0E0' ELSE '0.0E0' END
        ELSE trino_scientific_double(d) END
      """
    ),
    ("trino_real_text(d)", "trino_double_text(CAST(CAST(d AS VARCHAR) AS DOUBLE))"),
    // NULL or an error outside the function's domain is NaN in Java.
    (
      "trino_ln(d)",
      "CASE WHEN d < 0 THEN CAST('NaN' AS DOUBLE) WHEN d = 0 THEN CAST('-Infinity' AS DOUBLE) ELSE ln(d) END"
    ),
    (
      "trino_log10(d)",
      "CASE WHEN d < 0 THEN CAST('NaN' AS DOUBLE) WHEN d = 0 THEN CAST('-Infinity' AS DOUBLE) ELSE log10(d) END"
    ),
    (
      "trino_log2(d)",
      "CASE WHEN d < 0 THEN CAST('NaN' AS DOUBLE) WHEN d = 0 THEN CAST('-Infinity' AS DOUBLE) ELSE log2(d) END"
    ),
    ("trino_cbrt(d)", "CASE WHEN pow(round(cbrt(d)), 3) = d THEN round(cbrt(d)) ELSE cbrt(d) END"),
    ("trino_sqrt(d)", "CASE WHEN d < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt(d) END"),
    ("trino_acos(d)", "CASE WHEN abs(d) > 1 THEN CAST('NaN' AS DOUBLE) ELSE acos(d) END"),
    ("trino_asin(d)", "CASE WHEN abs(d) > 1 THEN CAST('NaN' AS DOUBLE) ELSE asin(d) END"),
    ("trino_round(d, n)", "CASE WHEN isnan(d) OR isinf(d) THEN d ELSE round(d, CAST(n AS INTEGER)) END"),
    ("trino_truncate(d, n)", "trunc(d * pow(10, n)) / pow(10, n)"),
    (
      "trino_from_base(t, radix)",
      """
      CASE WHEN radix < 2 OR radix > 36 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
        'Radix must be between 2 and 36') AS BIGINT)
        ELSE CAST((CASE WHEN t LIKE '-%' THEN -1 ELSE 1 END) * list_reduce(
          list_transform(string_split(ltrim(lower(t), '+-'), ''), lambda b_c: CAST(CASE
            WHEN b_c >= '0' AND b_c <= '9' AND ord(b_c) - 48 < radix THEN ord(b_c) - 48
            WHEN b_c >= 'a' AND b_c <= 'z' AND ord(b_c) - 87 < radix THEN ord(b_c) - 87
            ELSE trino_fail('INVALID_FUNCTION_ARGUMENT', 'Not a valid base-' || radix || ' number: ' || t) END AS
              HUGEINT)),
          lambda b_a, b_x: b_a * radix + b_x) AS BIGINT) END
      """
    ),
    (
      "trino_to_base(n, radix)",
      "(CASE WHEN n < 0 THEN '-' ELSE '' END) || lower(to_base(abs(n), CAST(radix AS INTEGER)))"
    ),
    (
      "trino_width_bucket(x, low, high, n)",
      """
      CASE WHEN n <= 0 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'bucketCount must be greater than 0') AS
        BIGINT)
        WHEN low = high THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'bounds cannot equal each other') AS BIGINT)
        WHEN low < high THEN CASE WHEN x < low THEN 0 WHEN x >= high THEN n + 1
          ELSE CAST(floor(n * (x - low) / (high - low)) AS BIGINT) + 1 END
        ELSE CASE WHEN x > low THEN 0 WHEN x <= high THEN n + 1
          ELSE CAST(floor(n * (low - x) / (low - high)) AS BIGINT) + 1 END END
      """
    ),
    ("trino_width_bucket_bins(x, bins)", "CAST(len(list_filter(bins, lambda w_b: w_b <= x)) AS BIGINT)"),
    (
      "trino_wilson(successes, trials, z, sign)",
      """
      (successes / CAST(trials AS DOUBLE) + z * z / (2 * trials) + sign * z * sqrt(
        successes / CAST(trials AS DOUBLE) * (1 - successes / CAST(trials AS DOUBLE)) / trials
        + z * z / (4.0 * trials * trials))) / (1 + z * z / trials)
      """
    ),
    // The series of the error function; past eight deviations a double holds nothing but the end.
    (
      "trino_normal_cdf(mean, sd, x)",
      """
      CASE WHEN (x - mean) / sd > 8 THEN 1.0 WHEN (x - mean) / sd < -8 THEN 0.0 ELSE 0.5
        + exp(-pow((x - mean) / sd, 2) / 2) / sqrt(2 * pi()) * list_sum(list_transform(range(0, 110),
          lambda n_i: pow((x - mean) / sd, 2 * n_i + 1)
            / list_product(list_transform(range(0, n_i + 1), lambda n_j: CAST(2 * n_j + 1 AS DOUBLE))))) END
      """
    ),
    ("trino_bit_count(n, bits)", "CAST(bit_count(n) - CASE WHEN n < 0 THEN 64 - bits ELSE 0 END AS BIGINT)"),
    // Shifts within so many bits, wrapped as two's complement.
    ("trino_two_to(n)", "CAST(1 AS HUGEINT) << CAST(n AS INTEGER)"),
    ("trino_unsigned(n, bits)", "CAST(n AS HUGEINT) + CASE WHEN n < 0 THEN trino_two_to(bits) ELSE 0 END"),
    ("trino_wrap(n, bits)", "CASE WHEN n >= trino_two_to(bits - 1) THEN n - trino_two_to(bits) ELSE n END"),
    (
      "trino_shift_left(n, places, bits)",
      """
      CASE WHEN places >= bits THEN 0 ELSE trino_wrap((trino_unsigned(n, bits) % trino_two_to(bits - places))
        * trino_two_to(places), bits) END
      """
    ),
    (
      "trino_shift_right(n, places, bits)",
      "CASE WHEN places >= bits THEN 0 WHEN places = 0 THEN n ELSE trino_unsigned(n, bits) // trino_two_to(places) END"
    ),
    (
      "trino_shift_right_arithmetic(n, places, bits)",
      """
      CASE WHEN places >= bits THEN CASE WHEN n < 0 THEN -1 ELSE 0 END
        ELSE (CAST(n AS HUGEINT) - ((CAST(n AS HUGEINT) % trino_two_to(places)) + trino_two_to(places)) %
          trino_two_to(places))
          // trino_two_to(places) END
      """
    ),
    (
      "trino_cosine_similarity(a, b)",
      """
      list_sum(list_transform(map_keys(a), lambda s_k: coalesce(map_extract_value(a, s_k) * map_extract_value(b, s_k),
        0)))
        / (sqrt(list_sum(list_transform(map_values(a), lambda s_x: s_x * s_x))) *
          sqrt(list_sum(list_transform(map_values(b), lambda s_y: s_y * s_y))))
      """
    ),
    (
      "trino_entropy(counts)",
      """
      CASE WHEN counts IS NULL THEN CAST(0 AS DOUBLE) ELSE coalesce(list_sum(list_transform(list_filter(counts, lambda
        h_f: h_f > 0),
        lambda h_c: -(h_c / list_sum(counts)) * log2(h_c / list_sum(counts)))), 0.0) END
      """
    ),
    (
      "trino_skewness(l)",
      """
      CASE WHEN list_count(l) < 3 THEN NULL ELSE sqrt(list_count(l)) * list_sum(list_transform(l, lambda k_a: pow(k_a -
        list_avg(l), 3)))
        / pow(list_sum(list_transform(l, lambda k_b: pow(k_b - list_avg(l), 2))), 1.5) END
      """
    ),
    ("trino_to_big_endian(n, width)", "unhex(right(printf('%016x', CAST(n AS BIGINT)), CAST(width * 2 AS INTEGER)))"),
    ("trino_to_big_endian_unsigned(n)", "unhex(format('{:016x}', n))"),
    (
      "trino_from_hex_text(t)",
      "list_reduce(list_transform(string_split(lower(t), ''), lambda x_c: CAST(CASE WHEN ord(x_c) < 58 THEN ord(x_c) - "
        + "48 ELSE ord(x_c) - 87 END AS HUGEINT)), lambda x_a, x_b: x_a * 16 + x_b)"
    ),
    (
      "trino_from_big_endian_64(b)",
      """
      CASE WHEN octet_length(b) <> 8 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
        'expected 8-byte input, but got instead: ' || octet_length(b)) AS BIGINT)
        ELSE CAST(trino_from_hex_text(hex(b)) - CASE WHEN hex(b) >= '8' THEN CAST('18446744073709551616' AS HUGEINT)
          ELSE 0 END AS BIGINT) END
      """
    ),
    (
      "trino_from_big_endian_32(b)",
      """
      CASE WHEN octet_length(b) <> 4 THEN trino_fail('INVALID_FUNCTION_ARGUMENT',
        'expected 4-byte input, but got instead: ' || octet_length(b))
        ELSE CAST(trino_from_hex_text(hex(b)) - CASE WHEN hex(b) >= '8' THEN 4294967296 ELSE 0 END AS INTEGER) END
      """
    ),
    ("trino_from_base64url(t)", "from_base64(translate(t, '-_', '+/') || repeat('=', (4 - length(t) % 4) % 4))"),
    ("trino_reverse_bytes(b)", "unhex(array_to_string(list_reverse(regexp_extract_all(hex(b), '..')), ''))"),
  ]
}
