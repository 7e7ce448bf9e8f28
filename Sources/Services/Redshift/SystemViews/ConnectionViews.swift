import Kernel

/// Who connected and when, and what became of users.
enum ConnectionViews {
  /// Users see their own sessions, superusers all.
  private static func visible(_ source: SystemSource) -> [ConnectionEvent] {
    let all = source.rights.seesAll
    return source.warehouse.history.connections.filter { all || $0.user == source.user.id }
  }

  /// Sessions that are open or were, each with its end.
  private static func sessions(_ source: SystemSource) -> [(start: ConnectionEvent, end: Timestamp?, isOpen: Bool)] {
    let events = visible(source)
    var ends: [Int: Timestamp] = [:]
    for event in events where event.event == "disconnecting session" { ends[event.process] = event.time }
    let open = Set(source.warehouse.sessions.map(\.process))
    return events.filter { $0.event == "initiating session" }.map {
      ($0, ends[$0.process], open.contains($0.process))
    }
  }

  static let views: [SystemView] = [
    ActivityViews.view(
      "stl_connection_log",
      """
      event text, recordtime timestamp, remotehost text, remoteport text, pid int, dbname text, username text,
      authmethod text, duration bigint, sslversion text, sslcipher text, mtu int, sslcompression text, sslexpansion
      text, iamauthguid text, application_name text, driver_version text, os_version text, plugin_name text,
      protocol_version int, sessionid text, compression text
      """
    ) { source in
      visible(source).map { event in
        [
          event.event, ActivityViews.time(event.time), event.remoteHost, "", "\(event.process)", event.database,
          event.userName, "password", "\(event.durationMicroseconds)", "", "", "0", "", "", "", event.applicationName,
          event.settings["driver_version"] ?? "", event.settings["os_version"] ?? "",
          event.settings["plugin_name"] ?? "", event.settings["client_protocol_version"] ?? "0", "\(event.process)",
          "",
        ]
      }
    },
    ActivityViews.view(
      "sys_connection_log",
      """
      event text, record_time timestamp, remote_host text, remote_port text, session_id int, database_name text,
      user_name text, auth_method text, duration bigint, ssl_version text, ssl_cipher text, mtu int, ssl_compression
      text, ssl_expansion text, iam_auth_guid text, application_name text, driver_version text, os_version text,
      plugin_name text, protocol_version int, global_session_id text
      """
    ) { source in
      visible(source).map { event in
        [
          event.event, ActivityViews.time(event.time), event.remoteHost, "", "\(event.process)", event.database,
          event.userName, "password", "\(event.durationMicroseconds)", "", "", "0", "", "", "", event.applicationName,
          event.settings["driver_version"] ?? "", event.settings["os_version"] ?? "",
          event.settings["plugin_name"] ?? "", event.settings["client_protocol_version"] ?? "0", "\(event.process)",
        ]
      }
    },
    ActivityViews.view(
      "stl_sessions",
      """
      userid int, starttime timestamp, endtime timestamp, process int, user_name text, db_name text, timeout_sec int,
      timed_out int
      """
    ) { source in
      sessions(source).map { session in
        [
          "\(session.start.user)", ActivityViews.time(session.start.startedAt), ActivityViews.time(session.end),
          "\(session.start.process)", session.start.userName, session.start.database, "0", "0",
        ]
      }
    },
    ActivityViews.view(
      "sys_session_history",
      """
      user_id int, session_id int, database_name text, status text, session_timeout int, start_time timestamp,
      end_time timestamp
      """
    ) { source in
      sessions(source).map { session in
        [
          "\(session.start.user)", "\(session.start.process)", session.start.database,
          session.isOpen ? "active" : "closed", "0", ActivityViews.time(session.start.startedAt),
          ActivityViews.time(session.end),
        ]
      }
    },
    ActivityViews.view(
      "stl_userlog",
      """
      userid int, username text, oldusername text, action text, usecreatedb int, usesuper int, usecatupd int,
      valuntil timestamp, pid int, xid bigint, recordtime timestamp
      """
    ) { source in
      guard source.rights.seesAll else { return [] }
      return source.warehouse.history.users.map { event in
        [
          "\(event.user)", event.userName, event.oldName, event.action, event.createsDatabases ? "1" : "0",
          event.isSuperuser ? "1" : "0", event.isSuperuser ? "1" : "0", nil, "\(event.process)",
          "\(event.transaction)", ActivityViews.time(event.time),
        ]
      }
    },
    ActivityViews.view(
      "sys_userlog",
      """
      user_id int, user_name text, original_user_name text, action text, has_create_db_privs int, is_superuser int,
      has_update_catalog_privs int, password_expiration timestamp, session_id int, transaction_id bigint, record_time
      timestamp
      """
    ) { source in
      guard source.rights.seesAll else { return [] }
      return source.warehouse.history.users.map { event in
        [
          "\(event.user)", event.userName, event.oldName, event.action, event.createsDatabases ? "1" : "0",
          event.isSuperuser ? "1" : "0", event.isSuperuser ? "1" : "0", nil, "\(event.process)",
          "\(event.transaction)", ActivityViews.time(event.time),
        ]
      }
    },
  ]
}
