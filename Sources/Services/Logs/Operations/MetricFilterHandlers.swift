public import Kernel
public import LogsModel

extension LogsService {
  public func putMetricFilter(
    _ input: PutMetricFilterInput, _ context: RequestContext
  ) async throws -> PutMetricFilterOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:PutMetricFilter", on: [id.resource])
    guard input.applyOnTransformedLogs != true, input.fieldSelectionCriteria == nil,
      (input.emitSystemFieldDimensions ?? []).isEmpty
    else {
      throw AWSError.notImplemented(service: "logs", operation: "PutMetricFilter on transformed or selected logs")
    }
    let pattern = try Self.pattern(input.filterPattern)
    let record = try Self.record(input, now: clock.now())
    try await change(id) { group in
      guard group.logClass == "STANDARD" else { throw Self.wrongClass("PutMetricFilter", group) }
      try Self.checkRegexes(pattern, group, but: input.filterName)
      if let place = group.metricFilters.firstIndex(where: { $0.name == record.name }) {
        group.metricFilters[place] = record
      } else {
        guard group.metricFilters.count < Limits.metricFiltersPerGroupMax else {
          throw LogsError.limitExceededException("Resource limit exceeded.")
        }
        group.metricFilters.append(record)
      }
    }
    return PutMetricFilterOutput()
  }

  static func wrongClass(_ operation: String, _ group: GroupRecord) -> AWSError {
    LogsError.invalidOperationException("\(operation) is not supported for log groups of the class \(group.logClass).")
  }

  /// Five filters of a group may hold regular expressions.
  static func checkRegexes(_ pattern: FilterPattern, _ group: GroupRecord, but name: String) throws {
    guard pattern.regexes > 0 else { return }
    let patterns =
      group.metricFilters.filter { $0.name != name }.map(\.pattern)
      + group.subscriptions.filter { $0.name != name }.map(\.pattern)
    let others = patterns.count { ((try? FilterPattern($0))?.regexes ?? 0) > 0 }
    guard others < Limits.regexFiltersPerGroupMax else {
      throw LogsError.limitExceededException("Resource limit exceeded.")
    }
  }

  private static func record(_ input: PutMetricFilterInput, now: Timestamp) throws -> MetricFilterRecord {
    guard let transformation = input.metricTransformations.first else {
      throw LogsError.invalidParameterException("A metric transformation is required.")
    }
    let value = transformation.metricValue
    guard Comparison.number(value) != nil || value.hasPrefix("$") else {
      throw LogsError.invalidParameterException(
        "Invalid metric transformation: metricValue '\(value)' must be a number or an identifier that begins with $.")
    }
    guard !transformation.metricNamespace.hasPrefix("AWS/") else {
      throw LogsError.invalidParameterException(
        "Invalid metric transformation: namespace \(transformation.metricNamespace) is reserved.")
    }
    let dimensions = transformation.dimensions ?? [:]
    guard dimensions.count <= Limits.dimensionsMax else {
      throw LogsError.invalidParameterException(
        "Invalid metric transformation: at most \(Limits.dimensionsMax) dimensions are allowed.")
    }
    guard dimensions.isEmpty || transformation.defaultValue == nil else {
      throw LogsError.invalidParameterException(
        "Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
    }
    guard dimensions.values.allSatisfy({ $0.hasPrefix("$") }) else {
      throw LogsError.invalidParameterException(
        "Invalid metric transformation: a dimension's value must be an identifier that begins with $.")
    }
    return MetricFilterRecord(
      name: input.filterName, pattern: input.filterPattern, createdAt: now, metricName: transformation.metricName,
      namespace: transformation.metricNamespace, value: value, defaultValue: transformation.defaultValue,
      dimensions: transformation.dimensions, unit: transformation.unit?.rawValue)
  }

  public func describeMetricFilters(
    _ input: DescribeMetricFiltersInput, _ context: RequestContext
  ) async throws -> DescribeMetricFiltersOutput {
    let named = input.logGroupName.map { GroupID(scope: context.scope, name: $0) }
    try await context.authorize(
      "logs:DescribeMetricFilters", on: [(named ?? GroupID(scope: context.scope, name: "")).resource])
    if (input.metricName == nil) != (input.metricNamespace == nil) {
      throw LogsError.invalidParameterException("metricName and metricNamespace must be given together.")
    }
    if let named { _ = try existing(named) }
    let groups = (named.map { [$0] } ?? directory.groups(of: context.scope)).sorted { $0.name < $1.name }
    let all = groups.flatMap { id in
      (directory.record(id)?.metricFilters ?? []).sorted { $0.name < $1.name }.map { (id, $0) }
    }.filter { _, filter in
      filter.name.hasPrefix(input.filterNamePrefix ?? "")
        && (input.metricName == nil || input.metricName == filter.metricName)
        && (input.metricNamespace == nil || input.metricNamespace == filter.namespace)
    }
    let (page, next) = try Self.page(all, token: input.nextToken, limit: input.limit) { "\($0.0.name)\n\($0.1.name)" }
    return DescribeMetricFiltersOutput(
      metricFilters: page.map { id, filter in
        MetricFilter(
          filterName: filter.name, filterPattern: filter.pattern,
          metricTransformations: [
            MetricTransformation(
              metricName: filter.metricName, metricNamespace: filter.namespace, metricValue: filter.value,
              defaultValue: filter.defaultValue, dimensions: filter.dimensions,
              unit: filter.unit.map { StandardUnit(rawValue: $0) })
          ], creationTime: filter.createdAt.milliseconds, logGroupName: id.name, applyOnTransformedLogs: false)
      }, nextToken: next)
  }

  /// A page of what is in order by its key. A token is the last key of the page before.
  static func page<Item>(
    _ items: [Item], token: String?, limit: Int?, key: (Item) -> String
  ) throws -> (items: [Item], next: String?) {
    var start = 0
    if let token {
      guard let last = items.firstIndex(where: { key($0) == token }) else { throw wrongToken }
      start = last + 1
    }
    let page = Array(items[start...].prefix(limit ?? Limits.describeDefault))
    return (page, start + page.count < items.count ? page.last.map(key) : nil)
  }

  public func deleteMetricFilter(
    _ input: DeleteMetricFilterInput, _ context: RequestContext
  ) async throws -> DeleteMetricFilterOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:DeleteMetricFilter", on: [id.resource])
    try await change(id) { group in
      guard let place = group.metricFilters.firstIndex(where: { $0.name == input.filterName }) else {
        throw LogsError.resourceNotFoundException("The specified metric filter does not exist.")
      }
      group.metricFilters.remove(at: place)
    }
    return DeleteMetricFilterOutput()
  }

  public func testMetricFilter(
    _ input: TestMetricFilterInput, _ context: RequestContext
  ) async throws -> TestMetricFilterOutput {
    try await context.authorize("logs:TestMetricFilter", on: ["*"])
    let pattern = try Self.pattern(input.filterPattern)
    return TestMetricFilterOutput(
      matches: input.logEventMessages.enumerated().compactMap { place, message in
        pattern.extracted(from: message).map {
          MetricFilterMatchRecord(eventNumber: Int64(place + 1), eventMessage: message, extractedValues: $0.fields)
        }
      })
  }
}
