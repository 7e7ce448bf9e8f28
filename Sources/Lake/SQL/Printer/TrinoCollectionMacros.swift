extension TrinoMacros {
  static let lists: [(String, String)] = [
    // The index fails by itself, so that the result has the elements' type without naming it.
    (
      "trino_subscript(l, i)",
      """
      l[CASE WHEN i > len(l) THEN trino_fail('INVALID_FUNCTION_ARGUMENT',
        'Array subscript must be less than or equal to array length: ' || i || ' > ' || len(l))
        WHEN i = 0 THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'SQL array indices start at 1')
        WHEN i < 0 THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'Array subscript is negative: ' || i) ELSE i END]
      """
    ),
    (
      "trino_map_subscript(m, k)",
      """
      map_values(m)[CASE WHEN m IS NULL OR k IS NULL THEN NULL WHEN list_position(map_keys(m), k) IS NULL
        THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'Key not present in map: ' || CAST(k AS VARCHAR)) ELSE
          list_position(map_keys(m), k) END]
      """
    ),
    (
      "trino_element_at(l, i)",
      "l[CASE WHEN i = 0 THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'SQL array indices start at 1') ELSE i END]"
    ),
    (
      "trino_any(l)",
      "CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true WHEN list_count(l) < len(l) THEN NULL ELSE "
        + "false END"
    ),
    (
      "trino_all(l)",
      "CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, false) THEN false WHEN list_count(l) < len(l) THEN NULL "
        + "ELSE true END"
    ),
    (
      "trino_contains(l, x)",
      """
      CASE WHEN l IS NULL OR x IS NULL THEN NULL WHEN list_contains(l, x) THEN true
        WHEN list_count(l) < len(l) THEN NULL ELSE false END
      """
    ),
    // In the order of first appearance, nulls as one.
    (
      "trino_array_distinct(l)",
      "list_filter(l, lambda a_x, a_i: len(list_filter(l, lambda a_y, a_j: a_j < a_i AND a_y IS NOT DISTINCT FROM "
        + "a_x)) = 0)"
    ),
    ("trino_array_has(l, x)", "len(list_filter(l, lambda c_y: c_y IS NOT DISTINCT FROM x)) > 0"),
    (
      "trino_array_except(a, b)",
      "CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE trino_array_distinct(list_filter(a, lambda e_x: NOT "
        + "trino_array_has(b, e_x))) END"
    ),
    (
      "trino_array_intersect(a, b)",
      "CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE trino_array_distinct(list_filter(a, lambda i_x: "
        + "trino_array_has(b, i_x))) END"
    ),
    (
      "trino_array_histogram(l)",
      "map_from_entries(list_transform(list_filter(trino_array_distinct(l), lambda h_x: h_x IS NOT NULL), lambda h_y: "
        + "{'key': h_y, 'value': len(list_filter(l, lambda h_z: h_z = h_y))}))"
    ),
    // Null as soon as one element is.
    ("trino_array_max(l)", "CASE WHEN list_count(l) = len(l) THEN list_max(l) END"),
    ("trino_array_min(l)", "CASE WHEN list_count(l) = len(l) THEN list_min(l) END"),
    (
      "trino_array_position(l, x)",
      "CASE WHEN l IS NULL OR x IS NULL THEN NULL ELSE CAST(coalesce(list_position(l, x), 0) AS BIGINT) END"
    ),
    (
      "trino_arrays_overlap(a, b)",
      """
      CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN list_has_any(list_filter(a, lambda o_x: o_x IS NOT NULL), b) THEN
        true
        WHEN list_count(a) < len(a) OR list_count(b) < len(b) THEN NULL ELSE false END
      """
    ),
    (
      "trino_combinations(l, n)",
      """
      list_transform(list_filter(list_reduce(list_transform(l, lambda m_x, m_i: [[m_i]]),
        lambda m_a, m_b: list_concat(list_concat(m_a, m_b), list_transform(list_filter(m_a, lambda m_f: len(m_f) < n),
          lambda m_c: list_concat(m_c, m_b[1])))),
        lambda m_d: len(m_d) = n), lambda m_e: list_transform(m_e, lambda m_g: l[m_g]))
      """
    ),
    (
      "trino_contains_sequence(l, s)",
      """
      CASE WHEN len(s) = 0 THEN true ELSE len(list_filter(range(1, len(l) - len(s) + 2), lambda q_i: list_slice(l, q_i,
        q_i + len(s) - 1) = s)) > 0 END
      """
    ),
    (
      "trino_ngrams(l, n)",
      """
      CASE WHEN n <= 0 THEN [l[1:0]][CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', 'N must be positive') AS BIGINT):]
        WHEN len(l) <= n THEN [l] ELSE list_transform(range(1, len(l) - n + 2), lambda r_i: list_slice(l, r_i, r_i + n
          - 1)) END
      """
    ),
    (
      "trino_repeat(x, n)",
      """
      list_transform(range(0, CASE WHEN n > 10000 THEN trino_fail('INVALID_FUNCTION_ARGUMENT',
          'count argument of repeat function must be less than or equal to 10000')
        WHEN n < 0 THEN trino_fail('INVALID_FUNCTION_ARGUMENT',
          'count argument of repeat function must be greater than or equal to 0')
        ELSE n END), lambda p_i: x)
      """
    ),
    (
      "trino_sequence(a, b)",
      """
      generate_series(a, b, CASE WHEN abs(CAST(b AS HUGEINT) - a) >= 10000
        THEN trino_fail('INVALID_FUNCTION_ARGUMENT',
          'result of sequence function must not have more than 10000 entries')
        WHEN a <= b THEN 1 ELSE -1 END)
      """
    ),
    (
      "trino_sequence_step(a, b, s)",
      """
      generate_series(a, b, CASE WHEN s = 0 THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'step must not be zero')
        WHEN (s > 0 AND b < a) OR (s < 0 AND b > a)
        THEN trino_fail('INVALID_FUNCTION_ARGUMENT',
          'sequence stop value should be greater than or equal to start value if step is greater than zero '
            || 'otherwise stop should be less than or equal to start')
        WHEN abs((CAST(b AS HUGEINT) - a) // s) >= 10000
        THEN trino_fail('INVALID_FUNCTION_ARGUMENT',
          'result of sequence function must not have more than 10000 entries')
        ELSE s END)
      """
    ),
    (
      "trino_shuffle(l)",
      "list_transform(list_sort(list_transform(l, lambda u_x: {'r': random(), 'v': u_x})), lambda u_y: u_y.v)"
    ),
    (
      "trino_slice(l, start, n)",
      """
      list_slice(l, CASE WHEN start = 0 THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'SQL array indices start at 1')
          WHEN start > 0 THEN start WHEN -start > len(l) THEN len(l) + 1 ELSE len(l) + start + 1 END,
        CASE WHEN n < 0 THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'length must be greater than or equal to 0')
          WHEN start > 0 THEN start + n - 1 WHEN -start > len(l) THEN 0 ELSE len(l) + start + n END)
      """
    ),
    (
      "trino_trim_array(l, n)",
      """
      list_slice(l, 1, CASE WHEN n < 0 THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'size must not be negative: ' || n)
        WHEN n > len(l) THEN trino_fail('INVALID_FUNCTION_ARGUMENT', 'size must not exceed array cardinality ' ||
          len(l) || ': ' || n)
        ELSE len(l) - n END)
      """
    ),
    (
      "trino_map(k, v)",
      """
      CASE WHEN len(k) <> len(v) THEN map(k, v[1:CAST(trino_fail('INVALID_FUNCTION_ARGUMENT',
        'Key and value arrays must be the same length') AS BIGINT)])
        ELSE map(k, v) END
      """
    ),
  ]
}
