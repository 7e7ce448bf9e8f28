/// Calls: functions by name.
extension RedshiftPrinter {
  mutating func call(_ call: FunctionCall) throws(SQLError) -> String {
    let place = call.name.position
    let name = call.name.key
    let isBuiltIn = call.name.parts.count == 1 || call.name.parts.first?.key == "pg_catalog"
    if isBuiltIn, call.arguments.isEmpty, !call.star, let value = names.sessionValue(name) { return value }
    if let own = names.function(call.name, arguments: call.arguments.count) {
      return "\(own)(\(try list(call.arguments)))"
    }
    guard isBuiltIn else { throw missing(call) }
    return try repeated(RedshiftFunctions.repetitions[name] ?? 1, at: place) { printer throws(SQLError) in
      try printer.builtIn(name, call, place)
    }
  }

  private mutating func builtIn(
    _ name: String, _ call: FunctionCall, _ place: SourcePosition
  ) throws(SQLError) -> String {
    if let text = try aggregate(name, call, place) { return text }
    if let text = try moment(name, call, place) { return text }
    if let text = try catalogCall(name, call) { return text }
    if let text = try array(name, call.arguments) { return text }
    if let text = try plain(name, call, place) { return text }
    if let text = try catalog(name, call.arguments) { return text }
    if RedshiftFunctions.windows.contains(name) { return try windowed(name, call) }
    if let target = RedshiftFunctions.names[name] {
      guard call.window == nil, !call.star else { throw missing(call) }
      var arguments: [String] = []
      let takesText = RedshiftFunctions.ofText.contains(name)
      for (index, argument) in call.arguments.enumerated() {
        if name == "greatest" || name == "least" {
          arguments.append(try alike(argument, among: call.arguments))
        } else if takesText, index == 0 {
          arguments.append(try stringArgument(argument))
        } else {
          arguments.append(try plainText(argument))
        }
      }
      return "\(target)(\(arguments.joined(separator: ", ")))"
    }
    throw missing(call)
  }

  private func missing(_ call: FunctionCall) -> SQLError {
    let types = call.arguments.map { argument in
      switch type(of: argument) {
      case nil: "\"unknown\""
      case .varchar where { if case .string = argument.kind { true } else { false } }(): "\"unknown\""
      case .varchar: "character varying"
      case .decimal: "numeric"
      case let type?: type.description
      }
    }
    return SQLError(
      .functionNotFound, "function \(call.name)(\(types.joined(separator: ", "))) does not exist",
      at: call.name.position)
  }

  // MARK: Aggregates and windows

  private mutating func over(_ call: FunctionCall) throws(SQLError) -> String {
    switch call.window {
    case nil: return ""
    case .named(let name): return " OVER \(quoted(name))"
    case .inline(let window): return " OVER (\(try text(window)))"
    }
  }

  private mutating func filter(_ call: FunctionCall) throws(SQLError) -> String {
    try call.filter.map { value throws(SQLError) in " FILTER (WHERE \(try text(value)))" } ?? ""
  }

  private mutating func numberText(_ value: Expression) throws(SQLError) -> String {
    let text = try text(value)
    return isSuper(value) ? "rs_super_number(\(text))" : text
  }

