extension DuckDBBuilders {
  static let collections: [String: Builder] = [
    "array_remove": { printer, call in
      let (list, item) = (printer.expression(call.arguments[0]), printer.expression(call.arguments[1]))
      return "(CASE WHEN \(item) IS NULL THEN NULL ELSE list_filter(\(list), lambda e: e IS DISTINCT FROM \(item)) END)"
    },
    "array_sort": { printer, call in
      // A comparator orders by counting: how many stand before each element, ties by place.
      let list = printer.expression(call.arguments[0])
      let n = number(call.arguments[1])
      let earlier = body(printer, call.arguments[1], ["y\(n)", "x\(n)"])
      let later = body(printer, call.arguments[1], ["x\(n)", "y\(n)"])
      // Of each pair the comparator is asked once, the earlier element first, so that even one that contradicts
      // itself gives an order.
      let rank =
        "len(list_filter(\(list), lambda y\(n), j\(n): CASE WHEN j\(n) < i\(n) THEN \(earlier) <= 0 "
        + "WHEN j\(n) > i\(n) THEN \(later) > 0 ELSE false END))"
      return
        "list_transform(list_sort(list_transform(\(list), lambda x\(n), i\(n): {'r': \(rank), 'v': x\(n)})), lambda s: "
        + "s.v)"
    },
    "reduce": { printer, call in
      guard case .function(let types, _) = call.arguments[2].type, types.count == 2 else { return "NULL" }
      let (state, element) = (types[0].duckDBName, types[1].duckDBName)
      let n = number(call.arguments[2])
      let step = body(printer, call.arguments[2], ["a\(n).s", "e\(n).x"])
      // The state and the element travel together, since DuckDB reduces lists of one type only.
      let folded =
        "list_reduce(list_transform(\(printer.expression(call.arguments[0])), lambda x: {'s': CAST(NULL AS \(state)), "
        + "'x': x}), "
        + "lambda a\(n), e\(n): {'s': CAST(\(step) AS \(state)), 'x': CAST(NULL AS \(element))}, "
        + "{'s': CAST(\(printer.expression(call.arguments[1])) AS \(state)), 'x': CAST(NULL AS \(element))}).s"
      return body(printer, call.arguments[3], ["(\(folded))"])
    },
    "zip": { printer, call in
      let lists = call.arguments.map(printer.expression)
      let fields = lists.indices.map { "'field\($0)': \(lists[$0])[i]" }.joined(separator: ", ")
      let length = "greatest(\(lists.map { "len(\($0))" }.joined(separator: ", ")))"
      let nulls = lists.map { "\($0) IS NULL" }.joined(separator: " OR ")
      return "(CASE WHEN \(nulls) THEN NULL ELSE list_transform(range(1, \(length) + 1), lambda i: {\(fields)}) END)"
    },
    "zip_with": { printer, call in
      let (first, second) = (printer.expression(call.arguments[0]), printer.expression(call.arguments[1]))
      let n = number(call.arguments[2])
      let inner = body(printer, call.arguments[2], ["\(first)[i\(n)]", "\(second)[i\(n)]"])
      return "(CASE WHEN \(first) IS NULL OR \(second) IS NULL THEN NULL ELSE "
        + "list_transform(range(1, greatest(len(\(first)), len(\(second))) + 1), lambda i\(n): \(inner)) END)"
    },
    "map_filter": { printer, call in
      let n = number(call.arguments[1])
      let test = body(printer, call.arguments[1], ["e\(n).key", "e\(n).value"])
      return
        "map_from_entries(list_filter(map_entries(\(printer.expression(call.arguments[0]))), lambda e\(n): \(test)))"
    },
    "transform_values": { printer, call in
      let n = number(call.arguments[1])
      let inner = body(printer, call.arguments[1], ["e\(n).key", "e\(n).value"])
      return
        "map_from_entries(list_transform(map_entries(\(printer.expression(call.arguments[0]))), lambda e\(n): {'key': "
        + "e\(n).key, 'value': \(inner)}))"
    },
    "transform_keys": { printer, call in
      let n = number(call.arguments[1])
      let inner = body(printer, call.arguments[1], ["e\(n).key", "e\(n).value"])
      return
        "map_from_entries(list_transform(map_entries(\(printer.expression(call.arguments[0]))), lambda e\(n): {'key': "
        + "\(inner), 'value': e\(n).value}))"
    },
    "map_zip_with": { printer, call in
      let (first, second) = (printer.expression(call.arguments[0]), printer.expression(call.arguments[1]))
      let n = number(call.arguments[2])
      let inner = body(
        printer, call.arguments[2],
        ["k\(n)", "map_extract_value(\(first), k\(n))", "map_extract_value(\(second), k\(n))"])
      return
        "map_from_entries(list_transform(trino_array_distinct(list_concat(map_keys(\(first)), map_keys(\(second)))), "
        + "lambda k\(n): {'key': k\(n), 'value': \(inner)}))"
    },
    "map_from_entries": { printer, call in
      "map_from_entries(\(entries(printer, call.arguments[0])))"
    },
    "multimap_from_entries": { printer, call in "trino_multimap(\(entries(printer, call.arguments[0])))" },
  ]

