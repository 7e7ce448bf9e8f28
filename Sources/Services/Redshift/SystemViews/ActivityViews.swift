import Kernel
import SQL

/// STL_, STV_, SVL_ and SYS_: what happens and happened in the last days.
enum ActivityViews {
  static func view(
    _ name: String, _ columns: String, _ rows: @escaping @Sendable (SystemSource) async throws -> [[String?]]
  ) -> SystemView {
    SystemView("pg_catalog", name, columns, rows: rows)
  }

  /// Users see what is theirs, superusers (and who has SYSLOG ACCESS UNRESTRICTED) all.
  static func visible(_ source: SystemSource) -> [StatementHistory.Entry] {
    let all = source.rights.seesAll
    return source.warehouse.history.entries.filter { all || $0.user == source.user.id }
  }

  private static func loadErrors(_ source: SystemSource) -> [StatementHistory.LoadError] {
    let all = source.rights.seesAll
    return source.warehouse.history.loadErrors.filter { all || $0.user == source.user.id }
  }

  static func time(_ time: Timestamp?) -> String? {
    time.map { PostgresText.timestamp($0.nanoseconds / 1_000) }
  }

  private static func elapsed(_ entry: StatementHistory.Entry) -> String? {
    entry.ended.map { "\(($0.nanoseconds - entry.started.nanoseconds) / 1_000)" }
  }

  /// Without the time in a queue.
  private static func execution(_ entry: StatementHistory.Entry) -> String {
    "\(max(0, (entry.microseconds ?? 0) - (entry.work?.queueMicroseconds ?? 0)))"
  }

  private static func line(_ text: String, _ length: Int) -> String {
    String(text.replacing("\n", with: "\\n").prefix(length))
  }

