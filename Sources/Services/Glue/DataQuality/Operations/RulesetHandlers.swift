import DataQuality
public import GlueModel
public import Kernel
import Storage

extension GlueService {
  public func createDataQualityRuleset(
    _ input: CreateDataQualityRulesetInput, _ context: RequestContext
  ) async throws -> CreateDataQualityRulesetOutput {
    let scope = context.scope
    let arn = RulesetRecord.arn(input.name, scope)
    try await context.authorize("glue:CreateDataQualityRuleset", on: arn)
    let tags = input.tags ?? [:]
    try CatalogTags.check(tags)
    var target: RulesetRecord.Target?
    if let table = input.targetTable {
      try check(catalog: table.catalogId, context)
      target = .init(table: table.tableName, database: table.databaseName, catalogID: table.catalogId)
    }
    let now = catalog.clock.now()
    var record = RulesetRecord(
      name: input.name, description: input.description, text: input.ruleset, target: target, created: now,
      modified: now, ruleCount: try Self.ruleCount(input.ruleset))
    record.securityConfiguration = input.dataQualitySecurityConfiguration
    record.clientToken = input.clientToken
    let (new, keys, tagKey) = (record, QualityKeys(scope: scope), context.catalogKeys.tags(arn.description))
    try await catalog.keys.write { transaction in
      if let present = try transaction.get(keys.ruleset(new.name), as: RulesetRecord.self) {
        // The same call once more.
        if let token = new.clientToken, present.clientToken == token, present.text == new.text { return }
        throw CatalogError.alreadyExists("Another ruleset with the same name already exists: \(new.name)")
      }
      guard try transaction.entries(keys.rulesets).count < DataQualityLimits.rulesetsMax else {
        throw CatalogError.limitExceeded(
          "The number of rulesets exceeds the limit of \(DataQualityLimits.rulesetsMax).")
      }
      try transaction.set(keys.ruleset(new.name), record: new)
      if !tags.isEmpty { try transaction.set(tagKey, record: tags) }
    }
    return CreateDataQualityRulesetOutput(name: record.name)
  }

  /// - Throws: `InvalidInputException` for a text that is no ruleset.
  private static func ruleCount(_ text: String) throws -> Int {
    do {
      return try Ruleset(text).rules.count
    } catch {
      throw CatalogError.invalidInput(error.description)
    }
  }

  public func getDataQualityRuleset(
    _ input: GetDataQualityRulesetInput, _ context: RequestContext
  ) async throws -> GetDataQualityRulesetOutput {
    try await context.authorize("glue:GetDataQualityRuleset", on: RulesetRecord.arn(input.name, context.scope))
    let keys = QualityKeys(scope: context.scope)
    let record = try await catalog.keys.read { try $0.ruleset(input.name, keys) }
    return GetDataQualityRulesetOutput(
      name: record.name, description: record.description, ruleset: record.text, targetTable: record.target?.shape,
      createdOn: record.created, lastModifiedOn: record.modified, recommendationRunId: record.recommendationRun,
      dataQualitySecurityConfiguration: record.securityConfiguration)
  }

  public func updateDataQualityRuleset(
    _ input: UpdateDataQualityRulesetInput, _ context: RequestContext
  ) async throws -> UpdateDataQualityRulesetOutput {
    try await context.authorize("glue:UpdateDataQualityRuleset", on: RulesetRecord.arn(input.name, context.scope))
    let keys = QualityKeys(scope: context.scope)
    let count = try input.ruleset.map(Self.ruleCount)
    let now = catalog.clock.now()
    let record = try await catalog.keys.write { transaction in
      var record = try transaction.ruleset(input.name, keys)
      record.description = input.description ?? record.description
      if let text = input.ruleset, let count { (record.text, record.ruleCount) = (text, count) }
      record.modified = now
      try transaction.set(keys.ruleset(record.name), record: record)
      return record
    }
    return UpdateDataQualityRulesetOutput(name: record.name, description: record.description, ruleset: record.text)
  }

  public func deleteDataQualityRuleset(
    _ input: DeleteDataQualityRulesetInput, _ context: RequestContext
  ) async throws -> DeleteDataQualityRulesetOutput {
    let arn = RulesetRecord.arn(input.name, context.scope)
    try await context.authorize("glue:DeleteDataQualityRuleset", on: arn)
    let (keys, tagKey) = (QualityKeys(scope: context.scope), context.catalogKeys.tags(arn.description))
    try await catalog.keys.write { transaction in
      _ = try transaction.ruleset(input.name, keys)
      try transaction.delete(keys.ruleset(input.name))
      try transaction.delete(tagKey)
    }
    return DeleteDataQualityRulesetOutput()
  }

  public func listDataQualityRulesets(
    _ input: ListDataQualityRulesetsInput, _ context: RequestContext
  ) async throws -> ListDataQualityRulesetsOutput {
    try await context.authorize("glue:ListDataQualityRulesets", on: RulesetRecord.arn("*", context.scope))
    let keys = QualityKeys(scope: context.scope)
    let catalogKeys = context.catalogKeys
    let (filter, wanted, scope) = (input.filter, input.tags ?? [:], context.scope)
    let after = try PageToken.read(input.nextToken, "ListDataQualityRulesets")?.first
    let count = input.maxResults ?? DataQualityLimits.entriesPerPage
    let found = try await catalog.keys.read { reader in
      var found: [RulesetRecord] = []
      for record in try reader.records(keys.rulesets, as: RulesetRecord.self) {
        if let after, record.name <= after { continue }
        if let filter, !record.matches(filter) { continue }
        if !wanted.isEmpty {
          let arn = RulesetRecord.arn(record.name, scope).description
          let tags = try reader.get(catalogKeys.tags(arn), as: [String: String].self) ?? [:]
          guard wanted.allSatisfy({ tags[$0.key] == $0.value }) else { continue }
        }
        found.append(record)
        if found.count > count { break }
      }
      return found
    }
    let (page, next) = PageToken.cut(found, to: count, "ListDataQualityRulesets") { [$0.name] }
    return ListDataQualityRulesetsOutput(
      rulesets: page.map { record in
        DataQualityRulesetListDetails(
          name: record.name, description: record.description, createdOn: record.created,
          lastModifiedOn: record.modified, targetTable: record.target?.shape,
          recommendationRunId: record.recommendationRun, ruleCount: record.ruleCount)
      }, nextToken: next)
  }
}

extension RulesetRecord.Target {
  fileprivate var shape: DataQualityTargetTable {
    DataQualityTargetTable(tableName: table, databaseName: database, catalogId: catalogID)
  }
}

extension RulesetRecord {
  fileprivate func matches(_ filter: DataQualityRulesetFilterCriteria) -> Bool {
    if let wanted = filter.name, wanted != name { return false }
    if let wanted = filter.description, wanted != description { return false }
    if let limit = filter.createdBefore, created >= limit { return false }
    if let limit = filter.createdAfter, created <= limit { return false }
    if let limit = filter.lastModifiedBefore, modified >= limit { return false }
    if let limit = filter.lastModifiedAfter, modified <= limit { return false }
    guard let table = filter.targetTable else { return true }
    return target?.table.lowercased() == table.tableName.lowercased()
      && target?.database.lowercased() == table.databaseName.lowercased()
  }
}