  private mutating func aggregate(
    _ name: String, _ call: FunctionCall, _ place: SourcePosition
  ) throws(SQLError) -> String? {
    let distinct = call.distinct ? "DISTINCT " : ""
    if case .inline(let window)? = call.window, !window.orderBy.isEmpty, window.frame == nil, window.existing == nil,
      RedshiftFunctions.framed.contains(name)
    {
      throw SQLError(
        .syntax, "Aggregate window functions with an ORDER BY clause require a frame clause", at: place)
    }
    let tail = try filter(call) + over(call)
    switch name {
    case "count":
      if call.star { return "count(*)\(tail)" }
      guard let first = call.arguments.first else { throw missing(call) }
      if call.approximate, call.distinct { return try estimate(first, call) }
      return "count(\(distinct)\(try list(call.arguments)))\(tail)"
    case "sum", "avg":
      guard let first = call.arguments.first, call.arguments.count == 1 else { throw missing(call) }
      let value = try numberText(first)
      let known = type(of: Expression(id: 0, position: place, kind: .call(call)))
      if name == "avg", let known, let argument = type(of: first) {
        if Self.isInteger(argument) || Self.decimal(argument) != nil {
          let sum = "sum(\(distinct)\(value))\(tail)"
          let count = "nullif(count(\(distinct)\(value))\(tail), 0)"
          // Truncated, as Redshift does.
          return Self.isInteger(argument) && known != .decimal(precision: 38, scale: 0)
            ? "CAST((\(sum) // \(count)) AS BIGINT)" : Self.exactQuotient(sum, count, known, cutsOff: true)
        }
      }
      let plain = "\(name)(\(distinct)\(value))\(tail)"
      switch known {
      case .bigint: return "CAST(\(plain) AS BIGINT)"
      case .decimal(_, 0) where name == "sum" && type(of: first) == .bigint: return "CAST(\(plain) AS DECIMAL(38,0))"
      default: return plain
      }
    case "min", "max", "any_value", "bool_and", "bool_or", "bit_and", "bit_or", "stddev", "stddev_samp", "stddev_pop",
      "variance", "var_samp", "var_pop", "every":
      let target = name == "every" ? "bool_and" : name
      let numeric = name.hasPrefix("std") || name.hasPrefix("var")
      guard let first = call.arguments.first, call.arguments.count == 1 else { throw missing(call) }
      return "\(target)(\(distinct)\(numeric ? try numberText(first) : try text(first)))\(tail)"
    case "median":
      guard let first = call.arguments.first else { throw missing(call) }
      return "median(\(try numberText(first)))\(tail)"
    case "percentile_cont", "percentile_disc", "approximate_percentile_disc":
      guard let fraction = call.arguments.first, let key = call.withinGroup.first else { throw missing(call) }
      var share = try text(fraction)
      // From the other end, the first value is the one that the engine passes by.
      if key.descending, name != "percentile_cont", type(of: key.key).map({ Self.isNumber($0) }) == true {
        return "(- quantile_disc(- \(try numberText(key.key)), \(share))\(tail))"
      }
      if key.descending { share = "(1 - \(share))" }
      let function = name == "percentile_cont" ? "quantile_cont" : "quantile_disc"
      return "\(function)(\(try numberText(key.key)), \(share))\(tail)"
    case "listagg", "string_agg":
      guard let first = call.arguments.first else { throw missing(call) }
      let separator = call.arguments.count > 1 ? try text(call.arguments[1]) : "''"
      let order = call.withinGroup.isEmpty ? call.orderBy : call.withinGroup
      let value = "rs_text(\(try plainText(first)))"
      var sorted = order.isEmpty ? "" : " ORDER BY " + (try text(order))
      // The engine sorts distinct values by themselves alone.
      if call.distinct, let item = order.first {
        let nullsFirst = item.nullsFirst ?? item.descending
        sorted = " ORDER BY \(value)\(item.descending ? " DESC" : "") NULLS \(nullsFirst ? "FIRST" : "LAST")"
      }
      return "string_agg(\(distinct)\(value), \(separator)\(sorted))\(tail)"
    case "array_agg":
      return "array_agg(\(distinct)\(try list(call.arguments)))\(tail)"
    case "ratio_to_report":
      guard let first = call.arguments.first, call.window != nil else { throw missing(call) }
      let value = try numberText(first)
      return "(CAST(\(value) AS DOUBLE) / nullif(sum(\(value))\(tail), 0))"
    case "hll":
      guard let first = call.arguments.first else { throw missing(call) }
      return try estimate(first, call)
    case "hll_create_sketch", "hll_combine":
      guard let first = call.arguments.first, call.arguments.count == 1 else { throw missing(call) }
      let value = try text(first)
      let condition = try call.filter.map { filter throws(SQLError) in " AND \(try text(filter))" } ?? ""
      let rest = " FILTER (WHERE \(value) IS NOT NULL\(condition))\(try over(call))"
      return name == "hll_combine"
        ? "tarn_hll_merge(list(\(value))\(rest))"
        : "tarn_hll_sketch(list(DISTINCT tarn_hll_code(hash(\(value))))\(rest))"
    default: return nil
    }
  }

  /// How many values differ, by a sketch; 0 where there is none.
  private mutating func estimate(_ value: Expression, _ call: FunctionCall) throws(SQLError) -> String {
    let value = try text(value)
    let condition = try call.filter.map { filter throws(SQLError) in " AND \(try text(filter))" } ?? ""
    let rest = " FILTER (WHERE \(value) IS NOT NULL\(condition))\(try over(call))"
    return "coalesce(tarn_hll_cardinality(tarn_hll_sketch(list(DISTINCT tarn_hll_code(hash(\(value))))\(rest))), 0)"
  }

