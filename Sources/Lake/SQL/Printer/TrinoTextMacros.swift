extension TrinoMacros {
  static let texts: [(String, String)] = [
    (
      "trino_codepoint(t)",
      """
      CASE WHEN length(t) <> 1 THEN trino_fail('INVALID_FUNCTION_ARGUMENT',
        'Input string must be a single character string')
        ELSE unicode(t) END
      """
    ),
    (
      "trino_hamming(a, b)",
      """
      CASE WHEN length(a) <> length(b) THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
        'The input strings to hamming_distance function must have the same length') AS BIGINT)
        WHEN a = '' THEN 0 ELSE hamming(a, b) END
      """
    ),
    (
      "trino_lpad(t, size, pad)",
      """
      CASE WHEN size < 0 OR size > 2147483647 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
        'Target length must be in the range [0..2147483647]') AS VARCHAR)
        WHEN pad = '' THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Padding string must not be empty') AS VARCHAR)
        WHEN size > 16777216 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
          'Padding to more than 16777216 characters is not possible here') AS VARCHAR)
        ELSE lpad(t, CAST(size AS INTEGER), pad) END
      """
    ),
    (
      "trino_rpad(t, size, pad)",
      """
      CASE WHEN size < 0 OR size > 2147483647 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
        'Target length must be in the range [0..2147483647]') AS VARCHAR)
        WHEN pad = '' THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Padding string must not be empty') AS VARCHAR)
        WHEN size > 16777216 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
          'Padding to more than 16777216 characters is not possible here') AS VARCHAR)
        ELSE rpad(t, CAST(size AS INTEGER), pad) END
      """
    ),
    // Trino's blanks: the ASCII ones and Unicode's, without the no-break ones.
    (
      "trino_blanks()",
      "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(28) || chr(29) || chr(30) || chr(31) || "
        + "chr(5760) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198) || "
        + "chr(8200) || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8287) || chr(12288)"
    ),
    ("trino_trim(t)", "trim(t, trino_blanks())"),
    ("trino_ltrim(t)", "ltrim(t, trino_blanks())"),
    ("trino_rtrim(t)", "rtrim(t, trino_blanks())"),
    (
      "trino_luhn(t)",
      """
      CASE WHEN NOT regexp_full_match(t, '[0-9]+') THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
        'Luhn check digits must be numbers') AS BOOLEAN)
        ELSE list_sum(list_transform(list_reverse(string_split(t, '')), lambda u_c, u_i: CASE WHEN u_i % 2 = 1
          THEN CAST(u_c AS INTEGER) WHEN CAST(u_c AS INTEGER) < 5 THEN CAST(u_c AS INTEGER) * 2 ELSE CAST(u_c AS
            INTEGER) * 2 - 9 END)) % 10 = 0 END
      """
    ),
    (
      "trino_soundex_codes(t)",
      "translate(upper(t), 'BFPVCGJKQSXZDTLMNRAEIOUY', '111122222222334556000000')"
    ),
    (
      "trino_soundex(t)",
      """
      CASE WHEN t = '' THEN '' ELSE upper(left(t, 1)) || left(replace(substr(array_to_string(list_reduce(
        list_transform(string_split(regexp_replace(trino_soundex_codes(t), '(.)[HW]+', '\\1', 'g'), ''), lambda d_c:
          [d_c]),
        lambda d_a, d_x: CASE WHEN d_a[-1] = d_x[1] THEN d_a ELSE list_concat(d_a, d_x) END), ''), 2), '0', '') ||
          '000', 3) END
      """
    ),
    // Whole sequences, and stray bytes one by one.
    (
      "trino_utf8_pieces(h)",
      """
      regexp_extract_all(h,
        '[0-7].|(?:C[2-9A-F]|D.)[89AB].|E0[AB].[89AB].|E[1-9A-CEF](?:[89AB].){2}|ED[89].[89AB].|F0[9AB].(?:[89AB].){2}|F[1-3](?:[89AB].){3}|F48.(?:[89AB].){2}|..')
      """
    ),
    (
      "trino_from_utf8(b, r)",
      """
      coalesce(TRY(decode(b)), decode(unhex(array_to_string(list_transform(trino_utf8_pieces(hex(b)),
        lambda w_t: CASE WHEN length(w_t) = 2 AND w_t >= '80' THEN hex(encode(r)) ELSE w_t END), ''))))
      """
    ),
    (
      "trino_split(t, d)",
      "CASE WHEN d = '' THEN CAST([trino_fail('INVALID_FUNCTION_ARGUMENT', 'The delimiter may not be the empty "
        + "string')] AS VARCHAR[]) ELSE string_split(t, d) END"
    ),
    (
      "trino_split_limit(t, d, n)",
      """
      CASE WHEN n <= 0 THEN CAST([trino_fail('INVALID_FUNCTION_ARGUMENT', 'Limit must be positive')] AS VARCHAR[])
        WHEN d = '' THEN CAST([trino_fail('INVALID_FUNCTION_ARGUMENT', 'The delimiter may not be the empty string')] AS
          VARCHAR[])
        WHEN len(string_split(t, d)) <= n THEN string_split(t, d)
        ELSE list_append(list_slice(string_split(t, d), 1, n - 1), array_to_string(list_slice(string_split(t, d), n,
          len(string_split(t, d))), d)) END
      """
    ),
    (
      "trino_split_part(t, d, i)",
      """
      CASE WHEN i <= 0 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Index must be greater than zero') AS VARCHAR)
        WHEN d = '' THEN CASE WHEN i > length(t) THEN NULL ELSE substr(t, i, 1) END
        ELSE string_split(t, d)[i] END
      """
    ),
    // The first delimiter parts key from value; what follows it belongs to the value.
    (
      "trino_pairs(t, d, kv)",
      """
      list_transform(CASE WHEN t = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(t, d) END, lambda p_e: CASE
        WHEN strpos(p_e, kv) = 0 THEN {'key': CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
          'Key-value delimiter must appear exactly once in each entry. Bad input: ''' || p_e || '''') AS VARCHAR),
          'value': ''}
        ELSE {'key': left(p_e, strpos(p_e, kv) - 1), 'value': substr(p_e, strpos(p_e, kv) + length(kv))} END)
      """
    ),
    (
      "trino_split_to_map(t, d, kv)",
      """
      CASE WHEN len(list_distinct(list_transform(trino_pairs(t, d, kv), lambda m_e: m_e.key))) < len(trino_pairs(t, d,
        kv))
        THEN map_from_entries([{'key': CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'Duplicate keys are not allowed')
          AS VARCHAR), 'value': ''}])
        ELSE map_from_entries(trino_pairs(t, d, kv)) END
      """
    ),
    (
      "trino_multimap(l)",
      """
      CASE WHEN l IS NULL THEN NULL ELSE map_from_entries(list_transform(list_filter(
        list_transform(l, lambda g_a, g_i: {'key': g_a.key, 'first': list_position(list_transform(l, lambda g_b:
          g_b.key), g_a.key) = g_i}),
        lambda g_c: g_c.first AND g_c.key IS NOT NULL),
        lambda g_d: {'key': g_d.key, 'value': list_transform(list_filter(l, lambda g_e: g_e.key = g_d.key), lambda g_f:
          g_f.value)})) END
      """
    ),
    // Of entries with one key the first stays.
    (
      "trino_map_first(l)",
      """
      CASE WHEN l IS NULL THEN NULL ELSE map_from_entries(list_filter(l, lambda f_a, f_i: f_a.key IS NOT NULL
        AND list_position(list_transform(l, lambda f_b: f_b.key), f_a.key) = f_i)) END
      """
    ),
    ("trino_split_to_multimap(t, d, kv)", "trino_multimap(trino_pairs(t, d, kv))"),
    (
      "trino_strpos(t, s, n)",
      """
      CASE WHEN n = 0 THEN CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
        '''instance'' must be a positive or negative number.') AS BIGINT)
        WHEN s = '' THEN 1
        ELSE coalesce(list_filter(range(1, length(t) + 1), lambda o_i: substr(t, o_i, length(s)) = s)[n], 0) END
      """
    ),
    (
      "trino_substr(t, start, n)",
      """
      CASE WHEN start = 0 OR n <= 0 OR abs(start) > length(t) THEN CASE WHEN t IS NULL OR start IS NULL OR n IS NULL
        THEN NULL ELSE '' END
        ELSE substr(t, CASE WHEN start > 0 THEN start ELSE length(t) + start + 1 END, least(n, length(t))) END
      """
    ),
    (
      "trino_substr_bytes(b, start, n)",
      """
      unhex(CASE WHEN start = 0 OR n <= 0 OR abs(start) > octet_length(b) THEN ''
        ELSE substr(hex(b), CASE WHEN start > 0 THEN start ELSE octet_length(b) + start + 1 END * 2 - 1, least(n,
          octet_length(b)) * 2) END)
      """
    ),
    (
      "trino_regexp_position(t, p, start, n)",
      """
      CASE WHEN t IS NULL OR p IS NULL OR start IS NULL OR n IS NULL THEN NULL
        WHEN len(regexp_extract_all(substr(t, start), p)) < n THEN -1
        ELSE CAST(start - 1 + length(array_to_string(list_slice(regexp_split_to_array(substr(t, start), p), 1, n), ''))
          + length(array_to_string(list_slice(regexp_extract_all(substr(t, start), p), 1, n - 1), '')) + 1 AS INTEGER)
            END
      """
    ),
    (
      "trino_interleave(pieces, matches)",
      "array_to_string(list_transform(pieces, lambda i_p, i_i: i_p || coalesce(matches[i_i], '')), '')"
    ),
    (
      "trino_array_join(l, d)",
      "CASE WHEN l IS NULL OR d IS NULL THEN NULL ELSE coalesce(array_to_string(l, d), '') END"
    ),
  ]

  static let urls: [(String, String)] = [
    (
      "trino_url_part(u, g)",
      "regexp_extract(u, '^(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\\?([^#]*))?(?:#(.*))?$', g)"
    ),
    // A text that is no URI has no parts.
    (
      "trino_is_url(u)",
      "NOT regexp_matches(u, '[\\s<>\"{}|\\\\^`]') AND NOT regexp_matches(u, '%($|.$|[^0-9A-Fa-f]|.[^0-9A-Fa-f])')"
    ),
    ("trino_url_protocol(u)", "CASE WHEN trino_is_url(u) THEN trino_url_part(u, 1) END"),
    (
      "trino_url_host(u)",
      "CASE WHEN trino_is_url(u) THEN regexp_replace(regexp_replace(trino_url_part(u, 2), '^.*@', ''), ':[0-9]*$', '') "
        + "END"
    ),
    (
      "trino_url_port(u)",
      "CASE WHEN trino_is_url(u) THEN TRY_CAST(nullif(regexp_extract(trino_url_part(u, 2), ':([0-9]+)$', 1), '') AS "
        + "BIGINT) END"
    ),
    ("trino_url_path(u)", "CASE WHEN trino_is_url(u) THEN url_decode(trino_url_part(u, 3)) END"),
    ("trino_url_query(u)", "CASE WHEN trino_is_url(u) THEN url_decode(trino_url_part(u, 4)) END"),
    ("trino_url_fragment(u)", "CASE WHEN trino_is_url(u) THEN url_decode(trino_url_part(u, 5)) END"),
    (
      "trino_url_parameter(u, name)",
      """
      CASE WHEN trino_is_url(u) THEN list_transform(list_filter(string_split(trino_url_part(u, 4), '&'),
        lambda y_a: string_split(y_a, '=')[1] = name AND trino_url_part(u, 4) <> ''),
        lambda y_b: CASE WHEN strpos(y_b, '=') = 0 THEN '' ELSE url_decode(replace(substr(y_b, strpos(y_b, '=') + 1),
          '+', ' ')) END)[1] END
      """
    ),
    // As java.net.URLEncoder does it.
    ("trino_url_encode(t)", "replace(replace(replace(url_encode(t), '%20', '+'), '~', '%7E'), '%2A', '*')"),
  ]

  static let json: [(String, String)] = [
    (
      "trino_json_parse(t)",
      """
      CASE WHEN json_valid(t) THEN CAST(json(t) AS JSON) ELSE [CAST('null' AS
        JSON)][trino_fail('INVALID_FUNCTION_ARGUMENT',
        'Cannot convert value to JSON: ' || chr(39) || t || chr(39))] END
      """
    ),
    ("trino_is_json_scalar(j)", "json_type(j) NOT IN ('OBJECT', 'ARRAY')"),
    (
      "trino_json_scalar(j)",
      "CASE WHEN json_type(j) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN json_extract_string(j, '$') END"
    ),
    (
      "trino_json_size(j)",
      """
      CASE json_type(j) WHEN 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) WHEN 'OBJECT' THEN
        CAST(len(json_keys(j)) AS BIGINT)
        ELSE CASE WHEN j IS NULL THEN NULL ELSE 0 END END
      """
    ),
    (
      "trino_json_array_length(j)",
      "CASE WHEN json_valid(j) AND json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END"
    ),
    (
      "trino_json_array_contains(j, v)",
      """
      CASE WHEN j IS NULL OR v IS NULL OR NOT json_valid(j) OR json_type(j) <> 'ARRAY' THEN NULL
        ELSE len(list_filter(json_extract(j, '$[*]'), lambda j_e: CAST(j_e AS VARCHAR) = CAST(v AS VARCHAR))) > 0 END
      """
    ),
  ]
}
