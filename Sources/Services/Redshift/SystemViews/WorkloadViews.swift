import Kernel

/// STV_WLM_, STL_WLM_ and the metrics of queries.
enum WorkloadViews {
  private static func isAll(_ source: SystemSource) -> Bool {
    source.rights.seesAll
  }

  private static func queues(_ source: SystemSource) -> [WorkloadConfiguration.Queue] {
    [WorkloadConfiguration.superuser] + source.warehouse.workload.configuration.queues
  }

  /// Megabytes for one slot: shown, while the engine gives each statement what it needs as long as there is some.
  private static func memory(_ queue: WorkloadConfiguration.Queue, _ source: SystemSource) -> Int {
    let all = source.warehouse.ground.memoryBytes >> 20
    guard let percent = queue.memoryPercent else { return -1 }
    return all * percent / 100 / max(1, queue.slots)
  }

  private static func flag(_ value: Bool) -> String { value ? "t" : "f" }

  private static func conditions(_ queue: WorkloadConfiguration.Queue) -> [String] {
    if queue.serviceClass == WorkloadConfiguration.superuser.serviceClass {
      return ["(super user) and (query group: superuser)"]
    }
    let all =
      queue.queryGroups.map { "(query group: \($0))" } + queue.userGroups.map { "(user group: \($0))" }
      + queue.roles.map { "(user role: \($0))" }
    return all.isEmpty ? ["(querytype: any)"] : all
  }

  private static func tickets(_ source: SystemSource) -> (running: [WorkTicket], waiting: [WorkTicket]) {
    let (running, waiting) = source.warehouse.workload.tickets
    let all = isAll(source)
    return (
      running.filter { all || $0.user == source.user.id }, waiting.filter { all || $0.user == source.user.id }
    )
  }

  private static func state(_ ticket: WorkTicket) -> String {
    ticket.isReturning ? "Returning" : ticket.isAdmitted ? "Running" : "QueuedWaiting"
  }

  private static func micros(_ from: Timestamp?, _ to: Timestamp?) -> String? {
    guard let from, let to else { return nil }
    return "\(max(0, (to.nanoseconds - from.nanoseconds) / 1_000))"
  }

  /// Statements that passed a queue and have ended.
  private static func worked(
    _ source: SystemSource
  ) -> [(entry: StatementHistory.Entry, work: StatementHistory.Work)] {
    ActivityViews.visible(source).compactMap { entry in
      guard entry.ended != nil, let work = entry.work else { return nil }
      return (entry, work)
    }
  }