  static let views: [SystemView] = [
    // What was rolled back leaves no trace of its own.
    view(
      "stl_undone",
      """
      userid int, xact_id bigint, xact_id_undone bigint, undo_start_ts timestamp, undo_end_ts timestamp,
      table_id bigint
      """
    ) { _ in [] },
    view(
      "stl_query",
      """
      userid int, query int, label text, xid bigint, pid int, database text, querytxt text, starttime timestamp,
      endtime timestamp, aborted int, insert_pristine int, concurrency_scaling_status int
      """
    ) { source in
      visible(source).filter { $0.kind != "UTILITY" && $0.kind != "DDL" }.map { entry in
        [
          "\(entry.user)", "\(entry.id)", entry.label, "\(entry.transaction)", "\(entry.process)", entry.database,
          line(entry.text, 4_000), time(entry.started), time(entry.ended), entry.failure == nil ? "0" : "1", "0", "0",
        ]
      }
    },
    view(
      "svl_qlog",
      """
      userid int, query int, xid bigint, pid int, starttime timestamp, endtime timestamp, elapsed bigint, aborted
      int, label text, substring text, source_query int, concurrency_scaling_status_txt text, from_sp_call int
      """
    ) { source in
      visible(source).map { entry in
        [
          "\(entry.user)", "\(entry.id)", "\(entry.transaction)", "\(entry.process)", time(entry.started),
          time(entry.ended),
          elapsed(entry), entry.failure == nil ? "0" : "1", entry.label, line(entry.text, 60), nil, nil, nil,
        ]
      }
    },
    view("stl_querytext", "userid int, xid bigint, pid int, query int, sequence int, text text") { source in
      visible(source).flatMap { entry in
        pieces(entry.text).enumerated().map {
          ["\(entry.user)", "\(entry.transaction)", "\(entry.process)", "\(entry.id)", "\($0)", $1]
        }
      }
    },
    view(
      "svl_statementtext",
      """
      userid int, xid bigint, pid int, label text, starttime timestamp, endtime timestamp, sequence int, type
      text, text text
      """
    ) { source in
      visible(source).flatMap { entry in
        pieces(entry.text).enumerated().map {
          [
            "\(entry.user)", "\(entry.transaction)", "\(entry.process)", entry.label, time(entry.started),
            time(entry.ended), "\($0)", kind(entry), $1,
          ]
        }
      }
    },
    view(
      "stl_ddltext",
      """
      userid int, xid bigint, pid int, label text, starttime timestamp, endtime timestamp, sequence int, text text
      """
    ) { source in
      visible(source).filter { $0.kind == "DDL" || $0.kind == "CTAS" }.flatMap { entry in
        pieces(entry.text).enumerated().map {
          [
            "\(entry.user)", "\(entry.transaction)", "\(entry.process)", entry.label, time(entry.started),
            time(entry.ended), "\($0)", $1,
          ]
        }
      }
    },
    view(
      "stl_utilitytext",
      """
      userid int, xid bigint, pid int, label text, starttime timestamp, endtime timestamp, sequence int, text text
      """
    ) { source in
      visible(source).filter { $0.kind == "UTILITY" }.flatMap { entry in
        pieces(entry.text).enumerated().map {
          [
            "\(entry.user)", "\(entry.transaction)", "\(entry.process)", entry.label, time(entry.started),
            time(entry.ended), "\($0)", $1,
          ]
        }
      }
    },
    view(
      "stl_error",
      """
      userid int, process text, recordtime timestamp, pid int, errcode int, file text, linenum int, context text,
      error text
      """
    ) { source in
      visible(source).compactMap { entry in
        entry.failure.map {
          [
            "\(entry.user)", "padbmaster", time(entry.ended), "\(entry.process)", "8001", "", "0",
            line(entry.text, 255), $0.message,
          ]
        }
      }
    },
    view(
      "sys_query_history",
      """
      user_id int, query_id bigint, query_label text, transaction_id bigint, session_id int, database_name text,
      query_type text, status text, result_cache_hit bool, start_time timestamp, end_time timestamp, elapsed_time
      bigint, queue_time bigint, execution_time bigint, error_message text, returned_rows bigint, returned_bytes
      bigint, query_text text, redshift_version text, usage_limit text, compute_type text, compile_time bigint,
      planning_time bigint, lock_wait_time bigint, username text
      """
    ) { source in
      visible(source).map { entry in
        [
          "\(entry.user)", "\(entry.id)", entry.label, "\(entry.transaction)", "\(entry.process)", entry.database,
          entry.kind,
          entry.ended == nil
            ? entry.work.map { $0.admitted == nil } == true ? "queued" : "running"
            : entry.failure == nil ? "success" : entry.failure?.sqlState == "57014" ? "canceled" : "failed",
          "f", time(entry.started), time(entry.ended), elapsed(entry) ?? "0",
          "\(entry.work?.queueMicroseconds ?? 0)", execution(entry), entry.failure?.message,
          "\(entry.rows)", "0", line(entry.text, 4_000), "1.0.77467", nil, "primary", "0", "0",
          "\(entry.lockWaitMicroseconds)", entry.userName,
        ]
      }
    },
    view(
      "sys_query_text",
      """
      user_id int, query_id bigint, transaction_id bigint, session_id int, start_time timestamp, sequence int,
      text text
      """
    ) { source in
      visible(source).flatMap { entry in
        pieces(entry.text).enumerated().map {
          [
            "\(entry.user)", "\(entry.id)", "\(entry.transaction)", "\(entry.process)", time(entry.started), "\($0)",
            $1,
          ]
        }
      }
    },
    view(
      "stv_recents",
      """
      userid int, status text, starttime timestamp, duration bigint, user_name text, db_name text, query text, pid
      int
      """
    ) { source in
      visible(source).suffix(100).map { entry in
        [
          "\(entry.user)", entry.ended == nil ? "Running" : "Done", time(entry.started), elapsed(entry) ?? "0",
          entry.userName, entry.database, line(entry.text, 600), entry.ended == nil ? "\(entry.process)" : "-1",
        ]
      }
    },
    view(
      "stv_inflight",
      """
      userid int, slice int, query int, label text, xid bigint, pid int, starttime timestamp, text text, suspended
      int, insert_pristine int, concurrency_scaling_status int
      """
    ) { source in
      visible(source).filter { $0.ended == nil }.map { entry in
        [
          "\(entry.user)", "0", "\(entry.id)", entry.label, "\(entry.transaction)", "\(entry.process)",
          time(entry.started), line(entry.text, 100), "0", "0", "0",
        ]
      }
    },
    view(
      "stv_sessions",
      """
      starttime timestamp, process int, user_name text, db_name text, timeout_sec int
      """
    ) { source in
      sessions(source).map { [time($0.startedAt), "\($0.process)", $0.userName, $0.database.name, "0"] }
    },
    view(
      "stv_locks",
      """
      table_id int, last_commit timestamp, last_update timestamp, lock_owner bigint, lock_owner_pid bigint,
      lock_owner_start_ts timestamp, lock_owner_end_ts timestamp, lock_status text
      """
    ) { source in
      await source.warehouse.locks.held.map {
        ["\($0.table)", nil, nil, "\($0.session)", "\($0.session)", nil, nil, "Holding write lock"]
      }
    },
    view(
      "svv_transactions",
      """
      txn_owner text, txn_db text, xid bigint, pid int, txn_start timestamp, lock_mode text, lockable_object_type
      text, relation int, granted bool
      """
    ) { source in
      await source.warehouse.locks.held.map { held in
        let session = source.warehouse.sessions.first { $0.process == held.session }
        return [
          session?.userName, session?.database.name, "0", "\(held.session)", nil, "ShareRowExclusiveLock", "relation",
          "\(held.table)", "t",
        ]
      }
    },
    view(
      "stl_load_errors",
      """
      userid int, slice int, tbl int, starttime timestamp, session int, query int, filename text, line_number
      bigint, colname text, type text, col_length text, position int, raw_line text, raw_field_value text,
      err_code int, err_reason text, is_partial int, start_offset bigint, copy_job_id bigint
      """
    ) { source in
      loadErrors(source).map { error in
        [
          "\(error.user)", "0", "\(error.table)", time(error.time), "\(error.process)", "\(error.query)", error.file,
          "\(error.line)", error.column,
          error.type, error.columnLength, "\(error.position)", line(error.rawLine, 1_024), line(error.rawField, 1_024),
          "\(error.code)", error.reason,
          "0", "0", "0",
        ]
      }
    },
    view(
      "sys_load_error_detail",
      """
      user_id int, query_id bigint, transaction_id bigint, session_id int, database_name text, table_id int,
      start_time timestamp, file_name text, line_number bigint, column_name text, column_type text, column_length
      text, position int, error_code int, error_message text
      """
    ) { source in
      loadErrors(source).map { error in
        [
          "\(error.user)", "\(error.query)", "0", "\(error.process)", source.database.name, "\(error.table)",
          time(error.time), error.file, "\(error.line)",
          error.column, error.type, error.columnLength, "\(error.position)", "\(error.code)", error.reason,
        ]
      }
    },
    view(
      "stl_loaderror_detail",
      """
      userid int, slice int, session int, query int, filename text, line_number bigint, field int, colname text,
      value text, is_null int, type text, col_length text
      """
    ) { source in
      loadErrors(source).map { error in
        [
          "\(error.user)", "0", "\(error.process)", "\(error.query)", error.file, "\(error.line)", "0", error.column,
          line(error.rawField, 1_024), "0", error.type, error.columnLength,
        ]
      }
    },
    view(
      "sys_load_history",
      """
      user_id int, query_id bigint, transaction_id bigint, session_id int, database_name text, status text,
      table_name text, start_time timestamp, end_time timestamp, duration bigint, data_source text, file_format
      text, loaded_rows bigint, loaded_bytes bigint, source_file_count int, source_file_bytes bigint,
      error_message text
      """
    ) { source in
      visible(source).filter { $0.kind == "COPY" }.map { entry in
        [
          "\(entry.user)", "\(entry.id)", "\(entry.transaction)", "\(entry.process)", entry.database,
          entry.ended == nil ? "running" : entry.failure == nil ? "completed" : "aborted", nil, time(entry.started),
          time(entry.ended), elapsed(entry),
          entry.loadedFrom, nil, "\(entry.rows)", "\(entry.bytesRead)", "\(entry.filesOpened)", "\(entry.bytesRead)",
          entry.failure?.message,
        ]
      }
    },
    view(
      "stl_load_commits",
      """
      userid int, query int, slice int, name text, filename text, byte_offset int, lines_scanned int, errors int,
      curtime timestamp, status int, file_format text, is_partial int, start_offset bigint, copy_job_id bigint
      """
    ) { source in
      visible(source).filter { $0.kind == "COPY" && $0.failure == nil }.map { entry in
        [
          "\(entry.user)", "\(entry.id)", "0", nil, entry.loadedFrom, "0", "\(entry.rows)", "0", time(entry.ended), "1",
          nil, "0", "0", "0",
        ]
      }
    },
    view(
      "stl_unload_log",
      """
      userid int, query int, slice int, pid int, path text, start_time timestamp, end_time timestamp, line_count
      bigint, transfer_size bigint, file_format text
      """
    ) { source in
      visible(source).flatMap { entry in
        entry.unloadedTo.map {
          [
            "\(entry.user)", "\(entry.id)", "0", "\(entry.process)", $0.path, time(entry.started), time(entry.ended),
            "\($0.rows)", "\($0.bytes)", nil,
          ]
        }
      }
    },
    view(
      "sys_unload_history",
      """
      user_id int, query_id bigint, transaction_id bigint, session_id int, database_name text, status text,
      start_time timestamp, end_time timestamp, duration bigint, file_format text, compression_type text,
      unload_location text, unloaded_rows bigint, unloaded_files_count bigint, unloaded_files_size bigint,
      error_message text
      """
    ) { source in
      visible(source).filter { $0.kind == "UNLOAD" }.map { entry in
        [
          "\(entry.user)", "\(entry.id)", "\(entry.transaction)", "\(entry.process)", entry.database,
          entry.failure == nil ? "completed" : "aborted",
          time(entry.started), time(entry.ended), elapsed(entry), nil, nil, entry.unloadedTo.first?.path,
          "\(entry.rows)", "\(entry.unloadedTo.count)",
          "\(entry.bytesWritten)", entry.failure?.message,
        ]
      }
    },
    view(
      "svl_s3query_summary",
      """
      userid int, query int, xid bigint, pid int, segment int, step int, starttime timestamp, endtime timestamp,
      elapsed bigint, aborted int, external_table_name text, file_format char, is_partitioned char, is_rrscan
      char, is_nested char, s3_scanned_rows bigint, s3_scanned_bytes bigint, s3query_returned_rows bigint,
      s3query_returned_bytes bigint, files int, files_max int, files_avg int, splits int, splits_max int,
      splits_avg int, total_split_size bigint, max_split_size bigint, total_retries int, max_retries int,
      max_request_duration int, avg_request_duration int, max_request_parallelism int, avg_request_parallelism
      double, total_slowdown_count int, max_slowdown_count int
      """
    ) { source in
      visible(source).filter { !$0.externalTables.isEmpty }.map { entry in
        [
          "\(entry.user)", "\(entry.id)", "\(entry.transaction)", "\(entry.process)", "0", "0", time(entry.started),
          time(entry.ended), elapsed(entry),
          entry.failure == nil ? "0" : "1", entry.externalTables.joined(separator: ", "), nil, nil, "f", "f", nil,
          "\(entry.bytesRead)", nil, nil,
          "\(entry.filesOpened)", "\(entry.filesOpened)", "\(entry.filesOpened)", "\(entry.filesOpened)",
          "\(entry.filesOpened)", "\(entry.filesOpened)",
          "\(entry.bytesRead)", nil, "0", "0", nil, nil, nil, nil, "0", "0",
        ]
      }
    },
    view(
      "sys_external_query_detail",
      """
      user_id int, query_id bigint, transaction_id bigint, session_id int, start_time timestamp, end_time
      timestamp, duration bigint, source_type text, table_name text, scanned_files bigint, scanned_bytes bigint
      """
    ) { source in
      visible(source).filter { !$0.externalTables.isEmpty }.map { entry in
        [
          "\(entry.user)", "\(entry.id)", "\(entry.transaction)", "\(entry.process)", time(entry.started),
          time(entry.ended), elapsed(entry), "S3",
          entry.externalTables.joined(separator: ", "), "\(entry.filesOpened)", "\(entry.bytesRead)",
        ]
      }
    },
    view(
      "stv_slices",
      """
      node int, slice int, localslice int, type text
      """
    ) { _ in [["0", "0", "0", "D"], ["0", "1", "1", "D"]] },
    view(
      "stl_alert_event_log",
      """
      userid int, query int, slice int, segment int, step int, pid int, xid bigint, event text, solution text,
      event_time timestamp
      """
    ) { _ in [] },
    view(
      "stl_tr_conflict",
      """
      xact_id bigint, process_id int, xact_start_ts timestamp, abort_time timestamp, table_id bigint
      """
    ) { source in
      visible(source).filter { $0.failure?.message == "1023" }.map {
        ["\($0.transaction)", "\($0.process)", time($0.started), time($0.ended), "0"]
      }
    },
  ]

  static func sessions(_ source: SystemSource) -> [WarehouseSession] {
    source.warehouse.sessions.filter { source.rights.seesAll || $0.userID == source.user.id }
      .sorted { $0.process < $1.process }
  }

  private static func kind(_ entry: StatementHistory.Entry) -> String {
    switch entry.kind {
    case "DDL", "CTAS": "DDL"
    case "UTILITY": "UTILITY"
    default: "QUERY"
    }
  }

  /// 200 characters each.
  private static func pieces(_ text: String) -> [String] {
    var rest = line(text, 65_535)[...]
    var pieces: [String] = []
    repeat {
      pieces.append(String(rest.prefix(200)))
      rest = rest.dropFirst(200)
    } while !rest.isEmpty
    return pieces
  }
}