  private mutating func windowed(_ name: String, _ call: FunctionCall) throws(SQLError) -> String {
    guard call.window != nil else {
      throw SQLError(
        .functionNotFound, "window function call requires an OVER clause", at: call.name.position)
    }
    let nulls = call.nulls == .ignore ? " IGNORE NULLS" : ""
    return "\(name)(\(try list(call.arguments))\(nulls))\(try over(call))"
  }

  // MARK: Dates and times

  /// A date or time; a literal is a timestamp.
  private mutating func timestamp(_ value: Expression) throws(SQLError) -> String {
    if case .string(let text) = value.kind {
      if text.contains(":"), !text.contains("-"), !text.contains("/"), !text.contains(" ") {
        return "CAST(\(Self.literal(text)) AS TIME)"
      }
      return momentLiteral(text, .timestamp, cast: "CAST")
    }
    if isSuper(value) { return "CAST(\(try plainText(value)) AS TIMESTAMP)" }
    if case .varchar = type(of: value) { return Self.moment(try text(value), .timestamp) }
    return try text(value)
  }

  private mutating func part(_ value: Expression) throws(SQLError) -> String {
    switch value.kind {
    case .identifier(let name): return name.key
    case .string(let text): return text.lowercased()
    default: throw SQLError(.invalidArguments, "a date part must be a constant", at: value.position)
    }
  }

  private mutating func moment(
    _ name: String, _ call: FunctionCall, _ place: SourcePosition
  ) throws(SQLError) -> String? {
    let arguments = call.arguments
    switch (name, arguments.count) {
    case ("getdate", 0): return "date_trunc('second', CAST(get_current_timestamp() AS TIMESTAMP))"
    case ("sysdate", 0): return "CAST(current_timestamp AS TIMESTAMP)"
    case ("now", 0), ("statement_timestamp", 0), ("clock_timestamp", 0): return "current_timestamp"
    case ("timeofday", 0): return "strftime(get_current_timestamp(), '%a %b %d %H:%M:%S.%f %Y %Z')"
    case ("dateadd", 3), ("date_add", 3):
      return try DatePart.adding(
        try part(arguments[0]), try numberText(arguments[1]), try timestamp(arguments[2]), at: place)
    case ("datediff", 3), ("date_diff", 3):
      let unit = try DatePart.required(try part(arguments[0]), at: place)
      let (from, to) = (try timestamp(arguments[1]), try timestamp(arguments[2]))
      // Weeks are told apart by the days on which they begin.
      if unit == "week" { return "date_diff('week', date_trunc('week', \(from)), date_trunc('week', \(to)))" }
      return "rs_datediff('\(unit)', \(from), \(to))"
    case ("date_part", 2), ("pgdate_part", 2), ("date_part_year", 1):
      let unit = name == "date_part_year" ? "year" : try part(arguments[0])
      let value = try timestamp(arguments[arguments.count - 1])
      return
        "CAST(\(try DatePart.extract(unit, value, at: place)) AS \(name == "date_part_year" ? "INTEGER" : "DOUBLE"))"
    case ("date_trunc", 2):
      let unit = try DatePart.required(try part(arguments[0]), at: place)
      return "(date_trunc('\(unit)', \(try timestamp(arguments[1]))) + to_microseconds(0))"
    case ("trunc", 1):
      if Self.isMoment(type(of: arguments[0])) { return "CAST(\(try text(arguments[0])) AS DATE)" }
      return "trunc(\(try numberText(arguments[0])))"
    case ("trunc", 2), ("truncate", 2):
      let value = try numberText(arguments[0])
      if let known = type(of: arguments[0]), Self.decimal(known) != nil {
        return "trunc(\(value), \(try text(arguments[1])))"
      }
      return "rs_truncate(\(value), \(try text(arguments[1])))"
    case ("add_months", 2): return "rs_add_months(\(try timestamp(arguments[0])), \(try text(arguments[1])))"
    case ("last_day", 1): return "last_day(\(try timestamp(arguments[0])))"
    case ("next_day", 2): return "rs_next_day(\(try timestamp(arguments[0])), \(try text(arguments[1])))"
    case ("months_between", 2):
      return "rs_months_between(\(try timestamp(arguments[0])), \(try timestamp(arguments[1])))"
    case ("convert_timezone", 2):
      return "rs_convert_timezone('UTC', \(try zone(arguments[0])), \(try timestamp(arguments[1])))"
    case ("convert_timezone", 3):
      return "rs_convert_timezone(\(try zone(arguments[0])), \(try zone(arguments[1])), "
        + "\(try timestamp(arguments[2])))"
    case ("timezone", 2): return "timezone(\(try zone(arguments[0])), \(try timestamp(arguments[1])))"
    case ("date_cmp", 2), ("timestamp_cmp", 2), ("date_cmp_timestamp", 2), ("timestamp_cmp_date", 2),
      ("timestamptz_cmp", 2), ("date_cmp_timestamptz", 2), ("timestamp_cmp_timestamptz", 2),
      ("timestamptz_cmp_date", 2), ("timestamptz_cmp_timestamp", 2):
      return "rs_compare(\(try timestamp(arguments[0])), \(try timestamp(arguments[1])))"
    case ("interval_cmp", 2): return "rs_compare(\(try list(arguments)))"
    case ("to_char", 2): return try toChar(arguments[0], arguments[1], place)
    case ("to_date", 2), ("to_date", 3):
      return "CAST(\(try parsed(arguments[0], arguments[1], place)) AS DATE)"
    case ("to_timestamp", 2), ("to_timestamp", 3):
      return "CAST(\(try parsed(arguments[0], arguments[1], place)) AS TIMESTAMPTZ)"
    case ("to_timestamp", 1): return "to_timestamp(\(try numberText(arguments[0])))"
    case ("to_number", 2):
      guard case .string(let pattern) = arguments[1].kind else { throw constant("format", arguments[1]) }
      let digits = pattern.uppercased().split { $0 == "." || $0 == "D" }
      let scale = digits.count > 1 ? digits[1].filter { $0 == "9" || $0 == "0" }.count : 0
      return "CAST(rs_number_of(\(try text(arguments[0]))) AS DECIMAL(38,\(min(37, scale))))"
    default: return nil
    }
  }

