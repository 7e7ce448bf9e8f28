import Kernel
import RedshiftModel

/// What AWS checks of names, passwords and numbers before it makes or changes anything.
enum ClusterRules {
  /// A cluster's, group's or snapshot's identifier, in lower case.
  static func identifier(_ text: String, _ parameter: String, max: Int = ClusterLimits.identifierCharactersMax) throws
    -> String
  {
    let name = text.lowercased()
    let bytes = Array(name.utf8)
    let isLegal = bytes.allSatisfy { isLower($0) || isDigit($0) || $0 == 0x2D }
    guard let first = bytes.first, isLower(first), isLegal, bytes.last != 0x2D, !name.contains("--") else {
      throw RedshiftError.invalidParameterValue(
        "The parameter \(parameter) is not a valid identifier. Identifiers must begin with a letter; must contain only "
          + "ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.")
    }
    guard bytes.count <= max else {
      throw RedshiftError.invalidParameterValue(
        "The parameter \(parameter) is not a valid identifier because it is longer than \(max) characters.")
    }
    return name
  }

  /// A password's weakness, if it has one; `parameter` names it in the message.
  static func weakness(ofPassword password: String, _ parameter: String) -> String? {
    let bytes = Array(password.utf8)
    if bytes.count < ClusterLimits.passwordCharacters.lowerBound {
      return "The parameter \(parameter) is not a valid password because it is shorter than "
        + "\(ClusterLimits.passwordCharacters.lowerBound) characters."
    }
    if bytes.count > ClusterLimits.passwordCharacters.upperBound {
      return "The parameter \(parameter) is not a valid password because it is longer than "
        + "\(ClusterLimits.passwordCharacters.upperBound) characters."
    }
    let forbidden = Set(#"'"\/@"#.utf8)
    if bytes.contains(where: { !(33...126).contains($0) || forbidden.contains($0) }) {
      return "The parameter \(parameter) is not a valid password. Only printable ASCII characters besides '/', "
        + "'@', '\"', '\\', ''', and ' ' may be used."
    }
    if !bytes.contains(where: { (0x41...0x5A).contains($0) }) {
      return "The parameter \(parameter) must contain at least one upper case letter."
    }
    if !bytes.contains(where: isLower) {
      return "The parameter \(parameter) must contain at least one lower case letter."
    }
    if !bytes.contains(where: isDigit) {
      return "The parameter \(parameter) must contain at least one number."
    }
    return nil
  }

  static func password(_ password: String) throws {
    if let weakness = weakness(ofPassword: password, "MasterUserPassword") {
      throw RedshiftError.invalidParameterValue(weakness)
    }
  }

  /// What is wrong with a database user's name, if anything is.
  static func fault(ofUser name: String, _ parameter: String) -> String? {
    let bytes = Array(name.utf8)
    let punctuation = Set("_+.@-".utf8)
    let isLegal = bytes.allSatisfy { isLower($0) || isDigit($0) || punctuation.contains($0) }
    guard let first = bytes.first, isLower(first), isLegal, bytes.count <= ClusterLimits.userCharactersMax else {
      return "The parameter \(parameter) is not valid. The user name must begin with a letter, have at most "
        + "\(ClusterLimits.userCharactersMax) characters, and contain only lowercase letters, numbers, underscores, "
        + "plus signs, periods, at symbols and hyphens."
    }
    if reserved.contains(name) { return "The parameter \(parameter) must not be a reserved word: \(name)." }
    return nil
  }

  static func fault(ofDatabase name: String, _ parameter: String) -> String? {
    let bytes = Array(name.utf8)
    let isLegal = bytes.allSatisfy { isLower($0) || isDigit($0) || $0 == 0x5F || $0 == 0x24 || $0 == 0x2D }
    guard let first = bytes.first, isLower(first) || first == 0x5F, isLegal,
      bytes.count <= ClusterLimits.databaseCharactersMax
    else {
      return "The parameter \(parameter) is not a valid database name. It must contain 1 to "
        + "\(ClusterLimits.databaseCharactersMax) lowercase alphanumeric characters."
    }
    if reserved.contains(name) { return "The parameter \(parameter) must not be a reserved word: \(name)." }
    return nil
  }

  static func value(_ fault: String?) throws {
    if let fault { throw RedshiftError.invalidParameterValue(fault) }
  }

  static func nodeType(_ name: String) throws -> ClusterLimits.NodeType {
    guard let type = ClusterLimits.nodeTypes[name.lowercased()] else {
      throw RedshiftError.invalidParameterValue("Invalid node type: \(name)")
    }
    return type
  }

  /// Clusters of several nodes say so; others have one.
  static func nodes(_ count: Int?, clusterType: String?, nodeType: String) throws -> Int {
    let type = try Self.nodeType(nodeType)
    switch clusterType {
    case nil, "multi-node", "single-node": break
    case let other?:
      throw RedshiftError.invalidParameterValue(
        "Invalid cluster type: \(other). Valid values are multi-node and single-node.")
    }
    if clusterType == "single-node" {
      guard count ?? 1 == 1 else {
        throw RedshiftError.invalidParameterCombination(
          "Number of nodes must be 1 for a cluster of type single-node.")
      }
    } else if clusterType == "multi-node" {
      guard let count else {
        throw RedshiftError.invalidParameterCombination(
          "Number of nodes for cluster type multi-node must be specified.")
      }
      guard count >= 2 else {
        throw RedshiftError.invalidParameterCombination(
          "Number of nodes for cluster type multi-node must be greater than or equal to 2.")
      }
    }
    let nodes = count ?? 1
    guard (1...ClusterLimits.nodesMax).contains(nodes), nodes <= type.nodes.upperBound else {
      throw RedshiftError.numberOfNodesPerClusterLimitExceededFault(
        "The number of nodes \(nodes) exceeds what a cluster of \(nodeType) may have.")
    }
    guard nodes >= type.nodes.lowerBound else {
      throw RedshiftError.invalidParameterCombination(
        "Clusters of \(nodeType) must have at least \(type.nodes.lowerBound) nodes.")
    }
    return nodes
  }

  static func port(_ port: Int, nodeType: String) throws {
    let legal = try Self.nodeType(nodeType).managesStorage
      ? ClusterLimits.portsOfManagedStorage : [ClusterLimits.portsOfDC2]
    guard legal.contains(where: { $0.contains(port) }) else {
      let ranges = legal.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: " or ")
      throw RedshiftError.invalidParameterValue(
        "Invalid port \(port) for node type \(nodeType). The port must be in the range \(ranges).")
    }
  }

