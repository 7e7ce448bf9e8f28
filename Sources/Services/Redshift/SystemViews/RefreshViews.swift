import Kernel
import SQL

/// STV_MV_INFO, SVV_MV_INFO, SVL_MV_REFRESH_STATUS and SYS_: materialized views and their refreshes.
enum RefreshViews {
  private static func view(
    _ name: String, _ columns: String, _ rows: @escaping @Sendable (SystemSource) async throws -> [[String?]]
  ) -> SystemView {
    SystemView("pg_catalog", name, columns, rows: rows)
  }

  private static func visible(_ source: SystemSource) -> [RefreshHistory.Entry] {
    let all = source.rights.isSuperuser || source.user.isSyslogUnrestricted
    return source.warehouse.refreshes.entries.filter { all || $0.user == source.user.id }
  }

  private static func time(_ time: Timestamp) -> String { PostgresText.timestamp(time.nanoseconds / 1_000) }

  private static func views(_ source: SystemSource) -> [(relation: CatalogRelation, schema: String)] {
    PostgresCatalog.relations(source).filter { $0.relation.form == .materializedView }.map { ($0.relation, $0.schema) }
  }

  private static func owner(_ id: Int, _ source: SystemSource) -> String { source.catalog.users[id]?.name ?? "" }

  /// `t` also where that cannot be known: the role may have lost its rights.
  private static func staleness(_ view: CatalogRelation, _ source: SystemSource) async -> String {
    await ((try? source.session.isStale(view)) ?? true) ? "t" : "f"
  }

  private static func state(_ view: CatalogRelation) -> String {
    view.materialization?.isIncremental == true ? "1" : "0"
  }

  static let views: [SystemView] = [
    view(
      "svv_mv_info",
      """
      database_name text, schema_name text, user_name text, name text, is_stale char, state int, autorefresh bool,
      autorewrite bool
      """
    ) { source in
      var rows: [[String?]] = []
      for (relation, schema) in views(source) {
        rows.append([
          source.database.name, schema, owner(relation.owner, source), relation.name, await staleness(relation, source),
          state(relation), PostgresCatalog.flag(relation.autoRefresh), "f",
        ])
      }
      return rows
    },
    view(
      "stv_mv_info",
      """
      db_name text, schema name, name name, updated_upto_xid bigint, is_stale char, owner_user_name text, state
      int, autorefresh char, autorewrite char
      """
    ) { source in
      var rows: [[String?]] = []
      for (relation, schema) in views(source) {
        rows.append([
          source.database.name, schema, relation.name, "0", await staleness(relation, source),
          owner(relation.owner, source), state(relation), relation.autoRefresh ? "t" : "f", "f",
        ])
      }
      return rows
    },
    view(
      "svl_mv_refresh_status",
      """
      db_name text, userid bigint, schema_name text, mv_name text, xid bigint, starttime timestamp, endtime timestamp,
      status text, refresh_type text
      """
    ) { source in
      visible(source).map { entry in
        [
          entry.database, "\(entry.user)", entry.schema, entry.view, "\(entry.transaction)", time(entry.started),
          time(entry.ended), entry.status, entry.isAutomatic ? "Auto" : "Manual",
        ]
      }
    },
    view(
      "sys_mv_refresh_history",
      """
      user_id int, transaction_id bigint, database_name text, schema_name text, mv_name text, refresh_type text,
      status text, start_time timestamp, end_time timestamp, duration bigint
      """
    ) { source in
      visible(source).map { entry in
        [
          "\(entry.user)", "\(entry.transaction)", entry.database, entry.schema, entry.view,
          entry.isAutomatic ? "Auto" : "Manual", entry.status, time(entry.started), time(entry.ended),
          "\((entry.ended.nanoseconds - entry.started.nanoseconds) / 1_000)",
        ]
      }
    },
    view(
      "sys_stream_scan_states",
      """
      external_schema_name text, stream_name text, mv_name text, transaction_id bigint, record_time timestamp,
      partition_id text, latest_position text, scanned_rows bigint, skipped_rows bigint, scanned_bytes bigint,
      stream_record_time_min timestamp, stream_record_time_max timestamp
      """
    ) { source in
      visible(source).flatMap { entry in
        entry.scans.map { scan in
          [
            scan.schema, scan.stream, entry.view, "\(entry.transaction)", time(entry.ended), scan.shard, scan.position,
            "\(scan.rows)", "\(scan.skipped)", "\(scan.bytes)", time(scan.earliest), time(scan.latest),
          ]
        }
      }
    },
    view(
      "sys_stream_scan_errors",
      """
      external_schema_name text, stream_name text, mv_name text, partition_id text, position text, error_code int,
      error_reason text, record_time timestamp
      """
    ) { source in
      guard source.rights.isSuperuser || source.user.isSyslogUnrestricted else { return [] }
      return source.warehouse.refreshes.skipped.map { record in
        [
          record.schema, record.stream, record.view, record.shard, record.position, "0", record.reason,
          time(record.time),
        ]
      }
    },
  ]
}