  /// A zone's name; an abbreviation is its offset, by the name that the engine has for it.
  mutating func zone(_ value: Expression) throws(SQLError) -> String {
    if case .string(let name) = value.kind, let known = TimeZoneNames.region(name) { return Self.literal(known) }
    return try text(value)
  }

  private func constant(_ what: String, _ value: Expression) -> SQLError {
    SQLError(.notSupported, "a \(what) that is no constant is not supported", at: value.position)
  }

  private mutating func parsed(
    _ value: Expression, _ format: Expression, _ place: SourcePosition
  ) throws(SQLError) -> String {
    guard case .string(let pattern) = format.kind, let parsing = DateFormat.parsing(pattern) else {
      return "tarn_to_timestamp(CAST(\(try plainText(value)) AS VARCHAR), \(try plainText(format)))"
    }
    return "rs_parse_date(\(try plainText(value)), \(Self.literal(parsing)))"
  }

  private mutating func toChar(
    _ value: Expression, _ format: Expression, _ place: SourcePosition
  ) throws(SQLError) -> String {
    let known = type(of: value)
    guard case .string(let pattern) = format.kind else {
      let pattern = try plainText(format)
      switch known {
      case .some(let type) where Self.isNumber(type):
        let digits = Self.decimal(type) == nil ? "CAST(\(try text(value)) AS DECIMAL(38,10))" : try text(value)
        return "tarn_number_to_char(CAST(\(digits) AS VARCHAR), \(pattern))"
      default: return "tarn_to_char(CAST(\(try timestamp(value)) AS TIMESTAMP), \(pattern))"
      }
    }
    if known.map({ Self.isNumber($0) }) ?? DateFormat.isNumeric(pattern) {
      return DateFormat.number(pattern, try numberText(value))
    }
    let text = try timestamp(value)
    // The value is written once for each part of the pattern.
    guard text.utf8.count < 20_000 else {
      throw SQLError(.statementTooLarge, "the argument of TO_CHAR is too large", at: place)
    }
    return DateFormat.text(pattern, text)
  }

  // MARK: What needs more than another name

