enum ArrayFunctions {
  static let rules = [
    "all_match(array(T), function(T,boolean)) -> boolean | trino_all(list_transform({0}, {1}))",
    "any_match(array(T), function(T,boolean)) -> boolean | trino_any(list_transform({0}, {1}))",
    "none_match(array(T), function(T,boolean)) -> boolean | (NOT trino_any(list_transform({0}, {1})))",
    "array_distinct(array(T)) -> array(T) | trino_array_distinct({0})",
    "array_except(array(T), array(T)) -> array(T) | trino_array_except({0}, {1})",
    "array_intersect(array(T), array(T)) -> array(T) | trino_array_intersect({0}, {1})",
    "array_union(array(T), array(T)) -> array(T) | trino_array_distinct(list_concat({0}, {1}))",
    "array_histogram(array(T)) -> map(T, bigint) | trino_array_histogram({0})",
    "array_join(array(T), varchar) -> varchar | @array_join",
    "array_join(array(T), varchar, varchar) -> varchar | @array_join",
    "array_max(array(O)) -> O | trino_array_max({0})",
    "array_min(array(O)) -> O | trino_array_min({0})",
    "array_first(array(T)) -> T | {0}[1]",
    "array_last(array(T)) -> T | {0}[-1]",
    "array_position(array(T), T) -> bigint | trino_array_position({0}, {1})",
    "array_remove(array(T), T) -> array(T) | @array_remove",
    "array_sort(array(O)) -> array(O) | list_sort({0}, 'ASC', 'NULLS LAST')",
    "array_sort(array(T), function(T,T,integer)) -> array(T) | @array_sort",
    "arrays_overlap(array(T), array(T)) -> boolean | trino_arrays_overlap({0}, {1})",
    "cardinality(array(T)) -> bigint | len({0})",
    "cardinality(map(K, V)) -> bigint | CAST(cardinality({0}) AS BIGINT)",
    "combinations(array(T), bigint) -> array(array(T)) | trino_combinations({0}, {1})",
    "contains(array(T), T) -> boolean | trino_contains({0}, {1})",
    "contains_sequence(array(T), array(T)) -> boolean | trino_contains_sequence({0}, {1})",
    "dot_product(array(double), array(double)) -> double | list_inner_product({0}, {1})",
    "euclidean_distance(array(double), array(double)) -> double | list_distance({0}, {1})",
    "cosine_similarity(array(double), array(double)) -> double | list_cosine_similarity({0}, {1})",
    "cosine_distance(array(double), array(double)) -> double | (1 - list_cosine_similarity({0}, {1}))",
    "element_at(array(T), bigint) -> T | trino_element_at({0}, {1})",
    "element_at(map(K, V), K) -> V | map_extract_value({0}, {1})",
    "filter(array(T), function(T,boolean)) -> array(T) | list_filter({0}, {1})",
    "flatten(array(array(T))) -> array(T) | flatten({0})",
    "ngrams(array(T), bigint) -> array(array(T)) | trino_ngrams({0}, {1})",
    "reduce(array(T), S, function(S,T,S), function(S,R)) -> R | @reduce",
    "repeat(T, bigint) -> array(T) | trino_repeat({0}, {1})",
    "sequence(bigint, bigint) -> array(bigint) | trino_sequence({0}, {1})",
    "sequence(bigint, bigint, bigint) -> array(bigint) | trino_sequence_step({0}, {1}, {2})",
    "shuffle(array(T)) -> array(T) | trino_shuffle({0})",
    "slice(array(T), bigint, bigint) -> array(T) | trino_slice({0}, {1}, {2})",
    "trim_array(array(T), bigint) -> array(T) | trino_trim_array({0}, {1})",
    "transform(array(T), function(T,U)) -> array(U) | list_transform({0}, {1})",
    "zip_with(array(T), array(U), function(T,U,R)) -> array(R) | @zip_with",
  ]
}

enum MapFunctions {
  static let rules = [
    "map() -> map(unknown, unknown) | CAST(map() AS MAP(INTEGER, INTEGER))",
    "map(array(K), array(V)) -> map(K, V) | trino_map({0}, {1})",
    "map_concat(map(K, V), map(K, V)...) -> map(K, V) | map_concat({*})",
    """
    map_entries(map(K, V)) -> array(row(K, V)) | list_transform(map_entries({0}), lambda e: {'field0': e.key, \
    'field1': e.value})
    """,
    "map_filter(map(K, V), function(K,V,boolean)) -> map(K, V) | @map_filter",
    "map_from_entries(array(row(K, V))) -> map(K, V) | @map_from_entries",
    "map_keys(map(K, V)) -> array(K) | map_keys({0})",
    "map_values(map(K, V)) -> array(V) | map_values({0})",
    "map_zip_with(map(K, V), map(K, W), function(K,V,W,R)) -> map(K, R) | @map_zip_with",
    "multimap_from_entries(array(row(K, V))) -> map(K, array(V)) | @multimap_from_entries",
    "transform_keys(map(K, V), function(K,V,R)) -> map(R, V) | @transform_keys",
    "transform_values(map(K, V), function(K,V,R)) -> map(K, R) | @transform_values",
  ]
}

enum JSONFunctions {
  static let rules = [
    "is_json_scalar(json) -> boolean | trino_is_json_scalar({0})",
    "is_json_scalar(varchar(x)) -> boolean | trino_is_json_scalar(CAST({0} AS JSON))",
    "json_array_contains(json, T) -> boolean | trino_json_array_contains({0}, to_json({1}))",
    "json_array_contains(varchar(x), T) -> boolean | trino_json_array_contains({0}, to_json({1}))",
    "json_array_get(json, bigint) -> json | json_extract({0}, {1})",
    "json_array_get(varchar(x), bigint) -> json | json_extract({0}, {1})",
    "json_array_length(json) -> bigint | trino_json_array_length({0})",
    "json_array_length(varchar(x)) -> bigint | trino_json_array_length({0})",
    "json_extract(json, varchar(x)) -> json | @json_extract",
    "json_extract(varchar(y), varchar(x)) -> json | @json_extract",
    "json_extract_scalar(json, varchar(x)) -> varchar | @json_extract_scalar",
    "json_extract_scalar(varchar(y), varchar(x)) -> varchar | @json_extract_scalar",
    "json_format(json) -> varchar | CAST({0} AS VARCHAR)",
    "json_parse(varchar(x)) -> json | trino_json_parse({0})",
    "json_size(json, varchar(x)) -> bigint | @json_size",
    "json_size(varchar(y), varchar(x)) -> bigint | @json_size",
  ]
}
