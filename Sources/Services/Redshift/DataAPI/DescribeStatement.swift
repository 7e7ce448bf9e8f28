import AWSWire
import Foundation
public import Kernel
public import RedshiftDataModel
import Storage

extension DataService {
  public func describeStatement(_ input: DescribeStatementInput, _ context: RequestContext) async throws
    -> DescribeStatementOutput
  {
    let (record, part) = try await statement(input.id, "DescribeStatement", context)
    let chosen = part.map { [record.parts[$0]] } ?? record.parts
    var shape = DescribeStatementOutput(id: input.id)
    shape.clusterIdentifier = record.target.cluster
    shape.workgroupName = record.target.workgroup
    shape.secretArn = record.target.secretARN
    shape.dbUser = record.target.dbUser ?? record.target.user
    shape.database = record.target.database
    shape.createdAt = record.created
    shape.resultFormat = ResultFormatString(rawValue: record.format)
    shape.sessionId = record.session
    shape.redshiftPid = Int64(record.process ?? 0)
    // A batch has a number for each of its statements.
    let query = record.isBatch && part == nil ? nil : chosen.first?.query
    shape.redshiftQueryId = query.map { Int64($0) } ?? (record.status.isOver ? -1 : 0)
    shape.duration = chosen.reduce(0) { $0.saturatingAdd($1.nanoseconds) }
    if !record.parameters.isEmpty {
      shape.queryParameters = record.parameters.map { SqlParameter(name: $0.name, value: $0.value) }
    }
    if part != nil || !record.isBatch {
      let one = chosen.first
      shape.status = StatusString(rawValue: (part == nil ? record.status : one?.status ?? record.status).rawValue)
      shape.error = part == nil ? record.error : one?.error
      shape.updatedAt = part == nil ? record.updated : one?.updated
      shape.queryString = one?.sql
      shape.hasResultSet = one?.result != nil
      shape.resultRows = one?.rows
      shape.resultSize = one?.result?.bytes ?? -1
    } else {
      shape.status = StatusString(rawValue: record.status.rawValue)
      shape.error = record.error
      shape.updatedAt = record.updated
      shape.hasResultSet = record.parts.contains { $0.result != nil }
      shape.resultRows = -1
      shape.resultSize = -1
      shape.subStatements = record.parts.enumerated().map { index, part in
        SubStatementData(
          id: "\(record.id):\(index + 1)", duration: part.nanoseconds, error: part.error,
          status: StatementStatusString(rawValue: part.status.rawValue), createdAt: record.created,
          updatedAt: part.updated, queryString: part.sql, resultRows: part.rows, resultSize: part.result?.bytes ?? -1,
          redshiftQueryId: part.query.map { Int64($0) } ?? -1, hasResultSet: part.result != nil)
      }
    }
    return shape
  }

  /// A statement that the caller may see, and the part of a batch that `ID:2` names.
  func statement(_ name: String, _ action: String, _ context: RequestContext) async throws -> (StatementRecord, Int?) {
    let scope = context.scope
    let pieces = name.split(separator: ":", maxSplits: 1).map(String.init)
    let id = pieces.first ?? ""
    try await context.authorize("redshift-data:\(action)", on: ["*"])
    let oldest = house.clock.now() - DataLimits.resultsKept
    let found = try await keys.read { try $0.get(StatementRecord.key(scope, id), as: StatementRecord.self) }
    guard let record = found, sees(record, context.principal), !record.status.isOver || record.updated >= oldest else {
      throw RedshiftDataError.resourceNotFoundException("Query does not exist.")
    }
    guard pieces.count == 2 else { return (record, nil) }
    guard record.isBatch, let number = Int(pieces[1]), record.parts.indices.contains(number - 1) else {
      throw RedshiftDataError.resourceNotFoundException("Query does not exist.")
    }
    return (record, number - 1)
  }

  /// Statements are their caller's; sessions of one role share theirs.
  private func sees(_ record: StatementRecord, _ principal: Principal) -> Bool {
    if case .root = principal.kind { return true }
    if case .assumedRole(let name, _) = principal.kind, record.ownerRole == name { return true }
    return record.owner == principal.arn.description
  }