  private mutating func plain(
    _ name: String, _ call: FunctionCall, _ place: SourcePosition
  ) throws(SQLError) -> String? {
    let arguments = call.arguments
    let count = arguments.count
    switch name {
    case "coalesce", "nvl":
      guard count > 0 else { return nil }
      var values: [String] = []
      for argument in arguments { values.append(try alike(argument, among: arguments)) }
      return "coalesce(\(values.joined(separator: ", ")))"
    case "nvl2" where count == 3:
      let results = Array(arguments.dropFirst())
      return "CASE WHEN \(try text(arguments[0])) IS NOT NULL THEN \(try alike(arguments[1], among: results)) ELSE "
        + "\(try alike(arguments[2], among: results)) END"
    case "decode" where count >= 3: return try decode(arguments)
    case "if", "iif": return nil
    case "nullif" where count == 2:
      return "nullif(\(try alike(arguments[0], among: arguments)), \(try alike(arguments[1], among: arguments)))"
    case "concat" where count == 2: return "(\(try plainText(arguments[0])) || \(try plainText(arguments[1])))"
    case "mod" where count == 2:
      return "(\(try numberText(arguments[0])) % rs_divisor(\(try numberText(arguments[1]))))"
    case "log" where count == 1: return "log10(\(try numberText(arguments[0])))"
    case "charindex" where count == 2:
      return "CAST(strpos(\(try stringArgument(arguments[1])), \(try stringArgument(arguments[0]))) AS INTEGER)"
    case "strpos" where count == 2:
      return "CAST(strpos(\(try stringArgument(arguments[0])), \(try stringArgument(arguments[1]))) AS INTEGER)"
    case "position" where count == 2:
      return "CAST(strpos(\(try stringArgument(arguments[1])), \(try stringArgument(arguments[0]))) AS INTEGER)"
    case "len", "length", "char_length", "character_length", "textlen":
      guard count == 1 else { return nil }
      let value = try stringArgument(arguments[0])
      if case .varbyte = type(of: arguments[0]) { return "octet_length(\(value))" }
      return "CAST(length(\(value)) AS INTEGER)"
    case "octet_length" where count == 1:
      if case .varbyte = type(of: arguments[0]) { return "octet_length(\(try text(arguments[0])))" }
      return "CAST(strlen(\(try stringArgument(arguments[0]))) AS INTEGER)"
    case "substring", "substr":
      guard (2...3).contains(count) else { return nil }
      if case .varbyte = type(of: arguments[0]) {
        let length = count == 3 ? try text(arguments[2]) : "2147483647"
        return "from_hex(rs_substring(to_hex(\(try text(arguments[0]))), 2 * (\(try text(arguments[1]))) - 1, "
          + "2 * CAST(\(length) AS BIGINT)))"
      }
      return "rs_substring(\(try stringArgument(arguments[0])), \(try text(arguments[1])), "
        + "\(count == 3 ? try text(arguments[2]) : "2147483647"))"
    case "lpad", "rpad":
      guard (2...3).contains(count) else { return nil }
      let fill = count == 3 ? try text(arguments[2]) : "' '"
      return "\(name)(\(try stringArgument(arguments[0])), "
        + "greatest(CAST(\(try text(arguments[1])) AS INTEGER), 0), \(fill))"
    case "left", "right":
      guard count == 2 else { return nil }
      return "\(name)(\(try stringArgument(arguments[0])), \(try text(arguments[1])))"
    case "regexp_count", "regexp_instr", "regexp_replace", "regexp_substr":
      guard count >= 2 else { return nil }
      return try regularExpression(name, arguments)
    case "json_extract_path_text" where count >= 2: return try jsonPath(arguments)
    case "json_extract_array_element_text" where count >= 2:
      return
        "rs_json_element\(Self.isTrue(arguments, 2) ? "_or_null" : "")(\(try jsonText(arguments[0])), "
        + "\(try text(arguments[1])))"
    case "json_array_length" where count >= 1:
      return "rs_json_length\(Self.isTrue(arguments, 1) ? "_or_null" : "")(\(try jsonText(arguments[0])))"
    case "json_parse" where count == 1: return "rs_json_parse(\(try jsonText(arguments[0])))"
    case "is_valid_json", "is_valid_json_array", "can_json_parse":
      guard count == 1 else { return nil }
      let json = try jsonText(arguments[0])
      return "rs_\(name)(\(json.hasPrefix("decode(") ? "TRY(\(json))" : json))"
    case "array", "object": return try superValue(name, arguments, place)
    case "array_concat" where count == 2:
      return "to_json(list_concat(rs_items(\(try text(arguments[0]))), rs_items(\(try text(arguments[1])))))"
    case "subarray" where count == 3:
      let start = try text(arguments[1])
      return "to_json(rs_items(\(try text(arguments[0])))[\(start) + 1 : \(start) + \(try text(arguments[2]))])"
    case "sha2" where count == 2: return try sha2(arguments, place)
    case "hll_cardinality" where count == 1: return "tarn_hll_cardinality(\(try text(arguments[0])))"
    case "hll_combine_sketches" where count == 2: return "tarn_hll_merge([\(try list(arguments))])"
    case "crc32" where count == 1: return "tarn_crc32(\(try plainText(arguments[0])))"
    case "murmur3_32_hash" where count == 1 || count == 2: return "tarn_murmur3(\(try list(arguments)))"
    case "fnv_hash" where count == 1 || count == 2: return "tarn_fnv_hash(\(try list(arguments)))"
    case "getbit" where count == 2: return "rs_getbit(\(try bytes(arguments[0])), \(try text(arguments[1])))"
    case "octetindex" where count == 2:
      return "rs_octetindex(\(try plainText(arguments[0])), \(try plainText(arguments[1])))"
    case "difference" where count == 2:
      return "rs_difference(\(try plainText(arguments[0])), \(try plainText(arguments[1])))"
    case "collate" where count == 2:
      let isFolded: Bool
      if case .string(let name) = arguments[1].kind {
        isFolded = name.lowercased() == "case_insensitive"
      } else {
        isFolded = false
      }
      return "(\(try text(arguments[0])) COLLATE \(isFolded ? "NOCASE" : "C"))"
    case "json_typeof", "is_array", "is_object", "is_scalar", "is_integer", "is_float", "is_decimal", "is_bigint",
      "is_smallint", "is_varchar", "is_char", "is_boolean", "get_array_length", "json_serialize", "json_size",
      "array_flatten", "decimal_precision", "decimal_scale":
      guard count == 1 else { return nil }
      return "rs_\(name)(to_json(\(try text(arguments[0]))))"
    default: return nil
    }
  }

  private static func isTrue(_ arguments: [Expression], _ index: Int) -> Bool {
    index < arguments.count && arguments[index].kind == .boolean(true)
  }

  /// A VARBYTE value; text gives its bytes.
  private mutating func bytes(_ value: Expression) throws(SQLError) -> String {
    let text = try text(value)
    if let known = type(of: value), Self.isText(known) { return "encode(\(text))" }
    return text
  }

  /// Text with JSON in it; a VARBYTE holds it in UTF-8.
  private mutating func jsonText(_ value: Expression) throws(SQLError) -> String {
    if case .varbyte = type(of: value) { return "decode(\(try text(value)))" }
    return try plainText(value)
  }

  private mutating func decode(_ arguments: [Expression]) throws(SQLError) -> String {
    let value = try text(arguments[0])
    let searched = stride(from: 1, to: arguments.count - 1, by: 2).map { arguments[$0] }
    var results = stride(from: 2, to: arguments.count, by: 2).map { arguments[$0] }
    if arguments.count.isMultiple(of: 2) { results.append(arguments[arguments.count - 1]) }
    let isSimple = searched.allSatisfy { search in
      switch search.kind {
      case .integer, .decimal, .string, .boolean: true
      default: false
      }
    }
    if isSimple, !isSuper(arguments[0]) {
      var result = "CASE \(value)"
      for (index, search) in searched.enumerated() {
        let wanted = try alike(search, among: [arguments[0]])
        result += " WHEN \(wanted) THEN \(try alike(arguments[2 * index + 2], among: results))"
      }
      if arguments.count.isMultiple(of: 2) {
        result += " ELSE " + (try alike(arguments[arguments.count - 1], among: results))
      }
      return "(" + result + " END)"
    }
    // The value is written once for each search.
    guard value.utf8.count * searched.count < 1 << 20 else {
      throw SQLError(.statementTooLarge, "the argument of DECODE is too large", at: arguments[0].position)
    }
    var result = "CASE"
    var index = 1
    while index + 1 < arguments.count {
      // A constant that is not NULL needs no test for it, and may use an index.
      let test: String
      if case .null = arguments[index].kind {
        test = "\(value) IS NULL"
      } else {
        test = "\(value) IS NOT DISTINCT FROM \(try text(arguments[index]))"
      }
      result += " WHEN \(test) THEN \(try alike(arguments[index + 1], among: results))"
      index += 2
    }
    if index < arguments.count { result += " ELSE " + (try alike(arguments[index], among: results)) }
    return "(" + result + " END)"
  }

  /// Positions count from 1, `$1` is a group in replacements, `i` ignores case, `e` takes the first group.
  private mutating func regularExpression(_ name: String, _ arguments: [Expression]) throws(SQLError) -> String {
    let value = try stringArgument(arguments[0])
    var pattern = try text(arguments[1])
    func constant(_ index: Int) -> String? {
      guard index < arguments.count, case .string(let text) = arguments[index].kind else { return nil }
      return text
    }
    let optionsIndex = ["regexp_count": 3, "regexp_instr": 5, "regexp_replace": 4, "regexp_substr": 4][name] ?? 3
    let options = constant(optionsIndex) ?? ""
    if options.contains("p") { return try perlExpression(name, arguments, pattern, options) }
    if options.contains("i") { pattern = "('(?i)' || \(pattern))" }
    func number(_ index: Int) throws(SQLError) -> String {
      guard index < arguments.count else { return "1" }
      var printer = self
      return try printer.text(arguments[index])
    }
    switch name {
    case "regexp_count": return "rs_regexp_count(\(value), \(pattern), \(try number(2)))"
    case "regexp_instr":
      let end = arguments.count > 4 ? try number(4) : "0"
      return "rs_regexp_instr(\(value), \(pattern), \(try number(2)), \(try number(3)), \(end))"
    case "regexp_substr":
      let group = options.contains("e") ? "1" : "0"
      return "rs_regexp_substr(\(value), \(pattern), \(try number(2)), \(try number(3)), \(group))"
    default:
      var replacement = "''"
      if arguments.count > 2 {
        if let constant = constant(2) {
          replacement = Self.literal(Self.backslashed(constant))
        } else {
          replacement = "regexp_replace(\(try text(arguments[2])), '\\$([0-9])', '\\\\\\1', 'g')"
        }
      }
      if arguments.count <= 3 { return "regexp_replace(\(value), \(pattern), \(replacement), 'g')" }
      return "rs_regexp_replace(\(value), \(pattern), \(replacement), \(try number(3)))"
    }
  }

  /// With the parameter `p`, Perl's dialect.
  private mutating func perlExpression(
    _ name: String, _ arguments: [Expression], _ pattern: String, _ options: String
  ) throws(SQLError) -> String {
    var items = [try plainText(arguments[0]), pattern]
    if name == "regexp_replace" {
      let given = arguments.count > 2 ? arguments[2] : nil
      items.append(try given.map { value throws(SQLError) in try plainText(value) } ?? "''")
    }
    let numbers = ["regexp_count": 2..<3, "regexp_instr": 2..<5, "regexp_replace": 3..<4, "regexp_substr": 2..<4]
    for index in numbers[name] ?? 2..<2 { items.append(try text(arguments[index])) }
    return "tarn_perl_\(name.dropFirst(7))(\(items.joined(separator: ", ")), \(Self.literal(options)))"
  }

  private static func backslashed(_ text: String) -> String {
    var result = ""
    var previous: Character?
    for character in text {
      if previous == "$", character.isASCII, character.isNumber {
        result.removeLast()
        result += "\\\(character)"
      } else {
        result.append(character)
      }
      previous = character
    }
    return result
  }

  /// The last argument may say that bad JSON gives NULL.
  private mutating func jsonPath(_ arguments: [Expression]) throws(SQLError) -> String {
    var steps = Array(arguments.dropFirst())
    var lenient = false
    if case .boolean(let value)? = steps.last?.kind {
      lenient = value
      steps.removeLast()
    }
    let json = try jsonText(arguments[0])
    var path = "'/'"
    var constantPath = ""
    var isConstant = true
    for step in steps {
      if case .string(let key) = step.kind {
        constantPath += "/" + key.replacing("~", with: "~0").replacing("/", with: "~1")
      } else {
        isConstant = false
      }
    }
    if isConstant {
      path = Self.literal(constantPath)
    } else {
      var parts: [String] = []
      for step in steps { parts.append("'/' || replace(replace(\(try text(step)), '~', '~0'), '/', '~1')") }
      path = parts.joined(separator: " || ")
    }
    return "\(lenient ? "rs_json_path_or_null" : "rs_json_path")(\(json), \(path))"
  }

  private mutating func superValue(
    _ name: String, _ arguments: [Expression], _ place: SourcePosition
  ) throws(SQLError) -> String {
    if name == "array" { return arguments.isEmpty ? "CAST('[]' AS JSON)" : "json_array(\(try list(arguments)))" }
    guard arguments.count.isMultiple(of: 2) else {
      throw SQLError(.invalidArguments, "object() takes an even number of arguments", at: place)
    }
    return arguments.isEmpty ? "CAST('{}' AS JSON)" : "json_object(\(try list(arguments)))"
  }

  private mutating func sha2(_ arguments: [Expression], _ place: SourcePosition) throws(SQLError) -> String {
    if case .integer(let bits) = arguments[1].kind, bits == "0" || bits == "256" {
      return "sha256(\(try plainText(arguments[0])))"
    }
    return "tarn_sha2(\(try plainText(arguments[0])), \(try text(arguments[1])))"
  }
}

/// Functions that only have another name, or the same.
enum RedshiftFunctions {
  static let windows: Set<String> = [
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value",
    "last_value", "nth_value",
  ]