  /// A number that no other lambda of the statement has, so that lambdas within each other keep their names apart.
  static func number(_ lambda: BoundExpression) -> Int {
    if case .lambda(let variables, _) = lambda.kind { variables.first ?? 0 } else { 0 }
  }

  /// Rows of two fields as DuckDB's entries.
  private static func entries(_ printer: DuckDBPrinter, _ value: BoundExpression) -> String {
    guard case .array(.row(let fields)) = value.type, fields.count == 2 else { return printer.expression(value) }
    let (key, item) = (fields[0].name ?? "field0", fields[1].name ?? "field1")
    return
      "list_transform(\(printer.expression(value)), lambda e: {'key': struct_extract(e, \(DuckDBText.string(key))), "
      + "'value': struct_extract(e, \(DuckDBText.string(item)))})"
  }

  // MARK: Aggregates

  static let aggregates: [String: AggregateBuilder] = [
    "avg_decimal": { printer, aggregate, tail in
      let value = aggregate.call.arguments[0]
      let distinct = aggregate.distinct ? "DISTINCT " : ""
      return "CAST(avg(\(distinct)\(printer.expression(value)))\(tail) AS \(value.type.duckDBName))"
    },
    "entropy": { printer, aggregate, tail in
      // Over counts, not over values: the sum of -p log2 p with p = c / Σc.
      let value = printer.expression(aggregate.call.arguments[0])
      return "trino_entropy(list(CAST(\(value) AS DOUBLE))\(tail))"
    },
    "skewness": { printer, aggregate, tail in
      "trino_skewness(list(\(printer.expression(aggregate.call.arguments[0])))\(tail))"
    },
    "histogram": { printer, aggregate, tail in
      let value = aggregate.call.arguments[0]
      return "CAST(histogram(\(printer.expression(value)))\(tail) AS MAP(\(value.type.duckDBName), BIGINT))"
    },
    "map_agg": { printer, aggregate, tail in "trino_map_first(\(pairs(printer, aggregate))\(tail))" },
    "multimap_agg": { printer, aggregate, tail in "trino_multimap(\(pairs(printer, aggregate))\(tail))" },
    "map_union": { printer, aggregate, tail in
      "trino_map_first(flatten(list(map_entries(\(printer.expression(aggregate.call.arguments[0]))))\(tail)))"
    },
    "reduce_agg": { printer, aggregate, tail in
      let arguments = aggregate.call.arguments
      guard case .function(let types, _) = arguments[2].type, types.count == 2 else { return "NULL" }
      let (state, element) = (types[0].duckDBName, types[1].duckDBName)
      let n = number(arguments[2])
      let step = body(printer, arguments[2], ["a\(n).s", "e\(n).x"])
      return
        "list_reduce(list_transform(list(\(printer.expression(arguments[0])))\(tail), lambda x: {'s': CAST(NULL AS "
        + "\(state)), 'x': x}), "
        + "lambda a\(n), e\(n): {'s': CAST(\(step) AS \(state)), 'x': CAST(NULL AS \(element))}, "
        + "{'s': CAST(\(printer.expression(arguments[1])) AS \(state)), 'x': CAST(NULL AS \(element))}).s"
    },
  ]

  private static func pairs(_ printer: DuckDBPrinter, _ aggregate: BoundAggregate) -> String {
    let (key, value) = (aggregate.call.arguments[0], aggregate.call.arguments[1])
    return
      "list({'key': \(printer.expression(key)), 'value': "
      + "\(printer.expression(value))}\(printer.orderBy(aggregate.orderBy)))"
  }
}
