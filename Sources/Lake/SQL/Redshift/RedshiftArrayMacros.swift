/// What searches and compares arrays: lists of texts in JSON, in which NULL is `null`.
extension RedshiftMacros {
  static let arrays: [(String, String)] = [
    ("rs_element(v)", "coalesce(CAST(to_json(v) AS VARCHAR), 'null')"),
    (
      "rs_elements(v)",
      """
      CASE WHEN v IS NULL THEN NULL ELSE list_transform(CAST(rs_items(v) AS JSON[]), lambda i:
        coalesce(CAST(i AS VARCHAR), 'null')) END
      """
    ),
    (
      "rs_array_of(items)",
      "CASE WHEN items IS NULL THEN NULL ELSE CAST('[' || array_to_string(items, ',') || ']' AS JSON) END"
    ),
    // Without a match for NULL, NULL is not known to be or not to be what is sought.
    (
      "rs_is_unknown(items, wanted, nulls)",
      """
      items IS NULL OR (NOT nulls AND (wanted = 'null'
        OR (list_contains(items, 'null') AND NOT list_contains(items, wanted))))
      """
    ),
    (
      "rs_array_contains(items, wanted, nulls)",
      "CASE WHEN rs_is_unknown(items, wanted, nulls) THEN NULL ELSE list_contains(items, wanted) END"
    ),
    (
      "rs_array_position(items, wanted, nulls)",
      """
      CASE WHEN rs_is_unknown(items, wanted, nulls) THEN NULL
        ELSE CAST(coalesce(nullif(list_position(items, wanted), 0), 0) - 1 AS BIGINT) END
      """
    ),
    (
      "rs_array_positions(items, wanted, nulls)",
      """
      CASE WHEN rs_is_unknown(items, wanted, nulls) THEN NULL
        ELSE to_json(list_filter(range(len(items)), lambda i: items[i + 1] = wanted)) END
      """
    ),
    ("rs_distinct(items)", "list_filter(items, lambda x, i: list_position(items, x) = i)"),
    ("rs_array_distinct(items)", "rs_array_of(rs_distinct(items))"),
    ("rs_times(items, wanted)", "len(list_filter(items, lambda y: y = wanted))"),
    (
      "rs_array_except(a, b, sets)",
      """
      CASE WHEN b IS NULL THEN NULL
        WHEN sets THEN rs_array_of(list_filter(rs_distinct(a), lambda x: NOT list_contains(b, x)))
        ELSE rs_array_of(list_filter(a, lambda x, i: rs_times(a[1 : i], x) > rs_times(b, x))) END
      """
    ),
    (
      "rs_array_intersection(a, b, sets)",
      """
      CASE WHEN b IS NULL THEN NULL
        WHEN sets THEN rs_array_of(list_filter(rs_distinct(a), lambda x: list_contains(b, x)))
        ELSE rs_array_of(list_filter(a, lambda x, i: rs_times(a[1 : i], x) <= rs_times(b, x))) END
      """
    ),
    // Truth values before numbers, texts, arrays and objects.
    (
      "rs_rank(item)",
      """
      struct_pack(kind := CASE left(item, 1) WHEN 't' THEN 0 WHEN 'f' THEN 0 WHEN '"' THEN 2 WHEN '[' THEN 3
        WHEN '{' THEN 4 ELSE 1 END, number := CASE left(item, 1) WHEN 'f' THEN 0 WHEN 't' THEN 1
        ELSE TRY_CAST(item AS DOUBLE) END, item := item)
      """
    ),
    (
      "rs_sorted(items, ascends)",
      """
      list_transform(CASE WHEN ascends THEN list_sort(list_transform(items, lambda x: rs_rank(x)), 'ASC')
        ELSE list_sort(list_transform(items, lambda x: rs_rank(x)), 'DESC') END, lambda r: r.item)
      """
    ),
    (
      "rs_array_sort(items, ascends, nulls_first)",
      """
      rs_array_of(CASE WHEN nulls_first THEN list_concat(list_filter(items, lambda x: x = 'null'),
          rs_sorted(list_filter(items, lambda x: x <> 'null'), ascends))
        ELSE list_concat(rs_sorted(list_filter(items, lambda x: x <> 'null'), ascends),
          list_filter(items, lambda x: x = 'null')) END)
      """
    ),
  ]
}