  /// Aggregates that want a frame where their window is sorted.
  static let framed: Set<String> = [
    "sum", "avg", "count", "min", "max", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop",
  ]

  /// Those whose first argument is a text, whatever is given.
  static let ofText: Set<String> = [
    "lower", "upper", "ltrim", "rtrim", "btrim", "replace", "reverse", "repeat", "replicate", "ascii", "md5",
    "split_part", "translate", "sha1", "sha", "func_sha1", "initcap", "quote_ident", "quote_literal", "soundex",
  ]

  /// How often the macro or text of a function repeats its arguments, where that is more than once.
  static let repetitions: [String: Double] = [
    "json_extract_path_text": 8, "json_extract_array_element_text": 8, "json_array_length": 4, "json_parse": 4,
    "is_valid_json": 3, "is_valid_json_array": 3, "regexp_instr": 6, "regexp_substr": 3, "regexp_replace": 2,
    "strtol": 8, "to_char": 8, "to_date": 5, "to_timestamp": 5, "to_number": 3, "months_between": 10, "add_months": 6,
    "next_day": 8, "convert_timezone": 8, "substring": 2, "substr": 2, "quote_ident": 2, "mod": 2, "soundex": 2,
    "sum": 2, "avg": 4, "hll": 2, "count": 2,
    "ratio_to_report": 2, "is_integer": 2, "is_smallint": 2, "get_array_length": 2,
    "array_concat": 5,
    "subarray": 5, "array_flatten": 5, "cbrt": 4, "trunc": 2, "listagg": 6, "difference": 8, "getbit": 2,
    "hll_create_sketch": 2, "hll_combine": 2, "date_cmp": 6,
    "timestamp_cmp": 6, "datediff": 2, "dateadd": 4, "date_add": 4, "array_contains": 4, "array_position": 4,
    "array_positions": 4, "array_distinct": 6, "array_except": 6, "array_intersection": 6, "array_sort": 4,
  ]