  public func listStatements(_ input: ListStatementsInput, _ context: RequestContext) async throws
    -> ListStatementsOutput
  {
    let scope = context.scope
    try await context.authorize("redshift-data:ListStatements", on: ["*"])
    let limit = min(max(1, input.maxResults ?? DataLimits.listDefault), DataLimits.listDefault)
    let wanted = input.status?.rawValue ?? "FINISHED"
    let principal = context.principal
    let start = try input.nextToken.map { token -> Key in
      guard let bytes = [UInt8](hexadecimal: token) else {
        throw RedshiftDataError.validationException("The token is not valid.")
      }
      return Key(encoded: bytes)
    }
    let all = StatementRecord.byTime(scope).subtree
    // A token of another list leads nowhere.
    if let start, !(all.from < start && start < all.to) {
      throw RedshiftDataError.validationException("The token is not valid.")
    }
    let range = KeyRange(from: start ?? all.from, to: all.to)
    let (found, next) = try await keys.read { reader in
      var found: [StatementRecord] = []
      var next: Key?
      try reader.scan(range) { key, _ in
        guard let id = key.elements?.last?.string,
          let record = try reader.get(StatementRecord.key(scope, id), as: StatementRecord.self)
        else { return true }
        guard self.sees(record, principal), wanted == "ALL" || record.status.rawValue == wanted,
          input.roleLevel != false || record.owner == principal.arn.description,
          input.statementName.map({ record.name?.hasPrefix($0) == true }) ?? true,
          input.database.map({ $0 == record.target.database }) ?? true,
          input.clusterIdentifier.map({ $0 == record.target.cluster }) ?? true,
          input.workgroupName.map({ $0 == record.target.workgroup }) ?? true
        else { return true }
        guard found.count < limit else {
          next = key
          return false
        }
        found.append(record)
        return true
      }
      return (found, next)
    }
    return ListStatementsOutput(statements: found.map(\.summary), nextToken: next?.bytes.hex)
  }

  public func cancelStatement(_ input: CancelStatementInput, _ context: RequestContext) async throws
    -> CancelStatementOutput
  {
    let (record, _) = try await statement(input.id, "CancelStatement", context)
    guard let statement = running.withLock({ $0[record.id] }) else {
      throw RedshiftDataError.validationException(
        "Could not cancel a query that is already in \(record.status.rawValue) state with ID: \(input.id)")
    }
    statement.cancel()
    // A session that was between two steps has heard nothing: it is told until the statement has ended.
    Task { [clock = house.clock] in
      while statement.isRunning {
        do { try await clock.sleep(for: DataLimits.cancelEvery) } catch { return }
        statement.cancel()
      }
    }
    return CancelStatementOutput(status: true)
  }

  // MARK: Results

  public func getStatementResult(_ input: GetStatementResultInput, _ context: RequestContext) async throws
    -> GetStatementResultOutput
  {
    let (result, page, next) = try await page(
      input.id, input.nextToken, "GetStatementResult", format: "JSON", context)
    let rows: [[String?]]
    do {
      rows = try JSONDecoder().decode([[String?]].self, from: Data(page))
    } catch {
      throw StorageError.corrupt("a page of a result cannot be read: \(error)")
    }
    let records = rows.map { row in zip(result.columns, row).map { $0.field($1) } }
    return GetStatementResultOutput(
      records: records, columnMetadata: result.columns.map(\.metadata), totalNumRows: result.rows, nextToken: next)
  }

  public func getStatementResultV2(_ input: GetStatementResultV2Input, _ context: RequestContext) async throws
    -> GetStatementResultV2Output
  {
    let (result, page, next) = try await page(
      input.id, input.nextToken, "GetStatementResultV2", format: "CSV", context)
    return GetStatementResultV2Output(
      records: [QueryRecords(csvRecords: String(decoding: page, as: UTF8.self))],
      columnMetadata: result.columns.map(\.metadata), totalNumRows: result.rows, resultFormat: "CSV", nextToken: next)
  }

  /// One page of a result, and the token of the next.
  private func page(
    _ id: String, _ token: String?, _ action: String, format: String, _ context: RequestContext
  ) async throws -> (StoredResult, [UInt8], String?) {
    let (record, part) = try await statement(id, action, context)
    if record.isBatch, part == nil {
      throw RedshiftDataError.validationException(
        "Query \(id) is a batch. Name one of its statements, such as \(id):1.")
    }
    let chosen = record.parts[part ?? 0]
    guard record.status == .finished else {
      throw RedshiftDataError.resourceNotFoundException("Query is not in FINISHED state. Its status is "
        + "\(record.status.rawValue).")
    }
    guard let result = chosen.result else {
      throw RedshiftDataError.resourceNotFoundException("Query does not have result. Please check query status with "
        + "DescribeStatement.")
    }
    guard record.format == format else {
      throw RedshiftDataError.validationException(
        "The result's format is \(record.format). Use "
          + (format == "CSV" ? "GetStatementResult" : "GetStatementResultV2") + " for it.")
    }
    let number = token.map { Int($0) ?? -1 } ?? 0
    guard result.pages.indices.contains(number) else {
      throw RedshiftDataError.validationException("The token is not valid.")
    }
    guard let bytes = try await results.read(result.pages[number]) else {
      throw RedshiftDataError.resourceNotFoundException("The result has expired.")
    }
    return (result, bytes, number + 1 < result.pages.count ? "\(number + 1)" : nil)
  }
}

extension StatementRecord {
  var summary: StatementData {
    StatementData(
      id: id, queryString: isBatch ? nil : parts.first?.sql, queryStrings: isBatch ? parts.map(\.sql) : nil,
      secretArn: target.secretARN, status: StatusString(rawValue: status.rawValue), statementName: name,
      createdAt: created, updatedAt: updated,
      queryParameters: parameters.isEmpty ? nil : parameters.map { SqlParameter(name: $0.name, value: $0.value) },
      isBatchStatement: isBatch, resultFormat: ResultFormatString(rawValue: format), sessionId: session)
  }
}
