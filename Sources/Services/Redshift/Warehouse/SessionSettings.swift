import SQL

/// What SET changes and SHOW tells, for one session.
struct SessionSettings: Sendable {
  /// Redshift's parameters with their defaults: Redshift, "Modifying the server configuration", and what PostgreSQL's
  /// drivers ask for.
  static let defaults: [String: String] = [
    "analyze_threshold_percent": "10", "application_name": "", "cast_super_null_on_error": "on",
    "client_encoding": "UTF8", "client_min_messages": "notice", "compile": "auto",
    "datashare_break_glass_session_var": "",
    "datestyle": "ISO, MDY", "default_array_search_null_handling": "on", "default_geometry_encoding": "1",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "off", "describe_field_name_in_uppercase": "off",
    "downcase_delimited_identifier": "on", "enable_case_sensitive_identifier": "off",
    "enable_case_sensitive_super_attribute": "off", "enable_numeric_rounding": "on",
    "enable_result_cache_for_session": "on", "enable_user_activity_logging": "false", "enable_vacuum_boost": "off",
    "error_on_nondeterministic_update": "off", "extra_float_digits": "0", "idle_session_timeout": "14400",
    "integer_datetimes": "on", "interval_forbid_composite_literals": "on", "intervalstyle": "postgres",
    "is_superuser": "off", "json_serialization_enable": "off", "json_serialization_parse_nested_strings": "off",
    "lc_collate": "C", "lc_ctype": "C", "max_concurrency_scaling_clusters": "1",
    "max_cursor_result_set_size": "default",
    "max_identifier_length": "127", "mv_enable_aqmv_for_session": "on", "navigate_super_null_on_error": "on",
    "parse_super_null_on_error": "off", "password_encryption": "md5", "pg_federation_repeatable_read": "on",
    "query_group": "default", "query_queue_name": "", "require_ssl": "false", "search_path": "$user, public",
    "show_discovery": "4", "datashare_enabled": "on",
    "server_encoding": "UTF8", "server_version": "8.0.2", "server_version_num": "80002", "session_authorization": "",
    "spectrum_enable_pseudo_columns": "on", "spectrum_query_maxerror": "-1", "standard_conforming_strings": "on",
    "statement_timeout": "0", "stored_proc_log_min_messages": "INFO", "timezone": "UTC",
    "transaction_isolation": "SERIALIZABLE", "transaction_read_only": "off", "use_fips_ssl": "false",
    "wlm_query_slot_count": "1",
    "use_padb_client_driver_version": "",
  ]

  private static let readOnly: Set<String> = [
    "server_version", "server_version_num", "server_encoding", "integer_datetimes", "lc_collate", "lc_ctype",
    "is_superuser", "show_discovery", "datashare_enabled",
    "max_identifier_length", "session_authorization", "standard_conforming_strings",
  ]

  /// The names under which PostgreSQL reports parameters to clients.
  private static let reported = [
    "application_name": "application_name", "client_encoding": "client_encoding", "datestyle": "DateStyle",
    "integer_datetimes": "integer_datetimes", "is_superuser": "is_superuser", "server_encoding": "server_encoding",
    "server_version": "server_version", "session_authorization": "session_authorization", "timezone": "TimeZone",
    "standard_conforming_strings": "standard_conforming_strings",
    // Which of SHOW's lists Redshift's drivers may ask for.
    "show_discovery": "show_discovery",
    // Names of three parts are understood: drivers list all databases.
    "datashare_enabled": "datashare_enabled",
  ]

  private var base: [String: String]
  private(set) var values: [String: String]
  /// Before a transaction block's own changes, which a rollback takes back.
  private var saved: [String: String]?
  private var locals: [String: String] = [:]

  /// - Parameter start: the parameter group's, the user's and the connection's values, later ones first.
  init(user: CatalogUser, start: [[String: String]]) {
    base = Self.defaults
    base["is_superuser"] = user.isSuperuser ? "on" : "off"
    base["session_authorization"] = user.name
    for values in start.reversed() {
      for (name, value) in values {
        let name = Self.canonical(name)
        if !Self.readOnly.contains(name) { base[name] = value }
      }
    }
    values = base
  }

  /// Whether capitals in quoted names mean something.
  var keepsCase: Bool {
    Self.isOn(values["enable_case_sensitive_identifier"] ?? "")
      || !Self.isOn(values["downcase_delimited_identifier"] ?? "on")
  }

  /// Whether a value of a parameter that is on or off means on.
  static func isOn(_ value: String) -> Bool { ["on", "true", "1", "yes"].contains(value.lowercased()) }

  static func canonical(_ name: String) -> String {
    let name = name.lowercased()
    return name == "time zone" ? "timezone" : name == "wlm_query_slot_count" ? name : name
  }

  subscript(_ name: String) -> String? { values[Self.canonical(name)] }

  var reportedParameters: [(name: String, value: String)] {
    Self.reported.sorted { $0.value < $1.value }.map { ($0.value, values[$0.key] ?? "") }
  }

  var searchPath: [String] { Self.names(values["search_path"] ?? "", keepsCase: keepsCase) }

  /// The names of a list such as `"$user", public`.
  static func names(_ list: String, keepsCase: Bool = false) -> [String] {
    list.split(separator: ",").map { part in
      var name = part.trimming { $0.isWhitespace }
      if name.hasPrefix("\"") || name.hasPrefix("'") { name = name.dropFirst().dropLast(1) }
      return keepsCase ? String(name) : name.asciiLowercased
    }.filter { !$0.isEmpty }
  }

  /// - Throws: `SQLFailure` for a parameter that does not exist, cannot be changed, or does not take the value.
  mutating func set(_ name: String, to value: String?, local: Bool, inBlock: Bool) throws(SQLFailure) {
    let name = Self.canonical(name)
    if Self.readOnly.contains(name) {
      throw SQLFailure("55P02", "parameter \"\(name)\" cannot be changed")
    }
    guard base[name] != nil || name.contains(".") else {
      throw SQLFailure("42704", "unrecognized configuration parameter \"\(name)\"")
    }
    if inBlock, saved == nil { saved = values }
    let value = value ?? base[name] ?? ""
    if ["statement_timeout", "idle_session_timeout", "extra_float_digits", "wlm_query_slot_count"].contains(name),
      Int(value) == nil
    {
      throw SQLFailure("22023", "parameter \"\(name)\" requires an integer value")
    }
    if local, locals[name] == nil { locals[name] = values[name] ?? "" }
    values[name] = value
  }

  mutating func reset(_ name: String?) throws(SQLFailure) {
    guard let name else {
      values = base
      return
    }
    guard let value = base[Self.canonical(name)] else {
      throw SQLFailure("42704", "unrecognized configuration parameter \"\(name)\"")
    }
    values[Self.canonical(name)] = value
  }

  /// The transaction block is over.
  mutating func endBlock(committed: Bool) {
    if !committed, let saved { values = saved }
    for (name, value) in locals { values[name] = value }
    locals = [:]
    saved = nil
  }
}

extension StringProtocol {
  func trimming(_ isOut: (Character) -> Bool) -> SubSequence {
    var slice = self[...]
    while let first = slice.first, isOut(first) { slice = slice.dropFirst() }
    while let last = slice.last, isOut(last) { slice = slice.dropLast() }
    return slice
  }
}
