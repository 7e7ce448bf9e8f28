import AWSWire
import RedshiftModel

/// The parameters that a parameter group has, with AWS's defaults.
struct ClusterParameter: Sendable {
  enum Kind: Sendable {
    case boolean
    case integer(ClosedRange<Int>, alsoZero: Bool = false)
    case text
    /// An integer or the word `default`.
    case integerOrDefault(ClosedRange<Int>)
  }

  var name: String
  var standard: String
  var description: String
  var kind: Kind
  /// Dynamic parameters apply at once, static ones after a reboot.
  var isDynamic = false

  static let all: [ClusterParameter] = [
    ClusterParameter(name: "auto_analyze", standard: "true", description: "Use auto analyze", kind: .boolean),
    ClusterParameter(name: "auto_mv", standard: "true", description: "Use auto mv capability", kind: .boolean),
    ClusterParameter(
      name: "datestyle", standard: "ISO, MDY", description: "Sets the display format for date and time values.",
      kind: .text),
    ClusterParameter(
      name: "enable_case_sensitive_identifier", standard: "false",
      description: "Preserve case sensitivity for database identifiers such as table or column names in parser",
      kind: .boolean, isDynamic: true),
    ClusterParameter(
      name: "enable_user_activity_logging", standard: "false", description: "parameter for audit logging purpose",
      kind: .boolean),
    ClusterParameter(
      name: "extra_float_digits", standard: "0",
      description: "Sets the number of digits displayed for floating-point values", kind: .integer(-15...2)),
    ClusterParameter(
      name: "max_concurrency_scaling_clusters", standard: "1",
      description: "The maximum concurrency scaling clusters can be used.", kind: .integer(0...10), isDynamic: true),
    ClusterParameter(
      name: "max_cursor_result_set_size", standard: "default", description: "Sets the max cursor result set size",
      kind: .integerOrDefault(0...14_400_000)),
    ClusterParameter(
      name: "query_group", standard: "default",
      description: "This parameter applies a user-defined label to a group of queries that are run during the same "
        + "session.", kind: .text),
    ClusterParameter(
      name: "require_ssl", standard: "false", description: "require ssl for all databaseconnections", kind: .boolean),
    ClusterParameter(
      name: "search_path", standard: "$user, public",
      description: "Sets the schema search order for names that are not schema-qualified.", kind: .text),
    ClusterParameter(
      name: "statement_timeout", standard: "0",
      description: "Aborts any statement that takes over the specified number of milliseconds.",
      kind: .integer(100...2_147_483_647, alsoZero: true)),
    ClusterParameter(name: "use_fips_ssl", standard: "false", description: "Use fips ssl library", kind: .boolean),
    ClusterParameter(
      name: "wlm_json_configuration", standard: #"[{"auto_wlm":true}]"#, description: "wlm json configuration",
      kind: .text, isDynamic: true),
  ]

  static let families = ["redshift-1.0", "redshift-2.0"]

  /// The values of a group that changes nothing.
  static func defaults(_ family: String) -> [String: String] {
    var values = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.standard) })
    // What sets the second family apart.
    if family == "redshift-2.0" { values["require_ssl"] = "true" }
    return values
  }

  /// - Returns: what is wrong with a value, if anything is.
  func fault(_ value: String) -> String? {
    if name == "wlm_json_configuration", value.utf8.count <= 32_768 {
      do throws(WorkloadConfiguration.Fault) {
        _ = try WorkloadConfiguration(json: value, automaticSlots: WorkloadLimits.slotsDefault)
        return nil
      } catch {
        return error.message
      }
    }
    let isLegal: Bool =
      switch kind {
      case .boolean: ["true", "false"].contains(value.lowercased())
      case .integer(let range, let alsoZero): Int(value).map { range.contains($0) || (alsoZero && $0 == 0) } ?? false
      case .integerOrDefault(let range): value == "default" || Int(value).map(range.contains) ?? false
      case .text: !value.isEmpty && value.utf8.count <= 32_768
      }
    return isLegal ? nil : "Invalid parameter value: \(value.prefix(256)) for parameter \(name)"
  }

  private var allowed: String? {
    switch kind {
    case .boolean: "true,false"
    case .integer(let range, let alsoZero): (alsoZero ? "0," : "") + "\(range.lowerBound)-\(range.upperBound)"
    case .integerOrDefault(let range): "\(range.lowerBound)-\(range.upperBound)"
    case .text: nil
    }
  }

  func shape(_ value: String, source: String) -> Parameter {
    let type =
      switch kind {
      case .boolean: "boolean"
      case .integer, .integerOrDefault: "integer"
      case .text: "string"
      }
    return Parameter(
      parameterName: name, parameterValue: value, description: description, source: source, dataType: type,
      allowedValues: allowed, applyType: isDynamic ? "dynamic" : "static", isModifiable: true)
  }
}