  static let names: [String: String] = {
    var names: [String: String] = [:]
    let same = """
      abs acos asin atan atan2 ceil ceiling cos cot degrees exp floor ln pi radians sign sin sqrt tan random round
      lower upper ltrim rtrim replace reverse repeat ascii chr greatest least md5 split_part translate strip_accents
      setseed from_hex pow power sha1 current_schemas
      """
    for name in same.split(whereSeparator: { $0 == " " || $0 == "\n" }) { names[String(name)] = String(name) }
    let others = [
      "dexp": "exp", "dlog1": "ln", "dlog10": "log10", "dpow": "pow", "btrim": "trim", "cbrt": "rs_cbrt",
      "to_hex": "rs_to_hex", "replicate": "repeat",
      "func_sha1": "sha1", "sha": "sha1", "initcap": "rs_initcap", "strtol": "rs_strtol",
      "quote_ident": "rs_quote_ident",
      "quote_literal": "rs_quote_literal", "is_valid_json": "rs_is_valid_json",
      "is_valid_json_array": "rs_is_valid_json_array", "can_json_parse": "rs_is_valid_json",
      "json_parse": "rs_json_parse", "split_to_array": "rs_split_to_array", "to_varbyte": "rs_to_varbyte",
      "from_varbyte": "rs_from_varbyte", "soundex": "rs_soundex",
      "bpcharcmp": "rs_compare", "bttext_pattern_cmp": "rs_compare", "texttobytes": "encode", "ratio": "rs_ratio",
    ]
    names.merge(others) { $1 }
    return names
  }()
}
