/// Every function that a statement may call. What is not here does not reach the engine.
enum FunctionLibrary {
  static let rules: [String: [FunctionRule]] = {
    var table: [String: [FunctionRule]] = [:]
    func add(_ lines: [String], _ kind: FunctionRule.Kind) {
      for line in lines {
        let rule = FunctionRuleReader.rule(line, kind)
        table[rule.name, default: []].append(rule)
      }
    }
    add(StringFunctions.rules, .scalar)
    add(RegularExpressionFunctions.rules, .scalar)
    add(MathFunctions.rules, .scalar)
    add(BitwiseFunctions.rules, .scalar)
    add(DateTimeFunctions.rules, .scalar)
    add(BinaryFunctions.rules, .scalar)
    add(ArrayFunctions.rules, .scalar)
    add(MapFunctions.rules, .scalar)
    add(JSONFunctions.rules, .scalar)
    add(URLFunctions.rules, .scalar)
    add(ConditionalFunctions.rules, .scalar)
    add(AggregateFunctions.rules, .aggregate)
    add(WindowFunctions.rules, .window)
    return table
  }()

  /// Functions of Trino's that are known and not to be had here, with the reason.
  static func unsupported(_ name: String) -> String? {
    if name.hasPrefix("st_") || geospatial.contains(name) { return "Geospatial functions are not supported: \(name)" }
    if sketches.contains(name) { return "Sketch functions are not supported: \(name)" }
    return nil
  }

  private static let geospatial: Set<String> = [
    "bing_tile", "bing_tile_at", "bing_tile_coordinates", "bing_tile_polygon", "bing_tile_quadkey",
    "bing_tile_zoom_level", "bing_tiles_around", "convex_hull_agg", "from_encoded_polyline", "from_geojson_geometry",
    "geometry_from_hadoop_shape", "geometry_invalid_reason", "geometry_nearest_points", "geometry_to_bing_tiles",
    "geometry_union", "geometry_union_agg", "great_circle_distance", "line_interpolate_point",
    "line_interpolate_points", "line_locate_point", "simplify_geometry", "to_encoded_polyline", "to_geojson_geometry",
    "to_geometry", "to_spherical_geography",
  ]
  private static let sketches: Set<String> = [
    "approx_set", "empty_approx_set", "merge", "qdigest_agg", "tdigest_agg", "value_at_quantile",
    "values_at_quantiles", "quantile_at_value", "make_set_digest", "merge_set_digest", "hash_counts",
    "intersection_cardinality", "jaccard_index", "learn_classifier", "learn_libsvm_classifier",
    "learn_libsvm_regressor", "learn_regressor", "classify", "regress", "features", "approx_most_frequent",
    "numeric_histogram",
  ]
}