  static let views: [SystemView] = [
    ActivityViews.view(
      "stv_wlm_service_class_config",
      """
      service_class int, queueing_strategy text, num_query_tasks int, target_num_query_tasks int, evictable text,
      eviction_threshold bigint, query_working_mem int, target_query_working_mem int, min_step_mem int, name text,
      max_execution_time bigint, user_group_wild_card bool, query_group_wild_card bool, concurrency_scaling text,
      query_priority text, user_role_wild_card bool
      """
    ) { source in
      let isAutomatic = source.warehouse.workload.configuration.isAutomatic
      return queues(source).map { queue in
        let hidden = isAutomatic && queue.serviceClass >= WorkloadConfiguration.firstAutomaticClass
        let slots = hidden ? "-1" : "\(queue.slots)"
        return [
          "\(queue.serviceClass)", "FIFO", slots, slots, "false", "0", "\(memory(queue, source))",
          "\(memory(queue, source))", "0", queue.name, "\(queue.executionMillisecondsMax)",
          flag(queue.userGroupWildCard), flag(queue.queryGroupWildCard), queue.concurrencyScaling, queue.priority,
          flag(queue.roleWildCard),
        ]
      }
    },
    ActivityViews.view(
      "stv_wlm_classification_config",
      "id int, condition text, action_seq int, action text, action_service_class int"
    ) { source in
      queues(source).flatMap { queue in conditions(queue).map { (queue, $0) } }.enumerated().map { index, item in
        ["\(index + 1)", item.1, "0", "assign query to service class", "\(item.0.serviceClass)"]
      }
    },
    ActivityViews.view(
      "stv_wlm_service_class_state",
      """
      service_class int, service_class_position int, num_queued_queries int, num_executing_queries int,
      num_serviced_queries int, num_executed_queries int, num_evicted_queries int, num_concurrency_scaling_queries int
      """
    ) { source in
      let (running, waiting) = source.warehouse.workload.tickets
      let ended = source.warehouse.history.entries.compactMap { $0.ended == nil ? nil : $0.work?.serviceClass }
      return queues(source).enumerated().map { index, queue in
        let done = "\(ended.count { $0 == queue.serviceClass })"
        return [
          "\(queue.serviceClass)", "\(index)",
          "\(waiting.count { $0.queue.serviceClass == queue.serviceClass })",
          "\(running.count { $0.queue.serviceClass == queue.serviceClass })", done, done, "0", "0",
        ]
      }
    },
    ActivityViews.view(
      "stv_wlm_query_state",
      """
      xid bigint, task int, query int, service_class int, slot_count int, wlm_start_time timestamp, state text,
      queue_time bigint, exec_time bigint, query_priority text
      """
    ) { source in
      let now = source.warehouse.ground.clock.now()
      let (running, waiting) = tickets(source)
      return (running + waiting).map { ticket in
        let (work, measured) = (ticket.work, ticket.metrics(at: now))
        return [
          source.warehouse.history.running(ticket.query).map { "\($0.transaction)" } ?? "0", "\(ticket.query)",
          "\(ticket.query)", "\(work.serviceClass)", "\(work.slots)", ActivityViews.time(work.queued), state(ticket),
          "\(measured.queueMicroseconds)", "\(measured.executionMicroseconds)", work.priority,
        ]
      }
    },
    ActivityViews.view(
      "stv_wlm_query_queue_state",
      """
      service_class int, position int, task int, query int, slot_count int, start_time timestamp, queue_time bigint
      """
    ) { source in
      let now = source.warehouse.ground.clock.now()
      return tickets(source).waiting.enumerated().map { index, ticket in
        let work = ticket.work
        return [
          "\(work.serviceClass)", "\(index)", "\(ticket.query)", "\(ticket.query)", "\(work.slots)",
          ActivityViews.time(work.queued), micros(work.queued, now),
        ]
      }
    },
    ActivityViews.view(
      "stv_wlm_query_task_state",
      "service_class int, task int, query int, level int, start_time timestamp, exec_time bigint"
    ) { source in
      let now = source.warehouse.ground.clock.now()
      return tickets(source).running.map { ticket in
        let work = ticket.work
        return [
          "\(work.serviceClass)", "\(ticket.query)", "\(ticket.query)", "1", ActivityViews.time(work.admitted),
          micros(work.admitted, now),
        ]
      }
    },
    ActivityViews.view(
      "stv_wlm_qmr_config",
      """
      service_class int, rule_name text, action text, metric_name text, metric_operator text, metric_value double,
      action_value text
      """
    ) { source in
      queues(source).flatMap { queue in
        queue.rules.flatMap { rule in
          rule.predicates.map { predicate in
            [
              "\(queue.serviceClass)", rule.name, rule.action.rawValue, predicate.metric.rawValue,
              predicate.comparison.rawValue, "\(predicate.value)", rule.value,
            ]
          }
        }
      }
    },
    ActivityViews.view(
      "stl_wlm_query",
      """
      userid int, xid bigint, task int, query int, service_class int, slot_count int, service_class_start_time
      timestamp, queue_start_time timestamp, queue_end_time timestamp, total_queue_time bigint, exec_start_time
      timestamp, exec_end_time timestamp, total_exec_time bigint, service_class_end_time timestamp, final_state text,
      est_peak_mem bigint, query_priority text, service_class_name text
      """
    ) { source in
      worked(source).map { entry, work in
        [
          "\(entry.user)", "\(entry.transaction)", "\(entry.id)", "\(entry.id)", "\(work.serviceClass)",
          "\(work.slots)", ActivityViews.time(work.queued), ActivityViews.time(work.queued),
          ActivityViews.time(work.admitted ?? work.ended), micros(work.queued, work.admitted ?? work.ended),
          ActivityViews.time(work.admitted), ActivityViews.time(work.admitted == nil ? nil : work.ended),
          micros(work.admitted, work.ended) ?? "0", ActivityViews.time(work.ended),
          entry.failure?.sqlState == "57014" ? "Evicted" : entry.failure == nil ? "Completed" : "Rejected", "0",
          work.priority, work.queue,
        ]
      }
    },
    ActivityViews.view(
      "svl_query_queue_info",
      """
      database text, query int, xid bigint, userid int, querytxt text, queue_start_time timestamp, exec_start_time
      timestamp, service_class int, slots int, queue_elapsed bigint, exec_elapsed bigint, wlm_total_elapsed bigint,
      commit_queue_elapsed bigint, commit_exec_time bigint, service_class_name text
      """
    ) { source in
      worked(source).map { entry, work in
        [
          entry.database, "\(entry.id)", "\(entry.transaction)", "\(entry.user)", String(entry.text.prefix(100)),
          ActivityViews.time(work.queued), ActivityViews.time(work.admitted), "\(work.serviceClass)",
          "\(work.slots)", "\(work.queueMicroseconds / 1_000_000)",
          (micros(work.admitted, work.ended).flatMap { Int($0) } ?? 0).description.secondsOfMicros,
          (micros(work.queued, work.ended).flatMap { Int($0) } ?? 0).description.secondsOfMicros, "0", "0", work.queue,
        ]
      }
    },
    ActivityViews.view(
      "stl_wlm_rule_action",
      """
      userid int, query int, service_class int, rule text, action text, recordtime timestamp, action_value text,
      service_class_name text
      """
    ) { source in
      let all = isAll(source)
      return source.warehouse.history.rules.filter { all || $0.user == source.user.id }.map { event in
        [
          "\(event.user)", "\(event.query)", "\(event.serviceClass)", event.rule, event.action,
          ActivityViews.time(event.time), event.value, event.queue,
        ]
      }
    },
    ActivityViews.view(
      "stv_query_metrics",
      """
      userid int, service_class int, query int, segment int, step_type int, starttime timestamp, slices int, max_rows
      bigint, rows bigint, max_cpu_time bigint, cpu_time bigint, max_blocks_read int, blocks_read bigint,
      max_run_time bigint, run_time bigint, max_blocks_to_disk bigint, blocks_to_disk bigint, step int,
      max_query_scan_size bigint, query_scan_size bigint, query_priority int, query_queue_time bigint,
      service_class_name text
      """
    ) { source in
      let now = source.warehouse.ground.clock.now()
      return tickets(source).running.map { ticket in
        let (work, measured) = (ticket.work, ticket.metrics(at: now))
        return [
          "\(ticket.user)", "\(work.serviceClass)", "\(ticket.query)", "-1", "-1", ActivityViews.time(work.admitted),
          "2", nil, "\(measured.returnedRows)", nil, nil, nil, nil, nil, "\(measured.executionMicroseconds)", nil, nil,
          "-1", nil, "\(measured.bytesScanned >> 20)", nil, "\(measured.queueMicroseconds)", work.queue,
        ]
      }
    },
    ActivityViews.view(
      "svl_query_metrics_summary",
      """
      userid int, query int, service_class int, query_cpu_time bigint, query_blocks_read bigint, query_execution_time
      bigint, query_cpu_usage_percent numeric, query_temp_blocks_to_disk bigint, segment_execution_time bigint,
      cpu_skew numeric, io_skew numeric, scan_row_count bigint, join_row_count bigint, nested_loop_join_row_count
      bigint, return_row_count bigint, spectrum_scan_row_count bigint, spectrum_scan_size_mb bigint, query_queue_time
      bigint, service_class_name text
      """
    ) { source in
      worked(source).map { entry, work in
        let seconds = (micros(work.admitted, work.ended) ?? "0").secondsOfMicros
        return [
          "\(entry.user)", "\(entry.id)", "\(work.serviceClass)", nil, nil, seconds, nil, nil, seconds, nil, nil, nil,
          nil, nil, "\(entry.rows)", nil, "\(entry.bytesRead >> 20)", "\(work.queueMicroseconds / 1_000_000)",
          work.queue,
        ]
      }
    },
  ]
}

extension String {
  /// Whole seconds of a number of microseconds.
  fileprivate var secondsOfMicros: String { "\((Int(self) ?? 0) / 1_000_000)" }
}