  static func retention(automated days: Int?, nodeType: String) throws -> Int {
    let days = days ?? 1
    guard ClusterLimits.automatedRetentionDays.contains(days) else {
      throw RedshiftError.invalidRetentionPeriodFault(
        "The automated snapshot retention period must be between 0 and 35 days.")
    }
    if days == 0, try Self.nodeType(nodeType).managesStorage {
      throw RedshiftError.invalidParameterCombination(
        "Automated snapshots cannot be disabled for clusters of node type \(nodeType).")
    }
    return days
  }

  static func retention(manual days: Int?) throws -> Int {
    let days = days ?? -1
    guard days == -1 || ClusterLimits.manualRetentionDays.contains(days) else {
      throw RedshiftError.invalidRetentionPeriodFault(
        "The manual snapshot retention period must be -1 or between 1 and 3653 days.")
    }
    return days
  }

  /// `ddd:hh24:mi-ddd:hh24:mi`, half an hour or longer, in lower case.
  static func window(_ text: String) throws -> String {
    let window = text.lowercased()
    let ends = window.split(separator: "-", omittingEmptySubsequences: false).map(minuteOfWeek)
    guard ends.count == 2, let from = ends[0], let to = ends[1] else {
      throw RedshiftError.invalidParameterValue(
        "Invalid maintenance window \(text). It must have the form ddd:hh24:mi-ddd:hh24:mi.")
    }
    let week = 7 * 24 * 60
    guard (to - from + week) % week >= 30 else {
      throw RedshiftError.invalidParameterValue("The maintenance window must be at least 30 minutes.")
    }
    return window
  }

  private static func minuteOfWeek(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    guard parts.count == 3, let day = days.firstIndex(of: String(parts[0])), parts[1].count == 2, parts[2].count == 2,
      let hour = Int(parts[1]), (0..<24).contains(hour), let minute = Int(parts[2]), (0..<60).contains(minute)
    else { return nil }
    return (day * 24 + hour) * 60 + minute
  }

  static func roles(_ roles: [String], default standard: String?) throws {
    for role in roles {
      guard let arn = ARN(role), arn.service == "iam", arn.resource.hasPrefix("role/"),
        AccountID(arn.account) != nil
      else {
        throw RedshiftError.invalidParameterValue("The IAM role \(role) is not valid.")
      }
    }
    guard Set(roles).count == roles.count else {
      throw RedshiftError.invalidParameterValue("The IAM roles must not be repeated.")
    }
    guard roles.count <= ClusterLimits.rolesPerClusterMax else {
      throw RedshiftError.limitExceededFault(
        "A cluster can have at most \(ClusterLimits.rolesPerClusterMax) IAM roles.")
    }
    if let standard, !standard.isEmpty, !roles.contains(standard) {
      throw RedshiftError.invalidParameterValue("The default IAM role \(standard) is not associated with the cluster.")
    }
  }

  static func tags(_ given: [Tag]?) throws -> [String: String] {
    var tags: [String: String] = [:]
    for tag in given ?? [] {
      guard let key = tag.key, (1...128).contains(key.count), !key.lowercased().hasPrefix("aws:"),
        (tag.value ?? "").count <= 256
      else { throw RedshiftError.invalidTagFault("The tag is invalid.") }
      tags[key] = tag.value ?? ""
    }
    guard tags.count <= ClusterLimits.tagsPerResourceMax else {
      throw RedshiftError.tagLimitExceededFault("You have exceeded the number of tags allowed.")
    }
    return tags
  }

  static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Redshift's reserved words that are letters and underscores only, from "Reserved words".
  static let reserved = Set(
    """
    aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary \
    blanksasnull both bytedict bzip2 case cast check collate column connect constraint create credentials cross \
    current_date current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta \
    delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for \
    foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially \
    inner intersect interval into is isnull join leading left like limit localtime localtimestamp lun luns lzo lzop \
    minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or \
    order outer overlaps parallel partition percent permissions pivot placing primary public raw readratio recover \
    references rejectlog resort respect restore right select session_user similar snapshot some sysdate system table \
    tag tdes text255 text32k then timestamp to top trailing true truncatecolumns type union unique unnest unpivot user \
    using verbose wallet when where with without
    """.split(separator: " ").map(String.init))
}

/// Pages through a sorted list: a marker is the last item's name.
struct Page<Item> {
  let items: [Item]
  let marker: String?

  init(_ sorted: [Item], after marker: String?, limit: Int, name: (Item) -> String) {
    let start =
      marker.map { marker in sorted.firstIndex { name($0) > marker } ?? sorted.endIndex }
      ?? sorted.startIndex
    let end = min(sorted.endIndex, start + max(1, limit))
    items = Array(sorted[start..<end])
    self.marker = end < sorted.endIndex ? items.last.map(name) : nil
  }
}
