import Kernel

/// The lines of the audit's files: Redshift, "Database audit logging".
enum AuditLines {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

  private static func padded(_ number: Int, _ width: Int = 2) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// `Mon, 21 Nov 2026 18:50:31:123`
  private static func time(_ moment: Timestamp) -> String {
    let time = CivilTime(moment)
    return "\(days[(time.weekday - 1) % 7]), \(padded(time.day)) \(months[(time.month - 1) % 12]) \(time.year) "
      + "\(padded(time.hour)):\(padded(time.minute)):\(padded(time.second)):\(padded(time.nanosecond / 1_000_000, 3))"
  }

  /// Fields hold no bar and no end of line.
  private static func line(_ fields: [String]) -> String {
    fields.map { String($0.map { $0 == "|" || $0.isNewline ? " " : $0 }) }.joined(separator: "|") + "\n"
  }

  static func connection(_ event: ConnectionEvent) -> String {
    line([
      event.event + " ", time(event.time), event.remoteHost, "", "\(event.process)", event.database + " ",
      event.userName + " ", "password ", "\(event.durationMicroseconds)", "", "", "0", "", "", "",
      event.applicationName, event.settings["os_version"] ?? "", event.settings["driver_version"] ?? "",
      event.settings["plugin_name"] ?? "", event.settings["client_protocol_version"] ?? "0", "\(event.process)", "",
    ])
  }

  static func user(_ event: UserEvent) -> String {
    line([
      "\(event.user)", event.userName, event.oldName, event.action, event.createsDatabases ? "1" : "0",
      event.isSuperuser ? "1" : "0", event.isSuperuser ? "1" : "0", event.validUntil ?? "", "\(event.process)",
      "\(event.transaction)", time(event.time),
    ])
  }

  /// A statement; ends of lines in its text stay.
  static func activity(_ entry: StatementHistory.Entry) -> String {
    let time = CivilTime(entry.started)
    let moment =
      "\(time.year)-\(padded(time.month))-\(padded(time.day))T\(padded(time.hour)):\(padded(time.minute)):"
      + "\(padded(time.second))Z UTC"
    return "'\(moment) [ db=\(entry.database) user=\(entry.userName) pid=\(entry.process) userid=\(entry.user) "
      + "xid=\(entry.transaction) ]' LOG: \(entry.text)\n"
  }

  /// `PREFIX/AWSLogs/ACCOUNT/redshift/REGION/2026/11/21/ACCOUNT_redshift_REGION_CLUSTER_KIND_2026-11-21T18:50.gz`
  static func key(_ kind: String, prefix: String, scope: Scope, cluster: String, at moment: Timestamp) -> String {
    let time = CivilTime(moment)
    let day = [padded(time.year, 4), padded(time.month), padded(time.day)]
    let (account, region) = (scope.account.digits, scope.region.code)
    return "\(prefix)AWSLogs/\(account)/redshift/\(region)/\(day.joined(separator: "/"))/"
      + "\(account)_redshift_\(region)_\(cluster)_\(kind)_\(day.joined(separator: "-"))T\(padded(time.hour)):"
      + "\(padded(time.minute)).gz"
  }
}
